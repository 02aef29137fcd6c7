"""The proof of poison, with one round; and what a weaker engine comes to."""

import pytest

from fairlead.testing.proving import poison
from fairlead.testing.proving.poison import try_poison
from tests.proves import proves


@proves("B6.2")
def test_runs_that_kill_their_workers_are_put_away_and_the_others_end() -> None:
    figure = try_poison(1, 4, lambda text: None)
    assert figure.problems == ()
    assert figure.counts["others"] == 20
    assert 3 <= figure.counts["workers_killed"] <= 3 * figure.counts["poisonous"]


def test_an_engine_that_never_puts_a_run_away_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is started: judged is a record that nobody has performed, as if all of them had died of it."""
    monkeypatch.setattr(poison, "_perform", lambda directory, poisonous, rng: poison._WORKERS_MAX)
    figure = try_poison(1, 4, lambda text: None)
    assert "50 workers were killed by" in figure.problems[0]
    poisonous = figure.counts["poisonous"]
    assert figure.counts["bad"] == 1 + 20 + 2 * poisonous  # each of them was tried too seldom, and not put away
