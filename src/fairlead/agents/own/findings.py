"""The findings of an agent of one's own: added one by one, in any order, completed when the agent is done."""

import re
from collections.abc import Callable
from os import PathLike, fspath
from typing import cast

import msgspec

from fairlead.core.findings import SEVERITIES, Finding, Fingerprints, Severity, path_text
from fairlead.core.json import Json

FINDINGS_MAX = 10_000  # of one call; more are counted
TEXT_CHARACTERS_MAX = 2_000  # of a message or a remedy
EXCERPT_CHARACTERS_MAX = 200
_RULE = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)+", re.ASCII)
_WORD = re.compile(r"\w+|\S")

_COUNT: dict[str, Json] = {"type": "integer", "minimum": 0}
_TEXT: dict[str, Json] = {"type": "string"}
OUTPUT_SCHEMA: dict[str, Json] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["findings", "stats"],
    "properties": {
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["rule", "severity", "path", "line", "column", "message", "fingerprint"],
                "properties": {
                    "rule": _TEXT,
                    "severity": {"enum": list(SEVERITIES)},
                    "path": {"type": "string", "minLength": 1},
                    "line": _COUNT,
                    "column": _COUNT,
                    "message": {"type": "string", "minLength": 1},
                    "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
                    "remedy": _TEXT,
                    "reason": _TEXT,
                    "excerpt": _TEXT,
                    "end_line": _COUNT,
                    "end_column": _COUNT,
                    "origin": {"type": "array", "items": _TEXT},
                },
            },
        },
        "stats": {
            "type": "object",
            "additionalProperties": False,
            "required": ["files", "unread", "binary", "left_out"],
            "properties": dict.fromkeys(("files", "unread", "binary", "left_out"), _COUNT),
        },
    },
}


class WrongUse(Exception):
    """The agent's own code gave an argument that cannot be right; the text says which and what was expected."""


class _Noted(msgspec.Struct, frozen=True):
    """A finding as it was added."""

    rule: str
    severity: Severity
    path: str  # as `path_text` writes it
    line: int
    column: int
    message: str
    remedy: str
    end_line: int
    end_column: int


class Findings:
    """What an agent found. Made by `ctx.findings()`."""

    def __init__(self, agent: str, lines_of: Callable[[str], list[str]], tell: Callable[[int], None]) -> None:
        self._agent = agent
        self._lines_of = lines_of
        self._tell = tell
        self._noted: list[_Noted] = []
        self.more = 0  # that came after the maximum was reached

    def __len__(self) -> int:
        """How many were added."""
        return len(self._noted) + self.more

    def add(
        self,
        rule: str,
        severity: str,
        path: "str | PathLike[str]",
        line: int = 0,
        column: int = 0,
        *,
        title: str = "",
        message: str = "",
        remedy: str = "",
        end_line: int = 0,
        end_column: int = 0,
    ) -> None:
        """Note one problem.

        *rule* is a family and a name, "todo/marker"; *severity* one of info, low, medium, high, critical. *line* and
        *column* count from 1; without *line* the finding is about the file as a whole. *title* (or *message*, which is
        the same) is one sentence. Without an end, the word at *column* is marked.

        Raises:
            WrongUse: an argument cannot be right.
        """
        said = title or message
        _must(_is_text(rule) and bool(_RULE.fullmatch(rule)), "rule", rule, 'a family and a name: "todo/marker"')
        _must(severity in SEVERITIES, "severity", severity, f"one of {', '.join(SEVERITIES)}")
        _must(not (title and message), "message", message, "left out when there is a title: they are the same")
        _must(_is_text(said) and bool(said.strip()), "title", said, "a sentence for people")
        _must(_is_text(remedy), "remedy", remedy, "text")
        name = path if isinstance(path, str) else path_text(fspath(path)) if hasattr(path, "__fspath__") else ""
        is_inside = bool(name) and not name.startswith("/") and ".." not in name.split("/")
        _must(is_inside, "path", name, "a path from the root of the tree, such as `file.path`")
        for key, number in (("line", line), ("column", column), ("end_line", end_line), ("end_column", end_column)):
            _must(_is_count(number), key, number, "a number that counts from 1")
        _must(not column or bool(line), "line", line, "given when there is a column")
        if len(self._noted) >= FINDINGS_MAX:
            self.more += 1
            return
        self._noted.append(
            _Noted(rule, cast(Severity, severity), name, line, column, _cut(said), _cut(remedy), end_line, end_column)
        )
        self._tell(1)

    def completed(self) -> list[Finding]:
        """All of them by path and line, with fingerprint, excerpt and end."""
        prints = Fingerprints()
        order = sorted(self._noted, key=lambda one: (one.path, one.line, one.column, one.rule))
        return [self._completed(one, prints) for one in order]

    def _completed(self, one: _Noted, prints: Fingerprints) -> Finding:
        lines = self._lines_of(one.path) if one.line else []
        text = lines[one.line - 1] if one.line <= len(lines) and one.line else ""
        column = one.column or (len(text) - len(text.lstrip()) + 1 if text.strip() else 1 if one.line else 0)
        end_line, end_column = one.end_line or one.line, one.end_column
        if one.line and not end_column:
            # The word at the column; of a line that was given as a whole, all of it.
            word = _WORD.match(text, column - 1) if one.column else None
            last = lines[end_line - 1] if end_line <= len(lines) else ""
            end_column = word.end() + 1 if word and end_line == one.line else max(len(last.rstrip()) + 1, 1)
        return Finding(
            rule=one.rule,
            severity=one.severity,
            path=one.path,
            line=one.line,
            column=column,
            message=one.message,
            fingerprint=prints.of(one.rule, one.path, text or one.message),
            remedy=one.remedy,
            excerpt=_printable(text.strip())[:EXCERPT_CHARACTERS_MAX],
            end_line=end_line,
            end_column=end_column,
            origin=(self._agent,),
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _must(is_right: bool, name: str, value: object, expected: str) -> None:
    if not is_right:
        shown = repr(value)
        shown = shown if len(shown) <= 60 else shown[:59] + "…"
        raise WrongUse(f"findings.add: `{name}` is {shown}; it must be {expected}")


def _cut(text: str) -> str:
    text = _printable(" ".join(text.split()))
    return text if len(text) <= TEXT_CHARACTERS_MAX else text[: TEXT_CHARACTERS_MAX - 1] + "…"


def _printable(text: str) -> str:
    """*text* as strict JSON can carry it."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "�")


def completed_rows(rows: Json, agent: str) -> Json:
    """The findings of a program with what it left out; what is no finding stays as it is, for the schema to refuse."""
    prints = Fingerprints()
    if not isinstance(rows, list):
        return rows
    return [_completed_row(row, agent, prints) if isinstance(row, dict) else row for row in rows]


def _completed_row(row: dict[str, Json], agent: str, prints: Fingerprints) -> dict[str, Json]:
    whole = {"column": 0, "origin": [agent], **row}
    path = row.get("path")
    if isinstance(path, str) and path.startswith("./"):  # as `find .` writes it: it is the same file
        whole["path"] = path.removeprefix("./")
    if "fingerprint" not in row:
        text = row.get("excerpt") or row.get("message")
        whole["fingerprint"] = prints.of(str(row.get("rule")), str(whole.get("path")), str(text))
    return whole
