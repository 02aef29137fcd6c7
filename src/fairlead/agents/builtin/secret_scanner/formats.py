"""The formats of the rule table, and the search for them in one text."""

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import msgspec

from fairlead.agents.builtin.secret_scanner import assignments, judgement
from fairlead.agents.builtin.secret_scanner.judgement import Verdict
from fairlead.agents.rules import Rule, load_rules

# Around the body of a key: line breaks, or `\n` as it is written in a string.
_BREAKS_IN_FRONT = re.compile(r"(?:\\[rnt]|\s)+")
_BREAKS_AT_END = re.compile(r"(?:\\[rnt]|\s)+\Z")
# What can hold a credential at all: formats that stand alone are looked for only in these, a tenth of most files.
_LONG_WORDS = re.compile(rb"[\w+/=.~:$%@-]{16,}")
UNREAD = "secrets/unread-file"  # a rule without a format: it is about files, not about what is in them


class Format(msgspec.Struct, frozen=True):
    """One row of the table; `rank` is its place, and the lower rank wins where two match the same characters."""

    rule: Rule
    rank: int
    keywords: tuple[bytes, ...]
    needs: tuple[bytes, ...]
    names: tuple[str, ...]
    pattern: str  # "": assignments of random values, which `assignments` finds
    is_alone: bool
    before: int | None
    entropy: float
    check: str


class Hit(NamedTuple):
    """One credential in a text: characters *start* to *end*; people are shown the character *at*."""

    start: int
    end: int
    at: int
    rank: int
    rule: Rule
    verdict: Verdict


@cache
def rules() -> dict[str, Rule]:
    """The table of this scanner, read once in a process."""
    return load_rules("secrets")


def forms_for(data: bytes, among: Iterable[Format] | None = None) -> list[Format]:
    """The formats, or those *among* some, whose keywords stand in *data*: the others need not be searched for."""
    lowered = data.lower()
    long_words = b"\n".join(_LONG_WORDS.findall(lowered))
    return [
        form
        for form in (_formats() if among is None else among)
        if _has_any(form.keywords, long_words if form.is_alone else lowered)
        and (not form.needs or _has_any(form.needs, lowered))
    ]


def hits_in(text: str, name: str, forms: Iterable[Format]) -> list[Hit]:
    """Every credential of *forms* in *text*, in its order; *name* is the file's last part, which binds some formats."""
    return _without_overlaps(
        hit for form in forms if not form.names or name in form.names for hit in _hits_of(form, text, name)
    )


def _has_any(words: tuple[bytes, ...], lowered: bytes) -> bool:
    return any(word in lowered for word in words)


def _hits_of(form: Format, text: str, name: str) -> Iterator[Hit]:
    for at, start, end in _spans_of(form, text, name):
        verdict = judgement.verdict_on(text, start, end, form.entropy, form.check)
        if verdict != "no":
            yield Hit(start, end, at if "\n" in text[start:end] else start, form.rank, form.rule, verdict)


def _spans_of(form: Format, text: str, name: str) -> Iterator[tuple[int, int, int]]:
    """Where a match begins, and where the credential in it begins and ends."""
    if not form.pattern:
        for start, end in assignments.spans_in(text, name, is_password=form.rule.id == "secrets/generic-password"):
            yield start, start, end
        return
    pattern = _compiled(form.pattern)
    for match in _matches_of(form, pattern, text):
        # Only a credential that begins the match needs a left edge; otherwise the pattern itself leads up to it.
        group = "secret" if "secret" in pattern.groupindex else 0
        if form.rule.details.get("context") or group != 0 or _is_left_edge(text, match.start()):
            start, end = match.span(group)
            front, back = _BREAKS_IN_FRONT.match(text, start, end), _BREAKS_AT_END.search(match[group][-20:])
            yield match.start(), front.end() if front else start, end - len(back[0]) if back else end


def _matches_of(form: Format, pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    if form.before is None:
        yield from pattern.finditer(text)
        return
    # A credential whose fixed letters stand in its middle has no beginning to search for quickly, so the search goes
    # from the letters: this keeps a long line of random characters linear.
    lowered = _lowered(text)
    for keyword in map(bytes.decode, form.keywords):
        at = lowered.find(keyword)
        while at >= 0:
            match = pattern.match(text, at - form.before) if at >= form.before else None
            if match is not None:
                yield match
            at = lowered.find(keyword, at + 1)


def _is_left_edge(text: str, start: int) -> bool:
    r"""A credential begins here: no word goes on into it. The `n` of a written `\n` or a `%3D` is no word."""
    if start == 0:
        return True
    previous = text[start - 1]
    if not (previous.isalnum() or previous == "_"):
        return True
    before = text[max(0, start - 3) : start]
    return before[-2:] in ("\\n", "\\r", "\\t") or re.fullmatch("%[0-9A-Fa-f]{2}", before) is not None


def _without_overlaps(found: Iterable[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in sorted(found, key=lambda hit: (hit.rank, hit.start)):
        at = bisect_left(kept, hit.start, key=_start)
        is_free = (at == 0 or kept[at - 1].end <= hit.start) and (at == len(kept) or kept[at].start >= hit.end)
        if is_free:
            insort(kept, hit, key=_start)
    return kept


def _start(hit: Hit) -> int:
    return hit.start


def _lowered(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    # A few letters grow when lowered; places in both texts must stay the same.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


@cache
def _formats() -> tuple[Format, ...]:
    return tuple(_format(rule, rank) for rank, rule in enumerate(rules().values()) if rule.id != UNREAD)


def _format(rule: Rule, rank: int) -> Format:
    details = rule.details
    return Format(
        rule=rule,
        rank=rank,
        keywords=tuple(map(str.encode, details["keywords"])),
        needs=tuple(map(str.encode, details.get("needs", ()))),
        names=tuple(details.get("names", ())),
        pattern=_pattern(rule),
        is_alone=details.get("alone", False),
        before=details.get("before"),
        entropy=details.get("entropy", 2.0),
        check=details.get("check", ""),
    )


def _pattern(rule: Rule) -> str:
    details = rule.details
    if details.get("pattern") == "generic":
        return ""
    if "context" in details:
        # NAME_OF_SERVICE…: "value", with whatever a language puts between a name and its value.
        between = r"""[\w.-]{0,30}["'\]]{0,2}[ \t]{0,8}(?:=>|:=|={1,3}|:|,|[ \t])[ \t]{0,8}[bru]{0,2}["'`]?"""
        return f"(?i:{details['context']}){between}(?P<secret>{details['value']})(?![\\w-])"
    return f"(?:{details['pattern']})(?!\\w)"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when its keyword is first met: most files hold the words of few formats, and all of them cost a tenth
    of a second."""
    return re.compile(pattern, re.ASCII)
