"""The type check: every slip is found at its place before anything runs, and nothing that works is called wrong."""

from collections.abc import Iterator, Mapping

import pytest

from fairlead.core.expressions import (
    ANY,
    BOOL,
    INT,
    NUMBER,
    STRING,
    Type,
    evaluate,
    joined,
    list_of,
    parse,
    record,
    type_of,
    typed,
)
from fairlead.core.expressions.functions import FUNCTIONS, Function
from fairlead.core.expressions.macros import MACROS, Macro
from fairlead.core.expressions.signatures import read_signature
from fairlead.core.json import encode
from tests.proves import proves

SEVERITIES = ["info", "low", "medium", "high", "critical"]
OUTPUT = type_of(
    {
        "type": "object",
        "properties": {
            "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}},
            "score": {"type": "number"},
            "count": {"type": "integer"},
            "name": {"type": "string"},
            "ok": {"type": "boolean"},
            "maybe": {"type": ["string", "null"]},
            "by_rule": {"type": "object", "additionalProperties": {"type": "integer"}},
            "free": {"type": "object"},
            "unknown": {},
            "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        },
        "$defs": {
            "finding": {
                "type": "object",
                "properties": {
                    "severity": {"enum": SEVERITIES},
                    "line": {"type": "integer"},
                    "path": {"type": "string"},
                    "is_new": {"type": ["boolean", "null"]},
                    "inner": {"type": "array", "items": {"$ref": "#/$defs/finding"}},
                },
                "additionalProperties": False,
            }
        },
    }
)
STEP = record({"output": OUTPUT, "status": STRING}, code="FL-E005", message="a step has no `{name}`")
ROOTS: dict[str, Type] = {
    "output": OUTPUT,
    "steps": record({"scan": STEP}, code="FL-E006", message="no step has the id `{name}`"),
    "inputs": record({"min": Type("string", values=("low", "high"))}, code="FL-E004", hint="declare it"),
    "git": ANY,
}


def found(text: str, expected: Type | None = None) -> list[tuple[str, str, str]]:
    """Code, place and hint of every problem."""
    problems = typed(parse(text), ROOTS, expected=expected).problems
    return [(problem.code, text[problem.start : problem.end], problem.hint) for problem in problems]


@proves("A1.1")
@pytest.mark.parametrize(
    ("text", "code", "place", "hint"),
    [
        ("output.finding.size() > 0", "FL-E014", "finding", "did you mean `findings`?"),
        ("output.findings.all(f, f.sevrity == 'high')", "FL-E014", "sevrity", "did you mean `severity`?"),
        ("output.findings[0].inner[0].pth == ''", "FL-E014", "pth", "did you mean `path`?"),
        ("output['finding'] == []", "FL-E014", "'finding'", "did you mean `findings`?"),
        ("has(output.finding)", "FL-E014", "finding", "did you mean `findings`?"),
        ("output.?finding.orValue([]) == []", "FL-E014", "finding", "did you mean `findings`?"),
        ("steps.scna.output.ok", "FL-E006", "scna", "did you mean `scan`?"),
        ("steps.scan.outptu.ok", "FL-E005", "outptu", "did you mean `output`?"),
        ("inputs.zzz == 1", "FL-E004", "zzz", "declare it"),
        ("ouput.ok", "FL-E003", "ouput", "did you mean `output`?"),
        ("secrets.token == ''", "FL-E003", "secrets", "there are: output, steps, inputs, git"),
        ("output.name.first == ''", "FL-E009", "first", "end the path before it"),
        ("output.findings.size > 0", "FL-E009", "size", "`size` is a function: write .size()"),
        ("output.name[0] == ''", "FL-E009", "0", "take a part of a text with substring(0, 1)"),
        ("output.findings.length() > 0", "FL-E017", "length", "write .size()"),
        ("output.name.startWith('a')", "FL-E017", "startWith", "did you mean `startsWith`?"),
        ("len(output.findings) > 0", "FL-E017", "len", "write size(x)"),
        ("contains(output.name, 'a')", "FL-E017", "contains", "write x.contains(…)"),
        ("git.diff('x') == ''", "FL-E017", "diff", "there are: changed, tree"),
        ("output.findings > 0", "FL-E018", "output.findings > 0", "compare the size: ….size()"),
        ("output.name + output.count == ''", "FL-E018", "output.name + output.count", "convert it: string(…)"),
        ("output.name && output.ok", "FL-E018", "output.name", "compare it: … != ''"),
        ("!output.count", "FL-E018", "output.count", "compare it: … > 0"),
        ("output.count ? true : false", "FL-E018", "output.count", "compare it: … > 0"),
        ("output.findings.exists(f, f.line)", "FL-E018", "f.line", "compare it: … > 0"),
        ("output.name.all(c, true)", "FL-E018", "output.name", ""),
        ("'a' in output.name", "FL-E018", "'a' in output.name", "write text.contains(part)"),
        ("output.findings['a'] == null", "FL-E018", "'a'", "write [0]"),
        ("output.by_rule[1] == 2", "FL-E018", "1", "write ['name']"),
        ("output.findings.sortBy(f, f.inner) == []", "FL-E018", "f.inner", "name a number or a text of the item"),
        ("[output.?ok] == []", "FL-E018", "output.?ok", "add .orValue(…)"),
        ("output.?name.size() > 0", "FL-E018", "size()", "it is written string.size() -> int or"),
        ("size(1) == 1", "FL-E018", "size(1)", "it is written size(string) -> int or"),
        ("output.name.substring() == ''", "FL-E018", "substring()", "it is written string.substring(int, [int])"),
        ("[1, 2].join() == ''", "FL-E018", "join()", "it is written list(string).join([string])"),
        ("{1: 2} == {}", "FL-E018", "1", "write '1'"),
        ("output.findings.all(f, f.severity != 'severe')", "FL-E019", "'severe'", "it is one of: info, low, medium,"),
        ("output.findings.all(f, 'hihg' == f.severity)", "FL-E019", "'hihg'", "did you mean `high`?"),
        (
            "output.findings.all(f, f.severity in ['high', 'critcal'])",
            "FL-E019",
            "'critcal'",
            "did you mean `critical`?",
        ),
        ("'hgh' in output.findings.map(f, f.severity)", "FL-E019", "'hgh'", "did you mean `high`?"),
        ("inputs.min == 'medium'", "FL-E019", "'medium'", "it is one of: low, high"),
        ("output.count == '3'", "FL-E022", "output.count == '3'", "convert one of them: int(…)"),
        ("output.ok == 'true'", "FL-E022", "output.ok == 'true'", "leave the quotes out"),
        ("output.findings == 0", "FL-E022", "output.findings == 0", "compare the size: ….size()"),
        ("1 in output.findings.map(f, f.path)", "FL-E022", "1 in output.findings.map(f, f.path)", "convert one"),
        ("output.name in [1]", "FL-E022", "1", "convert one of them"),
        ("output.name.matches('(a')", "FL-E024", "'(a'", ""),
        ("git.changed('[a') == []", "FL-E024", "'[a'", ""),
        ("{'a': 1, 'a': 2} == {}", "FL-E026", "'a'", ""),
        (
            "output.findings.all(f, f.severity < 'high')",
            "FL-E027",
            "f.severity < 'high'",
            "name the words: f.severity in",
        ),
        ("duration('5 minutes') > 3", "FL-E043", "'5 minutes'", ""),
        ("percent('2') > 3.0", "FL-E043", "'2'", ""),
    ],
)
def test_a_slip_is_found_at_its_place_with_what_to_write(text: str, code: str, place: str, hint: str) -> None:
    problems = found(text, BOOL)
    assert [problem[:2] for problem in problems] == [(code, place)]
    assert problems[0][2].startswith(hint)
    assert bool(problems[0][2]) == bool(hint)


@pytest.mark.parametrize(
    ("text", "expected", "hint"),
    [
        ("output.name", BOOL, "compare it: … != ''"),
        ("output.findings", BOOL, "compare its size: ….size() > 0"),
        ("output.?ok", BOOL, "add .orValue(false)"),
        ("output.name", NUMBER, "convert it: double(…)"),
        ("output.score", list_of(ANY), ""),
        ("output.findings.map(f, f.path)", list_of(INT), ""),
        ("output.ok", STRING, ""),
    ],
)
def test_a_place_that_wants_another_type_says_so(text: str, expected: Type, hint: str) -> None:
    assert found(text, expected) == [("FL-E020", text, hint)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("output.findings.filter(f, f.is_new && f.severity in ['high', 'critical']).size() == 0", BOOL),
        ("output.findings.all(f, f.inner.all(g, g.line > f.line))", BOOL),
        ("output.score > output.count && 1 < 2.5 && output.count == 1.0", BOOL),
        ("output.maybe == null || output.maybe.size() > 0", BOOL),
        ("output.unknown.anything[0].at.all", BOOL),
        ("output.free.x > 1 && output.by_rule['a-b'] + output.by_rule.c > 1", BOOL),
        ("output.either == 1 || output.either == 'a'", BOOL),
        ("steps.scan.status == 'failed' ? output.score : output.count", NUMBER),
        ("output.findings + output.findings.filter(f, f.line > 1)", list_of(ANY)),
        ("output.findings.map(f, f.line).sum() + output.by_rule.map(k, output.by_rule[k]).max()", NUMBER),
        ("git.changed('src/**').map(p, p.split('/')[0]).distinct().join(', ')", STRING),
        ("output.?name.orValue('x').startsWith('a')", BOOL),
        ("{'a': output.name}.a", STRING),
        ("inputs.min == 'low' || inputs.min in ['high']", BOOL),
        ("null == output.findings[0].severity", BOOL),
        ("dyn(output.count) == 'a'", BOOL),
        ("output.findings[output.count].severity == inputs.min", BOOL),
        ("[].size() == 0 && {}.size() == 0 && [1, 'a', null].size() == 3", BOOL),
        ("git.tree('**') + git.base", STRING),
        ("output.findings.map(f, f.path.endsWith('.py'), f)[0].path", STRING),
    ],
)
def test_what_works_is_not_called_wrong(text: str, expected: Type) -> None:
    answer = typed(parse(text), ROOTS, expected=expected)
    assert answer.problems == ()
    assert answer.type.kind in (expected.kind, "any", "int")


