"""A certification from its beginning to its end: undisturbed runs first, then one run for each point."""

import os
import shutil
import signal
import tempfile
import time

import msgspec

from fairlead.core.errors import error
from fairlead.env.processes import send
from fairlead.service.certifying import Certificate, PointLine, Setup, Tell
from fairlead.service.parts import Project
from fairlead.testing.certifying.breaking import Life, lives_of
from fairlead.testing.certifying.children import Children, Ended
from fairlead.testing.certifying.counting import Ledger, start_server
from fairlead.testing.certifying.judging import End, compare, effect_lines, is_left_by_a_person
from fairlead.testing.certifying.performing import Around, read_scripts
from fairlead.testing.certifying.points import KINDS, Point, all_points, read_point, sampled
from fairlead.testing.certifying.stage import BYTES_MAX, copy_project

FAILURES_MAX = 20  # points that are named; what is beyond is counted
MEMORY_BYTES_MIN = 2 * BYTES_MAX  # free, for the copy and the one that is made of it
_MEMORY = "/dev/shm"
_UNTOUCHED = Life()


class Tried(msgspec.Struct, frozen=True):
    """What one point came to."""

    end: End
    is_reached: bool
    problems: tuple[str, ...] = ()


def certify(project: Project, setup: Setup, tell: Tell) -> Certificate:
    """Perform a workflow undisturbed, and then once for each point at which it is disturbed.

    Raises:
        FairleadError: FL-R811 a script is none; FL-R812 there is no such point; FL-R813 the undisturbed run does not
            end well; FL-R814 the project cannot be copied.
    """
    began = time.monotonic()
    scripts = read_scripts(setup)
    folder = tempfile.mkdtemp(prefix="fairlead-certify-", dir=_room())
    server = children = None
    before = signal.signal(signal.SIGTERM, _stop)  # whoever stops the command finds nothing of it left either
    try:
        stage = copy_project(project, os.path.realpath(folder))
        server = start_server(Ledger(stage.ledger))
        around = Around(setup, stage, project, server.port, scripts)
        load()
        children = Children(around)
        return Rounds(around, children, tell).certificate(began)
    finally:
        if children is not None:
            children.end_all()
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _room() -> str | None:
    """A directory in memory, where there is one with room; else where temporary files lie.

    A killed process leaves there what it leaves on a disk, and what a power cut leaves is drawn, wherever it lies.
    """
    try:
        room = os.statvfs(_MEMORY)
        is_roomy = room.f_bavail * room.f_frsize >= MEMORY_BYTES_MIN and os.access(_MEMORY, os.W_OK | os.X_OK)
    except OSError:
        is_roomy = False
    return _MEMORY if is_roomy else None


def load() -> None:
    """Load once what every process needs, so that a fork begins where it matters."""
    import apsw  # noqa: F401

    import fairlead.env.effects.exchange
    import fairlead.env.effects.repository
    import fairlead.env.effects.requests
    import fairlead.env.keeper
    import fairlead.env.live
    import fairlead.env.sandbox.keeping
    import fairlead.env.trees
    import fairlead.gate.gate
    import fairlead.runtime.engine
    import fairlead.workflow  # noqa: F401


