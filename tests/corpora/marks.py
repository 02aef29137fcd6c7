"""Planted files whose faults are marked in the text itself: `«rule:fault»` or `«rule=severity:fault»`, also nested.

Everything that is marked must be reported with exactly this place, and nothing else may be reported. Words in `<…>` are
put in when the tests run, so that nothing here looks like a credential.
"""

import base64
import hashlib
import re
from typing import NamedTuple

_RANDOM = base64.b32encode(hashlib.sha256(b"planted").digest()).decode().lower()
FILL = {
    "<SECRET>": _RANDOM[:10] + "Q7x" + _RANDOM[10:20],
    "<PHRASE>": "correct" + "-" + "horse" + "7",
}
_BEGIN = re.compile(r"«(?P<rule>[\w-]+)(?:=(?P<severity>\w+))?:")


class Fault(NamedTuple):
    """One marked place. Without a severity that of the rule's table holds."""

    rule: str
    line: int
    column: int
    end_line: int
    end_column: int
    severity: str | None


class Planted(NamedTuple):
    """A file without its marks, and what must be reported in it."""

    text: str
    faults: list[Fault]


def planted(marked: str, family: str = "security") -> Planted:
    """The file that *marked* stands for; the rules in it belong to *family*."""
    for word, value in FILL.items():
        marked = marked.replace(word, value)
    text, line, column = "", 1, 1
    waiting: list[tuple[str, str | None, int, int]] = []
    faults: list[Fault] = []
    offset = 0
    while offset < len(marked):
        begin = _BEGIN.match(marked, offset)
        if begin:
            waiting.append((begin["rule"], begin["severity"], line, column))
            offset = begin.end()
            continue
        character = marked[offset]
        offset += 1
        if character == "»":
            rule, severity, first, start = waiting.pop()
            faults.append(Fault(f"{family}/{rule}", first, start, line, column, severity))
            continue
        text += character
        line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    assert not waiting, f"a mark is not closed: {waiting}"
    return Planted(text, sorted(faults, key=lambda fault: (fault.line, fault.column, fault.rule)))


def shown(marked: str, secret: bool = True) -> set[str]:
    """The filled-in words of *marked*: what no finding may show."""
    return {value for word, value in FILL.items() if secret and word in marked}
