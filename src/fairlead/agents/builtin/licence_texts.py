"""Recognises the licence of a text by sentences that stand in it alone."""

import re

_FILE = re.compile(
    r"(?:[^/]+/)?(licen[cs]es?|copying|unlicense)(-[\w+-]+|\.(md|markdown|txt|rst|mit|apache2?|bsd\d?|l?gpl|mpl|lesser))*",
    re.IGNORECASE,
)

# In this order: the later ones are quoted in the earlier ones.
_SENTENCES = (
    ("AGPL-3.0", "gnu affero general public license version 3"),
    ("LGPL-3.0", "gnu lesser general public license version 3"),
    ("LGPL-2.1", "gnu lesser general public license version 2.1"),
    ("GPL-3.0", "gnu general public license version 3"),
    ("GPL-2.0", "gnu general public license version 2"),
    ("MPL-2.0", "mozilla public license version 2.0"),
    ("EPL-2.0", "eclipse public license - v 2.0"),
    ("Apache-2.0", "apache license version 2.0"),
    ("CC0-1.0", "cc0 1.0 universal"),
    ("BSL-1.0", "boost software license - version 1.0"),
    ("Unlicense", "this is free and unencumbered software released into the public domain"),
    ("PSF-2.0", "python software foundation license version 2"),
    ("ISC", "permission to use, copy, modify, and/or distribute this software for any purpose"),
    ("Zlib", "this software is provided 'as-is', without any express or implied warranty"),
    ("MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"),
)
_BSD = "redistributions of source code must retain the above copyright notice"
_BSD_3 = re.compile(r"neither the names? of|may not be used to endorse or promote|nor the names of")


def is_licence(path: str) -> bool:
    """Whether *path*, at the top or one folder below, is called like a licence."""
    return _FILE.fullmatch(path) is not None


def recognise(text: str) -> str:
    """The SPDX name of the licence *text*, or "unknown"."""
    folded = re.sub(r"[\s,]+", " ", text.lower().replace('"', "'"))
    for name, sentence in _SENTENCES:
        if sentence.replace(",", "") in folded.replace(",", ""):
            return name
    if _BSD in folded:
        return "BSD-3-Clause" if _BSD_3.search(folded) else "BSD-2-Clause"
    return "unknown"
