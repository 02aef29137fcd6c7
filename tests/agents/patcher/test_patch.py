"""One finding, one patch: all or nothing, with the bytes of everybody else left alone."""

import os
import random
import stat
import subprocess
from pathlib import Path

import pytest

from fairlead.agents.builtin.patcher_rules.patch import patch
from fairlead.agents.catalog import FileCatalog
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.core.patch_texts import parse_patch
from fairlead.core.patches import apply_patch
from fairlead.gate.contracts import Contracts
from fairlead.workflow import read_values
from tests.agents.conftest import DirectoryWorld
from tests.agents.patcher.parts import Found, findings_of, mend, mended, refused, write
from tests.corpora.patches import REFUSED
from tests.proves import proves

SEED = 20261121
# A place that only our own rules and ruff look at: bandit would make every test of this file three times as slow.
SETTINGS = "import os\n\n\ndef more():\n    return os.sep\n\n\nDEBUG = True\n"
MENDED_SETTINGS = SETTINGS.replace("DEBUG = True", "DEBUG = False")
RULE = "security/debug-server"
UNSAFE = "security/unsafe-deserialisation"


def one(root: Path, rule: str = RULE, path: str = "") -> Found:
    return next(found for found in findings_of(root, rule) if not path or found["path"] == path)


def git_apply(root: Path, patch: str) -> None:
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", "apply", "-"], cwd=root, env=environ, input=patch.encode(), check=False)
    assert done.returncode == 0


@proves("C11.6")
def test_a_patch_says_what_it_did_and_git_applies_it(tmp_path: Path) -> None:
    root = write(tmp_path / "a", "app/settings.py", SETTINGS)
    write(root, "app/config.py", SETTINGS)
    finding = one(root, path="app/settings.py")
    output = mended(root, finding)
    assert (root / "app/settings.py").read_text() == MENDED_SETTINGS
    assert (root / "app/config.py").read_text() == SETTINGS, "only the finding's own file is changed"
    assert (output["files"], output["rule"], output["changed"]) == (["app/settings.py"], RULE, True)
    assert output["fingerprint"] == finding["fingerprint"]
    assert output["rescan"] == {"findings": []}
    assert [(check["name"], check["ok"]) for check in output["checks"]] == [
        ("syntax", True),
        ("patch", True),
        ("re-scan", True),
    ]
    fresh = write(tmp_path / "b", "app/settings.py", SETTINGS)
    git_apply(fresh, output["patch"])
    assert (fresh / "app/settings.py").read_text() == MENDED_SETTINGS


def test_the_scans_of_a_patch_do_not_count_as_findings_of_the_run(tmp_path: Path) -> None:
    root = write(tmp_path, "settings.py", SETTINGS)
    finding = one(root)
    world = DirectoryWorld(root, writes=["**"])
    assert isinstance(patch({"finding": finding}, world), Succeeded)
    assert (world.founds, world.texts) == (0, [f"{RULE} in settings.py"])


def test_the_same_call_gives_the_same_patch(tmp_path: Path) -> None:
    outputs = []
    for name in ("a", "b"):
        root = write(tmp_path / name, "settings.py", SETTINGS)
        outputs.append(mended(root, one(root)))
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + SETTINGS.encode(),
        SETTINGS.replace("\n", "\r\n").encode(),
        SETTINGS.rstrip("\n").encode(),
        ("# ünï\n" + SETTINGS).encode(),
        b"# -*- coding: latin-1 -*-\n# \xe9\n\n\n\n\n\n" + SETTINGS.encode(),
        b"#!/usr/bin/env python\n" + SETTINGS.replace("    ", "\t").encode(),
    ],
    ids=["mark", "crlf", "no end", "utf-8", "latin-1", "script"],
)
def test_bytes_that_are_not_the_finding_s_stay(data: bytes, tmp_path: Path) -> None:
    root = write(tmp_path, "settings.py", data)
    (root / "settings.py").chmod(0o755)
    output = mended(root, one(root))
    wanted = data.replace(b"DEBUG = True", b"DEBUG = False")
    assert (root / "settings.py").read_bytes() == wanted
    assert stat.S_IMODE((root / "settings.py").stat().st_mode) == 0o755
    text = data.decode("utf-8", "surrogateescape")
    after = apply_patch({"settings.py": text}, parse_patch(output["patch"]))["settings.py"]
    assert after.encode("utf-8", "surrogateescape") == wanted


