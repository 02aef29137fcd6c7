"""From a seed to every moment at which its workflow might have died; and from a failure to the smallest one like it."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from fairlead.core.json import digest, encode
from fairlead.testing.simulation.grammar import ASKING_CHILD, CHILD, EFFECTS, any_workflow, inputs_for
from fairlead.testing.simulation.model import problems_of
from fairlead.testing.simulation.stage import FAULTS, History, Play, Stage

STEPS_MAX = 16
EFFECTS_SHARE = 0.4


class Case(NamedTuple):
    """One performance that can be had again. Its text, `7 stop+order 12 3 2`, is what a failure prints."""

    seed: int
    faults: frozenset[str]
    point: int = -1  # the number of the moment at which everybody died; -1: nobody did
    second: int = -1  # and of the moment, while that was recovered, at which everybody died again
    steps: int = 0  # only the first so many of the outermost steps; 0: all

    @property
    def text(self) -> str:
        """One line, for `case_of`."""
        return f"{self.seed} {'+'.join(sorted(self.faults)) or 'none'} {self.point} {self.second} {self.steps}"


class Tried(NamedTuple):
    """What one seed came to."""

    counts: Counter[str]
    failures: list[tuple[Case, str]]


def case_of(text: str) -> Case:
    """The case that *text* says.

    Raises:
        ValueError: it says none.
    """
    seed, faults, *numbers = text.split()
    return Case(int(seed), frozenset() if faults == "none" else frozenset(faults.split("+")), *map(int, numbers))


def play_of(case: Case) -> Play:
    """The workflow of the case, its inputs, and what needs no question."""
    rng = random.Random(case.seed)
    workflow, inputs = any_workflow(rng, steps_max=STEPS_MAX, effects=EFFECTS_SHARE), inputs_for(rng)
    allowed = tuple(kind for kind in EFFECTS if rng.random() < 0.7)
    if case.steps:
        kept = workflow.steps[: case.steps]
        outputs = {f"of_{step.id}": workflow.outputs[f"of_{step.id}"] for step in kept}
        workflow = msgspec.structs.replace(workflow, steps=kept, finally_=(), outputs=outputs)
    return Play(str(case.seed), workflow, inputs, allowed)


def faults_of(seed: int) -> frozenset[str]:
    """Which kinds of faults there are in the performances of this seed: a part of them, so that each is met alone too."""
    rng = random.Random(f"{seed} faults")
    return frozenset(fault for fault in FAULTS if rng.random() < 0.35)


def _performed(play: Play, case: Case, begun: History | None, counts: Counter[str]) -> tuple[History, list[str]]:
    stage = Stage(play, f"{case.seed} {case.point} {case.second}", case.faults, begun)
    history = stage.perform()
    counts.update(history.counts)
    workflows = {digest(encode(one)): one for one in (play.workflow, CHILD, ASKING_CHILD)}
    return history, history.problems + problems_of(workflows, history.records, history.happened)


def again(text: str) -> list[str]:
    """Perform the case that *text* says once more; gives what is wrong with it."""
    return _again(case_of(text))


def _again(case: Case) -> list[str]:
    play, counts = play_of(case), Counter[str]()
    history, problems = _performed(play, case._replace(point=-1, second=-1), None, counts)
    for point, second in ((case.point, -1), (case.point, case.second)):
        if point < 0 or (second < 0 and (point, second) != (case.point, -1)) or len(history.boundaries) == 0:
            break
        if second < 0:
            if point >= len(history.boundaries):
                return []
            begun = history.until(history.boundaries[point])
            history, problems = _performed(play, case._replace(second=-1), begun, counts)
        else:
            begun = history.until(history.boundaries[second % len(history.boundaries)])
            history, problems = _performed(play, case, begun, counts)
    return problems


def try_seed(seed: int, faults: frozenset[str] | None = None) -> Tried:
    """Perform the workflow of *seed* once, then again from every moment of that, each time with a second death."""
    first = Case(seed, faults_of(seed) if faults is None else faults)
    play, counts, failures = play_of(first), Counter[str](workflows=1), list[tuple[Case, str]]()
    rng = random.Random(f"{seed} seconds")

    def perform(case: Case, begun: History | None) -> History:
        history, problems = _performed(play, case, begun, counts)
        failures.extend((case, problem) for problem in problems)
        return history

    for fault in first.faults:
        counts[f"with {fault}"] += 1
    base = perform(first, None)
    for point, boundary in enumerate(base.boundaries):
        counts["crash points"] += 1
        case = first._replace(point=point)
        recovered = perform(case, base.until(boundary))
        second = rng.randrange(len(recovered.boundaries)) if recovered.boundaries else -1
        if second >= 0:
            counts["second crashes"] += 1
            perform(case._replace(second=second), recovered.until(recovered.boundaries[second]))
    return Tried(counts, failures)


def shrunk(case: Case) -> Case:
    """A case that fails too and has less in it: fewer deaths, fewer faults, fewer steps, an earlier moment."""
    smaller = next((one for one in _smaller(case) if _again(one)), None)
    return case if smaller is None else shrunk(smaller)


def _smaller(case: Case) -> Iterator[Case]:
    if case.second >= 0:
        yield case._replace(second=-1)
    if case.point >= 0:
        yield case._replace(point=-1, second=-1)
    for fault in sorted(case.faults):
        yield case._replace(faults=case.faults - {fault})
    steps = len(play_of(case).workflow.steps)
    for count in range(1, steps):
        yield case._replace(steps=count)
    for point in range(case.point):
        yield case._replace(point=point)
