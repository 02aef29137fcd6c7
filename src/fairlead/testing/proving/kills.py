"""`kill -9` of the real program at a random moment, two runs under way, then `resume`, which is sometimes killed too.

Killed are the process that a person started, the worker that was left alone, or processes below them: one, some or all.
What counts is what happened outside: lines that programs have written, commits, and requests that a server has seen.
"""

import json
import random
import signal
import time
from collections import Counter
from pathlib import Path

from fairlead.core.events import AttemptStarted, AttemptSucceeded, AttemptUncertain
from fairlead.core.ids import RunId
from fairlead.core.proofs import Figure, Lane, Tell
from fairlead.env.processes import send
from fairlead.testing.proving.outside import Outside, counting_server
from fairlead.testing.proving.scene import Broken, Scene, Started
from fairlead.testing.proving.tries import tried

COUNTS: dict[Lane, int] = {"fast": 10, "full": 500}
MOMENT_SECONDS_MAX = 0.3
KILLS_MAX = 3  # of one try: the first, and up to two of those that go on
AGAIN = 0.3  # how often a resume is killed too
EVENTS = 26  # about as many as the runs of one try write before they end
EVENTS_HELD = 10  # that come without an answer

# Done; failed, or failed by the result of a program that was killed; parked; without a process that starts programs.
_ENDS = (0, 3, 1, 4, 8)

PROMISE = (
    "after kill -9 at any moment nothing that was reported is lost, no attempt has two outcomes, keyed effects happen"
    " exactly once and others at most once, the journal verifies, and nothing is left behind"
)

# Two chains side by side; the programs of one work in copies. What changes the world comes last in each.
WORK = """\
fairlead: 1
name: work
steps:
  - id: all
    parallel:
      steps:
        - id: beside
          steps:
            - {id: a, isolate: none, run: [sh, -c, 'echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/a"]}
            - {id: b, isolate: none, run: [sh, -c, 'echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/b"]}
            - id: put
              effect: http.request
              with: {url: "URL/${ run.id }", method: PUT, body: {n: 1}, idempotent: true, allow_private: true}
        - id: copied
          steps:
            - {id: c, run: [sh, -c, 'echo c >> made; echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/c"]}
            - {id: d, run: [sh, -c, 'echo d >> made; echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/d"]}
            - id: commit
              effect: git.commit
              with: {branch: "fairlead/${ run.short_id }", diff: "--- /dev/null\\n+++ b/new\\n@@ -0,0 +1 @@\\n+new\\n"}
  - {id: read, run: [sh, -c, 'cat made; echo "$1" >> OUTSIDE/ledger', sh, "${ run.id }/read"]}
  - id: post
    effect: http.request
    with: {url: "URL/${ run.id }", method: POST, body: {n: 1}, allow_private: true}
"""
PROGRAMS = ("a", "b", "c", "d", "read")


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """See the module."""
    return try_kills(COUNTS[lane], seed, tell, at_once=2)


def try_kills(count: int, seed: int, tell: Tell, *, at_once: int = 1) -> Figure:
    """Kill so often."""
    return tried("kills", PROMISE, kill_once, count, seed, tell, what="tries", at_once=at_once)


def kill_once(directory: Path, rng: random.Random) -> Counter[str]:
    """Two runs at once in a fresh repository, killed at a random moment, and brought to their ends.

    Raises:
        Broken: one of the oracles says no.
    """
    done: Counter[str] = Counter()
    with counting_server(rng) as world:
        files = {"work.yaml": WORK.replace("OUTSIDE", str(directory / "outside")).replace("URL", world.url)}
        scene = Scene(directory, files)
        try:
            scene.allow("git.commit", "http.request")
            is_left_alone = rng.random() < 0.5
            first = scene.start("run", "work.yaml", "--jsonl")
            second = scene.start("run", "work.yaml", *(("--detach", "--json") if is_left_alone else ("--jsonl",)))
            if is_held := rng.random() < 0.5:
                world.lets_go.clear()
            _kill(scene, [first, second], rng, done, world if is_held else None)
            for _ in range(KILLS_MAX - 1):
                open_runs = _open_runs(scene)
                if not open_runs or rng.random() >= AGAIN:
                    break
                resumed = [scene.start("resume", run, "--jsonl") for run in open_runs]
                _kill(scene, resumed, rng, done, None)
            _finish(scene, done)
            if (
                is_left_alone
                and (said := second.end()).exit_code == 0
                and json.loads(said.out)["run"] not in scene.runs()
            ):
                raise Broken("a run that was accepted is not recorded")
            for started in scene.started:
                if "--jsonl" not in started.words:
                    continue
                done["acknowledged"] += scene.check_acknowledged(started)
            _check_world(scene, world, done)
        finally:
            scene.close()
    return done


