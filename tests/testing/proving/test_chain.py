"""The proof of the chain finds nothing in the real chain, and each weakened one."""

import random

import pytest

from fairlead.journal import chain
from fairlead.journal.anchor import Mark
from fairlead.testing.proving.chain import CheckRow, check_row, first_bad, journal, try_chain
from tests.proves import proves

EVENTS = 60


@proves("B11.3")
def test_whatever_is_done_to_the_chain_is_noticed() -> None:
    figure = try_chain(EVENTS, 11, lambda text: None)
    assert figure.problems == ()
    assert figure.counts["unnoticed"] == 0
    assert figure.counts["bits"] > EVENTS * (64 + 64 + 8 + 32 + 64 + 256 + 256 + 128)  # each header, and payloads
    assert (figure.counts["cuts"], figure.counts["swaps"]) == (2 * EVENTS, EVENTS - 1)


def test_the_seed_gives_the_same_journal_again() -> None:
    assert journal(EVENTS, random.Random(5)) == journal(EVENTS, random.Random(5))
    assert journal(EVENTS, random.Random(5)) != journal(EVENTS, random.Random(6))


def test_the_journal_is_one_that_the_engine_reads() -> None:
    rows = journal(EVENTS, random.Random(3))
    assert first_bad(rows, Mark(rows[-1].seq, rows[-1].h)) == 0
    kinds = {type(chain.event_of(row)).__name__ for row in rows}
    assert len(kinds) >= 7


def test_the_first_bad_event_is_named() -> None:
    rows = journal(EVENTS, random.Random(3))
    anchor = Mark(rows[-1].seq, rows[-1].h)
    rows[40] = rows[40]._replace(at=rows[40].at + 1)
    assert first_bad(rows, anchor) == 41
    del rows[20]
    assert first_bad(rows, anchor) == 21


def _only_payloads(prev: bytes, row: chain.Row) -> None:
    chain.event_of(row)


def _without_payloads(prev: bytes, row: chain.Row) -> None:
    chain.check_link(prev, row)


def _without_places(prev: bytes, row: chain.Row) -> None:
    try:
        chain.check_link(prev, row)
    except chain.Altered:
        if len(row.place) < 5:
            raise


def _never(prev: bytes, row: chain.Row) -> None:
    raise chain.Altered("always")


@pytest.mark.parametrize("weakened", [_only_payloads, _without_payloads, _without_places, _never])
def test_a_check_that_overlooks_something_is_found_out(weakened: CheckRow) -> None:
    assert try_chain(20, 1, lambda text: None, weakened).problems
    assert not try_chain(20, 1, lambda text: None, check_row).problems
