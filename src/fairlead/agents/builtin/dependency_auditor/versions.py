"""Orders versions: PEP 440 for Python by the library `packaging`, Semantic Versioning for npm by its specification.

A version becomes a key that compares; a text that is no version becomes None, and whoever asked must say so.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Key = Any  # two keys of one ecosystem compare with each other: packaging's Version, or a tuple

# Two or one number are taken as well: advisories and very old lock files write them.
_SEMVER = re.compile(
    r"[v=\s]*(?P<major>\d{1,16})(?:\.(?P<minor>\d{1,16}))?(?:\.(?P<patch>\d{1,16}))?"
    r"(?:-(?P<before>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?\s*",
    re.ASCII,
)
_NUMBER = re.compile(r"\d+", re.ASCII)
_PYTHON_NAME = re.compile(r"[-_.]+")


@lru_cache(maxsize=20_000)
def python_key(text: str) -> Key | None:
    """The key of a Python version by PEP 440."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        return None


@lru_cache(maxsize=20_000)
def npm_key(text: str) -> Key | None:
    """The key of a version by semver.org §11: numbers, then what comes before a release, build data not at all."""
    found = _SEMVER.fullmatch(text)
    if not found:
        return None
    numbers = (int(found["major"]), int(found["minor"] or 0), int(found["patch"] or 0))
    if found["before"] is None:
        return (*numbers, (1,))
    parts = tuple(
        (0, int(part), "") if _NUMBER.fullmatch(part) else (1, 0, part) for part in found["before"].split(".")
    )
    return (*numbers, (0, *parts))


@lru_cache(maxsize=20_000)
def python_exact(text: str) -> str:
    """One spelling for all that is the same Python version: 1.4 is 1.4.0, and what stands behind `+` does not count."""
    from packaging.utils import canonicalize_version

    key = python_key(text)
    return text if key is None else canonicalize_version(key.public)


def npm_exact(text: str) -> str:
    """As `python_exact`, for npm."""
    return text.strip().lstrip("v=").partition("+")[0]


def python_name(name: str) -> str:
    """The name of a Python package as all spellings of it are compared."""
    return _PYTHON_NAME.sub("-", name).lower()


def npm_name(name: str) -> str:
    """npm's names are compared as they are written."""
    return name


KEYS: Mapping[str, Callable[[str], Key | None]] = {"PyPI": python_key, "npm": npm_key}
EXACT: Mapping[str, Callable[[str], str]] = {"PyPI": python_exact, "npm": npm_exact}
NAMES: Mapping[str, Callable[[str], str]] = {"PyPI": python_name, "npm": npm_name}
