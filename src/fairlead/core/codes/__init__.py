"""Every code that Fairlead can say, and what it means. `fairlead explain` and the reference page are printed from it.

One file per family; only `explain` and the tests import them, so a start-up pays nothing.
"""

import importlib
from typing import NamedTuple

FAMILIES = {
    "w": "workflow file",
    "a": "agent file and call",
    "e": "expression",
    "r": "run",
    "p": "policy, sandbox",
    "l": "journal",
    "n": "environment",
    "s": "requests and services",
    "x": "internal",
}


class Code(NamedTuple):
    """One code. Codes are never reused."""

    code: str  # "FL-W101"
    title: str  # one line, no full stop
    why: str  # what it means and why it is an error, whole sentences
    hint: str  # what to do next
    bad: str = ""  # a bad example, where one can be shown
    good: str = ""  # the same, mended


def all_codes() -> dict[str, Code]:
    """Every registered code by its name."""
    found: dict[str, Code] = {}
    for family in FAMILIES:
        module = importlib.import_module(f"fairlead.core.codes.{family}")
        found.update((code.code, code) for code in module.CODES)
    return found
