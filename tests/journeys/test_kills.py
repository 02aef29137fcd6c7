"""Twenty kills of a forty-step run of which ten work in copies; `make kills` does two hundred, with all in copies.

A test's seed is SEED plus its number.
"""

import random
from pathlib import Path

import pytest

from tests.journeys.kills import STEPS, kill_once
from tests.proves import proves

SEED = 20261121


@proves("B1.1")
@pytest.mark.parametrize("number", range(20))
def test_a_killed_run_goes_on_where_it_stopped(number: int, tmp_path: Path) -> None:
    killed = kill_once(tmp_path, random.Random(SEED + number), in_copies=1)
    assert 0 <= killed.acknowledged <= killed.finished <= STEPS
