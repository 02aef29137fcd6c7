"""Everybody dies at every moment: before and after each commit, before, in and after each effect, and while recovering.

Each seed draws a workflow, its inputs, the order of everything and the faults of its performances. The workflow is
performed once; from every moment of that performance at which something became durable, or happened outside, a fresh
worker goes on, and once more after a second death on the way. A reference model reads what was recorded and what really
happened.
"""

import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from fairlead.core.proofs import Figure, Lane, Tell, bounded
from fairlead.testing.simulation.cases import Case, shrunk, try_seed

WORKFLOWS: dict[Lane, int] = {"fast": 300, "full": 10_000}
SHRUNK_MAX = 3  # failures that are made as small as they go: each costs hundreds of performances
_AT_ONCE = 20  # workflows that a process takes at a time
_PROMISE = (
    "Wherever a worker dies, and wherever the next one dies that goes on: nothing acknowledged is lost, no attempt has"
    " two outcomes, a keyed effect happens exactly once, no other effect is repeated unless a person says so, and every"
    " run ends or waits for a named reason."
)
_FIRST = ("workflows", "crash_points", "second_crashes", "moments", "effects", "effects_found_again", "agents_calls")


class Some(NamedTuple):
    """What some workflows came to."""

    counts: Counter[str]
    failures: list[tuple[Case | None, str]]  # of each failing workflow the first


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """Die everywhere in as many workflows as the lane asks."""
    return try_crash_points(WORKFLOWS[lane], seed, tell, processes=2 if lane == "full" else 1)


def try_crash_points(
    workflows: int, seed: int, tell: Tell, *, processes: int = 1, faults: frozenset[str] | None = None
) -> Figure:
    """Die at every moment of *workflows* workflows; with *faults* each has these and no others."""
    counts: Counter[str] = Counter()
    failures: list[tuple[Case | None, str]] = []
    # Two calls with different seeds share no workflow, unless they are as many apart as there are workflows.
    seeds = range(seed, seed + workflows)
    chunks = [seeds[start : start + _AT_ONCE] for start in range(0, workflows, _AT_ONCE)]
    for done in _all(chunks, faults, processes):
        counts.update(done.counts)
        failures.extend(done.failures)
        tell(f"crash-points: {counts['workflows']} of {workflows} workflows, {len(failures)} bad")
    problems = [_said(case, problem, is_shrunk=n < SHRUNK_MAX) for n, (case, problem) in enumerate(failures)]
    named = {name.replace(" ", "_").replace("'", ""): count for name, count in counts.items()}
    shown = {name: named.get(name, 0) for name in _FIRST} | dict(sorted(named.items())) | {"bad": len(failures)}
    return Figure("crash-points", _PROMISE, seed, shown, bounded(problems))


def _all(chunks: Sequence[range], faults: frozenset[str] | None, processes: int) -> Iterator[Some]:
    if processes == 1:
        yield from (try_some(chunk, faults) for chunk in chunks)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(try_some, chunks, [faults] * len(chunks))


def try_some(seeds: range, faults: frozenset[str] | None = None) -> Some:
    """Die at every moment of the workflows of *seeds*."""
    some = Some(Counter(), [])
    for seed in seeds:
        try:
            tried = try_seed(seed, faults)
        except Exception:
            some.failures.append((None, f"workflow {seed}: {traceback.format_exc(limit=-4)}"))
            continue
        some.counts.update(tried.counts)
        some.failures.extend(tried.failures[:1])
    return some


def _said(case: Case | None, problem: str, *, is_shrunk: bool) -> str:
    """A failure, with the line that shows it again."""
    if case is None:
        return problem
    small = shrunk(case) if is_shrunk else case
    return f"{problem}; again: from fairlead.testing.simulation import again; again({small.text!r})"
