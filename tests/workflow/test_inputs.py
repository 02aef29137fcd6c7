"""Values for inputs: what was typed becomes what is declared, or everything that is wrong is told at once."""

import pytest

from fairlead.core.json import Json
from fairlead.core.workflow import Input, InputType, RunAction, Step, Workflow
from fairlead.workflow import check_inputs


def workflow(**inputs: Input) -> Workflow:
    return Workflow("sample", (Step("a", RunAction(("date",))),), inputs=inputs)


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("string", "text", "text"),
        ("string", "", ""),
        ("string", "3", "3"),
        ("path", "src/a b", "src/a b"),
        ("integer", "-3", -3),
        ("integer", "9007199254740992", 2**53),
        ("number", "3", 3),
        ("number", "0.5", 0.5),
        ("number", "1e3", 1000.0),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("array", '["a", 1]', ["a", 1]),
        ("array", "src", ["src"]),
        ("array", "", []),
        ("object", '{"a": {"b": null}}', {"a": {"b": None}}),
    ],
)
def test_what_was_typed_is_read_by_the_declared_type(kind: InputType, typed: str, value: Json) -> None:
    values, wrong = check_inputs(workflow(x=Input(kind)), {"x": typed})
    assert wrong == ()
    assert values == {"x": value}
    assert type(values["x"]) is type(value)


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        ("path", "", "expected a path, this is an empty text"),
        ("path", "a\0b", "expected a path, this is the text `a\0b`"),
        ("integer", "1.0", "expected a whole number, this is the text `1.0`"),
        ("integer", "9007199254740993", "expected a whole number, this is the number 9007199254740993"),
        ("integer", "1" * 5000, "expected a whole number, this is the text `" + "1" * 40 + "`…"),
        ("integer", "٣", "expected a whole number, this is the text `٣`"),
        ("integer", True, "expected a whole number, this is the boolean true"),
        ("number", "nan", "expected a number, this is the text `nan`"),
        ("number", "1e999", "expected a number, this is the text `1e999`"),
        ("number", False, "expected a number, this is the boolean false"),
        ("boolean", "yes", "expected true or false, this is the text `yes`"),
        ("boolean", "True", "expected true or false, this is the text `True`"),
        ("boolean", 1, "expected true or false, this is the number 1"),
        ("array", "[1,", "expected a list, this is the text `[1,`"),
        ("array", {"a": 1}, "expected a list, this is an object"),
        ("object", "[1]", "expected an object, this is a list"),
        ("object", '{"a": 1, "a": 2}', 'expected an object, this is the text `{"a": 1, "a": 2}`'),
        ("object", "a", "expected an object, this is the text `a`"),
        ("string", 3, "expected text, this is the number 3"),
        ("string", None, "expected text, this is empty"),
    ],
)
def test_what_does_not_fit_is_refused_with_both_kinds_named(kind: InputType, given: Json, reason: str) -> None:
    values, wrong = check_inputs(workflow(x=Input(kind)), {"x": given})
    assert values == {}
    assert [(found.code, found.message) for found in wrong] == [("FL-W133", f"input `x` does not fit: {reason}")]
    assert wrong[0].hints[0].startswith("-i x=")


def test_everything_wrong_is_told_at_once() -> None:
    declared = workflow(paths=Input("array"), ticket=Input("string", "Which ticket"), history=Input("boolean"))
    _, wrong = check_inputs(declared, {"pathes": "src", "history": "yes"})
    assert [(found.code, found.hints) for found in wrong] == [
        ("FL-W131", ("did you mean `paths`?",)),
        ("FL-W133", ("-i history=true",)),
        ("FL-W132", ('-i paths=\'["a", "b"]\'',)),
        ("FL-W132", ("-i ticket=text",)),
    ]


def test_defaults_are_filled_in_in_the_order_of_the_file() -> None:
    declared = workflow(a=Input("string", default="x", has_default=True), b=Input("integer"))
    assert check_inputs(declared, {"b": 3}) == ({"a": "x", "b": 3}, ())
    assert list(check_inputs(declared, {"b": 3})[0]) == ["a", "b"]


def test_typed_values_of_a_program_are_not_read_as_text() -> None:
    values, wrong = check_inputs(workflow(x=Input("integer")), {"x": "3"}, are_texts=False)
    assert values == {}
    assert [found.code for found in wrong] == ["FL-W133"]
