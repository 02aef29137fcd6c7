"""The log of a CI platform: folded groups, and lines that no platform can take for a command of its own.

What is printed holds names and messages out of repositories that nobody vouches for, and some platforms obey lines of a
log. GitHub's runner reads `::command ::data` at the beginning of a line, behind any white space, and `##[command]`
anywhere in it (actions/runner, `ActionCommand`); Azure's agent reads `##vso[command]` anywhere; Buildkite takes `---`,
`+++`, `~~~` and `^^^` at the beginning of a line for the head of a group. Control characters, which GitLab's sections
need, never reach a log anyway.

Stopping commands with a random token, as GitHub offers, would stop our own annotations too, and only on GitHub. So each
line is mended where it is printed: the sign that makes it a command is written as an escape.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from fairlead.service.platforms import Folding

Syntax = Literal["plain", "json", "xml"]
_ESCAPES: Mapping[Syntax, Callable[[int], str]] = {
    "plain": lambda number: f"\\x{number:02x}",  # as everything else that a terminal would obey is written
    "json": lambda number: f"\\u{number:04x}",  # within these two the document means what it meant
    "xml": lambda number: f"&#{number};",
}
# The sign that is escaped stands in the second group of both.
_BEGINS = re.compile(r"((?:^|(?<=[\r\n]))\s*)(:)(?=:)|((?:^|(?<=[\r\n])))([-+~^])(?=\4\4)")
_INSIDE = re.compile(r"(##\w*)(\[)")
GROUP_LINES_MAX = 200


class Group(NamedTuple):
    """Lines of a log under one head."""

    head: str
    lines: tuple[str, ...]
    name: str  # of letters, digits, dots, dashes and underlines; different for each group of one log
    ended_at: int  # seconds since 1970
    seconds: float


def without_commands(text: str, syntax: Syntax = "plain") -> str:
    r"""*text* so that no platform obeys a line of it: `::add-mask::x` becomes `\x3a:add-mask::x`."""
    escape = _ESCAPES[syntax]
    if "##" in text:
        text = _INSIDE.sub(lambda found: found[1] + escape(ord(found[2])), text)
    return _BEGINS.sub(lambda found: (found[1] or "") + escape(ord(found[2] or found[4])), text)


def folded(groups: Iterable[Group], folding: Folding) -> Iterator[str]:
    """The groups as lines to print; none at all where the log cannot fold, for they would bury the answer there."""
    for group in groups:
        lines = [without_commands(line) for line in group.lines[:GROUP_LINES_MAX]]
        if len(group.lines) > GROUP_LINES_MAX:
            lines.append(f"  … {len(group.lines) - GROUP_LINES_MAX} lines more")
        match folding:
            case "github":
                yield from (f"::group::{_data(group.head)}", *lines, "::endgroup::")
            case "azure":
                yield from (f"##[group]{without_commands(group.head)}", *lines, "##[endgroup]")
            case "buildkite":
                yield from (f"--- {group.head}", *lines)
            case "gitlab":
                begin = int(group.ended_at - group.seconds)
                # The brackets behind the name are the section's own options.
                yield f"\x1b[0Ksection_start:{begin}:{group.name}[collapsed=true]\r\x1b[0K{group.head}"
                yield from lines
                yield f"\x1b[0Ksection_end:{int(group.ended_at)}:{group.name}\r\x1b[0K"
            case "none":
                return


def unfolded(folding: Folding, head: str) -> Iterator[str]:
    """What ends the last group where nothing else does."""
    if folding == "buildkite":
        yield f"+++ {head}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
