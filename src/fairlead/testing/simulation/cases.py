"""From a seed to every moment at which its workflow might have died; and from a failure to the smallest one like it."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import msgspec

from fairlead.core.json import digest, encode
from fairlead.testing.proving.tries import fresh_directory
from fairlead.testing.simulation.grammar import ASKING_CHILD, CHILD, EFFECTS, any_workflow, inputs_for
from fairlead.testing.simulation.model import problems_of
from fairlead.testing.simulation.stage import FAULTS, History, Play, Stage

STEPS_MIN = 5
EFFECTS_SHARE = 0.4
FILES_SHARE = 0.02
SHRINKING_POINTS_MAX = 40  # moments that are tried when a failure is made smaller
_CHILDREN = {digest(encode(one)): one for one in (CHILD, ASKING_CHILD)}


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
    workflow = any_workflow(rng, effects=EFFECTS_SHARE)
    while len(workflow.plan) < STEPS_MIN:  # a small one has little that could be lost
        workflow = any_workflow(rng, effects=EFFECTS_SHARE)
    inputs = inputs_for(rng)
    allowed = tuple(kind for kind in EFFECTS if rng.random() < 0.7)
    if case.steps:
        kept = workflow.steps[: case.steps]
        outputs = {f"of_{step.id}": workflow.outputs[f"of_{step.id}"] for step in kept}
        workflow = msgspec.structs.replace(workflow, steps=kept, finally_=(), outputs=outputs)
    return Play(str(case.seed), workflow, inputs, allowed, {**_CHILDREN, digest(encode(workflow)): workflow})


def faults_of(seed: int) -> frozenset[str]:
    """Which kinds of faults there are in the performances of this seed: some of them, so that each is met alone too.

    Among them `files`: the journal is the real one then, on files; that takes longest, so few have it.
    """
    rng = random.Random(f"{seed} faults")
    drawn = [fault for fault in FAULTS if rng.random() < 0.35]
    return frozenset([*drawn, *(["files"] if rng.random() < FILES_SHARE else [])])


@contextmanager
def _performed(play: Play, case: Case, begun: History | None = None) -> Iterator[History]:
    """What the case comes to, once more or for the first time; its files are kept as long as it is looked at."""
    with ExitStack() as kept:
        directory = str(kept.enter_context(fresh_directory())) if "files" in case.faults else ""
        stage = Stage(play, f"{case.seed} {case.point} {case.second}", case.faults, begun, directory)
        history = stage.perform()
        history.problems.extend(problems_of(play.workflows, history.records, history.happened))
        yield history


def again(text: str) -> list[str]:
    """Perform the case that *text* says once more; gives what is wrong with it."""
    return _again(case_of(text))


def _again(case: Case) -> list[str]:
    play = play_of(case)
    with ExitStack() as kept:
        history = kept.enter_context(_performed(play, case._replace(point=-1, second=-1)))
        for number, then in ((case.point, case._replace(second=-1)), (case.second, case)):
            if number < 0:
                break
            if number >= len(history.boundaries):
                return []  # there is no such moment
            begun = history.until(history.boundaries[number])
            history = kept.enter_context(_performed(play, then, begun))
        return history.problems


def try_seed(seed: int, faults: frozenset[str] | None = None) -> Tried:
    """Perform the workflow of *seed* once, then again from every moment of that, each time with a second death."""
    first = Case(seed, faults_of(seed) if faults is None else faults)
    play, counts, failures = play_of(first), Counter[str](workflows=1), list[tuple[Case, str]]()
    rng = random.Random(f"{seed} seconds")

    def note(case: Case, history: History) -> None:
        counts.update(history.counts)
        failures.extend((case, problem) for problem in history.problems)

    counts.update(f"with {fault}" for fault in first.faults)
    with _performed(play, first) as base:
        note(first, base)
        for point, boundary in enumerate(base.boundaries):
            case = first._replace(point=point)
            counts["crash points"] += 1
            with _performed(play, case, base.until(boundary)) as recovered:
                note(case, recovered)
                if not recovered.boundaries:
                    continue  # there was nothing left to do
                case = case._replace(second=rng.randrange(len(recovered.boundaries)))
                counts["second crashes"] += 1
                begun = recovered.until(recovered.boundaries[case.second])
                with _performed(play, case, begun) as recovered_again:
                    note(case, recovered_again)
    return Tried(counts, failures)


def shrunk(case: Case) -> Case:
    """A case that fails too and has less in it: fewer deaths, fewer faults, fewer steps, an earlier moment."""
    smaller = next((one for one in _smaller(case) if _again(one)), None)
    return case if smaller is None else shrunk(smaller)


def _smaller(case: Case) -> Iterator[Case]:
    """What is tried in its place, the smallest first. Another moment is tried too: the choices after it are others."""
    if case.point >= 0:
        yield case._replace(point=-1, second=-1)
    if case.second >= 0:
        yield from (case._replace(point=point, second=-1) for point in range(SHRINKING_POINTS_MAX))
    for fault in sorted(case.faults):
        yield case._replace(faults=case.faults - {fault})
    for count in range(1, case.steps or len(play_of(case).workflow.steps)):
        yield case._replace(steps=count)
        if case.point >= 0:
            yield from (case._replace(steps=count, point=point) for point in range(SHRINKING_POINTS_MAX))
    yield from (case._replace(point=point) for point in range(case.point))
    yield from (case._replace(second=second) for second in range(case.second))
