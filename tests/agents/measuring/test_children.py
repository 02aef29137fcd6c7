"""The measuring and reporting agents in the child process that a run gives them: a clean environment, and limits."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema_rs
import pytest

from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded
from fairlead.core.ports import ToolCall
from fairlead.env.spawner import LocalSpawner, start_spawner
from tests.agents.cards import schemas_of
from tests.agents.conftest import commit_all

FILES = {
    "src/shop.py": "def total(prices):\n    return sum(prices)\n",
    "benchmarks/api.py": "import shop\n\n\ndef bench_total():\n    shop.total(range(1000))\n",
    "requirements.txt": "requests==2.19.1\n",
}
EVIDENCE: dict[str, Json] = {"requirements": [{"id": "REQ-1"}], "steps": [{"id": "a", "status": "succeeded"}]}
CALLS: Mapping[str, dict[str, Json]] = {
    "change-scope": {"base": ""},
    "benchmark": {"suite": "benchmarks/api.py", "repeats": 3},
    "profiler": {"suite": "benchmarks/api.py"},
    "health-score": {"findings": [{"rule": "a/b", "severity": "low"}], "degraded": []},
    "dependency-auditor-offline": {},
    "verdict-writer": {"evidence": EVIDENCE},
    "evidence-bundle": {"formats": ["sarif"], "evidence": EVIDENCE},
}


@pytest.fixture(scope="module")
def spawner() -> Iterator[LocalSpawner]:
    started = start_spawner()
    yield started
    started.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    for path, text in FILES.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    commit_all(root)
    return root


@pytest.mark.parametrize("name", CALLS)
def test_each_agent_gives_what_its_card_promises(name: str, tree: Path, spawner: LocalSpawner) -> None:
    schemas = schemas_of(name)
    jsonschema_rs.validator_for(schemas.input).validate(CALLS[name])
    call = ToolCall(schemas.entry, CALLS[name], str(tree), 60.0, 2_000_000_000)
    outcome = asyncio.run(spawner.call_tool(call, lambda text, found: None)).outcome
    assert isinstance(outcome, Succeeded), outcome
    jsonschema_rs.validator_for(schemas.output).validate(outcome.output)
    assert outcome.summary
