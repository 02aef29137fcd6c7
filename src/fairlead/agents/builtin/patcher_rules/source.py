"""Python source that is being changed: its tree, what its names stand for, and edits at exact places.

Everything that no edit touches stays byte for byte: comments, line ends, quotes and spacing are their author's.
"""

import ast
import io
import tokenize
import warnings
from bisect import bisect_left
from functools import cached_property
from typing import Any

from fairlead.agents.builtin.security.python_names import Names


class NoFix(Exception):
    """The place cannot be mended by a rule. The text says why, in a whole sentence; nothing was changed."""

    def __init__(self, reason: str, code: str = "FL-A163") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Source:
    """One file. Offsets count characters of `text` from 0; edits are collected and made together by `changed`."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "invalid escape sequence" in somebody else's source
                self.tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise NoFix(f"The file is not valid Python here: {error}.") from None
        self.names = Names(self.tree)
        self._starts = line_starts(text)
        self._edits: set[tuple[int, int, str]] = set()

    # ------------------------------------------------------------------------------------------------------- places

    def begin(self, node: Any) -> int:  # nodes that have places: ast has no type for them
        """Where *node* begins."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: Any) -> int:  # as above
        """Where *node* ends; brackets around it do not belong to it."""
        return self.offset(node.end_lineno, node.end_col_offset)

    def offset(self, line: int, column: int) -> int:
        """The place that the parser calls *line* and *column*; it counts columns in bytes from 0."""
        start = self._starts[line - 1]
        text = self.text[start : self._starts[line] if line < len(self._starts) else len(self.text)]
        if text.isascii():
            return start + column
        return start + len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))

    def text_of(self, node: Any) -> str:  # as above
        """The source of *node*."""
        return self.text[self.begin(node) : self.end(node)]

    def line_around(self, offset: int) -> tuple[int, int]:
        """Where the line of *offset* begins, and where the next one does."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        return start, len(self.text) if end < 0 else end + 1

    def is_alone(self, statement: ast.stmt) -> bool:
        """Whether nothing but a comment stands on the lines of *statement* beside it."""
        start, _ = self.line_around(self.begin(statement))
        _, end = self.line_around(self.end(statement))
        after = self.text[self.end(statement) : end].strip()
        return not self.text[start : self.begin(statement)].strip() and (not after or after.startswith("#"))

    @cached_property
    def line_end(self) -> str:
        """The end that the file gives to its lines."""
        return "\r\n" if "\r\n" in self.text else "\n"

    @cached_property
    def quote(self) -> str:
        """The quotes that the file uses more often."""
        return "'" if self.text.count("'") > self.text.count('"') else '"'

    @cached_property
    def tokens(self) -> list[tuple[int, int, str]]:
        """Begin, end and text of everything that is neither comment nor white space."""
        silent = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
        found: list[tuple[int, int, str]] = []
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.text, newline=None).readline):
                if token.type not in silent:
                    start = self._starts[token.start[0] - 1] + token.start[1]
                    found.append((start, self._starts[token.end[0] - 1] + token.end[1], token.string))
        except (tokenize.TokenError, SyntaxError, IndexError) as error:
            raise NoFix(f"The file cannot be taken apart: {error}.") from None
        return found

    @cached_property
    def bound(self) -> frozenset[str]:
        """Every name that the file binds other than by an import."""
        found = {
            node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        found |= {node.arg for node in ast.walk(self.tree) if isinstance(node, ast.arg)}
        definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return frozenset(found | {node.name for node in ast.walk(self.tree) if isinstance(node, definitions)})

    # -------------------------------------------------------------------------------------------------------- edits

    def replace(self, node: Any, text: str) -> None:  # as above
        """Write *text* in the place of *node*."""
        self.edit(self.begin(node), self.end(node), text)

    def edit(self, start: int, end: int, text: str) -> None:
        """Write *text* from *start* up to but without *end*."""
        self._edits.add((start, end, text))

    def rename(self, function: ast.expr, name: str) -> None:
        """Give the last part of a dotted name another name."""
        end = self.end(function)
        last = function.attr if isinstance(function, ast.Attribute) else self.text_of(function)
        self.edit(end - len(last), end, name)

    def remove_argument(self, call: ast.Call, argument: ast.expr | ast.keyword) -> None:
        """Take an argument and its comma away."""
        start, end = self.begin(argument), self.end(argument)
        starts = [token[0] for token in self.tokens]
        first = bisect_left(starts, start)
        behind = bisect_left(starts, end)
        while self.tokens[behind][2] == ")" and self.tokens[first - 1][2] == "(" and behind + 1 < len(starts):
            if self.tokens[behind][1] >= self.end(call):
                break  # the brackets of the call itself
            first, behind = first - 1, behind + 1
        if self.tokens[behind][2] == "," and self.tokens[behind + 1][2] != ")":
            self.edit(self.tokens[first][0], self.tokens[behind + 1][0], "")
        elif self.tokens[first - 1][2] == ",":
            self.edit(self.tokens[first - 1][0], self.tokens[behind - 1][1], "")
        else:
            last = behind if self.tokens[behind][2] == "," else behind - 1
            self.edit(self.tokens[first][0], self.tokens[last][1], "")

    def add_argument(self, call: ast.Call, text: str) -> None:
        """Put an argument behind the others."""
        if any(keyword.arg is None for keyword in call.keywords):
            raise NoFix("The call takes arguments from a dictionary (**), which may hold this one already.")
        closing = bisect_left([token[0] for token in self.tokens], self.end(call) - 1)
        _, at, word = self.tokens[closing - 1]
        if word == "(" and not call.args and not call.keywords:
            self.edit(at, at, text)
        elif word != ",":
            self.edit(at, at, f", {text}")
        else:
            last = max([*call.args, *call.keywords], key=self.begin)
            start, _ = self.line_around(self.begin(last))
            indent = self.text[start : self.begin(last)]
            is_own_line = not indent.strip() and "\n" in self.text[at : self.end(call)]
            self.edit(at, at, f"{self.line_end}{indent}{text}," if is_own_line else f" {text},")

    def set_argument(self, call: ast.Call, name: str, value: str) -> None:
        """Give the keyword *name* the value *value*, whether it is there or not."""
        keyword = next((one for one in call.keywords if one.arg == name), None)
        if keyword is None:
            self.add_argument(call, f"{name}={value}")
        else:
            self.replace(keyword.value, value)

    def add_import(self, module: str, name: str = "") -> None:
        """Have *module*, or *name* out of it, imported at the top of the file."""
        known = f"{module}.{name}" if name else module
        word = name or module
        if word in self.bound or self.names.qualified(ast.Name(word)) not in (word, known):
            raise NoFix(f"The name `{word}`, which the change needs, means something else in this file.")
        if self._is_imported_at_top(module, name):
            return
        if self.names.is_imported(word):
            raise NoFix(f"`{word}` is imported inside of a function only.")
        line = f"from {module} import {name}" if name else f"import {module}"
        at = self._place_for(module, bool(name))
        self.edit(at, at, line + self.line_end)

    def _is_imported_at_top(self, module: str, name: str) -> bool:
        wanted = name or module
        aliases: list[ast.alias] = []
        for statement in self.tree.body:
            if isinstance(statement, ast.Import):
                aliases += [] if name else statement.names
            elif isinstance(statement, ast.ImportFrom) and statement.module == module and not statement.level:
                aliases += statement.names if name else []
        # `import os.path` brings `os`.
        return any((alias.asname or alias.name.partition(".")[0]) == wanted for alias in aliases)

    def _place_for(self, module: str, is_from: bool) -> int:
        """The beginning of the line where an import of *module* belongs: with its like, in alphabetical order."""
        first = next((one for one in self.tree.body if isinstance(one, ast.Import | ast.ImportFrom)), None)
        body = self.tree.body
        start = body.index(first) if first is not None else _behind_docstring(body)
        block = start
        while block < len(body) and isinstance(body[block], ast.Import | ast.ImportFrom):
            block += 1
        after: ast.stmt | None = None
        for statement in body[start:block]:
            if isinstance(statement, ast.ImportFrom):
                is_before = statement.module == "__future__" or (is_from and (statement.module or "") <= module)
            else:
                is_before = isinstance(statement, ast.Import) and not is_from and statement.names[0].name < module
            after = statement if is_before else after
        if after is not None:
            return self._behind(after)
        if block > start:
            return self.line_around(self.begin(body[start]))[0]
        return self._behind(body[start - 1]) if start else self.line_around(self.begin(body[0]))[0]

    def _behind(self, statement: ast.stmt) -> int:
        end = self.line_around(self.end(statement))[1]
        if not self.text[:end].endswith("\n"):
            raise NoFix("The file has no place for another import.")
        return end

    def changed(self) -> str:
        """The text with all edits made.

        Raises:
            NoFix: there is none, or two meet.
        """
        if not self._edits:
            raise NoFix("The place is not written in a form that a rule can mend.")
        parts: list[str] = []
        at = 0
        for start, end, text in sorted(self._edits):
            if start < at:
                raise NoFix("Two changes of one place meet.")
            parts += (self.text[at:start], text)
            at = end
        return "".join((*parts, self.text[at:]))


def line_starts(text: str) -> list[int]:
    """Where lines begin, as Python counts them: after a line feed, or a return that none follows."""
    starts = [0]
    for at, character in enumerate(text):
        if character == "\n" or (character == "\r" and text[at + 1 : at + 2] != "\n"):
            starts.append(at + 1)
    return starts


def _behind_docstring(body: list[ast.stmt]) -> int:
    first = body[0] if body else None
    value = first.value if isinstance(first, ast.Expr) else None
    return 1 if isinstance(value, ast.Constant) and isinstance(value.value, str) else 0
