r"""From `path_text` back to a path, and on to a URI: `\xNN` is one byte that is not UTF-8, two backslashes are one."""

import os
import re
from urllib.parse import quote


def path_of(text: str) -> str:
    """The path as the operating system's functions take it."""
    return re.sub(r"\\\\|\\x([0-9a-f]{2})", lambda found: chr(0xDC00 + int(found[1], 16)) if found[1] else "\\", text)


def uri_of(text: str) -> str:
    """The path as a relative URI."""
    quoted = quote(os.fsencode(path_of(text)), safe="/-._~!$'()*,;=@")
    # The first part must not read as a scheme (`quote` takes care of the colon), nor the whole as an absolute path.
    return "." + quoted if quoted.startswith("/") else quoted
