"""How agents are named, and what name a file has by its path."""

import os.path
import re

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_OTHER = re.compile(r"[^a-z0-9]+")
_ACCENTS = re.compile(r"[\u0300-\u036f]")


def slug(name: str) -> str:
    """*name* as agents are named: small letters, digits and `-`, at most 63; "" when nothing is left of it."""
    if NAME.fullmatch(name) and name[-1] != "-" and "--" not in name:
        return name
    if not name.isascii():
        from unicodedata import normalize

        name = normalize("NFKD", name)
    plain = _ACCENTS.sub("", name.lower())
    return _OTHER.sub("-", plain).strip("-")[:63].rstrip("-")


def stem(path: str) -> str:
    """The name of a file up to its first dot: `reviewer` of `.github/agents/reviewer.agent.md`."""
    return os.path.basename(path).split(".")[0]
