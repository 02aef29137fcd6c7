"""Reads the commands that a document shows, so that they can be performed.

A block whose info string begins with `console` is performed. Its lines:
- `$ command` is performed by bash, in the order of the page, all blocks of one page in the same directory;
- `> more` continues the command above;
- any other line is what the command above prints. Nothing stated means that nothing is compared. `…` in a line stands
  for anything, a line `…` alone for any number of lines.
After the word may stand, in any order: `exit=N` (what every command of the block ends with; 0 if not stated) and
`in=REPOSITORY`, one of the repositories of `test_docs.py`, which also begins a new directory.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(r"^(?P<mark>`{3,}|~{3,})(?P<words>.*)$")
_EXIT = re.compile(r"exit=(\d{1,3})")
_IN = re.compile(r"in=([a-z]+)")


class BadBlock(Exception):
    """A block is not written as this file's text says; the message names page and line."""


@dataclass
class Command:
    """One command, what it should print, and how it should end."""

    text: str
    line: int
    exit_code: int
    repository: str  # "" goes on where the command before was
    printed: list[str] = field(default_factory=list)


def read_commands(page: Path) -> list[Command]:
    """The commands of one page, in order.

    Raises:
        BadBlock: an option that does not exist, output before any command, or a fence that is never closed.
    """
    commands: list[Command] = []
    fence = ""
    options: tuple[int, str] | None = None
    first = 0
    for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1):
        found = _FENCE.match(line)
        if not fence and found:
            fence, first = found["mark"], len(commands)
            options = _options(found["words"].split(), f"{page.name}:{number}")
        elif fence and line.strip() == fence:
            fence, options = "", None
        elif options is not None:
            _take(line, number, options, commands, first, page)
    if fence:
        raise BadBlock(f"{page.name}: the last fence is never closed")
    return commands


def _options(words: list[str], place: str) -> tuple[int, str] | None:
    if not words or words[0] != "console":
        return None
    exit_code, repository = 0, ""
    for word in words[1:]:
        if found := _EXIT.fullmatch(word):
            exit_code = int(found[1])
        elif found := _IN.fullmatch(word):
            repository = found[1]
        else:
            raise BadBlock(f"{place}: `{word}` is no option of a console block; there are exit=N and in=REPOSITORY")
    return exit_code, repository


def _take(line: str, number: int, options: tuple[int, str], commands: list[Command], first: int, page: Path) -> None:
    if line.startswith("$ "):
        repository = options[1] if len(commands) == first else ""
        commands.append(Command(line[2:], number, options[0], repository))
    elif len(commands) == first:
        raise BadBlock(f"{page.name}:{number}: a console block begins with `$ command`")
    elif line.startswith("> ") or line == ">":
        commands[-1].text += "\n" + line[2:]
    else:
        commands[-1].printed.append(line)


def prints(expected: list[str], actual: str) -> bool:
    """Whether *actual* is what *expected* says, with its wildcards. Spaces at the ends of lines do not count."""
    pattern = ""
    for line in _trimmed(expected):
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += "[^\n]*".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ \t]*\n"
    lines = [line.rstrip() for line in actual.splitlines()]
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _trimmed(lines))) is not None


def _trimmed(lines: list[str]) -> list[str]:
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines
