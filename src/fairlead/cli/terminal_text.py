"""The one place where foreign text becomes safe for a terminal.

File names, messages and excerpts come from repositories that nobody vouches for. Whatever could move the cursor, turn
the reading order round or hide itself is shown as its escape; what remains has a known width.
"""

import unicodedata

from fairlead.service.printable import printable

_TYPOGRAPHY = str.maketrans(
    {
        "·": "-",
        "→": "->",
        "─": "-",
        "│": "|",
        "┌": "+",
        "└": "+",
        "–": "-",
        "—": "-",
        "×": "x",
        "≥": ">=",
        "≤": "<=",
        "“": '"',
        "”": '"',
        "’": "'",
        "‘": "'",
    }
)


def safe(text: str, *, keep_tabs: bool = False) -> str:
    """*text* on one line, with everything that a terminal would obey or hide written as an escape.

    With *keep_tabs* a tab becomes four spaces, as in an excerpt of source.
    """
    return printable(text, tab="    " if keep_tabs else "\\t", keeps_spaces=True)


def mixed_words(text: str, most: int = 5) -> list[str]:
    """A sentence for each word that mixes alphabets whose letters look alike: such a name is not the one it seems."""
    if text.isascii():
        return []
    found: list[str] = []
    for word in dict.fromkeys(text.split()):
        if word.isascii():
            continue
        scripts = {unicodedata.name(c, "?").split()[0] for c in word if c.isalpha()}
        if len(scripts & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH"}) > 1:
            shown = "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in word[:60])
            names = " and ".join(sorted(name.capitalize() for name in scripts))
            found.append(f"a word mixes letters of {names}, which look alike: {safe(shown)}")
    return found[:most] + ([f"and {len(found) - most} more such words"] if len(found) > most else [])


def to_ascii(text: str) -> str:
    """*text* without any character above 127: typography by its plain twin, the rest as escapes."""
    if text.isascii():
        return text
    # One column for one column, except at the beginning of a phrase, where there is room.
    text = text.replace("… ", "... ").replace("…", "~")
    return text.translate(_TYPOGRAPHY).encode("ascii", "backslashreplace").decode("ascii")


def width(text: str) -> int:
    """Columns that safe text takes: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(c) for c in text)


def _columns(c: str) -> int:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """*text* in at most *columns*, with `…` where something is missing."""
    if width(text) <= columns:
        return text
    return _head(text, columns - 1) + "…" if columns > 0 else ""


def _head(text: str, columns: int) -> str:
    for index, c in enumerate(text):
        columns -= _columns(c)
        if columns < 0:
            return text[:index]
    return text


def cut_left(text: str, columns: int) -> str:
    """As `cut`, but the end stays: the last part of a path says most."""
    if width(text) <= columns:
        return text
    kept: list[str] = []
    left = max(0, columns - 1)
    for c in reversed(text):
        left -= _columns(c)
        if left < 0:
            break
        kept.append(c)
    return "…" + "".join(reversed(kept)) if columns > 0 else ""


def pad(text: str, columns: int) -> str:
    """*text* with spaces up to *columns*."""
    return text + " " * max(0, columns - width(text))


def wrap(text: str, columns: int) -> list[str]:
    """*text* in lines of at most *columns*, broken at spaces where there are any."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        while width(word) > columns:
            if line:
                lines.append(line)
                line = ""
            head = _head(word, columns) or word[0]
            lines.append(head)
            word = word[len(head) :]
        if line and width(line) + 1 + width(word) > columns:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line or not lines else lines
