"""The proof of backups finds nothing in real ones, and what is wrong with weakened ones."""

import pytest

from fairlead.journal import backup
from fairlead.testing.proving.backups import try_backups
from tests.proves import proves


@proves("E12.4")
def test_backups_while_two_processes_write_hold_everything() -> None:
    figure = try_backups(2, 1, lambda text: None)
    assert figure.problems == ()
    assert (figure.counts["backups"], figure.counts["writers"], figure.counts["bad"]) == (2, 2, 0)
    assert figure.counts["events"] > 3


def test_a_backup_without_its_logs_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "parts_of", lambda run: ())
    figure = try_backups(1, 1, lambda text: None)
    assert any("the log of r-" in problem for problem in figure.problems)


def test_a_backup_that_leaves_the_last_events_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    rows_from = backup.rows_from  # type: ignore[attr-defined]  # what the module has imported
    monkeypatch.setattr(backup, "rows_from", lambda connection, seq: list(rows_from(connection, seq))[:1])
    monkeypatch.setattr(backup, "read_anchor", lambda path, disk: [])
    figure = try_backups(1, 1, lambda text: None)
    assert any("was acknowledged before it, and it ends at 1" in problem for problem in figure.problems)
