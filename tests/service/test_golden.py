"""Golden folders: what is read from one, and how a difference is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.env.files import LocalFiles
from fairlead.service.golden import Case, Expected, as_expected, differences, find_cases, unstable

ROW = {"rule": "a/b", "severity": "low", "path": "x.py", "line": 3, "column": 1, "message": "m"}


def refused(root: Path) -> list[tuple[str, str]]:
    """Code and text of why the golden folders of `one` cannot be used."""
    with pytest.raises(FairleadError) as caught:
        find_cases(LocalFiles(), str(root), "one", is_update=False)
    assert caught.value.exit_code == 2
    return [(found.code, found.message) for found in caught.value.diagnostics]


def case(root: Path, name: str, text: str | None) -> Path:
    folder = root / "tests/agents/one" / name
    (folder / "repo").mkdir(parents=True)
    if text is not None:
        (folder / "expect.json").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "it is no JSON: line 1, column 2"),
        ("[]", "it is no JSON object of a usable size"),
        ('{"finding": []}', "it has no key `finding`; there are inputs, findings, output, fails"),
        ('{"inputs": {}}', "besides `inputs` it has exactly one of `findings`, `output` and `fails`"),
        ('{"findings": [], "output": {}}', "besides `inputs` it has exactly one of"),
        ('{"findings": {}}', "Expected `array"),
        ('{"inputs": [], "findings": []}', "Expected `object`"),
        ('{"findings": [], "findings": []}', "it is no JSON: the key 'findings' stands twice"),
    ],
)
def test_an_expectation_that_cannot_be_read_is_said(tmp_path: Path, text: str, said: str) -> None:
    case(tmp_path, "first", text)
    [(code, message)] = refused(tmp_path)
    assert code == "FL-A151"
    assert message.startswith(f"tests/agents/one/first/expect.json: {said}")


def test_everything_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    assert [code for code, _ in refused(tmp_path)] == ["FL-A150"]
    case(tmp_path, "a", None)
    (tmp_path / "tests/agents/one/b").mkdir()
    case(tmp_path, "c", '{"findings": []}')
    assert refused(tmp_path) == [
        ("FL-A151", "tests/agents/one/a: there is no `expect.json` in it"),
        ("FL-A151", "tests/agents/one/b: there is no folder `repo` in it"),
    ]


def test_too_many_golden_folders_are_refused(tmp_path: Path) -> None:
    for number in range(501):
        case(tmp_path, f"c{number:03d}", '{"findings": []}')
    assert refused(tmp_path) == [("FL-A151", "tests/agents/one: 501 golden folders are too many: at most 500")]


def test_cases_come_by_name_with_what_they_expect(tmp_path: Path) -> None:
    case(tmp_path, "b", '{"inputs": {"n": 1}, "output": {"x": 1}}')
    case(tmp_path, "a", None)
    found = find_cases(LocalFiles(), str(tmp_path), "one", is_update=True)
    assert [(one.name, one.expected) for one in found] == [
        ("a", Expected()),
        ("b", Expected({"n": 1}, None, {"x": 1})),
    ]


@pytest.mark.parametrize(
    ("expected", "given", "said"),
    [
        ([ROW], [ROW], []),
        ([{"rule": "a/b"}], [ROW], []),
        ([], [], []),
        ([ROW], [], ["missing  low a/b x.py:3:1"]),
        ([], [ROW], ["extra    low a/b x.py:3:1"]),
        ([ROW, ROW], [ROW], ["missing  low a/b x.py:3:1"]),
        ([ROW], [ROW | {"line": 4}], ["changed  low a/b x.py:4:1: line is 4, expected 3"]),
        ([ROW], [ROW | {"rule": "a/c"}], ['changed  low a/c x.py:3:1: rule is "a/c", expected "a/b"']),
        ([ROW], [ROW | {"path": "y.py"}], ["missing  low a/b x.py:3:1", "extra    low a/b y.py:3:1"]),
        # Equal ones are paired off first: the one that is left is the one that changed.
        ([ROW, ROW | {"line": 5}], [ROW | {"line": 6}, ROW], ["changed  low a/b x.py:6:1: line is 6, expected 5"]),
        ([ROW | {"remedy": "r"}], [ROW], ['changed  low a/b x.py:3:1: remedy is null, expected "r"']),
    ],
)
def test_findings_are_paired_off_and_what_is_left_is_told(
    expected: list[dict[str, Any]], given: list[dict[str, Any]], said: list[str]
) -> None:
    assert differences(Expected(findings=expected), Succeeded({"findings": given})) == said


@pytest.mark.parametrize(
    ("expected", "given", "said"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, []),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ["changed  output.a[1].b: 3, expected 2"]),
        ({"a": 1}, {"b": 1}, ["missing  output.a: expected 1", "extra    output.b: 1"]),
        ({"a": 1}, {"a": True}, ["changed  output.a: true, expected 1"]),
        ({"a": [1]}, {"a": [1, 2]}, ["changed  output.a: [1,2], expected [1]"]),
    ],
)
def test_other_answers_are_compared_to_the_last_value(
    expected: dict[str, Any], given: dict[str, Any], said: list[str]
) -> None:
    assert differences(Expected(output=expected), Succeeded(given)) == said


def test_a_failure_is_a_difference_unless_it_was_expected() -> None:
    failed = Failed("agent", "FL-R230", "it raised")
    assert differences(Expected(findings=[]), failed) == ["it failed with FL-R230: it raised"]
    assert differences(Expected(fails="FL-R230"), failed) == []
    assert differences(Expected(fails="FL-R240"), failed) == [
        "FL-R240 was expected, but it failed with FL-R230: it raised"
    ]
    assert differences(Expected(fails="FL-R230"), Succeeded({})) == [
        "a failure with FL-R230 was expected, and it succeeded"
    ]
    assert differences(Expected(findings=[]), Succeeded({"a": 1})) == [
        "findings were expected, and its answer has none: give `output` in expect.json"
    ]


def test_two_answers_to_one_question_are_compared_as_a_whole() -> None:
    one, other = Succeeded({"a": 1}, "s"), Succeeded({"a": 2}, "s")
    assert unstable(one, one) == []
    assert unstable(one, other) == ["not the same twice  answer.output.a: 2, expected 1"]


@pytest.mark.parametrize(
    "outcome", [Succeeded({"findings": [ROW], "stats": {}}), Succeeded({"a": 1}), Failed("agent", "FL-R230", "x")]
)
def test_what_is_written_is_fulfilled_by_what_it_was_written_from(outcome: Succeeded | Failed, tmp_path: Path) -> None:
    folder = case(tmp_path, "c", None)
    before = Case("one", "c", str(folder / "repo"), str(folder / "expect.json"), Expected({"n": 1}))
    (folder / "expect.json").write_bytes(as_expected(before, outcome))
    [after] = find_cases(LocalFiles(), str(tmp_path), "one", is_update=False)
    assert differences(after.expected, outcome) == []
    assert after.expected.inputs == {"n": 1}
    assert json.loads((folder / "expect.json").read_text()).keys() <= {"inputs", "findings", "output", "fails"}
