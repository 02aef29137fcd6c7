"""What agent files cost to read and to list; writes results/agent_files.json and results/agent_files.md.

A thousand files as public collections have them lie in one project. Measured are the reading of their cards, the
operation behind `agents list`, and the command in a fresh process against one that reads none of them. The awkward
files of the tests are counted: how many are listed, usable, and changed without a word.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.machine import described
from fairlead.agents.catalog import FileCatalog
from fairlead.app import App
from fairlead.service.agents import list_agents
from fairlead.workflow import read_values
from tests.corpora.agent_files import CASES, HOPELESS, file_of

RESULTS = Path(__file__).parent / "results"
FILES = 1_000
GOALS = {"cards of 1,000 files ms": 1_000.0, "list of 1,000 agents ms": 100.0}
_BODY = "You are somebody who knows this well, and says what you see in short sentences.\n" * 40


def project(directory: Path) -> Path:
    """A project with a thousand agent files: most plain, some with a block of ours, some that must be recovered."""
    folder = directory / ".claude/agents"
    folder.mkdir(parents=True)
    for number in range(FILES):
        said = f"Use this agent when part {number} of the work is to be looked at, before anybody else does"
        front = f"name: agent-{number:04}\ndescription: {said}.\ntools: Read, Grep, Glob\nmodel: sonnet\ncolor: green\n"
        if number % 10 == 0:
            front += "fairlead:\n  adapter: llm\n  output: report\n  network: none\n"
        elif number % 20 == 1:
            front = front.replace(said, f"{said}: now")
        (folder / f"agent-{number:04}.md").write_text(f"---\n{front}---\n\n{_BODY}")
    return directory


def timed(what: Callable[[], object], rounds: int) -> dict[str, float]:
    """Median and 95th percentile of *rounds* calls, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        what()
        times.append((time.perf_counter() - began) * 1e3)
    return {"p50": statistics.median(times), "p95": statistics.quantiles(times, n=20)[-1]}


def command(directory: Path, *words: str) -> Callable[[], object]:
    """A call of the program in a fresh process."""
    argv = [sys.executable, "-P", "-m", "fairlead", *words]
    return lambda: subprocess.run(argv, cwd=directory, check=True, capture_output=True)


def corpus() -> dict[str, int]:
    """What becomes of the awkward files."""
    files = [(f".claude/agents/{file_of(case)}", case.data) for case in CASES]
    hopeless = [(f".claude/agents/{name}.md", data) for name, data, _ in HOPELESS]
    cards = {card.source: card for card in FileCatalog(read_values, lambda: [*files, *hopeless]).cards()}
    own = [(case, cards.get(path)) for case, (path, _) in zip(CASES, files, strict=True)]
    return {
        "awkward files": len(files),
        "listed": sum(1 for _, card in own if card is not None),
        "usable": sum(1 for _, card in own if card is not None and not card.problem),
        "changed without a word": sum(1 for case, card in own if case.codes and card is not None and not card.warnings),
        "hopeless files": len(hopeless),
        "listed with their reason": sum(1 for path, _ in hopeless if path in cards and cards[path].problem),
    }


def measure(rounds: int) -> dict[str, object]:
    """All figures."""
    with tempfile.TemporaryDirectory() as directory:
        place = project(Path(directory).resolve())
        app = App()
        around = app.project(str(place))
        figures = {
            "cards of 1,000 files ms": timed(lambda: app.own_agents(around).catalog().definitions(), rounds),
            "list of 1,000 agents ms": timed(lambda: list_agents(app, around), rounds),
            "`agents list` in a fresh process ms": timed(command(place, "agents", "list"), rounds),
            "`version` in a fresh process ms": timed(command(place, "version"), rounds),
        }
        app.close()
    return {"machine": described(), "rounds": rounds, "figures": figures, "corpus": corpus()}


def table(result: dict[str, object]) -> str:
    """The result for people."""
    figures, counts = result["figures"], result["corpus"]
    assert isinstance(figures, dict)
    assert isinstance(counts, dict)
    lines = [
        "# What agent files cost",
        "",
        f"*Written by `benchmarks/agent_files.py`: {result['machine']}, {result['rounds']} rounds.*",
        "",
        "| | p50 | p95 | goal |",
        "|---|---|---|---|",
    ]
    for name, found in figures.items():
        goal = f"≤ {GOALS[name]:,.0f}" if name in GOALS else ""
        lines.append(f"| {name} | {found['p50']:.0f} | {found['p95']:.0f} | {goal} |")
    lines += ["", "| Awkward files | |", "|---|---|", *(f"| {name} | {count} |" for name, count in counts.items())]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    result = measure(parser.parse_args().rounds)
    text = table(result)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "agent_files.json").write_text(json.dumps(result, indent=1) + "\n")
    (RESULTS / "agent_files.md").write_text(text)


if __name__ == "__main__":
    main()
