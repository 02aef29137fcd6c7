"""What would become of each step, as far as that can be told before anything has run.

A step can come to several ends: the forecast follows all of them through the workflow by the same rules by which the
engine ends steps. What an expression reads of things to come is unknown, and an unknown condition leaves both ways
open. Nobody's no, no signal that never comes and no failure that only running can show is foreseen.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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

# none: one failure is its failure · each: the same, of items that are there · some: there may be none, or failures are
# tolerated · counting: so many have to end well
_Leniency = Literal["none", "each", "some", "counting"]

# What the end of a round means for its loop: one in which nothing was to be done is a round all the same.
_ROUND_ENDS: dict[_Ending, _Ending] = {"good": "good", "by_choice": "good", "bad": "bad", "hit": "bad"}

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
            is_bad = bool(why) or step.id in self._broken
            ended.add("bad" if is_bad else "good")
            if is_bad and _leniency(step, self._items.get(step.id)) in ("some", "counting"):
                ended.add("good")  # there may be no items, or few enough failures
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
        if isinstance(parent.step.action, ChooseAction) and planned.branch not in self._taken(parent)[0]:
            return "another branch is taken", frozenset({"by_choice"})
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
        planned = self._workflow.plan[name]
        while planned.parent is not None and planned.parent not in around:
            block = self._workflow.plan[planned.parent]
            endings |= self._reached[block.step.id] & _SKIPPED
            if self._is_open_branch(block, planned):
                endings |= {"by_choice"}
            planned = block
        return endings

    def _is_open_branch(self, block: Planned, planned: Planned) -> bool:
        """Whether *planned* stands in a branch of *block* that may be taken, or not."""
        if not isinstance(block.step.action, ChooseAction):
            return False
        taken, may_be_none = self._taken(block)
        return planned.branch in taken and (may_be_none or len(taken) > 1)

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
        if not isinstance(step.action, ChooseAction):
            found = self._together(step.id, planned.children, _leniency(step, self._items.get(step.id)))
            return {_ROUND_ENDS[one] for one in found} if isinstance(step.action, LoopAction) else found
        taken, may_be_none = self._taken(planned)
        leniency = _leniency(step, self._items.get(step.id))
        found = {"by_choice"} if may_be_none else set()
        for branch in taken:
            names = [name for name in planned.children if self._workflow.plan[name].branch == branch]
            found |= self._together(step.id, names, leniency)
        return found if leniency == "none" else (found - _SKIPPED) | ({"good"} if found & _SKIPPED else set())

    def _together(self, block: str, names: Sequence[str], leniency: _Leniency) -> set[_Ending]:
        """How a block may end whose steps *names* are all there is."""
        endings = [self._endings[name] for name in names]
        counted = [
            ends - {"bad"} if self._workflow.plan[name].step.optional else ends
            for name, ends in zip(names, endings, strict=True)
        ]
        failing = [name for name, ends in zip(names, counted, strict=True) if "bad" in ends]
        found: set[_Ending] = {"bad"} if failing or leniency == "counting" else set()
        if failing:
            self._why.setdefault(block, f"{failing[0]} fails")
        if leniency != "none":  # what is skipped is no failure of a fan-out, and makes none skipped
            is_certain = leniency == "each" and any(ends == {"bad"} for ends in counted)
            return found if is_certain else found | {"good"}
        if any(ends == {"bad"} for ends in counted):
            return found
        if all(ends & _SKIPPED for ends in endings):
            found |= {"by_choice"} if all("by_choice" in ends for ends in endings) else {"hit"}
            if all(ends <= _SKIPPED for ends in endings):
                self._why.setdefault(block, "all its steps are skipped")
                return found
        found.add("good")
        return found

    def _taken(self, planned: Planned) -> tuple[frozenset[int], bool]:
        """The branches of a choice that may be taken, and whether it may be none."""
        return self._branches.get(planned.step.id, (frozenset(), True))

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
            reason = self._why_open(planned)
        return Forecast(
            will,
            "" if will == "run" and "bad" not in endings else reason,
            self._items.get(name),
            self._rounds.get(name),
        )

    def _why_open(self, planned: Planned) -> str:
        """Why a step that would be performed in its block may be skipped all the same."""
        while planned.parent is not None:
            block = self._workflow.plan[planned.parent]
            if isinstance(block.step.action, ChooseAction) and self._is_open_branch(block, planned):
                condition = block.step.action.branches[planned.branch].condition
                return f"if `{condition}`" if condition else "if no branch above it is taken"
            if self._reached[block.step.id] & _SKIPPED:
                return f"{block.step.id} may be skipped"
            planned = block
        return "all its steps may be skipped"

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


def _leniency(step: Step, items: int | None) -> _Leniency:
    """How far a block overlooks what happens to its steps or items."""
    join = step.action.join if isinstance(step.action, ParallelAction) and step.each is None else step.join
    if step.each is None and join == Join():
        return "none"
    if join.kind != "all":
        return "counting"
    return "each" if join == Join() and items else "some"


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
