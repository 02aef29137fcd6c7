"""A step under which one worker after the other dies: counted from claims, put away at the third, left to a person."""

from fairlead.core.decide import DEATHS_MAX, ParkRun, StartAttempt, decide, is_suspect, poison_of
from fairlead.core.events import (
    AttemptLost,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    RunCancelRequested,
    RunClaimed,
    RunParked,
    RunQueued,
    RunResumeRequested,
)
from fairlead.core.ids import Epoch, Micros, Place, RunId
from fairlead.core.json import Digest
from fairlead.core.state import RunState, apply
from fairlead.core.workflow import AgentAction, ParallelAction, Step, Workflow
from tests.proves import proves

NOW = Micros(0)
CHAIN = Workflow("w", (Step("a", AgentAction("x")), Step("b", AgentAction("x"))), flow="sequence")
BESIDE = Workflow(
    "w", (Step("both", ParallelAction((Step("a", AgentAction("x")), Step("b", AgentAction("x"))))),), flow="sequence"
)


class Record:
    """A run whose workers come and go."""

    def __init__(self, workflow: Workflow = CHAIN) -> None:
        self.state = RunState(workflow, RunId("r-test0001"))
        self.workers = 0
        self.tell(RunQueued("w", Digest(""), {}, "/tree"))

    def tell(self, *events: Event) -> None:
        for event in events:
            apply(self.state, event, NOW, Epoch(self.workers))

    def claim(self) -> None:
        """By a new worker, which then says how the attempts of the one before ended."""
        self.workers += 1
        self.tell(RunClaimed(f"w-{self.workers}"))
        for place in list(self.state.orphans):
            self.tell(AttemptLost(place, self.state.steps[place].attempts, "gone"))

    def begin(self, name: str) -> None:
        place = Place(name)
        self.tell(AttemptStarted(place, self.state.steps[place].attempts + 1, "x", "1", Digest("")))

    def succeed(self, name: str) -> None:
        place = Place(name)
        self.tell(AttemptSucceeded(place, self.state.steps[place].attempts))

    def die_under(self, *names: str) -> None:
        self.claim()
        for name in names:
            self.begin(name)

    def next(self) -> list[object]:
        return list(decide(self.state.workflow, self.state, NOW))


@proves("B6.2")
def test_a_run_is_put_away_after_three_deaths_under_one_step() -> None:
    record = Record()
    for _ in range(DEATHS_MAX):
        record.die_under("a")
    assert record.next() == []  # the third one is still believed to be alive
    record.claim()
    (put_away,) = record.next()
    assert isinstance(put_away, ParkRun)
    assert put_away.reasons == (
        "FL-R440: 3 workers died while a was under way; `fairlead resume r-test0001` tries it once more,"
        " `fairlead cancel r-test0001` ends the run",
    )
    record.tell(RunParked(put_away.reasons))
    record.claim()
    assert (record.state.status, record.next()) == ("waiting", [])  # whoever claims it next does not try either


def test_two_deaths_are_bad_luck() -> None:
    record = Record()
    for _ in range(DEATHS_MAX - 1):
        record.die_under("a")
    record.claim()
    assert record.next() == [StartAttempt(Place("a"), 3)]


def test_what_is_one_death_from_being_put_away_is_to_be_performed_alone() -> None:
    record = Record()
    for _ in range(DEATHS_MAX - 1):
        assert not is_suspect(record.state)
        record.die_under("a")
    record.claim()
    assert is_suspect(record.state)


def test_deaths_under_steps_that_came_to_an_outcome_count_no_more() -> None:
    record = Record()
    for _ in range(DEATHS_MAX - 1):
        record.die_under("a")
    record.die_under()
    record.begin("a")
    record.succeed("a")
    record.begin("b")
    for _ in range(DEATHS_MAX - 2):
        record.die_under("b")
    record.claim()
    assert record.next() == [StartAttempt(Place("b"), DEATHS_MAX)]


def test_outcomes_of_other_steps_do_not_hide_the_one_that_kills() -> None:
    record = Record(BESIDE)
    for _ in range(DEATHS_MAX - 1):
        record.die_under("a", "b")
    record.die_under("a", "b")
    record.succeed("b")
    record.claim()
    assert poison_of(record.state) == "a"


def test_a_stop_that_is_told_is_no_death() -> None:
    record = Record()
    for _ in range(DEATHS_MAX + 2):
        record.die_under("a")
        record.tell(AttemptLost(Place("a"), record.state.steps[Place("a")].attempts, "it was interrupted"))
    record.claim()
    assert record.next() == [StartAttempt(Place("a"), DEATHS_MAX + 3)]


def test_a_run_that_was_claimed_and_never_begun_is_not_blamed() -> None:
    """A worker takes over all that a crash left, and dies by one of them: the others were only in its hands."""
    record = Record()
    for _ in range(DEATHS_MAX + 2):
        record.claim()
    assert record.next() == [StartAttempt(Place("a"), 1)]


def test_an_attempt_is_blamed_for_one_death_however_often_its_run_changes_hands() -> None:
    record = Record()
    record.die_under("a")
    for _ in range(DEATHS_MAX):
        record.workers += 1
        record.tell(RunClaimed(f"w-{record.workers}"))  # and dies before it performs it
    assert record.state.deaths == {"a": 1}


def test_a_run_that_is_a_step_is_put_away_itself_and_not_the_one_above_it() -> None:
    record = Record()
    for _ in range(DEATHS_MAX):
        record.claim()
        attempt = record.state.steps[Place("a")].attempts + 1
        record.tell(AttemptStarted(Place("a"), attempt, "w2", "1", Digest(""), child="r-child001"))
    record.claim()
    assert record.state.deaths == {"a": DEATHS_MAX}
    assert record.next() == [StartAttempt(Place("a"), DEATHS_MAX + 1)]


def test_resume_tries_it_again_and_cancel_ends_it() -> None:
    record = Record()
    for _ in range(DEATHS_MAX):
        record.die_under("a")
    record.claim()
    record.tell(RunParked(("why",)), RunResumeRequested("ada"))
    assert record.next() == [StartAttempt(Place("a"), DEATHS_MAX + 1)]
    for _ in range(DEATHS_MAX):
        record.die_under("a")
    record.claim()
    assert isinstance(record.next()[0], ParkRun)  # a decision holds for three more workers, not for ever
    record.tell(RunParked(("why",)), RunCancelRequested("ada"))
    assert [type(command).__name__ for command in record.next()] == ["EndRun"]
