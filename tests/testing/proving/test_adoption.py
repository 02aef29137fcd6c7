"""The proof of adoption, with few runs; and each of its teeth."""

from collections import Counter

from fairlead.core.events import Recorded, RunClaimed, RunEnded, WaitBegun
from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq
from fairlead.testing.proving.adoption import _problems, try_adoption
from tests.proves import proves

RUN = RunId("r-00000000")


@proves("B8.6")
def test_a_crash_of_everything_is_adopted_by_two_workers() -> None:
    figure = try_adoption(60, 11, lambda text: None)
    assert figure.problems == ()
    counts = figure.counts
    assert counts["adopted_by_one"] + counts["adopted_by_two"] + counts["left_alone"] == 60
    assert 0 < counts["left_alone"] < 60
    assert counts["answers"] > 0


def record(seq: int, *events: object) -> list[Recorded]:
    return [Recorded(Seq(seq), RUN, Epoch(2), Micros(0), event) for event in events]  # type: ignore[arg-type]


def test_each_way_in_which_adoption_can_go_wrong_is_told() -> None:
    well = record(9, RunClaimed("w-one"), RunEnded("succeeded"))
    done = Counter({f"{RUN} a": 1, f"{RUN} b": 1})
    assert list(_problems({RUN: "under way"}, well, done)) == []
    assert "not left alone" in next(_problems({RUN: "asked"}, well, done))
    assert "2 new owners" in next(_problems({RUN: "queued"}, [*well, *record(8, RunClaimed("w-two"))], done))
    assert "0 new owners" in next(_problems({RUN: "queued"}, [], Counter()))
    assert "did not end" in next(_problems({RUN: "queued"}, well[:1], done))
    assert "performed" in next(_problems({RUN: "between"}, well, done))
    again = [*well, *record(8, WaitBegun(Place("a"), 1))]
    assert "began again" in next(_problems({RUN: "timer"}, again, Counter({f"{RUN} b": 1})))
