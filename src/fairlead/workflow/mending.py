"""Edits that mend a file: what `check --fix` shows and writes. Each belongs to a diagnostic and leaves no choice.

What an author has to decide gets a hint, never an edit. A file is checked again after each round of edits, because one
mistake can hide another.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from fairlead.workflow.source import Edit, Source
from fairlead.workflow.yaml_tree import Entry, Node, read_tree

ROUNDS_MAX = 10
_MEANT = re.compile(r"did you mean `([^`\n]+)`\?", re.ASCII)
_QUOTES = "\"'"


class Mended(NamedTuple):
    """A file after its edits, and the codes of what they mended."""

    data: bytes
    codes: tuple[str, ...]


def mend(data: bytes, edits_of: Callable[[bytes], "tuple[str, tuple[tuple[str, Edit], ...]]"]) -> Mended:
    """Apply edits until there are none. *edits_of* gives the text of a file and its edits, each with its code."""
    codes: dict[str, None] = {}
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    for _ in range(ROUNDS_MAX):
        text, edits = edits_of(data)
        mended = _apply_edits(text, (edit for _, edit in edits))
        if mended == text:
            break
        codes.update(dict.fromkeys(code for code, _ in edits))
        data = mark + mended.encode()
    return Mended(data, tuple(codes))


def _apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """*text* with its edits made. Of two that touch the same characters, the first one is made."""
    made: list[Edit] = []
    for edit in sorted(set(edits), key=lambda one: (one.start, one.end)):
        if not made or edit.start >= made[-1].end:
            made.append(edit)
    for edit in reversed(made):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def meant(source: Source, start: int, end: int, hints: Iterable[str]) -> Edit | None:
    """The edit that a "did you mean" is, when it names a single word and the span is the word that was written."""
    for hint in hints:
        if found := _MEANT.fullmatch(hint):
            written = source.text[start:end]
            if "\n" in written or not written:
                return None
            if written[0] in _QUOTES and written[-1] == written[0] and len(written) > 1:
                return Edit(start + 1, end - 1, found[1])
            return Edit(start, end, found[1])
    return None


def as_scalar(text: str, node: Node) -> str:
    """*text* as a scalar of YAML, in the quotes that *node* has, or in those that it needs."""
    if node.style == "'" and "'" not in text:
        return f"'{text}'"
    if node.style != '"':
        tree, source = read_tree("", f"k: {text}".encode())
        entry = tree.entries.get("k") if tree is not None and not source.has_errors else None
        if entry is not None and entry.value.is_text and entry.value.value == text:
            return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def remove_entry(source: Source, entry: Entry) -> Edit | None:
    """Take a key with its value out of the mapping that holds it."""
    return _remove(source.text, entry.key.start, entry.value.end)


def remove_item(source: Source, node: Node) -> Edit | None:
    """Take an item out of its list."""
    text = source.text
    line = text.rfind("\n", 0, node.start) + 1
    dash = text[line : node.start]
    if dash.strip() == "-":
        return _remove(text, line + dash.index("-"), node.end)
    return _remove(text, node.start, node.end)


def _remove(text: str, start: int, end: int) -> Edit | None:
    """Whole lines where nothing else stands on them; in flow style the comma goes along; else there is no edit."""
    line = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    rest = text[end:stop]
    if not text[line:start].strip() and (not rest.strip() or rest.lstrip().startswith("#")):
        return Edit(line, min(stop + 1, len(text)), "")
    before = text[line:start].rstrip()
    if before.endswith(","):
        return Edit(line + len(before) - 1, end, "")
    if before.endswith(("{", "[")) and rest.lstrip().startswith(","):
        after = end + rest.index(",") + 1
        return Edit(start, after + (len(text[after:stop]) - len(text[after:stop].lstrip())), "")
    return None


def add_key(source: Source, step: Node, beside: Entry, name: str, value: str) -> Edit:
    """Write `name: value` after the entry *beside* of the mapping *step*."""
    text = source.text
    end = beside.value.end
    if text.startswith("{", step.start):
        return Edit(end, end, f", {name}: {value}")
    column = beside.key.start - (text.rfind("\n", 0, beside.key.start) + 1)
    return Edit(end, end, f"{_line_end(text)}{' ' * column}{name}: {value}")


def add_item(source: Source, node: Node, value: str) -> Edit | None:
    """Write *value* as the last item of the list *node*."""
    text = source.text
    if text.startswith("[", node.start):
        at = text.rfind("]", node.start, node.end)
        if at < 0:
            return None
        return Edit(at, at, f", {value}" if node.items else value)
    if not node.items:
        return None
    last = node.items[-1]
    line = text.rfind("\n", 0, last.start) + 1
    return Edit(last.end, last.end, f"{_line_end(text)}{text[line : last.start]}{value}")


def _line_end(text: str) -> str:
    """How the lines of the file end."""
    return "\r\n" if "\r\n" in text else "\n"
