"""The gate's first half: what breaks a limit or a schema never reaches an agent, and nothing else is refused."""

import random
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from fairlead.core.events import AttemptFailed
from fairlead.core.ids import Place
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Admitted, AgentCard, Call
from fairlead.core.ports import World as AgentWorld
from fairlead.testing import ScriptedAgent
from tests.gate.conftest import RUN, World
from tests.proves import proves

SEED = 20261121
SCHEMA: dict[str, Json] = {
    "type": "object",
    "required": ["paths", "depth"],
    "additionalProperties": False,
    "properties": {
        "paths": {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 3},
        "depth": {"type": "integer", "minimum": 0, "maximum": 9},
        "mode": {"enum": ["fast", "slow"]},
        "deep": {"type": "object", "properties": {"flag": {"type": "boolean"}}, "required": ["flag"]},
    },
}
INPUTS_MAX = 10_000_000


def refused(world: World, call: Call) -> AttemptFailed:
    answer = world.admit(call)
    assert isinstance(answer, AttemptFailed), answer
    assert (answer.place, answer.attempt, answer.fault) == (call.place, call.attempt, "author")
    return answer


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("p", *["x"] * 256), ""),
        (("p", *["x"] * 257), "257 arguments, 256 are allowed"),
        (("p" * 1_000,), ""),
        (("p" * 1_001,), "the program's name has 1001 characters, 1000 are allowed"),
        (("p", "x" * 5_000), ""),
        (("p", "a", "x" * 5_001), "argument 2 has 5001 characters, 5000 are allowed"),
        (("p", "a\0b"), "argument 1 holds a NUL"),
        (("p", ""), ""),
        (("",), "the program has no name"),
        ((" \t",), "the program has no name"),
    ],
)
def test_an_argv_has_limits(world: World, argv: tuple[str, ...], says: str) -> None:
    call = world.call("run", {}, argv)
    if not says:
        assert isinstance(world.admit(call), Admitted)
        return
    answer = refused(world, call)
    assert answer.code == "FL-A112"
    assert says in answer.message
    assert "xxx" not in answer.message, "the value itself is never quoted"


def test_inputs_have_at_most_ten_megabytes(world: World) -> None:
    empty = len(b'{"text":""}')
    assert isinstance(world.admit(world.call("told", {"text": "x" * (INPUTS_MAX - empty)})), Admitted)
    answer = refused(world, world.call("told", {"text": "x" * (INPUTS_MAX - empty + 1)}))
    assert answer.code == "FL-A112"
    assert "10,000,001 bytes, 10,000,000 are allowed" in answer.message


def test_a_place_has_at_most_256_characters(world: World) -> None:
    call = world.call("told", {})
    assert isinstance(world.admit(msgspec.structs.replace(call, place=Place("p" * 256))), Admitted)
    assert refused(world, msgspec.structs.replace(call, place=Place("p" * 257))).code == "FL-A112"


@proves("C1.1")
def test_an_agent_that_nobody_knows_or_that_cannot_be_used_is_not_called(world: World) -> None:
    assert refused(world, world.call("nobody", {})).code == "FL-A101"
    world.with_card(problem="its entry is gone")
    answer = refused(world, world.call("told", {}))
    assert (answer.code, "its entry is gone" in answer.message) == ("FL-A110", True)


@proves("C1.3")
def test_an_agent_without_a_schema_takes_nothing(world: World) -> None:
    world.with_card(input_schema={})
    assert isinstance(world.admit(world.call("told", {})), Admitted)
    answer = refused(world, world.call("told", {"a": 1}))
    assert (answer.code, "declares no inputs" in answer.message) == ("FL-A111", True)


def test_the_intent_names_what_exactly_is_called(world: World) -> None:
    def intent(**changed: Json) -> tuple[str, str]:
        call = msgspec.structs.replace(world.call("told", {"do": "succeed"}), **changed)
        admitted = world.admit(call)
        assert isinstance(admitted, Admitted)
        assert admitted.call is call
        assert admitted.key == f"{call.run}/{call.place}/{call.attempt}"
        assert admitted.started.version == "1.0.0@000000000000"
        return admitted.started.call, admitted.key

    same = intent()
    assert intent(run="r-other000", place=Place("other"), attempt=2)[0] == same[0], "what goes in is the same"
    others = [intent(inputs={"do": "fail"}), intent(tree="1" * 40), intent(timeout_s=1.0)]
    assert len({call for call, _ in others} | {same[0]}) == 4
    programs = [world.admit(world.call("run", {}, argv)) for argv in (("sh",), ("sh", ""), ("sh ",))]
    assert len({admitted.started.call for admitted in programs if isinstance(admitted, Admitted)}) == 3


