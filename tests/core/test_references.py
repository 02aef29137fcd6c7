"""References: what is one, what stays literal, and that a value can never change the structure around it."""

import random
from collections.abc import Iterator, Mapping

import pytest

from fairlead.core.expressions import Malformed
from fairlead.core.json import Json, encode
from fairlead.core.references import (
    TEXT_MAX,
    Broken,
    Part,
    Unresolved,
    references_in,
    resolve,
    scan,
)
from tests.proves import proves

SCOPE: dict[str, Json] = {
    "inputs": {"name": "Ada", "paths": ["src", "tests"], "count": 3, "deep": {"a b": [{"x": None}]}},
    "steps": {"scan": {"status": "succeeded", "output": {"findings": [{"id": 7}], "share": 0.5, "ok": True}}},
    "run": {"id": "r-7q2k0000"},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("${ inputs.name }", "Ada"),
        ("${inputs.name}", "Ada"),
        ("${ inputs.paths }", ["src", "tests"]),
        ("${ inputs.paths[1] }", "tests"),
        ("${ inputs . paths [ 1 ] }", "tests"),
        ("${ inputs.count }", 3),
        ("${ steps.scan.output.ok }", True),
        ("${ steps.scan.output.findings[0].id }", 7),
        ("${ inputs.deep['a b'][0].x }", None),
        ('${ inputs.deep["a b"] }', [{"x": None}]),
        ("${ run.id }", "r-7q2k0000"),
        (" ${ inputs.count }", " 3"),
        ("${ inputs.name }/${ inputs.count }", "Ada/3"),
        ("paths: ${ inputs.paths }", 'paths: ["src","tests"]'),
        ("share ${ steps.scan.output.share }, ${ inputs.deep['a b'][0].x }", "share 0.5, null"),
        ("$${ inputs.name }", "${ inputs.name }"),
        ("a $${x} ${ inputs.name } $${", "a ${x} Ada ${"),
        ("$$${ inputs.name }", "$${ inputs.name }"),
        ("$ {", "$ {"),
    ],
)
def test_a_text_with_references_becomes_its_value(text: str, value: Json) -> None:
    assert resolve(text, SCOPE) == value
    assert type(resolve(text, SCOPE)) is type(value)


def test_references_are_filled_in_through_lists_and_objects() -> None:
    given = {"a": ["${ inputs.name }", {"b": "${ inputs.paths }"}], "${ key }": 1}
    assert resolve(given, SCOPE) == {"a": ["Ada", {"b": ["src", "tests"]}], "${ key }": 1}


@pytest.mark.parametrize("value", ["text", 3, None, True, ["a", ["b"]], {"a": {"b": ["c"]}}, []])
def test_a_value_without_references_is_the_same_object(value: Json) -> None:
    assert resolve(value, SCOPE) is value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${ nope.x }", "there is no `nope` here"),
        ("${ inputs.nope }", "`inputs` has no field `nope`; it has: count, deep, name, paths"),
        ("${ inputs.paths[2] }", "`inputs.paths` has 2 items, there is no [2]"),
        ("${ inputs.paths.first }", "`inputs.paths` is a list, it has no field `first`"),
        ("${ inputs.name[0] }", "`inputs.name` is text, not a list"),
        ("${ inputs.count.x }", "`inputs.count` is a number, it has no field `x`"),
        ("${ steps.scan.output.ok.x }", "`steps.scan.output.ok` is a boolean, it has no field `x`"),
        ("${ inputs.deep['a b'][0].x.y }", "`inputs.deep['a b'][0].x` is null, it has no field `y`"),
    ],
)
def test_a_reference_to_nothing_is_an_error_that_says_why(text: str, reason: str) -> None:
    for around in (text, f"before {text} after"):
        with pytest.raises(Unresolved) as caught:
            resolve([around], SCOPE)
        assert caught.value.reason == reason
        assert caught.value.code == "FL-E101"
        assert caught.value.part.text == text
        assert around[caught.value.start : caught.value.end] == text
        assert str(caught.value) == f"{text}: {reason}"


def test_a_list_has_no_fields_to_count() -> None:
    with pytest.raises(Unresolved, match=r"`inputs` has no field `a`; it is empty"):
        resolve("${ inputs.a }", {"inputs": {}})


