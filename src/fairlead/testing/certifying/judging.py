"""What one run came to, read from outside: its record, what lies in the disposable place, and what was counted."""

import msgspec

from fairlead.core.events import AttemptUncertain
from fairlead.core.ids import RunId, Seq
from fairlead.core.json import Json, encode
from fairlead.core.standing import StepRun
from fairlead.core.workflow import EffectAction, NotifyAction, RunAction, WaitAction
from fairlead.env.clock import SystemClock
from fairlead.env.effects.branches import trailer_key
from fairlead.journal import Reader, open_reader, verify
from fairlead.service.certifying import EffectLine, PointLine
from fairlead.testing.certifying.counting import Ledger, Line
from fairlead.testing.certifying.performing import RUN, Around
from fairlead.testing.certifying.stage import commits_in, left_in
from fairlead.views.runs import project_run

SHOWN_MAX = 5  # differences of one point that are named
_TEXT_MAX = 160
_TRAILER = "Fairlead-Key: "
_UNDELIVERED = "perhaps not delivered"


class Count(msgspec.Struct, frozen=True):
    """How often one effect happened in one run."""

    kind: str
    effect_class: str
    times: int
    counted: str


class End(msgspec.Struct, frozen=True):
    """What one run came to."""

    status: str
    items: dict[str, str]  # what is compared: status, outputs, steps, files, references
    counts: dict[str, Count]  # by step
    attempts: dict[str, int]  # by step
    blocks: tuple[str, ...]  # steps that hold others
    undelivered: tuple[str, ...]  # messages of which nobody knows whether they arrived
    is_asked: bool  # a person was asked whether an effect had happened
    answered: int
    problems: tuple[str, ...]  # of the record itself


def look(around: Around) -> End:
    """Read everything that is left of a run."""
    stage = around.stage
    clock = SystemClock()
    ledger = Ledger(stage.ledger).lines()
    commits = commits_in(stage)
    items: dict[str, str] = {}
    counts: dict[str, Count] = {}
    attempts: dict[str, int] = {}
    blocks: list[str] = []
    undelivered: list[str] = []
    problems = [f"the record: {one.code}: {one.text}" for one in verify(stage.state, clock=clock).problems]
    reader = open_reader(stage.state, clock=clock)
    answered, is_asked = 0, False
    try:
        problems += _stale_writes(reader)
        for row in reader.runs(1_000):
            state = project_run(reader, row.run).state
            prefix = "" if row.run == RUN else f"{row.run} "
            items[f"{prefix}status"] = state.status
            if state.ended is not None:
                items |= {f"{prefix}output {name}": _text(value) for name, value in state.ended.outputs.items()}
            for place, step in state.steps.items():
                name = prefix + place
                items[f"step {name} status"] = step.status
                # What a program prints may well say that it was called again; what comes of it lies elsewhere.
                # How late a wait has ended is a time.
                if not isinstance(step.planned.step.action, RunAction | WaitAction):
                    items[f"step {name} output"] = str(step.output_ref) or _text(step.output)
                attempts[name] = step.attempts
                answered += len(step.decisions)
                if step.is_block:
                    blocks.append(name)
                if any(_UNDELIVERED in reason for reason in step.degraded):
                    undelivered.append(name)
                count = _count(around, row.run, step, ledger, commits)
                if count is not None:
                    counts[name] = count
            is_asked = is_asked or any(isinstance(one.event, AttemptUncertain) for one in reader.events_of(row.run))
        items |= left_in(stage)
    finally:
        reader.close()
    nobodys = [line for line in ledger if line.what == "request" and not line.step]
    if nobodys:
        counts["(a program, without a key)"] = Count("run", "outside", len(nobodys), "server")
    names = {commit: f"<commit of tree {tree}>" for commit, tree, _ in commits}
    items = {name: _without(text, names) for name, text in items.items()}
    return End(
        items.get("status", "not begun"),
        items,
        counts,
        attempts,
        tuple(blocks),
        tuple(undelivered),
        is_asked,
        answered,
        tuple(problems),
    )


def _stale_writes(reader: Reader) -> list[str]:
    """Progress of an epoch that had passed: a worker that was thought dead wrote all the same."""
    highest: dict[RunId, int] = {}
    found = []
    for record in reader.events_after(Seq(0)):
        if record.epoch and record.epoch < highest.get(record.run, 0):
            found.append(f"event {record.seq} was written by a worker that had lost the run")
        highest[record.run] = max(record.epoch, highest.get(record.run, 0))
    return found


def _count(
    around: Around, run: RunId, step: StepRun, ledger: list[Line], commits: list[tuple[str, str, str]]
) -> Count | None:
    key = f"{run}/{step.place}"
    mine = [line for line in ledger if line.step == key]
    match step.planned.step.action:
        case _ if step.is_block:
            return None
        case EffectAction(kind) if kind == "http.request":
            return Count(kind, step.effect, count_requests(mine), "server")
        case EffectAction(kind) if kind.startswith("git."):
            times = sum(1 for _, _, last in commits if last == _TRAILER + trailer_key(key))
            return Count(kind, step.effect, times, "repository")
        case EffectAction(kind):
            return Count(kind, step.effect, sum(1 for line in mine if line.what == "done" and line.ok), "process")
        case NotifyAction():
            return Count("notify", "at most once", sum(1 for line in mine if line.what == "told"), "process")
        case RunAction() if any(line.what == "request" for line in mine):
            return Count("run", "outside", count_requests(mine), "server")
        case RunAction() if around.setup.wanted.is_outside:
            return Count("run", "repeatable", step.attempts, "record")
        case _:
            return None


