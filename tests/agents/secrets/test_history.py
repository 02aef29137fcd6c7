"""Credentials that the git history remembers."""

import random
import subprocess
from pathlib import Path

import pytest

from fairlead.agents.builtin.secret_scanner import history, scan
from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded
from fairlead.env.tool_world import LocalToolWorld
from tests.agents.conftest import DirectoryWorld, commit_all
from tests.agents.secrets.test_scan import RULES, a_secret
from tests.corpora import secrets


def outcome_of(root: Path, *paths: str, **inputs: Json) -> Succeeded:
    outcome = scan({**inputs, **({"paths": list(paths)} if paths else {})}, DirectoryWorld(root, paths))
    assert isinstance(outcome, Succeeded)
    return outcome


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, "utf-8")


def test_a_credential_that_was_removed_is_reported_once_with_the_commit_that_brought_it(tmp_path: Path) -> None:
    secret = a_secret()
    write(tmp_path, "deploy/seed.py", f'# seed\n\nKEY = "{secret}"\n')
    first = commit_all(tmp_path, date="2025-03-02T10:00:00+00:00")
    write(tmp_path, "deploy/seed.py", f'# seed\n# moved\nKEY = "{secret}"  # again\n')
    commit_all(tmp_path, date="2025-04-01T10:00:00+00:00")
    write(tmp_path, "deploy/seed.py", "# seed\n")
    commit_all(tmp_path, date="2025-05-01T10:00:00+00:00")
    outcome = outcome_of(tmp_path)
    (finding,) = outcome.output["findings"]
    assert (finding["rule"], finding["path"], finding["line"]) == ("secrets/github-token", "deploy/seed.py", 3)
    assert finding["commit"] == first
    since = f", in history since 2025-03-02 (2 commits, first {first[:9]}), no longer in the tree"
    assert finding["message"].endswith(since)
    assert finding["severity"] == "critical"
    assert outcome.output["stats"]["history"] == {
        "searched": True,
        "commits": 3,
        "bytes": outcome.output["stats"]["history"]["bytes"],
        "complete": True,
        "note": "",
    }


def test_a_credential_that_is_still_there_gets_its_commit_and_no_second_finding(tmp_path: Path) -> None:
    write(tmp_path, "a.py", f'KEY = "{a_secret()}"\n')
    first = commit_all(tmp_path)
    write(tmp_path, "b.py", "# nothing\n")
    commit_all(tmp_path)
    (finding,) = outcome_of(tmp_path).output["findings"]
    assert "commit" not in finding  # it stands in the tree: its place is the file, not the commit
    assert finding["message"].endswith(f", in history since 2025-03-02 (1 commit, first {first[:9]})")


def test_a_credential_that_was_never_recorded_has_no_commit(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "# nothing\n")
    commit_all(tmp_path)
    write(tmp_path, "a.py", f'KEY = "{a_secret()}"\n')
    (finding,) = outcome_of(tmp_path).output["findings"]
    assert "commit" not in finding


def test_a_private_key_of_many_lines_is_found_in_history(tmp_path: Path) -> None:
    plant = secrets.plant(RULES["secrets/private-key"], random.Random(4))
    write(tmp_path, "id_rsa", plant.text + "\n")
    first = commit_all(tmp_path)
    (tmp_path / "id_rsa").unlink()
    commit_all(tmp_path)
    (finding,) = outcome_of(tmp_path).output["findings"]
    assert (finding["rule"], finding["line"], finding["commit"]) == ("secrets/private-key", 1, first)


def test_an_excused_credential_is_excused_in_history_too(tmp_path: Path) -> None:
    write(tmp_path, "a.py", f'KEY = "{a_secret()}"\n')
    commit_all(tmp_path)
    write(tmp_path, "a.py", f'KEY = "{a_secret()}"  # fairlead: ignore\n')
    commit_all(tmp_path)
    output = outcome_of(tmp_path).output
    assert output["findings"] == []
    assert output["stats"]["suppressed"] == 1