def test_everything_is_found_in_one_pass_in_the_order_of_the_text() -> None:
    text = "output.nme == 1 && output.findings.all(f, f.lin > 'a') || foo(bar)"
    assert [problem[1] for problem in found(text)] == ["nme", "lin", "foo", "bar"]


def test_variables_are_names_too_and_stand_before_roots() -> None:
    text = "finding.severity == 'high' && output == 3"
    item = OUTPUT.fields["findings"].item
    assert item is not None
    assert typed(parse(text), ROOTS, variables={"finding": item, "output": INT}, expected=BOOL).problems == ()
    assert found(text)[0] == ("FL-E003", "finding", "there are: output, steps, inputs, git")


def test_the_own_words_of_an_object_are_said() -> None:
    (problem,) = typed(parse("steps.nope.output"), ROOTS).problems
    assert (problem.code, problem.message) == ("FL-E006", "no step has the id `nope`")


class Counted(Mapping[str, Type]):
    """Types that are worked out when they are asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> Type:
        self.asked.append(name)
        return STEP

    def __iter__(self) -> Iterator[str]:
        return iter(("scan", "other"))

    def __len__(self) -> int:
        return 2

    def __contains__(self, name: object) -> bool:
        return name in ("scan", "other")


def test_only_the_types_that_are_read_are_worked_out() -> None:
    fields = Counted()
    assert typed(parse("steps.scan.output.ok"), {"steps": record(fields)}, expected=BOOL).problems == ()
    assert fields.asked == ["scan"]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        (True, "any"),
        ({}, "any"),
        ({"type": "integer"}, "int"),
        ({"type": ["integer", "null"]}, "int"),
        ({"type": ["integer", "number"]}, "number"),
        ({"type": ["integer", "string"]}, "any"),
        ({"const": "a"}, "string"),
        ({"enum": [1, 2]}, "int"),
        ({"enum": ["a", None]}, "string"),
        ({"enum": ["a", 1]}, "any"),
        ({"properties": {}}, "object"),
        ({"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {}}}]}, "object"),
        ({"oneOf": [{"type": "number"}, {"type": "null"}]}, "number"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "any"),
        ({"$ref": "https://example.com/other.json"}, "any"),
        ({"$ref": "#/nowhere"}, "any"),
        ({"type": "unheard-of"}, "any"),
    ],
)
def test_a_schema_gives_the_type_that_it_pins_down(schema: object, kind: str) -> None:
    assert type_of(schema).kind == kind


def test_an_object_is_closed_when_it_names_its_fields_and_leaves_no_room() -> None:
    assert type_of({"type": "object", "properties": {"a": {}}}).is_closed
    assert type_of({"type": "object", "properties": {"a": {}}, "additionalProperties": False}).is_closed
    assert not type_of({"type": "object", "properties": {"a": {}}, "additionalProperties": True}).is_closed
    assert not type_of({"type": "object"}).is_closed
    assert not type_of({"type": "object", "patternProperties": {"^x": {}}}).is_closed
    whole = {"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {}}}]}
    assert set(type_of(whole).fields) == {"a", "b"}


def test_a_schema_without_end_is_read_to_an_end() -> None:
    deep: dict[str, object] = {"type": "string"}
    for _ in range(200):
        deep = {"type": "array", "items": deep}
    assert type_of(deep).kind == "list"
    names = [f"#/$defs/{number}" for number in range(30)]
    every = {"type": "object", "properties": {name[-2:]: {"$ref": name} for name in names}}
    knot = {"$ref": names[0], "$defs": {name.removeprefix("#/$defs/"): every for name in names}}
    assert type_of(knot).kind == "object"


def test_joined_types_keep_what_both_say() -> None:
    one = record({"a": Type("string", values=("x",)), "b": INT})
    other = record({"a": Type("string", values=("y",)), "c": BOOL})
    whole = joined(one, other)
    assert whole.is_closed
    assert whole.fields["a"].values == ("x", "y")
    assert {name: field.kind for name, field in whole.fields.items()} == {"a": "string", "b": "int", "c": "bool"}
    assert joined(INT, NUMBER) is NUMBER
    assert joined(INT, STRING) is ANY


@pytest.mark.parametrize("macro", MACROS, ids=lambda one: str(one.name))
def test_every_macro_is_documented_by_an_example_that_holds(macro: Macro) -> None:
    assert encode(evaluate(parse(macro.example), {})).decode() == macro.gives
    assert typed(parse(macro.example), {}).problems == ()
    assert f"{macro.name}(" in macro.example
    assert f"{macro.name}(" in macro.written


@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: f"{one.name}{'-member' * one.is_member}")
def test_every_function_is_documented_by_an_example_that_holds(one: Function) -> None:
    assert encode(evaluate(parse(one.example), {})).decode() == one.gives
    assert typed(parse(one.example), {}).problems == ()
    assert f"{one.name}(" in one.example
    for text in one.signatures:
        signature = read_signature(text)
        assert 0 < signature.least <= len(signature.takes)
