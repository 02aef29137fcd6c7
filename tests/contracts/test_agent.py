"""What every `Agent` promises: a card that can be read again and again, and an outcome as a value.

Each performs through the real gate, with a real spawner where it starts something.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest

from fairlead.agents.adapters.command import CommandAgent
from fairlead.agents.adapters.own_tool import OwnToolAgent
from fairlead.agents.adapters.program import ProgramAgent
from fairlead.agents.adapters.tool import ToolAgent
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Digest, encode, parse
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Agent, AgentCard, Call, World
from fairlead.core.tools import ToolCode
from fairlead.env.spawner import LocalSpawner, start_spawner
from fairlead.gate.world import CallWorld
from fairlead.testing import ScriptedAgent

TOOLS = Path(__file__).parent / "tools"
CARD = AgentCard(
    name="sample",
    title="Sample",
    description="Does as it is told.",
    adapter="tool",
    entry="told_tool:perform",
    version="1.0.0",
    digest=Digest("sha256:" + "0" * 64),
    input_schema={"type": "object"},
    output_schema={"type": "object"},
    source="here",
)
# How each fails that is told to: whose fault it is, and the code.
FAILURES = {"OwnToolAgent": ("agent", "FL-R230"), "CommandAgent": ("agent", "FL-R241")}
SHELL = {"succeed": "exit 0", "fail": "exit 3", "hang": "echo hanging; exec sleep 600"}


async def script(call: Call, world: World) -> Outcome:
    """What told_tool does, inside the worker."""
    what = call.inputs["do"]
    if what == "succeed":
        return Succeeded({"root": call.root})
    if what == "fail":
        return Failed("result", "FL-R210", "as told")
    world.progress("hanging")
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")


TOLD = """
from fairlead import Context

def perform(ctx: Context, *, do: str) -> dict:
    if do == "succeed":
        return {"root": ctx.root}
    if do == "fail":
        raise ValueError("as told")
    import time
    ctx.progress("hanging")
    time.sleep(600)
"""
READ = """read line; case "$line" in *succeed*) echo "{}";; *fail*) exit 3;; *) echo hanging >&2; sleep 600;; esac"""

AGENTS: dict[str, Agent] = {
    "tool": ToolAgent(CARD),
    "own tool": OwnToolAgent(CARD, ToolCode("sample", "a/told.py", "perform", {"a/told.py": TOLD})),
    "command": CommandAgent(CARD, ("sh", "-c", READ), (), "report"),
    "program": ProgramAgent(),
    "scripted": ScriptedAgent("scripted", script),
}


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest) -> Agent:
    return AGENTS[request.param]


@pytest.fixture(scope="module")
def spawner() -> Iterator[LocalSpawner]:
    sys.path.insert(0, str(TOOLS))
    try:
        started = start_spawner()
    finally:
        sys.path.remove(str(TOOLS))
    yield started
    started.close()


def call_for(agent: Agent, what: str, root: Path) -> Call:
    """The call that tells *agent* to do *what*."""
    argv = ("sh", "-c", SHELL[what]) if isinstance(agent, ProgramAgent) else ()
    inputs = {} if argv else {"do": what}
    return Call(RunId("r-abcdefgh"), Place("a"), 1, agent.describe().name, inputs, str(root), argv, 30.0)


async def perform(agent: Agent, what: str, root: Path, spawner: LocalSpawner) -> Outcome:
    call = call_for(agent, what, root)
    return await agent.perform(call, CallWorld(call, str(root), spawner, "", lambda text, found: None))


def test_a_card_is_plain_data_and_the_same_each_time(agent: Agent) -> None:
    card = agent.describe()
    assert agent.describe() == card
    assert parse(encode(card))["name"] == card.name
    assert all((card.name, card.title, card.description, card.adapter, card.version, card.source))
    assert card.problem == ""
    assert card.timeout_s > 0
    for schema in (card.input_schema, card.output_schema):
        jsonschema_rs.validator_for(schema)


def test_a_success_keeps_the_schema_of_its_card(agent: Agent, tmp_path: Path, spawner: LocalSpawner) -> None:
    outcome = asyncio.run(perform(agent, "succeed", tmp_path, spawner))
    assert isinstance(outcome, Succeeded), outcome
    jsonschema_rs.validator_for(agent.describe().output_schema).validate(outcome.output)


def test_a_failure_is_a_value_with_its_fault_and_a_code(agent: Agent, tmp_path: Path, spawner: LocalSpawner) -> None:
    outcome = asyncio.run(perform(agent, "fail", tmp_path, spawner))
    assert isinstance(outcome, Failed), outcome
    assert (outcome.fault, outcome.code) == FAILURES.get(type(agent).__name__, ("result", "FL-R210"))
    assert outcome.message


def test_a_cancelled_call_ends_as_cancelled_and_the_agent_can_be_called_again(
    agent: Agent, tmp_path: Path, spawner: LocalSpawner
) -> None:
    async def cancel() -> None:
        began = asyncio.Event()
        call = call_for(agent, "hang", tmp_path)
        log = tmp_path / "log"
        world = CallWorld(call, str(tmp_path), spawner, str(log), lambda text, found: began.set())
        performing = asyncio.create_task(agent.perform(call, world))
        while not began.is_set() and not (log.exists() and log.read_text()):
            assert not performing.done(), performing
            await asyncio.sleep(0.005)
        performing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await performing

    asyncio.run(asyncio.wait_for(cancel(), 30))
    assert isinstance(asyncio.run(perform(agent, "succeed", tmp_path, spawner)), Succeeded)


def test_many_calls_at_once_keep_their_answers_apart(agent: Agent, tmp_path: Path, spawner: LocalSpawner) -> None:
    async def all_of_them() -> list[Outcome]:
        words = ["succeed", "fail"] * 5
        return await asyncio.gather(*(perform(agent, word, tmp_path, spawner) for word in words))

    outcomes = asyncio.run(all_of_them())
    assert [isinstance(outcome, Succeeded) for outcome in outcomes] == [True, False] * 5
