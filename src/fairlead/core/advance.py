"""How the end of one step moves the others: what is released, opened, skipped, stopped, and which blocks end with it.

Every step leaves `pending` once and ends once, so walking the edges of what ended is linear over the whole run.
"""

import math
import re
from collections import deque
from collections.abc import Sequence
from hashlib import sha256

from fairlead.core.events import RoundEnded, StepOpened
from fairlead.core.standing import Round, Rounds, RunState, StepRun, create
from fairlead.core.transitions import STEP, STEP_ENDED, Impossible
from fairlead.core.workflow import ChooseAction, Join, LoopAction, ParallelAction, place_of

Todo = deque[tuple[StepRun, str]]

_KEY_SAFE = re.compile(r"[A-Za-z0-9._:@+-]{1,60}", re.ASCII)


def advance(step: StepRun, happening: str) -> None:
    """Change the status of *step* as the table says.

    Raises:
        Impossible: the table does not have it.
    """
    try:
        step.status = STEP[step.status][happening]
    except KeyError:
        raise Impossible(f"step {step.place}: {happening} while {step.status}") from None


def release_roots(state: RunState, *, is_closing: bool) -> None:
    """Let the outermost steps begin that wait for nothing."""
    for planned in state.workflow.plan.values():
        if planned.parent is None and planned.is_closing is is_closing:
            step = state.steps[place_of(planned.step.id, ())]
            if step.waits == 0 and step.status == "pending":
                _release(state, step)


def _release(state: RunState, step: StepRun) -> None:
    """Nothing stands before *step* any more: it is ready, or, being a block, opens."""
    if not _has_taken_slot(state, step):
        return
    if not step.is_block:
        advance(step, "released")
        state.ready[step.place] = None
    elif step.is_opened_by_values:
        advance(step, "released")
        state.opening[step.place] = None
    else:
        advance(step, "opened")
        _open_children(state, step)


def _has_taken_slot(state: RunState, step: StepRun) -> bool:
    """Whether the block around *step* has a free slot, which it takes; if not it is held until one becomes free."""
    if step.parent is None:
        return True
    parent = state.steps[step.parent]
    if parent.slots == 0:
        parent.held = parent.held or deque()
        parent.held.append(step.place)
        return False
    parent.slots -= 1
    step.has_slot = True
    return True


def give_slot(state: RunState, step: StepRun) -> None:
    """*step* has ended, or waits and holds no process: the next one may take its slot."""
    if not step.has_slot or step.parent is None:
        return
    step.has_slot = False
    parent = state.steps[step.parent]
    parent.slots += 1
    while parent.held and parent.slots:
        held = state.steps[parent.held.popleft()]
        if held.status == "pending":
            _release(state, held)
        elif held.status == "ready":
            take_up(state, held)


def take_up(state: RunState, step: StepRun) -> None:
    """A step that waited goes on as soon as the block around it has a slot for it."""
    if _has_taken_slot(state, step):
        state.ready[step.place] = None


def _open_children(state: RunState, step: StepRun) -> None:
    step.started_at = step.started_at or state.now
    action = step.planned.step.action
    limit = 0
    if step.is_each:
        limit = step.planned.step.each.max_parallel if step.planned.step.each else 0
    elif isinstance(action, ParallelAction) and step.kind != "round":
        limit = action.max
    step.slots = limit or max(len(step.children), 1)
    for child in step.children:
        _count_down(state, state.steps[child])


def _count_down(state: RunState, step: StepRun) -> None:
    step.waits -= 1
    if step.waits == 0 and step.status == "pending":
        _release(state, step)


# ------------------------------------------------------------------------------------------------------- opening blocks


