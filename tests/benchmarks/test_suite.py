"""The suite itself: nothing is left out without a word, and pages quote result files only."""

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from benchmarks import gates, steps, steps_page, steps_plot
from benchmarks.engines import ENGINES, OURS, Engine, engines
from benchmarks.goals import LINES, SYNCS, Line, holds
from benchmarks.measuring import Unmeasured, kind_of, once
from benchmarks.peer_environments import PINS, last_line, make, pins, why_missing
from tests.proves import proves

RESULTS = Path(steps_page.RESULTS)


def line(key: str) -> Line:
    return next(line for line in LINES if line.key == key)


def result(**figures: dict[str, float]) -> dict[str, Any]:  # Any: as a result file
    """A result with one value for each engine and figure; `raw_sqlite` stands for raw-sqlite."""
    named = {name.replace("_", "-"): found for name, found in figures.items()}
    return {
        "machine": "2 cores",
        "rounds": 1,
        "seconds": 9,
        "floor_ms": {"least": 0.2, "median": 0.25, "most": 0.5},
        "engines": {
            name: {"title": name, "version": "", "durable": "", "is_power_safe": name != "agent-framework"}
            for name in named
        },
        "figures": {
            name: {key: {"median": value, "values": [value]} for key, value in found.items()}
            for name, found in named.items()
        },
        "syncs": {},
        "bytes": {},
        "missing": {},
    }


@proves("M2.1")
def test_an_engine_that_fails_is_named_and_the_others_go_on() -> None:
    broken = Engine("broken", "Broken", "peers/no_such_program.py", "default", "nothing")
    found = steps.measure(1, ["W5"], [broken, *engines(["raw-sqlite"])])
    figures, missing = found["figures"], found["missing"]
    assert isinstance(figures, dict)
    assert isinstance(missing, dict)
    assert figures["raw-sqlite"]["W5.ms"]["median"] > 0
    assert "broken" not in figures
    assert re.search("no_such_program", missing["broken"]["W5"])
    assert "- broken, W5: " in steps_page.table(found)


def test_no_round_begins_that_would_end_too_late() -> None:
    found = steps.measure(3, ["W5"], engines(["raw-sqlite"]), minutes=0)
    assert found["rounds"] == 1


def test_a_reason_holds_no_path_of_this_machine() -> None:
    broken = Engine("broken", "Broken", "peers/no_such_program.py", "default", "nothing")
    with pytest.raises(Unmeasured) as why:
        once(broken, "W5")
    assert str(Path(__file__).parents[2]) not in str(why.value)


def test_what_does_not_install_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.peer_environments.PLACE", tmp_path)
    (tmp_path / "absent").write_text("in the way of the environment")
    reason = make("absent", ["no-such-engine==1.0"])
    assert reason.startswith("not installed: Error: ")
    assert str(tmp_path) not in reason
    assert why_missing("absent") == reason


def test_a_reason_of_pip_holds_no_address() -> None:
    said = (
        "looking\nERROR: HTTPSConnectionPool(host='index.example', port=443): https://index.example/simple is away\n\n"
    )
    assert last_line(said) == "ERROR: HTTPSConnectionPool(…, port=443): … is away"


@proves("M2.1")
def test_a_peer_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.peer_environments.PLACE", tmp_path)
    peers = [engine for engine in ENGINES if engine.name not in OURS]
    assert len(peers) == 5
    found = steps.measure(1, ["W1"], peers)
    assert found["figures"] == {}
    missing = found["missing"]
    assert isinstance(missing, dict)
    assert {engine.name for engine in peers} == set(missing)
    assert all("make bench-peers" in mine["W1"] for mine in missing.values())


