"""Scan, triage, patch, combine, scan again: as `secure-patch` does it, over a planted shop and over random mixtures."""

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fairlead.agents.builtin.patch_combiner.combine import combine
from fairlead.agents.builtin.patcher_rules.files import TextFile, patch_of
from fairlead.agents.builtin.patcher_rules.remedies import alike, mended_text
from fairlead.agents.builtin.triage_rules.triage import triage
from fairlead.core.findings import Finding
from fairlead.core.outcomes import Succeeded
from tests.agents.patcher.parts import SCANNERS, all_findings, mended, world_over, write
from tests.corpora.patches import MENDED
from tests.journeys.planted import LEFT, MENDABLE, plant

SEED = 20261121


def scanned(root: Path) -> list[dict[str, Any]]:  # findings as the output has them: fields of several kinds
    outcome = SCANNERS["security"]({}, world_over(root))
    assert isinstance(outcome, Succeeded)
    found: list[dict[str, Any]] = outcome.output["findings"]
    return found


def proposed(root: Path, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Patches that no scan has looked at, as a patcher would give them."""
    world = world_over(root)
    patches: list[dict[str, Any]] = []
    for finding in findings:
        file = TextFile.read(world, finding.path, is_python=True)
        same = alike(finding, [one for one in findings if one.path == finding.path], file.text)
        patches.append({"patch": patch_of(file, mended_text(file.text, same, world)), "rule": finding.rule})
    return patches


def run_tests(root: Path) -> None:
    argv = [sys.executable, "-P", "-B", "-m", "unittest", "discover", "-s", "tests"]
    done = subprocess.run(argv, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Ran 3 tests" in done.stderr


def test_a_planted_shop_is_mended_and_still_works(tmp_path: Path) -> None:
    root = plant(tmp_path / "shop")
    run_tests(root)
    found = scanned(root)
    assert {(one["rule"], one["path"]) for one in found} >= MENDABLE | LEFT
    sorted_out = triage({"findings": found}, world_over(root))
    assert isinstance(sorted_out, Succeeded)
    fixable = sorted_out.output["fixable"]
    assert {(one["rule"], one["path"]) for one in fixable} == MENDABLE
    assert {one["path"] for one in sorted_out.output["not_fixable"] if one["rule"] == "security/bind-all-interfaces"}
    patches = []
    for number, finding in enumerate(fixable[:2]):
        copy = Path(shutil.copytree(root, tmp_path / f"copy{number}"))  # each call has a copy of its own
        patches.append(mended(copy, finding))
    patches += proposed(root, msgspec.convert(fixable[2:], list[Finding]))  # without the scans, which take their time
    outcome = combine({"patches": patches}, world_over(root))
    assert isinstance(outcome, Succeeded)
    assert (len(outcome.output["patches"]), outcome.output["conflicts"]) == (len(MENDABLE), [])
    left = {(one["rule"], one["path"]) for one in scanned(root)}
    assert left & MENDABLE == set()
    assert left >= LEFT
    run_tests(root)


# Places that can stand in one file with others. Two databases in one file leave open how a value is marked.
_APART = ("unused import", "pdb", "two alike", "context", "whole", "sql, f-string")
_MIXED = [case for name, case in MENDED.items() if case.path == "app/main.py" and not name.startswith(_APART)]


def mixture(rng: random.Random) -> dict[str, str]:
    """Files in which several faults stand one below the other, each under names of its own."""
    cases = rng.sample(_MIXED, len(_MIXED))
    files: dict[str, str] = {}
    while cases:
        some = [cases.pop() for _ in range(min(len(cases), rng.randrange(1, 5)))]
        imports: dict[str, None] = {}
        bodies = []
        for number, case in enumerate(some):
            lines = case.before.split("\n")
            for line in lines:
                if line.startswith(("import ", "from ")):
                    imports[line] = None
            body = "\n".join(line for line in lines if not line.startswith(("import ", "from ", '"""')))
            bodies.append(re.sub(r"(?m)^def (\w+)", rf"def \g<1>_{number}", body).strip("\n"))
        files[f"m{len(files)}.py"] = "\n".join(imports) + "\n\n\n" + "\n\n\n".join(bodies) + "\n"
    return files


def worth_trying(found: dict[str, list[Finding]]) -> list[Finding]:
    rules = {case.rule for case in _MIXED}
    return [one for path in sorted(found) for one in found[path] if one.rule in rules]


@pytest.mark.parametrize("number", range(2))
def test_any_mixture_of_faults_is_mended_and_a_second_time_there_is_nothing_to_do(number: int, tmp_path: Path) -> None:
    rng = random.Random(SEED + number)
    for path, text in mixture(rng).items():
        write(tmp_path, path, text)
    world = world_over(tmp_path)
    rounds = 0
    wanted: list[Finding] = []
    while rounds < 6:
        rounds += 1
        found = all_findings(tmp_path)
        wanted = worth_trying(found)
        if not wanted:
            break
        outcome = combine({"patches": proposed(tmp_path, rng.sample(wanted, len(wanted)))}, world)
        assert isinstance(outcome, Succeeded), SEED + number
        for conflict in outcome.output["conflicts"]:
            assert conflict["reason"].startswith("both change line"), SEED + number
    assert not wanted, (SEED + number, wanted)
    assert rounds >= 2
    for left in tmp_path.glob("*.py"):
        compile(left.read_text(), left.name, "exec")
