"""Patches of one tree become one: in their order, each whole or not at all, and the copy holds what the patch says."""

import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fairlead.agents.builtin.patch_combiner.combine import combine
from fairlead.agents.catalog import FileCatalog
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.patch_texts import make_patch
from fairlead.gate.contracts import Contracts
from fairlead.workflow import read_values
from tests.agents.conftest import DirectoryWorld
from tests.agents.patcher.parts import write
from tests.proves import proves

SEED = 20261121
TEXT = "import os\n\n\ndef f(x):\n    a = 1\n    b = 2\n    return a + b + x\n"
Given = dict[str, Any]  # the output of a patcher: fields of several kinds


def patch(path: str, before: str | None, after: str | None, rule: str = "r") -> Given:
    return {"patch": make_patch(path, before, after), "rule": rule, "fingerprint": f"{rule} {path}", "files": [path]}


def combined(root: Path, patches: list[Given | None]) -> Outcome:
    outcome = combine({"patches": patches}, DirectoryWorld(root, writes=["**"]))
    card = FileCatalog(read_values).find("patch-combiner")
    assert card is not None
    assert Contracts().judge(card, outcome) == outcome
    return outcome


def test_patches_that_fit_are_one_and_stand_in_the_copy(tmp_path: Path) -> None:
    root = write(tmp_path / "r", "app/f.py", TEXT)
    write(root, "g.txt", "one\r\ntwo")
    patches = [
        patch("app/f.py", TEXT, TEXT.replace("a = 1", "a = 10")),
        None,
        patch("app/f.py", TEXT, TEXT.replace("b = 2", "b = 20")),
        patch("g.txt", "one\r\ntwo", "one\r\n2"),
        patch("new/h.py", None, "x = 1\n"),
    ]
    outcome = combined(root, patches)
    assert isinstance(outcome, Succeeded)
    output = outcome.output
    assert output["patches"] == [one for one in patches if one]
    assert (output["conflicts"], output["worktree"], outcome.degraded) == ([], "", ())
    assert output["files"] == ["app/f.py", "g.txt", "new/h.py"]
    assert (root / "app/f.py").read_text() == TEXT.replace("a = 1", "a = 10").replace("b = 2", "b = 20")
    assert (root / "g.txt").read_bytes() == b"one\r\n2"
    assert (root / "new/h.py").read_text() == "x = 1\n"
    fresh = write(tmp_path / "fresh", "app/f.py", TEXT)
    write(fresh, "g.txt", "one\r\ntwo")
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    argv = ["git", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(argv, cwd=fresh, env=environ, input=output["diff"].encode(), check=True)
    for path in output["files"]:
        assert (fresh / path).read_bytes() == (root / path).read_bytes()


@proves("C11.7")
def test_what_does_not_fit_is_left_out_whole_named_and_makes_the_step_degraded(tmp_path: Path) -> None:
    root = write(tmp_path, "f.py", TEXT)
    broken = patch("f.py", TEXT, TEXT.replace("a = 1", "a = ("), "broken")
    patches: list[Given | None] = [
        patch("f.py", TEXT, TEXT.replace("a = 1", "a = 10"), "first"),
        patch("f.py", TEXT, TEXT.replace("a = 1", "a = 11").replace("b = 2", "b = 3"), "second"),
        patch("other.py", "x\n", "y\n", "missing"),
        {"patch": "nonsense", "rule": "unreadable"},
        patch("f.py", TEXT, None, "deleting"),
        patch("f.py", TEXT, TEXT.replace("return a", "return (a"), "unbalanced"),
        patch("f.py", TEXT, TEXT.replace("b = 2", "b = 20"), "last"),
    ]
    outcome = combined(root, patches)
    assert isinstance(outcome, Succeeded)
    assert [one["rule"] for one in outcome.output["patches"]] == ["first", "last"]
    assert [(one["patch"], one["rule"], one["path"], one["reason"]) for one in outcome.output["conflicts"]] == [
        (1, "second", "f.py", "both change line 5 (patch 1)"),
        (2, "missing", "other.py", "it is not there"),
        (3, "unreadable", "", "it is no patch that is taken: line 1: 'nonsense' belongs to no file"),
        (4, "deleting", "f.py", "it deletes a file"),
        (5, "unbalanced", "f.py", "with it the file would not be valid any more"),
    ]
    assert len(outcome.degraded) == 5
    assert outcome.summary == "2 of 7 patches in 1 file"
    assert (root / "f.py").read_text() == TEXT.replace("a = 1", "a = 10").replace("b = 2", "b = 20")
    alone = combined(write(tmp_path / "alone", "f.py", TEXT), [broken])
    assert isinstance(alone, Failed)


@pytest.mark.parametrize("patches", [[], [None, None], [{"patch": "x"}]])
def test_nothing_to_combine_is_a_failure(patches: list[Given | None], tmp_path: Path) -> None:
    outcome = combined(write(tmp_path, "f.py", TEXT), patches)
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.code) == ("agent", "FL-A166")
    assert (tmp_path / "f.py").read_text() == TEXT


def test_a_file_that_was_broken_before_may_stay_so(tmp_path: Path) -> None:
    text = "print 'old'\nx = 1\n"
    outcome = combined(write(tmp_path, "f.py", text), [patch("f.py", text, text.replace("x = 1", "x = 2"))])
    assert isinstance(outcome, Succeeded)


def test_a_copy_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    root = write(tmp_path, "f.py", TEXT)
    given = [patch("f.py", TEXT, TEXT.replace("a = 1", "a = 10"))]
    outcome = combine({"patches": given}, DirectoryWorld(root))
    assert isinstance(outcome, Failed)
    assert outcome.code == "FL-A162"
    assert (root / "f.py").read_text() == TEXT


def test_a_credential_beside_a_change_is_not_in_the_difference(tmp_path: Path) -> None:
    token = "ghp_" + "".join(
        random.Random(SEED).choices("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=36)
    )
    text = f"KEY = '{token}'\n# one\na = 1\n"
    given: Given = {"patch": make_patch("f.py", text, text.replace("a = 1", "a = 2"), context=1)}
    outcome = combined(write(tmp_path, "f.py", text), [given])
    assert isinstance(outcome, Succeeded)
    assert token not in outcome.output["diff"]
    assert (tmp_path / "f.py").read_text() == text.replace("a = 1", "a = 2")