def open_block(state: RunState, event: StepOpened) -> None:
    """A block that waited for values begins as *event* says."""
    step = state.steps[event.place]
    del state.opening[event.place]
    advance(step, "opened")
    step.started_at = state.now
    step.item, step.opened_ref = event.items, event.items_ref
    todo: Todo = deque()
    if step.is_each:
        for number, (key, slug) in enumerate(zip(event.keys, _slugs(event.keys), strict=True)):
            item = create(state, step.planned, (*step.suffix, f"[{slug}]"), step.place, "item")
            item.key, item.number = key, number
            step.children.append(item.place)
        step.children_open = len(step.children)
        _open_children(state, step)
    elif step.is_loop:
        step.rounds = Rounds(event.rounds_max, event.start, event.tree)
        if event.rounds_max > 0:
            _open_round(state, step)
    elif isinstance(step.planned.step.action, ChooseAction):
        _open_branch(state, step, event.branch, todo)
    else:
        _open_children(state, step)
    if step.children_open == 0 and step.status == "running":
        todo.append((step, _block_end(state, step)))
    end_all(state, todo)


def _slugs(keys: tuple[str, ...]) -> list[str]:
    """What stands for each key in a place: the key itself, or a short part of it with a digest."""
    return [
        key
        if _KEY_SAFE.fullmatch(key)
        else f"{_shortened(key)}~{sha256(key.encode('utf-8', 'replace')).hexdigest()[:10]}"
        for key in keys
    ]


def _shortened(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9._:@+-]+", "-", key)[:24].strip("-")


def _open_branch(state: RunState, step: StepRun, branch: int, todo: Todo) -> None:
    step.slots = max(len(step.children), 1)
    for place in step.children:
        child = state.steps[place]
        if child.planned.branch == branch:
            continue
        child.reason, child.is_by_choice = "another branch was taken" if branch >= 0 else "no branch holds", True
        todo.append((child, "skipped"))
    for place in step.children:
        if state.steps[place].planned.branch == branch:
            _count_down(state, state.steps[place])


def _open_round(state: RunState, loop: StepRun) -> None:
    number = len(loop.children) + 1
    opened = create(state, loop.planned, (*loop.suffix, f"#{number}"), loop.place, "round")
    opened.number = number
    loop.children.append(opened.place)
    loop.children_open += 1
    loop.slots = 1
    _count_down(state, opened)


# ----------------------------------------------------------------------------------------------------------- ending


def end(state: RunState, step: StepRun, happening: str) -> None:
    """End *step*, then everything that ends because of it: skipped successors, closed blocks, cancelled siblings."""
    end_all(state, deque([(step, happening)]))


def end_all(state: RunState, todo: Todo) -> None:
    """End all of *todo*, and what ends because of it."""
    while todo:
        step, what = todo.popleft()
        if step.status in STEP_ENDED:
            continue
        if what == "judged":  # a round whose steps have ended: its values say what it came to
            state.judging[step.place] = None
            continue
        _forget(state, step)
        advance(step, what)
        step.ended_at = state.now
        if step.status != "succeeded" and not step.is_by_choice:
            state.worst.append(step)
        for place in step.children:
            # Only of a block that is skipped or cancelled as a whole; a block in it may have opened a moment ago.
            child = state.steps[place]
            if child.status not in STEP_ENDED:
                child.reason, child.is_by_choice = step.reason, step.is_by_choice
                todo.append((child, "cancelled" if step.status == "cancelled" else "skipped"))
        if step.kind == "step":
            _tell_followers(state, step, todo)
        _tell_parent(state, step, todo)


def _forget(state: RunState, step: StepRun) -> None:
    if step.status == "ready":
        state.ready.pop(step.place, None)
        state.opening.pop(step.place, None)
        state.sleeping.drop(step.place)
    elif step.status == "waiting":
        stop_waiting(state, step)
    state.judging.pop(step.place, None)


def stop_waiting(state: RunState, step: StepRun) -> None:
    """*step* waits for nothing any more."""
    state.waiting.pop(step.place, None)
    state.timed.drop(step.place)
    state.lapsing.drop(step.place)
    state.uncertain.pop(step.place, None)
    if step.wait is not None and step.wait.signal:
        del state.listening[step.wait.signal][step.place]
    step.wait = None