class Rounds:
    """All runs of one certification."""

    def __init__(self, around: Around, children: Children, tell: Tell) -> None:
        self._around = around
        self._children = children
        self._tell = tell

    def certificate(self, began: float) -> Certificate:
        """Try everything, and say what came of it."""
        around, wanted = self._around, self._around.setup.wanted
        undisturbed, said = self._undisturbed()
        again, _ = self._undisturbed()
        unstable = frozenset(
            name for name in {*undisturbed.items, *again.items} if undisturbed.items.get(name) != again.items.get(name)
        )
        possible = all_points(said.said.commits, said.said.effects, wanted.seed)
        points = self._chosen(possible, said)
        ends: list[End] = []
        failures: list[PointLine] = []
        differing = asked = reached = 0
        for number, point in enumerate(points):
            self._tell(number, len(points), str(point))
            tried = self._try(point)
            ends.append(tried.end)
            reached += tried.is_reached
            asked += tried.end.is_asked
            line, is_different = compare(str(point), undisturbed, unstable, tried.end)
            differing += is_different
            if line is not None or tried.problems:
                found = line or PointLine(str(point), ())
                failures.append(msgspec.structs.replace(found, problems=(*tried.problems, *found.problems)))
        self._tell(len(points), len(points), "")
        return Certificate(
            workflow=around.setup.workflow.name,
            digest=around.setup.workflow.digest,
            seed=wanted.seed,
            is_certified=not failures,
            possible=len(possible),
            points={kind: count for kind in KINDS if (count := sum(1 for one in points if one.kind == kind))},
            not_reached=len(points) - reached,
            kills=self._children.kills,
            commits=said.said.commits,
            effects=effect_lines(undisturbed, ends, failures),
            differing=differing,
            asked=asked,
            failures=tuple(failures[:FAILURES_MAX]),
            failed=len(failures),
            answers="approve" if wanted.is_approved else "reject",
            notes=self._notes(undisturbed, ends, bool(unstable)),
            seconds=round(time.monotonic() - began, 1),
            answered=undisturbed.answered,
            unstable=tuple(sorted(unstable)),
        )

    def _chosen(self, possible: list[Point], said: Ended) -> list[Point]:
        wanted = self._around.setup.wanted
        if not wanted.only:
            return sampled(possible, wanted.points_max, wanted.seed)
        chosen = [read_point(text) for text in wanted.only]
        for point in chosen:
            first = point.kills[0] if point.kills else None
            last = said.said.effects if first is not None and first.seam == "effect" else said.said.commits
            if (first.number if first is not None else point.number) > last:
                what = "effects" if first is not None and first.seam == "effect" else "commits"
                text = f"no point {point}: the run has {said.said.commits} commits and {said.said.effects} effects"
                raise error("FL-R812", text, f"name one of the {last} {what}", exit_code=2)
        return chosen

    def _undisturbed(self) -> tuple[End, Ended]:
        self._around.stage.set_up()
        ended = self._children.perform(_UNTOUCHED)
        self._children.clear()
        end = self._children.look() if ended.how == "ended" else None
        good = (
            ("succeeded", "degraded")
            if self._around.setup.wanted.is_approved
            else ("succeeded", "degraded", "rejected")
        )
        if end is None or end.status not in good:
            failed = [f"{name}: {text}" for name, text in (end.items if end else {}).items() if _is_bad(name, text)]
            why = "; ".join([*filter(None, [ended.said.code, ended.said.message]), *failed[:3]])
            status = end.status if end is not None else "broken off"
            said = f"the run that nobody disturbs is {status}, so nothing can be compared with it" + (
                f": {why}" if why else ""
            )
            wanted = self._around.setup.wanted
            hints = [f"fairlead run {wanted.workflow}"]
            if not wanted.is_outside:  # whatever the person has set for the project: a setting is not certified with it
                hints.append(
                    "programs are isolated here; with --outside they reach what they reach where isolation is off"
                )
            raise error("FL-R813", said, *hints, exit_code=2)
        return end, ended

    def _try(self, point: Point) -> Tried:
        self._around.stage.set_up()
        self._children.seed(f"{self._around.setup.wanted.seed} {point}")
        problems: list[str] = []
        is_reached = self._disturb(point, problems)
        if orphans := self._children.clear():
            problems.append(f"{orphans} processes outlived the one that had started them")
        end = self._children.look()
        if end is None:
            return Tried(_NOTHING, is_reached, (*problems, "what it left cannot be read"))
        if end.status not in ("succeeded", "degraded", "rejected", "failed", "cancelled"):
            problems.append(f"the run did not end: it is {end.status}")
        return Tried(end, is_reached, tuple(problems))

    def _disturb(self, point: Point, problems: list[str]) -> bool:
        """Begin the run, disturb it, and bring it to its end; whether the disturbance came about."""
        if point.kind == "lost lock":
            return self._let_another_claim(lives_of(point)[0], problems)
        is_reached = True
        for life in lives_of(point):
            ended = self._children.perform(life)
            wanted = ("refused", "broken") if life.full else ("killed",)
            if ended.how not in wanted:
                is_reached = False
            if ended.how == "hung" or (ended.how == "refused" and not life.full):
                problems.append(f"a process ended with {ended.said.code} {ended.said.message}")
            if ended.how == "broken" and not life.full:
                problems.append(f"a process broke down: {ended.said.message}")
        last = self._children.perform(_UNTOUCHED)
        if last.how != "ended":
            problems.append(f"the process that went on ended with {last.said.code} {last.said.message}".strip())
        return is_reached

    def _let_another_claim(self, life: Life, problems: list[str]) -> bool:
        """The process sleeps, another one takes the run from it and ends it; then the sleeper wakes."""
        sleeper = self._children.live(life)
        first = self._children.wait(sleeper, is_stop_enough=True)
        if first.how != "stopped":
            return False
        other = self._children.wait(self._children.live(_UNTOUCHED, is_ahead=True))
        send(sleeper, signal.SIGCONT)
        woken = self._children.wait(sleeper)
        if other.how != "ended":
            problems.append(f"the worker that took over ended with {other.said.code} {other.said.message}".strip())
        if woken.how not in ("ended", "refused"):
            problems.append(f"the worker that lost the run ended otherwise than by itself: {woken.said.message}")
        return True

    def _notes(self, undisturbed: End, ends: list[End], is_unstable: bool) -> tuple[str, ...]:
        notes = [
            "a kill is SIGKILL of a process that was forked from one with everything loaded, not a new interpreter"
        ]
        if undisturbed.answered:
            word = "yes" if self._around.setup.wanted.is_approved else "no"
            notes.append(f"questions to people were answered with {word}, by as many as each asks for")
        left = sum(1 for end in ends if is_left_by_a_person(undisturbed, end))
        if left:
            notes.append(
                f"at {left} points a person was asked about an effect that had happened and ended the run: only effects"
                " were judged there"
            )
        if any(end.undelivered for end in ends):
            notes.append(
                "a message of which nobody knows whether it arrived is never sent again, and its step is degraded"
            )
        if is_unstable:
            notes.append("what differs between two runs that nobody disturbs was not compared")
        return tuple(notes)


_NOTHING = End("unreadable", {}, {}, {}, (), (), False, 0, ())


def _is_bad(name: str, text: str) -> bool:
    return name.startswith("step ") and name.endswith(" status") and text in ("failed", "rejected", "cancelled")
