"""The proof of silent corruption finds nothing in the real journal, and each weakness in a weakened one."""

import pytest

from fairlead.journal import verification
from fairlead.testing.disks.rot import ROTS, Rot
from fairlead.testing.proving.corruption import try_corruption
from tests.proves import proves

SEED = 7


def rots(*names: str) -> list[Rot]:
    found = [rot for rot in ROTS if rot.name in names]
    assert len(found) == len(names)
    return found


@proves("B1.5")
def test_whatever_goes_bad_is_found_and_repaired() -> None:
    figure = try_corruption(1, SEED, lambda text: None)
    counts = figure.counts
    assert figure.problems == ()
    assert (counts["kinds"], counts["trials"], counts["undetected"]) == (len(ROTS), len(ROTS), 0)
    assert counts["harmful"] + counts["harmless"] + counts["nothing_to_spoil"] == counts["trials"]
    assert counts["found_at_start"] + counts["found_by_verify"] == counts["harmful"] > counts["harmless"] > 0
    assert counts["repaired"] >= counts["harmful"] > counts["first_bad_event_named"] > 5


def test_the_seed_gives_the_same_trials_again() -> None:
    some = rots("database-bit", "log-bit")
    assert try_corruption(2, 5, lambda text: None, some) == try_corruption(2, 5, lambda text: None, some)


def test_a_journal_that_looks_at_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairlead.journal.verification._Verification._note", lambda self, seq, code, text: None)
    figure = try_corruption(4, SEED, lambda text: None, rots("database-noise"))
    assert figure.counts["undetected"] > 0
    assert any("not found: " in problem and f"seed {SEED}" in problem for problem in figure.problems)


def test_a_wrong_number_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    note = verification._Verification._note
    monkeypatch.setattr(
        "fairlead.journal.verification._Verification._note",
        lambda self, seq, code, text: note(self, seq + 1 if seq else 0, code, text),
    )
    figure = try_corruption(3, SEED, lambda text: None, rots("journal-old"))
    assert any("is the first bad one" in problem for problem in figure.problems)


def test_a_repair_that_forgets_something_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairlead.journal.repair._Work._contents", lambda self: (0, []))
    figure = try_corruption(1, SEED, lambda text: None, rots("content-gone"))
    assert any("the repair did not bring everything back" in problem for problem in figure.problems)
