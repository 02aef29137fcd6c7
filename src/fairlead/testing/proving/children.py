"""Programs that do not want to end, or want to leave something behind, under a parent that is killed or ends normally.

They ignore SIGTERM, fork twice into sessions of their own, flood their output, keep its pipe open after their end, stop
themselves, fill their temporary directory, close their input, fork many times. Half of the tries shut them in.
"""

import random
import signal
import time
from collections import Counter
from pathlib import Path

from fairlead.core.events import AttemptFailed, AttemptStarted, AttemptSucceeded
from fairlead.core.ids import RunId
from fairlead.core.proofs import Figure, Lane, Tell
from fairlead.env.sandbox.trying import sandbox_problem
from fairlead.testing.proving.scene import Broken, Scene, Started
from fairlead.testing.proving.tries import tried

COUNTS: dict[Lane, int] = {"fast": 6, "full": 100}
GONE_SECONDS = 2.0  # what is promised; the proof fails at `ORPHAN_SECONDS_MAX`, for a loaded machine may be slow
TIMEOUT_SECONDS = 2
MOMENT_SECONDS_MAX = 0.5

PROMISE = (
    "whatever a program does to outlive its step, it is gone two seconds after its parent has ended or was killed, and"
    " the step has an end with a code"
)

SHELL: dict[str, str] = {  # what a program does
    "ignores SIGTERM": "trap '' TERM INT HUP; while :; do sleep 600; done",
    "forks twice": "setsid sh -c 'setsid sleep 600 & sleep 600' & sleep 600",
    "leaves a daemon": "setsid sh -c 'setsid sleep 600 &' & exit 0",
    "floods": "yes 0123456789abcdef",
    "keeps the pipe open": "sleep 600 & exit 0",
    "stops itself": "kill -STOP $$; sleep 600",
    "stops its child": "sleep 600 & kill -STOP $!; wait",
    "closes its input": "exec 0<&-; sleep 600",
    "closes everything": "exec 0<&- 1>&- 2>&-; sleep 600",
    "forks often": "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 600 & done; wait",
}
SHUT_IN = {"fills its /tmp": "head -c 4000000000 /dev/zero > /tmp/full; echo $? > /tmp/code; sleep 600"}


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """See the module."""
    return try_children(COUNTS[lane], seed, tell, at_once=2)


def try_children(count: int, seed: int, tell: Tell, *, at_once: int = 1) -> Figure:
    """Start such programs so often."""
    return tried("children", PROMISE, keep_once, count, seed, tell, what="tries", at_once=at_once)


def keep_once(directory: Path, rng: random.Random) -> Counter[str]:
    """Two runs at once, each with two such programs; their parents are killed, or end.

    Raises:
        Broken: something is left, or a step has no end.
    """
    is_open = rng.random() < 0.5 or sandbox_problem() is not None
    kinds = rng.sample(sorted(SHELL if is_open else SHELL | SHUT_IN), 4)
    done = Counter({"parents killed": 0, "parents ended": 0, "open" if is_open else "shut in": 1})
    done.update(kinds)
    files = {f"run{n}.yaml": _workflow(f"run{n}", kinds[2 * n : 2 * n + 2]) for n in range(2)}
    scene = Scene(directory, files, is_open=is_open)
    try:
        started = [scene.start("run", f"run{n}.yaml", "--jsonl") for n in range(2)]
        scene.wait_for(lambda: _begun(scene) >= 4 or not any(one.process.poll() is None for one in started), "programs")
        time.sleep(rng.uniform(0.0, MOMENT_SECONDS_MAX))
        if rng.random() < 0.6:
            _kill(scene, started, done)
        else:
            _let_end(scene, started, done)
        scene.check_record()
    finally:
        scene.close()
    return done


def _workflow(name: str, kinds: list[str]) -> str:
    steps = "\n".join(
        f"        - id: s{number}\n"
        f"          timeout: {TIMEOUT_SECONDS}s\n"
        "          retry: 0\n"
        "          optional: true\n"
        f"          run:\n            - sh\n            - -c\n            - |\n              {script}"
        for number, script in enumerate((SHELL | SHUT_IN)[kind] for kind in kinds)
    )
    return f"fairlead: 1\nname: {name}\nsteps:\n  - id: both\n    parallel:\n      steps:\n{steps}\n"


def _begun(scene: Scene) -> int:
    return sum(isinstance(event, AttemptStarted) for run in scene.runs() for event in scene.events(run))


def _kill(scene: Scene, started: list[Started], done: Counter[str]) -> None:
    living = [one for one in started if one.process.poll() is None]
    for one in living:
        one.send(signal.SIGKILL)
    for one in started:
        one.process.wait()
    _check_gone(scene, done)
    done["parents killed"] += len(living)


def _let_end(scene: Scene, started: list[Started], done: Counter[str]) -> None:
    for one in started:
        said = one.end()
        if said.exit_code not in (0, 3):
            raise Broken(f"{' '.join(one.words)} ended with {said.exit_code}: {said.out[-400:]}{said.err}")
    _check_gone(scene, done)
    done["parents ended"] += len(started)
    for run in scene.runs():
        _check_ends(scene, run, done)


def _check_gone(scene: Scene, done: Counter[str]) -> None:
    done["later than 2 s"] += scene.check_gone() > GONE_SECONDS


def _check_ends(scene: Scene, run: RunId, done: Counter[str]) -> None:
    ends = [event for event in scene.events(run) if isinstance(event, AttemptSucceeded | AttemptFailed)]
    if len(ends) != 2 or scene.ended(run) is None:
        raise Broken(f"{run}: of two programs {len(ends)} have an end")
    for end in ends:
        if isinstance(end, AttemptFailed):
            if not end.code.startswith("FL-R"):
                raise Broken(f"{run}: {end.place} failed without a code of its own: {end.code!r} {end.message}")
            done["failed with a code"] += 1
        else:
            done["succeeded"] += 1
