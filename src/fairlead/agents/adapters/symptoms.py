"""What the words of a program that failed say about where it worked: a table of symptoms, and what to do about each.

A command that ends well in a shell may fail in a step, for it works in a copy of the files, in a sandbox, with the
programs of PATH. Whoever reads "Could not resolve host" looks for a fault of the network, and there is none.
"""

import re
from typing import NamedTuple

from fairlead.core.tools import ProcessResult

_TAIL_BYTES = 20_000  # of what it wrote last; a symptom farther up is seldom why it ended

# The first surprise of whoever moves a command from a shell into a workflow: what fails without a better hint says it.
COPY = "of what git ignores only .venv and node_modules are there, in the sandbox, to be read"


class _Symptom(NamedTuple):
    """Words of programs, and the hint that fits them."""

    pattern: re.Pattern[str]
    hint: str


# In the order of how much they say: the first one that matches is told.
_SYMPTOMS: tuple[_Symptom, ...] = (
    _Symptom(
        re.compile(
            r"could not resolve host|temporary failure in name resolution|name or service not known|getaddrinfo|"
            r"network is unreachable|failed to lookup address|no address associated with hostname",
            re.IGNORECASE,
        ),
        "a program in the sandbox has no network: fetch before the run what it needs, or let `effect: http.request`"
        " send it",
    ),
    _Symptom(
        re.compile(r"ModuleNotFoundError|No module named \S+|Cannot find module '"),
        "a program that is not named by its path is the first one on PATH: for those of the project write"
        " `.venv/bin/python -m pytest` or `node_modules/.bin/jest`",
    ),
    _Symptom(
        re.compile(r"read-only file system|permission denied|operation not permitted", re.IGNORECASE),
        "a program may write in its copy of your files and in its own /tmp, and nowhere else",
    ),
    _Symptom(
        re.compile(r"no such file or directory|ENOENT|cannot find the file", re.IGNORECASE),
        f"it worked in a copy of your files: {COPY}; of what lies outside it sees only the programs of the system,"
        " and an empty home directory",
    ),
)


def hint_for(ended: ProcessResult) -> str:
    """What to do after *ended* failed, by the last words that it wrote."""
    said = (ended.stdout[-_TAIL_BYTES:] + b"\n" + ended.stderr[-_TAIL_BYTES:]).decode("utf-8", "replace")
    found = next((one.hint for one in _SYMPTOMS if one.pattern.search(said)), "")
    return found or f"it worked in a copy of your files: {COPY}"
