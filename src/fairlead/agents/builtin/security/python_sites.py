"""A call as the rules see it, and the report of what they find there."""

import ast
from collections.abc import Callable
from typing import NamedTuple

from fairlead.agents.builtin.security.matches import Match
from fairlead.agents.builtin.security.python_flow import Flow
from fairlead.agents.builtin.security.python_values import ANY, NOT_CONSTANT, OPAQUE, REQUEST, TYPED, Value
from fairlead.core.findings import Severity

REASONS = {
    OPAQUE: "The value is not constant, and where it comes from is not proven.",
    TYPED: "The value comes from whoever runs the program, not from a stranger.",
    REQUEST: "The value is proven to come from a request, so anybody can choose it.",
}


class Report:
    """Collects the matches of one file; the same rule at the same place counts once."""

    def __init__(self, lines: list[str]) -> None:
        self.matches: dict[tuple[str, int, int], Match] = {}
        self._lines = lines

    def add(
        self,
        rule: str,
        node: ast.expr | ast.stmt | ast.alias | ast.arg,
        message: str,
        severity: Severity | None = None,
        reason: str = "",
        mask: bool = False,
    ) -> None:
        """Report *rule* at *node*. With *mask* the node's text must never be shown."""
        line, end_line = node.lineno, node.end_lineno or node.lineno
        column = self._column(line, node.col_offset)
        end_column = self._column(end_line, node.end_col_offset or 0)
        key = (f"security/{rule}", line, column)
        hidden = (column, end_column if end_line == line else 1_000_000) if mask else None
        self.matches[key] = Match(key[0], line, column, message, end_line, end_column, severity, reason, mask=hidden)

    def _column(self, line: int, offset: int) -> int:
        """Python counts bytes from 0; we count characters from 1."""
        text = self._lines[line - 1] if 0 < line <= len(self._lines) else ""
        if text.isascii():
            return offset + 1
        return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1


class Site(NamedTuple):
    """One call."""

    call: ast.Call
    name: str  # the qualified name of what is called
    receiver: Value
    flow: Flow
    report: Report

    @property
    def method(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    def argument(self, position: int, *keywords: str) -> ast.expr | None:
        """The argument at *position* (-1: by keyword only) or with one of the *keywords*."""
        for keyword in self.call.keywords:
            if keyword.arg in keywords:
                return keyword.value
        arguments = self.call.args
        if 0 <= position < len(arguments) and not any(isinstance(a, ast.Starred) for a in arguments[: position + 1]):
            return arguments[position]
        return None

    def value(self, position: int, *keywords: str) -> Value:
        """What is known about that argument; `ANY` if it is not given."""
        node = self.argument(position, *keywords)
        return ANY if node is None else self.flow.known(node)

    def constant(self, position: int, *keywords: str) -> object:
        """The literal given there, also through a name; `NOT_CONSTANT` if there is none."""
        node = self.argument(position, *keywords)
        return NOT_CONSTANT if node is None else self.flow.known(node).constant

    def has(self, *keywords: str) -> bool:
        """Whether one of the *keywords* is given."""
        return any(keyword.arg in keywords for keyword in self.call.keywords)


Check = Callable[[Site], Value | None]
