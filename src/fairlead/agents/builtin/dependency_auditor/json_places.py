"""Where the values of a JSON document stand in its text: the standard library's reader keeps no places."""

import json
import re
from collections.abc import Collection

from fairlead.agents.builtin.dependency_auditor.reading import Broken
from fairlead.core.json import Json

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]')
Path = tuple[str, ...]  # keys from the top; an item of a list is its number as text


def read_json(text: str) -> dict[str, Json]:
    """The document, which must be an object.

    Raises:
        Broken: it is no JSON, or no object.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise Broken("FL-A132", f"it is not JSON: {str(error)[:200]}") from None
    except RecursionError:
        raise Broken("FL-A132", "it is nested too deep") from None
    if not isinstance(data, dict):
        raise Broken("FL-A132", "it is no object")
    return data


def places_of(text: str, wanted: Collection[Path]) -> dict[Path, tuple[int, int]]:
    """From where to where the key stands that leads to each path, for those of *wanted* that the text has.

    The text must be JSON; of a key that stands twice, the last counts, as in the reader.
    """
    found: dict[Path, tuple[int, int]] = {}
    path: list[str] = []
    kinds: list[str] = []  # "{" or "[" for each open bracket
    is_key = False
    for token in _TOKEN.finditer(text):
        first = text[token.start()]
        if first == '"':
            if is_key:
                name = token[0][1:-1]
                path[-1] = json.loads(token[0], strict=False) if "\\" in name else name
                is_key = False
                if tuple(path) in wanted:
                    found[tuple(path)] = token.span()
        elif first in "{[":
            kinds.append(first)
            path.append("" if first == "{" else "0")
            is_key = first == "{"
        elif first in "}]":
            kinds.pop()
            path.pop()
            is_key = False
        elif first == ",":
            is_key = kinds[-1] == "{"
            if not is_key:
                path[-1] = str(int(path[-1]) + 1)
    return found
