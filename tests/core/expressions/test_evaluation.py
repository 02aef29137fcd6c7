"""Values: what each part of the language gives, what fails and how, and that no expression costs without end."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fairlead.core.expressions import EvaluationFailed, evaluate, holds, parse
from fairlead.core.json import Json

FINDINGS = [
    {"severity": "high", "line": 3, "is_new": True, "path": "src/a.py"},
    {"severity": "low", "line": 1, "is_new": True, "path": "src/b.py"},
    {"severity": "critical", "line": 2, "is_new": False, "path": "c.py"},
]
SCOPE: dict[str, Json] = {
    "inputs": {"count": 3, "share": 2.5, "name": "Ada", "none": None, "list": [3, 1, 2], "yes": True},
    "steps": {
        "scan": {"output": {"findings": FINDINGS, "score": 70}, "previous": None, "ok": True},
        "old": {"output": {"score": 70}, "previous": {"score": 80}},
        "lint": {"status": "failed", "ok": False, "ran": True, "previous": None},
    },
    "git": {
        "branch": "main",
        "#changed": ["src/b.py", "src/deep/a.py", "readme.md", "src/x[1].py"],
        "#tree": {"src/a.py": "1", "src/deep/b.py": "2", "readme.md": "3"},
    },
}


def value_of(text: str, **more: Json) -> Json:
    return evaluate(parse(text), {**SCOPE, **more})


def failure_of(text: str, **more: Json) -> EvaluationFailed:
    with pytest.raises(EvaluationFailed) as caught:
        value_of(text, **more)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # numbers are numbers
        ("1 < 2.5", True),
        ("1 == 1.0", True),
        ("1 + 2.5", 3.5),
        ("inputs.count * inputs.share", 7.5),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 / 2.0", 3.5),
        ("double(7) / 2", 3.5),
        ("-7 % 3", -1),
        ("1 in [1.0]", True),
        ("true in [1]", False),
        ("9007199254740993 == 9007199254740992.0", False),
        # texts, lists, objects
        ("'a' + 'b'", "ab"),
        ("[1] + [2]", [1, 2]),
        ("{'a': inputs.name}['a']", "Ada"),
        ("'name' in inputs", True),
        ("1 in inputs", False),
        ("[1, [2, {'a': null}]] == [1.0, [2, {'a': null}]]", True),
        ("{'a': 1, 'b': 2} == {'b': 2.0, 'a': 1}", True),
        ("'1' == 1", False),
        ("null == inputs.none", True),
        ("[3, 1, 2][1]", 1),
        ("inputs['na' + 'me']", "Ada"),
        # conditions
        ("1 / 0 > 1 || true", True),
        ("inputs.nope && false", False),
        ("true ? 1 : 1 / 0", 1),
        ("[0, 2].exists(i, 4 / i == 2)", True),
        ("[0, 2].all(i, 4 / i == 3)", False),
        ("[1, 2, 3].exists_one(i, i > 2)", True),
        # optional values
        ("inputs.?nope.orValue('x')", "x"),
        ("inputs.?name.orValue('x')", "Ada"),
        ("inputs.none.?deep.?deeper.orValue(1)", 1),
        ("inputs.?nope.more.even.orValue(1)", 1),
        ("inputs.list[?7].orValue(0)", 0),
        ("inputs[?'name'].orValue('x')", "Ada"),
        ("inputs.?name.orValue(1 / 0)", "Ada"),
        ("inputs.?nope.or(inputs.?count).orValue(0)", 3),
        ("inputs.?nope", None),
        ("inputs.?count", 3),
        ("has(inputs.name) && !has(inputs.nope) && !has(inputs.none.x)", True),
        # comprehensions
        ("steps.scan.output.findings.filter(f, f.is_new && f.severity in ['high', 'critical']).size()", 1),
        ("steps.scan.output.findings.map(f, f.line > 1, f.path)", ["src/a.py", "c.py"]),
        ("steps.scan.output.findings.sortBy(f, f.line).map(f, f.line)", [1, 2, 3]),
        ("inputs.list.map(x, inputs.list.filter(y, y < x).size())", [2, 0, 1]),
        ("{'b': 1, 'a': 2}.map(k, k)", ["b", "a"]),
        ("inputs.list.filter(inputs, inputs > 1)", [3, 2]),
        # functions of lists
        ("[0.5, 1, 2].sum()", 3.5),
        ("[].sum()", 0),
        ("[2, 2.0, '2', true, null, [1], [1.0]].distinct()", [2, "2", True, None, [1]]),
        ("['b', 'a'].sort()", ["a", "b"]),
        ("[].isSorted() && [1, 1, 2].isSorted() && !([2, 1].isSorted())", True),
        ("[[1, 2], [3], []].flatten().reverse()", [3, 2, 1]),
        ("inputs.list.indexOf(2) + inputs.list.lastIndexOf(9)", 1),
        # conversions
        ("string(1) + string(true) + string(2.5) + string(3.0)", "1true2.53"),
        ("int('-12') + int(2.9) + int(-2.9)", -12),
        ("duration('5m') < duration('1h30m') && duration('500ms') == 0.5", True),
        ("duration('-2s')", -2),
        ("percent('2%') == 0.02 && percent('12.5 %') == 0.125", True),
        # git
        ("git.changed('**')", ["readme.md", "src/b.py", "src/deep/a.py", "src/x[1].py"]),
        ("git.changed('src/*.py')", ["src/b.py", "src/x[1].py"]),
        ("git.branch == 'main'", True),
    ],
)
def test_values_are_those_of_the_profile(text: str, value: Json) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "place", "said"),
    [
        ("nope.x", "FL-E101", "nope", "there is no `nope` here"),
        ("1 + inputs.nope", "FL-E101", "inputs.nope", "`inputs` has no field `nope`; it has: count, list, name"),
        ("inputs.list[3]", "FL-E101", "inputs.list[3]", "`inputs.list` has 3 items, there is no [3]"),
        ("inputs.list[-1]", "FL-E101", "inputs.list[-1]", "there is no [-1]"),
        ("inputs.name.x", "FL-E101", "inputs.name.x", "`inputs.name` is text, it has no field `x`"),
        ("inputs.none.x", "FL-E101", "inputs.none.x", "`inputs.none` is null, it has no field `x`"),
        (
            "steps.lint.output.exit_code == 0",
            "FL-E101",
            "steps.lint.output",
            "`steps.lint` failed and has no `output`; `steps.lint.ok` and `steps.lint.status` tell that,"
            " and a `default` stands in",
        ),
        ("[{}].map(f, f.x)", "FL-E101", "f.x", "`f` has no field `x`; it is empty"),
        ("(inputs.?nope.x).value()", "FL-E041", "(inputs.?nope.x).value()", "orValue"),
        ("1 + 'a'", "FL-E040", "1 + 'a'", "`+` does not fit a number and text"),
        ("1 < 'a'", "FL-E040", "1 < 'a'", "`<` cannot compare a number with text"),
        ("!inputs.count", "FL-E040", "!inputs.count", "`!` needs a boolean, not a number"),
        ("true && inputs.name", "FL-E040", "inputs.name", "`&&` needs booleans, not text"),
        ("inputs.name ? 1 : 2", "FL-E040", "inputs.name", "has to be a boolean, not text"),
        ("1 in 2", "FL-E040", "1 in 2", "`in` looks into a list or an object, not into a number"),
        ("inputs.name.all(c, true)", "FL-E040", "inputs.name", "goes through a list or an object, not text"),
        ("[1].filter(i, i)", "FL-E040", "i", "`filter` needs a condition, and this is a number"),
        ("{1: 2}", "FL-E040", "1", "the fields of an object are named by text"),
        ("inputs.list['a']", "FL-E040", "inputs.list['a']", "its items have positions, not text"),
        ("inputs[1]", "FL-E040", "inputs[1]", "its fields are named by text, not by a number"),
        ("[inputs.?nope]", "FL-E040", "[inputs.?nope]", "optional"),
        ("[1, 'a'].sort()", "FL-E040", "[1, 'a'].sort()", "cannot order a number and text"),
        ("inputs.name.orValue(1)", "FL-E040", "inputs.name.orValue(1)", "belongs after `.?`"),
        ("inputs.name.foo()", "FL-E017", "inputs.name.foo()", "there is no function `foo`"),
        ("size(1, 2)", "FL-E040", "size(1, 2)", "`size` takes 1 argument, not 2"),
        ("9223372036854775807 + 1", "FL-E041", "9223372036854775807 + 1", "beyond 64 bits"),
        ("-9223372036854775808 - 1", "FL-E041", "-9223372036854775808 - 1", "beyond 64 bits"),
        ("9223372036854775807 * 2", "FL-E041", "9223372036854775807 * 2", "beyond 64 bits"),
        ("-9223372036854775808 / -1", "FL-E041", "-9223372036854775808 / -1", "beyond 64 bits"),
        ("-(-9223372036854775808)", "FL-E041", "-(-9223372036854775808)", "beyond 64 bits"),
        ("9007199254740993", "FL-E041", "9007199254740993", "beyond 2**53"),
        ("[9007199254740993]", "FL-E041", "[9007199254740993]", "beyond 2**53"),
        ("1e308 * 10.0", "FL-E041", "1e308 * 10.0", "beyond what JSON can say"),
        ("int(1e19)", "FL-E041", "int(1e19)", "beyond 64 bits"),
        ("[].min()", "FL-E041", "[].min()", "an empty list has no `min`"),
        ("'abc'.substring(2, 1)", "FL-E041", "'abc'.substring(2, 1)", "no part from 2 to 1"),
        ("1 / 0", "FL-E042", "1 / 0", "division by zero"),
        ("1.5 / 0.0", "FL-E042", "1.5 / 0.0", "division by zero"),
        ("1 % 0", "FL-E042", "1 % 0", "modulo by zero"),
        ("int('1.5')", "FL-E043", "int('1.5')", "`1.5` is no whole number"),
        ("double('1_0')", "FL-E043", "double('1_0')", "no number"),
        ("double('nan')", "FL-E041", "double('nan')", "beyond what JSON can say"),
        ("bool('yes')", "FL-E043", "bool('yes')", "neither true nor false"),
        ("duration('5 minutes')", "FL-E043", "duration('5 minutes')", "no duration"),
        ("percent('2')", "FL-E043", "percent('2')", "no percentage"),
        ("'a'.matches('(')", "FL-E024", "'a'.matches('(')", "the pattern cannot be read"),
        ("{'a': 1, 'a': 2}", "FL-E026", "'a'", "twice"),
        ("[0].all(i, 1 / i > 0)", "FL-E042", "1 / i", "division by zero"),
    ],
)
def test_a_failure_has_its_code_and_its_place(text: str, code: str, place: str, said: str) -> None:
    failed = failure_of(text)
    assert (failed.code, text[failed.start : failed.end]) == (code, place)
    assert said in failed.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("steps.scan.output.score < steps.scan.previous.score - 5", False),
        ("steps.scan.output.score >= steps.scan.previous.score", False),
        ("steps.scan.previous.score == 70", False),
        ("steps.scan.previous.score != 70", False),
        ("steps.scan.previous == null", True),
        ("steps.scan.previous.score == null", True),
        ("has(steps.scan.previous.score)", False),
        ("!steps.scan.previous.ok", False),
        ("steps.scan.previous.ok || true", True),
        ("steps.scan.previous.ok && true", False),
        ("steps.scan.previous.list.exists(x, x > 1)", False),
        ("steps.scan.previous.list[0].deep > 1", False),
        ("steps.scan.previous.list.size() > 1 || 'a' in steps.scan.previous.list", False),
        ("steps['scan'].previous.ok", False),
        ("steps.old.output.score < steps.old.previous.score - 5", True),
        ("steps.scan.previous.?score.orValue(100) > 70", True),
    ],
)
def test_comparing_with_a_previous_that_is_missing_is_false(text: str, value: bool) -> None:
    assert holds(parse(text), SCOPE) is value


def test_what_is_absent_is_null_as_a_value_and_null_elsewhere_stays_an_error() -> None:
    assert value_of("steps.scan.previous.score - 5") is None
    assert value_of("{'a': steps.scan.previous.score}") == {"a": None}
    assert value_of("[1].map(i, steps.scan.previous.score)") == [None]
    assert failure_of("steps.old.previous.scoer").code == "FL-E101"
    assert failure_of("inputs.none.previous.score").code == "FL-E101"


@pytest.mark.parametrize("text", ["'true'", "1", "inputs.list", "null", "inputs", "inputs.?yes"])
def test_only_a_boolean_is_a_condition(text: str) -> None:
    with pytest.raises(EvaluationFailed, match="has to be true or false") as caught:
        holds(parse(text), SCOPE)
    assert caught.value.code == "FL-E044"
    assert holds(parse("inputs.yes"), SCOPE)


class Lazy(Mapping[str, Json]):
    """A mapping that works a value out when it is read, and remembers what was asked."""

    def __init__(self, **values: Json) -> None:
        self.values_of = values
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> Json:
        self.asked.append(name)
        return self.values_of[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_of)

    def __len__(self) -> int:
        return len(self.values_of)


def test_only_what_is_needed_is_read() -> None:
    steps = Lazy(big={"output": [1]}, other={"output": 2})
    assert value_of("steps.big.output", steps=steps) == [1]
    assert value_of("false && steps.other.output > 1", steps=steps) is False
    assert steps.asked == ["big"]


def test_a_lazy_mapping_comes_out_as_an_object_and_a_named_value_as_itself() -> None:
    inner = {"a": [1]}
    assert value_of("x", x=Lazy(b=Lazy(c=1))) == {"b": {"c": 1}}
    assert type(value_of("x", x=Lazy(b=Lazy(c=1)))["b"]) is dict
    assert value_of("x.y", x={"y": inner}) is inner
    big = ["x" * 1_000] * 5_000
    assert value_of("x.y", x={"y": big}) is big
    assert failure_of("x.y + []", x={"y": big}).code == "FL-E030"


def test_a_value_is_never_shared_between_evaluations() -> None:
    expression = parse("[1, [2]]")
    evaluate(expression, {}).append(3)
    assert evaluate(expression, {}) == [1, [2]]


BIG = [{"n": number} for number in range(1_000)]
HOSTILE: dict[str, tuple[str, dict[str, Any]]] = {
    "loops in loops": ("x.map(a, x.map(b, x.map(c, 1)))", {"x": BIG}),
    "long list": ("x.all(a, a.n + 1 + 1 + 1 + 1 > 0)", {"x": BIG * 3}),
    "text that doubles": ("[s]" + ".map(t, t + t)" * 30, {"s": "abc" * 10}),
    "list that doubles": ("[x]" + ".map(t, t + t)" * 30, {"x": [1] * 50}),
    "tree that doubles in a text": ("[1]" + ".map(t, [t, t])" * 30, {}),
    "equality of trees that double": (f"[1]{'.map(t, [t, t])' * 30} == [1]{'.map(t, [t, t])' * 30}", {}),
    "replace": ("s.replace('a', s)", {"s": "a" * 5_000}),
    "join": ("x.map(a, s).join(s)", {"s": "a" * 5_000, "x": BIG}),
    "split": ("x.map(a, s.split(''))", {"s": "a" * 5_000, "x": BIG}),
    "in lists": ("x.filter(a, a in x).size()", {"x": BIG * 2}),
    "distinct objects": ("x.distinct()", {"x": BIG}),
    "pattern": ("s.matches('(a*)*(a*)*(a|aa)+b')", {"s": "a" * 200_000}),
    "pattern in a loop": ("x.exists(a, s.matches('^(([a-z])+.)+[A-Z]([a-z])+$'))", {"s": "a" * 3_000, "x": BIG}),
    "glob": ("git.changed('**/a*a*a*a*a*a*a*b').size()", {"git": {"#changed": ["a" * 200] * 700_000}}),
    "sorting": ("x.map(a, x.sortBy(b, -b.n).size())", {"x": BIG}),
    "deep value": ("[1]" + ".map(t, [[[[[t]]]]])" * 20, {}),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_expression_that_costs_too_much_ends_with_its_code(kind: str) -> None:
    text, scope = HOSTILE[kind]
    with pytest.raises(EvaluationFailed) as caught:
        evaluate(parse(text), scope)
    assert caught.value.code == "FL-E030", caught.value


@pytest.mark.parametrize("around", ["({}) == [] || true", "false && ({}) == []", "[1].exists(i, ({}) == []) || true"])
def test_nothing_passes_over_a_limit(around: str) -> None:
    text, scope = HOSTILE["loops in loops"]
    if around.startswith("false"):
        assert evaluate(parse(around.format(text)), scope) is False  # it is not begun
        return
    with pytest.raises(EvaluationFailed) as caught:
        evaluate(parse(around.format(text)), scope)
    assert caught.value.is_limit


def test_the_bounds_are_exact_and_do_not_depend_on_what_was_evaluated_before() -> None:
    expression = parse("x.filter(i, i > 0 && i < 9).size()")
    scope = {"x": [1] * 100}
    # One for `size`, one for `filter`; for each item one, and three operators.
    assert evaluate(expression, scope, steps_max=402) == 100
    with pytest.raises(EvaluationFailed, match="more than 401 steps"):
        evaluate(expression, scope, steps_max=401)
    text = parse("'ab' + s")
    assert evaluate(text, {"s": "x" * 8}, bytes_max=10) == "ab" + "x" * 8
    with pytest.raises(EvaluationFailed, match="more than 9 bytes"):
        evaluate(text, {"s": "x" * 8}, bytes_max=9)
    pattern = parse("s.matches('a*b')")
    costs = [_cheapest(pattern, {"s": "a" * 2_000}) for _ in range(2)]
    assert costs[0] == costs[1] > 10


def _cheapest(expression: Any, scope: dict[str, Json]) -> int:
    """The lowest bound under which the expression has a value."""
    low, high = 0, 10_000
    while low < high:
        middle = (low + high) // 2
        try:
            evaluate(expression, scope, steps_max=middle)
            high = middle
        except EvaluationFailed:
            low = middle + 1
    return low


def test_threads_may_share_an_expression() -> None:
    expression = parse("x.map(i, x.filter(j, j < i).size())")
    found: list[Json] = []

    def work(size: int) -> None:
        for _ in range(20):
            found.append(evaluate(expression, {"x": list(range(size))}) == list(range(size)))

    threads = [threading.Thread(target=work, args=(size,)) for size in range(5, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 160


def test_a_missing_value_is_never_taken_for_something() -> None:
    for text in ("inputs.nope", "inputs.nope == null", "inputs.nope > 0", "'' + inputs.nope", "[inputs.nope]"):
        assert failure_of(text).code == "FL-E101"


def test_a_tree_has_another_digest_when_a_name_or_a_content_changes() -> None:
    def digest(**blobs: str) -> Json:
        return value_of("git.tree('src/**')", git={"#tree": {name.replace("_", "/"): it for name, it in blobs.items()}})

    first = digest(src_a="1", src_b="2", docs="3")
    assert first.startswith("sha256:")
    assert digest(src_b="2", src_a="1", docs="changed") == first
    different = [
        digest(src_a="1", src_b="x"),
        digest(src_a="1"),
        digest(src_a="2", src_b="1"),
        digest(src_a="1", src_c="2"),
    ]
    assert len({first, *different}) == 5


def test_without_a_repository_git_says_so() -> None:
    assert failure_of("git.changed('**')", git={"branch": ""}).code == "FL-E101"
