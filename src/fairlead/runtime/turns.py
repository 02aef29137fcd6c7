"""What the values of a run say about what comes next: each function looks, and answers with the event that it saw."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from fairlead.core.durations import parse_duration
from fairlead.core.events import (
    INLINE_BYTES_MAX,
    ApprovalAsked,
    AttemptFailed,
    AttemptSucceeded,
    RoundEnded,
    StepOpened,
    StepSkipped,
    WaitBegun,
)
from fairlead.core.expressions import EvaluationFailed, evaluate, holds, parse
from fairlead.core.ids import Micros, Place
from fairlead.core.json import Digest, Json, digest, encode, kind_of
from fairlead.core.lineage import SideBySide, tree_after, tree_before
from fairlead.core.outcomes import Ask, Check
from fairlead.core.quorum import GRANT_S_MAX, differences, shown_in
from fairlead.core.references import Unresolved, references_in, resolve
from fairlead.core.standing import RunState, StepRun
from fairlead.core.workflow import (
    ITEMS_MAX,
    ROUNDS_MAX,
    ApproveAction,
    ChooseAction,
    Each,
    LoopAction,
    WaitAction,
)
from fairlead.runtime.scope import Load, Scope

Put = Callable[[bytes], Digest]
_HINT = "fairlead check shows the place"
_MISSING_HINT = "write `.?` before what may be missing, and what stands in: `a.?b.orValue(0)`"


class Wrong(Exception):
    """What an author wrote does not come to what is needed there."""

    def __init__(self, message: str, code: str = "FL-E101") -> None:
        super().__init__(message)
        self.code = code


def looked_at(place: Place, attempt: int, error: Exception) -> AttemptFailed:
    """The end of the step at *place* when an expression of its author came to nothing."""
    code = error.code if isinstance(error, Wrong | EvaluationFailed) else "FL-E101"
    if isinstance(error, SideBySide):
        hint = "put the steps that write one after the other"
        return AttemptFailed(place, attempt, "author", "FL-R211", str(error), hint, error="validation")
    hint = _MISSING_HINT if code == "FL-E101" and isinstance(error, EvaluationFailed) else _HINT
    return AttemptFailed(place, attempt, "author", code, str(error), hint, error="validation")


def is_wanted(state: RunState, step: StepRun, load: Load) -> StepSkipped | None:
    """Whether the step's own condition holds; the event when it does not.

    Raises:
        EvaluationFailed: it cannot be told.
    """
    condition = step.planned.step.condition
    if not condition or step.kind != "step" or step.attempts:
        return None
    if holds(parse(condition), Scope(state, load, step)):
        return None
    return StepSkipped(step.place, f"`{_short(condition)}` does not hold")


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"


def open_block(state: RunState, place: Place, load: Load, put: Put) -> StepOpened | StepSkipped | AttemptFailed:
    """How the block at *place* begins."""
    step = state.steps[place]
    try:
        skipped = is_wanted(state, step, load)
        if skipped is not None:
            return skipped
        scope = Scope(state, load, step)
        action = step.planned.step.action
        if step.is_each and step.planned.step.each is not None:
            return _fan_out(step, step.planned.step.each, scope, put)
        if isinstance(action, LoopAction):
            return _loop(state, step, action, scope)
        if isinstance(action, ChooseAction):
            return StepOpened(place, branch=_branch(action, scope))
        return StepOpened(place)
    except (EvaluationFailed, Unresolved, Wrong, SideBySide) as error:
        return looked_at(place, step.attempts + 1, error)


def _fan_out(step: StepRun, each: Each, scope: Scope, put: Put) -> StepOpened:
    items = evaluate(parse(each.over), scope)
    if not isinstance(items, list):
        raise Wrong(f"`each` needs a list; `{_short(each.over)}` is {_kind(items)}")
    if len(items) > ITEMS_MAX:
        raise Wrong(f"`each` has {len(items):,} items; {ITEMS_MAX:,} are allowed", "FL-R503")
    keys = [str(number) for number in range(len(items))]
    if each.key:
        expression = parse(each.key)
        keys = [_key(evaluate(expression, scope.plus(**{each.alias: item})), each.key) for item in items]
        if len(set(keys)) != len(keys):
            double = next(key for key in keys if keys.count(key) > 1)
            raise Wrong(f"two items have the key {double!r}: `key` must name each item", "FL-R504")
    data = encode(items)
    if len(data) <= INLINE_BYTES_MAX:
        return StepOpened(step.place, tuple(keys), items)
    return StepOpened(step.place, tuple(keys), None, put(data))


def _key(value: Json, text: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Wrong(f"`key` needs text or a number; `{_short(text)}` is {_kind(value)}")
    if value == "":
        raise Wrong(f"`key` is empty: `{_short(text)}` must name each item")
    return str(value)


def _loop(state: RunState, step: StepRun, action: LoopAction, scope: Scope) -> StepOpened:
    most = resolve(action.max, scope)
    if isinstance(most, bool) or not isinstance(most, int | float) or most != int(most):
        raise Wrong(f"`loop.max` needs a whole number; it is {_kind(most)}")
    if not 1 <= most <= ROUNDS_MAX:
        raise Wrong(f"`loop.max` is {int(most)}; it must lie between 1 and {ROUNDS_MAX}", "FL-R505")
    start = None
    if action.start:
        start = _number(evaluate(parse(action.start), scope), "loop.start")
    return StepOpened(step.place, rounds_max=int(most), start=start, tree=tree_before(state, step.place))


def _number(value: Json, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Wrong(f"`{what}` needs a number; it is {_kind(value)}")
    return float(value)


def _branch(action: ChooseAction, scope: Scope) -> int:
    for number, branch in enumerate(action.branches):
        if not branch.condition or holds(parse(branch.condition), scope):
            return number
    return -1


def judge_round(state: RunState, place: Place, load: Load) -> RoundEnded | AttemptFailed:
    """What the round at *place* came to."""
    step = state.steps[place]
    action = step.planned.step.action
    assert isinstance(action, LoopAction)  # only loops have rounds
    loop = state.steps[step.parent or place]
    try:
        scope = Scope(state, load, step)
        metric = None
        if action.metric:
            metric = _number(evaluate(parse(action.metric), scope), "loop.metric")
        is_met = False
        if action.until:
            best = _best_with(loop, action, metric)
            around = scope.plus(round={**scope["round"], "best": best, "metric": metric})
            is_met = holds(parse(action.until), around)
        return RoundEnded(place, metric, is_met, tree_after(state, place) or (loop.rounds.tree if loop.rounds else ""))
    except (EvaluationFailed, Unresolved, Wrong, SideBySide) as error:
        return looked_at(loop.place, loop.attempts + 1, error)


def _best_with(loop: StepRun, action: LoopAction, metric: float | None) -> float | None:
    best = loop.rounds.best if loop.rounds else None
    if metric is None or best is None:
        return best if metric is None else metric
    if action.keep == "last":
        return metric
    return min(best, metric) if action.goal == "minimize" else max(best, metric)


def expected(state: RunState, event: AttemptSucceeded | AttemptFailed, load: Load) -> AttemptSucceeded | AttemptFailed:
    """*event* with what was expected of the step's output, judged: one that does not hold makes a success a failure.

    The output of a program that failed is judged too, so that the sentence of its author says what is wrong.
    """
    step = state.steps[event.place]
    wanted = step.planned.step.expect
    has_output = event.output is not None or bool(event.output_ref)
    is_answer = isinstance(event, AttemptSucceeded) or (event.fault == "result" and has_output)
    if not wanted or not is_answer:
        return event
    output = event.output
    if event.output_ref:
        output = load(event.output_ref)
    scope = Scope(state, load, step).plus(output=output)
    checks: list[Check] = []
    for one in wanted:
        try:
            held = holds(parse(one.that), scope)
            said = "" if held else str(resolve(one.say, scope))
        except (EvaluationFailed, Unresolved) as error:
            if isinstance(event, AttemptFailed):
                continue  # the output of a failure need not have every field
            failed = looked_at(event.place, event.attempt, error)
            return msgspec.structs.replace(
                failed,
                output=event.output,
                output_ref=event.output_ref,
                receipt=event.receipt,
                checks=tuple(checks),
            )
        checks.append(Check(one.that, held, said, one.satisfies, one.is_warning))
    broken = [check for check in checks if not check.holds and not check.is_warning]
    if isinstance(event, AttemptFailed):
        message = broken[0].say if broken else event.message
        return msgspec.structs.replace(event, checks=tuple(checks), message=message)
    if broken:
        return AttemptFailed(
            event.place,
            event.attempt,
            "result",
            "FL-R212",
            "; ".join(check.say for check in broken),
            "its output is kept: fairlead runs show",
            output=event.output,
            output_ref=event.output_ref,
            receipt=event.receipt,
            error="expectation",
            checks=tuple(checks),
        )
    warnings = tuple(check.say for check in checks if not check.holds)
    return msgspec.structs.replace(event, checks=tuple(checks), degraded=(*event.degraded, *warnings))


def begin_wait(state: RunState, place: Place, attempt: int, now: Micros, load: Load) -> WaitBegun | AttemptFailed:
    """Until when, or for which signal, the step at *place* waits."""
    action = state.steps[place].planned.step.action
    assert isinstance(action, WaitAction)
    try:
        scope = Scope(state, load, state.steps[place])
        due = Micros(0)
        if action.for_:
            text = str(resolve(action.for_, scope))
            seconds = parse_duration(text)
            if seconds is None:
                raise Wrong(f"`wait.for` needs a duration such as 10m; it is {text[:60]!r}")
            due = Micros(now + round(seconds * 1e6))
        if action.until:
            due = _moment(str(resolve(action.until, scope)))
        return WaitBegun(place, attempt, due, action.event)
    except (EvaluationFailed, Unresolved, Wrong) as error:
        return looked_at(place, attempt, error)


def _moment(text: str) -> Micros:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(f"`wait.until` needs a moment such as 2027-01-31T08:00:00Z; it is {text[:60]!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return Micros(round(moment.timestamp() * 1e6))


def end_wait(state: RunState, place: Place, attempt: int, signal: str, now: Micros) -> AttemptSucceeded | AttemptFailed:
    """What the step at *place* waited for has come, or its time has."""
    step = state.steps[place]
    wait = step.wait
    assert wait is not None
    if signal:
        return AttemptSucceeded(place, attempt, {"data": state.signals[signal][0], "event": signal})
    if wait.signal:
        message = f"the signal {wait.signal} did not come in time"
        return AttemptFailed(place, attempt, "platform", "FL-R213", message, "send it with `fairlead signal`")
    late = max(0.0, (now - wait.due) / 1e6)
    output = {"data": None, "late_s": round(late, 3)}
    return AttemptSucceeded(place, attempt, output, summary=f"{late:.0f} s late" if late >= 60 else "")


def ask(state: RunState, place: Place, now: Micros, load: Load, put: Put) -> ApprovalAsked | AttemptFailed:
    """The question of an `approve` step, with what the person shall see."""
    step = state.steps[place]
    action = step.planned.step.action
    assert isinstance(action, ApproveAction)
    try:
        scope = Scope(state, load, step)
        shown: list[Json] = []
        covers: list[Digest] = []
        for text in action.show:
            value = evaluate(parse(text), scope)
            shown.append({"name": text, "value": value})
            covers.append(digest(encode(value)))
        selectable: list[Json] = []
        if action.select:
            selectable = evaluate(parse(action.select), scope)
            if not isinstance(selectable, list):
                raise Wrong(f"`select` needs a list; `{_short(action.select)}` is {_kind(selectable)}")
        title, body = str(resolve(action.title, scope)), str(resolve(action.body, scope))
    except (EvaluationFailed, Unresolved, Wrong) as error:
        return looked_at(place, step.attempts + 1, error)
    whole = encode([title, body, shown, selectable, list(action.choices), msgspec.to_builtins(action.approvers)])
    data = encode(shown)
    is_small = len(data) <= INLINE_BYTES_MAX
    due = now + round(action.timeout_s * 1e6) if action.timeout_s else 0
    if selectable:
        covers.append(digest(encode(selectable)))
    return ApprovalAsked(
        place,
        _approval_id(state, step),
        "approve",
        title,
        body,
        shown if is_small else None,
        Digest("") if is_small else put(data),
        digest(whole),
        tuple(covers),
        action.choices,
        action.approvers,
        action.not_by,
        len(selectable),
        put(encode(selectable)) if selectable else Digest(""),
        Micros(due),
        action.on_timeout,
    )


def _approval_id(state: RunState, step: StepRun) -> str:
    """The id of the next question about *step*: the same in every replay."""
    return "a-" + digest(f"{state.run} {step.place} {step.questions}".encode())[7:13]


def _kind(value: Json) -> str:
    """What *value* is, with itself where it is short."""
    if isinstance(value, str):
        return f"the text {value[:60]!r}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"the number {value}"
    return kind_of(value)


def ask_about(state: RunState, place: Place, wanted: Ask, load: Load, put: Put) -> ApprovalAsked:
    """The question of the gate: whether this very call may happen. Asked again, it says why."""
    step = state.steps[place]
    earlier = step.asked if step.granted else None
    again = f" {_why_again(earlier, wanted, load)}" if earlier is not None else ""
    data = encode(wanted.shown)
    is_small = len(data) <= INLINE_BYTES_MAX
    return ApprovalAsked(
        place,
        _approval_id(state, step),
        "effect",
        wanted.title,
        wanted.body + again,
        wanted.shown if is_small else None,
        Digest("") if is_small else put(data),
        wanted.digest,
        effect=wanted.effect,
        before=earlier.approval if earlier is not None else "",
    )


def _why_again(earlier: ApprovalAsked, wanted: Ask, load: Load) -> str:
    if earlier.digest == wanted.digest:
        return f"{earlier.approval} was granted more than {GRANT_S_MAX // 3600} hours ago and not used, so it lapsed."
    names = ", ".join(differences(shown_in(earlier, load), wanted.shown))
    return f"{earlier.approval} was granted, and since then this has changed: {names or 'the call itself'}."


def ask_again(state: RunState, place: Place, given: Json, put: Put) -> ApprovalAsked:
    """Whether an effect of unknown end, which was *given* this, may be done again."""
    step = state.steps[place]
    title = f"Did {step.agent} of {place} happen? Nobody knows: its worker was lost"
    body = "Look at what it would have changed. `approve` does it again; `reject` leaves it as it is and ends the run."
    shown: Json = [{"name": "effect", "value": step.agent}, {"name": "with", "value": given}]
    data = encode(shown)
    is_small = len(data) <= INLINE_BYTES_MAX
    return ApprovalAsked(
        place,
        _approval_id(state, step),
        "uncertain",
        title,
        body,
        shown if is_small else None,
        Digest("") if is_small else put(data),
        digest(encode([title, step.place, step.attempts, shown])),
        effect=step.effect,
    )


def lapsed(state: RunState, place: Place) -> AttemptFailed:
    """Nobody decided in time, and the step says that this is a no."""
    step = state.steps[place]
    message = "nobody decided in time"
    return AttemptFailed(place, step.attempts + 1, "person", "FL-P003", message, "ask again: fairlead rerun")


def reads_what_was_left_out(state: RunState, text: Json) -> bool:
    """Whether *text* reads a step that was skipped: its output is null in the outputs of a workflow."""
    for read in references_in(text):
        if read.root == "steps" and read.path and isinstance(read.path[0], str):
            step = state.steps.get(Place(read.path[0]))
            if step is not None and not step.is_usable:
                return True
    return False
