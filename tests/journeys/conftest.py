"""What the journeys share."""

from pathlib import Path

import pytest

from tests.journeys.door import Door
from tests.journeys.repositories import make_repository


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "home")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "small")