def test_admitting_changes_nothing_outside(world: World, tmp_path: Path) -> None:
    before = sorted(path for path in tmp_path.rglob("*"))
    world.admit(world.program("touch never"))
    world.admit(world.call("told", {"do": "succeed"}))
    assert sorted(path for path in tmp_path.rglob("*")) == before


# ------------------------------------------------------------------------------------------------ generated calls


def valid_inputs(chance: random.Random) -> dict[str, Json]:
    inputs: dict[str, Json] = {
        "paths": [
            "".join(chance.choice("aé/. ") for _ in range(chance.randrange(21))) for _ in range(chance.randrange(4))
        ],
        "depth": chance.randrange(10),
    }
    if chance.random() < 0.5:
        inputs["mode"] = chance.choice(["fast", "slow"])
    if chance.random() < 0.5:
        inputs["deep"] = {"flag": chance.random() < 0.5, "more": chance.choice([1, None, "x", []])}
    return inputs


def without(inputs: dict[str, Json], name: str) -> dict[str, Json]:
    return {key: value for key, value in inputs.items() if key != name}


Breaking = Callable[[dict[str, Json], random.Random], dict[str, Json]]

BREAKING: list[Breaking] = [
    lambda i, c: without(i, c.choice(["paths", "depth"])),
    lambda i, c: {**i, "paths": c.choice([None, "src", {}, 1, [1], [None], [["x"]], ["x" * c.randint(21, 99)]])},
    lambda i, c: {**i, "paths": ["x"] * c.randint(4, 40)},
    lambda i, c: {**i, "depth": c.choice([-1, 10, 10**9, 0.5, "1", None, True, [1], {}])},
    lambda i, c: {**i, "mode": c.choice(["", "Fast", None, 0, ["fast"], "fast "])},
    lambda i, c: {**i, "deep": c.choice([{}, {"flag": 1}, {"flag": None}, [], "x", None, {"Flag": True}])},
    lambda i, c: {
        **i,
        c.choice(["extra", "", "Paths", "depth ", "\u200bdepth", "__proto__"]): c.choice([1, None, "x"]),
    },
]


def invalid_argv(chance: random.Random) -> tuple[str, ...]:
    return chance.choice(
        [
            ("",),
            (" " * chance.randint(1, 9),),
            ("p" * chance.randint(1_001, 3_000),),
            ("p", *["x"] * chance.randint(257, 400)),
            ("p", *["x"] * chance.randrange(9), "y" * chance.randint(5_001, 7_000)),
            ("p", *["x"] * chance.randrange(9), "a\0b" * chance.randint(1, 3)),
        ]
    )


@proves("C3.1")
def test_of_2000_invalid_calls_none_reaches_an_agent_and_of_500_valid_ones_none_is_refused(world: World) -> None:
    reached: list[Call] = []

    async def note(call: Call, world: AgentWorld) -> Outcome:
        reached.append(call)
        return Succeeded({})

    agent = ScriptedAgent("strict", note)
    card: AgentCard = msgspec.structs.replace(agent.describe(), input_schema=SCHEMA)
    agent._card = card
    world.agents["strict"] = agent
    validator = jsonschema_rs.validator_for(SCHEMA)
    chance = random.Random(SEED)
    for number in range(2_000):
        if number % 5 == 4:
            call = world.call("run", {}, invalid_argv(chance))
        else:
            inputs = chance.choice(BREAKING)(valid_inputs(chance), chance)
            assert not validator.is_valid(inputs), (SEED, number, inputs)  # else the generator is wrong
            call = world.call("strict", inputs)
        answer = world.perform(call)
        assert isinstance(answer, AttemptFailed), (SEED, number, call)
        assert (answer.code, answer.fault) in {("FL-A111", "author"), ("FL-A112", "author")}, (SEED, number, answer)
    assert reached == [], SEED
    for number in range(500):
        inputs = valid_inputs(chance)
        assert not isinstance(answer := world.perform(world.call("strict", inputs)), AttemptFailed), (
            SEED,
            number,
            answer,
        )
    assert len(reached) == 500, SEED
    assert {call.run for call in reached} == {RUN}
