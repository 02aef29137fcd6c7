"""Judges licences: an SPDX expression, or a name that people write, against a list of allowed ones."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

Standing = Literal["allowed", "not allowed", "unknown", "broken"]

EXPRESSION_MAX = 500  # characters; a longer one is a text, not an expression
DEPTH_MAX = 50  # parentheses within parentheses

_OPERATORS = re.compile(r"(?i)(^|\s)(and|or|with)(\s|$)|[()]")


class Verdict(NamedTuple):
    """What became of an expression. `names` are the licences that decide it, as SPDX writes those that it knows."""

    standing: Standing
    names: tuple[str, ...] = ()


class Unknown(Exception):
    """A licence of the allow list is none that SPDX knows; the text is its name."""


@cache
def _table() -> dict[str, Any]:
    """The table `licences.toml`; any TOML value is in it."""
    package = "fairlead.agents.builtin.compliance_checker"
    return tomllib.loads(files(package).joinpath("licences.toml").read_text("utf-8"))


def default_allowed() -> list[str]:
    """The licences that are allowed when nobody says otherwise."""
    return [str(name) for row in _table()["allowed"].values() for name in row]


def known_name(text: str) -> str:
    """What SPDX writes for a name that people give to licences; a name that is not known stays as it is."""
    folded = re.sub(r"[\s,]+", " ", text.lower()).removeprefix("the ").strip(" .")
    return str(_table()["names"].get(folded, text))


class Judge:
    """Judges expressions against one allow list. The same expression is judged once."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._written = frozenset(allowed)
        self._verdicts: dict[str, Verdict] = {}
        self._allowed: frozenset[str] | None = None

    def check_list(self) -> None:
        """See that every name of the list means something.

        Raises:
            Unknown: one does not.
            ImportError: the library that knows the names is not installed.
        """
        for name in sorted(self._written):
            try:
                parsed = _licensing().parse(name)
            except _errors():
                raise Unknown(name) from None
            if parsed is None or not hasattr(parsed, "key") or _licensing().unknown_license_keys(parsed):
                raise Unknown(name)

    def judge(self, text: str) -> Verdict:
        """The verdict on *text*.

        Raises:
            ImportError: it is more than an allowed name, and the library that parses it is not installed.
        """
        if text in self._written:
            return Verdict("allowed", (text,))
        if text not in self._verdicts:
            self._verdicts[text] = self._judge(text)
        return self._verdicts[text]

    def _judge(self, text: str) -> Verdict:
        written = " ".join(text.split())
        if not written or len(written) > EXPRESSION_MAX:
            return Verdict("unknown", (written[:60],))
        expression = known_name(written)
        is_expression = _OPERATORS.search(expression) is not None
        if is_expression and not _is_well_formed(expression):
            return Verdict("broken", (written[:60],))  # the library lets `MIT OR ISC OR` pass
        try:
            parsed = _licensing().parse(expression)
        except _errors():
            # Words without an operator between them are a name that nobody knows, not a broken expression.
            return Verdict("broken" if is_expression else "unknown", (written[:60],))
        return self._of(parsed)

    def _of(self, parsed: Any) -> Verdict:  # the library's expressions have no types
        kind = type(parsed).__name__
        if kind in ("OR", "AND"):
            parts = [self._of(part) for part in parsed.args]
            order: tuple[Standing, ...] = ("allowed", "unknown", "not allowed")
            if kind == "AND":
                order = ("not allowed", "unknown", "allowed")
            standing = next(one for one in order if any(part.standing == one for part in parts))
            return Verdict(standing, tuple(name for p in parts if p.standing == standing for name in p.names))
        name = str(parsed)
        if self._is_allowed(name):
            return Verdict("allowed", (name,))
        if unknown := _licensing().unknown_license_keys(parsed):
            return Verdict("unknown", tuple(unknown))
        if kind == "LicenseWithExceptionSymbol" and self._is_allowed(str(parsed.license_symbol)):
            return Verdict("allowed", (name,))  # an exception only permits more
        return Verdict("not allowed", (name,))

    def _is_allowed(self, name: str) -> bool:
        if self._allowed is None:
            self._allowed = frozenset(str(_licensing().parse(one)) for one in self._written)
        return name in self._allowed


def _is_well_formed(text: str) -> bool:
    """Whether names and operators take turns, and every parenthesis is closed, at most `DEPTH_MAX` deep."""
    depth = 0
    wants_name = True
    for word in re.findall(r"[()]|[^\s()]+", text):
        is_operator = word.upper() in ("AND", "OR", "WITH")
        if wants_name is (word == ")" or is_operator):
            return False
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
        else:
            wants_name = is_operator
        if not 0 <= depth <= DEPTH_MAX:
            return False
    return depth == 0 and not wants_name


@cache
def _licensing() -> Any:  # the library has no types
    from license_expression import get_spdx_licensing  # type: ignore[import-untyped]

    return get_spdx_licensing()


@cache
def _errors() -> tuple[type[Exception], ...]:
    from license_expression import ExpressionError, ExpressionParseError

    return (ExpressionError, ExpressionParseError, AttributeError, TypeError, IndexError)
