"""JavaScript and TypeScript as a syntax tree: the parser, places in the file, and what a name stands for."""

import re
from bisect import bisect_right
from functools import cache
from typing import Any

from fairlead.agents.builtin.security.matches import Match, PartMissing
from fairlead.core.findings import Severity

# The grammars' nodes have no type of their own here: the library is loaded only when a file is read.
Node = Any

_QUERY = """
(call_expression) @call
(new_expression) @new
(assignment_expression) @assignment
(augmented_assignment_expression) @assignment
(variable_declarator) @declarator
(pair) @pair
(import_statement) @import
[(function_declaration) (function_expression) (arrow_function) (method_definition) (generator_function_declaration)
 (generator_function)] @function
"""
_JSX_QUERY = "(jsx_attribute) @attribute"
_FIELDS_QUERY = {"javascript": "(field_definition) @field", "typescript": "(public_field_definition) @field"}


@cache
def language(kind: str) -> Any:
    """A grammar: `javascript`, `typescript` or `tsx`.

    Raises:
        PartMissing: tree-sitter or a grammar is not installed.
    """
    try:
        import tree_sitter
        import tree_sitter_javascript
        import tree_sitter_typescript
    except ImportError as error:
        raise PartMissing(
            f"{error.name} is not installed. Install tree-sitter, tree-sitter-javascript and tree-sitter-typescript."
        ) from None
    pointer = {
        "javascript": tree_sitter_javascript.language,
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
    }[kind]()
    return tree_sitter.Language(pointer)


@cache
def _parser(kind: str) -> Any:
    grammar = language(kind)
    import tree_sitter

    return tree_sitter.Parser(grammar)


@cache
def _query(kind: str) -> Any:
    import tree_sitter

    query = _QUERY + _FIELDS_QUERY["javascript" if kind == "javascript" else "typescript"]
    if kind != "typescript":
        query += _JSX_QUERY
    return tree_sitter.Query(language(kind), query)


class Parsed:
    """One parsed file, and where things stand in it."""

    def __init__(self, path: str, text: str) -> None:
        if "\r" in text:
            text = text.replace("\r\n", " \n").replace("\r", "\n")  # as long as before, and lines end alike everywhere
        self.data = text.encode("utf-8", "replace")
        self._is_ascii = len(self.data) == len(text)
        self._lines: list[bytes] = [] if self._is_ascii else self.data.split(b"\n")
        kind = "javascript"
        if path.endswith((".ts", ".mts", ".cts")):
            kind = "typescript"
        elif path.endswith(".tsx"):
            kind = "tsx"
        self.root = self._parse(kind)
        if self.root.has_error and kind == "javascript":
            # Types in a `.js` file: most of them read alike in TypeScript.
            broken, self.root = self.root, self._parse("tsx")
            if self.root.has_error:
                self.root = broken
            else:
                kind = "tsx"
        self.kind = kind

    def _parse(self, kind: str) -> Node:
        self._tree = _parser(kind).parse(self.data)  # the tree must live as long as its nodes
        return self._tree.root_node

    def captured(self, query: Any) -> dict[str, list[Node]]:
        """What a query, compiled for the grammar `kind`, finds: by the names in it, in the order of the file."""
        import tree_sitter

        found: dict[str, list[Node]] = tree_sitter.QueryCursor(query).captures(self.root)
        # The library gives them in no order that it promises.
        return {name: sorted(nodes, key=_place) for name, nodes in found.items()}

    def text(self, node: Node) -> str:
        """The source text of *node*."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def at(self, row: int, column: int) -> int:
        """The column in characters, from 1, of a place that is given in bytes."""
        if self._is_ascii:
            return column + 1
        return len(self._lines[row][:column].decode("utf-8", "replace")) + 1

    def first_error(self) -> Node | None:
        """The first place that the grammar does not know."""
        node = self.root
        if not node.has_error:
            return None
        while True:
            inner = next(
                (child for child in node.children if child.is_error or child.is_missing or child.has_error), None
            )
            if inner is None or node.is_error:
                return node
            node = inner


class Source(Parsed):
    """One parsed file, and what the rules of the security-scanner begin with."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(path, text)
        self.captures = captures = self.captured(_query(self.kind))
        self._functions = sorted((f.start_byte, -f.end_byte) for f in captures.get("function", ()))
        self.functions = {(f.start_byte, f.end_byte): f for f in captures.get("function", ())}

    def match(
        self,
        rule: str,
        node: Node,
        message: str,
        *,
        severity: Severity | None = None,
        reason: str = "",
        is_masked: bool = False,
    ) -> Match:
        """A match at *node*; with *is_masked* the text between its quotes is never shown."""
        row, column = node.start_point
        end_row, end_column = node.end_point
        first, last = self.at(row, column), self.at(end_row, end_column)
        mask = (first + 1, last - 1 if end_row == row else 1_000_000) if is_masked else None
        return Match(f"security/{rule}", row + 1, first, message, end_row + 1, last, severity, reason, mask=mask)

    def scope(self, offset: int) -> tuple[int, int]:
        """The innermost function around *offset*, as the bytes from and to; the file if there is none."""
        index = bisect_right(self._functions, (offset, 0)) - 1
        # Functions that begin before may end before too; nesting is shallow, files are bounded.
        for number in range(index, max(-1, index - 500), -1):
            start, end = self._functions[number]
            if -end > offset:
                return start, -end
        return 0, len(self.data)

    def outermost(self, offset: int) -> int:
        """Where the outermost function around *offset* begins; 0 if there is none."""
        return next((start for start, end in self._functions if start <= offset < -end), 0)


def _place(node: Node) -> tuple[int, int]:
    return node.start_byte, -node.end_byte


def field(node: Node, name: str) -> Node | None:
    """The child *name* of *node* without brackets and casts around it."""
    return bare(node.child_by_field_name(name))


def bare(node: Node | None) -> Node | None:
    """*node* without what does not change its value: brackets, `await`, `as T`, `!`."""
    while node is not None and node.type in (
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "await_expression",
        "type_assertion",
    ):
        children = [child for child in node.named_children if child.type != "comment"]
        if not children:
            return None
        node = children[-1] if node.type == "type_assertion" else children[0]
    return node


def arguments(call: Node) -> list[Node]:
    """The arguments of a call, without brackets; none for a tagged template."""
    listed = call.child_by_field_name("arguments")
    if listed is None or listed.type != "arguments":
        return []
    found = (bare(child) for child in listed.named_children if child.type != "comment")
    return [node for node in found if node is not None]


_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\n)|(.))", re.DOTALL)
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": ""}


def unescaped(text: str) -> str:
    """The value of the inside of a string literal."""
    if "\\" not in text:
        return text

    def value(found: "re.Match[str]") -> str:
        digits = found[1] or found[2] or found[3]
        if digits:
            number = int(digits, 16)
            return chr(number) if number <= 0x10FFFF else ""
        return "" if found[4] else _SHORT.get(found[5], found[5])

    return _ESCAPE.sub(value, text)
