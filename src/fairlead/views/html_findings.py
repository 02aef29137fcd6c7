"""The findings of a report: as data for its script, and as HTML for readers without one. Both show the same."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from fairlead.views.findings import Acceptance, FindingView
from fairlead.views.html_text import Html, Piece, element, joined, visible
from fairlead.views.rules import RuleText

STATIC_MAX = 50  # so many findings stand in the page before its script has run; the rest is for browsers without one
MESSAGE_CHARACTERS_MAX = 2_000

SHAPES = {"critical": "◆", "high": "▲", "medium": "■", "low": "●", "info": "○"}
_ANCHOR = re.compile(r"f-[0-9A-Za-z_-]{1,100}")
_CWE = re.compile(r"CWE-(\d{1,6})")


class AcceptedNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a finding counts for nothing."""

    reason: str
    by: str
    until: str = ""


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding as the report shows it. Every text is visible: hidden characters are written as escapes."""

    id: str
    anchor: str  # what stands behind `#` in the address
    severity: str
    rule: str
    path: str
    message: str
    line: int = 0
    column: int = 0
    before: str = ""  # the excerpt, in three parts: up to the place, the place, and what follows
    marked: str = ""
    after: str = ""
    remedy: str = ""
    reason: str = ""
    agent: str = ""
    origin: str = ""
    commit: str = ""
    accepted: AcceptedNote | None = None
    is_new: bool | None = None


class RuleNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the page says about one rule beside each of its findings."""

    anchor: str
    title: str = ""
    why: str = ""
    remedy: str = ""
    cwe: str = ""


def rows_of(findings: Sequence[FindingView]) -> tuple[Row, ...]:
    """The findings in the order in which the report lists them: what counts, what is older, what was accepted."""
    rows = [_row(finding, number) for number, finding in enumerate(findings, start=1)]
    return tuple(sorted(rows, key=lambda row: 2 if row.accepted else int(row.is_new is False)))


def _row(finding: FindingView, number: int) -> Row:
    before, marked, after = (visible(part) for part in _excerpt(finding))
    accepted = finding.accepted
    return Row(
        id=visible(finding.id),
        anchor=finding.id if _ANCHOR.fullmatch(finding.id) else f"n-{number}",
        severity=finding.severity,
        rule=visible(finding.rule),
        path=visible(finding.path),
        message=_bounded(finding.message),
        line=max(0, finding.line),
        column=max(0, finding.column),
        before=before,
        marked=marked,
        after=after,
        remedy=_bounded(finding.remedy),
        reason=_bounded(finding.reason),
        agent=visible(finding.agent),
        origin=visible(", ".join(finding.origin)),
        commit=visible(finding.commit),
        accepted=_note(accepted) if accepted else None,
        is_new=finding.is_new,
    )


def _note(accepted: Acceptance) -> AcceptedNote:
    return AcceptedNote(_bounded(accepted.reason), visible(accepted.by), visible(accepted.until))


def _bounded(text: str) -> str:
    shown = visible(text[: MESSAGE_CHARACTERS_MAX + 1])
    return shown if len(text) <= MESSAGE_CHARACTERS_MAX else shown[:MESSAGE_CHARACTERS_MAX] + "…"


def _excerpt(finding: FindingView) -> tuple[str, str, str]:
    """The source line without its indentation, cut where the finding begins and where it ends."""
    source = finding.excerpt.rstrip()
    stripped = source.lstrip()
    begin = finding.column - 1 - (len(source) - len(stripped))
    if finding.column < 1 or not 0 <= begin < len(stripped):
        return stripped, "", ""
    if finding.end_line not in (0, finding.line):
        end = len(stripped)
    else:
        length = finding.end_column - finding.column if finding.end_column else 1
        end = begin + max(1, length)
    return stripped[:begin], stripped[begin:end], stripped[end:]


def notes_of(rows: Iterable[Row], rules: Mapping[str, RuleText]) -> dict[str, RuleNote]:
    """What there is to say about each rule that was met, in the order of its first finding."""
    notes: dict[str, RuleNote] = {}
    for row in rows:
        if row.rule not in notes:
            anchor = f"rule-{len(notes) + 1}"
            rule = rules.get(row.rule)
            notes[row.rule] = (
                RuleNote(anchor, *map(visible, (rule.title, rule.why, rule.remedy, rule.cwe)))
                if rule is not None
                else RuleNote(anchor)
            )
    return notes


