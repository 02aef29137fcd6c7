"""Which files are compared with each other, and what is said of code that stands in two of them."""

import re
from collections.abc import Collection, Iterator

from fairlead.agents.builtin.code_reviewer import javascript, python, sizes, unwritten
from fairlead.agents.builtin.code_reviewer.duplication import FAMILIES, Code, Copy, find_copies
from fairlead.agents.builtin.code_reviewer.found import Found
from fairlead.agents.builtin.security import sources
from fairlead.core.tools import ToolWorld, TreeFile, Unreadable

COMPARED_BYTES_MAX = 500_000  # of one file; a longer one is mostly data
_HEAVY_TOKENS = 300  # a copy of so many words and signs is more than a remark
_JAVASCRIPT = "JavaScript and TypeScript"
# Steps of a database, templates and declarations repeat each other on purpose.
_ON_PURPOSE = re.compile(
    r"(^|/)(migrations?|migrate|alembic|versions|locales?|i18n|lang|translations?|snapshots?|__snapshots__|stubs?|templates?"
    r"|schemas?)/|\.d\.[cm]?ts$|\.blade\.php$|\.pyi$",
    re.IGNORECASE,
)


def copied(world: ToolWorld, chosen: Collection[str]) -> tuple[dict[str, list[Found]], list[str]]:
    """What stands twice, by the path of the place where it is told, and in whole sentences what was not compared.

    All files of the tree are compared, also where only some are *chosen* for a review: a copy is told when one of its
    places is in a chosen file.
    """
    compared = find_copies(_codes(world))
    founds: dict[str, list[Found]] = {}
    for copy in compared.copies:
        told = next((place for place in copy.places[1:] if place.path in chosen), None)
        if told is None and copy.places[0].path in chosen:
            told = copy.places[0]
        if told is not None:
            founds.setdefault(told.path, []).append(_found(copy, copy.places.index(told)))
    missing = []
    if compared.files_left_out:
        missing.append(
            f"{compared.files_left_out} files were not compared with the others, because there are too many."
        )
    if compared.copies_left_out:
        missing.append(f"{compared.copies_left_out} copies of code are not told, because there are too many.")
    return founds, missing


def _codes(world: ToolWorld) -> Iterator[Code]:
    for file in sorted(world.files, key=lambda file: file.path):
        language = _language(file)
        if language is None:
            continue
        try:
            data = world.read(file.path, COMPARED_BYTES_MAX)
        except Unreadable:
            continue  # the review of the file itself says so
        if b"\0" in data:
            continue
        text, _ = sources.decode(data, python.wants(file.path))
        if not _is_unwritten(language, file.path, text):
            yield Code(file.path, language, sizes.without_tests(language, text))


def _language(file: TreeFile) -> str | None:
    path = file.path
    if python.wants(path):
        language: str | None = "Python"
    elif javascript.wants(path):
        language = _JAVASCRIPT
    else:
        language = sources.language_not_checked(path)
    if language not in FAMILIES or file.size > COMPARED_BYTES_MAX:
        return None
    if sources.is_test(path) or sources.is_example(path) or _ON_PURPOSE.search(path) is not None:
        return None
    return language


def _is_unwritten(language: str, path: str, text: str) -> bool:
    if language == _JAVASCRIPT:
        return javascript.why_not(path, text) is not None
    return unwritten.why_not(language, path, text) is not None


def _found(copy: Copy, told: int) -> Found:
    place = copy.places[told]
    other = copy.places[0 if told else 1]
    lines = place.last - place.first + 1
    where = f"lines {other.first} to {other.last}"
    message = f"These {lines} lines stand in {other.path} too, {where}"
    if other.path == place.path:
        message = f"These {lines} lines stand in this file twice, also as {where}"
    others = len(copy.places) - 2
    message += f", and in {others} more place{'s' if others > 1 else ''}." if others else "."
    is_heavy = copy.tokens >= _HEAVY_TOKENS
    return Found(
        "review/duplicate-code",
        place.path,
        place.first,
        1,
        message,
        place.first,
        0,
        severity="low" if is_heavy else None,
        reason="So much code can hardly be kept alike by hand." if is_heavy else "",
    )