def test_the_bound_on_commits_is_said(tmp_path: Path) -> None:
    write(tmp_path, "a.py", f'KEY = "{a_secret()}"\n')
    commit_all(tmp_path)
    write(tmp_path, "a.py", "# clean\n")
    commit_all(tmp_path)
    output = outcome_of(tmp_path, history_commits_max=1).output
    assert output["findings"] == []
    assert output["stats"]["history"]["complete"] is False
    assert output["stats"]["history"]["note"] == "Only the newest 1 commits were read."
    assert outcome_of(tmp_path, history_commits_max=2).output["stats"]["history"]["complete"] is True


def test_the_bound_on_bytes_is_said_and_what_fits_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE_BYTES", 20_000)
    for number in range(4):
        write(tmp_path, "a.txt", f"{number}\n" * 3000)
        commit_all(tmp_path)
    write(tmp_path, "b.py", f'KEY = "{a_secret()}"\n' + "# x\n" * 9000)
    commit_all(tmp_path)
    write(tmp_path, "b.py", "# clean\n")
    commit_all(tmp_path)
    whole = outcome_of(tmp_path).output
    assert [finding["rule"] for finding in whole["findings"]] == ["secrets/github-token"]
    assert whole["stats"]["history"]["commits"] == 6
    assert "was read only in part" in whole["stats"]["history"]["note"]
    monkeypatch.setattr(history, "BYTES_MAX", 30_000)
    part = outcome_of(tmp_path).output["stats"]["history"]
    assert part["complete"] is False
    assert part["commits"] < 6
    assert part["bytes"] <= 30_000


def test_more_commits_than_one_page_are_all_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE_COMMITS", 2)
    write(tmp_path, "a.py", f'KEY = "{a_secret()}"\n')
    first = commit_all(tmp_path)
    for number in range(6):
        write(tmp_path, "a.py", f"# {number}\n")
        commit_all(tmp_path)
    output = outcome_of(tmp_path).output
    assert [finding["commit"] for finding in output["findings"]] == [first]
    assert (output["stats"]["history"]["commits"], output["stats"]["history"]["complete"]) == (7, True)


def test_paths_bound_the_history_too(tmp_path: Path) -> None:
    write(tmp_path, "app/a.py", f'KEY = "{a_secret()}"\n')
    write(tmp_path, "web/a.js", f'const KEY = "{a_secret("npm-token")}"\n')
    commit_all(tmp_path)
    write(tmp_path, "app/a.py", "# clean\n")
    write(tmp_path, "web/a.js", "// clean\n")
    commit_all(tmp_path)
    assert [finding["path"] for finding in outcome_of(tmp_path, "app").output["findings"]] == ["app/a.py"]


def test_the_repositorys_own_settings_change_nothing(tmp_path: Path) -> None:
    write(tmp_path, "a b\tü.py", f'KEY = "{a_secret()}"\n')
    write(tmp_path, ".gitattributes", "*.py diff=shout\n")
    commit_all(tmp_path)
    write(tmp_path, "a b\tü.py", "# clean\n")
    commit_all(tmp_path)
    before = outcome_of(tmp_path)
    hostile = {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "color.ui": "always",
        "diff.external": "touch external-ran",
        "diff.shout.textconv": "touch textconv-ran",
        "log.showSignature": "true",
        "log.showRoot": "false",
        "log.decorate": "full",
        "diff.renames": "copies",
        "core.quotePath": "false",
        "diff.interHunkContext": "50",
        "diff.context": "9",
        "format.pretty": "oneline",
        "log.follow": "true",
        "diff.wordRegex": ".",
        "diff.colorMoved": "zebra",
        "diff.submodule": "log",
        "diff.orderFile": "/dev/null",
    }
    for name, value in hostile.items():
        subprocess.run(["git", "config", name, value], cwd=tmp_path, check=True)
    after = outcome_of(tmp_path)
    assert before.output["findings"] == after.output["findings"]
    assert outcome_of(tmp_path, "a b\tü.py").output["findings"] == after.output["findings"]
    assert [finding["path"] for finding in after.output["findings"]] == ["a b\tü.py"]
    assert not list(tmp_path.glob("*-ran"))


