"""The paths that a person names: do they exist, and do they lie in the tree?"""

import os
import re
from collections.abc import Iterator, Sequence

from fairlead.core.errors import Diagnostic, FairleadError
from fairlead.core.findings import path_text

PATHS_MAX = 1_000


def resolve_paths(root: str, paths: Sequence[str], *, cwd: str = "") -> tuple[str, ...]:
    """*paths* from the root of the tree, "" for the root itself. They are read from *cwd*, else from *root*.

    A path may also be given as `path_text` writes it: that is how one that is not UTF-8 travels in inputs.

    Raises:
        FairleadError: FL-S008 one does not exist or leads out of the tree, FL-N033 there are too many; all of
            them are named.
    """
    if len(paths) > PATHS_MAX:
        raise FairleadError(
            Diagnostic("FL-N033", f"{len(paths):,} paths are too many: at most {PATHS_MAX:,}", hints=("Name folders.",))
        )
    top = os.path.realpath(root)
    found, wrong = [], []
    for path in paths:
        full = _existing(cwd or root, path)
        if full is None:
            wrong.append(_missing(cwd or root, path))
            continue
        # The last part is not resolved: a link in the tree is itself a thing of the tree.
        real = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
        real = top if os.path.realpath(full) == top else real
        if real != top and not real.startswith(top.rstrip("/") + "/"):
            hint = f"Name a path below {path_text(top)}, or call the command in the other tree."
            wrong.append(Diagnostic("FL-S008", f"{path_text(path)} lies outside of this tree", hints=(hint,)))
        else:
            found.append(os.path.relpath(real, top) if real != top else "")
    if wrong:
        raise FairleadError(*wrong)
    return tuple(found)


def _existing(start: str, path: str) -> str | None:
    for spelling in dict.fromkeys((path, _from_text(path))):
        full = os.path.normpath(os.path.join(start, spelling)) if "\0" not in spelling else ""
        if full and os.path.lexists(full):
            return full
    return None


def _from_text(text: str) -> str:
    r"""The path that `path_text` wrote as *text*: undoes `\\` and `\xNN`."""
    return re.sub(
        r"\\(\\|x([89a-f][0-9a-f]))", lambda match: chr(0xDC00 + int(match[2], 16)) if match[2] else "\\", text
    )


def _missing(start: str, path: str) -> Diagnostic:
    hints = ["List what is there: `ls`."]
    nearest = nearest_path(start, path)
    if nearest:
        hints.insert(0, f"Did you mean {path_text(nearest)}?")
    return Diagnostic("FL-S008", f"there is no {path_text(path)}", hints=tuple(hints))


def nearest_path(start: str, path: str) -> str:
    """The existing path that is most like *path*, going down as long as its parts exist."""
    import difflib

    parts = [part for part in path.split("/") if part not in ("", ".")]
    done = "/" if path.startswith("/") else ""
    for nth, part in enumerate(parts):
        if "\0" in part:
            return ""
        if os.path.lexists(os.path.join(start, done, part)):
            done = os.path.join(done, part)
            continue
        try:
            names = sorted(os.listdir(os.path.join(start, done)))
        except OSError:
            return done
        close = difflib.get_close_matches(part, names, n=1, cutoff=0.6)
        if not close:
            return ""
        better = os.path.join(done, close[0], *parts[nth + 1 :])
        return better if os.path.lexists(os.path.join(start, better)) else os.path.join(done, close[0])
    return ""


def upwards(folder: str) -> Iterator[str]:
    """*folder* and every directory above it."""
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above
