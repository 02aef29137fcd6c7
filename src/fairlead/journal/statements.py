"""The SQL of this room: one statement a file, named by verb and noun, with explicit columns."""

import os
from functools import cache
from typing import Any, TypeAlias

# A row as SQLite gives it. Its statement says what is in it, and STRICT tables hold nothing else; mypy cannot know.
Values: TypeAlias = tuple[Any, ...]

_FOLDER = os.path.join(os.path.dirname(__file__), "sql")


@cache
def sql(name: str) -> str:
    """The statement in `sql/NAME.sql`."""
    with open(os.path.join(_FOLDER, f"{name}.sql"), encoding="utf-8") as file:
        return file.read()


@cache
def migrations() -> tuple[str, ...]:
    """What makes the schema, in order. `user_version` counts how many of them a database has seen."""
    names = sorted(os.listdir(os.path.join(_FOLDER, "migrations")))
    return tuple(sql(f"migrations/{name.removesuffix('.sql')}") for name in names)