def _kill(scene: Scene, started: list[Started], rng: random.Random, done: Counter[str], held: Outside | None) -> None:
    """Kill some of what runs, a random moment after a random event; all the rest comes to its end.

    With *held*, which answers nobody before that, no run can have ended when the kill comes.
    """
    wanted = scene.head() + rng.randrange(EVENTS if held is None else EVENTS_HELD)
    scene.wait_for(
        lambda: scene.head() >= wanted or all(one.process.poll() is not None for one in started), f"{wanted} events"
    )
    time.sleep(rng.uniform(0.0, MOMENT_SECONDS_MAX))
    living = scene.processes()
    ours = {one.process.pid for one in started}
    tops = [pid for pid in living if pid in ours or _is_worker(pid)]
    below = [pid for pid in living if pid not in tops]
    victims = [pid for pid in tops if rng.random() < 0.7] or tops[:1]
    if below and rng.random() < 0.25:
        victims.append(rng.choice(below))
        done["children_killed"] += 1
    for pid in victims:
        send(pid, signal.SIGKILL)
    done["killed"] += len(victims)
    if held is not None:
        held.lets_go.set()
    for one in started:
        said = one.end()
        if one.process.pid not in victims and said.exit_code not in _ENDS:
            raise Broken(f"fairlead {' '.join(one.words)} ended with {said.exit_code}: {said.out[-400:]}{said.err}")
    # A worker that was not killed finishes what it has.
    scene.wait_for(lambda: not any(_is_worker(pid) for pid in scene.processes()), "the workers end")
    scene.check_gone()


def _is_worker(pid: int) -> bool:
    """Whether it is a worker that was left alone. Its spawner is a fork of it: the same words, as its parent has."""
    words = _words(pid)
    return "worker" in words and _words(_parent(pid)) != words


def _words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def _open_runs(scene: Scene) -> list[RunId]:
    return [run for run in scene.runs() if scene.ended(run) is None]


def _finish(scene: Scene, done: Counter[str]) -> None:
    """Bring every run to its end, two at once, and look that what was finished is not done again."""
    open_runs = _open_runs(scene)
    before, finished = scene.ledger(), {run: _finished(scene, run) for run in open_runs}
    started = [scene.start("resume", run, "--jsonl") for run in open_runs]
    for run, one in zip(open_runs, started, strict=True):
        said = one.end()
        if said.exit_code not in _ENDS:
            raise Broken(f"resume of {run} ended with {said.exit_code}: {said.out[-400:]}{said.err}")
    after = scene.ledger()
    for run, places in finished.items():
        again = [place for place in places if after[f"{run}/{place}"] != before[f"{run}/{place}"]]
        if again:
            raise Broken(f"finished and performed again: {again} of {run}")
    scene.check_gone()
    scene.check_record()
    scene.check_nothing_left()
    done["resumed"] += len(open_runs)


def _finished(scene: Scene, run: RunId) -> set[str]:
    return {str(event.place) for event in scene.events(run) if isinstance(event, AttemptSucceeded)}


def _check_world(scene: Scene, world: Outside, done: Counter[str]) -> None:
    """What has happened outside is what the record says."""
    ledger = scene.ledger()
    for run in scene.runs():
        events = scene.events(run)
        begun = Counter(str(event.place) for event in events if isinstance(event, AttemptStarted))
        succeeded = {str(event.place): event for event in events if isinstance(event, AttemptSucceeded)}
        for place in PROGRAMS:
            if not (place in succeeded) <= ledger[f"{run}/{place}"] <= begun[place]:
                raise Broken(f"{place} of {run}: {begun[place]} began, and {ledger[f'{run}/{place}']} were performed")
        branches = scene.git("for-each-ref", "--format=%(refname)", f"refs/heads/fairlead/{run.removeprefix('r-')}")
        commits = len(scene.git("rev-list", "main..", *branches.split(), "--not", "main").split()) if branches else 0
        puts, posts = len(world.put.get(f"/{run}", ())), world.posted[f"/{run}"]
        for place, times, what in (("commit", commits, "commits"), ("put", puts, "keyed requests")):
            if times > 1 or times < (place in succeeded):
                raise Broken(f"{run}: {times} {what}")
        if posts > 1 or posts < ("post" in succeeded):
            raise Broken(f"{run}: {posts} requests that may happen once")
        done["repeated"] += sum(ledger[f"{run}/{place}"] > 1 for place in PROGRAMS)
        done["effects"] += commits + puts + posts
        end = scene.ended(run)
        if end is None:
            if not any(isinstance(event, AttemptUncertain) for event in events):
                raise Broken(f"{run} has not ended, and does not say why")
            done["parked"] += 1
        elif end.status == "failed" and end.code and done["children_killed"]:
            done["failed"] += 1
        elif end.status != "succeeded":
            raise Broken(f"{run} {end.status}: {end.reasons}")
        elif "c\nd\n" not in str(json.loads(_output(scene, run))["stdout"]):
            raise Broken(f"{run}: what the programs wrote is not there once: {_output(scene, run)}")
        else:
            done["succeeded"] += 1


def _output(scene: Scene, run: RunId) -> str:
    read = next(e for e in scene.events(run) if isinstance(e, AttemptSucceeded) and e.place == "read")
    return json.dumps(read.output)
