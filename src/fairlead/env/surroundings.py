"""The environment of a child, built from empty: what a program needs to run at all, and nothing that a person set."""

import os
from collections.abc import Mapping

_KEPT = ("PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME")  # git finds the person's ignore rules through the last two
_PATH = "/usr/local/bin:/usr/bin:/bin"


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """PATH, HOME, the place for temporary files and a UTF-8 locale; then *more*."""
    kept = {name: os.environ[name] for name in _KEPT if os.environ.get(name)}
    return {"PATH": _PATH, "HOME": "/", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **kept, **(more or {})}
