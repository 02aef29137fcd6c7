"""Paths of findings as relative URIs, and as plain text for formats that know only text."""

import os
from urllib.parse import quote

from fairlead.core.findings import path_from_text


def uri_of(text: str) -> str:
    """The path as a relative URI; *text* is what `path_text` gave."""
    quoted = quote(os.fsencode(path_from_text(text)), safe="/-._~!$'()*,;=@")
    # The first part must not read as a scheme (`quote` takes care of the colon), nor the whole as an absolute path.
    return "." + quoted if quoted.startswith("/") else quoted


def plain_path(text: str) -> str:
    """The path itself where text can carry it, so that readers find the file; else as `path_text` wrote it."""
    path = path_from_text(text)
    try:
        path.encode()
    except UnicodeEncodeError:
        return text
    return path
