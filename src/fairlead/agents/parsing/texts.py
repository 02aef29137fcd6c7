"""Bytes that a program wrote, as text, and why they could not be read."""

import codecs
from collections.abc import Mapping
from math import isfinite

from fairlead.core.json import Json, NotStrict, kind_of, parse

SAID_CHARACTERS_MAX = 2_000  # of a text that is taken over from a file: a message, a name, a path

# The longer mark first: the one of UTF-16 begins that of UTF-32.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class NotParsed(Exception):
    """A file is not what its parser reads. `reason` goes on after the file's name: "is empty"."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line  # from 1; 0 when no line is to blame


def text_of(data: bytes, *, is_strict: bool = True) -> str:
    """*data* as text: by the mark at its beginning, else UTF-8. PowerShell's `>` writes UTF-16 with a mark.

    Raises:
        NotParsed: it is empty, or *is_strict* and it is no text in that encoding.
    """
    encoding = "utf-8"
    for mark, named in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], named
            break
    if not data.strip(b" \t\r\n\0"):
        raise NotParsed("is empty")
    try:
        return data.decode(encoding, "strict" if is_strict else "replace")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotParsed(f"is not {encoding.upper()}: byte {error.start}", line) from None


def json_of(data: bytes) -> Json:
    """*data* as one strict JSON document.

    Raises:
        NotParsed: it is none.
    """
    text = text_of(data)
    try:
        return parse(text.encode("utf-8", "surrogatepass"))
    except NotStrict as error:
        raise NotParsed(f"is not strict JSON: {error}") from None


def mapping_of(data: bytes, what: str) -> Mapping[str, Json]:
    """*data* as a JSON object; *what* names what it should be."""
    value = json_of(data)
    if not isinstance(value, dict):
        raise NotParsed(f"is no {what}: it holds {kind_of(value)}, not an object")
    return value


def number_of(value: Json) -> float | None:
    """*value* as a finite number: one, or text that writes one, also with `,` between thousands."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value.replace(",", "") if isinstance(value, str) else value)
    except ValueError:
        return None
    return number if isfinite(number) else None


def count_of(value: Json) -> int | None:
    """*value* as a whole number that is not negative."""
    number = number_of(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else None


def said(text: str) -> str:
    """*text* from a file, as a record can carry it: no NUL, no lone surrogate, not too long."""
    text = text.encode("utf-8", "backslashreplace").decode().replace("\0", "�")
    return text if len(text) <= SAID_CHARACTERS_MAX else text[: SAID_CHARACTERS_MAX - 1] + "…"
