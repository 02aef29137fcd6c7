"""`base`: which findings the code of a commit had already."""

from pathlib import Path

from fairlead.agents.builtin.security.scan import scan
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.env.tool_world import LocalToolWorld
from tests.agents.conftest import DirectoryWorld, commit_all
from tests.proves import proves

OLD = "import hashlib\n\n\ndef digest(data):\n    return hashlib.md5(data).hexdigest()\n"
NEW = "\n\ndef run(text):\n    return eval(input(text))\n"


def _told(tmp_path: Path, base: str) -> dict[tuple[str, str], bool]:
    outcome = scan({"base": base}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Succeeded)
    return {(one["path"], one["rule"]): one["is_new"] for one in outcome.output["findings"]}


@proves("C8.17")
def test_a_finding_is_new_when_the_base_does_not_have_it(tmp_path: Path) -> None:
    for name in ("same.py", "changed.py"):
        (tmp_path / name).write_text(OLD)
    base = commit_all(tmp_path)
    (tmp_path / "changed.py").write_text("\n\n# moved down\n" + OLD + NEW)
    commit_all(tmp_path)
    (tmp_path / "untracked.py").write_text(OLD)
    assert _told(tmp_path, base) == {
        ("same.py", "security/weak-hash"): False,
        ("changed.py", "security/weak-hash"): False,
        ("changed.py", "security/code-injection"): True,
        ("untracked.py", "security/weak-hash"): True,
    }
    assert not any(new for (path, _), new in _told(tmp_path, "HEAD").items() if path != "untracked.py")


@proves("C8.17")
def test_code_that_becomes_dangerous_by_a_change_elsewhere_in_the_file_is_new(tmp_path: Path) -> None:
    text = "from flask import request\n\n\ndef show():\n    name = 'a.txt'\n    return open(name).read()\n"
    (tmp_path / "a.py").write_text(text)
    base = commit_all(tmp_path)
    assert _told(tmp_path, base) == {}
    (tmp_path / "a.py").write_text(text.replace("'a.txt'", "request.args['name']"))
    assert _told(tmp_path, base) == {("a.py", "security/path-traversal"): True}


def test_without_a_base_nothing_is_said_of_new_and_old(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(OLD)
    outcome = scan({}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Succeeded)
    assert ["is_new" in one for one in outcome.output["findings"]] == [False]


def test_a_base_that_git_does_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(OLD)
    for world in (DirectoryWorld(tmp_path), LocalToolWorld(str(tmp_path))):
        outcome = scan({"base": "main"}, world)
        assert isinstance(outcome, Failed)
        assert (outcome.fault, outcome.code) == ("author", "FL-A122")


def test_the_files_as_they_were_are_gone_afterwards(tmp_path: Path) -> None:
    world = LocalToolWorld(str(tmp_path))
    with world.with_files({"a/b.py": b"x = 1\n"}) as before:
        root = Path(before.root)
        assert [(file.path, before.read(file.path)) for file in before.files] == [("a/b.py", b"x = 1\n")]
        assert root != tmp_path
    assert not root.exists()
