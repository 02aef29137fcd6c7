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
    return re.sub(r"\\\\|\\x([89a-f][0-9a-f])", lambda m: chr(0xDC00 + int(m[1], 16)) if m[1] else "\\", text)


class Fingerprints:
    """Gives findings their fingerprints: rule, path and the line's text, not the line's number.

    Equal lines are told apart by their order, so ask in the order of the file. White space does not count.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], int] = {}

    def of(self, rule: str, path: str, text: str) -> str:
        """The fingerprint of *rule* at the line *text* of *path*; for a secret, *text* must be masked."""
        folded = "".join(text.split())
        nth = self._seen.get((rule, path, folded), 0)
        self._seen[rule, path, folded] = nth + 1
        material = "\0".join((rule, path, folded, str(nth)))
        return hashlib.sha256(material.encode("utf-8", "surrogatepass")).hexdigest()[:24]
