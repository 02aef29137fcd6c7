"""What would become of each step, as far as that can be told before anything has run.

A step can come to several ends: the forecast follows all of them through the workflow by the same rules by which the
engine ends steps. What an expression reads of things to come is unknown, and an unknown condition leaves both ways
open. Nobody's no, no signal that never comes and no failure that only running can show is foreseen.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Literal

import msgspec

from fairlead.core.expressions import EvaluationFailed, Malformed, evaluate, holds, parse
from fairlead.core.json import Json
from fairlead.core.references import resolve
from fairlead.core.stages import moments
from fairlead.core.workflow import ChooseAction, Join, LoopAction, ParallelAction, Planned, Step, Workflow

Will = Literal["run", "skip", "maybe", "fail"]
# How a step may end: usable · failed · skipped because a condition did not hold · skipped because of a failure.
_Ending = Literal["good", "bad", "by_choice", "hit"]
_GOOD: frozenset[_Ending] = frozenset({"good"})
_SKIPPED: frozenset[_Ending] = frozenset({"by_choice", "hit"})

FailingOf = Callable[[Step], str]  # why a step is certain to fail when it is performed; "" when it is not


class Forecast(msgspec.Struct, frozen=True):
    """What would become of one step."""

    will: Will
    reason: str = ""  # why it is not simply performed
    items: int | None = None  # of a fan-out whose list is known
    rounds: int | None = None  # of a loop, at most, when that is known


class Unknown(Exception):
    """Something is read that nobody can know yet."""


class Known(Mapping[str, Json]):
    """A mapping of which some values are known; reading another one says that it cannot be known yet.

    With *is_whole*, what is not there is known not to be there.
    """

    def __init__(self, values: Mapping[str, Json], *, is_whole: bool = False) -> None:
        self._values = values
        self._is_whole = is_whole

    def __getitem__(self, name: str) -> Json:
        if name in self._values:
            return self._values[name]
        if self._is_whole:
            raise KeyError(name)
        raise Unknown(name)

    def __iter__(self) -> Iterator[str]:
        if not self._is_whole:
            raise Unknown
        return iter(self._values)

    def __len__(self) -> int:
        if not self._is_whole:
            raise Unknown
        return len(self._values)


def forecast(
    workflow: Workflow, facts: Mapping[str, Json], failing: FailingOf = lambda step: ""
) -> dict[str, Forecast]:
    """What would become of each step of *workflow*, by its id, in file order.

    *facts* are the roots that are known: `inputs`, `git` and so on. `vars` is worked out from them.
    """
    caster = _Caster(workflow, facts, failing)
    for moment in moments(workflow):
        if moment.is_end:
            caster.close(workflow.plan[moment.step])
        else:
            caster.begin(workflow.plan[moment.step])
    return {name: caster.told(planned) for name, planned in workflow.plan.items()}


class _Caster:
    def __init__(self, workflow: Workflow, facts: Mapping[str, Json], failing: FailingOf) -> None:
        self._workflow = workflow
        self._facts = facts
        self._failing = failing
        self._endings: dict[str, frozenset[_Ending]] = {}  # given that the block around the step begins
        self._reached: dict[str, frozenset[_Ending]] = {}  # "good": it begins
        self._why: dict[str, str] = {}
        self._broken: set[str] = set()  # steps that fail because of what they say themselves
        self._items: dict[str, int] = {}
        self._rounds: dict[str, int] = {}
        self._branches: dict[str, tuple[frozenset[int], bool]] = {}  # those that may be taken, and whether none may
        self._doomed = {name for name, one in workflow.plan.items() if not one.is_block and failing(one.step)}

    # ------------------------------------------------------------------------------------------------- beginning

    def begin(self, planned: Planned) -> None:
        """Say how the step may begin, and of one that is no block how it may end."""
        step = planned.step
        ways = self._may_reach(planned)
        if "good" in ways and step.condition:
            ways = self._asked(planned, ways)
        if "good" in ways:
            self._look_inside(planned)
        self._reached[step.id] = ways
        if planned.is_block:
            return
        ended: set[_Ending] = set(ways & _SKIPPED)
        if "good" in ways:
            why = self._failing(step) if self._items.get(step.id) != 0 else ""
            if why:
                self._why.setdefault(step.id, why)
            ended.add("bad" if why or step.id in self._broken else "good")
        self._endings[step.id] = frozenset(ended)

    def _may_reach(self, planned: Planned) -> frozenset[_Ending]:
        found: set[_Ending] = set()
        step = planned.step
        can_begin = True
        for why, ways in self._gates(planned):
            if ways != _GOOD:
                self._why.setdefault(step.id, why)
            found |= ways & _SKIPPED
            can_begin = can_begin and "good" in ways
        if can_begin:
            found.add("good")
        return frozenset(found)

    def _gates(self, planned: Planned) -> Iterator[tuple[str, frozenset[_Ending]]]:
        """Everything that a step depends on, given that the block around it begins: why it may not, and how it may."""
        if planned.parent is not None:
            parent = self._workflow.plan[planned.parent]
            yield self._inside(parent, planned)
            if isinstance(parent.step.action, ParallelAction) and parent.step.action.fail_fast:
                others = [name for name in parent.children if name != planned.step.id and self._may_fail(name)]
                if others:
                    yield f"`fail_fast`: {others[0]} fails", frozenset({"good", "hit"})
        for name in planned.needs:
            needed = self._workflow.plan[name]
            passed = frozenset(self._passed(needed, planned, ending) for ending in self._endings[name])
            yield f"needs {name}, which {self._says(needed)}", passed

    def _passed(self, needed: Planned, planned: Planned, ending: _Ending) -> _Ending:
        """What an end of a needed step means for the one that needs it."""
        step = needed.step
        if ending == "good" or (step.optional and step.has_default):
            return "good"
        if ending == "by_choice":
            return "good" if planned.above == step.id else "by_choice"
        return "hit"

    def _inside(self, parent: Planned, planned: Planned) -> tuple[str, frozenset[_Ending]]:
        ways = self._reached[parent.step.id]
        if "good" not in ways:
            return f"{parent.step.id} is skipped", ways
        if isinstance(parent.step.action, ChooseAction):
            taken, _ = self._branches.get(parent.step.id, (frozenset(), True))
            if planned.branch not in taken:
                return "another branch is taken", frozenset({"by_choice"})
            if taken != {planned.branch} or self._branches[parent.step.id][1]:
                condition = parent.step.action.branches[planned.branch].condition
                why = f"if `{condition}`" if condition else "if no branch above it is taken"
                return why, _GOOD | {"by_choice"}
        if self._items.get(parent.step.id) == 0:
            return f"{parent.step.id} has no items", frozenset({"by_choice"})
        return "", _GOOD

    def _may_fail(self, name: str) -> bool:
        """Whether a step, or one inside it, is certain to fail once it is performed."""
        planned = self._workflow.plan[name]
        if planned.step.optional:
            return False
        return name in self._doomed or any(self._may_fail(inner) for inner in planned.children)

    # ---------------------------------------------------------------------------------------------------- values

    def _asked(self, planned: Planned, ways: frozenset[_Ending]) -> frozenset[_Ending]:
        step = planned.step
        try:
            is_held = holds(parse(step.condition), self._scope(step.id))
        except Unknown:
            self._why.setdefault(step.id, f"if `{step.condition}`")
            return ways | {"by_choice"}
        except (EvaluationFailed, Malformed) as problem:
            self._break(step.id, str(problem))
            return ways
        if is_held:
            return ways
        self._why[step.id] = f"`{step.condition}` does not hold"
        return (ways - {"good"}) | {"by_choice"}

    def _look_inside(self, planned: Planned) -> None:
        step = planned.step
        try:
            if step.each is not None:
                items = evaluate(parse(step.each.over), self._scope(step.id))
                if isinstance(items, list):
                    self._items[step.id] = len(items)
                else:
                    self._break(step.id, "`each` needs a list")
            match step.action:
                case LoopAction(max=most):
                    rounds = resolve(most, self._scope(step.id))
                    if isinstance(rounds, int | float):
                        self._rounds[step.id] = int(rounds)
                case ChooseAction():
                    self._branches[step.id] = self._branches_of(step.action, self._scope(step.id))
                case _:
                    pass
        except Unknown:
            pass
        except (EvaluationFailed, Malformed) as problem:
            self._break(step.id, str(problem))

    def _branches_of(self, action: ChooseAction, scope: Mapping[str, Json]) -> tuple[frozenset[int], bool]:
        taken: set[int] = set()
        for number, branch in enumerate(action.branches):
            if not branch.condition:
                return frozenset((*taken, number)), False
            try:
                if holds(parse(branch.condition), scope):
                    return frozenset((*taken, number)), False
            except Unknown:
                taken.add(number)
        return frozenset(taken), True

    def _scope(self, at: str) -> Mapping[str, Json]:
        around = set(self._around(at))
        facts = {**self._facts, "steps": _Made(self._endings, lambda name: self._fact(name, around))}
        if "vars" not in facts:
            known, texts = Known(self._facts), self._workflow.vars
            facts["vars"] = _Made(texts, lambda name: resolve(texts[name], known))
        return Known(facts)

    def _around(self, name: str) -> Iterator[str]:
        """The blocks that hold a step, from the inside."""
        parent = self._workflow.plan[name].parent
        while parent is not None:
            yield parent
            parent = self._workflow.plan[parent].parent

    def _seen(self, name: str, around: Collection[str] = ()) -> frozenset[_Ending]:
        """How a step may end, seen from inside the blocks *around*, which have begun."""
        endings = self._endings[name]
        for block in self._around(name):
            if block in around:
                break
            endings |= self._reached[block] & _SKIPPED
        return endings

    def _fact(self, name: str, around: Collection[str]) -> Json:
        """What is known of a step that has been looked at."""
        endings = self._seen(name, around)
        step = self._workflow.plan[name].step
        known: dict[str, Json] = {"cached": False, "cost": {"usd": 0.0}}
        has_default = step.optional and step.has_default
        if endings <= _SKIPPED:
            known |= {"status": "skipped", "ok": False, "ran": False, "attempts": 0, "degraded": [], "summary": ""}
        elif not endings & _SKIPPED:
            known["ran"] = True
        if endings == {"bad"}:
            known |= {"status": "failed", "ok": False}
        is_over = endings <= _SKIPPED or endings == {"bad"}
        if is_over and has_default:
            known["outputs" if step.each is not None else "output"] = step.default
        if "previous" in self._facts:
            known["previous"] = self._facts["previous"].get(name)
        return Known(known, is_whole=is_over)

    # ------------------------------------------------------------------------------------------------------ ending

    def close(self, planned: Planned) -> None:
        """Say how a block may end, from how the steps inside it may."""
        step = planned.step
        ways = self._reached[step.id]
        ended: set[_Ending] = set(ways & _SKIPPED)
        if "good" in ways:
            ended |= self._inner_endings(planned)
        self._endings[step.id] = frozenset(ended)

    def _inner_endings(self, planned: Planned) -> set[_Ending]:
        step = planned.step
        if step.id in self._broken:
            return {"bad"}
        if self._items.get(step.id) == 0:
            return {"good"}
        children = [(self._workflow.plan[name].step, self._endings[name]) for name in planned.children]
        counted = [ends - {"bad"} if child.optional else ends for child, ends in children]
        failing = [name for name, ends in zip(planned.children, counted, strict=True) if "bad" in ends]
        if isinstance(step.action, ChooseAction):
            taken, may_be_none = self._branches.get(step.id, (frozenset(), True))
            must = {number for number in taken if not may_be_none and len(taken) == 1}
        else:
            must = {0}
        certain = [
            ends
            for name, ends in zip(planned.children, counted, strict=True)
            if not isinstance(step.action, ChooseAction) or self._workflow.plan[name].branch in must
        ]
        found: set[_Ending] = set()
        is_certain = any(ends == {"bad"} for ends in certain)
        join = step.action.join if isinstance(step.action, ParallelAction) else step.join
        if step.each is not None or join != Join():
            is_certain = is_certain and all(ends == {"bad"} for ends in certain)
        if failing:
            found.add("bad")
            self._why.setdefault(step.id, f"{failing[0]} fails")
        if is_certain:
            return found
        if all(ends & _SKIPPED for _, ends in children):
            found.add("by_choice" if all("by_choice" in ends for _, ends in children) else "hit")
            if all(ends <= _SKIPPED for _, ends in children):
                self._why.setdefault(step.id, "all its steps are skipped")
                return found
        found.add("good")
        return found

    # -------------------------------------------------------------------------------------------------------- words

    def told(self, planned: Planned) -> Forecast:
        """What became of the step, for people."""
        name = planned.step.id
        endings = self._seen(name)
        will: Will = "maybe"
        if endings <= _SKIPPED:
            will = "skip"
        elif endings == {"bad"}:
            will = "fail"
        elif not endings & _SKIPPED:
            will = "run"
        reason = self._why.get(name, "")
        if not reason and will == "maybe":
            reason = next(f"{block} may be skipped" for block in self._around(name) if self._reached[block] & _SKIPPED)
        return Forecast(
            will,
            "" if will == "run" and "bad" not in endings else reason,
            self._items.get(name),
            self._rounds.get(name),
        )

    def _says(self, planned: Planned) -> str:
        endings = self._endings.get(planned.step.id) or self._reached[planned.step.id]
        if endings <= _SKIPPED:
            return "is skipped"
        if endings == {"bad"}:
            return "fails"
        if "bad" in endings:
            return "may fail"
        return "may be skipped"

    def _break(self, name: str, why: str) -> None:
        self._why[name] = why
        self._broken.add(name)


class _Made(Mapping[str, Json]):
    """A mapping whose values are worked out when they are read; of a name that it has not, nothing is known yet."""

    def __init__(self, names: Mapping[str, object], make: Callable[[str], Json]) -> None:
        self._names = names
        self._make = make

    def __getitem__(self, name: str) -> Json:
        if name not in self._names:
            raise Unknown(name)
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
