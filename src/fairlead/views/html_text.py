"""The one place where foreign text becomes HTML: everything is escaped, only `Html` is taken as it is.

Messages, paths and excerpts come from repositories that nobody vouches for. `element` and `text` escape what they are
given for the place where it stands, and whatever hides itself or turns the reading order round is written as its
escape. There is no way to hand HTML through except as `Html`, which only this file makes from text.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from fairlead.core.printable import printable

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
# In a script element only `<` could end it; the others are escaped so that no sniffing reader sees a tag either.
_IN_SCRIPT = re.compile(r"[<>&\u2028\u2029]")
_SLOT = re.compile(r"\{\{(\w+)\}\}")
_VOID = frozenset({"br", "hr", "input", "link", "meta"})


class Html(NamedTuple):
    """A piece of HTML that is safe to stand in a page. Not a `str`, so that nothing is joined to it by accident."""

    html: str


Piece: TypeAlias = "Html | str | Iterable[Piece]"


def visible(text: str) -> str:
    r"""*text* on one line, with every character that a reader would not see written as an escape: `\u202e`, `\x07`."""
    return printable(text, tab="    ", keeps_spaces=True)


def _text(foreign: str) -> Html:
    """*foreign* as text between tags."""
    return Html(visible(foreign).translate(_ESCAPES))


def element(name: str, *inside: Piece, **attributes: str | bool | int) -> Html:
    """One element. A `_` in a keyword is a `-`, one at its end is dropped; False and "" leave the attribute out."""
    opened = name
    for key, value in attributes.items():
        if value is False or value == "":
            continue
        word = key.rstrip("_").replace("_", "-")
        opened += f" {word}" if value is True else f' {word}="{visible(str(value)).translate(_ESCAPES)}"'
    if name in _VOID:
        return Html(f"<{opened}>")
    return Html(f"<{opened}>{_inner(inside)}</{name}>")


def joined(*pieces: Piece) -> Html:
    """Pieces one after the other, without an element around them."""
    return Html(_inner(pieces))


def _inner(pieces: Iterable[Piece]) -> str:
    return "".join(_html(piece) for piece in pieces)


def _html(piece: Piece) -> str:
    match piece:
        case Html():
            return piece.html
        case str():
            return visible(piece).translate(_ESCAPES)
        case _:
            return _inner(piece)


def script_data(json_text: str) -> str:
    """JSON for the inside of a script element: the same document, with nothing in it that could end the element."""
    return _IN_SCRIPT.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)


def filled(template: str, slots: Mapping[str, Html]) -> str:
    """*template* with each `{{name}}` replaced; what is put in is not looked at again.

    Raises:
        KeyError: the template has a slot that nobody fills.
    """
    return _SLOT.sub(lambda found: slots[found[1]].html, template)
