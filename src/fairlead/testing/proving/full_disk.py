"""A disk that is really full: a small file system in memory holds the state directory, and is filled at random moments.

It is mounted in a namespace of its own, which ends with the process that performs the try: no mount is left behind.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from fairlead.core.events import AttemptSucceeded
from fairlead.core.ids import RunId
from fairlead.core.proofs import Figure, Lane, Tell
from fairlead.testing.proving.scene import Broken, Scene, Started, adopting
from fairlead.testing.proving.tries import fresh_directory, tried

COUNTS: dict[Lane, int] = {"fast": 3, "full": 20}
DISK_BYTES = 6_000_000
FREE_BYTES_MAX = 1_500_000  # what the fill leaves
EVENTS = 16
TRY_SECONDS_MAX = 300
UNSHARE = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--mount", "--map-root-user")
REFUSED = "FL-N012"

PROMISE = (
    "on a full disk work is refused with FL-N012, nothing that was acknowledged is lost, reading goes on, and runs go"
    " on once there is room again"
)

# Some outputs stand in the events, some are too large for that and become contents of their own.
FILLS = """\
fairlead: 1
name: fills
steps:
  - id: all
    parallel:
      steps:
        - {id: a, isolate: none, run: [sh, -c, 'head -c 40000 /dev/zero | tr "\\0" a; echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/a"]}
        - {id: b, isolate: none, run: [sh, -c, 'head -c 400000 /dev/zero | tr "\\0" b; echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/b"]}
  - {id: c, run: [sh, -c, 'head -c 90000 /dev/urandom > made; echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/c"]}
  - {id: d, isolate: none, run: [sh, -c, 'head -c 90000 /dev/zero | tr "\\0" d; echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/d"]}
"""  # noqa: E501  # a line of YAML each
PROGRAMS = ("a", "b", "c", "d")


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """See the module."""
    return try_fills(COUNTS[lane], seed, tell, at_once=2)


def try_fills(count: int, seed: int, tell: Tell, *, at_once: int = 1) -> Figure:
    """Fill a disk so often; skipped where none can be mounted."""
    if reason := cannot_mount():
        return Figure("full-disk", PROMISE, seed, {"fills": 0}, (), skipped=reason)
    return tried("full-disk", PROMISE, fill_apart, count, seed, tell, what="fills", at_once=at_once)


def cannot_mount() -> str:
    """Why no file system can be mounted here; "" when one can."""
    with fresh_directory() as directory:
        try:
            done = subprocess.run([*UNSHARE, *_mount(directory), "true"], capture_output=True, text=True)
        except FileNotFoundError as missing:
            return f"there is no {missing.filename}"
    return "" if done.returncode == 0 else f"no file system can be mounted here: {done.stderr.strip()}"


def _mount(at: Path) -> list[str]:
    """A command that mounts and then performs its arguments."""
    return ["sh", "-c", f'mount -t tmpfs -o size={DISK_BYTES} none "$0" && exec "$@"', str(at)]


def fill_apart(directory: Path, rng: random.Random) -> Counter[str]:
    """One try, in a process with mounts of its own.

    Raises:
        Broken: what the try says.
    """
    disk = directory / "disk"
    disk.mkdir()
    words = [sys.executable, "-P", "-m", "fairlead.testing.proving.full_disk", str(directory), str(rng.getrandbits(32))]
    done = subprocess.run([*UNSHARE, *_mount(disk), *words], capture_output=True, text=True, timeout=TRY_SECONDS_MAX)
    try:
        counts, problem = json.loads(done.stdout)
    except ValueError:
        raise Broken(f"the try came to nothing: {done.stdout}{done.stderr}") from None
    if problem:
        raise Broken(problem)
    return Counter(counts)


def fill_once(directory: Path, disk: Path, rng: random.Random) -> Counter[str]:
    """Two runs at once whose state directory lies on *disk*, which is filled on the way and emptied again.

    Raises:
        Broken: the promise does not hold.
    """
    done = Counter({"refused": 0, "resumed": 0})
    scene = Scene(directory, {"fills.yaml": FILLS.replace("OUTSIDE", str(directory / "outside"))}, state=disk / "state")
    try:
        is_before = rng.random() < 0.3
        if is_before:
            _fill(disk, rng)
        started = [scene.start("run", "fills.yaml", "--jsonl") for _ in range(2)]
        if not is_before:
            wanted = rng.randrange(EVENTS)
            scene.wait_for(lambda: _head(scene) >= wanted or _have_ended(started), f"{wanted} events")
            time.sleep(rng.uniform(0.0, 0.1))
            _fill(disk, rng)
        for one in started:
            _check_end(one, done)
        _check_reads(scene, done)
        for one in started:
            done["acknowledged"] += scene.check_acknowledged(one)
        before, finished = scene.ledger(), {run: _finished(scene, run) for run in scene.runs()}
        (disk / "filler").unlink()
        for run in scene.runs():
            if scene.ended(run) is None:
                scene.call("resume", run)
                done["resumed"] += 1
        for run in scene.runs():
            _check_run(scene, run, finished[run], before)
        scene.check_gone()
        if scene.runs():
            scene.check_record()
        scene.check_nothing_left()
    finally:
        scene.close()
    return done


def _fill(disk: Path, rng: random.Random) -> None:
    """Write until there is no room, then give a random amount back."""
    with (disk / "filler").open("wb", buffering=0) as file:
        size = 0
        step = 1_000_000
        while step >= 4096:
            try:
                size += file.write(b"\1" * step)
            except OSError:
                step //= 2
        file.truncate(max(0, size - rng.choice((0, rng.randrange(FREE_BYTES_MAX), rng.randrange(40_000)))))


def _head(scene: Scene) -> int:
    try:
        return scene.head()
    except Exception:  # a reader that comes while the first process is still making the journal
        return 0


def _have_ended(started: list[Started]) -> bool:
    return all(one.process.poll() is not None for one in started)


def _check_end(one: Started, done: Counter[str]) -> None:
    """It came to its end, or said that the disk is full."""
    said = one.end()
    if said.exit_code == 0:
        done["succeeded"] += 1
    elif REFUSED in said.err + said.out:
        done["refused"] += 1
    else:
        raise Broken(f"it ended with {said.exit_code} and did not say why: {said.out[-600:]}{said.err}")


def _check_reads(scene: Scene, done: Counter[str]) -> None:
    """Reading goes on while the disk is full."""
    scene.call("runs", "list", "--json")
    for run in scene.runs():
        scene.call("runs", "show", run, "--json")
        done["read"] += 1
    if scene.runs():
        scene.call("journal", "verify")


def _check_run(scene: Scene, run: RunId, finished: set[str], before: Counter[str]) -> None:
    end, ledger = scene.ended(run), scene.ledger()
    if end is None or end.status != "succeeded":
        raise Broken(f"{run} did not succeed: {end}")
    if again := [place for place in finished if ledger[f"{run}/{place}"] != before[f"{run}/{place}"]]:
        raise Broken(f"finished and performed again: {again}")
    if missing := [place for place in PROGRAMS if not ledger[f"{run}/{place}"]]:
        raise Broken(f"never performed: {missing}")


def _finished(scene: Scene, run: RunId) -> set[str]:
    return {str(event.place) for event in scene.events(run) if isinstance(event, AttemptSucceeded)}


def _main() -> None:
    directory = Path(sys.argv[1])
    with adopting():
        try:
            answer = (fill_once(directory, directory / "disk", random.Random(int(sys.argv[2]))), "")
        except Broken as broken:
            answer = (Counter(), str(broken))
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main()
