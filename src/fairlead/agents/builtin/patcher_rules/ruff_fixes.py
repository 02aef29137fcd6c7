"""Findings of the code-reviewer that ruff itself can mend: its own changes, taken one finding at a time."""

import json
import sys
from collections.abc import Mapping, Sequence

from fairlead.agents.builtin.patcher_rules.source import NoFix, line_starts
from fairlead.core.json import Json
from fairlead.core.tools import ToolWorld

# Rule of ours → ruff's codes whose change is taken. Ruff calls each of them safe; those in `_PROVEN` it does not, and
# they are taken because the second scan and the tests look at what came of it.
RULES: Mapping[str, tuple[str, ...]] = {
    "review/constant-condition": ("F632",),
    "review/mutable-default": ("B006",),
    "review/repeated-entry": ("B033", "PIE794"),
    "review/unused-import": ("F401",),
    "review/wrong-format": ("F504", "F522", "F523"),
    "review/wrong-handler": ("B014",),
    "review/wrong-raise": ("F901",),
}
_PROVEN = frozenset({"B006", "PIE794"})

SECONDS_MAX = 30.0
_PYTHON = (sys.executable, "-E", "-P", "-B", "-m")
_ENVIRONMENT = {"XDG_CACHE_HOME": "/dev/null", "RUFF_NO_CACHE": "true"}

Span = tuple[int, int]


def mended_by_ruff(text: str, name: str, rule: str, spans: Sequence[Span], world: ToolWorld) -> str:
    """*text* with ruff's changes for *rule* where they begin in one of *spans*; *name* is the file's.

    Raises:
        NoFix: ruff offers none there, or cannot be asked.
    """
    argv = [*_PYTHON, "ruff", "check", "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--quiet"]
    argv += ["--preview", "--target-version", "py311", "--output-format", "json", "--select", ",".join(RULES[rule])]
    argv += ["--stdin-filename", name if name.isprintable() and not name.startswith("-") else "file.py", "-"]
    ended = world.run(argv, timeout_s=SECONDS_MAX, stdin=text.encode("utf-8", "replace"), env=_ENVIRONMENT)
    try:
        rows = json.loads(ended.stdout)
    except ValueError:
        raise NoFix("ruff could not be asked.") from None
    starts = line_starts(text)
    edits: set[tuple[int, int, str]] = set()
    for row in rows:
        fix = row.get("fix")
        at = _offset(starts, row["location"])
        is_taken = fix and (fix["applicability"] == "safe" or row["code"] in _PROVEN)
        if is_taken and any(start <= at < end for start, end in spans):
            edits |= {_edit(starts, one, len(text)) for one in fix["edits"]}
    return _made(text, edits)


def _made(text: str, edits: set[tuple[int, int, str]]) -> str:
    if not edits:
        raise NoFix("ruff offers no safe change of this place.")
    parts: list[str] = []
    at = 0
    for start, end, content in sorted(edits):
        if start < at:
            raise NoFix("Two of ruff's changes meet.")
        parts += (text[at:start], content)
        at = end
    return "".join((*parts, text[at:]))


def _edit(starts: Sequence[int], edit: Mapping[str, Json], length: int) -> tuple[int, int, str]:
    end = min(_offset(starts, edit["end_location"]), length)
    return _offset(starts, edit["location"]), end, str(edit["content"])


def _offset(starts: Sequence[int], place: Mapping[str, int]) -> int:
    row = place["row"]
    return starts[row - 1] + place["column"] - 1 if row <= len(starts) else 10**9