def _tell_followers(state: RunState, step: StepRun, todo: Todo) -> None:
    name = step.planned.step.id
    for successor in step.planned.successors:
        follower = state.steps[place_of(successor, step.suffix)]
        if follower.status != "pending":
            continue
        is_passed = step.is_usable or (step.is_by_choice and follower.planned.above == name)
        if not is_passed and name in follower.planned.needs:
            follower.reason = f"needs {step.place}, which {_ended_how(step)}"
            # Where nothing else went wrong, what hangs on a skipped choice is skipped by the same choice.
            follower.is_by_choice = step.is_by_choice
            todo.append((follower, "skipped"))
        else:
            _count_down(state, follower)


def _ended_how(step: StepRun) -> str:
    return {"failed": "failed", "skipped": "was skipped", "cancelled": "was cancelled"}.get(
        step.status, "did not end well"
    )


def _tell_parent(state: RunState, step: StepRun, todo: Todo) -> None:
    if step.parent is None:
        _end_root(state, step)
        return
    parent = state.steps[step.parent]
    parent.children_open -= 1
    parent.good += step.is_usable
    parent.bad += step.counts_as_failure
    if parent.status in STEP_ENDED:
        return
    if step.kind == "round":
        _after_round(state, parent, step, todo)
        return
    _weigh(state, parent, step, todo)
    give_slot(state, step)
    if parent.children_open == 0:
        todo.append((parent, _block_end(state, parent)))


def _weigh(state: RunState, parent: StepRun, step: StepRun, todo: Todo) -> None:
    """Stop the steps beside *step* when nothing that they can do changes how *parent* ends."""
    join = _join_of(parent)
    if join is None:
        return
    total = len(parent.children)
    if join.kind == "all":
        if step.counts_as_failure and parent.bad > _allowed(join, total) and _is_fail_fast(parent):
            _stop_siblings(state, parent, f"{step.place} failed", todo)
    elif parent.good >= _wanted(join, total):
        _stop_siblings(state, parent, "enough of them have succeeded", todo)
    elif parent.good + parent.children_open < _wanted(join, total):
        _stop_siblings(state, parent, f"{step.place} failed, and too few are left", todo)


def _join_of(block: StepRun) -> Join | None:
    if block.is_each:
        return block.planned.step.join
    action = block.planned.step.action
    return action.join if isinstance(action, ParallelAction) and block.kind != "round" else None


def _is_fail_fast(block: StepRun) -> bool:
    action = block.planned.step.action
    return block.is_each or (isinstance(action, ParallelAction) and action.fail_fast)


def _allowed(join: Join, total: int) -> int:
    """How many of *total* may fail."""
    return max(join.tolerate_count, math.floor(join.tolerate_share * total + 1e-9))


def _wanted(join: Join, total: int) -> int:
    """How many of *total* must end well."""
    match join.kind:
        case "any":
            return 1
        case "quorum":
            return join.count
        case "at_least":
            return math.ceil(join.share * total - 1e-9)
        case "all":
            return total - _allowed(join, total)


def _stop_siblings(state: RunState, parent: StepRun, why: str, todo: Todo) -> None:
    if parent.is_stopping:
        return
    parent.is_stopping = True
    for place in parent.children:
        sibling = state.steps[place]
        if sibling.status in ("pending", "ready"):
            sibling.reason = why
            todo.append((sibling, "skipped"))
        elif sibling.status in ("running", "waiting"):
            doom(state, sibling, why, todo)


def doom(state: RunState, step: StepRun, why: str, todo: Todo) -> None:
    """Stop what runs in *step*; what is inside and has not begun, or only waits, is cancelled at once."""
    if step.status == "waiting":
        step.reason = why
        todo.append((step, "cancelled"))
        return
    if not step.is_block:
        state.doomed[step.place] = why
        return
    step.reason = step.reason or why
    if step.place in state.judging:
        todo.append((step, "cancelled"))
    for place in step.children:
        child = state.steps[place]
        if child.status in ("pending", "ready"):
            child.reason = why
            todo.append((child, "cancelled"))
        elif child.status in ("running", "waiting"):
            doom(state, child, why, todo)


