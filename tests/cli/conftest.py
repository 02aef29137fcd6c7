"""A small repository with something to find in it, and the door to it."""

from pathlib import Path

import pytest

from tests.cli.door import Door, words

INJECTION = """\
from flask import request


def by_customer(db):
    name = request.args["name"]
    return db.execute("select * from orders where customer = '" + name + "'")
"""


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """A repository named shop: one file with an SQL injection, one clean, nothing recorded yet."""
    root = tmp_path / "shop"
    root.mkdir()
    door = Door(root)
    door.write("app/queries.py", INJECTION)
    door.write("app/sums.py", "def add(a: int, b: int) -> int:\n    return a + b\n")
    door.commit()
    return door


@pytest.fixture
def clean(tmp_path: Path) -> Door:
    """A repository in which there is nothing to find."""
    root = tmp_path / "clean"
    root.mkdir()
    door = Door(root)
    door.write("sums.py", "def add(a: int, b: int) -> int:\n    return a + b\n")
    door.commit()
    return door


@pytest.fixture
def secret() -> str:
    """A key that a scanner takes for a live one."""
    return words("AKIA", "QYLPMN5H", "HF3E7ZXA")
