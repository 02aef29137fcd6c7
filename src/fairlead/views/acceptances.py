"""What people have accepted: remarks in the record, and a file that a team commits. Both are read as data.

For one fingerprint the later remark holds, and an acceptance in the file holds whatever the record says: whoever takes
one back must take it out of the file, where everybody sees it go.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

import msgspec

from fairlead.core.errors import Diagnostic, Span
from fairlead.core.events import FindingAccepted, FindingReopened, Recorded
from fairlead.core.ids import Micros, RunId
from fairlead.core.json import Json, NotStrict, parse
from fairlead.views.findings import ACCEPTED_FILE, RECORD, Acceptance

FILE = ACCEPTED_FILE
_VERSION = 1
FILE_BYTES_MAX = 2_000_000
ENTRIES_MAX = 10_000
WARNINGS_MAX = 20  # about one file; the number of the others is said
TEXT_CHARACTERS_MAX = 2_000  # of each text in an entry, also of a reason that is given here

_REQUIRED = ("fingerprint", "rule", "path", "reason")
_KEYS = frozenset((*_REQUIRED, "by", "at", "until"))
_DAY_MICROS = 86_400 * 1_000_000


class Entry(msgspec.Struct, frozen=True):
    """One acceptance, wherever it stands."""

    fingerprint: str
    rule: str
    path: str  # as `path_text`
    acceptance: Acceptance
    run: RunId = RunId("")  # the run in which it was recorded; "" for one of the file


class Acceptances(msgspec.Struct, frozen=True):
    """All acceptances, by fingerprint: those of the file, and those that were recorded and not taken back."""

    filed: dict[str, Entry] = {}
    recorded: dict[str, Entry] = {}
    warnings: tuple[Diagnostic, ...] = ()  # what the file says that nobody can take for an acceptance

    def holding(self, fingerprint: str, today: str) -> Acceptance | None:
        """The acceptance that makes this finding count for nothing."""
        return next((one for one in self._of(fingerprint) if not has_passed(one, today)), None)

    def lapsed(self, fingerprint: str, today: str) -> Acceptance | None:
        """The acceptance that held until a day that has passed, when no other one holds."""
        found = self._of(fingerprint)
        if not found or self.holding(fingerprint, today) is not None:
            return None
        return max(found, key=lambda one: one.until)

    def entries(self) -> Iterator[Entry]:
        """All of them; a fingerprint that stands in both places, once, as the file has it."""
        yield from self.filed.values()
        yield from (entry for fingerprint, entry in self.recorded.items() if fingerprint not in self.filed)

    def _of(self, fingerprint: str) -> list[Acceptance]:
        return [place[fingerprint].acceptance for place in (self.filed, self.recorded) if fingerprint in place]


def has_passed(acceptance: Acceptance, today: str) -> bool:
    """Whether its last day lies before *today*; days of the form 2027-01-31 compare as text."""
    return bool(acceptance.until) and acceptance.until < today


def day_of(at: int) -> str:
    """The day of a time, in UTC: a laptop and a build machine must agree on what has passed."""
    return datetime.fromtimestamp(at / 1e6, UTC).date().isoformat()


def recorded_acceptances(remarks: Iterable[Recorded]) -> dict[str, Entry]:
    """What the remarks come to, in their order."""
    found: dict[str, Entry] = {}
    for record in remarks:
        match record.event:
            case FindingAccepted(fingerprint, rule, path, reason, until, requester):
                found.pop(fingerprint, None)  # the later one stands behind what came before it
                acceptance = Acceptance(reason, requester, record.at, until, RECORD)
                found[fingerprint] = Entry(fingerprint, rule, path, acceptance, record.run)
            case FindingReopened(fingerprint):
                found.pop(fingerprint, None)
            case _:
                pass
    return found


# ------------------------------------------------------------------------------------------------------------ the file


def read_accepted(data: bytes) -> tuple[dict[str, Entry], tuple[Diagnostic, ...]]:
    """The entries of the file, and a warning for all that is none. What cannot be read accepts nothing."""
    if len(data) > FILE_BYTES_MAX:
        return {}, (_unread(f"it has more than {FILE_BYTES_MAX // 1_000_000} MB"),)
    try:
        document = parse(data)
    except NotStrict as problem:
        return {}, (_unread(str(problem)),)
    wrong = _wrong_document(document)
    if wrong:
        return {}, (_unread(wrong),)
    found: dict[str, Entry] = {}
    bad: list[tuple[int, str]] = []
    for number, row in enumerate(document["accepted"]):
        problem_of_row = _wrong_entry(row)
        if not problem_of_row and row["fingerprint"] in found:
            problem_of_row = "this fingerprint stands above already, and the first one holds"
        if problem_of_row:
            bad.append((number, problem_of_row))
        else:
            found[row["fingerprint"]] = _entry(row)
    return found, tuple(_warnings(data.decode(), bad))


def file_text(entries: Iterable[Entry]) -> str:
    """The file with these entries, in an order that makes small differences: by path, rule and fingerprint."""
    rows: list[dict[str, Json]] = []
    for entry in sorted(entries, key=lambda one: (one.path, one.rule, one.fingerprint)):
        acceptance = entry.acceptance
        row: dict[str, Json] = {
            "fingerprint": entry.fingerprint,
            "rule": entry.rule,
            "path": entry.path,
            "reason": acceptance.reason,
            "by": acceptance.by,
            "at": day_of(acceptance.at) if acceptance.at else "",
            "until": acceptance.until,
        }
        rows.append({name: value for name, value in row.items() if value != ""})
    document = {"fairlead": _VERSION, "accepted": rows}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _is_day(text: str) -> bool:
    """Whether *text* is a day as `2027-01-31`."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _wrong_document(document: Json) -> str:
    if not isinstance(document, dict) or not isinstance(document.get("accepted"), list):
        return 'it is no object with a list under "accepted"'
    if document.get("fairlead") != _VERSION:
        return f'"fairlead" is not {_VERSION}, the version of this format that is known here'
    if unknown := sorted(document.keys() - {"fairlead", "accepted"}):
        return f"the key {unknown[0]!r} is unknown"
    if len(document["accepted"]) > ENTRIES_MAX:
        return f"it has more than {ENTRIES_MAX:,} entries"
    return ""


