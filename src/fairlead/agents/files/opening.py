"""Opening an agent file: strictly where that is possible, else by recovery, and every mend is told."""

import re
from typing import NamedTuple

from fairlead.agents.cards import BadCard, FrontMatter, ReadYaml, front_matter
from fairlead.agents.files.decoding import decode
from fairlead.agents.files.recovery import Note, recover
from fairlead.agents.files.simple import simple_fields
from fairlead.core.agent_format import BYTES_MAX
from fairlead.core.json import Json

_FENCE = re.compile(r"---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_MARK = "\ufeff"


class Opened(NamedTuple):
    """An agent file, taken apart."""

    front: FrontMatter
    notes: tuple[Note, ...] = ()  # what had to be mended, in the order of the file
    mended: bytes = b""  # the file as it should be; nothing when it is strict


def open_card(data: bytes, read_yaml: ReadYaml) -> Opened:
    """Take an agent file apart.

    Raises:
        BadCard: FL-A001, FL-A002, FL-A003, FL-A008 or FL-A018: nothing of it can be used.
    """
    if len(data) > BYTES_MAX:
        raise BadCard("FL-A008", f"the file has {len(data):,} bytes; at most {BYTES_MAX:,} are read")
    if not data.strip():
        raise BadCard("FL-A001", "the file is empty", line=1)
    strict = None if b"\0" in data else _strict(data, read_yaml)
    if strict is not None:
        return Opened(strict)
    decoded = decode(data)
    notes = [Note(line, said) for line, said in decoded.notes]
    strict = _strict(decoded.text.encode("utf-8", "replace"), read_yaml) if notes else None
    if strict is not None:
        return Opened(strict, tuple(notes), _proven(decoded.text, decoded.line_end, strict, read_yaml))
    recovered = recover(decoded.text, read_yaml)
    front = front_matter(recovered.fields, recovered.body)
    notes += recovered.notes
    return Opened(front, tuple(sorted(notes)), _proven(recovered.mended, decoded.line_end, front, read_yaml))


def _proven(text: str, line_end: str, front: FrontMatter, read_yaml: ReadYaml) -> bytes:
    """The mended file, when it is strict and says the very same; nothing when that cannot be shown."""
    data = text.replace("\n", line_end).encode("utf-8", "replace")
    again = _strict(data, read_yaml)
    if again is None or again.fields != front.fields:
        return b""
    return data if again.body.replace("\r\n", "\n") == front.body else b""


def _strict(data: bytes, read_yaml: ReadYaml) -> FrontMatter | None:
    """The front matter of a file that needs no mending; None for every other one."""
    try:
        text = data.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError:
        return None
    found = _FENCE.match(text)
    if found is None:
        return None
    front = found[1].replace("\r\n", "\n")
    fields: Json = simple_fields(front)
    if fields is None:
        try:
            fields = read_yaml(front.encode())
        except ValueError:
            return None
    if fields is None:
        fields = {}  # two fences and nothing between them
    return front_matter(fields, text[found.end() :]) if isinstance(fields, dict) else None
