"""A team lives with findings: one is accepted, the next run remembers, a clone knows it, and only new ones count."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.door import Answer, Door
from tests.journeys.repositories import FAULTY, commit, differences, git, make_repository, snapshot
from tests.proves import proves

SEED = 20261121
FILE = ".fairlead/accepted.json"
SECURITY = "fairlead: 1\nname: scan\nsteps:\n  - id: security\n    agent: security-scanner\n"
SECRETS = "fairlead: 1\nname: keys\nsteps:\n  - id: secrets\n    agent: secret-scanner\n"
MORE = '\n\ndef more() -> object:\n    return eval(request.args["x"])\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with two problems and two small workflows, on a branch of its own beside `main`."""
    root = make_repository(tmp_path / "shop")
    for name, text in (("scan", SECURITY), ("keys", SECRETS)):
        (root / ".fairlead" / "workflows").mkdir(parents=True, exist_ok=True)
        (root / ".fairlead" / "workflows" / f"{name}.yaml").write_text(text)
    commit(root, "Add workflows")
    git(root, "switch", "-q", "-c", "feature")
    return root


def ids(answer: Answer) -> dict[str, str]:
    """Ids of the findings by rule."""
    return {finding["rule"]: finding["id"] for finding in answer.json["findings"]}


def listed(door: Door, root: Path, *words: str) -> list[str]:
    return sorted(finding["rule"] for finding in door.call(root, "findings", "list", "--json", *words).json["findings"])


def scan(door: Door, root: Path, *words: str) -> Answer:
    return door.call(root, "run", "scan", "--fail-on", "high", *words)


@proves("C8")
def test_what_one_run_accepts_the_next_one_and_a_clone_remember(door: Door, shop: Path, tmp_path: Path) -> None:
    first = scan(door, shop, "--json")
    assert first.exit_code == 1
    found = ids(first)
    before = snapshot(shop)
    # Two people at once: both are recorded, and the second of the same finding sees the first.
    calls = [
        door.start(shop, "findings", "accept", found[rule], "--reason", f"known {rule}", "--until", "90d")
        for rule in sorted(found)
    ]
    assert [call.end().exit_code for call in calls] == [0, 0]
    assert differences(before, snapshot(shop)) == [], "accepting touches nothing but the record"
    again = door.call(
        shop, "findings", "accept", found["security/command-injection"], "--reason", "I too", "--until", "1d"
    )
    assert again.exit_code == 0
    second = scan(door, shop)
    assert second.exit_code == 0
    assert "2 accepted: 2 recorded here" in second.text
    assert f"0 new, 0 fixed since {first.json['run']}" in second.text
    assert listed(door, shop) == []
    assert listed(door, shop, "--accepted") == sorted(found)
    shown = door.call(shop, "findings", "show", found["security/command-injection"]).text
    assert "I too" in shown
    assert first.json["run"] in shown

    assert door.call(shop, "findings", "export", "--format", "accepted", "-o", FILE).exit_code == 0
    commit(shop, "Accept what is known")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(shop), str(clone))
    elsewhere = scan(door, clone)
    assert elsewhere.exit_code == 0
    assert f"2 accepted: 2 by {FILE}" in elsewhere.text
    refused = door.call(clone, "findings", "reopen", found["security/command-injection"])
    assert (refused.exit_code, "FL-S055" in refused.said) == (2, True)
    (clone / FILE).write_text("{")
    broken = door.call(clone, "findings", "list")
    assert ("warning[FL-S016]" in broken.said, "1 critical   1 high" in broken.text) == (True, True)

    (shop / FILE).unlink()
    reopened = door.call(shop, "findings", "reopen", found["security/command-injection"], "--reason", "it is not")
    assert reopened.exit_code == 0
    assert listed(door, shop) == ["security/command-injection"]
    (shop / "app.py").write_text(FAULTY.replace("verify=False, ", ""))
    fixing = scan(door, shop, "--json")
    assert fixing.json["previous"]["fixed"]
    assert listed(door, shop, "--state", "fixed") == ["security/tls-verification-off"]
    gone = door.call(shop, "findings", "show", found["security/tls-verification-off"]).text
    assert f"by {fixing.json['run']}" in gone


