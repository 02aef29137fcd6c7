"""What can be wrong with an expression: before it is evaluated (`Problem`) and while it is (`EvaluationFailed`)."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong at [start, end) of the expression's text."""

    code: str
    message: str
    start: int
    end: int
    hint: str = ""


class Malformed(ValueError):
    """A text is no expression of the profile. Carries every problem that one pass found, in the order of the text."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.code}: {problem.message}" for problem in problems))
        self.problems = problems


class EvaluationFailed(Exception):
    """An expression has no value for what it was given: its author's error, with the place in its text."""

    def __init__(self, code: str, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end

    @property
    def is_limit(self) -> bool:
        """A limit was reached: `&&`, `||`, `all` and `exists` pass over other failures, never over this one."""
        return self.code == LIMIT


class Fault(Exception):
    """The same as `EvaluationFailed`, where the place is not known yet."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


LIMIT = "FL-E030"
MISSING = "FL-E101"
UNFIT = "FL-E040"
OUT_OF_RANGE = "FL-E041"
DIVISION = "FL-E042"
UNCONVERTIBLE = "FL-E043"
NOT_BOOLEAN = "FL-E044"
BAD_PATTERN = "FL-E024"
