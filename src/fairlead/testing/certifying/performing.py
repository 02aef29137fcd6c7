"""One process that performs the run in the disposable place: all of Fairlead, with a disk and effects that break.

It begins the run, or goes on with it as `fairlead resume` does, answers what people are asked, and ends it.
"""

import os
import runpy
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from fairlead.core.decide import next_due
from fairlead.core.errors import FairleadError, error
from fairlead.core.events import ApprovalAsked, ApprovalDecided, SignalReceived
from fairlead.core.ids import Micros, RunId
from fairlead.core.json import parse
from fairlead.core.ports import Clock, Effect, Journal
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import Approvers, Choice
from fairlead.env.clock import SystemClock
from fairlead.env.ids import RandomIds
from fairlead.env.isolation import Isolation
from fairlead.env.permissions import Permission
from fairlead.gate.surroundings import Deliver
from fairlead.journal import open_journal
from fairlead.service.certifying import Setup
from fairlead.service.parts import IsolationSetting, Project
from fairlead.service.starts import start_run
from fairlead.testing.agents import Play, ScriptedAgent, scripted
from fairlead.testing.certifying.breaking import Breaking, BreakingDisk, Life
from fairlead.testing.certifying.counting import Ledger, address_for_programs
from fairlead.testing.certifying.effects import WatchedEffect, watched_messages
from fairlead.testing.certifying.stage import Stage
from fairlead.testing.running import ScriptedApp
from fairlead.views.runs import project_run

RUN = RunId("r-certify0")  # one name in all copies: nothing differs because an id does
ANSWERS_MAX = 1_000  # questions of one run
_HURRY_S = 0.2  # between two looks whether a run only waits for a moment
_AHEAD_S = 60.0  # longer than a worker may be silent: it passes for dead


class Around(NamedTuple):
    """What all processes of a certification share."""

    setup: Setup
    stage: Stage
    project: Project  # the person's own, which is only read
    port: int  # of the server that counts
    scripts: tuple[ScriptedAgent, ...]
    seed: str = ""  # of what is drawn at this point


class Rehearsal(ScriptedApp):
    """One process of Fairlead in the disposable place."""

    def __init__(self, around: Around, life: Life, *, is_ahead: bool = False) -> None:
        super().__init__(around.scripts)
        self._around = around
        self.breaking = Breaking(life)
        self.ledger = Ledger(around.stage.ledger)
        self._shifted = _ShiftedClock(around.stage.time, _AHEAD_S if is_ahead else 0.0)
        self._disk = BreakingDisk(around.stage.state, self.breaking, around.seed)
        self._ids = _Ids()
        self._hurried = 0.0
        if around.setup.wanted.server:
            os.environ[around.setup.wanted.server] = address_for_programs(around.port)

    @property
    def clock(self) -> Clock:
        """The machine's clocks, put forward over waits in which nothing happens."""
        return self._shifted

    @property
    def ids(self) -> "_Ids":
        """One id for the run."""
        return self._ids

    def place(self) -> Project:
        """The copy, with its state directory beside it."""
        found = super().project(self._around.stage.root)
        return msgspec.structs.replace(found, state_dir=self._around.stage.state)

    def project(self, directory: str) -> Project:
        """There is one project."""
        return self.place()

    def journal(self, project: Project) -> Journal:
        """The journal on a disk that breaks."""
        if project.state_dir not in self._journals:
            self._spawner.leave_out = (*self._spawner.leave_out, project.state_dir)
            self._disk.__enter__()  # for the life of the process
            self._journals[project.state_dir] = open_journal(
                project.state_dir, clock=self.clock, deliver=self._deliver, disk=self._disk
            )
        return self._journals[project.state_dir]

    def _deliver(self, results: Sequence[tuple[object, object]]) -> None:
        self.breaking.deliver()
        super()._deliver(results)

    def isolation(self, project: Project) -> IsolationSetting:
        """On, unless the person has switched it off and asks for that here."""
        if self._around.setup.wanted.is_outside:
            return super().isolation(self._around.project)
        return Isolation(is_off=False, path="")

    def permissions(self, project: Project) -> tuple[Permission, ...]:
        """What the person lets happen unasked in the real project."""
        return tuple(super().permissions(self._around.project))

    def effect_of(self, kind: str) -> Effect | None:
        """The real one, watched."""
        effect = super().effect_of(kind)
        if effect is None:
            return None
        return WatchedEffect(effect, self.breaking, self.ledger, self._around.port)

    def messenger(self) -> Deliver:
        """The real one, watched."""
        return watched_messages(super().messenger(), self.breaking, self.ledger, self._around.port)

    def hurry(self) -> None:
        """Put the clock forward when nothing is under way, and something is due later."""
        now = self.clock.monotonic()
        if now - self._hurried < _HURRY_S:
            return
        self._hurried = now
        journal = self._journals[self._around.stage.state]
        dues: list[Micros] = []
        for row in journal.runs(100):
            if row.status in RUN_ENDED:
                continue
            state = project_run(journal, row.run).state
            if state.ready or any(not state.steps[place].child for place in state.running):
                return
            due = next_due(state)
            dues += [] if due is None else [due]
        if dues:
            self._shifted.forward_to(min(dues))


