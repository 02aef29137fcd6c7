"""A suite is code of the repository: it is shut in as every program of the project is."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fairlead.core.ids import Place, RunId
from fairlead.core.json import Digest, Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import AgentCard, Call, Confinement, ToolCall
from fairlead.core.receipts import Receipt
from fairlead.env.spawner import LocalSpawner, start_spawner
from fairlead.gate.levels import level_for
from tests.agents.cards import schemas_of
from tests.proves import proves

MEMORY = 1_000_000_000
# What a suite tries, and does where nothing keeps it from doing so.
WRITES = "from pathlib import Path\n\nPath('written').write_text('x')\n"
CALLS = "import socket\n\nsocket.create_connection(('127.0.0.1', {port}), 5).close()\n"
READS = "open({path!r}).close()\n"


@pytest.fixture(scope="module")
def spawner() -> Iterator[LocalSpawner]:
    started = start_spawner()
    yield started
    started.close()


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Mapping[str, object]]:
    """What lies outside of the tree: a file of the person, and a server that listens."""
    (tmp_path / "secret").write_text("of the person")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield {"port": server.getsockname()[1], "path": str(tmp_path / "secret")}


def measured(spawner: LocalSpawner, root: Path, suite: str, *, is_confined: bool) -> tuple[Outcome, Receipt]:
    root.mkdir(exist_ok=True)
    (root / "suite.py").write_text(suite)
    confinement = Confinement(str(root), is_copy=False, memory_max=MEMORY) if is_confined else None
    inputs: dict[str, Json] = {"suite": "suite.py", "repeats": 3}
    call = ToolCall(schemas_of("benchmark").entry, inputs, str(root), 60.0, MEMORY, confinement=confinement)
    ended = asyncio.run(spawner.call_tool(call, lambda text, found: None))
    return ended.outcome, ended.receipt


@proves("C8.13")
@pytest.mark.parametrize("suite", [WRITES, CALLS, READS], ids=["writes", "calls", "reads"])
def test_a_confined_suite_does_not_reach_out(
    spawner: LocalSpawner, tmp_path: Path, outside: Mapping[str, object], suite: str
) -> None:
    text = suite.format(**outside) + "\n\ndef main(): ...\n"
    root = tmp_path / "tree"
    free, _ = measured(spawner, root, text, is_confined=False)
    assert isinstance(free, Succeeded), "without the sandbox it would succeed"
    (root / "written").unlink(missing_ok=True)
    outcome, receipt = measured(spawner, root, text, is_confined=True)
    assert isinstance(outcome, Failed), outcome
    assert (outcome.fault, outcome.code) == ("result", "FL-R800")
    assert not (root / "written").exists()
    assert "no network" in receipt.limits


def test_a_confined_suite_is_measured_like_any_other(spawner: LocalSpawner, tmp_path: Path) -> None:
    outcome, _ = measured(spawner, tmp_path / "tree", "def bench_a(): ...\n", is_confined=True)
    assert isinstance(outcome, Succeeded), outcome
    assert list(outcome.output["per"]) == ["bench_a"]


def test_what_a_suite_leaves_running_ends_with_it(spawner: LocalSpawner, tmp_path: Path) -> None:
    text = (
        "import os\nimport subprocess\n\nchild = subprocess.Popen(['sleep', '600'], start_new_session=True)\n\n\n"
        "def main():\n    raise ValueError(str(len([one for one in os.listdir('/proc') if one.isdigit()])))\n"
    )
    outcome, receipt = measured(spawner, tmp_path / "tree", text, is_confined=True)
    assert isinstance(outcome, Failed), outcome
    assert int(outcome.message.rpartition(": ")[2]) <= 4, "inside there are only its own processes"
    assert receipt.bounds == (), "nothing outlived it"


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("benchmark", ("L2", "L0")),
        ("profiler", ("L2", "L0")),
        ("health-score", ("L1", "L1")),
        ("change-scope", ("L1", "L1")),
    ],
)
def test_the_gate_gives_them_the_level_of_what_they_perform(name: str, levels: tuple[str, str]) -> None:
    schemas = schemas_of(name)
    card = AgentCard(
        name, name, "", "tool", schemas.entry, "1", Digest(""), {}, {}, "", level=schemas.level, memory_max=MEMORY
    )
    call = Call(RunId("r-abcdefgh"), Place("a"), 1, name, {}, "/tree")
    assert tuple(level_for(card, call, is_off=is_off) for is_off in (False, True)) == levels


def test_an_agent_of_the_project_that_asks_for_more_than_it_gets_is_refused() -> None:
    card = AgentCard("own", "own", "", "tool", "", "1", Digest(""), {}, {}, "", level="L3")
    call = Call(RunId("r-abcdefgh"), Place("a"), 1, "own", {}, "/tree", definition=Digest("sha256:x"))
    refused = level_for(card, call, is_off=False)
    assert isinstance(refused, Failed)
    assert refused.code == "FL-N114"