def _wrong_entry(row: Json) -> str:
    """Why this is no acceptance; "" when it is one."""
    if not isinstance(row, dict):
        return "it is no object"
    if missing := [name for name in _REQUIRED if name not in row]:
        return f"{missing[0]!r} is missing"
    if unknown := sorted(row.keys() - _KEYS):
        return f"the key {unknown[0]!r} is unknown"
    for name, value in row.items():
        if not isinstance(value, str):
            return f"{name!r} is no text"
        if not value.strip() and name in _REQUIRED:
            return f"{name!r} is empty"
        if len(value) > TEXT_CHARACTERS_MAX:
            return f"{name!r} has more than {TEXT_CHARACTERS_MAX:,} characters"
        if name in ("at", "until") and not _is_day(value):
            return f"{name!r} is {value!r:.40}, and no day such as '2027-01-31'"
    if len(row["fingerprint"]) != 24 or set(row["fingerprint"]) - set("0123456789abcdef"):
        return "'fingerprint' is not 24 hexadecimal digits"
    return ""


def _entry(row: dict[str, str]) -> Entry:
    at = date.fromisoformat(row["at"]).toordinal() - date(1970, 1, 1).toordinal() if "at" in row else 0
    acceptance = Acceptance(
        row["reason"], row.get("by", ""), Micros(max(0, at) * _DAY_MICROS), row.get("until", ""), FILE
    )
    return Entry(row["fingerprint"], row["rule"], row["path"], acceptance)


def _unread(why: str) -> Diagnostic:
    hint = "mend it, or write it anew: fairlead findings export --format accepted -o " + FILE
    return Diagnostic("FL-S016", f"{FILE} accepts nothing: {why}", True, FILE, hints=(hint,))


def _warnings(text: str, bad: Sequence[tuple[int, str]]) -> Iterator[Diagnostic]:
    if not bad:
        return
    places = _places(text)
    lines = text.split("\n")
    for number, why in bad[:WARNINGS_MAX]:
        line, column = places[number]
        span = Span(line, column, line, column + 1)
        message = f"accepted[{number}] accepts nothing: {why}"
        yield Diagnostic("FL-S017", message, True, FILE, span, lines[line - 1][:200], hints=("mend or remove it",))
    if len(bad) > WARNINGS_MAX:
        message = f"{len(bad) - WARNINGS_MAX} more entries accept nothing"
        yield Diagnostic("FL-S017", message, True, FILE, hints=("mend or remove them",))


def _places(text: str) -> list[tuple[int, int]]:
    """Line and column of every entry. The text was read before, so that it is known to be the document it should be."""
    decode = json.JSONDecoder().raw_decode
    at = _next(text, _next(text, 0) + 1)
    while True:
        key, at = decode(text, at)
        at = _next(text, _next(text, at) + 1)
        if key == "accepted":
            break
        at = _next(text, _next(text, decode(text, at)[1]) + 1)
    places = []
    at = _next(text, at + 1)
    while text[at] != "]":
        places.append((text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)))
        at = _next(text, decode(text, at)[1])
        at = _next(text, at + 1) if text[at] == "," else at
    return places


def _next(text: str, at: int) -> int:
    """Where the white space at *at* ends."""
    while text[at : at + 1] in (" ", "\t", "\n", "\r"):
        at += 1
    return at
