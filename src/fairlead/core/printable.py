"""Foreign text on one line, with nothing in it that a reader would obey or not see."""

import unicodedata

# Control and format characters, surrogates, private and unassigned ones, line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\x1b": "\\e", "\0": "\\0"}


def printable(text: str, *, tab: str = "\\t", keeps_spaces: bool = False) -> str:
    r"""*text* with every unsafe character written as `\n`, `\e`, `\xNN` or `\uNNNN`; a tab becomes *tab*.

    People may be shown wide and unbreakable spaces with *keeps_spaces*; programs trim them, and then see another line.
    What remains may stand on a terminal, in a log, in XML 1.0 (all that it forbids is unsafe here too) and, escaped for
    that sink, in HTML, CSV and Markdown.
    """
    if text.isprintable():  # such text has none of them: spaces other than " " are not printable to Python
        return text
    return "".join(tab if c == "\t" else _shown(c, keeps_spaces) for c in text)


def _shown(c: str, keeps_spaces: bool) -> str:
    if c in _NAMED:
        return _NAMED[c]
    if c.isprintable() or (keeps_spaces and unicodedata.category(c) not in _UNSAFE):
        return c
    number = ord(c)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