def test_every_version_is_pinned_and_no_address_is_written_down() -> None:
    found = pins(PINS.read_text())
    assert set(found) == {engine.environment for engine in ENGINES if engine.environment}
    for requirements in found.values():
        assert all(re.fullmatch(r"[\w.-]+==[\w.]+", requirement) for requirement in requirements)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("d/journal.db-wal", "wal"),
        ("d/checkpoints.sqlite-wal", "wal"),
        ("d/journal.db", "database"),
        ("d/dbos.sqlite", "database"),
        ("d/dbos.sqlite-journal", "rollback"),
        ("d/anchor", "anchor"),
        ("d/blobs/ab/cdef", "blobs"),
        ("d/checkpoints/a.json", "payload files"),
        ("d", "directory"),
        ("d/writer.lock", "other"),
    ],
)
def test_files_are_told_apart(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_a_goal_holds_at_its_limit_and_not_beyond() -> None:
    assert holds(line("W1.floors"), 3.0, 3)
    assert not holds(line("W1.floors"), 3.01, 3)
    assert holds(line("W2.rate"), 10_000, 10_000)
    assert not holds(line("W2.rate"), 9_999, 10_000)
    assert holds(SYNCS, 1.0, 1)
    assert not holds(SYNCS, 0.9, 1)


def test_the_best_peer_is_no_measure_and_survives_a_power_cut() -> None:
    ours = {name.replace("-", "_"): {"W1.floors": 1.0, "W2.rate": 9e9} for name in OURS}
    peers = {"dbos": {"W1.floors": 14.0, "W2.rate": 160.0}, "burr": {"W1.floors": 5.1, "W2.rate": 90.0}}
    found = result(**ours, **peers, agent_framework={"W1.floors": 2.0, "W2.rate": 760.0})
    assert steps_page.best_peer(found, line("W1.floors")) == ("burr", 5.1)
    assert steps_page.best_peer(found, line("W2.rate")) == ("dbos", 160.0)


def test_the_table_says_what_holds_and_the_ratios() -> None:
    found = result(
        fairlead={"W1.floors": 2.5},
        yardstick={"W1.floors": 2.0},
        raw_sqlite={"W1.floors": 1.25},
        dbos={"W1.floors": 10},
    )
    row = next(row for row in steps_page.table(found).splitlines() if row.startswith("| W1 | a step, in F | 2.5 | ≤ 3"))
    assert row == "| W1 | a step, in F | 2.5 | ≤ 3 | yes | ≤ 2 | **no** | 1.25 | 2.00 | dbos (10.0) | 0.25 |"


def test_gates_name_what_does_not_hold() -> None:
    good = {"W1.cpu": 0.3, SYNCS.key: 1.0, "W4.reran": 0.0, "W6.payload": 1.5, "W5.memory": 35.0}
    assert gates.misses(result(fairlead=good, yardstick={"W1.cpu": 0.25})) == []
    bad = good | {"W1.cpu": 0.4, SYNCS.key: 2.0, "W4.reran": 1.0, "W6.payload": 1.7}
    found = gates.misses(result(fairlead=bad, yardstick={"W1.cpu": 0.25}))
    assert [miss.partition(":")[0] for miss in found] == [
        "W1 CPU a step, ms",
        "W4 finished steps run again",
        "W6 bytes for each byte of payload",
        "W1 syncs a step of the write-ahead log",
    ]


def test_a_figure_that_is_missing_is_a_miss() -> None:
    found = result(fairlead={})
    found["missing"] = {"fairlead": {"W4": "no result within 120 s"}}
    assert gates.misses(found) == ["W4: no result within 120 s"]


def test_the_picture_has_a_bar_for_each_figure_that_is_known() -> None:
    found = result(fairlead={"W1.floors": 2.5, "W1.cpu": 0.3}, dbos={"W1.floors": 14.0})
    picture = ElementTree.fromstring(steps_plot.drawn(found))
    bars = picture.findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 1 + 3  # the ground, and a bar for each
    texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("not measured") == 1  # W1.cpu of dbos; figures that nobody has are left blank


def test_printing_a_page_again_changes_nothing_else() -> None:
    page = f"# Ours\n\n{steps_page.BEGIN}\nwas here\n{steps_page.END}\n\nBelow.\n"
    first = steps_page.printed(page, result(fairlead={"W1.floors": 2.5}))
    assert first.startswith(f"# Ours\n\n{steps_page.BEGIN}\n")
    assert first.endswith(f"{steps_page.END}\n\nBelow.\n")
    assert "was here" not in first
    assert steps_page.printed(first, result(fairlead={"W1.floors": 2.5})) == first


@proves("M2.1")
def test_the_page_the_table_and_the_picture_are_printed_from_the_result_file() -> None:
    found = json.loads((RESULTS / "steps.json").read_text())
    assert (RESULTS / "steps.md").read_text() == steps_page.table(found)
    assert (RESULTS / "steps.svg").read_text() == steps_plot.drawn(found)
    page = steps_page.PAGE.read_text()
    assert page == steps_page.printed(page, found, steps_page.long_runs())
