"""A worker that is stopped (SIGSTOP) for three leases, while another one takes its run over; then it is woken.

The lease is not waited for: the sheet on which the sleeping worker says when it last beat is written anew, with an
earlier moment, as if that long had passed.
"""

import fcntl
import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from fairlead.core.events import AttemptStarted, AttemptSucceeded, RunClaimed
from fairlead.core.ids import RunId
from fairlead.core.proofs import Figure, Lane, Tell
from fairlead.journal.workers import SILENT_SECONDS
from fairlead.testing.proving.outside import Outside, counting_server
from fairlead.testing.proving.scene import Broken, Scene, Started
from fairlead.testing.proving.tries import tried

COUNTS: dict[Lane, int] = {"fast": 5, "full": 200}
LEASES = 3
MOMENT_SECONDS_MAX = 0.1
EVENTS = 14
EVENTS_HELD = 6  # that come while the world answers nobody
SHEET_BYTES = 256
FENCED = 3  # its exit code: the run is another one's now

PROMISE = (
    "a worker that slept for three leases writes nothing more into a run that another one has taken over, begins no"
    " further step of it, and its effects carry the key of the attempt that it had begun"
)

SLEPT = """\
fairlead: 1
name: slept
steps:
  - {id: a, isolate: none, run: [sh, -c, 'sleep 0.05; echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/a"]}
  - id: put
    effect: http.request
    with: {url: "URL/${ run.id }", method: PUT, body: {n: 1}, idempotent: true, allow_private: true}
  - {id: b, isolate: none, run: [sh, -c, 'sleep 0.05; echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/b"]}
  - id: commit
    effect: git.commit
    with: {branch: "fairlead/${ run.short_id }", diff: "--- /dev/null\\n+++ b/new\\n@@ -0,0 +1 @@\\n+new\\n"}
  - {id: c, isolate: none, run: [sh, -c, 'echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/c"]}
"""
PROGRAMS = ("a", "b", "c")


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """See the module."""
    return try_sleepers(COUNTS[lane], seed, tell, at_once=2)


def try_sleepers(count: int, seed: int, tell: Tell, *, at_once: int = 1) -> Figure:
    """Put so many to sleep."""
    return tried("sleepers", PROMISE, sleep_once, count, seed, tell, what="tries", at_once=at_once)


def sleep_once(directory: Path, rng: random.Random) -> Counter[str]:
    """A worker sleeps in the middle of its run, a second one performs the run to its end, the first is woken.

    Raises:
        Broken: the promise does not hold.
    """
    done = Counter({"taken over": 0, "fenced": 0})
    with counting_server(rng) as world:
        text = SLEPT.replace("OUTSIDE", str(directory / "outside")).replace("URL", world.url)
        scene = Scene(directory, {"slept.yaml": text})
        try:
            scene.allow("git.commit", "http.request")
            sleeper = scene.start("run", "slept.yaml", "--jsonl")
            if is_held := rng.random() < 0.5:
                world.lets_go.clear()
            wanted = rng.randrange(2, EVENTS_HELD if is_held else EVENTS - 5)
            scene.wait_for(lambda: scene.head() >= wanted or sleeper.process.poll() is not None, f"{wanted} events")
            time.sleep(rng.uniform(0.0, MOMENT_SECONDS_MAX))
            _put_to_sleep(scene, sleeper, done)
            world.lets_go.set()
            (run,) = scene.runs()
            if scene.ended(run) is not None or sleeper.process.poll() is not None:
                done["ended before"] += 1
                sleeper.send(signal.SIGCONT)
                sleeper.end()
                return done
            _take_over(scene, sleeper, run, rng, done)
            _check(scene, world, run, done)
        finally:
            scene.close()
    return done


def _put_to_sleep(scene: Scene, sleeper: Started, done: Counter[str]) -> None:
    """Stop the worker, and never with the writer's lock in its hand: nobody could write until it wakes."""

    def sleeps() -> bool:
        try:
            stat = Path(f"/proc/{sleeper.process.pid}/stat").read_bytes()
        except FileNotFoundError:
            return True
        return stat.rpartition(b")")[2].split()[0] in (b"T", b"Z")

    while True:
        sleeper.send(signal.SIGSTOP)
        scene.wait_for(sleeps, "the worker sleeps")
        with (scene.state / "writer.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                done["slept with the pen"] += 1
        sleeper.send(signal.SIGCONT)
        time.sleep(0.01)


def _take_over(scene: Scene, sleeper: Started, run: RunId, rng: random.Random, done: Counter[str]) -> None:
    _age(scene, sleeper.process.pid)
    second = scene.start("resume", run, "--jsonl")
    if rng.random() < 0.5:  # it wakes while the other one is at work
        wanted = scene.head() + rng.randrange(1, EVENTS)
        scene.wait_for(lambda: scene.head() >= wanted or second.process.poll() is not None, f"{wanted} events")
        done["woken at work"] += 1
    else:
        second.end()
        done["woken after the end"] += 1
    woken = time.time_ns() // 1000
    sleeper.send(signal.SIGCONT)
    first, said = sleeper.end(), second.end()
    if said.exit_code not in (0, FENCED):
        raise Broken(f"resume ended with {said.exit_code}: {said.out[-300:]}{said.err}")
    if first.exit_code not in (0, FENCED):
        raise Broken(f"the sleeper ended with {first.exit_code}: {first.out[-300:]}{first.err}")
    done["fenced"] += first.exit_code == FENCED
    claims = [record for record in scene.records(run) if isinstance(record.event, RunClaimed)]
    for record in scene.records(run):
        if record.epoch and record.epoch < max(one.epoch for one in claims if one.seq <= record.seq):
            raise Broken(f"written by the sleeper after it was fenced: {record}")
        done["written after waking"] += record.at > woken


def _age(scene: Scene, pid: int) -> None:
    """Let the worker of this process have beaten for the last time three leases ago."""
    for path in (scene.state / "workers").iterdir():
        descriptor = os.open(path, os.O_RDWR)
        try:
            sheet = json.loads(os.pread(descriptor, SHEET_BYTES, 0))
            if sheet["pid"] == pid:
                sheet["beat"] -= LEASES * SILENT_SECONDS
                os.pwrite(descriptor, json.dumps(sheet).encode().ljust(SHEET_BYTES), 0)
        finally:
            os.close(descriptor)


def _check(scene: Scene, world: Outside, run: RunId, done: Counter[str]) -> None:
    end = scene.ended(run)
    if end is None or end.status != "succeeded":
        raise Broken(f"{run} did not succeed: {end}")
    events, ledger = scene.events(run), scene.ledger()
    begun = Counter(str(event.place) for event in events if isinstance(event, AttemptStarted))
    for place in PROGRAMS:
        if not 1 <= ledger[f"{run}/{place}"] <= begun[place]:
            raise Broken(f"{place}: {begun[place]} began, and {ledger[f'{run}/{place}']} were performed")
    keys = world.put.get(f"/{run}", set())
    if len(keys) != 1:
        raise Broken(f"requests with other keys than the one of their step: {sorted(keys)}")
    branch = f"fairlead/{run.removeprefix('r-')}"
    commits = scene.git("rev-list", f"main..{branch}").split()
    if len(commits) != 1:
        raise Broken(f"{len(commits)} commits")
    scene.check_gone()
    scene.check_record()
    scene.check_nothing_left()
    done["taken over"] += any(isinstance(event, RunClaimed) for event in events[3:])
    done["steps"] += sum(isinstance(event, AttemptSucceeded) for event in events)