class _Ids(RandomIds):
    """One name for the run; workers have new ones."""

    def run_id(self) -> RunId:
        return RUN


class _ShiftedClock(SystemClock):
    """The machine's clocks. How far they were put forward is kept for the process that goes on with the run."""

    def __init__(self, path: str, ahead_s: float) -> None:
        self._path = path
        self._ahead_s = ahead_s
        self._forward = 0
        try:
            with open(path, encoding="ascii") as file:
                self._forward = int(file.read())
        except FileNotFoundError:
            pass  # nobody has put it forward yet

    def now(self) -> Micros:
        return Micros(super().now() + self._forward + int(self._ahead_s * 1_000_000))

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead_s

    def forward_to(self, due: Micros) -> None:
        """Let the time until *due* pass at once."""
        wait = due - self.now()
        if wait > 0:
            self._forward += wait
            with open(self._path, "w", encoding="ascii") as file:
                file.write(str(self._forward))


def perform(app: Rehearsal, setup: Setup) -> str:
    """Begin the run or go on with it, and answer, until it has ended; gives its status: "waiting" if nobody can."""
    project = app.place()
    answered = 0
    reader = app.reader(project)
    if reader is None or not reader.find_run(RUN):
        start_run(app, project, setup.definition, setup.wanted.inputs)
    journal = app.journal(project)
    has_tried = False  # a process that died may have heard an answer and not have gone on: who resumes does
    while answered <= ANSWERS_MAX:
        state = project_run(journal, RUN).state
        if state.status in RUN_ENDED:
            return state.status
        given = answer(app, journal, setup, RUN) if state.status == "waiting" else 0
        if state.status == "waiting" and has_tried and not given:
            return state.status
        answered += given
        app.perform(project, RUN, app.hurry)
        has_tried = True
    return "waiting"


def answer(app: Rehearsal, journal: Journal, setup: Setup, run: RunId) -> int:
    """Answer all that *run*, and the runs below it, wait for; gives how many answers there were."""
    state = project_run(journal, run).state
    count = 0
    for place in list(state.waiting):
        step = state.steps[place]
        if step.asked is not None:
            is_done = step.asked.about == "uncertain" and _has_happened(app.ledger, f"{run}/{place}")
            for decided in _decisions(step.asked, setup, is_done=is_done):
                journal.record(run, decided)
                count += 1
        elif step.wait is not None and step.wait.child:
            count += answer(app, journal, setup, RunId(step.wait.child))
        elif step.wait is not None and step.wait.signal:
            name = step.wait.signal
            journal.record(run, SignalReceived(name, setup.wanted.signals.get(name), "certify"))
            count += 1
    return count


def _decisions(asked: ApprovalAsked, setup: Setup, *, is_done: bool) -> list[ApprovalDecided]:
    """As many people as are asked for, each with the team or the role that is asked for."""
    choice: Choice = "approve" if setup.wanted.is_approved else "reject"
    if asked.about == "uncertain":
        # A person would look there, and so do we: it is done again only when it has not happened.
        choice = "reject" if is_done else "approve"
    people = [one for wanted in asked.approvers or (Approvers(),) for one in [wanted] * max(1, wanted.min)]
    found = []
    for number, wanted in enumerate(people if choice == "approve" else people[:1], 1):
        found.append(
            ApprovalDecided(
                asked.place,
                asked.approval,
                choice,
                wanted.user or f"certify-{number}",
                asked.digest,
                (wanted.team,) if wanted.team else (),
                (wanted.role,) if wanted.role else (),
                comment="answered by fairlead certify",
            )
        )
    return found


def _has_happened(ledger: Ledger, key: str) -> bool:
    return any(line.step == key and line.what in ("request", "done") for line in ledger.lines())


def read_scripts(setup: Setup) -> tuple[ScriptedAgent, ...]:
    """The agents that play.

    Raises:
        FairleadError: FL-R811 a script is none.
    """
    return tuple(_read_script(name, path) for name, path in sorted(setup.scripts.items()))


def _read_script(name: str, path: str) -> ScriptedAgent:
    def wrong(why: str) -> FairleadError:
        return error("FL-R811", f"the script of {name}, {path}, {why}", "fairlead certify --help", exit_code=2)

    if path.endswith(".json"):
        with open(path, "rb") as file:
            data = file.read()
        try:
            found = parse(data)
        except ValueError as problem:
            raise wrong(f"is no JSON: {problem}") from None
        if not isinstance(found, dict):
            raise wrong("is no JSON object: it is the output that the agent gives")
        return scripted(name, found)
    try:
        play = runpy.run_path(path).get("play")
    except BaseException as problem:  # whatever an author's file raises
        raise wrong(f"cannot be performed: {type(problem).__name__}: {problem}") from None
    if not callable(play):
        raise wrong("has no function `play(scene)`")
    played: Play = play
    return scripted(name, played)