def lists_html(rows: Sequence[Row], notes: Mapping[str, RuleNote]) -> tuple[Html, Html]:
    """All findings under the headings of their groups: the worst, and the rest, without the texts of its rules."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(_group_of(row), []).append(row)
    first, rest, room = [], [], STATIC_MAX
    for name, found in groups.items():
        head, tail = found[:room], found[room:]
        room -= len(head)
        if head:
            cards = [_card(row, notes[row.rule]) for row in head]
            first.append(_group(name.capitalize(), len(found), cards))
        if tail:
            cards = [_card(row, notes[row.rule], is_brief=True) for row in tail]
            rest.append(_group(f"{name.capitalize()}, continued" if head else name.capitalize(), len(tail), cards))
    return joined(first), joined(rest)


def _group_of(row: Row) -> str:
    """The heading that a finding stands under: its severity, or why it counts for nothing."""
    if row.accepted:
        return "accepted"
    return "older than the baseline" if row.is_new is False else row.severity


def _group(heading: str, count: int, cards: Sequence[Html]) -> Html:
    number = element("span", f"{count:,}", class_="quiet")
    return element("section", element("h3", heading, " ", number), cards, class_="group")


def severity_word(severity: str) -> Html:
    """The severity as word, shape and colour."""
    shape = element("span", SHAPES[severity], class_="shape", aria_hidden="true")
    return element("span", shape, " ", severity, class_=f"severity {severity}")


def _place_of(row: Row) -> str:
    """`path:line:column`, as far as it is known."""
    place = f"{row.path}:{row.line}" if row.line else row.path
    return f"{place}:{row.column}" if row.line and row.column else place


def _card(row: Row, note: RuleNote, *, is_brief: bool = False) -> Html:
    """One finding. The script of the page makes the same elements in the same order: see `card` in report.js."""
    title = f"title-{row.anchor}"
    return element(
        "article",
        element("h4", severity_word(row.severity), " ", element("span", row.message), id=title),
        element("p", element("code", _place_of(row), class_="place"), " ", _marks(row), class_="where"),
        _code(row),
        _accepted(row.accepted) if row.accepted else "",
        element("p", element("b", "Fix"), " ", remedy, class_="fix") if (remedy := row.remedy or note.remedy) else "",
        "" if is_brief else _details(row, note),
        element(
            "p",
            element("a", row.id, href=f"#{row.anchor}", class_="id"),
            " ",
            element("a", row.rule, href=f"#{note.anchor}", class_="rule"),
            class_="marks",
        ),
        id=row.anchor,
        class_=f"finding {row.severity}" + (" accepted" if row.accepted else ""),
        tabindex="-1",
        aria_labelledby=title,
    )


def _marks(row: Row) -> Iterator[Piece]:
    if row.is_new is not None:
        yield element("span", "new" if row.is_new else "older", class_="badge")
        yield " "
    if row.accepted:
        yield element("span", "accepted", class_="badge")


def _code(row: Row) -> Piece:
    if not row.before and not row.marked:
        return ""
    number = element("span", str(row.line), class_="number") if row.line else ""
    mark = element("mark", row.marked) if row.marked else ""
    return element("pre", number, element("code", row.before, mark, row.after))


def _accepted(accepted: AcceptedNote) -> Html:
    until = f" until {accepted.until}" if accepted.until else ""
    return element("p", element("b", f"Accepted by {accepted.by}{until}"), " ", accepted.reason, class_="acceptance")


def _details(row: Row, note: RuleNote) -> Html:
    told = [
        ("Rule", note.title),
        ("Why it matters", note.why),
        (f"Why {row.severity}", row.reason),
        ("In general", note.remedy if row.remedy and note.remedy != row.remedy else ""),
        ("Weakness", cwe_link(note.cwe)),
        ("Only in commit", row.commit),
        ("Found by", f"{row.agent} ({row.origin})" if row.origin else row.agent),
    ]
    pairs = ((element("dt", name), element("dd", value)) for name, value in told if value)
    return element("details", element("summary", "Why, and what to do"), element("dl", pairs))


def cwe_link(cwe: str) -> Piece:
    """The weakness with its page at MITRE, which nobody asks for before a person follows the link."""
    number = _CWE.fullmatch(cwe)
    if number is None:
        return cwe
    address = f"https://cwe.mitre.org/data/definitions/{number[1]}.html"
    return element("a", cwe, href=address, rel="noopener noreferrer")
