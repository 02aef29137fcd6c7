"""`-i NAME=VALUE`, as several commands take it."""

from collections.abc import Iterable

from fairlead.cli.terminal_text import safe
from fairlead.service.records import Json, error


def given_inputs(texts: Iterable[str]) -> dict[str, Json]:
    """What was typed, by name; the workflow's types decide how each value is read."""
    return dict(_named(text) for text in texts)


def _named(text: str) -> tuple[str, Json]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise error("FL-S002", f"-i takes NAME=VALUE, not {safe(text)}", "fairlead run --help")
    return name, value
