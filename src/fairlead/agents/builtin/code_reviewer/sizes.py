"""Languages without a parser: how long a file is, and notes that something is missing, found by text search only."""

import re
from collections.abc import Iterator

import msgspec

from fairlead.agents.builtin.code_reviewer.duplication import FAMILIES
from fairlead.agents.builtin.code_reviewer.found import Found, SourceFile
from fairlead.agents.builtin.code_reviewer.placeholder_texts import comment_founds

LINES_MAX = 1_000  # a longer file is told

_NOTE = re.compile("TO" + "DO|FIX" + "ME|HACK|XXX")  # put together: this file has none

_SLASHES, _HASH, _DASHES, _MARKUP = r"//|/\*|^\s*\*", r"(?:^|\s)#", r"--", r"<!--|\{\{!--|\{#"
# How a comment begins, by language; a language that does not stand here has slashes.
_COMMENTS: dict[str, str] = {
    **dict.fromkeys(("Cython", "Elixir", "Perl", "PowerShell", "R", "Ruby", "Shell"), _HASH),
    **dict.fromkeys(("PHP", "Terraform"), rf"{_SLASHES}|{_HASH}"),
    **dict.fromkeys(("Haskell", "Lua", "SQL"), _DASHES),
    **dict.fromkeys(("HTML template", "Svelte", "Vue"), rf"{_MARKUP}|{_SLASHES}"),
}
_TESTS_OF_RUST = re.compile(r"^#\[cfg\(test\)\]\s*(?:pub )?mod \w+ \{", re.MULTILINE)
_NOT_TEXT = frozenset({"Jupyter notebook"})  # JSON that people do not read


def counted_as(language: str) -> str:
    """Under which words a file is counted among those not checked: what was looked at, and that it was nothing else."""
    if language in _NOT_TEXT:
        return language
    return f"{language} (by size and duplication only)" if language in FAMILIES else f"{language} (by size only)"


def without_tests(language: str, text: str) -> str:
    """*text* up to the tests that Rust keeps at the end of a file."""
    tests = _TESTS_OF_RUST.search(text) if language == "Rust" else None
    return text[: tests.start()] if tests is not None else text


def founds(language: str, file: SourceFile) -> Iterator[Found]:
    """What can be said of *file* without understanding it."""
    if language in _NOT_TEXT:
        return
    lines = file.lines
    count = len(lines) - (not lines[-1])
    if count > LINES_MAX:
        count = without_tests(language, file.text).count("\n") if language == "Rust" else count
    if count > LINES_MAX:
        message = f"The file has {count:,} lines; up to {LINES_MAX:,} can be known by one person."
        yield Found("review/long-file", file.path, 0, 0, message, text="long file")
    if _NOTE.search(file.text) is None:
        return
    sign = re.compile(_COMMENTS.get(language, _SLASHES))
    for number, line in enumerate(lines, 1):
        begin = sign.search(line) if _NOTE.search(line) is not None else None
        if begin is not None:
            for found in comment_founds(file.path, number, begin.start() + 1, line[begin.start() :]):
                said = found.message
                yield msgspec.structs.replace(found, text=said, message=said.rstrip(".") + " (by text search only).")
