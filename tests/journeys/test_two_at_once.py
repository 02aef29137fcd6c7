"""Processes that accept, review, bring advisories and take over runs at once lose nothing, and the record is right."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.door import Answer, Door
from tests.journeys.repositories import make_repository
from tests.proves import proves

SCAN = "fairlead: 1\nname: scan\nsteps:\n  - id: security\n    agent: security-scanner\n"
AUDIT = "fairlead: 1\nname: audit\nsteps:\n  - id: dependencies\n    agent: dependency-auditor\n"
ADVISORIES = 40


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = make_repository(tmp_path / "shop")
    (root / ".fairlead" / "workflows").mkdir(parents=True)
    for name, text in (("scan", SCAN), ("audit", AUDIT)):
        (root / ".fairlead" / "workflows" / f"{name}.yaml").write_text(text)
    return root


def at_once(door: Door, root: Path, *calls: tuple[str, ...]) -> list[Answer]:
    """All calls started before the first is waited for."""
    return [started.end() for started in [door.start(root, *words) for words in calls]]


@proves("B8.5")
def test_accepting_while_others_review_and_accept(door: Door, shop: Path) -> None:
    first = door.call(shop, "run", "scan", "--json").json
    one, other = (finding["id"] for finding in first["findings"])
    words = [
        ("findings", "accept", one, "--reason", "known one", "--json"),
        ("findings", "accept", other, "--reason", "known other", "--json"),
        ("findings", "accept", one, "--reason", "I too", "--json"),
        ("run", "scan", "--json"),
        ("run", "scan", "--json"),
    ]
    answers = at_once(door, shop, *words)
    assert [answer.exit_code for answer in answers] == [0] * 5, [answer.said for answer in answers]
    found = [{finding["id"] for finding in answer.json["findings"]} for answer in answers[3:]]
    assert found == [{one, other}] * 2
    # Whoever was faster: what was accepted counts for nothing now, in every run, and no word is lost.
    after = door.call(shop, "run", "scan", "--fail-on", "info", "--json")
    assert (after.exit_code, sum(after.json["totals"].values())) == (0, 0)
    shown = {name: door.call(shop, "findings", "show", name).text for name in (one, other)}
    assert "known other" in shown[other]
    assert "known one" in shown[one] or "I too" in shown[one]
    assert door.verify(shop)["runs"] == 4


def dump(path: Path, ecosystem: str, letter: str) -> Path:
    events = [{"introduced": "0"}, {"fixed": "2.0.0"}]
    rows = [
        {
            "id": f"GHSA-{letter}-{number}",
            "modified": "2026-01-01T00:00:00Z",
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": f"weak-{letter}"},
                    "ranges": [{"type": "SEMVER", "events": events}],
                }
            ],
        }
        for number in range(ADVISORIES)
    ]
    path.write_text(json.dumps(rows))
    return path


def ecosystems(door: Door, root: Path) -> dict[str, int]:
    listed: list[dict[str, Any]] = door.call(root, "data", "show", "--json").json["ecosystems"]
    return {one["ecosystem"]: one["advisories"] for one in listed}


def test_two_dumps_at_once_are_both_there_and_whole(door: Door, shop: Path, tmp_path: Path) -> None:
    (shop / "package-lock.json").write_text(
        '{"lockfileVersion": 3, "packages": {"node_modules/weak-a": {"version": "1.0.0"}}}\n'
    )
    (shop / "requirements.txt").write_text("weak-b==1.0.0\n")
    dumps = [dump(tmp_path / "a.json", "npm", "a"), dump(tmp_path / "b.json", "PyPI", "b")]
    for _ in range(2):
        answers = at_once(door, shop, *(("data", "import", str(path)) for path in dumps), ("data", "show"))
        assert [answer.exit_code for answer in answers] == [0, 0, 0], [answer.said for answer in answers]
    assert ecosystems(door, shop) == {"PyPI": ADVISORIES, "npm": ADVISORIES}
    view = door.call(shop, "run", "audit", "--json").json
    weak = [one for one in view["findings"] if one["rule"] == "dependencies/known-vulnerability"]
    assert {one["path"] for one in weak} == {"package-lock.json", "requirements.txt"}


@proves("A8.3")
def test_one_export_that_two_take_over_is_there_once(door: Door, shop: Path, tmp_path: Path) -> None:
    run = door.call(shop, "run", "scan", "--json").json["run"]
    file = tmp_path / "run.jsonl.gz"
    assert door.call(shop, "runs", "export", run, "-o", str(file)).exit_code == 0
    away = make_repository(tmp_path / "away")
    (away / "one.yaml").write_text("fairlead: 1\nname: one\nsteps:\n  - id: a\n    run: 'true'\n")
    answers = at_once(door, away, *[("runs", "import", str(file), "--json")] * 3, ("run", "one.yaml", "--json"))
    assert [answer.exit_code for answer in answers] == [0, 0, 0, 0], [answer.said for answer in answers]
    assert sorted(answer.json["is_new"] for answer in answers[:3]) == [False, False, True]
    runs = [one["run"] for one in door.call(away, "runs", "list", "--json").json["runs"]]
    assert sorted(runs) == sorted([run, answers[3].json["run"]])
    assert door.verify(away)["runs"] == 2
    again = tmp_path / "again.jsonl.gz"
    assert door.call(away, "runs", "export", run, "-o", str(again)).exit_code == 0
    assert again.read_bytes() == file.read_bytes()
