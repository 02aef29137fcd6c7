"""What every language part of the security-scanner offers, and the record it answers with."""

import re
from collections.abc import Iterable
from typing import Literal, Protocol

import msgspec

from fairlead.core.findings import Severity

Origin = Literal["own", "bandit", "ruff"]

_LINE_END = re.compile(r"\r\n|\r|\n")


class Match(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule that fired at one place of one file.

    Lines and columns count from 1, columns in characters; line 0 means the file as a whole. Without `severity` and
    `reason` those of the rule's table entry hold. `mask` names the part of the line, as two columns (from, up to and
    without), that must never be shown.
    """

    rule: str  # "security/sql-injection"
    line: int
    column: int
    message: str
    end_line: int = 0
    end_column: int = 0
    severity: Severity | None = None
    reason: str = ""
    origin: Origin = "own"
    mask: tuple[int, int] | None = None


class PartMissing(Exception):
    """A language part cannot work here; the text says in whole sentences why and how to install what it lacks."""


class Part(Protocol):
    """One language: a module with these two functions."""

    def wants(self, path: str) -> bool:
        """Whether *path* (relative, with `/`) is a file of this language. Decided by its name alone."""
        ...

    def scan_file(self, path: str, text: str) -> Iterable[Match]:
        """Every match in *text*, in any order. *text* has no byte order mark and keeps its line ends.

        Raises:
            PartMissing: a package that this language needs is not installed.
        """
        ...


def lines_of(text: str) -> list[str]:
    """The lines of *text* without their ends. Unlike `str.splitlines`, a form feed does not end a line."""
    return _LINE_END.split(text)