@pytest.mark.parametrize(
    ("text", "code", "reason", "place"),
    [
        ("${ a.b", "FL-E001", "the `}` is missing", "${ a.b"),
        ("${", "FL-E001", "the `}` is missing", "${"),
        ("${ 'a} ", "FL-E001", "the `}` is missing", "${ 'a} "),
        ("${}", "FL-E002", "the expression is empty", "${}"),
        ("${   }", "FL-E002", "the expression is empty", "${   }"),
        ("${ a b }", "FL-E010", "`b` is not expected here: expected the end of the expression", "b"),
        ("${  a + }", "FL-E010", "the expression ends too early: expected a value", "+"),
        ("${ a.{b} }", "FL-E010", "`{` is not expected here: expected the name of a field or function", "{"),
        ("${ ${ a } }", "FL-E013", "this place is an expression already: `${ }` belongs into texts", "${ a }"),
    ],
)
def test_what_is_no_expression_is_told_with_its_place(text: str, code: str, reason: str, place: str) -> None:
    around = f"x {text}"
    before, broken = scan(around)
    assert before == "x "
    assert isinstance(broken, Broken)
    assert (broken.text, broken.start, broken.end) == (text, 2, 2 + len(text))
    assert broken.is_open == (code == "FL-E001")
    assert broken.reason == reason
    (problem,) = broken.problems
    assert (problem.code, around[problem.start : problem.end]) == (code, place)
    with pytest.raises(Malformed, match=code):
        resolve(around, SCOPE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${ inputs.count + 1 }", 4),
        ("${ inputs.paths.size() } paths", "2 paths"),
        ("${ {'a': '}', 'b': \"}}\"}['a'] }", "}"),
        ("${ '''}''' } and ${ r'\\' }", "} and \\"),
        ("${ '\\'}' }", "'}"),
        ("${ inputs.paths.filter(p, p.startsWith('s')).map(p, {'p': p}) }", [{"p": "src"}]),
        ("${ inputs.?none.orValue('-') }/${ inputs.count > 2 ? 'many' : 'few' }", "-/many"),
        ("${ inputs.count // how many }\n }", 3),
    ],
)
def test_an_expression_in_a_text_is_worked_out(text: str, value: Json) -> None:
    assert resolve(text, SCOPE) == value


def test_an_expression_that_fails_says_its_own_code() -> None:
    with pytest.raises(Unresolved) as caught:
        resolve("a ${ inputs.count / 0 }", SCOPE)
    assert (caught.value.code, caught.value.reason) == ("FL-E042", "division by zero")


def test_marks_are_the_places_of_the_names() -> None:
    text = "a ${ steps.scan.output['a b'][10] }"
    _, part = scan(text)
    assert isinstance(part, Part)
    (reading,) = part.expression.reads
    assert (reading.root, reading.path) == ("steps", ("scan", "output", "a b", 10))
    names = [text[part.offset + start : part.offset + end] for start, end in reading.marks]
    assert names == ["steps", "scan", "output", "a b", "10"]


def test_what_a_value_reads_comes_in_order_and_broken_parts_are_left_out() -> None:
    value = {"a": ["${ x.a + y.c[0] } ${ y.b }", 3], "b": {"c": "${ z.c }", "d": "${ 1 }", "e": "$${ q }", "f": "${ w"}}
    found = [(reading.root, reading.path) for reading in references_in(value)]
    assert found == [("x", ("a",)), ("y", ("c", 0)), ("y", ("b",)), ("z", ("c",))]


def test_a_text_does_not_grow_without_end() -> None:
    scope = {"inputs": {"big": "x" * (TEXT_MAX // 2)}}
    assert len(resolve("${ inputs.big } ${ inputs.big }", scope)) == TEXT_MAX + 1
    with pytest.raises(Unresolved, match="1,000,000 characters"):
        resolve("${ inputs.big } ${ inputs.big } ${ inputs.big }", scope)


class Lazy(Mapping[str, Json]):
    """A scope that works a value out when it is read."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> Json:
        self.asked.append(name)
        return {"output": name}

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, name: object) -> bool:
        return True


def test_only_what_is_named_is_read() -> None:
    lazy = Lazy()
    assert resolve("${ steps.big.output }", {"steps": lazy}) == "big"
    assert lazy.asked == ["big"]


PIECES = [
    "${ inputs.name }",
    "$${",
    "${",
    "}",
    "{",
    '"',
    "'",
    "\n",
    "\0",
    "$",
    "\\",
    "ö",
    "\U0001f600",
    "a: b",
    "# c",
    "",
]


def random_value(rng: random.Random, depth: int = 3) -> Json:
    kind = rng.randrange(7 if depth else 5)
    if kind == 0:
        return "".join(rng.choices(PIECES, k=rng.randrange(6)))
    if kind == 1:
        return rng.randrange(-(2**53), 2**53)
    if kind == 2:
        return rng.choice([None, True, False])
    if kind == 3:
        return rng.uniform(-1e9, 1e9)
    if kind == 4:
        return rng.choice(PIECES)
    if kind == 5:
        return [random_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(PIECES): random_value(rng, depth - 1) for _ in range(rng.randrange(4))}


@proves("A1.3")
@pytest.mark.parametrize("seed", range(20))
def test_a_value_keeps_its_type_and_cannot_change_what_stands_around_it(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        value = random_value(rng)
        scope = {"inputs": {"value": value}}
        given = {"before": 1, "list": ["x", "${ inputs.value }", "y"], "text": "[${ inputs.value }]", "after": None}
        filled = resolve(given, scope)
        assert filled["list"] == ["x", value, "y"]
        assert type(filled["list"][1]) is type(value)
        said = value if isinstance(value, str) else encode(value).decode()
        assert filled == {"before": 1, "list": ["x", value, "y"], "text": f"[{said}]", "after": None}