def _block_end(state: RunState, block: StepRun) -> str:
    children = [state.steps[place] for place in block.children]
    join = _join_of(block)
    if join is not None and (block.is_each or join != Join()):
        return _joined_end(state, block, join, children)
    statuses = {child.status for child in children if not (child.kind == "step" and child.planned.step.optional)}
    if "failed" in statuses:
        _blame(block, next(child for child in children if child.counts_as_failure))
        return "failed"
    if "cancelled" in statuses:
        return "cancelled"
    is_by_choice = all(child.is_by_choice for child in children)
    # Where every step is optional, none of them decides for the block: it is skipped only when nothing in it was done.
    told = statuses or {child.status for child in children}
    if told <= {"skipped"} and not (block.kind == "round" and is_by_choice):
        block.reason = next((c.reason for c in children), "") if len(children) == 1 else "all its steps were skipped"
        block.is_by_choice = is_by_choice
        return "skipped"
    is_whole = all(child.status == "succeeded" or child.is_by_choice for child in children)
    if block.kind == "round":
        return "judged"
    block.output = {}
    return "succeeded" if is_whole else "degraded"


def _blame(block: StepRun, failed: StepRun) -> None:
    block.fault, block.code, block.hint = failed.fault, failed.code, failed.hint
    block.message = f"{failed.place} failed: {failed.message}"


def _joined_end(state: RunState, block: StepRun, join: Join, children: list[StepRun]) -> str:
    failed = [child for child in children if child.counts_as_failure]
    total = len(children)
    if join.kind == "all":
        is_reached = len(failed) <= _allowed(join, total)
    else:
        is_reached = block.good >= _wanted(join, total)
    if not is_reached and failed:
        _blame(block, failed[0])
        if total > 1:
            block.message = f"{len(failed)} of {total} failed; {block.message}"
        return "failed"
    if not is_reached:
        if any(child.status == "cancelled" for child in children):
            return "cancelled"
        block.fault, block.code = "result", "FL-R502"
        block.message = f"{block.good} of {total} ended well, {_wanted(join, total)} are needed"
        return "failed"
    if join.kind == "all" and any(child.status == "cancelled" for child in children):
        return "cancelled"
    degraded = [child for child in children if child.status == "degraded"]
    reasons = [f"{len(failed)} of {total} failed; {failed[0].place}: {failed[0].message}"] if failed else []
    if degraded:
        reasons.append(f"{len(degraded)} of {total} degraded; {_why_degraded(state, degraded[0])}")
    block.degraded = tuple(reasons) if block.is_each else ()
    block.output = {}
    return "degraded" if failed or degraded else "succeeded"


def _why_degraded(state: RunState, step: StepRun) -> str:
    """Why *step* is degraded, as it says itself or, being a block, as the first step inside it does."""
    if not step.degraded:
        for child in (state.steps[place] for place in step.children):
            if child.status == "failed":
                return f"{child.place} failed: {child.message}"
            if child.status == "degraded":
                return _why_degraded(state, child)
    return f"{step.place}: {'; '.join(step.degraded)}"


def _end_root(state: RunState, step: StepRun) -> None:
    if step.planned.is_closing:
        state.open_closing -= 1
        return
    state.open_main -= 1
    if state.open_main == 0:
        release_roots(state, is_closing=True)


# ----------------------------------------------------------------------------------------------------------- rounds


def end_round(state: RunState, event: RoundEnded) -> None:
    """The values of a finished round are known: it ends, and its loop goes on or ends."""
    done = state.steps[event.place]
    del state.judging[event.place]
    loop = state.steps[done.parent or event.place]
    rounds = loop.rounds
    assert rounds is not None  # a loop has opened before one of its rounds can end
    done.tree = event.tree
    children = [state.steps[place] for place in done.children]
    done.summary = _tried_in(children)
    is_whole = all(child.status == "succeeded" or child.is_by_choice for child in children)
    action = loop.planned.step.action
    assert isinstance(action, LoopAction)
    is_kept, gain = _compare(action, rounds, event.metric)
    rounds.stalled = rounds.stalled + 1 if action.stall and gain < action.stall.min_gain else 0
    if is_kept:
        rounds.tree = event.tree or rounds.tree
        rounds.best = rounds.best if event.metric is None else event.metric
    rounds.done.append(
        Round(done.number, "succeeded" if is_whole else "degraded", is_kept, event.metric, event.tree, done.summary)
    )
    done.output = {"is_met": event.is_met}
    end(state, done, "succeeded" if is_whole else "degraded")


