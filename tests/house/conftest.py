"""The tree that the house tests look at."""

from pathlib import Path

import pytest

from tests.house.source import ROOT


@pytest.fixture(scope="session")
def project() -> Path:
    """This very repository."""
    return ROOT
