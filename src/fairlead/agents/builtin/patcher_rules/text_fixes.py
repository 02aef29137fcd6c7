"""What is mended without a syntax tree of ours: signs that turn the direction of text, and a little JavaScript."""

import io
import re
import tokenize
from collections.abc import Callable, Mapping, Sequence

from fairlead.agents.builtin.patcher_rules.source import NoFix, line_starts

Span = tuple[int, int]
TextFix = Callable[[str, Sequence[Span]], str]

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200f]")
_RAW = re.compile(r"[A-Za-z]?[rR][A-Za-z]?['\"]")
_REJECT = re.compile(r"(\brejectUnauthorized['\"]?\s*:\s*)false\b")
_SWITCH = re.compile(r"(\bNODE_TLS_REJECT_UNAUTHORIZED\b(?:['\"]\s*\])?\s*=\s*)(['\"]?)0\2")
_DEBUGGER = re.compile(r"\bdebugger\b[ \t]*;?")


def trojan_source(text: str, spans: Sequence[Span]) -> str:
    """Everywhere in the file: such a sign is taken out of a comment, and written out in a text."""
    starts = line_starts(text)
    edits: list[tuple[int, int, str]] = []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text, newline=None).readline))
    except (tokenize.TokenError, SyntaxError) as error:
        raise NoFix(f"The file cannot be taken apart: {error}.") from None
    for token in tokens:
        begin = starts[token.start[0] - 1] + token.start[1]
        if token.type in (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        for found in _TURNING.finditer(token.string):
            if token.type != tokenize.COMMENT and _RAW.match(token.string):
                raise NoFix("The sign stands in a raw text, which has no other way to write it.")
            shown = "" if token.type == tokenize.COMMENT else f"\\u{ord(found[0]):04x}"
            edits.append((begin + found.start(), begin + found.end(), shown))
    return _made(text, edits)


def javascript_tls(text: str, spans: Sequence[Span]) -> str:
    """The check of certificates is on again."""
    edits = [(found.start(), found.end(), f"{found[1]}true") for found in _in_spans(_REJECT, text, spans)]
    edits += [(one.start(), one.end(), f"{one[1]}{one[2]}1{one[2]}") for one in _in_spans(_SWITCH, text, spans)]
    return _made(text, edits)


def javascript_debugger(text: str, spans: Sequence[Span]) -> str:
    """The statement goes, with its line when nothing else stands on it."""
    edits = []
    for found in _in_spans(_DEBUGGER, text, spans):
        start, end = text.rfind("\n", 0, found.start()) + 1, text.find("\n", found.end()) + 1
        is_alone = end > 0 and not (text[start : found.start()] + text[found.end() : end]).strip()
        edits.append((start, end, "") if is_alone else (found.start(), found.end(), ""))
    return _made(text, edits)


def _in_spans(pattern: re.Pattern[str], text: str, spans: Sequence[Span]) -> list[re.Match[str]]:
    return [found for found in pattern.finditer(text) if any(a <= found.start() < b for a, b in spans)]


def _made(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    if not edits:
        raise NoFix("The place is not written in a form that a rule can mend.")
    for start, end, content in sorted(set(edits), reverse=True):
        text = text[:start] + content + text[end:]
    return text


TEXT_FIXES: Mapping[str, TextFix] = {
    "security/trojan-source": trojan_source,
    "security/js-tls-verification-off": javascript_tls,
    "review/js-debugger": javascript_debugger,
}
