"""What the parts of the code-reviewer are given, and the records they answer with.

A part for a language is a module with `wants(path) -> bool` and `review(file) -> Reviewed`. It says where a rule fired;
severity, silencing comments, fingerprints and the text of the remedy are settled by `verdict`.
"""

import re
from typing import Literal

import msgspec

from fairlead.core.findings import Severity

Origin = Literal["own", "ruff"]

# What the rules of every language call too much.
COMPLEXITY_MAX = 15
_COMPLEXITY_HIGH = 30  # above it a function is worth a plan of its own, not only a thought
FUNCTION_LINES_MAX = 50
LOOPS_MAX = 2  # loops inside each other; the third is too deep

PYTHON_SUFFIXES = (".py", ".pyw", ".pyi")

_LINE_END = re.compile(r"\r\n|\r|\n")


class SourceFile:
    """One file to review. `path` is what `os.fsdecode` gives; `text` has no byte order mark and keeps its line ends."""

    __slots__ = ("_lines", "is_changed", "is_example", "is_python", "is_test", "is_utf8", "path", "text")

    def __init__(self, path: str, text: str, *, is_changed: bool, is_test: bool, is_example: bool) -> None:
        self.path = path
        self.text = text
        self.is_changed = is_changed
        self.is_test = is_test  # or serves tests: fixtures, conftest
        self.is_example = is_example  # documentation, samples, benchmarks
        self.is_python = path.endswith(PYTHON_SUFFIXES)  # or its first line says so
        self.is_utf8 = True
        self._lines: list[str] | None = None

    @property
    def lines(self) -> list[str]:
        """The lines without their ends; split when somebody asks for the first time."""
        if self._lines is None:
            self._lines = _LINE_END.split(self.text)
        return self._lines


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule that fired at one place.

    Lines and columns count from 1, columns in characters; line 0 means the file as a whole. A silencing comment counts
    when it stands on one of the lines from `line` to `end_line`: for a function as a whole give only its first line.
    """

    rule: str  # "review/long-function": a key of the tables `rules/review-*.toml`
    path: str
    line: int
    column: int
    message: str
    end_line: int = 0
    end_column: int = 0
    text: str = ""  # what the fingerprint is made of; without it, the source line
    severity: Severity | None = None  # None: that of the rule's table
    reason: str = ""
    origin: Origin = "own"


class FunctionFacts(msgspec.Struct, frozen=True):
    """One function or method. `complexity` is McCabe's: 1 and one more for each place where the path divides."""

    name: str  # "Order.total"
    line: int
    complexity: int
    length: int  # lines, from the first to the last


class Reviewed(msgspec.Struct):
    """What a part says about one file."""

    founds: list[Found] = []
    functions: list[FunctionFacts] = []


def too_complex(path: str, function: FunctionFacts, column: int) -> Found | None:
    """The finding `review/complex-function`, in the same words for every language."""
    if function.complexity <= COMPLEXITY_MAX:
        return None
    message = f"{function.name} has a complexity of {function.complexity}; up to {COMPLEXITY_MAX} can be followed."
    found = _of_function("review/complex-function", path, function, column, message)
    if function.complexity <= _COMPLEXITY_HIGH:
        return found
    reason = f"More than {_COMPLEXITY_HIGH} ways through one function are more than a person can test."
    return msgspec.structs.replace(found, severity="medium", reason=reason)


def too_long(path: str, function: FunctionFacts, column: int) -> Found | None:
    """The finding `review/long-function`, in the same words for every language."""
    if function.length <= FUNCTION_LINES_MAX:
        return None
    message = f"{function.name} has {function.length} lines; {FUNCTION_LINES_MAX} fit on a screen."
    return _of_function("review/long-function", path, function, column, message)


def _of_function(rule: str, path: str, function: FunctionFacts, column: int, message: str) -> Found:
    # The name alone is the fingerprint's text: another parameter does not make it another finding.
    return Found(rule, path, function.line, column, message, function.line, 0, text=function.name)
