"""Questions and decisions in a real engine, over a real journal, with the real effects."""

import asyncio
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from fairlead.core.events import ApprovalAsked, ApprovalDecided, AttemptStarted, RunCancelRequested, RunQueued
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Digest, Json, encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Call, EffectCard, EffectWorld, World
from fairlead.core.standing import RunState
from fairlead.core.workflow import AgentAction, ApproveAction, EffectAction, Step, Workflow
from fairlead.env.effects import effects
from fairlead.testing import ScriptedAgent
from tests.journal.parts import FakeClock
from tests.proves import proves
from tests.runtime.engines import Bench, at_once, leaf

DAY = 86_400
OK = Place("ok")
WRITE = Step("write", EffectAction("file.write"), given={"path": "out.txt", "content": "new\n"})


class Table:
    """A bench with a clock that is moved by hand, a checkout, and somebody who decides."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "checkout"
        self.root.mkdir()
        self.clock = FakeClock()
        self.state = directory / "state"
        self.bench = self._bench()

    def _bench(self) -> Bench:
        bench = Bench(str(self.state), self.clock, at_once=at_once)
        bench.effects.update(effects())
        return bench

    def restart(self) -> None:
        """As after the end of the process: nothing of it is left but the journal."""
        self.bench.journal.close()
        self.bench = self._bench()

    def begin(self, *steps: Step, **more: object) -> RunState:
        workflow = Workflow("w", steps, **more)  # type: ignore[arg-type]  # keywords of one test each
        definition = self.bench.journal.put(encode(workflow))
        self.bench.journal.record(RunId("r-1"), RunQueued("w", definition, {}, str(self.root), requester="ann"))
        return self.go_on()

    def go_on(self) -> RunState:
        return asyncio.run(self.bench.perform(RunId("r-1")))

    def decide(self, asked: ApprovalAsked | None, choice: str = "approve", by: str = "ann", **more: object) -> None:
        assert asked is not None
        decided = ApprovalDecided(asked.place, asked.approval, choice, by, asked.digest, **more)  # type: ignore[arg-type]  # as above
        self.bench.journal.record(RunId("r-1"), decided)

    @property
    def questions(self) -> list[ApprovalAsked]:
        events = (record.event for record in self.bench.journal.events_of(RunId("r-1")))
        return [event for event in events if isinstance(event, ApprovalAsked)]

    @property
    def intents(self) -> list[AttemptStarted]:
        events = (record.event for record in self.bench.journal.events_of(RunId("r-1")))
        return [event for event in events if isinstance(event, AttemptStarted)]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    made = Table(tmp_path)
    yield made
    made.bench.journal.close()


def shown(asked: ApprovalAsked) -> dict[str, str]:
    return {one["name"]: one["value"] for one in asked.shown}


@proves("E2")
def test_an_effect_asks_with_what_would_happen_and_happens_after_the_yes(table: Table) -> None:
    state = table.begin(WRITE)
    assert state.status == "waiting"
    (asked,) = table.questions
    assert (asked.about, asked.effect) == ("effect", "keyed")
    assert "+new" in shown(asked)["Change"]
    assert list(table.root.iterdir()) == []
    table.decide(asked)
    state = table.go_on()
    assert state.status == "succeeded", state.ended
    assert (table.root / "out.txt").read_text() == "new\n"
    assert [one.granted for one in table.intents] == [asked.approval]


@proves("E2.5")
def test_what_changed_after_it_was_shown_is_asked_again_with_the_difference(table: Table) -> None:
    table.begin(WRITE)
    (first,) = table.questions
    table.decide(first)
    (table.root / "out.txt").write_text("x")
    state = table.go_on()
    assert state.status == "waiting"
    assert (table.root / "out.txt").read_text() == "x"
    assert table.intents == []
    second = table.questions[-1]
    assert (second.before, second.approval != first.approval) == (first.approval, True)
    assert f"{first.approval} was granted, and since then this has changed: File, Change." in second.body
    assert "-x" in shown(second)["Change"]
    table.decide(first)  # once more on what is shown no longer
    assert table.go_on().status == "waiting"
    table.decide(second)
    assert table.go_on().status == "succeeded"
    assert (table.root / "out.txt").read_text() == "new\n"


@proves("E2.13")
def test_a_grant_that_was_not_used_for_a_day_is_asked_for_again(table: Table) -> None:
    table.begin(WRITE)
    (first,) = table.questions
    table.decide(first)
    table.clock.move(DAY + 1)
    assert table.go_on().status == "waiting"
    second = table.questions[-1]
    assert (second.before, second.digest) == (first.approval, first.digest)
    assert "was granted more than 24 hours ago and not used" in second.body
    table.decide(second)
    table.clock.move(DAY - 1)
    assert table.go_on().status == "succeeded"


def test_what_an_approval_showed_needs_no_second_question_for_a_day(table: Table) -> None:
    ok = Step("ok", ApproveAction("Write it?", show=("vars.path", "vars.content", "vars.mode")))
    given: dict[str, Json] = {"path": "${ vars.path }", "content": "${ vars.content }", "mode": "${ vars.mode }"}
    write = msgspec.structs.replace(WRITE, given=given)
    values: dict[str, Json] = {"path": "out.txt", "content": "new\n", "mode": "644"}
    table.begin(ok, write, vars=values)
    table.decide(table.questions[0])
    state = table.go_on()
    assert state.status == "succeeded", state.ended
    assert len(table.questions) == 1
    assert table.intents[0].granted == table.questions[0].approval


def test_a_value_that_was_not_shown_is_asked_about(table: Table) -> None:
    ok = Step("ok", ApproveAction("Write it?", show=("vars.path",)))
    table.begin(ok, WRITE, vars={"path": "out.txt"})
    table.decide(table.questions[0])
    assert table.go_on().status == "waiting"
    assert [one.about for one in table.questions] == ["approve", "effect"]


@proves("E2.14")
def test_what_the_person_allows_is_not_asked_about_and_says_so(table: Table) -> None:
    table.bench.allowed.add("file.write")
    assert table.begin(WRITE).status == "succeeded"
    assert (table.questions, [one.granted for one in table.intents]) == ([], ["allowed"])


class _Launch:
    """An effect that cannot be taken back."""

    def __init__(self) -> None:
        self.performed = 0

    def describe(self) -> EffectCard:
        return EffectCard("launch", "Launch", "Launches.", {"type": "object"}, {"type": "object"}, "irreversible")

    def class_of(self, given: dict[str, Json]) -> str:
        return "irreversible"

    async def show(self, given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
        return [{"name": "target", "value": given}]

    async def find(self, given: dict[str, Json], world: EffectWorld) -> Outcome | None:
        return None

    async def perform(self, given: dict[str, Json], world: EffectWorld) -> Outcome:
        self.performed += 1
        return Succeeded({})


@proves("E2.14")
def test_what_cannot_be_taken_back_is_asked_about_although_it_is_allowed(table: Table) -> None:
    launch = _Launch()
    table.bench.effects["launch"] = launch
    table.bench.allowed.add("launch")
    state = table.begin(Step("go", EffectAction("launch"), given={"at": "moon"}))
    assert (state.status, launch.performed) == ("waiting", 0)
    assert table.questions[0].effect == "irreversible"
    table.decide(table.questions[0], by="bob")
    assert (table.go_on().status, launch.performed) == ("succeeded", 1)


@proves("E2.1")
def test_an_agent_of_high_risk_asks_although_its_step_says_nothing(table: Table) -> None:
    calls: list[Json] = []

    async def script(call: Call, world: World) -> Outcome:
        calls.append(call.inputs)
        return Succeeded({})

    agent = ScriptedAgent("risky", script)
    agent._card = msgspec.structs.replace(agent.describe(), risk="high")
    table.bench.agents["risky"] = agent
    assert table.begin(Step("do", AgentAction("risky"), given={"n": 1})).status == "waiting"
    assert calls == []
    assert shown(table.questions[0]) == {"agent": "risky", "inputs": {"n": 1}}
    table.decide(table.questions[0])
    assert table.go_on().status == "succeeded"
    assert calls == [{"n": 1}]


@proves("E2.3")
def test_a_restart_while_a_question_is_open_leaves_it_open(table: Table) -> None:
    table.begin(leaf("a"), WRITE, leaf("z"))
    (asked,) = table.questions
    for _ in range(2):
        table.restart()
        assert table.go_on().status == "waiting"
    assert table.questions == [asked]
    table.decide(asked)
    table.restart()
    assert table.go_on().status == "succeeded"
    assert [str(one.place) for one in table.intents] == ["a", "write", "z"]


@proves("E2.4")
def test_two_open_questions_of_one_run_are_independent(table: Table) -> None:
    steps = (
        Step("one", ApproveAction("One?")),
        Step("two", ApproveAction("Two?")),
        leaf("after_one", needs=("one",)),
        leaf("after_two", needs=("two",)),
    )
    table.begin(*steps, flow="graph")
    first, second = sorted(table.questions, key=lambda asked: asked.place)
    table.decide(second)
    state = table.go_on()
    assert state.status == "waiting"
    assert [str(one.place) for one in table.intents] == ["after_two"]
    table.decide(first)
    assert table.go_on().status == "succeeded"


@proves("E2.6")
def test_no_answer_in_time_is_a_no_where_the_step_says_so_and_a_late_yes_changes_nothing(table: Table) -> None:
    asking = Step("ok", ApproveAction("Go on?", timeout_s=DAY, on_timeout="reject"))
    table.begin(asking, leaf("b"), finally_=(leaf("close"),))
    table.clock.move(DAY - 1)
    assert table.go_on().status == "waiting"
    table.clock.move(1)
    table.decide(table.questions[0])
    state = table.go_on()
    assert (state.status, state.ended and state.ended.code) == ("rejected", "FL-P003")
    assert {str(one.place): one.status for one in state.in_order()} == {
        "ok": "failed",
        "b": "skipped",
        "close": "succeeded",
    }


@proves("E2.6")
def test_a_question_that_holds_waits_for_ever(table: Table) -> None:
    table.begin(Step("ok", ApproveAction("Go on?", timeout_s=DAY)))
    table.clock.move(100 * DAY)
    assert table.go_on().status == "waiting"
    table.decide(table.questions[0])
    assert table.go_on().status == "succeeded"


@proves("E2.10")
def test_two_are_needed_and_the_own_decision_is_neither(table: Table) -> None:
    from fairlead.core.workflow import Approvers

    table.begin(Step("ok", ApproveAction("Go on?", approvers=(Approvers(min=2),))))
    (asked,) = table.questions
    table.decide(asked, by="ann", is_self=True)
    table.decide(asked, by="bob")
    table.decide(asked, by="bob")
    assert table.go_on().status == "waiting"
    table.decide(asked, by="eve")
    state = table.go_on()
    assert state.status == "succeeded"
    assert [one.by for one in state.steps[OK].decisions] == ["ann", "bob", "eve"]


@proves("E2.7")
def test_a_no_to_an_effect_leaves_everything_as_it_is(table: Table) -> None:
    table.begin(WRITE, leaf("after"), finally_=(leaf("close"),))
    table.decide(table.questions[0], "reject", comment="not now")
    state = table.go_on()
    assert (state.status, list(table.root.iterdir())) == ("rejected", [])
    assert state.steps[Place("write")].message == "ann rejected it: not now"
    assert [str(one.place) for one in table.intents] == ["close"]


def test_unresolved_inputs_are_never_asked_about(table: Table) -> None:
    state = table.begin(Step("ok", ApproveAction("Go?", show=("inputs.missing",))))
    assert (state.status, table.questions) == ("failed", [])


class _Counted(_Launch):
    """An effect whose showing follows the world, and which remembers what was performed over which world."""

    def __init__(self) -> None:
        super().__init__()
        self.world = 0
        self.over: list[int] = []

    async def show(self, given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
        return [{"name": "world", "value": self.world}]

    async def perform(self, given: dict[str, Json], world: EffectWorld) -> Outcome:
        self.over.append(self.world)
        return await super().perform(given, world)


@proves("E2.9")
def test_in_whatever_order_things_happen_only_what_was_shown_and_granted_is_performed(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    chance = random.Random(seed)
    performed = 0
    for number in range(16):
        folder = tmp_path / str(number)
        folder.mkdir()
        table, effect = Table(folder), _Counted()
        table.bench.effects["launch"] = effect
        state = table.begin(Step("go", EffectAction("launch")))
        granted: set[int] = set()  # worlds that somebody has granted, in time
        is_refused = False
        for _ in range(chance.randint(1, 6)):
            if state.ended is not None:
                break
            asked = chance.choice(table.questions)
            is_current = asked == table.questions[-1] and not state.steps[Place("go")].decisions
            match chance.choice(("approve", "reject", "forged", "changed", "later", "cancel", "restart")):
                case "approve":
                    table.decide(asked)
                    if is_current:
                        granted.add(asked.shown[0]["value"])
                case "reject":
                    table.decide(asked, "reject")
                    is_refused = is_refused or is_current
                case "forged":
                    table.decide(msgspec.structs.replace(asked, digest=Digest("sha256:00")))
                case "changed":
                    effect.world += 1
                case "later":
                    table.clock.move(DAY + 1)
                    granted.clear()
                case "cancel":
                    table.bench.journal.record(RunId("r-1"), RunCancelRequested())
                    is_refused = True
                case "restart":
                    table.restart()
                    table.bench.effects["launch"] = effect
            state = table.go_on()
        assert len(effect.over) <= 1, "it was performed twice"
        assert set(effect.over) <= granted, "nobody granted this"
        assert not (effect.over and is_refused), "it was refused"
        performed += len(effect.over)
        table.bench.journal.close()
    assert performed, "no order let it be performed: the test would show nothing"
