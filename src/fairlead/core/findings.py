"""Findings: one problem at one place, and the fingerprint that survives a move of the line."""

import hashlib
import re
from typing import Literal, get_args

import msgspec

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # in rising order


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One problem at one place.

    `line` and `column` count from 1, columns in characters; `line` 0 means the file as a whole.
    `excerpt` is the source line (secrets masked), cut at 200 characters.
    `origin` names every tool that reported it, in alphabetical order.
    """

    rule: str  # "security/sql-injection": a key of the rule tables, known to `fairlead explain`
    severity: Severity
    path: str  # text: see `path_text`
    line: int
    column: int
    message: str
    fingerprint: str
    remedy: str = ""
    reason: str = ""  # why this severity
    excerpt: str = ""
    end_line: int = 0
    end_column: int = 0
    origin: tuple[str, ...] = ()
    commit: str = ""  # for a finding that stands only in history: the commit that brought it


def path_text(path: str) -> str:
    r"""A path as strict JSON can carry it: a byte that is not UTF-8 is written `\xNN`, and a backslash is doubled.

    *path* is what `os.fsdecode` gives. Control characters stay as they are: each door escapes them for its own sink.
    """
    if path.isascii():
        return path.replace("\\", "\\\\") if "\\" in path else path
    doubled = path.replace("\\", "\\\\")
    return "".join(f"\\x{ord(c) - 0xDC00:02x}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in doubled)


def path_from_text(text: str) -> str:
    """The path that `path_text` wrote, as `os.fsdecode` gives it."""
    if "\\" not in text:
        return text
    return re.sub(r"\\\\|\\x([89a-f][0-9a-f])", lambda m: chr(0xDC00 + int(m[1], 16)) if m[1] else "\\", text)


# What a formatter may write otherwise without a change of content, in the order in which it is taken away.
_SPELLING = re.compile(
    r"(?<![\w'\"])(?:0[xX][0-9a-fA-F_]+|\d[\d_.]*(?:[eE][+-]?\d+[jJ]?|[jJ])|[bBfFrRuU]{1,2}(?=['\"]))"
)
_ESCAPED = re.compile(r"\\\r?\n|\\(?=['\"`])")  # a continued line, and a quote that other quotes need not escape
_SILENT = re.compile(r"[\s'\"`;]+")
_TRAILING = re.compile(r",+(?=[)\]}]|$)")
_BRACKETS = str.maketrans("", "", "()")


def folded(text: str) -> str:
    """*text* without what a formatter changes, so that code keeps its fingerprint when it is wrapped otherwise.

    White space, continued lines, the kind of quotes, semicolons, trailing commas, round brackets, and the letter case
    of numbers and string prefixes do not count. Code that differs only so is one to whoever compares runs.
    """
    text = _SPELLING.sub(lambda found: found[0].lower().replace("u", ""), text)
    return _TRAILING.sub("", _SILENT.sub("", _ESCAPED.sub("", text))).translate(_BRACKETS)


class Fingerprints:
    """Gives findings their fingerprints: rule, path and the text of the code, not the line's number.

    The text is the statement that holds the finding where somebody can tell (`agents.builtin.statements`), else the
    line; it counts as `folded`. Equal texts are told apart by their order, so ask in the order of the file.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], int] = {}

    def of(self, rule: str, path: str, text: str) -> str:
        """The fingerprint of *rule* at the code *text* of *path*; for a secret, *text* must be masked."""
        code = folded(text)
        nth = self._seen.get((rule, path, code), 0)
        self._seen[rule, path, code] = nth + 1
        material = "\0".join((rule, path, code, str(nth)))
        return hashlib.sha256(material.encode("utf-8", "surrogatepass")).hexdigest()[:24]