@proves("C8.5")
def test_only_what_is_new_since_a_commit_counts_and_asking_again_costs_nothing(door: Door, shop: Path) -> None:
    text = FAULTY.replace("return subprocess.call(", "return subprocess.call(\n        ").replace(
        "def ping", "\n\ndef ping"
    )
    (shop / "app.py").write_text(text)
    commit(shop, "Wrap and move")
    before = snapshot(shop)
    moved = scan(door, shop, "--new-since", "main")
    assert differences(before, snapshot(shop)) == [], "nothing is exported into the repository"
    assert (moved.exit_code, "no findings" in moved.text, "2 older ones not shown" in moved.text) == (0, True, True)
    assert "comparing with main @" in moved.said
    (shop / "app.py").write_text(text + MORE)
    view = scan(door, shop, "--new-since", "main", "--json")
    assert view.exit_code == 1
    news = {finding["rule"]: finding["is_new"] for finding in view.json["findings"]}
    assert news == {
        "security/code-injection": True,
        "security/command-injection": False,
        "security/tls-verification-off": False,
    }
    assert view.json["baseline"].startswith("main @ ")
    assert sum(view.json["totals"].values()) == 1
    assert listed(door, shop) == ["security/code-injection"], "a later look compares too"
    again = door.call(shop, "rerun", "last", "--fail-on", "new-high", "--json")
    assert (again.exit_code, again.json["baseline"]) == (1, view.json["baseline"])
    assert {finding["rule"]: finding["is_new"] for finding in again.json["findings"]} == news
    runs = door.call(shop, "runs", "list", "--all", "--json").json["runs"]
    baselines = [run for run in runs if "fairlead.baseline" in run.get("labels", {})]
    assert (len(runs), len(baselines)) == (4, 1)
    assert door.call(shop, "runs", "show", "last", "--json").json["run"] == again.json["run"]
    assert list((shop / ".git" / "fairlead" / "baselines").iterdir()) == [], "the exported tree is gone"
    door.verify(shop)


def test_two_processes_share_one_baseline(door: Door, shop: Path) -> None:
    calls = [door.start(shop, "run", "keys", "--new-since", "main", "--json") for _ in range(2)]
    ends = [call.end() for call in calls]
    assert [end.exit_code for end in ends] == [0, 0], [end.said for end in ends]
    assert len({end.json["labels"]["fairlead.baseline-run"] for end in ends}) == 1
    assert [sum(end.json["totals"].values()) for end in ends] == [0, 0]


@proves("C8.5")
def test_a_credential_of_the_history_is_new_when_its_commit_is(door: Door, shop: Path) -> None:
    letters = random.Random(SEED)

    def key() -> str:
        return "AKIA" + "".join(letters.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))

    def come_and_go(name: str) -> str:
        (shop / name).write_text(f'AWS_KEY = "{key()}"\n')
        commit(shop, f"Add {name}")
        (shop / name).write_text("AWS_KEY = None\n")
        commit(shop, f"Clean {name}")
        return name

    git(shop, "switch", "-q", "main")
    old = come_and_go("old.py")
    git(shop, "switch", "-q", "-c", "later")
    new = come_and_go("new.py")
    view: Any = door.call(shop, "run", "keys", "--new-since", "main", "--json").json
    assert {finding["path"]: finding["is_new"] for finding in view["findings"]} == {old: False, new: True}


def test_what_cannot_be_compared_says_what_to_type(door: Door, shop: Path, tmp_path: Path) -> None:
    unknown = door.call(shop, "review", "--new-since", "orign/main")
    assert (unknown.exit_code, "FL-S057" in unknown.said) == (2, True)
    (shop / "only.yaml").write_text("fairlead: 1\nname: only\nsteps:\n  - id: a\n    run: 'true'\n")
    empty = door.call(shop, "run", "only.yaml", "--new-since", "main")
    assert (empty.exit_code, "FL-S059" in empty.said) == (3, True)
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "app.py").write_text(FAULTY)
    bare = door.call(plain, "review", "--new-since", "main")
    assert (bare.exit_code, "FL-S056" in bare.said) == (2, True)
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", "--branch", "feature", f"file://{shop}", str(shallow))
    narrow = door.call(shallow, "run", "scan", "--new-since", "origin/main")
    assert narrow.exit_code == 2
    assert "FL-S058" in narrow.said
    assert "git fetch origin main --depth=50" in narrow.said
    silent = door.call(shop, "findings", "accept", "f-31a")
    assert silent.exit_code == 2
    assert "FL-S050" in silent.said or "FL-S004" in silent.said
