"""`kill -9` of the whole process group inside each shape, then `resume`: only unfinished work runs, no file is lost.

Each program writes its name to a ledger outside of everything that Fairlead keeps, then reads its gate: a pipe that
nobody writes to holds it in the middle of its work, so that the moment of the kill is said by the record and not by a
clock. The programs are performed without isolation, or they could not write there.
"""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fairlead.core.events import (
    ApprovalAsked,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    RunEnded,
    WaitBegun,
)
from fairlead.core.ids import RunId
from fairlead.env.clock import SystemClock
from fairlead.journal import open_reader
from tests.journeys.door import Door, Started, wait_for
from tests.journeys.orphans import no_orphans
from tests.journeys.repositories import make_repository
from tests.proves import proves

STEP = """
echo "$1" >> "$2/ledger"
if [ -n "$3" ]; then mkdir -p out; for n in $(seq "$3"); do echo "$1 $n" > "out/$1-$n"; done; fi
if [ -e "$2/gate-$1" ]; then cat "$2/gate-$1" > /dev/null; fi
if [ -n "$4" ]; then ls out | wc -l | tr -d ' ' > "$2/counted"; cat out/* | sort > "$2/files"; fi
"""

CHILD = """
fairlead: 1
name: child
steps:
  - {id: one, isolate: none, run: [sh, step.sh, child-one, OUTSIDE]}
  - {id: two, isolate: none, run: [sh, step.sh, child-two, OUTSIDE]}
"""

SHAPES = """
fairlead: 1
name: shapes
steps:
  - id: rounds
    loop:
      max: 3
      steps:
        - {id: first, isolate: none, run: [sh, step.sh, "first-${ round.number }", OUTSIDE]}
        - {id: second, isolate: none, run: [sh, step.sh, "second-${ round.number }", OUTSIDE]}
  - {id: sub, workflow: child}
  - {id: written, run: [sh, step.sh, written, OUTSIDE, "60"]}
  - {id: cut, run: [sh, step.sh, cut, OUTSIDE, "40"]}
  - {id: listed, run: [sh, step.sh, listed, OUTSIDE, "0", "yes"]}
  - {id: pause, wait: {for: 1s}}
  - id: both
    parallel:
      steps:
        - {id: ok, approve: {title: Go on?}}
        - {id: beside, isolate: none, run: [sh, step.sh, beside, OUTSIDE]}
  - {id: last, isolate: none, run: [sh, step.sh, last, OUTSIDE]}
"""

FAN = """
fairlead: 1
name: fan
limits: {parallel: 20}
steps:
  - id: fan
    each: 'LIST'
    key: item
    max_parallel: 20
    isolate: none
    run: [sh, step.sh, "${ item }", OUTSIDE]
  - {id: last, isolate: none, run: [sh, step.sh, last, OUTSIDE]}
outputs: {n: "${ steps.fan.outputs.size() }"}
"""


class Stage:
    """A repository with the workflows, what lies outside of it, and the record."""

    def __init__(self, door: Door, directory: Path) -> None:
        self.door = door
        self.outside = directory / "outside"
        self.outside.mkdir()
        self.repository = make_repository(directory / "small")
        (self.repository / ".fairlead/workflows").mkdir(parents=True)
        names = json.dumps([f"i{number}" for number in range(100)])
        for path, text in {
            "step.sh": STEP,
            ".fairlead/workflows/child.yaml": CHILD,
            ".fairlead/workflows/shapes.yaml": SHAPES,
            ".fairlead/workflows/fan.yaml": FAN.replace("LIST", names),
        }.items():
            (self.repository / path).write_text(text.replace("OUTSIDE", str(self.outside)))
        assert door.call(self.repository, "sandbox", "off", "--reason", "they write outside").exit_code == 0
        self.run = RunId("")

    def hold(self, *names: str) -> None:
        """The programs of these names stop in the middle of their work."""
        for name in names:
            os.mkfifo(self.outside / f"gate-{name}")

    def let_go(self) -> None:
        for gate in self.outside.glob("gate-*"):
            gate.unlink()

    def told(self, run: str = "") -> list[Event]:
        """What the record says of the run, or of another one."""
        state = self.repository / ".git/fairlead"
        if not (state / "journal.db").exists():
            return []
        reader = open_reader(str(state), clock=SystemClock())
        try:
            rows = reader.runs()
            if not self.run and rows:
                self.run = rows[0].run
            return [one.event for one in reader.events_of(RunId(run) or self.run)] if rows else []
        finally:
            reader.close()

    def kill(self, words: Sequence[str], until: Callable[[], object]) -> None:
        """Perform until the record says what is waited for, then kill everything that the command started."""
        started = self.door.start(self.repository, *words)
        self._wait(started, until)
        os.killpg(started.process.pid, signal.SIGKILL)
        started.end()
        no_orphans(str(self.outside))
        self.let_go()

    def _wait(self, started: Started, until: Callable[[], object]) -> None:
        def come_or_gone() -> bool:
            assert started.process.poll() is None or until(), started.end().said
            return bool(until())

        wait_for(come_or_gone)

    def ledger(self) -> Counter[str]:
        path = self.outside / "ledger"
        return Counter(path.read_text().split() if path.exists() else [])

    def starts(self) -> Counter[str]:
        return Counter(str(event.place) for event in self.told() if isinstance(event, AttemptStarted))

    def is_held(self, place: str, name: str) -> Callable[[], bool]:
        """Whether the program *name* of the step at *place* is in the middle of its work."""
        return lambda: self.starts()[place] > 0 and self.ledger()[name] > 0


