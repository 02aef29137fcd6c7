"""The statement that holds a place in a file: what a fingerprint is made of, so that a formatter changes none.

Python is read with `ast`, JavaScript and TypeScript with tree-sitter; of every other language the line counts. Of a
compound statement only the header counts, of a call that is given functions only what stands outside their bodies:
a change inside is not a change of what stands around it.

    Statements.of(path, text).text_at(line, column)
"""

import ast
import io
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from fairlead.agents.builtin.security.matches import PartMissing
from fairlead.core.findings import folded

STATEMENT_CHARACTERS_MAX = 2_000  # folded; a longer one says too little about one place in it, and its line counts
PARSE_CHARACTERS_MAX = 600_000  # the syntax tree takes about a hundred times this in bytes

_PYTHON = (".py", ".pyw", ".pyi")
_JAVASCRIPT = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
# What may stand by itself in JavaScript. A block belongs to nobody: it is cut out of what stands around it.
_BLOCKS = frozenset({"statement_block", "class_body", "switch_body"})
_UNITS = frozenset(
    {"method_definition", "field_definition", "public_field_definition", "switch_case", "switch_default"}
)

Span = tuple[int, int]  # offsets in the text, from and up to but without
Mask = tuple[int, int, int, int]  # what must never be shown: line and column from, line and column up to but without
_Find = Callable[[int, int], Sequence[Span]]  # from the offset of a place and of its line's end to what counts


class Statements:
    """The statements of one text."""

    def __init__(self, text: str, find: _Find) -> None:
        self._text = text
        self._find = find
        self._starts = _line_starts(text)

    @classmethod
    def of(cls, path: str, text: str, *, is_python: bool | None = None) -> "Statements":
        """The statements of the file *path*; its name says which language it is, unless *is_python* does.

        A text that cannot be read as its language, and one that is too long, has only lines.
        """
        if len(text) > PARSE_CHARACTERS_MAX:
            return cls(text, _nothing)
        if path.endswith(_PYTHON) if is_python is None else is_python:
            return cls.of_python(text)
        if path.endswith(_JAVASCRIPT):
            try:
                return cls(text, _JavaScript(path, text).find)
            except (PartMissing, ImportError):
                return cls(text, _nothing)
        return cls(text, _nothing)

    @classmethod
    def of_python(cls, text: str, tree: ast.Module | None = None) -> "Statements":
        """The statements of Python source; *tree* spares parsing it again."""
        if tree is None:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # "invalid escape sequence" in somebody else's source
                    tree = ast.parse(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return cls(text, _nothing)
        return cls(text, _Python(text, tree).find)

    def spans_at(self, line: int, column: int = 1) -> Sequence[Span]:
        """What counts of the statement at *line* and *column* (from 1, in characters), in order; else the line."""
        if not 0 < line <= len(self._starts):
            return ()
        whole = self._line(line)
        spans = self._find(min(whole[0] + max(0, column - 1), whole[1]), whole[1])
        if spans and len(folded("".join(self._text[a:b] for a, b in spans))) <= STATEMENT_CHARACTERS_MAX:
            return spans
        return (whole,)

    def text_at(self, line: int, column: int = 1, masks: Iterable[Mask] = ()) -> str:
        """The text that a fingerprint is made of. What *masks* name stands there as `…`."""
        hidden = sorted((self._offset(*mask[:2]), self._offset(*mask[2:])) for mask in masks)
        return "".join(self._shown(start, end, hidden) for start, end in self.spans_at(line, column))

    def _line(self, line: int) -> Span:
        end = self._starts[line] if line < len(self._starts) else len(self._text)
        start = self._starts[line - 1]
        return start, start + len(self._text[start:end].rstrip("\r\n"))

    def _offset(self, line: int, column: int) -> int:
        if line > len(self._starts):
            return len(self._text)
        start, end = self._line(max(1, line))
        return min(start + max(0, column - 1), end)

    def _shown(self, start: int, end: int, hidden: Sequence[Span]) -> str:
        parts: list[str] = []
        at = start
        for first, last in hidden:
            if last <= at or first >= end:
                continue
            parts += (self._text[at : max(at, first)], "…")
            at = min(last, end)
        parts.append(self._text[at:end])
        return "".join(parts)


def _nothing(_at: int, _line_end: int) -> Sequence[Span]:
    return ()


def _line_starts(text: str) -> list[int]:
    """Where lines begin, as Python and the scanners count them: after a line feed, or a return that none follows."""
    starts = [0]
    at = -1
    is_plain = "\r" not in text
    while (at := text.find("\n", at + 1)) >= 0:
        starts.append(at + 1)
    if not is_plain:
        starts += [i + 1 for i, c in enumerate(text) if c == "\r" and text[i + 1 : i + 2] != "\n"]
        starts.sort()
    return starts


# --------------------------------------------------------------------------------------------------------------- Python


class _Python:
    """Simple statements and the headers of compound ones: none of them lies inside of another."""

    def __init__(self, text: str, tree: ast.Module) -> None:
        self._text = text
        self._starts = _line_starts(text)
        self._spans = sorted(self._all(tree))
        self._firsts = [start for start, _ in self._spans]

    def find(self, at: int, line_end: int) -> Sequence[Span]:
        index = bisect_right(self._firsts, at) - 1
        if index >= 0 and at < self._spans[index][1]:
            return self._without_comments(*self._spans[index])
        # The place is in the white space or the comment beside it: the next one of this line.
        if index + 1 < len(self._spans) and self._spans[index + 1][0] < line_end:
            return self._without_comments(*self._spans[index + 1])
        return ()

    def _all(self, tree: ast.Module) -> Iterator[Span]:
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt | ast.excepthandler):
                for decorator in getattr(node, "decorator_list", ()):
                    yield self._span(decorator, decorator)
                body: list[ast.stmt] = getattr(node, "body", [])
                cases: list[ast.match_case] = getattr(node, "cases", [])
                first = body[0] if body else cases[0].pattern if cases else None
                yield self._span(node, node) if first is None else (self._begin(node), self._edge(first))
            elif isinstance(node, ast.match_case):
                yield self._begin(node.pattern), self._edge(node.body[0])

    def _span(self, first: Any, last: Any) -> Span:  # nodes that have places: ast has no type for them
        return self._begin(first), self._at(last.end_lineno, last.end_col_offset)

    def _begin(self, node: Any) -> int:
        return self._at(node.lineno, node.col_offset)

    def _edge(self, node: Any) -> int:
        """Where *node* begins for whoever stands before it: at the sign of its first decorator."""
        decorators = getattr(node, "decorator_list", ())
        return self._text.rfind("@", 0, self._begin(decorators[0])) if decorators else self._begin(node)

    def _at(self, line: int, column: int) -> int:
        """Python counts columns in bytes from 0."""
        start = self._starts[line - 1]
        text = self._text[start : self._starts[line] if line < len(self._starts) else len(self._text)]
        if text.isascii():
            return start + column
        return start + len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))

    def _without_comments(self, start: int, end: int) -> Sequence[Span]:
        text = self._text[start:end]
        if "#" not in text:
            return ((start, end),)
        starts = _line_starts(text)
        spans, at = [], start
        try:
            for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
                if token.type == tokenize.COMMENT:
                    begin = start + starts[token.start[0] - 1] + token.start[1]
                    spans.append((at, begin))
                    at = begin + len(token.string)
        except (tokenize.TokenError, SyntaxError):
            pass  # a header without its body: what comes after it is no comment
        return (*spans, (at, end))


