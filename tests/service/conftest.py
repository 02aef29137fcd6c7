"""A project on paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.parts import PaperParts


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[PaperParts]:
    root = tmp_path / "shop"
    root.mkdir()
    parts = PaperParts(root)
    yield parts
    parts.close()
