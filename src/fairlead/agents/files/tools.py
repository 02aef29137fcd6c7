"""`tools:` as people write it: a list, a text with commas, a mapping of names to true and false."""

import re

from fairlead.core.json import Json

# A comma ends a name only outside of brackets: `Bash(git add:*, git commit:*), Read` are two.
_PIECE = re.compile(r"(?:[^,(\[{]|\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|[(\[{])+")


def tool_names(value: Json) -> tuple[str, ...] | None:
    """The names that *value* lists, each once; None when it is nothing of the kind."""
    if value is None:
        return ()
    if isinstance(value, str):
        inner = value.strip()
        if inner.startswith("[") and "(" not in inner[:1]:
            inner = inner.strip("[]")
        pieces = [piece.strip().strip("\"'").strip() for line in inner.split("\n") for piece in _PIECE.findall(line)]
        pieces = [piece.removeprefix("- ").strip() for piece in pieces]
    elif isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            return None
        pieces = [item.strip() for item in value]
    elif isinstance(value, dict):
        if not all(isinstance(allowed, bool) for allowed in value.values()):
            return None
        pieces = [str(name) for name, allowed in value.items() if allowed]
    else:
        return None
    return tuple(dict.fromkeys(piece for piece in pieces if piece))
