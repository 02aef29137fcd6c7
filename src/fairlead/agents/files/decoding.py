"""From the bytes of an agent file to its text: UTF-8, and what editors write besides."""

import codecs
import re
from typing import NamedTuple

from fairlead.agents.cards import BadCard

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_FENCES = ((b"-\0-\0-\0", "utf-16-le"), (b"\0-\0-\0-", "utf-16-be"))  # UTF-16 without its mark
# What no text holds. U+FEFF counts only inside: at the top it is the mark.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Decoded(NamedTuple):
    """The text of a file with line feeds alone, and what had to be guessed or mended to get it."""

    text: str
    notes: tuple[tuple[int, str], ...]  # line, sentence
    line_end: str  # how most of its lines end


def decode(data: bytes) -> Decoded:
    """The text of an agent file.

    Raises:
        BadCard: FL-A018 it is no text.
    """
    notes: list[tuple[int, str]] = []
    text = _text(data, notes)
    line_end = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    plain = text.replace("\r\n", "\n")
    if "\r" in plain:
        notes.append((1, "lines end with a carriage return alone"))
        plain = plain.replace("\r", "\n")
    if found := _CONTROLS.search(plain):
        line = plain.count("\n", 0, found.start()) + 1
        count = len(_CONTROLS.findall(plain))
        more = f" and {count - 1} more like it" if count > 1 else ""
        notes.append((line, f"the control character U+{ord(found[0]):04X}{more} is left out"))
        plain = _CONTROLS.sub("", plain)
    return Decoded(plain, tuple(notes), line_end)


def _text(data: bytes, notes: list[tuple[int, str]]) -> str:
    for mark, encoding, name in _MARKS:
        if data.startswith(mark):
            return _foreign(data[len(mark) :], encoding, name, notes)
    for fence, encoding in _FENCES:
        if data.startswith(fence):
            return _foreign(data, encoding, "UTF-16", notes)
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start + (len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0)
        line = data.count(b"\n", 0, at) + 1
        said = f"byte {at} (0x{data[at]:02x}) is not UTF-8"
        try:
            if b"\0" in data:
                raise ValueError
            text = data.decode("cp1252")
        except ValueError:
            raise BadCard("FL-A018", said, line=line, hint="save the file as UTF-8") from None
        notes.append((line, f"{said}: the file is read as Windows-1252"))
        return text


def _foreign(data: bytes, encoding: str, name: str, notes: list[tuple[int, str]]) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        said = f"the file begins as {name} and does not go on so"
        raise BadCard("FL-A018", said, line=1, hint="save the file as UTF-8") from None
    notes.append((1, f"the file is {name}, not UTF-8"))
    return text
