"""Patterns of paths: `*` and `?` stay inside one name, `**` stands for any folders, `[ab]` for one of some characters.

A pattern is about the whole path from the top of the repository: `*.py` names files at the top, `**/*.py` all of them.
"""

import hashlib
from collections.abc import Collection, Mapping
from functools import lru_cache

from fairlead.core.expressions.pattern_syntax import Unreadable
from fairlead.core.expressions.patterns import Pattern, compiled
from fairlead.core.expressions.problems import BAD_PATTERN, Fault
from fairlead.core.expressions.values import Meter
from fairlead.core.json import Digest

_PATHS_A_STEP = 64
_SPECIAL = frozenset("\\.+()|^$*?[]{}")


@lru_cache(maxsize=256)
def glob_pattern(glob: str) -> Pattern:
    """The pattern that finds exactly the paths that *glob* names.

    Raises:
        Unreadable: a `[` that is not closed, or too long.
    """
    pieces, at = [], 0
    while at < len(glob):
        if glob.startswith("**/", at) and (at == 0 or glob[at - 1] == "/"):
            pieces.append("(?:[^/]+/)*")
            at += 3
        elif glob.startswith("**", at):
            pieces.append("(?s:.*)")
            at += 2
        elif glob[at] == "*":
            pieces.append("[^/]*")
            at += 1
        elif glob[at] == "?":
            pieces.append("[^/]")
            at += 1
        elif glob[at] == "[":
            end = glob.find("]", at + 2)
            if end < 0:
                raise Unreadable("a `[` is not closed")
            inner = glob[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            pieces.append(f"[{'^/' + inner[1:] if inner.startswith('!') else inner}]")
            at = end + 1
        else:
            pieces.append(f"\\{glob[at]}" if glob[at] in _SPECIAL else glob[at])
            at += 1
    return compiled(f"\\A(?:{''.join(pieces)})\\z")


def _named(paths: Collection[str], glob: str, meter: Meter) -> list[str]:
    """Those of *paths* that *glob* names, in alphabetical order.

    Raises:
        Fault: *glob* is no pattern, or the search costs more than *meter* has.
    """
    try:
        pattern = glob_pattern(glob)
    except Unreadable as error:
        raise Fault(BAD_PATTERN, f"the pattern of paths cannot be read: {error}") from None
    meter.steps(len(paths) // _PATHS_A_STEP)
    return sorted(path for path in paths if pattern.is_found_in(path))


def changed_paths(paths: Collection[str], glob: str, meter: Meter) -> list[str]:
    """What `git.changed(glob)` gives."""
    found = _named(paths, glob, meter)
    meter.grow(8 * len(found))
    return found


def tree_digest(blobs: Mapping[str, str], glob: str, meter: Meter) -> Digest:
    """What `git.tree(glob)` gives: equal exactly when the same names hold the same contents.

    No file name holds a NUL, so no two different sets of files are read as the same bytes.
    """
    found = hashlib.sha256()
    for path in _named(blobs, glob, meter):
        found.update(f"{path}\0{blobs[path]}\0".encode("utf-8", "surrogateescape"))
    return Digest(f"sha256:{found.hexdigest()}")
