"""What every `Journal` promises. An implementation derives a class from `JournalContract` and gives it a `world`."""

from typing import Protocol

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.events import (
    FindingAccepted,
    FindingReopened,
    Recorded,
    RunCancelRequested,
    RunClaimed,
    RunImported,
    RunPauseRequested,
    RunResumeRequested,
)
from fairlead.core.ids import Epoch, Micros, RunId, Seq, WorkerId
from fairlead.core.json import Digest
from fairlead.core.ports import Batch, Fenced, Journal, Written
from tests.journal.parts import RUN, Deliveries, ended, queued, started, succeeded

ADA, BEN = WorkerId("w-ada"), WorkerId("w-ben")


class JournalWorld(Protocol):
    """What a test needs around the journal."""

    journal: Journal
    deliveries: Deliveries

    def live(self, worker: WorkerId) -> None:
        """From now on *worker* proves life."""
        ...

    def die(self, worker: WorkerId) -> None:
        """From now on it does not."""
        ...


def refusal(code: str) -> "pytest.RaisesExc[FairleadError]":
    return pytest.raises(FairleadError, match=code)


class JournalContract:
    # -------------------------------------------------------------------------------------------------------- requests

    def test_where_nothing_was_written_there_is_nothing_to_read(self, world: JournalWorld) -> None:
        journal = world.journal
        assert journal.head() == 0
        assert list(journal.events_of(RUN)) == []
        assert list(journal.events_after(Seq(0))) == []
        assert list(journal.runs()) == []
        assert list(journal.find_run("r-")) == []

    def test_a_request_has_no_epoch_and_is_read_as_it_was_written(self, world: JournalWorld) -> None:
        recorded = world.journal.record(RUN, queued(depth=3, name="größer"))
        assert (recorded.seq, recorded.run, recorded.epoch) == (1, RUN, 0)
        assert list(world.journal.events_of(RUN)) == [recorded]
        assert world.journal.head() == 1

    def test_the_same_start_with_the_same_key_is_the_same_run(self, world: JournalWorld) -> None:
        first = world.journal.record(RUN, queued("nightly", depth=3))
        again = world.journal.record(RunId("r-other000"), queued("nightly", depth=3))
        assert again == first
        assert world.journal.head() == 1

    @pytest.mark.parametrize("changed", [{"depth": 4}, {"definition": Digest("sha256:" + "1" * 64)}, {}])
    def test_the_same_key_for_another_start_is_refused(self, world: JournalWorld, changed: dict[str, object]) -> None:
        world.journal.record(RUN, queued("nightly", depth=3))
        with refusal("FL-R103.*r-7q2kabcd"):
            world.journal.record(RunId("r-other000"), queued("nightly", **changed))  # type: ignore[arg-type]
        assert world.journal.head() == 1

    def test_starts_without_a_key_are_different_runs(self, world: JournalWorld) -> None:
        world.journal.record(RUN, queued())
        assert world.journal.record(RunId("r-other000"), queued()).seq == 2

    def test_an_id_is_given_once(self, world: JournalWorld) -> None:
        world.journal.record(RUN, queued())
        with refusal("FL-R104"):
            world.journal.record(RUN, queued(depth=1))

    def test_a_request_to_an_unknown_run_is_refused(self, world: JournalWorld) -> None:
        with refusal("FL-R101"):
            world.journal.record(RUN, RunCancelRequested())
        assert world.journal.head() == 0

    def test_a_request_to_a_run_that_has_ended_is_refused(self, world: JournalWorld) -> None:
        self.begin(world)
        assert self.append(world, (), (ended("failed"),)).are_intents_written
        with refusal("FL-R102.*ended as failed at"):
            world.journal.record(RUN, RunCancelRequested())

    # ---------------------------------------------------------------------------------------------------------- claims

    def test_a_paused_run_waits_until_somebody_resumes_or_cancels_it(self, world: JournalWorld) -> None:
        journal = world.journal
        journal.record(RUN, queued())
        statuses = []
        for request in (RunPauseRequested("ada"), RunPauseRequested("ben"), RunResumeRequested("ben")):
            journal.record(RUN, request)
            statuses.append(journal.runs()[0].status)
        world.live(ADA)
        journal.record(RUN, RunPauseRequested("ada"))
        journal.claim(RUN, ADA)  # who performs it finds nothing to begin
        statuses.append(journal.runs()[0].status)
        journal.record(RUN, RunCancelRequested("ada"))
        statuses.append(journal.runs()[0].status)
        assert statuses == ["waiting", "waiting", "running", "waiting", "running"]

    def test_remarks_are_taken_after_the_end_and_change_nothing(self, world: JournalWorld) -> None:
        journal = world.journal
        journal.record(RUN, queued())
        world.live(ADA)
        claimed = journal.claim(RUN, ADA)
        journal.append(Batch(RUN, claimed.epoch, claimed.seq, (), (ended(),)), "t")
        world.deliveries.written()
        before = journal.runs()[0]
        accepted = journal.record(RUN, FindingAccepted("f" * 24, "a/b", "x.py", "a test", "2027-01-31", "ada"))
        reopened = journal.record(RUN, FindingReopened("f" * 24))
        assert list(journal.remarks_on_findings()) == [accepted, reopened]
        after = journal.runs()[0]
        assert (after.status, after.ended_at, after.epoch) == (before.status, before.ended_at, before.epoch)
        assert list(journal.events_of(RUN))[-2:] == [accepted, reopened]

    def test_a_run_of_another_journal_is_taken_over_with_its_times(self, world: JournalWorld) -> None:
        journal = world.journal
        journal.record(RunId("r-own00000"), queued())
        records = [
            Recorded(Seq(11), RUN, Epoch(0), Micros(1_000), queued("nightly")),
            Recorded(Seq(17), RUN, Epoch(3), Micros(2_000), RunClaimed("w-far")),
            Recorded(Seq(18), RUN, Epoch(3), Micros(3_000), ended()),
        ]
        remark = RunImported(Digest("sha256:" + "2" * 64), "ada")
        last = journal.take_over(records, remark)
        found = list(journal.events_of(RUN))
        assert [(one.at, one.epoch, one.event) for one in found[:3]] == [(o.at, o.epoch, o.event) for o in records]
        assert found[3] == last
        assert last.event == remark
        row = journal.runs()[0]
        assert (row.run, row.status, row.queued_at, row.ended_at, row.worker) == (
            *(RUN, "succeeded", 1_000, 3_000),
            "w-far",
        )
        with refusal("FL-R104"):
            journal.take_over(records, remark)
        other = [Recorded(one.seq, RunId("r-other000"), one.epoch, one.at, one.event) for one in records]
        with refusal("FL-R103"):
            journal.take_over(other, remark)
        assert journal.head() == last.seq

    def test_a_claim_raises_the_epoch(self, world: JournalWorld) -> None:
        world.journal.record(RUN, queued())
        world.live(ADA)
        claimed = world.journal.claim(RUN, ADA)
        assert (claimed.seq, claimed.epoch, claimed.event) == (2, 1, RunClaimed(ADA))
        assert world.journal.claim(RUN, ADA).epoch == 2, "the owner may begin anew"

    def test_a_claim_may_be_answered_later(self, world: JournalWorld) -> None:
        world.journal.record(RUN, queued())
        world.journal.claim_later(RUN, ADA, "claim")
        world.journal.claim_later(RunId("r-nobody00"), ADA, "unknown")
        token, claimed = world.deliveries.next()
        assert token == "claim"
        assert [claimed] == list(world.journal.events_of(RUN, Seq(1)))
        assert "FL-R101" in str(world.deliveries.refused())

    def test_the_run_of_a_living_worker_is_not_claimed(self, world: JournalWorld) -> None:
        world.journal.record(RUN, queued())
        world.live(ADA)
        world.live(BEN)
        world.journal.claim(RUN, ADA)
        with refusal("FL-R401.*w-ada"):
            world.journal.claim(RUN, BEN)
        assert world.journal.runs()[0].worker == ADA

    def test_the_run_of_a_dead_worker_is_claimed_at_once(self, world: JournalWorld) -> None:
        world.journal.record(RUN, queued())
        world.live(ADA)
        world.journal.claim(RUN, ADA)
        world.die(ADA)
        world.live(BEN)
        assert world.journal.claim(RUN, BEN).epoch == 2
        assert (world.journal.is_alive(ADA), world.journal.is_alive(BEN)) == (False, True)

    def test_only_a_run_that_goes_on_can_be_claimed(self, world: JournalWorld) -> None:
        with refusal("FL-R101"):
            world.journal.claim(RUN, ADA)
        self.begin(world)
        self.append(world, (), (ended(),))
        with refusal("FL-R102"):
            world.journal.claim(RUN, ADA)

    # -------------------------------------------------------------------------------------------------------- progress

    def test_a_batch_is_one_stretch_of_the_journal(self, world: JournalWorld) -> None:
        self.begin(world)
        first = self.append(world, (), (started("scan"), started("lint")))
        assert (first.first_seq, first.last_seq, first.are_intents_written) == (3, 4, True)
        second = self.append(world, (succeeded("lint", output=[1, "two", None]),), (started("report"),))
        assert (second.first_seq, second.last_seq) == (5, 6)
        events = list(world.journal.events_of(RUN, Seq(4)))
        assert [event.event for event in events] == [succeeded("lint", output=[1, "two", None]), started("report")]
        assert {(event.epoch, event.at) for event in events} == {(1, second.at)}

    def test_a_stale_epoch_writes_nothing(self, world: JournalWorld) -> None:
        self.begin(world)
        world.die(ADA)
        world.live(BEN)
        world.journal.claim(RUN, BEN)
        world.journal.append(Batch(RUN, Epoch(1), Seq(3), (succeeded("scan"),), ()), "sleeper")
        assert isinstance(world.deliveries.refused(), Fenced)
        assert world.journal.head() == 3

    def test_an_epoch_that_nobody_was_given_writes_nothing(self, world: JournalWorld) -> None:
        self.begin(world)
        world.journal.append(Batch(RUN, Epoch(2), Seq(2), (), (started("scan"),)), "liar")
        assert isinstance(world.deliveries.refused(), Fenced)
        assert world.journal.head() == 2

    def test_requests_in_between_withhold_the_intents_until_they_are_applied(self, world: JournalWorld) -> None:
        self.begin(world)
        asked = world.journal.record(RUN, RunCancelRequested("ada"))
        written = self.append(world, (succeeded("scan"),), (started("lint"),), applied=2)
        assert (written.first_seq, written.last_seq, written.are_intents_written) == (4, 4, False)
        nothing = self.append(world, (), (started("lint"),), applied=2)
        assert (nothing.first_seq, nothing.last_seq, nothing.are_intents_written) == (0, 4, False)
        assert self.append(world, (), (started("lint"),), applied=asked.seq).are_intents_written
        kinds = [type(event.event).__name__ for event in world.journal.events_of(RUN, Seq(2))]
        assert kinds == ["RunCancelRequested", "AttemptSucceeded", "AttemptStarted"]

    def test_requests_to_other_runs_withhold_nothing(self, world: JournalWorld) -> None:
        self.begin(world)
        world.journal.record(RunId("r-other000"), queued())
        assert self.append(world, (), (started("lint"),), applied=2).are_intents_written

    def test_a_batch_for_an_unknown_or_ended_run_is_refused(self, world: JournalWorld) -> None:
        world.journal.append(Batch(RUN, Epoch(1), Seq(0), (), (started("scan"),)), "unknown")
        assert "FL-R101" in str(world.deliveries.refused())
        self.begin(world)
        self.append(world, (), (ended(),))
        world.journal.append(Batch(RUN, Epoch(1), Seq(9), (succeeded("scan"),), ()), "late")
        assert "FL-R102" in str(world.deliveries.refused())

    def test_a_refused_batch_does_not_hold_up_others(self, world: JournalWorld) -> None:
        self.begin(world)
        for token, epoch in enumerate((1, 7, 1)):
            world.journal.append(Batch(RUN, Epoch(epoch), Seq(2), (), (started(f"s{token}"),)), token)
        answers = [world.deliveries.next() for _ in range(3)]
        assert [token for token, _ in answers] == [0, 1, 2]
        assert [isinstance(answer, Written) for _, answer in answers] == [True, False, True]
        assert [event.event for event in world.journal.events_of(RUN, Seq(2))] == [started("s0"), started("s2")]

    def test_batches_are_written_and_answered_in_the_order_in_which_they_came(self, world: JournalWorld) -> None:
        self.begin(world)
        for number in range(200):
            world.journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started(f"s{number}"),)), number)
        answers = [world.deliveries.next() for _ in range(200)]
        assert [token for token, _ in answers] == list(range(200))
        events = [event.event for event in world.journal.events_of(RUN, Seq(2))]
        assert events == [started(f"s{number}") for number in range(200)]

    # --------------------------------------------------------------------------------------------------------- reading

    def test_followers_get_what_comes_after(self, world: JournalWorld) -> None:
        self.begin(world)
        other = world.journal.record(RunId("r-other000"), queued())
        own = list(world.journal.events_of(RUN))
        assert list(world.journal.events_after(Seq(0))) == [*own, other]
        assert list(world.journal.events_after(Seq(1), limit=1)) == [own[1]]
        assert list(world.journal.events_after(Seq(3))) == []
        assert list(world.journal.events_of(RUN, Seq(2))) == []

    def test_requests_are_found_without_reading_the_progress(self, world: JournalWorld) -> None:
        self.begin(world)
        self.append(world, (), (started("scan"),))
        cancel = world.journal.record(RUN, RunCancelRequested("ada"))
        other = world.journal.record(RunId("r-other000"), queued())
        assert [one.seq for one in world.journal.requests_after(Seq(0))] == [1, cancel.seq, other.seq]
        assert list(world.journal.requests_after(Seq(1))) == [cancel, other]
        assert list(world.journal.requests_after(other.seq)) == []

    def test_the_list_of_runs_says_what_the_events_say(self, world: JournalWorld) -> None:
        first = world.journal.record(RUN, queued())
        row = world.journal.runs()[0]
        assert (row.run, row.workflow, row.root, row.requester) == (RUN, "review", "/src/shop", "ada")
        assert (row.status, row.queued_at, row.ended_at, row.epoch, row.worker) == ("queued", first.at, 0, 0, "")
        world.live(ADA)
        world.journal.claim(RUN, ADA)
        row = world.journal.runs()[0]
        assert (row.status, row.epoch, row.worker, row.first_seq, row.last_seq) == ("running", 1, ADA, 1, 2)
        written = self.append(world, (), (started("scan"), ended("degraded")))
        row = world.journal.runs()[0]
        assert (row.status, row.ended_at, row.last_seq) == ("degraded", written.at, 4)

    def test_runs_come_newest_first(self, world: JournalWorld) -> None:
        for number in range(12):
            world.journal.record(RunId(f"r-{number:08}"), queued())
        assert [row.run for row in world.journal.runs(2)] == ["r-00000011", "r-00000010"]
        assert len(world.journal.runs()) == 12

    def test_open_runs_come_oldest_first_with_what_was_last_asked_of_them(self, world: JournalWorld) -> None:
        other = RunId("r-9zz0wxyz")
        self.begin(world)
        world.journal.record(other, queued())
        mine, theirs = world.journal.open_runs(10)
        assert (mine.run, mine.root, mine.status, mine.epoch, mine.worker) == (RUN, "/src/shop", "running", 1, ADA)
        assert (mine.last_seq, mine.last_request_seq, theirs.run, theirs.worker) == (2, 1, other, "")
        asked = world.journal.record(RUN, RunPauseRequested())
        (mine,) = world.journal.open_runs(1)
        assert (mine.status, mine.last_seq, mine.last_request_seq) == ("waiting", asked.seq, asked.seq)
        world.journal.record(RUN, RunResumeRequested())
        self.append(world, (ended("failed"),), ())
        assert [one.run for one in world.journal.open_runs(10)] == [other]

    def test_a_run_is_found_by_the_beginning_of_its_id(self, world: JournalWorld) -> None:
        for name in ("r-abc00001", "r-abd00001", *(f"r-zz{number:06}" for number in range(12))):
            world.journal.record(RunId(name), queued())
        assert [row.run for row in world.journal.find_run("r-ab")] == ["r-abd00001", "r-abc00001"]
        assert [row.run for row in world.journal.find_run("r_abc")] == ["r-abc00001"]
        assert [row.run for row in world.journal.find_run("r-abc00001")] == ["r-abc00001"]
        assert [row.run for row in world.journal.find_run("r-zz")][:1] == ["r-zz000011"]
        assert len(world.journal.find_run("r-zz")) == 10
        assert [list(world.journal.find_run(prefix)) for prefix in ("r-abx", "%", "r-a%", "*")] == [[], [], [], []]

    # ------------------------------------------------------------------------------------------------------- contents

    def test_contents_are_kept_under_their_digest(self, world: JournalWorld) -> None:
        data = bytes(range(256)) * 1000
        digest = world.journal.put(data)
        assert digest == world.journal.put(data)
        assert world.journal.get(digest) == data
        assert world.journal.get(world.journal.put(b"")) == b""

    @pytest.mark.parametrize("name", ["sha256:" + "0" * 64, "sha256:../../etc/passwd", "", "sha256:" + "G" * 64])
    def test_contents_that_were_never_put_are_missed(self, world: JournalWorld, name: str) -> None:
        with refusal("FL-L006"):
            world.journal.get(Digest(name))

    # ------------------------------------------------------------------------------------------------------------------

    def begin(self, world: JournalWorld) -> None:
        """Events 1 and 2: the run is queued, and belongs to Ada in epoch 1."""
        world.journal.record(RUN, queued())
        world.live(ADA)
        world.journal.claim(RUN, ADA)

    def append(
        self, world: JournalWorld, outcomes: tuple[object, ...], intents: tuple[object, ...], applied: int = 1_000
    ) -> Written:
        # The events come from the builders, which give the right kinds.
        batch = Batch(RUN, Epoch(1), Seq(applied), outcomes, intents)  # type: ignore[arg-type]
        world.journal.append(batch, "token")
        return world.deliveries.written()
