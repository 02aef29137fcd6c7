"""The environment of a child, built from empty: what a program needs to run at all, and nothing that a person set."""

import os
from collections.abc import Mapping, Sequence

_KEPT = ("PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME")  # git finds the person's ignore rules through the last two
_PATH = "/usr/local/bin:/usr/bin:/bin"


def clean_environment(more: Mapping[str, str] | None = None, passed_on: Sequence[str] = ()) -> dict[str, str]:
    """PATH, HOME, the place for temporary files and a UTF-8 locale; what *passed_on* names; then *more*."""
    kept = {name: os.environ[name] for name in (*_KEPT, *passed_on) if os.environ.get(name)}
    return {"PATH": _PATH, "HOME": "/", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **kept, **(more or {})}
