"""Front matter of the plainest form, read without a YAML library: most agent files have it, and there may be thousands.

Only what means the same to every reader of YAML is taken: `key: value` on one line, where the value is a plain text
that begins with a letter, a short number, true or false, a text in quotes without escapes, or a list of words between
brackets; and below a key without a value, such lines indented alike. Anything else is left to the YAML reader, and a
test compares the two on generated front matter.
"""

import re

from fairlead.core.json import Json

# What the YAML reader refuses or folds; a text that holds any of it is left to it.
_STRANGE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\ufffe\uffff]"
)
_PLAIN = r"[A-Za-z](?:[^\s:#]|:(?=[^\s])|(?<=[^\s])#| +(?=[^\s#]))*"
_LINE = re.compile(
    r"( *)([A-Za-z_][A-Za-z0-9_-]{0,60}):"
    rf"(?: +(?:({_PLAIN})|\"([^\"\\]*)\"|'([^']*)'|(0|[1-9][0-9]{{0,8}})|\[ *([^\[\]]*?) *\]))? *"
)
_WORD = re.compile(rf"({_PLAIN})|\"([^\"\\]*)\"|'([^']*)'")
_CONSTANTS: dict[str, Json] = {
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_Fields = dict[str, Json]


def simple_fields(text: str) -> _Fields | None:
    """The fields of front matter that is plain enough; None for every other one. Line ends are line feeds."""
    if _STRANGE.search(text):
        return None
    fields: _Fields = {}
    inner: _Fields | None = None  # of the key above that has no value of its own
    opened = indent = ""
    for line in text.split("\n"):
        if not line.strip(" "):
            continue
        found = _LINE.fullmatch(line)
        if found is None or found[2] in _CONSTANTS:
            return None
        if not found[1]:
            into, opened, inner, indent = fields, "", None, ""
        elif inner is None or (indent and indent != found[1]):
            return None
        else:
            into, indent = inner, found[1]
        name = found[2]
        if name in into:
            return None
        if found.end(2) + 1 == len(line.rstrip(" ")):
            if found[1]:
                return None  # nested deeper, perhaps
            fields[name] = None
            opened, inner = name, {}
            continue
        value = _value(found)
        if value is _NOT_SIMPLE:
            return None
        into[name] = value
        if found[1]:
            fields[opened] = inner
    return fields


_NOT_SIMPLE = object()


def _value(found: "re.Match[str]") -> Json:
    plain, double, single, number, listed = found.group(3, 4, 5, 6, 7)
    if plain is not None:
        return _CONSTANTS.get(plain, plain)
    if number is not None:
        return int(number)
    if listed is not None:
        return _list(listed)
    return double if double is not None else single


def _list(inner: str) -> Json:
    items: list[Json] = []
    for piece in inner.split(",") if inner else ():
        found = _WORD.fullmatch(piece.strip(" "))
        if found is None:
            return _NOT_SIMPLE
        plain, double, single = found.groups()
        if plain is None:
            items.append(double if double is not None else single)
        elif plain in _CONSTANTS or any(mark in plain for mark in ":{}"):
            return _NOT_SIMPLE
        else:
            items.append(plain)
    return items
