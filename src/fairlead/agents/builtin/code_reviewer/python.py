"""Python: what the syntax tree of a file shows, with the standard library's own parser, and what ruff says about it."""

import ast
import re
import warnings
from collections.abc import Mapping

from fairlead.agents.builtin.code_reviewer import python_debug, python_placeholders
from fairlead.agents.builtin.code_reviewer.across import Across
from fairlead.agents.builtin.code_reviewer.found import (
    PYTHON_SUFFIXES,
    Found,
    FunctionFacts,
    Reviewed,
    SourceFile,
    too_complex,
    too_long,
)
from fairlead.agents.builtin.code_reviewer.python_outline import Outline
from fairlead.agents.builtin.code_reviewer.ruff import Said
from fairlead.agents.builtin.statements import PARSE_CHARACTERS_MAX

_TEMPLATE = re.compile(r"\{\{[^{}\n]*\}\}|\{%[^%\n]*%\}")


class Parsed:
    """One Python file that is reviewed: its text, and its tree where there is one."""

    def __init__(self, file: SourceFile, tree: ast.Module | None, why_not: str = "") -> None:
        self.file = file
        self.tree = tree
        self.why_not = why_not  # why there is no tree


def wants(path: str) -> bool:
    """Whether *path* is Python, by its name."""
    return path.endswith(PYTHON_SUFFIXES)


def parse(file: SourceFile) -> Parsed:
    """The syntax tree of *file*, or why there is none."""
    if len(file.text) > PARSE_CHARACTERS_MAX:
        return Parsed(file, None, f"it has more than {PARSE_CHARACTERS_MAX:,} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" in somebody else's source
            return Parsed(file, ast.parse(file.text))
    except SyntaxError as error:
        return Parsed(file, None, f"{error.msg}, line {error.lineno or 0}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Parsed(file, None, f"{type(error).__name__}: {error}")


def is_template(file: SourceFile) -> bool:
    """Whether a file that is no valid Python is the pattern of one."""
    return _TEMPLATE.search(file.text) is not None


def review(parsed: Parsed, said: Said | None, across: Across) -> Reviewed:
    """Everything about one file that its own text shows. What needs other files too is left with *across*."""
    file, tree = parsed.file, parsed.tree
    outline: Outline | None = None
    try:
        outline = Outline(tree) if tree is not None else None
    except RecursionError:
        parsed.tree, parsed.why_not = None, "its statements are nested too deeply"
    if tree is None or outline is None:
        seen = said.founds if said is not None and said.broken is None else []
        return Reviewed([_not_parsed(parsed, said), *seen], [])
    reviewed = Reviewed([], [])
    complexity = _own_complexity(outline, said.complexity) if said is not None else {}
    for function in outline.functions:
        node = function.node
        column = node.col_offset + (11 if isinstance(node, ast.AsyncFunctionDef) else 5)
        facts = FunctionFacts(function.name, node.lineno, complexity.get(node.lineno, 0), function.length)
        reviewed.functions.append(facts)
        reviewed.founds += filter(None, (too_complex(file.path, facts, column), too_long(file.path, facts, column)))
    reviewed.founds += _deep_loops(file, outline)
    reviewed.founds += _unreachable(file, outline)
    reviewed.founds += python_placeholders.review(file, tree, outline, across)
    if said is not None:
        for found in python_debug.kept(file, tree, outline, said.founds):
            if found.rule == "review/unused-import":
                across.unused_imports.append(found)
            else:
                reviewed.founds.append(found)
    across.take(file, tree, outline)
    return reviewed


def _own_complexity(outline: Outline, measured: Mapping[int, int]) -> dict[int, int]:
    """The complexity of each function without that of the functions inside it, which have findings of their own."""
    own = dict(measured)
    for function in outline.functions:
        if function.around in own:
            own[function.around] -= measured.get(function.node.lineno, 0)
    return own


def _deep_loops(file: SourceFile, outline: Outline) -> list[Found]:
    founds: list[Found] = []
    for loop, walks_down in outline.deep_loops:
        place = (file.path, loop.lineno, loop.col_offset + 1)
        if walks_down:
            message = "This is the third loop inside another: a function of its own would give the inner ones a name."
            reason = "The inner loops read what the outer ones give them, so that only reading is hard."
            founds.append(Found("review/deep-loops", *place, message, loop.lineno, 0, severity="info", reason=reason))
        else:
            message = "This is the third loop inside another: the work grows with the product of what they read."
            founds.append(Found("review/deep-loops", *place, message, loop.lineno, 0))
    return founds


def _unreachable(file: SourceFile, outline: Outline) -> list[Found]:
    founds: list[Found] = []
    for leaving, after in outline.unreachable:
        word = type(leaving).__name__.lower()
        message = f"Nothing reaches this line: the `{word}` in line {leaving.lineno} always leaves."
        founds.append(
            Found("review/unreachable-code", file.path, after.lineno, after.col_offset + 1, message, after.lineno, 0)
        )
    return founds


def _not_parsed(parsed: Parsed, said: Said | None) -> Found:
    path = parsed.file.path
    if said is not None and said.broken is not None:
        if parsed.file.is_test or parsed.file.is_example or parsed.file.path.endswith(".pyi"):
            return Found(
                said.broken.rule,
                path,
                said.broken.line,
                said.broken.column,
                said.broken.message,
                severity="info",
                reason="Broken files in tests and examples are usually meant.",
                origin="ruff",
            )
        return said.broken
    seen = "Only ruff's rules have seen the file" if said is not None else "Nothing has looked at the file"
    message = f"{seen}: its structure could not be read ({parsed.why_not})."
    return Found("review/not-parsed", path, 0, 0, message)
