"""Recovering front matter that is no strict YAML: by the keys that agents' programs know, and by no other word.

A colon in a description without quotes is the usual mistake; then tabs, a fence that is not closed, a key that stands
twice. A field begins where a known key stands at the beginning of a line, and reaches to the next one. Each is read by
itself, strictly where that is possible and as a text where not. Our own block is never guessed: it says what an agent
may touch.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fairlead.agents.cards import BadCard, ReadYaml
from fairlead.core.agent_format import FOREIGN
from fairlead.core.json import Json

LINES_BEFORE_MAX = 20  # in which the first fence may be looked for
_KNOWN = {name.lower(): name for name in FOREIGN}
_KEY = re.compile(r"([A-Za-z][A-Za-z_-]*)[ \t]*:(?:[ \t]+(.*)|(.*))$")
_FENCE = re.compile(r"-{3,}[ \t]*$")
_END = re.compile(r"[ \t]*(?:-{3,}|\.\.\.)[ \t]*$")
_STRICT_END = re.compile(r"---[ \t]*$")
_PLACE = re.compile(r"^line (\d+), column \d+: ")
_OURS = "fairlead"
_PROSE = frozenset(("description", "prompt", "initialPrompt", "argument-hint"))  # they may hold lines of any form
_STRUCTURED = frozenset(("hooks", "mcpServers", "mcp-servers", "metadata", "handoffs", "permission", _OURS))


class Note(NamedTuple):
    """One thing that had to be mended, and where."""

    line: int
    text: str


class Recovered(NamedTuple):
    """Front matter and body of a file that is not strict, and the same file mended."""

    fields: dict[str, Json]
    body: str
    notes: tuple[Note, ...]
    mended: str  # the whole file, strict


class _Field(NamedTuple):
    name: str
    line: int  # of its key, counted from 1
    lines: Sequence[str]


class _Parts(NamedTuple):
    before: Sequence[str]  # lines above the front matter that are not empty
    front: Sequence[str]
    first: int  # the number of the first line of it
    body: Sequence[str]
    notes: tuple[Note, ...]


def recover(text: str, read_yaml: ReadYaml) -> Recovered:
    """What can be recovered of an agent file, whose lines end with line feeds alone.

    Raises:
        BadCard: FL-A001 nothing in it looks like front matter; FL-A002 our own block cannot be read.
    """
    parts = _parts(text.split("\n"))
    fields: dict[str, Json] = {}
    notes = list(parts.notes)
    mended: list[str] = []
    for field in _fields(parts, notes):
        if field.name in fields:
            notes.append(Note(field.line, f"`{field.name}` stands twice; the first one counts"))
            continue
        read = _Reader(field, read_yaml)
        fields |= {name: value for name, value in read.values.items() if name not in fields}
        notes += read.notes
        mended += read.lines
    if not notes:
        notes.append(Note(parts.first, "the front matter as a whole is no strict YAML"))
    body = "\n".join([*parts.before, *parts.body])
    whole = "\n".join(["---", *mended, "---", body])
    return Recovered(fields, body, tuple(sorted(notes)), whole)


# --------------------------------------------------------------------------------------------- where it begins and ends


def _parts(lines: Sequence[str]) -> _Parts:
    start = next((nth for nth, line in enumerate(lines) if line.strip()), len(lines))
    if start == len(lines):
        raise BadCard("FL-A001", "the file is empty", line=1)
    opening = next(
        (
            nth
            for nth in range(start, min(start + LINES_BEFORE_MAX, len(lines)))
            if _FENCE.match(lines[nth].strip()) and _known_key(_next_line(lines, nth + 1))
        ),
        None,
    )
    if opening is None:
        if _known_key(lines[start]) and _known_key(lines[start]) in ("name", "description"):
            return _without_fence(lines, start)
        raise BadCard("FL-A001", "the file has no front matter between two lines `---`", line=1)
    notes: list[Note] = []
    if opening > start:
        notes.append(Note(start + 1, "text stands above the front matter"))
    elif opening:
        notes.append(Note(1, "empty lines stand above the front matter"))
    before = [line for line in lines[start:opening] if line.strip()]
    closing = _closing(lines, opening + 1)
    if closing is None:
        end = _end_of_keys(lines, opening + 1)
        notes.append(Note(opening + 1, "the front matter is not closed with a line `---`"))
        return _Parts(before, lines[opening + 1 : end], opening + 2, lines[end:], tuple(notes))
    for nth in (opening, closing):
        if not _STRICT_END.match(lines[nth]):
            notes.append(Note(nth + 1, f"`{lines[nth].strip()[:20]}` stands where a line `---` belongs"))
    return _Parts(before, lines[opening + 1 : closing], opening + 2, lines[closing + 1 :], tuple(notes))


def _without_fence(lines: Sequence[str], start: int) -> _Parts:
    note = Note(start + 1, "the front matter does not begin with a line `---`")
    end = _end_of_keys(lines, start)
    closing = _closing(lines, start)
    if closing is not None and closing <= end:
        return _Parts((), lines[start:closing], start + 1, lines[closing + 1 :], (note,))
    return _Parts((), lines[start:end], start + 1, lines[end:], (note,))


def _closing(lines: Sequence[str], start: int) -> int | None:
    for pattern in (_STRICT_END, _END):
        found = next((nth for nth in range(start, len(lines)) if pattern.match(lines[nth])), None)
        if found is not None:
            return found
    return None


def _end_of_keys(lines: Sequence[str], start: int) -> int:
    """Where the fields end when no fence says so: at the first empty line after which no field goes on."""
    nth = start
    while nth < len(lines):
        if _STRICT_END.match(lines[nth]):
            return nth
        if not lines[nth].strip():
            following = _next_line(lines, nth)
            if not (_known_key(following) or following[:1] in (" ", "\t")):
                return nth
        nth += 1
    return nth


def _next_line(lines: Sequence[str], start: int) -> str:
    return next((line for line in lines[start:] if line.strip()), "")


def _known_key(line: str) -> str:
    found = _KEY.match(line.strip())
    return _KNOWN.get(found[1].lower(), "") if found else ""


# --------------------------------------------------------------------------------------------------------- the fields


def _fields(parts: _Parts, notes: list[Note]) -> Iterator[_Field]:
    lines = _dedented(parts.front)
    starts: list[int] = []
    for nth, line in enumerate(lines):
        if _known_key(line) and (line[:1].strip() or (starts and _is_beside(lines[starts[-1]], line))):
            starts.append(nth)
    lost = [nth for nth in range(starts[0] if starts else len(lines)) if _is_said(lines[nth])]
    if lost:
        notes.append(Note(parts.first + lost[0], "what stands above the first key is left out"))
    for nth, start in enumerate(starts):
        end = starts[nth + 1] if nth + 1 < len(starts) else len(lines)
        name = _known_key(lines[start])
        if lines[start][:1].isspace():
            notes.append(Note(parts.first + start, f"a tab indents `{name}`, which belongs to nothing above it"))
        yield _Field(name, parts.first + start, [lines[start].lstrip(), *lines[start + 1 : end]])


def _is_beside(above: str, line: str) -> bool:
    """Whether a key that a tab indents stands beside the one *above*, which has its value and is no prose."""
    name = _known_key(above)
    has_value = bool(above.partition(":")[2].strip())
    return line.startswith("\t") and has_value and name not in _PROSE and name not in _STRUCTURED


def _is_said(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _dedented(lines: Sequence[str]) -> list[str]:
    """*lines* without the blanks that all of them begin with."""
    said = [line for line in lines if line.strip()]
    wide = min((len(line) - len(line.lstrip(" \t")) for line in said), default=0)
    prefix = said[0][:wide] if said else ""
    if not wide or not all(line.startswith(prefix) for line in said):
        return list(lines)
    return [line[wide:] for line in lines]


class _Reader:
    """One field, read: its values (an unknown key may stand below it), what was mended, and lines that are strict."""

    def __init__(self, field: _Field, read_yaml: ReadYaml) -> None:
        self.field = field
        self.read_yaml = read_yaml
        self.notes: list[Note] = []
        self.values: dict[str, Json] = {}
        self.lines: Sequence[str] = ()
        lines = _without_end([self._head(), *field.lines[1:]])
        if field.name in _PROSE or not self._take(lines):
            self._take_apart(lines)

    def _note(self, text: str, line: int = 0) -> None:
        self.notes.append(Note(line or self.field.line, text))

    def _head(self) -> str:
        """The line of the key, with the key as programs write it and a space after its colon."""
        name = self.field.name
        key, _, rest = self.field.lines[0].partition(":")
        if key.rstrip() != name:
            self._note(f"`{key.rstrip()}` is written `{name}`")
        if rest and not rest[0].isspace():
            self._note(f"no space stands after `{name}:`")
            rest = f" {rest}"
        return f"{name}:{rest}"

    def _take(self, lines: Sequence[str]) -> bool:
        """Take *lines* when they are strict, or would be without tabs."""
        values, problem = _strictly(lines, self.field.line, self.read_yaml)
        if problem:
            spaced = [_spaced(line) for line in lines]
            values, still = _strictly(spaced, self.field.line, self.read_yaml)
            if still or spaced == list(lines):
                return False
            self._note("a tab indents the line; YAML takes spaces", _line_of(problem, self.field.line))
            lines = spaced
        if next(iter(values)) != self.field.name or any(_known_key(f"{name}:") for name in list(values)[1:]):
            return False
        self.values, self.lines = values, lines
        return True

    def _take_apart(self, lines: Sequence[str]) -> None:
        field = self.field
        alone, problem = _strictly(lines, field.line, self.read_yaml)
        if not problem and list(alone) == [field.name]:
            self.values, self.lines = alone, lines
            return
        line = _line_of(problem, field.line)
        reason = _PLACE.sub("", problem) or "a key is expected here"
        if field.name == _OURS:
            raise BadCard("FL-A002", f"`fairlead:` cannot be read: {reason}", key=_OURS, line=line)
        # Below a field that is no prose, a line that is not indented is something else.
        end = len(lines)
        if field.name not in _PROSE:
            end = next((nth for nth in range(1, len(lines)) if lines[nth][:1].strip()), len(lines))
        if end < len(lines) and self._take(lines[:end]):
            self._note("this line belongs to no key and is left out", field.line + end)
            return
        text = _as_text(lines[0].partition(":")[2], lines[1:end])
        how = "kept as text, and not used" if field.name in _STRUCTURED else "read as text"
        self._note(f"`{field.name}` is no strict YAML and is {how}: {reason}", line)
        self.values = {field.name: text}
        self.lines = _written(field.name, text, self.read_yaml)
        if end < len(lines):
            self._note("this line belongs to no key and is left out", field.line + end)


def _strictly(lines: Sequence[str], first: int, read_yaml: ReadYaml) -> tuple[dict[str, Json], str]:
    """The mapping that *lines* are, or why they are none; *first* is the number of the first of them."""
    try:
        found = read_yaml(b"\n" * (first - 1) + "\n".join(lines).encode("utf-8", "surrogatepass"))
    except ValueError as error:
        return {}, str(error)
    if not isinstance(found, dict) or not found:
        return {}, "a key is expected here"
    return found, ""


def _line_of(problem: str, otherwise: int) -> int:
    found = _PLACE.match(problem)
    return int(found[1]) if found else otherwise


def _spaced(line: str) -> str:
    """*line* with two spaces in the place of each tab that it begins with, and one in the place of the others."""
    rest = line.lstrip(" \t")
    return line[: len(line) - len(rest)].replace("\t", "  ") + rest.replace("\t", " ")


def _without_end(lines: Sequence[str]) -> list[str]:
    """*lines* without the empty ones at the end."""
    kept = list(lines)
    while len(kept) > 1 and not kept[-1].strip():
        kept.pop()
    return kept


def _as_text(rest: str, more: Sequence[str]) -> str:
    first = rest.strip()
    if first in ("|", ">", "|-", ">-", "|+", ">+"):
        first = ""
    text = "\n".join([first, *_dedented(more)]).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return "\n".join(line.rstrip() for line in text.split("\n"))


def _written(name: str, text: str, read_yaml: ReadYaml) -> Sequence[str]:
    """Lines of strict YAML that say *text*."""
    if "\n" in text:
        block = [f"{name}: |-", *(f"  {line}" if line else "" for line in text.split("\n"))]
        if _strictly(block, 1, read_yaml) == ({name: text}, ""):
            return block
    return [f"{name}: {json.dumps(text, ensure_ascii=False)}"]