def test_a_line_that_looks_like_a_patch_is_still_a_line(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.txt",
        f"++ b/other.py\n+ {a_secret()}\n-- a/x\n@@ -1 +9 @@\ndiff --git a/x b/x\n{a_secret('npm-token')}\n",
    )
    commit_all(tmp_path)
    write(tmp_path, "a.txt", "")
    commit_all(tmp_path)
    found = [(finding["path"], finding["line"], finding["rule"]) for finding in outcome_of(tmp_path).output["findings"]]
    assert found == [("a.txt", 2, "secrets/github-token"), ("a.txt", 6, "secrets/npm-token")]


def test_the_world_that_ships_gives_the_same_answer_and_a_folder_is_a_tree_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "web/café\n.js", f'const KEY = "{a_secret("npm-token")}"\n')
    write(tmp_path, "app/a.py", f'KEY = "{a_secret()}"\n')
    commit_all(tmp_path)
    write(tmp_path, "web/café\n.js", "// clean\n")
    write(tmp_path, "app/a.py", "# clean\n")
    commit_all(tmp_path)
    ours = scan({}, LocalToolWorld(str(tmp_path)))
    assert isinstance(ours, Succeeded)
    assert ours.output["findings"] == outcome_of(tmp_path).output["findings"]
    folder = scan({}, LocalToolWorld(str(tmp_path / "web")))
    assert isinstance(folder, Succeeded)
    assert [finding["path"] for finding in folder.output["findings"]] == ["café\n.js"]
    part = scan({"paths": ["café\n.js"]}, LocalToolWorld(str(tmp_path / "web"), paths=["café\n.js"]))
    assert isinstance(part, Succeeded)
    assert part.output["findings"] == folder.output["findings"]


def test_an_empty_repository_is_whole_and_no_repository_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "empty", check=True)
    stats = outcome_of(tmp_path / "empty").output["stats"]["history"]
    assert stats["complete"] is True
    assert stats["note"] == "The repository has no commit yet."
    (tmp_path / "plain").mkdir()
    stats = outcome_of(tmp_path / "plain").output["stats"]["history"]
    assert (stats["searched"], stats["note"]) == (False, "The history was not searched: this is no git repository.")
    stats = outcome_of(tmp_path / "empty", history=False).output["stats"]["history"]
    assert stats["searched"] is False


def test_a_shallow_clone_is_not_called_whole(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    for number in range(3):
        write(origin, "a.py", f"# {number}\n")
        commit_all(origin)
    subprocess.run(["git", "clone", "-q", "--depth=1", origin.as_uri(), "copy"], cwd=tmp_path, check=True)
    stats = outcome_of(tmp_path / "copy").output["stats"]["history"]
    assert stats["complete"] is False
    assert "shallow" in stats["note"]


def test_a_broken_repository_degrades_the_answer(tmp_path: Path) -> None:
    write(tmp_path, "a.py", f'KEY = "{a_secret()}"\n')
    commit_all(tmp_path)
    world = DirectoryWorld(tmp_path)
    (tmp_path / ".git" / "HEAD").unlink()
    outcome = scan({}, world)
    assert isinstance(outcome, Succeeded)
    assert [finding["rule"] for finding in outcome.output["findings"]] == ["secrets/github-token"]
    assert len(outcome.degraded) == 1
    assert outcome.degraded[0].startswith("The git history was not searched: git ended with 128 (")


def test_a_history_with_a_hole_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    write(tmp_path, "a.py", f'KEY = "{a_secret()}"\n')
    commit_all(tmp_path)
    write(tmp_path, "b.py", f'KEY = "{a_secret("npm-token")}"\n')
    commit_all(tmp_path)
    write(tmp_path, "b.py", "# clean\n")
    commit_all(tmp_path)
    lost = subprocess.run(
        ["git", "rev-parse", "HEAD~2:a.py"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.strip()
    (tmp_path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    outcome = outcome_of(tmp_path)
    assert [finding["rule"] for finding in outcome.output["findings"]] == ["secrets/github-token", "secrets/npm-token"]
    assert outcome.output["stats"]["history"]["complete"] is False
    assert outcome.degraded[0].startswith("The git history was not read to its end: git ended with 128 (")
