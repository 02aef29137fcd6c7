"""Which language a file is written in, by its name, its extension, or the interpreter of its first line."""

import re
from functools import cache

from fairlead.agents.builtin.inventory.tables import table
from fairlead.core.json import Json

_INTERPRETER = re.compile(rb"#![ \t]*(?:\S*/)?(?:env(?:[ \t]+-\S+)*[ \t]+(?:\w+=\S+[ \t]+)*(?:\S*/)?)?([A-Za-z+_-]+)")
_VERSIONED_NAMES = re.compile(r"(dockerfile|containerfile|makefile|jenkinsfile)\..+")


def language(path: str, head: bytes) -> str | None:
    """The language of the file *path* that begins with *head*, or None if nothing tells."""
    by_name, by_extension, by_interpreter = _indexes()
    name = path.rpartition("/")[2].lower()
    if found := by_name.get(name):
        return found
    extension = name.rpartition(".")[2] if "." in name else ""
    if found := by_extension.get(extension):
        return found
    if versioned := _VERSIONED_NAMES.fullmatch(name):
        return by_name[versioned[1]]
    if head.startswith(b"#!") and (interpreter := _INTERPRETER.match(head)):
        return by_interpreter.get(interpreter[1].decode().lower().rstrip("-"))
    return None


def kind(name: str) -> str:
    """Whether the language *name* is code, markup or data."""
    return str(table("languages")[name]["kind"])


@cache
def _indexes() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    rows: dict[str, Json] = table("languages")
    return tuple(  # type: ignore[return-value]  # three entries, as many as the names that follow
        {word: name for name, row in rows.items() for word in row.get(part, ())}
        for part in ("names", "extensions", "interpreters")
    )
