"""Recall and false alarms of the agents on planted corpora; writes results/corpora.json and results/corpora.md.

Each corpus is written into a directory of its own, and the agent's function reads it through the world that ships. A
case counts as found when its rule is reported in its file at its line. A report of ours anywhere else is a false alarm.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from benchmarks.machine import described
from fairlead.agents.builtin.code_reviewer.scan import scan as review_code
from fairlead.agents.builtin.compliance_checker import scan as check_compliance
from fairlead.agents.builtin.dependency_auditor.audit import audit
from fairlead.agents.builtin.secret_scanner import scan as scan_secrets
from fairlead.agents.builtin.security.scan import scan as scan_security
from fairlead.core.outcomes import Succeeded
from fairlead.core.tools import ToolFunction
from fairlead.env.tool_world import LocalToolWorld
from tests.agents.dependencies.parts import import_lines
from tests.corpora import dependencies
from tests.corpora.cases import Corpus, Place, all_corpora

RESULTS = Path(__file__).parent / "results"
AGENTS: Mapping[str, ToolFunction] = {
    "secret-scanner": scan_secrets,
    "security-scanner": scan_security,
    "compliance-checker": check_compliance,
    "dependency-auditor": audit,
    "code-reviewer": review_code,
}
FIGURES = ("planted", "found", "false alarms", "by tools alone")
Figures = dict[str, int]


class Tally:
    """What is counted for each rule of each agent, and where something went wrong."""

    def __init__(self) -> None:
        self.rules: dict[str, dict[str, Figures]] = {agent: {} for agent in AGENTS}
        self.files: Counter[str] = Counter()
        self.clean_files: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.degraded: list[str] = []

    def count(self, agent: str, rule: str, figure: str) -> None:
        """One more."""
        figures = self.rules[agent].setdefault(rule, dict.fromkeys(FIGURES, 0))
        figures[figure] += 1

    def take(self, corpus: Corpus) -> None:
        """Have the agent of *corpus* scan it, and count."""
        with tempfile.TemporaryDirectory() as directory:
            for path, data in corpus.files.items():
                target = Path(directory) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            if corpus.is_git:
                subprocess.run(["git", "init", "-q", directory], check=True)
            inputs = {"history": False} if corpus.agent == "secret-scanner" else {}
            world = LocalToolWorld(directory, data_dir=str(_data()), today=dependencies.TODAY)
            outcome = AGENTS[corpus.agent](inputs, world)
        assert isinstance(outcome, Succeeded), outcome
        expected = Counter(corpus.reasons)
        for reason in outcome.degraded:
            code = next((code for code in expected.elements() if code in reason), "")
            expected[code] -= 1
            self.degraded += [] if code else [f"{corpus.name}: {reason}"]
        self.degraded += [f"{corpus.name}: no reason names {code}" for code, left in expected.items() if left > 0]
        self.files[corpus.agent] += len(corpus.files)
        self.clean_files[corpus.agent] += len(corpus.files.keys() - {place.path for place in corpus.wanted})
        missing = corpus.wanted.copy()
        for place in corpus.wanted.elements():
            self.count(corpus.agent, place.rule, "planted")
        for finding in outcome.output["findings"]:
            here = Place(finding["path"], finding["rule"], finding["line"])
            wanted = next((place for place in (here, here._replace(line=0)) if missing[place] > 0), None)
            if wanted is not None:
                missing[wanted] -= 1
                self.count(corpus.agent, here.rule, "found")
            elif corpus.is_judged_whole or "own" in finding["origin"]:
                self.count(corpus.agent, here.rule, "false alarms")
                self.wrong.append(f"false alarm: {corpus.name}, {here.path}:{here.line}: {here.rule}")
            else:
                self.count(corpus.agent, here.rule, "by tools alone")
        self.wrong += [f"not found: {corpus.name}, {p.path}:{p.line}: {p.rule}" for p in missing.elements()]

    def of_agent(self, agent: str) -> Figures:
        """The sums over all rules."""
        return {figure: sum(figures[figure] for figures in self.rules[agent].values()) for figure in FIGURES}


@cache
def _data() -> Path:
    """The planted advisories, imported once."""
    return import_lines(Path(tempfile.mkdtemp(prefix="advisories-")), dependencies.ADVISORIES)


def recall(figures: Figures) -> float:
    """The share of what was planted that was found."""
    return figures["found"] / figures["planted"] if figures["planted"] else 1.0


def table(tally: Tally) -> str:
    """The result for people."""
    lines = [
        "# What the agents find of what was planted",
        "",
        f"*Written by `benchmarks/corpora.py`: {described()}.*",
        "",
        "| Agent | Rules | Files | Files without a case | Planted | Found | Recall | False alarms | By tools alone |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for agent, rules in tally.rules.items():
        sums = tally.of_agent(agent)
        known = sum(1 for figures in rules.values() if figures["planted"])
        counts = f"{known} | {tally.files[agent]} | {tally.clean_files[agent]}"
        lines.append(f"| {agent} | {counts} | {_row(sums)} |")
    lines += [
        "",
        "*By tools alone*: places of the Python corpus that only bandit or ruff report. Nothing is marked there, for"
        " the corpus marks what our own rules must prove; such a finding says that it is not proven.",
        "",
        "| Rule | Planted | Found | Recall | False alarms | By tools alone |",
        "|---|---|---|---|---|---|",
    ]
    for rules in tally.rules.values():
        lines += [f"| {rule} | {_row(rules[rule])} |" for rule in sorted(rules)]
    if tally.wrong or tally.degraded:
        lines += ["", "Wrong:", "", *(f"- {text}" for text in (*tally.wrong, *tally.degraded))]
    return "\n".join(lines) + "\n"


def _row(figures: Figures) -> str:
    share = f"{recall(figures):.3f}" if figures["planted"] else "–"
    return (
        f"{figures['planted']} | {figures['found']} | {share} | {figures['false alarms']} | {figures['by tools alone']}"
    )


def main() -> int:
    """Measure; exit 1 when something planted was not found, or something was found that is not there."""
    tally = Tally()
    for corpus in all_corpora():
        tally.take(corpus)
    result = {
        "machine": described(),
        "agents": {
            agent: {**tally.of_agent(agent), "recall": recall(tally.of_agent(agent)), "rules": tally.rules[agent]}
            for agent in AGENTS
        },
        "wrong": tally.wrong,
        "degraded": tally.degraded,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "corpora.json").write_text(json.dumps(result, indent=1) + "\n")
    (RESULTS / "corpora.md").write_text(table(tally))
    print(table(tally))
    return 1 if tally.wrong or tally.degraded else 0


if __name__ == "__main__":
    sys.exit(main())
