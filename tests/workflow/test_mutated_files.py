"""Three hundred damaged files: never a traceback, each with codes and places, or right; and values that stay values."""

import json
import random
import re
from collections.abc import Callable

import pytest

from fairlead.core.json import Json
from fairlead.core.references import resolve
from fairlead.core.workflow import AgentAction, RunAction
from fairlead.workflow import check_workflow, read_workflow
from fairlead.workflow.keys import ACTIONS, STEP, TOP
from fairlead.workflow.mending import mend
from fairlead.workflow.source import Edit
from tests.proves import proves
from tests.workflow.explained import WORKFLOWS, cards, catalog
from tests.workflow.samples import HERE
from tests.workflow.test_mutations import FILE, assert_whole

FILES = [path.read_text("utf-8") for path in sorted((HERE / "examples").glob("*.yaml"))]
FILES += [FILE, *(path.read_text("utf-8") for path in sorted((HERE / "bad").glob("FL-[WE]*.yaml")))]
WORDS = (
    *TOP.names,
    *STEP.names,
    *ACTIONS,
    "steps.scan.output",
    "${ inputs.x }",
    "null",
    "true",
    "1e9",
    "{}",
    "[]",
    "''",
)
BITS = (
    *"{}[]:,-#&*!|>%@`'\"\\\t\n \0$",
    "${",
    "}}",
    "{{",
    "- ",
    ": ",
    "\r\n",
    "\u2028",
    "\ufeff",
    "\ud7ff",
    "é",
    "${ a }",
)


def by_bytes(rng: random.Random, text: str) -> bytes:
    data = bytearray(text.encode())
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data))
        data[at : at + rng.randrange(3)] = bytes(rng.randrange(256) for _ in range(rng.randrange(3)))
    return bytes(data)


def by_bits(rng: random.Random, text: str) -> bytes:
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice(BITS) + text[at + rng.randrange(2) :]
    return text.encode()


def by_lines(rng: random.Random, text: str) -> bytes:
    lines = text.split("\n")
    for _ in range(rng.randrange(1, 4)):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(5):
            case 0:
                del lines[at : at + rng.randrange(1, 3)]
                lines = lines or [""]
            case 1:
                lines.insert(at, lines[other])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines[at] = " " * rng.randrange(5) + lines[at]
            case _:
                lines[at] = lines[at][rng.randrange(len(lines[at]) + 1) :]
    return "\n".join(lines).encode()


def by_keys(rng: random.Random, text: str) -> bytes:
    found = list(re.finditer(r"(?m)^( *(?:- )?)([A-Za-z_-]+):", text))
    for one in rng.sample(found, min(len(found), rng.randrange(1, 3))):
        text = text[: one.start(2)] + rng.choice(WORDS[:60]) + text[one.end(2) :] if one.end() < len(text) else text
    return text.encode()


def by_values(rng: random.Random, text: str) -> bytes:
    found = list(re.finditer(r"(?m): (\S.*)$", text))
    for one in sorted(rng.sample(found, min(len(found), rng.randrange(1, 3))), key=lambda one: -one.start()):
        text = text[: one.start(1)] + rng.choice([*WORDS, "x" * 2_000, "[[[", "9" * 30]) + text[one.end(1) :]
    return text.encode()


MUTATIONS: tuple[Callable[[random.Random, str], bytes], ...] = (by_bytes, by_bits, by_lines, by_keys, by_values)


@proves("A1.1")
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_gets_codes_with_places_or_is_right(
    mutation: Callable[[random.Random, str], bytes], seed: int
) -> None:
    rng = random.Random(f"{mutation.__name__} {seed}")
    for number in range(15):
        data = mutation(rng, rng.choice(FILES))
        said = f"mutation {mutation.__name__}, seed {seed}, file {number}: {data!r}"
        try:
            read = check_workflow("a.yaml", data, catalog(), effects=cards(), workflow_of=WORKFLOWS.get)
        except Exception as error:
            raise AssertionError(said) from error
        has_errors = any(not one.is_warning for one in read.diagnostics)
        assert has_errors == (read.workflow is None), said
        assert_whole(read)


@pytest.mark.parametrize("seed", range(5))
def test_edits_of_a_damaged_file_leave_a_file_that_can_be_read_and_end(seed: int) -> None:
    rng = random.Random(seed)

    def edits_of(data: bytes) -> tuple[str, tuple[tuple[str, Edit], ...]]:
        read = check_workflow("a.yaml", data, catalog())
        return read.text, read.edits

    for _ in range(10):
        data = rng.choice(MUTATIONS[1:])(rng, rng.choice(FILES))
        before = check_workflow("a.yaml", data, catalog())
        mended = mend(data, edits_of)
        after = check_workflow("a.yaml", mended.data, catalog())
        if before.workflow is not None and not before.edits:
            assert mended.data == data
        assert_whole(after)
        assert not mended.codes or mended.data != data


AWKWARD: tuple[Json, ...] = (
    *(
        "plain",
        "",
        " ",
        "'",
        '"',
        "a'b\"c",
        "{",
        "}",
        "{{ x }}",
        "${",
        "${ inputs.v }",
        "$${ x }",
        "}",
        "a\nb",
        "\t",
        "\0",
    ),
    *(
        "true",
        "1",
        "null",
        "- x",
        ": ",
        "#",
        "*",
        "&a",
        "| sh",
        "; rm -rf /",
        "$(id)",
        "`id`",
        "\\",
        "é€😀",
        "x" * 5_000,
    ),
    *(0, 1, -1.5, 2**53, True, False, None, [], {}, [1, "a", None], {"a": {"b": ["${ x }"]}}),
)


@proves("A1.3")
@pytest.mark.parametrize("value", AWKWARD, ids=lambda value: json.dumps(value)[:30])
def test_a_value_keeps_its_type_and_cannot_change_what_is_around_it(value: Json) -> None:
    text = (
        "fairlead: 1\nname: a\ninputs: {v: {type: string}}\nsteps:\n"
        "  - {id: a, agent: x, with: {lone: '${ inputs.v }', list: ['${ inputs.v }', end]}}\n"
        "  - id: b\n    run: echo before-${ inputs.v }-after '${ inputs.v }' \"${ inputs.v }\" last\n"
    )
    read = read_workflow("a.yaml", text.encode())
    assert read.workflow is not None
    scope = {"inputs": {"v": value}}
    asked, performed = read.workflow.steps
    assert isinstance(asked.action, AgentAction)
    assert resolve(asked.given, scope) == {"lone": value, "list": [value, "end"]}
    assert type(resolve(asked.given, scope)["lone"]) is type(value)
    assert isinstance(performed.action, RunAction)
    words = [resolve(word, scope) for word in performed.action.argv]
    assert len(words) == 5
    assert (words[0], words[4]) == ("echo", "last")
    assert words[2] == words[3] == value
    assert str(words[1]).startswith("before-")
    assert str(words[1]).endswith("-after")


@proves("A1.3")
@pytest.mark.parametrize("value", [one for one in AWKWARD if isinstance(one, str) and one.strip() and "\0" not in one])
def test_a_text_written_in_the_file_stays_the_very_text(value: str) -> None:
    """In double quotes any text can be written; what looks like `${` is written as `$${`."""
    written = json.dumps(value.replace("${", "$${"))
    read = read_workflow(
        "a.yaml", f"fairlead: 1\nname: a\nsteps: [{{id: a, agent: x, with: {{t: {written}}}}}]\n".encode()
    )
    assert read.workflow is not None, read.diagnostics
    assert resolve(read.workflow.steps[0].given, {}) == {"t": value}
