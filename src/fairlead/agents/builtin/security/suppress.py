"""Comments that silence a finding: `noqa`, `nosec` and our own. What they silence is counted, never lost."""

import io
import re
import tokenize
from typing import Literal

from fairlead.agents.builtin.security.matches import lines_of

Kind = Literal["noqa", "nosec", "fairlead"]

_NOQA = re.compile(r"#\s*noqa(?::\s*(?P<codes>[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*))?", re.IGNORECASE)
_FILE_NOQA = re.compile(
    r"#\s*(?:ruff|flake8)\s*:\s*noqa(?::\s*(?P<codes>[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*))?\s*$", re.I
)
_NOSEC = re.compile(r"#\s*nosec\b:?\s*(?P<codes>[^#]*)", re.IGNORECASE)
_OURS = re.compile(r"fairlead:\s*ignore(?:\[(?P<rules>[^\]]*)\])?", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]+[0-9]+", re.IGNORECASE)
_HINTS = ("noqa", "nosec", "fairlead:")

# None: everything; otherwise the codes or rules that are named.
_Wanted = frozenset[str] | None


class Silenced:
    """The silencing comments of one file."""

    def __init__(self, text: str, is_python: bool) -> None:
        self._lines: dict[int, list[tuple[Kind, _Wanted]]] = {}
        self._file: list[_Wanted] = []
        folded = text.lower()
        if not any(hint in folded for hint in _HINTS):
            return
        for line, comment in _comments(text) if is_python else enumerate(lines_of(text), 1):
            self._read(line, comment, is_python)

    def by(self, rule: str, codes: frozenset[str], first: int, last: int) -> Kind | None:
        """Which comment silences *rule* on the lines *first* to *last*; *codes* are the tools' names of the rule."""
        for wanted in self._file:
            if wanted is None or wanted & codes:
                return "noqa"
        for line in range(first, max(first, last) + 1) if self._lines else ():
            for kind, wanted in self._lines.get(line, ()):
                names = {rule, rule.partition("/")[2]} if kind == "fairlead" else codes
                if wanted is None or wanted & names:
                    return kind
        return None

    def _read(self, line: int, comment: str, is_python: bool) -> None:
        here = self._lines.setdefault(line, [])
        ours = _OURS.search(comment)
        if ours:
            here.append(("fairlead", _names(ours["rules"])))
        if not is_python:
            return
        whole = _FILE_NOQA.search(comment)
        if whole:
            self._file.append(_codes(whole["codes"]))
            return
        noqa = _NOQA.search(comment)
        if noqa:
            here.append(("noqa", _codes(noqa["codes"])))
        nosec = _NOSEC.search(comment)
        if nosec:
            # A word that is no code is a remark ("nosec: it is fine") or bandit's long name of a check.
            here.append(("nosec", _codes(" ".join(_CODE.findall(nosec["codes"])))))


def _comments(text: str) -> list[tuple[int, str]]:
    try:
        tokens = tokenize.generate_tokens(io.StringIO(text, newline=None).readline)
        return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError, ValueError):
        # Not valid Python: take what looks like a comment.
        return [(number, line[line.index("#") :]) for number, line in enumerate(lines_of(text), 1) if "#" in line]


def _codes(text: str | None) -> _Wanted:
    found = frozenset(code.upper() for code in _CODE.findall(text or ""))
    return found or None


def _names(text: str | None) -> _Wanted:
    found = frozenset(part.strip() for part in (text or "").split(",") if part.strip())
    return found or None