@pytest.fixture
def stage(door: Door, tmp_path: Path) -> Stage:
    return Stage(door, tmp_path)


@proves("B1.1")
def test_killed_in_a_round_a_child_run_a_copy_a_wait_and_beside_a_question(stage: Stage) -> None:
    stage.hold("second-2")
    stage.kill(("run", "shapes"), stage.is_held("second#2", "second-2"))
    resume = ("resume", stage.run)

    stage.hold("child-two")
    stage.kill(resume, lambda: stage.ledger()["child-two"])
    child = next(e.child for e in stage.told() if isinstance(e, AttemptStarted) and e.child)
    assert [e.place for e in stage.told(child) if isinstance(e, AttemptSucceeded)] == ["one"]

    stage.hold("cut")
    stage.kill(resume, stage.is_held("cut", "cut"))
    written = next(e for e in stage.told() if isinstance(e, AttemptSucceeded) and e.place == "written")
    trees = stage.repository / ".git/fairlead/trees"
    assert written.tree
    assert list(trees.glob("*.git")), "what a finished step wrote is in a recorded tree"

    stage.kill(resume, lambda: [e for e in stage.told() if isinstance(e, WaitBegun)])
    (begun,) = [e for e in stage.told() if isinstance(e, WaitBegun)]

    stage.hold("beside")
    stage.kill(
        resume,
        lambda: [e for e in stage.told() if isinstance(e, ApprovalAsked)] and stage.ledger()["beside"],
    )
    (asked,) = [e for e in stage.told() if isinstance(e, ApprovalAsked)]

    answer = stage.door.call(stage.repository, "approve", asked.approval)
    assert answer.exit_code == 0, answer.said + answer.text
    told = stage.told()
    assert isinstance(told[-1], RunEnded)
    assert told[-1].status == "succeeded", told[-1]
    assert [e for e in told if isinstance(e, WaitBegun)] == [begun], "the wait was not begun anew"
    assert [e for e in told if isinstance(e, ApprovalAsked)] == [asked], "nobody was asked twice"

    once = [f"{name}-{number}" for number in (1, 2, 3) for name in ("first", "second")]
    once += ["child-one", "child-two", "written", "cut", "listed", "beside", "last"]
    killed = {"second-2", "child-two", "cut", "beside"}
    assert stage.ledger() == Counter({name: 2 if name in killed else 1 for name in once})
    wanted = [f"written {n}" for n in range(1, 61)] + [f"cut {n}" for n in range(1, 41)]
    assert (stage.outside / "files").read_text().splitlines() == sorted(wanted)
    assert (stage.outside / "counted").read_text().strip() == "100"
    stage.door.verify(stage.repository)


@proves("B1.1")
def test_killed_in_a_fan_out_of_100_with_20_at_once(stage: Stage) -> None:
    stage.hold("i45", "i50", "i70")

    def is_full_of_work() -> bool:
        held = {"i45", "i50"} <= set(stage.ledger())
        return held and sum(isinstance(e, AttemptSucceeded) for e in stage.told()) >= 45

    stage.kill(("run", "fan"), is_full_of_work)
    finished = {str(e.place) for e in stage.told() if isinstance(e, AttemptSucceeded)}
    before = stage.ledger()
    assert 45 <= len(finished) < 100
    answer = stage.door.call(stage.repository, "resume", stage.run)
    assert answer.exit_code == 0, answer.said
    after = stage.ledger()
    assert set(after) == {*(f"i{number}" for number in range(100)), "last"}
    assert {f"fan[{name}]" for name in after if after[name] > before[name]}.isdisjoint(finished)
    again = {name for name, count in after.items() if count > 1}
    assert {"i45", "i50"} <= again
    assert len(again) <= 20
    ended = stage.told()[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.status, ended.outputs) == ("succeeded", {"n": 100})
    stage.door.verify(stage.repository)
