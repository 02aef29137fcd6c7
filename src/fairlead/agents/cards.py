"""One agent's file, taken apart: Markdown whose front matter says what the agent is called, takes, gives and may touch.

The cards that ship and those of a project have one form; a project's may also name a file beside it, or a program.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from fairlead.core.agent_format import BYTES_MAX
from fairlead.core.json import Json

_FENCE = re.compile(rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)(.*)\Z", re.DOTALL | re.MULTILINE)

ReadYaml = Callable[[bytes], Json]  # raises ValueError, its text one line for people


class BadCard(Exception):
    """An agent's file cannot be used. The text begins with the code and is one line.

    *key* is the place in front matter, "fairlead.risk"; *line* and *column* are one in the file, 0 when it is unknown.
    """

    def __init__(
        self, code: str, reason: str, *, key: str = "", line: int = 0, column: int = 0, hint: str = "", path: str = ""
    ) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.key = key
        self.line = line
        self.column = column
        self.hint = hint
        self.path = path  # of the file that is wrong, when it is another one than the card


class FrontMatter(NamedTuple):
    """A card, taken apart but not yet judged."""

    fields: Mapping[str, Json]
    settings: Mapping[str, Json]  # those under `fairlead:`
    body: str

    def text(self, key: str) -> str:
        """A text at the top of the front matter; "" when there is none."""
        value = self.fields.get(key)
        return value.strip() if isinstance(value, str) else ""

    @property
    def adapter(self) -> str:
        """What speaks to the agent; a file that says nothing is one for Claude Code."""
        adapter = self.settings.get("adapter", self.settings.get("kind"))
        if adapter is None:
            if self.fields.get("kind") == "remote":  # as the files in .gemini/agents say it
                return "a2a"
            return "tool" if "python" in self.settings else "command" if "command" in self.settings else "claude"
        if adapter == "tool" and "command" in self.settings and "python" not in self.settings:
            return "command"
        return adapter if isinstance(adapter, str) else str(adapter)

    @property
    def entry(self) -> str:
        entry = self.settings.get("python", "")
        return entry if isinstance(entry, str) else ""


def split_card(data: bytes, read_yaml: ReadYaml) -> FrontMatter:
    """Take a card apart that is strict.

    Raises:
        BadCard: it has no front matter, or one that cannot be read.
    """
    if len(data) > BYTES_MAX:
        raise BadCard("FL-A008", f"the file has {len(data):,} bytes; at most {BYTES_MAX:,} are read")
    found = _FENCE.match(data)
    if not found:
        raise BadCard("FL-A001", "the file has no front matter between two lines `---`")
    try:
        fields = read_yaml(found[1])
    except ValueError as error:
        raise BadCard("FL-A002", f"the front matter cannot be read: {error}") from None
    return front_matter(fields, found[2].decode("utf-8", "replace"))


def front_matter(fields: Json, body: str) -> FrontMatter:
    """What the fields of front matter are.

    Raises:
        BadCard: they are no mapping, or our own block is none.
    """
    if not isinstance(fields, dict):
        raise BadCard("FL-A002", "the front matter is no mapping")
    settings = fields.get("fairlead") or {}
    if not isinstance(settings, dict):
        raise BadCard("FL-A003", "`fairlead` is no mapping", key="fairlead")
    return FrontMatter(fields, settings, body.strip())
