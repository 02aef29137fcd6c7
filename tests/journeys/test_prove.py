"""`fairlead prove` as anybody calls it: in a fresh process, in an empty directory, without a repository.

The lane is made short by a file that the interpreter loads at its start; it also plants what is wrong with an engine.
"""

import signal
from pathlib import Path

import pytest

from tests.journeys.door import Answer, Door
from tests.proves import proves

SHORT = """
from fairlead.testing.proving import chain as proof
proof.EVENTS["fast"] = 30
"""
# An engine that believes every payload.
WEAKENED = """
from fairlead.journal import chain
chain.check_payload = lambda row: row.payload
"""
# A machine on which one of two proofs cannot be tried.
UNTRIED = (
    SHORT
    + """
import sys, types
from fairlead.core.proofs import Figure
from fairlead.testing import proving
untried = types.ModuleType("untried")
untried.prove = lambda lane, seed, tell: Figure("u", "Unknown.", seed, {}, (), skipped="there is no such disk here")
sys.modules["untried"] = untried
chain = next(proof for proof in proving.PROOFS if proof.name == "chain")
proving.PROOFS = (chain, proving.Proof("untried", "try it", "untried:prove"))
"""
)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "home")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def call(door: Door, directory: Path, *words: str, planted: str = SHORT) -> Answer:
    folder = directory.parent / "planted"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(planted)
    return door.call(directory, "prove", *words, environ={"PYTHONPATH": str(folder)})


@proves("B11.2", "B11.4")
def test_a_promise_that_holds_is_proven_and_the_evidence_can_be_checked(door: Door, empty: Path) -> None:
    answer = call(door, empty, "--only", "chain", "--seed", "123")
    assert (answer.exit_code, answer.said) == (0, "")
    lines = answer.text.splitlines()
    assert lines[:2] == ["seed 123 · fast lane · 1 proof", "one line again: fairlead prove --only chain --seed 123"]
    assert any(line.startswith("  ✓ chain  flip every bit") for line in lines)
    assert "30 events" in answer.text
    assert "1 of 1 figures hold" in answer.text
    assert "Not signed" in answer.text
    assert [path.name for path in empty.iterdir()] == ["fairlead-proof-123"]
    assert sorted(path.name for path in (empty / "fairlead-proof-123").iterdir()) == [
        "SHA256SUMS",
        "proof.html",
        "proof.json",
    ]

    checked = call(door, empty, "--check", "fairlead-proof-123", "--json")
    assert checked.exit_code == 0
    assert checked.json["evidence"]["figures"][0]["counts"]["unnoticed"] == 0

    with (empty / "fairlead-proof-123/proof.html").open("a") as page:
        page.write("<!-- better -->")
    changed = call(door, empty, "--check", "fairlead-proof-123")
    assert changed.exit_code == 9
    assert "error[FL-S104]" in changed.said
    assert "proof.html is not what was written" in changed.said


@proves("B11.2")
def test_a_weakened_engine_is_noticed(door: Door, empty: Path) -> None:
    answer = call(door, empty, "--only", "chain", "--seed", "5", "--json", "--out", "kept", planted=SHORT + WEAKENED)
    assert answer.exit_code == 1
    figure = answer.json["evidence"]["figures"][0]
    assert figure["verdict"] == "broken"
    assert figure["counts"]["unnoticed"] > 1_000
    assert "of the payload of one event was flipped" in figure["problems"][0]
    assert figure["problems"][-1].startswith("and ")
    checked = call(door, empty, "--check", "kept")
    assert checked.exit_code == 1
    assert "0 of 1 figures hold, 1 does not" in checked.text


@proves("B11.2")
def test_what_cannot_be_tried_here_is_said_and_is_no_success(door: Door, empty: Path) -> None:
    answer = call(door, empty, "--seed", "4", "--json", planted=UNTRIED)
    assert answer.exit_code == 8
    assert answer.json["sentence"] == "1 of 2 figures hold, 1 could not be tried here"
    held, skipped = answer.json["evidence"]["figures"]
    assert (held["verdict"], skipped["verdict"]) == ("held", "skipped")
    assert skipped["skipped"] == "there is no such disk here"
    checked = call(door, empty, "--check", "fairlead-proof-4")
    assert checked.exit_code == 8
    assert "1 could not be tried here" in checked.text


def test_one_line_is_given_for_each_figure(door: Door, empty: Path) -> None:
    answer = call(door, empty, "--only", "chain", "--jsonl")
    assert [fact["name"] for fact in answer.facts] == ["chain"]
    assert answer.said.startswith("seed ")
    seed = answer.facts[0]["seed"]
    again = call(door, empty, "--only", "chain", "--jsonl", "--seed", str(seed))
    assert again.facts[0]["counts"] == answer.facts[0]["counts"]
    assert sorted(path.name for path in empty.iterdir()) == [f"fairlead-proof-{seed}", f"fairlead-proof-{seed}-2"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--only", "chian"), "FL-S100", "did you mean chain?"),
        (("--seed", "-1"), "FL-S101", "-1 is no seed"),
        (("--seed", "x"), "FL-S001", "--seed"),
        (("--out", "taken"), "FL-S102", "taken is there already"),
        (("--check", "taken"), "FL-S103", "taken is no evidence bundle"),
        (("--check", "gone"), "FL-S103", "gone is no evidence bundle"),
    ],
)
def test_bad_input_is_refused_before_anything_is_tried(
    door: Door, empty: Path, words: tuple[str, ...], code: str, said: str
) -> None:
    (empty / "taken").mkdir()
    (empty / "taken/notes.txt").write_text("mine")
    answer = call(door, empty, *words)
    assert (answer.exit_code, answer.text) == (2, "")
    assert f"error[{code}]" in answer.said
    assert said in answer.said
    assert [path.name for path in empty.iterdir()] == ["taken"]


def test_the_proofs_are_named_without_trying_any(door: Door, empty: Path) -> None:
    listed = call(door, empty, "--list", "--json")
    assert listed.exit_code == 0
    assert "chain" in [row["name"] for row in listed.json["proofs"]]
    assert not list(empty.iterdir())


def test_what_was_proven_is_kept_when_a_person_stops_it(door: Door, empty: Path) -> None:
    started = door.start(empty, "prove", "--full", "--only", "chain", "--out", "kept")
    started.read_until(lambda out: b"one line again" in out)
    started.signal(signal.SIGINT)
    answer = started.end()
    assert answer.exit_code == 130
    assert "nothing was tried, 1 not reached" in answer.text
    checked = call(door, empty, "--check", "kept", "--json")
    assert (checked.exit_code, checked.json["evidence"]["stopped"]) == (8, "interrupted")