def _tried_in(children: Sequence[StepRun]) -> str:
    """What a round tried, in the words of the step that changed files, else of the last one that says anything."""
    said = [child for child in children if child.summary]
    return next((child.summary for child in said if child.has_changed_files), said[-1].summary if said else "")


def _compare(action: LoopAction, rounds: Rounds, metric: float | None) -> tuple[bool, float]:
    """Whether the round is kept, and by what share it is better than the best before."""
    if metric is None or rounds.best is None:
        return True, math.inf
    difference = rounds.best - metric if action.goal == "minimize" else metric - rounds.best
    gain = (
        difference / abs(rounds.best) if rounds.best else (math.inf if difference > 0 else -math.inf * (difference < 0))
    )
    if math.isnan(gain):
        gain = 0.0
    return difference > 0 or action.keep == "last", gain


def _after_round(state: RunState, loop: StepRun, done: StepRun, todo: Todo) -> None:
    rounds = loop.rounds
    action = loop.planned.step.action
    assert rounds is not None
    assert isinstance(action, LoopAction)
    is_stopped = bool(loop.reason)  # from outside: no further round begins
    is_skipped = done.status == "skipped" and not done.is_by_choice
    if done.status == "cancelled" or is_skipped or (is_stopped and done.status != "failed"):
        loop.reason = loop.reason or done.reason
        todo.append((loop, "skipped" if is_skipped else "cancelled"))
        return
    is_met = isinstance(done.output, dict) and bool(done.output.get("is_met"))
    why = ""
    if done.status in ("failed", "skipped"):
        tried = _tried_in([state.steps[place] for place in done.children])
        rounds.done.append(Round(done.number, done.status, False, None, "", tried, done.message or done.reason))
        rounds.stalled += action.stall is not None
        if action.on_round_failure != "discard" or done.status == "skipped" or is_stopped:
            why = "failure"
    if is_met:
        why = "until"
    elif not why and action.stall and rounds.stalled >= action.stall.rounds:
        why = "stall"
    elif not why and len(rounds.done) >= rounds.max:
        why = "max"
    if not why:
        _open_round(state, loop)
        return
    todo.append((loop, _loop_end(action, loop, done, why)))


def _loop_end(action: LoopAction, loop: StepRun, done: StepRun, why: str) -> str:
    rounds = loop.rounds
    assert rounds is not None
    kept = [one for one in rounds.done if one.is_kept]
    last_kept = kept[-1] if kept else None
    loop.tree = rounds.tree
    loop.summary = last_kept.summary if last_kept else f"{len(rounds.done)} rounds, none was kept"
    loop.output = {
        "best": rounds.best,
        "best_commit": rounds.tree,
        "rounds": len(rounds.done),
        "stopped_because": why,
        "summary": loop.summary,
        "history": history(rounds),
    }
    if why == "failure" and action.on_round_failure == "fail":
        loop.fault, loop.code, loop.hint = done.fault, done.code, done.hint
        loop.message = f"round {done.number}: {done.message or done.reason}"
        return "failed"
    if why == "until":
        return "succeeded"
    if not kept:
        loop.fault, loop.code = "result", "FL-R501"
        loop.message = f"it stopped after {len(rounds.done)} rounds ({why}) and kept none"
        return "failed"
    if why == "failure":
        loop.degraded = (f"it stopped because round {done.number} failed: {done.message or done.reason}",)
        return "degraded"
    if not action.until:
        return "succeeded"  # no target was set: the rounds were all that was asked for
    best = f"; the best is {rounds.best:g}" if rounds.best is not None else ""
    loop.degraded = (f"its target was not met after {len(rounds.done)} rounds ({why}){best}",)
    return "degraded"


def history(rounds: Rounds) -> list[dict[str, object]]:
    """What expressions read of the rounds so far."""
    return [
        {
            "number": one.number,
            "status": one.status,
            "kept": one.is_kept,
            "metric": one.metric,
            "summary": "; ".join(text for text in (one.summary, one.reason) if text),
            "commit": one.tree,
        }
        for one in rounds.done
    ]