def assert_refused(root: Path, finding: Found, code: str, reason: str) -> None:
    """Nothing is changed, and the failure is one that is not repeated."""
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    failed = refused(root, finding)
    assert (failed.fault, failed.code) == ("agent", code), failed
    assert reason in failed.message
    assert finding["rule"] in failed.message
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["pipe", "driver"])
def test_what_no_rule_can_mend_is_refused_and_left_as_it_is(name: str, tmp_path: Path) -> None:
    case = REFUSED[name]
    root = write(tmp_path, "app/main.py", case.text)
    assert_refused(root, one(root, case.rule), "FL-A163", case.reason)


def test_a_rule_that_nobody_can_mend_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    finding = {**one(write(tmp_path, "settings.py", SETTINGS)), "rule": "security/bind-all-interfaces"}
    assert_refused(tmp_path, finding, "FL-A160", "only its author knows")


def test_a_finding_that_is_gone_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path, "settings.py", SETTINGS)
    finding = one(root)
    write(root, "settings.py", MENDED_SETTINGS)
    assert_refused(root, finding, "FL-A161", "scan again")
    (root / "settings.py").unlink()
    assert_refused(root, finding, "FL-A162", "it is gone")


def test_a_second_patch_of_the_same_finding_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path, "settings.py", SETTINGS)
    finding = one(root)
    mended(root, finding)
    assert_refused(root, finding, "FL-A161", "scan again")


@proves("C11.2")
def test_a_change_that_leaves_the_finding_is_undone(tmp_path: Path) -> None:
    """Two calls on one line, one of which is no call that the rule knows."""
    text = "import pickle, yaml\n\n\ndef f(x):\n    return yaml.load(x), pickle.loads(x)\n"
    root = write(tmp_path, "main.py", text)
    assert_refused(root, one(root, UNSAFE), "FL-A164", "1 of 2")


def test_a_change_that_would_bring_another_finding_is_undone(tmp_path: Path) -> None:
    text = "import pdb, os\n\n\ndef f(x):\n    pdb.set_trace()\n    return os.sep + x\n"
    root = write(tmp_path, "main.py", text)
    assert_refused(root, one(root, "review/leftover-debugger"), "FL-A164", "review/unused-import")


def test_a_credential_beside_the_change_is_not_repeated(tmp_path: Path) -> None:
    token = "ghp_" + "".join(
        random.Random(SEED).choices("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=36)
    )
    near = SETTINGS.replace("DEBUG", f"KEY = '{token}'\nDEBUG")
    root = write(tmp_path / "near", "settings.py", near)
    failed = refused(root, one(root))
    assert (failed.code, token in failed.message) == ("FL-A162", False)
    assert (root / "settings.py").read_text() == near
    far = SETTINGS.replace("DEBUG", f"KEY = '{token}'\n# one\nDEBUG")
    root = write(tmp_path / "far", "settings.py", far)
    output = mended(root, one(root))
    assert token not in output["patch"], "fewer lines are shown around the change"
    git_apply(write(tmp_path / "fresh", "settings.py", far), output["patch"])
    assert (tmp_path / "fresh" / "settings.py").read_text() == far.replace("DEBUG = True", "DEBUG = False")


def test_inputs_and_outputs_fit_the_card(tmp_path: Path) -> None:
    card = FileCatalog(read_values).find("patcher-rules")
    assert card is not None
    assert card.writes == ("**",)
    root = write(tmp_path, "settings.py", SETTINGS)
    outcome = mend(root, one(root))
    assert isinstance(outcome, Succeeded)
    assert Contracts().judge(card, outcome) == outcome
    empty = Succeeded({**outcome.output, "patch": "", "changed": False})
    assert isinstance(Contracts().judge(card, empty), Failed), "a success that did nothing is none"
