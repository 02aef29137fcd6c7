"""What git says about two commits."""

import os
import re

from fairlead.core.findings import path_text
from fairlead.env.git import filters_of, run_git

_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)


def files_between(root: str, before: str, after: str) -> tuple[str, ...] | None:
    """What differs between two commits, "M app/orders.py" each, by path; None when git knows one of them not.

    The letters are git's: A added, M modified, D deleted, T another type. A moved file is one deleted and one added.
    """
    if not _COMMIT.fullmatch(before) or not _COMMIT.fullmatch(after):
        return None
    options = ("--name-status", "-z", "--no-renames", "--no-color")
    answer = run_git(root, "diff", *options, before, after, "--", filters=filters_of(root))
    if answer.exit_code != 0 or answer.is_cut:
        return None
    pieces = answer.stdout.split(b"\0")[:-1]
    names = zip(pieces[::2], pieces[1::2], strict=True)
    return tuple(f"{letter.decode('ascii', 'replace')} {path_text(os.fsdecode(path))}" for letter, path in names)
