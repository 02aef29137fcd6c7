"""Foreign text inside Markdown that we write."""

import re

from fairlead.core.printable import printable

_OBEYED = re.compile(r"([\\`*_{}\[\]<>#|!@&~])")


def inline(text: str) -> str:
    """*text* for a line or a table cell: on one line, with nothing that Markdown or HTML would obey."""
    return _OBEYED.sub(r"\\\1", printable(text))
