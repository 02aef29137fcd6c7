"""The engines that are measured in one run: their programs, and what is durable in each when a step has returned."""

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peer_environments import python_of, version_of, why_missing

HERE = Path(__file__).parent
_POWER = "every step, through a power cut"
_KILL = "every step, through kill -9; **not** through a power cut"


@dataclass(frozen=True)
class Engine:
    """One column of the table."""

    name: str
    title: str
    program: str  # below this directory
    variant: str
    durable: str  # what is safe when a step has returned
    environment: str = ""  # of a peer; empty: this project's own
    unsupported: tuple[tuple[str, str], ...] = ()  # workload and why

    @property
    def argv(self) -> list[str]:
        """How its program begins."""
        python = str(python_of(self.environment)) if self.environment else sys.executable
        return [python, str(HERE / self.program), "--variant", self.variant]

    @property
    def is_power_safe(self) -> bool:
        """Whether a step that has returned survives a power cut. Only such engines are compared with Fairlead."""
        return self.durable == _POWER

    @property
    def version(self) -> str:
        """Of a peer, as `peers.txt` pins it."""
        return version_of(self.environment) if self.environment else ""

    def why_not(self, workload: str) -> str:
        """Why this engine cannot do *workload* here; empty when it can."""
        reason = why_missing(self.environment) if self.environment else ""
        return reason or dict(self.unsupported).get(workload, "")


ENGINES: tuple[Engine, ...] = (
    Engine("fairlead", "Fairlead", "bench_fairlead.py", "full", _POWER),
    Engine("fairlead-process", "Fairlead, `durability: process`", "bench_fairlead.py", "process", _KILL),
    Engine("yardstick", "Yardstick", "yardstick/bench_proto.py", "full", _POWER),
    Engine("raw-sqlite", "SQLite alone, one commit a step", "peers/raw_sqlite.py", "default", _POWER),
    Engine(
        "langgraph-sync", "LangGraph, SqliteSaver", "peers/langgraph_graph.py", "sync", _POWER, environment="langgraph"
    ),
    Engine(
        "langgraph-async",
        "LangGraph, AsyncSqliteSaver",
        "peers/langgraph_graph.py",
        "async",
        _POWER,
        environment="langgraph",
    ),
    Engine("dbos", "DBOS on SQLite", "peers/dbos_sqlite.py", "default", _POWER, environment="dbos"),
    Engine(
        "burr",
        "Burr, SQLite",
        "peers/burr_sqlite.py",
        "default",
        _POWER,
        environment="burr",
        unsupported=(("W2", "no fan-out that records each branch"),),
    ),
    Engine(
        "agent-framework",
        "agent-framework, files",
        "peers/agent_framework_functional.py",
        "default",
        _KILL,
        environment="agent-framework",
    ),
)
OURS = ("fairlead", "fairlead-process", "yardstick", "raw-sqlite")


def engines(names: list[str]) -> list[Engine]:
    """Those of that name, in the table's order."""
    return [engine for engine in ENGINES if engine.name in names]
