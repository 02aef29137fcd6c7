"""SIGTERM and Ctrl-C at a random moment, two runs under way: no step begins any more, what runs ends or is closed.

After SIGTERM what runs has twenty seconds to end; Ctrl-C, or a second signal, waits for nothing.
"""

import random
import signal
import time
from collections import Counter
from pathlib import Path

from fairlead.core.events import AttemptLost, AttemptStarted, AttemptSucceeded, Recorded
from fairlead.core.ids import RunId
from fairlead.core.proofs import Figure, Lane, Tell
from fairlead.testing.proving.scene import Broken, Outcome, Scene, Started
from fairlead.testing.proving.tries import tried

COUNTS: dict[Lane, int] = {"fast": 5, "full": 100}
INTAKE_SECONDS_MAX = 1.0
STOP_SECONDS_MAX = 30.0
MOMENT_SECONDS_MAX = 0.5
EVENTS = 20
EVENTS_HELD = 14  # that come before the gate opens
TERMINATED, INTERRUPTED = 143, 130

PROMISE = (
    "a process that is asked to stop begins no step a second later, closes what still runs as lost after its grace,"
    " ends within 30 s with its documented exit code, loses nothing that had finished, and the run goes on elsewhere"
)

STOPPED = """\
fairlead: 1
name: stopped
steps:
  - id: all
    parallel:
      steps:
        - id: one
          steps: [STEPS1]
        - id: two
          steps: [STEPS2]
"""
STEP = (
    "{id: NAME, isolate: none, run: [sh, -c, 'sleep SECONDS; GATE echo \"$1\" >> OUTSIDE/ledger', sh,"
    ' "${ run.id }/NAME"]}'
)


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """See the module."""
    return try_stops(COUNTS[lane], seed, tell, at_once=2)


def try_stops(count: int, seed: int, tell: Tell, *, at_once: int = 1) -> Figure:
    """Stop so often."""
    return tried("stops", PROMISE, stop_once, count, seed, tell, what="stops", at_once=at_once)


def stop_once(directory: Path, rng: random.Random) -> Counter[str]:
    """Two runs at once, both asked to stop, and brought to their ends by others.

    Raises:
        Broken: the promise does not hold.
    """
    numbers = rng.choice(((signal.SIGTERM,), (signal.SIGTERM, signal.SIGINT), (signal.SIGINT,), (signal.SIGINT,) * 2))
    done: Counter[str] = Counter({f"{len(numbers)} x {numbers[0].name}": 1})
    scene = Scene(directory, {"stopped.yaml": _workflow(directory, rng)})
    try:
        gate = scene.outside / "gate"
        is_held = rng.random() < 0.5  # the last steps wait at a gate, so that no run can have ended
        if not is_held:
            gate.touch()
        started = [scene.start("run", "stopped.yaml", "--jsonl") for _ in range(2)]
        if is_held:
            scene.wait_for(lambda: _at_work(scene) == 2, "both are at work")
        wanted = rng.randrange(4, EVENTS_HELD if is_held else EVENTS)
        scene.wait_for(lambda: scene.head() >= wanted or _have_ended(started), f"{wanted} events")
        time.sleep(rng.uniform(0.0, MOMENT_SECONDS_MAX))
        living = [one for one in started if one.process.poll() is None]
        asked, began = _ask(living, numbers), time.monotonic()
        gate.touch()
        for one in living:
            _check_stop(scene, one, began, TERMINATED if signal.SIGTERM in numbers else INTERRUPTED, done)
        scene.check_gone()
        for run in scene.runs():
            _check_closed(scene.records(run), asked, done)
        before, finished = scene.ledger(), {run: _finished(scene, run) for run in scene.runs()}
        for one in [scene.start("resume", run, "--jsonl") for run in scene.runs() if scene.ended(run) is None]:
            if one.end().exit_code != 0:
                raise Broken(f"{' '.join(one.words)} ended with {one.end().exit_code}: {one.end().err}")
        for run, places in finished.items():
            if again := [place for place in places if scene.ledger()[f"{run}/{place}"] != before[f"{run}/{place}"]]:
                raise Broken(f"finished and performed again: {again} of {run}")
        for one in scene.started:
            done["acknowledged"] += scene.check_acknowledged(one)
        scene.check_gone()
        scene.check_record()
        scene.check_nothing_left()
    finally:
        scene.close()
    return done


def _workflow(directory: Path, rng: random.Random) -> str:
    text = STOPPED
    for chain in ("1", "2"):
        steps = (
            STEP.replace("NAME", f"{letter}{chain}")
            .replace("SECONDS", f"{rng.uniform(0.0, 0.6):.2f}")
            .replace("GATE", "until [ -e OUTSIDE/gate ]; do sleep 0.05; done;" if letter == "c" else "")
            for letter in "abc"
        )
        text = text.replace(f"STEPS{chain}", ", ".join(steps))
    return text.replace("OUTSIDE", str(directory / "outside"))


def _at_work(scene: Scene) -> int:
    return sum(any(isinstance(event, AttemptStarted) for event in scene.events(run)) for run in scene.runs())


def _have_ended(started: list[Started]) -> bool:
    return all(one.process.poll() is not None for one in started)


def _ask(living: list[Started], numbers: tuple[signal.Signals, ...]) -> int:
    """Send the signals; gives the moment of the first, in microseconds."""
    asked = time.time_ns() // 1000
    for number in numbers:
        for one in living:
            one.send(number)
    return asked


def _check_stop(scene: Scene, one: Started, began: float, exit_code: int, done: Counter[str]) -> None:
    said = one.end(STOP_SECONDS_MAX)
    if said.exit_code == exit_code:
        done["stopped"] += 1
    elif said.exit_code == 0:
        done["ended before"] += 1  # it had nothing left to do
    elif "run.started" not in said.out:
        done["not begun"] += 1  # before it listens, a signal ends it as it ends every program
    else:
        raise Broken(f"it ended with {said.exit_code} and not with {exit_code}: {said.err}")
    if time.monotonic() - began > STOP_SECONDS_MAX:
        raise Broken(f"it took {time.monotonic() - began:.1f} s to stop")


def _check_closed(records: list[Recorded], asked: int, done: Counter[str]) -> None:
    """No attempt is open, and none began a second after the signal."""
    begun = {(r.event.place, r.event.attempt): r for r in records if isinstance(r.event, AttemptStarted)}
    for record in records:
        event = record.event
        if isinstance(event, AttemptLost):
            done["lost"] += 1
        if isinstance(event, AttemptSucceeded) and record.at > asked:
            done["ended in the grace"] += 1
    closed = {(r.event.place, r.event.attempt) for r in records if isinstance(r.event, Outcome)}
    if set(begun) - closed:
        raise Broken(f"the process has stopped, and left open: {sorted(set(begun) - closed)}")
    late = [key for key, record in begun.items() if record.at > asked + INTAKE_SECONDS_MAX * 1_000_000]
    if late:
        raise Broken(f"{late[0]} began after the process was asked to stop")


def _finished(scene: Scene, run: RunId) -> set[str]:
    return {str(event.place) for event in scene.events(run) if isinstance(event, AttemptSucceeded)}
