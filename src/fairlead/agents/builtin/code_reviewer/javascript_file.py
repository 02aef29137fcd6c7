"""One JavaScript file under review: its tree, what the query found in it, and the words for places and names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from fairlead.agents.builtin.code_reviewer.found import Found, SourceFile
from fairlead.agents.builtin.security.js_tree import Node, Parsed
from fairlead.core.findings import Severity

FUNCTIONS = frozenset(
    {
        *("function_declaration", "function_expression", "arrow_function", "method_definition"),
        *("generator_function_declaration", "generator_function"),
    }
)
_WRAPPERS = frozenset(
    {
        *("parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"),
        *("type_assertion", "await_expression"),
    }
)
_EXTENDS = re.compile(r"\bextends\s+([\w$]+)")
NAME_LENGTH_MAX = 60
TEXT_LENGTH_MAX = 200  # of a fingerprint's text: enough to tell two places apart


class File:
    """One parsed file."""

    def __init__(self, source: SourceFile, tree: Parsed, captures: Mapping[str, Sequence[Node]]) -> None:
        self.source = source
        self.tree = tree
        self._captures = captures
        self._lowered = tree.data.lower()

    def all(self, name: str) -> Sequence[Node]:
        """The nodes that the query calls *name*, in the order of the file."""
        return self._captures.get(name, ())

    @cached_property
    def extended(self) -> frozenset[str]:
        """The names of the classes that others in the file extend."""
        return frozenset(_EXTENDS.findall(self.source.text))

    def text(self, node: Node) -> str:
        """The source text of *node*."""
        return self.tree.text(node)

    def found(
        self, rule: str, node: Node, message: str, *, text: str = "", severity: Severity | None = None, reason: str = ""
    ) -> Found:
        """A found at *node*; its end is shown only where it lies in the same line.

        *text* is what the fingerprint is made of; without it, the begin of what stands at *node*.
        """
        text = text or "".join(self.text(node)[:TEXT_LENGTH_MAX].split())
        row, column = node.start_point
        end_row, end_column = node.end_point
        end_row, end = (row, self.tree.at(row, end_column)) if end_row == row else (row, 0)
        return Found(
            rule,
            self.source.path,
            row + 1,
            self.tree.at(row, column),
            message,
            end_row + 1,
            end,
            text,
            severity,
            reason,
        )

    def matches(self, pattern: "re.Pattern[bytes]", words: Sequence[bytes]) -> Iterator[tuple["re.Match[bytes]", Node]]:
        """Where *pattern* fits the source, with the smallest piece of syntax that holds the begin of the match.

        Nothing is looked for in a file that has none of *words*, which are in small letters: that is a lot faster.
        """
        if not any(word in self._lowered for word in words):
            return
        for match in pattern.finditer(self.tree.data):
            node = self.tree.root.descendant_for_byte_range(match.start(), match.start() + 1)
            if node is not None:
                yield match, node

    def name_of(self, function: Node) -> str:
        """What people call *function*: its own name, or that of what it is given to."""
        own = function.child_by_field_name("name")
        if own is not None:
            name = self._short(own)
            owner = self._class_around(function) if function.type == "method_definition" else ""
            return f"{owner}.{name}" if owner else name
        around = function.parent
        while around is not None and around.type in _WRAPPERS:
            around = around.parent
        if around is None:
            return "a function"
        key = {
            "variable_declarator": "name",
            "assignment_expression": "left",
            "pair": "key",
            "field_definition": "property",
            "public_field_definition": "name",
        }.get(around.type)
        given = around.child_by_field_name(key) if key else None
        if given is not None:
            return self._short(given)
        if around.type == "arguments" and around.parent is not None:
            called = around.parent.child_by_field_name("function") or around.parent.child_by_field_name("constructor")
            if called is not None and called.type in ("identifier", "member_expression"):
                return f"the function given to {self._short(called)}"
        return "a function without a name"

    def _class_around(self, method: Node) -> str:
        body = method.parent
        owner = body.parent if body is not None and body.type == "class_body" else None
        name = owner.child_by_field_name("name") if owner is not None else None
        return self._short(name) if name is not None else ""

    def _short(self, node: Node) -> str:
        folded = " ".join(self.text(node).split())
        return folded if len(folded) <= NAME_LENGTH_MAX else "…" + folded[1 - NAME_LENGTH_MAX :]


def statements_of(body: Node) -> list[Node]:
    """What stands in a block, without its comments."""
    return [child for child in body.named_children if child.type != "comment"]


def function_around(node: Node) -> Node | None:
    """The innermost function around *node*."""
    around = node.parent
    while around is not None and around.type not in FUNCTIONS:
        around = around.parent
    return around
