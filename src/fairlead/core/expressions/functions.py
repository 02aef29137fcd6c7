"""The functions of the language: one table for the evaluator, the type check and the reference page."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from fairlead.core.expressions.arguments import list_of, text_of
from fairlead.core.expressions.conversions import bool_of, double_of, duration, dyn_of, int_of, percent, string_of
from fairlead.core.expressions.globs import changed_paths, tree_digest
from fairlead.core.expressions.list_functions import (
    distinct,
    flatten,
    is_sorted,
    max_of,
    min_of,
    reverse,
    slice,
    sort_of,
    sum_of,
)
from fairlead.core.expressions.problems import OUT_OF_RANGE, UNFIT, Fault
from fairlead.core.expressions.text_functions import (
    contains,
    ends_with,
    index_of,
    join,
    last_index_of,
    lower,
    matches,
    replace,
    size,
    split,
    starts_with,
    substring,
    trim,
    upper,
)
from fairlead.core.expressions.values import Maybe, Meter, kind_of
from fairlead.core.json import Json

Body: TypeAlias = Callable[..., Json]  # a meter, then the target if there is one, then the arguments


class Function(NamedTuple):
    """One function in one of its forms.

    A signature says how it is called and what it gives: `string.split(string, [int]) -> list(string)`. `T` stands for
    any type, the same one wherever it occurs; what stands in brackets may be left out.
    """

    name: str
    signatures: tuple[str, ...]
    does: str
    example: str
    gives: str  # what the example evaluates to, as JSON
    body: Body

    @property
    def is_member(self) -> bool:
        """It is written after its target: `x.size()`."""
        return f".{self.name}(" in self.signatures[0]


# — optional values —


def _maybe(value: Json, name: str) -> Maybe:
    if not isinstance(value, Maybe):
        raise Fault(UNFIT, f"`{name}` belongs after `.?` or `[?…]`; this is {kind_of(value)} already")
    return value


def _or_value(meter: Meter, value: Json, otherwise: Json) -> Json:
    maybe = _maybe(value, "orValue")
    return maybe.value if maybe.has_value else otherwise


def _or(meter: Meter, value: Json, otherwise: Json) -> Json:
    maybe = _maybe(value, "or")
    return maybe if maybe.has_value else _maybe(otherwise, "or")


def _has_value(meter: Meter, value: Json) -> Json:
    return _maybe(value, "hasValue").has_value


def _value(meter: Meter, value: Json) -> Json:
    maybe = _maybe(value, "value")
    if not maybe.has_value:
        raise Fault(OUT_OF_RANGE, "there is no value; `orValue(…)` says what to take instead")
    return maybe.value


# — git —


def _git_changed(meter: Meter, paths: Json, glob: Json) -> Json:
    return changed_paths(list_of(paths, "git.changed"), text_of(glob, "git.changed", "as argument"), meter)


def _git_tree(meter: Meter, blobs: Json, glob: Json) -> Json:
    if not isinstance(blobs, Mapping):
        raise Fault(UNFIT, f"`git.tree` needs the files of a tree, not {kind_of(blobs)}")
    return tree_digest(blobs, text_of(glob, "git.tree", "as argument"), meter)


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "size",
        ("string.size() -> int", "list(T).size() -> int", "map(T).size() -> int"),
        "how many characters, items or fields there are",
        "['a', 'b'].size()",
        "2",
        size,
    ),
    Function(
        "size",
        ("size(string) -> int", "size(list(T)) -> int", "size(map(T)) -> int"),
        "the same, written before the value",
        "size('abc')",
        "3",
        size,
    ),
    Function(
        "contains",
        ("string.contains(string) -> bool",),
        "whether the text holds another",
        "'abc'.contains('b')",
        "true",
        contains,
    ),
    Function(
        "startsWith",
        ("string.startsWith(string) -> bool",),
        "whether the text begins with another",
        "'src/a.py'.startsWith('src/')",
        "true",
        starts_with,
    ),
    Function(
        "endsWith",
        ("string.endsWith(string) -> bool",),
        "whether the text ends with another",
        "'src/a.py'.endsWith('.py')",
        "true",
        ends_with,
    ),
    Function(
        "matches",
        ("string.matches(string) -> bool",),
        "whether the pattern (RE2 syntax) is found anywhere in the text; `^` and `$` tie it to the ends",
        "'v1.20'.matches('^v[0-9]+')",
        "true",
        matches,
    ),
    Function(
        "matches",
        ("matches(string, string) -> bool",),
        "the same, written before the text",
        "matches('abc', 'b')",
        "true",
        matches,
    ),
    Function(
        "split",
        ("string.split(string, [int]) -> list(string)",),
        "the parts between a separator, at most as many as the number says",
        "'a,b,c'.split(',', 2)",
        '["a","b,c"]',
        split,
    ),
    Function(
        "join",
        ("list(string).join([string]) -> string",),
        "the texts as one, with a separator between them",
        "['a', 'b'].join(', ')",
        '"a, b"',
        join,
    ),
    Function(
        "lowerAscii",
        ("string.lowerAscii() -> string",),
        "A to Z as small letters",
        "'ABC'.lowerAscii()",
        '"abc"',
        lower,
    ),
    Function(
        "upperAscii",
        ("string.upperAscii() -> string",),
        "a to z as capital letters",
        "'abc'.upperAscii()",
        '"ABC"',
        upper,
    ),
    Function(
        "replace",
        ("string.replace(string, string, [int]) -> string",),
        "the text with one part put in place of another, at most as often as the number says",
        "'a-b-c'.replace('-', '/')",
        '"a/b/c"',
        replace,
    ),
    Function(
        "trim", ("string.trim() -> string",), "the text without white space at its ends", "' a '.trim()", '"a"', trim
    ),
    Function(
        "substring",
        ("string.substring(int, [int]) -> string",),
        "the characters from a position (from 0) up to another, which is left out",
        "'abcd'.substring(1, 3)",
        '"bc"',
        substring,
    ),
    Function(
        "indexOf",
        ("string.indexOf(string, [int]) -> int", "list(T).indexOf(T) -> int"),
        "the first position of a part or an item; -1 when there is none",
        "['a', 'b'].indexOf('b')",
        "1",
        index_of,
    ),
    Function(
        "lastIndexOf",
        ("string.lastIndexOf(string, [int]) -> int", "list(T).lastIndexOf(T) -> int"),
        "the last position of a part or an item; -1 when there is none",
        "'a.b.c'.lastIndexOf('.')",
        "3",
        last_index_of,
    ),
    Function(
        "sum", ("list(number).sum() -> number",), "the numbers added up; 0 for none", "[1, 2, 0.5].sum()", "3.5", sum_of
    ),
    Function(
        "min", ("list(T).min() -> T",), "the smallest item; a failure for an empty list", "[3, 1, 2].min()", "1", min_of
    ),
    Function(
        "max", ("list(T).max() -> T",), "the largest item; a failure for an empty list", "[3, 1, 2].max()", "3", max_of
    ),
    Function(
        "distinct",
        ("list(T).distinct() -> list(T)",),
        "each item once, where it stood first",
        "[1, 2, 1].distinct()",
        "[1,2]",
        distinct,
    ),
    Function(
        "sort", ("list(T).sort() -> list(T)",), "the items in ascending order", "[3, 1, 2].sort()", "[1,2,3]", sort_of
    ),
    Function(
        "isSorted",
        ("list(T).isSorted() -> bool",),
        "whether the items stand in ascending order",
        "[1, 2, 2].isSorted()",
        "true",
        is_sorted,
    ),
    Function(
        "flatten",
        ("list(list(T)).flatten() -> list(T)",),
        "the items of the lists in a list, one level",
        "[[1], [2, 3]].flatten()",
        "[1,2,3]",
        flatten,
    ),
    Function(
        "reverse",
        ("list(T).reverse() -> list(T)",),
        "the items from the last to the first",
        "[1, 2].reverse()",
        "[2,1]",
        reverse,
    ),
    Function(
        "slice",
        ("list(T).slice(int, int) -> list(T)",),
        "the items from a position (from 0) up to another, which is left out",
        "[1, 2, 3].slice(0, 2)",
        "[1,2]",
        slice,
    ),
    Function(
        "int",
        ("int(number) -> int", "int(string) -> int"),
        "a whole number; what stands behind the point is cut off",
        "int(2.9)",
        "2",
        int_of,
    ),
    Function(
        "double",
        ("double(number) -> double", "double(string) -> double"),
        "a number that is divided exactly: `double(a) / b`",
        "double(1) / 4",
        "0.25",
        double_of,
    ),
    Function(
        "string",
        ("string(number) -> string", "string(bool) -> string", "string(string) -> string"),
        "the value as text",
        "string(12)",
        '"12"',
        string_of,
    ),
    Function(
        "bool",
        ("bool(string) -> bool", "bool(bool) -> bool"),
        "`'true'` and `'false'` as booleans",
        "bool('true')",
        "true",
        bool_of,
    ),
    Function(
        "dyn",
        ("dyn(T) -> any",),
        "the same value, of which the check assumes nothing",
        "dyn(1) == 'a'",
        "false",
        dyn_of,
    ),
    Function(
        "duration",
        ("duration(string) -> number",),
        "the seconds of a duration: `500ms`, `90s`, `5m`, `1h30m`, `2d`",
        "duration('1h30m')",
        "5400",
        duration,
    ),
    Function(
        "percent", ("percent(string) -> double",), "a percentage as a share of one", "percent('2%')", "0.02", percent
    ),
    Function(
        "orValue",
        ("optional(T).orValue(T) -> T",),
        "the value, or another when there is none",
        "{'a': 1}.?b.orValue(0)",
        "0",
        _or_value,
    ),
    Function(
        "or",
        ("optional(T).or(optional(T)) -> optional(T)",),
        "the optional value, or another optional one when it has none",
        "{'a': 1}.?b.or({'c': 2}.?c).orValue(0)",
        "2",
        _or,
    ),
    Function(
        "hasValue",
        ("optional(T).hasValue() -> bool",),
        "whether there is a value",
        "{'a': 1}.?b.hasValue()",
        "false",
        _has_value,
    ),
    Function(
        "value",
        ("optional(T).value() -> T",),
        "the value; a failure when there is none",
        "{'a': 1}.?a.value()",
        "1",
        _value,
    ),
)

# Calls on the root `git`: the body gets what the scope holds under the fact's name instead of a target.
GIT_FUNCTIONS: tuple[Function, ...] = (
    Function(
        "changed",
        ("git.changed(string) -> list(string)",),
        "the changed files that a pattern names, in order; `**` stands for any folders",
        "git.changed('src/**').size() > 0",
        "",
        _git_changed,
    ),
    Function(
        "tree",
        ("git.tree(string) -> string",),
        "a digest of the content and names of the files that a pattern names",
        "git.tree('src/**')",
        "",
        _git_tree,
    ),
)
