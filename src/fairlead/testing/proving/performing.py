"""Performs proofs one after the other: each has its time, and one that breaks down does not keep the others back."""

import os
import random
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from fairlead.core.ports import Clock
from fairlead.core.proofs import Figure, Lane
from fairlead.service.proofs import Audience, ProofRow, ProvenFigure, Stopped, Verdict
from fairlead.testing.proving import Proof, load

# Of one proof. Each takes a small part of it on two slow cores: what reaches it hangs.
SECONDS_MAX: dict[Lane, float] = {"fast": 900.0, "full": 7_200.0}
_STRIKES_AGAIN_S = 30.0  # where the first one was swallowed
_TELL_SECONDS_MIN = 0.1
_FRAMES_MAX = 40


def new_seed() -> int:
    """A seed that nobody has chosen, short enough to be typed again."""
    return random.SystemRandom().randrange(1, 1_000_000_000)


class _Struck(KeyboardInterrupt):
    """A signal came. Of the kind that nobody holds for a failure of what they do, and that asyncio lets through."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def perform(
    proofs: Sequence[Proof],
    lane: Lane,
    seed: int,
    directory: str,
    audience: Audience,
    clock: Clock,
    seconds_max: float = 0.0,
) -> tuple[tuple[ProvenFigure, ...], Stopped]:
    """Try each of *proofs*; gives what it came to, also when a signal ends it, and which one did.

    *directory* is where the evidence will lie, for those who listen.
    """
    done: list[ProvenFigure] = []
    stopped: Stopped = ""
    try:
        with _listening():
            audience.begins(seed, directory, tuple(ProofRow(proof.name, proof.title) for proof in proofs))
            for proof in proofs:
                audience.tries(ProofRow(proof.name, proof.title))
                done.append(_try(proof, lane, seed, audience, clock, seconds_max or SECONDS_MAX[lane]))
                audience.tested(done[-1])
    except _Struck as struck:
        stopped = "terminated" if struck.number == signal.SIGTERM else "interrupted"
    except KeyboardInterrupt:
        stopped = "interrupted"  # a proof that runs a loop of its own has changed the handler
    return tuple(done), stopped


def _try(proof: Proof, lane: Lane, seed: int, audience: Audience, clock: Clock, seconds_max: float) -> ProvenFigure:
    began = clock.monotonic()
    told = began - 1

    def tell(text: str) -> None:
        nonlocal told
        now = clock.monotonic()
        if now - told >= _TELL_SECONDS_MIN:
            told = now
            audience.hears(text, now - began)

    problem = trace = ""
    figure = Figure(proof.name, "", seed, {}, ())
    try:
        with _within(seconds_max):
            figure = load(proof)(lane, seed, tell)
    except _Struck as struck:
        if struck.number != signal.SIGALRM:
            raise
        problem = f"it did not end within {seconds_max:,.0f} s and was stopped"
        trace = _trace(struck)
    except Exception as bug:
        problem = f"the proof itself broke down: {type(bug).__name__}: {without_surroundings(str(bug))}"
        trace = _trace(bug)
    problems = tuple(map(without_surroundings, figure.problems))
    if problem:
        problems = (problem, *problems)
    elif not figure.skipped and not problems and not any(figure.counts.values()):
        # A proof that has nothing to try finds nothing: that is no success.
        problems = ("it counted nothing, so nothing was tried",)
    verdict: Verdict = "broken" if problems else "skipped" if figure.skipped else "held"
    return ProvenFigure(
        name=proof.name,
        title=proof.title,
        verdict=verdict,
        promise=figure.promise,
        seed=figure.seed,
        counts=figure.counts,
        problems=problems,
        seconds=round(clock.monotonic() - began, 3),
        skipped=without_surroundings(figure.skipped),
        trace=trace,
        again=f"fairlead prove{' --full' if lane == 'full' else ''} --only {proof.name} --seed {seed}",
    )


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Break off what is done inside when the time is up."""
    signal.setitimer(signal.ITIMER_REAL, seconds, _STRIKES_AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def _listening() -> Iterator[None]:
    """Let a signal break off what is done inside, also one that would end the process at once."""

    def strike(number: int, frame: FrameType | None) -> None:
        raise _Struck(number)

    before = {number: signal.signal(number, strike) for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _trace(problem: BaseException) -> str:
    """Where it broke down, by the names of modules: paths would tell whose machine it was."""
    lines = []
    for frame, line in list(traceback.walk_tb(problem.__traceback__))[-_FRAMES_MAX:]:
        code = frame.f_code
        lines.append(f"{frame.f_globals.get('__name__', '?')}:{line} in {code.co_qualname}")
    said = without_surroundings(f"{type(problem).__name__}: {problem}")
    return "\n".join([*lines, said])


def without_surroundings(text: str) -> str:
    """*text* without what tells whose machine it was: home directory, directory at hand, name of the host."""
    for found, shown in (
        (os.getcwd(), "."),
        (os.path.expanduser("~"), "~"),
        (os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "fairlead"),
        (sys.prefix, "python"),
        (tempfile.gettempdir(), "tmp"),
        (os.uname().nodename, "host"),
    ):
        if len(found) > 3:
            text = text.replace(found, shown)
    return text