# ----------------------------------------------------------------------------------------------------------- JavaScript


class _JavaScript:
    """Statements as tree-sitter gives them, without the statements inside of them and without comments."""

    def __init__(self, path: str, text: str) -> None:
        from fairlead.agents.builtin.security.js_tree import Source

        self._text = text
        self._source = Source(path, text)
        self._is_ascii = text.isascii()

    def find(self, at: int, line_end: int) -> Sequence[Span]:
        blank = len(self._text[at:line_end]) - len(self._text[at:line_end].lstrip())
        place = self._bytes(min(at + blank, max(at, line_end - 1)))
        node = self._source.root.descendant_for_byte_range(place, place)
        while node is not None and not _is_statement(node):
            node = node.parent
        if node is not None and node.type == "export_statement":
            node = node.child_by_field_name("declaration") or node
        if node is None or node.type in _BLOCKS:
            return ()
        return [(self._characters(a), self._characters(b)) for a, b in _own(node)]

    def _bytes(self, offset: int) -> int:
        return offset if self._is_ascii else len(self._text[:offset].encode("utf-8", "replace"))

    def _characters(self, offset: int) -> int:
        return offset if self._is_ascii else len(self._source.data[:offset].decode("utf-8", "replace"))


def _is_statement(node: Any) -> bool:  # the grammars' nodes have no type of their own here
    kind: str = node.type
    return kind in _BLOCKS or kind in _UNITS or (kind.endswith(("_statement", "_declaration")) and node.is_named)


def _own(node: Any) -> Iterator[Span]:  # as above
    """The bytes of *node* that belong to no statement inside of it and to no comment, in order."""
    at = node.start_byte
    waiting = list(reversed(node.children))
    while waiting:
        child = waiting.pop()
        if child.type == "comment" or _is_statement(child):
            if at < child.start_byte:
                yield at, child.start_byte
            at = child.end_byte
        else:
            waiting.extend(reversed(child.children))
    if at < node.end_byte:
        yield at, node.end_byte
