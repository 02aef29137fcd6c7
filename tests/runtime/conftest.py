"""What all tests of the engine start from."""

from pathlib import Path

import pytest


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return str(tmp_path / "state")
