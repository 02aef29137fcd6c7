"""The words of placeholders, the same in every language: markers in comments, texts, names and addresses."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.code_reviewer.found import Found

_MARKERS = "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK", "X" + "XX"))  # put together: none is set here
# In capitals only: "todo" in prose is a noun, and "XXX-12" or "XXXX" a pattern.
_MARKER = re.compile(r"(?<![\w-])(?:(?P<marker>" + _MARKERS + r")(?![\w'’]|-\w|\.\w)|@(?P<small>todo|fixme)\b)")
_COMMENT_UNFINISHED = re.compile(
    r"^\W*(?:this (?:feature |function |method |part )?is |still )?not (?:yet )?implemented(?: yet)?\W*$"
    r"|\bnot (?:yet implemented|implemented yet)\b|\bcoming soon\b|\blorem ipsum\b"
    r"|\bplaceholder (?:implementation|code|body|value)\b",
    re.IGNORECASE,
)
_SURELY_UNFINISHED = re.compile(r"\bnot (?:yet implemented|implemented yet)\b|\bcoming soon\b", re.IGNORECASE)
_QUOTES = ("'", '"', "`", "“", "‘", "”", "’")
_TEXT_UNFINISHED = re.compile(
    r"^\W*(?:sorry\W+)?(?:this |the )?(?:feature |function |method |endpoint |page |part |operation |action )?"
    r"(?:is |are )?(?:still )?"
    r"(?:not (?:yet )?implemented(?: yet)?|coming soon|under construction)\W*(?:check back later\W*)?$"
    r"|\bnot implemented yet\b|\bnot yet implemented\b|\bcoming soon\W*$|\blorem ipsum\b",
    re.IGNORECASE,
)
PLACEHOLDER_NAME = re.compile(r"^_?(mock|stub)_|^__placeholder__$")
EXAMPLE_ADDRESS = re.compile(
    r"(?:https?|wss?|ftp)://(?:[\w-]+\.)*example\.(?:com|org|net)(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE
)
TEXT_CHARACTERS_MAX = 200  # a longer text is prose that speaks of it, unless it is "lorem ipsum"


def comment_founds(path: str, line: int, column: int, comment: str, is_alone: bool = True) -> Iterator[Found]:
    """What a comment, of one line or of several, leaves for later. *column* is where its first line begins.

    A short "not implemented" beside code describes the value there; only where the comment *is_alone* it is a finding.
    """
    for number, text in enumerate(comment.split("\n")):
        start = column if number == 0 else 1
        marker = _MARKER.search(text)
        if marker is not None and not _is_mentioned(text, marker):
            name = (marker["marker"] or marker["small"]).upper()
            rest = " ".join(text[marker.end() :].strip(" :-#*/").split())
            message = f"{name}: {rest[:100]}" if rest else f"{name} without a word about what is to be done."
            yield Found("review/todo-marker", path, line + number, start + marker.start(), message, line + number, 0)
        elif (found := (_COMMENT_UNFINISHED if is_alone else _SURELY_UNFINISHED).search(text)) is not None:
            if text[: found.start()][-1:] in _QUOTES:
                continue
            message = f"A comment says that something is unfinished: “{' '.join(text.strip(' #/*').split())[:80]}”."
            yield Found("review/unfinished-text", path, line + number, start + found.start(), message, line + number, 0)


def text_says_unfinished(text: str) -> bool:
    """Whether a text that the program shows tells of something that is not there yet."""
    if len(text) > TEXT_CHARACTERS_MAX and "lorem ipsum" not in text[:2_000].lower():
        return False
    return _TEXT_UNFINISHED.search(text) is not None


def _is_mentioned(text: str, marker: re.Match[str]) -> bool:
    """Whether the marker is spoken about rather than set: in quotes, or as one of a list of markers."""
    before, after = text[: marker.start()], text[marker.end() :]
    if before[-1:] in _QUOTES or after[:1] in _QUOTES:
        return True
    return (
        re.match(r"\s*(?:[,/|]|and\b|or\b|comments?\b|markers?\b|tags?\b|items?\b|lists?\b|notes?\b)", after)
        is not None
    )
