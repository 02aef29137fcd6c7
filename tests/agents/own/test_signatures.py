"""Types become schemas, docstrings descriptions; what cannot be used is said with its parameter and its line."""

import jsonschema_rs
import pytest

from tests.agents.own.conftest import Workshop
from tests.proves import proves

RICH = '''
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Literal, Optional

import msgspec

from fairlead import Context, agent


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: int = 0


class Answer(msgspec.Struct):
    given: dict[str, list[str]]


@agent(name="rich", version="3", title="Rich", reads=["src/**"], tags=["x"], timeout="10m", memory="1 GB")
def rich(
    ctx: Context,
    text: Annotated[str, "what is said"],
    *,
    number: int = 3,
    share: float = 0.5,
    flag: bool = False,
    words: list[str] = ["a"],
    table: dict[str, int] = {},
    mode: Literal["fast", "slow"] = "fast",
    colour: Colour = Colour.RED,
    maybe: Optional[int] = None,
    other: str | None = None,
    point: Point | None = None,
) -> Answer:
    """Says what it was given,
    kind by kind.

    More of it.
    """
    values = (text, number, share, flag, words, table, mode, colour, maybe, other, point)
    return Answer({"kinds": [type(value).__name__ for value in values]})
'''


@proves("C13.1")
def test_types_become_the_schema_and_the_docstring_the_description(workshop: Workshop) -> None:
    workshop.agent("rich", RICH, head="")
    card = workshop.found("rich")
    assert card.problem == ""
    assert (card.title, card.version, card.reads, card.tags) == ("Rich", "3", ("src/**",), ("x",))
    assert (card.timeout_s, card.memory_max, card.is_deterministic) == (600.0, 1_000_000_000, False)
    assert card.description == "Says what it was given, kind by kind."
    properties = card.input_schema["properties"]
    assert properties["text"] == {"description": "what is said", "type": "string"}
    assert properties["words"] == {"type": "array", "items": {"type": "string"}, "default": ["a"]}
    assert properties["mode"] == {"enum": ["fast", "slow"], "default": "fast"}
    assert properties["colour"]["default"] == "red"
    assert card.input_schema["required"] == ["text"]
    assert card.input_schema["additionalProperties"] is False
    for schema in (card.input_schema, card.output_schema):
        assert jsonschema_rs.meta.is_valid(schema)
    assert set(card.output_schema["properties"]) == {"given"}


def test_inputs_arrive_as_the_types_say(workshop: Workshop) -> None:
    workshop.agent("rich", RICH, head="")
    given = workshop.output("rich", text="a", maybe=1, other="b", point={"x": 1})["given"]["kinds"]
    assert given == ["str", "int", "float", "bool", "list", "dict", "str", "Colour", "int", "str", "Point"]


@proves("C1.1")
@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, '"text" is a required property'),
        ({"text": 1}, "text: "),
        ({"text": "a", "mode": "x"}, "mode: "),
        ({"text": "a", "point": {}}, "point: "),
        ({"text": "a", "nobody": 1}, "nobody"),
    ],
)
def test_inputs_that_do_not_fit_never_reach_the_agent(workshop: Workshop, inputs: dict[str, object], said: str) -> None:
    workshop.agent("rich", RICH, head="")
    failed = workshop.failure("rich", **inputs)
    assert failed.code == "FL-A111"
    assert said in failed.message
    assert not workshop.log.exists()


USABLE = "usable are str, int, float, bool, list, dict, Literal, Enum, Optional, a dataclass or a msgspec.Struct"


@pytest.mark.parametrize(
    ("signature", "line", "said"),
    [
        ("ctx: Context, *, words) -> Findings", 5, f"`words`: it has no type; {USABLE}"),
        ("ctx: Context, *, words: set[str]) -> Findings", 5, "`words`: the type `set[str]` cannot come from JSON"),
        ("ctx: Context, *, words: list[bytes]) -> Findings", 5, "`words`: the type `bytes` cannot come from JSON"),
        ("ctx: Context, *, words: object) -> Findings", 5, "`words`: the type `object` cannot come from JSON"),
        ("ctx: Context, *, words: dict[int, str]) -> Findings", 5, "`words`: the type `dict[int, str]` cannot"),
        ("ctx: Context, *, words: 'Nobody') -> Findings", 5, "`find`: its annotations cannot be read: NameError"),
        ("ctx: Context, *, words: list[str] = 3) -> Findings", 5, "`words`: its default does not fit its type"),
        ("ctx: Context, *words: str) -> Findings", 5, "`words`: it takes any number of arguments"),
        ("ctx: Context, **words: str) -> Findings", 5, "`words`: it takes any number of arguments"),
        ("ctx: int) -> Findings", 5, "`ctx`: the first parameter is the context and has the type `Context`"),
        (") -> Findings", 5, "`find`: its first parameter must be the context: `ctx: Context`"),
        ("ctx: Context)", 5, "what it gives: it does not say what it gives"),
        ("ctx: Context) -> int", 5, "what it gives: `int` cannot be an agent's answer"),
        ("ctx: Context) -> list[str]", 5, "what it gives: `list[str]` cannot be an agent's answer"),
    ],
)
def test_an_annotation_that_cannot_be_used_is_said_with_its_place(
    workshop: Workshop, signature: str, line: int, said: str
) -> None:
    workshop.agent("find", f'@agent(name="find")\ndef find({signature}:\n    return ctx.findings()\n')
    [wrong] = workshop.wrong()
    assert (wrong.code, wrong.file) == ("FL-A012", ".fairlead/agents/find.py")
    assert wrong.message.startswith(said)
    assert wrong.span is not None
    assert wrong.span.line == line
    assert wrong.source == f"def find({signature}:"
    if said.startswith("`words`"):
        assert wrong.source[wrong.span.column - 1 :].startswith("words")


def test_an_async_function_is_none(workshop: Workshop) -> None:
    workshop.agent(
        "find", '@agent(name="find")\nasync def find(ctx: Context) -> Findings:\n    return ctx.findings()\n'
    )
    assert [wrong.message for wrong in workshop.wrong()] == [
        "`find`: the function is `async`; an agent's function is an ordinary one"
    ]


def test_the_decorator_leaves_the_function_as_it_is_and_refuses_what_is_no_description() -> None:
    from fairlead import agent

    def plain() -> int:
        return 3

    assert agent(name="x")(plain) is plain
    assert plain() == 3
    with pytest.raises(TypeError, match="reads"):
        agent(name="x", reads=[1])  # type: ignore[list-item]  # what a person might write


def test_the_public_names_are_there_and_no_others() -> None:
    import fairlead
    from fairlead.agents.own.context import Context
    from fairlead.agents.own.decorator import agent
    from fairlead.agents.own.findings import Findings

    assert (fairlead.agent, fairlead.Context, fairlead.Findings) == (agent, Context, Findings)
    with pytest.raises(AttributeError, match="nobody"):
        fairlead.nobody  # type: ignore[attr-defined]  # noqa: B018