def count_requests(lines: list[Line]) -> int:
    """How often the server did something: a request with a key that it knows is answered and not done again."""
    asked = [line for line in lines if line.what == "request"]
    return len({line.key for line in asked if line.key}) + sum(1 for line in asked if not line.key)


def _text(value: Json) -> str:
    return encode(value).decode("utf-8", "replace")


def _without(text: str, names: dict[str, str]) -> str:
    """*text* without ids of commits: they hold the time at which one was made."""
    for commit, name in names.items():
        if commit in text:
            text = text.replace(commit, name)
    return text


def compare(point: str, undisturbed: End, unstable: frozenset[str], end: End) -> tuple[PointLine | None, bool]:
    """What is wrong at *point*, and whether its end is another one than the undisturbed run's."""
    problems = list(end.problems)
    is_left = is_left_by_a_person(undisturbed, end)
    for name in {**undisturbed.counts, **end.counts}:
        problem = _wrong_count(name, undisturbed.counts.get(name), end.counts.get(name), is_left=is_left)
        problems += [problem] if problem else []
    different = [] if is_left else _different(undisturbed, unstable, end)
    problems += different[:SHOWN_MAX]
    if len(different) > SHOWN_MAX:
        problems.append(f"and {len(different) - SHOWN_MAX} more differences")
    if not problems:
        return None, False
    repeated = tuple(
        name
        for name, count in end.attempts.items()
        if count > undisturbed.attempts.get(name, 0) and name not in end.blocks and count > 1
    )
    return PointLine(point, tuple(problems), repeated), bool(different)


def is_left_by_a_person(undisturbed: End, end: End) -> bool:
    """A person who finds that an effect did happen ends the run there: what comes after is not done, rightly."""
    return end.is_asked and end.status == "rejected" and undisturbed.status != "rejected"


def _wrong_count(name: str, undisturbed: Count | None, end: Count | None, *, is_left: bool) -> str:
    known = end or undisturbed
    assert known is not None  # it is in one of them
    times, expected = end.times if end else 0, undisturbed.times if undisturbed else 0
    if known.effect_class in ("read_only", "repeatable") or times == expected:
        return ""
    if times < expected and (is_left or known.effect_class not in ("keyed", "outside")):
        return ""
    return f"{name}: {known.kind} ({known.effect_class}) happened {times} times instead of {expected}"


def _different(undisturbed: End, unstable: frozenset[str], end: End) -> list[str]:
    found = []
    for name in dict.fromkeys((*undisturbed.items, *end.items)):
        before, after = undisturbed.items.get(name), end.items.get(name)
        if before == after or name in unstable or _is_excused(name, before, after, end):
            continue
        found.append(f"{name}: {_short(after)} instead of {_short(before)}")
    return found


def _is_excused(name: str, before: str | None, after: str | None, end: End) -> bool:
    """A message of which nobody knows whether it arrived is said to be so: its step, and what holds it, is degraded."""
    if not end.undelivered:
        return False
    if any(name in (f"step {one} status", f"step {one} output") for one in end.undelivered):
        return True
    holds_it = name == "status" or any(name == f"step {one} status" for one in end.blocks)
    return holds_it and (before, after) == ("succeeded", "degraded")


def _short(text: str | None) -> str:
    if text is None:
        return "nothing"
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1] + "…"


def effect_lines(undisturbed: End, ends: list[End], failures: list[PointLine]) -> tuple[EffectLine, ...]:
    """Each effect once, with how often it happened over all points, and which of the *failures* it had a part in."""
    names = dict.fromkeys([*undisturbed.counts, *(name for end in ends for name in end.counts)])
    found = []
    for name in names:
        known = undisturbed.counts.get(name) or next(end.counts[name] for end in ends if name in end.counts)
        seen = [_times(end, name) for end in ends]
        whole = [_times(end, name) for end in ends if not is_left_by_a_person(undisturbed, end)]
        times = {"0": seen.count(0), "1": seen.count(1), "2+": sum(1 for one in seen if one > 1)}
        expected = undisturbed.counts[name].times if name in undisturbed.counts else 0
        problem = _said(known, max(seen, default=expected), min(whole, default=expected), expected)
        again = sum(1 for one in failures if name in one.repeated)
        if not problem and again:
            problem = f"performed again at {again} {'point' if again == 1 else 'points'} with another end"
        found.append(EffectLine(name, known.kind, known.effect_class, expected, times, known.counted, problem))
    return tuple(found)


def _times(end: End, name: str) -> int:
    return end.counts[name].times if name in end.counts else 0


def _said(known: Count, most: int, least: int, expected: int) -> str:
    if known.effect_class in ("read_only", "repeatable"):
        return ""
    if most > expected:
        return f"happened {most} times"
    return f"happened {least} times" if least < expected and known.effect_class in ("keyed", "outside") else ""
