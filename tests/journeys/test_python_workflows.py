"""A workflow in Python through the door: performed only where a person names it, shut in, checked like any other."""

from pathlib import Path

import pytest

from fairlead import app_building
from fairlead.app import main
from tests.journeys.door import Answer, Door
from tests.journeys.repositories import snapshot
from tests.proves import proves

TWICE = """\
from fairlead import Workflow

wf = Workflow("twice")
with wf.parallel("both") as both:
    for word in ("one", "two"):
        wf.run(word, f"echo {word}")
wf.outputs(degraded=both.degraded)
"""
# Every way in which a file could tell that it was performed.
TELLING = "import os\nopen('performed', 'w')\nos.kill(os.getppid(), 9)\n"


class Near:
    """The door without a process of its own: for what the path in fresh processes, below, does not depend on."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def call(self, directory: Path, *words: str) -> Answer:
        """Call the program as if in *directory*."""
        self._captured.readouterr()
        code = main(["-C", str(directory), *words])
        out, err = self._captured.readouterr()
        return Answer(code, out.encode(), err.encode())


@pytest.fixture
def near(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Near:
    monkeypatch.setenv("HOME", str(tmp_path))
    return Near(capsys)


@pytest.fixture
def project(repository: Path) -> Path:
    (repository / ".fairlead/workflows").mkdir(parents=True)
    (repository / ".fairlead/workflows/twice.py").write_text(TWICE)
    return repository


@proves("A1.2", "J7")
def test_a_python_file_is_checked_planned_shown_and_run_by_naming_it(door: Door, project: Path) -> None:
    file = ".fairlead/workflows/twice.py"
    assert door.call(project, "check", file).exit_code == 0
    plan = door.call(project, "plan", file, "--json").json
    assert [step["id"] for step in plan["steps"]] == ["both", "one", "two"]
    run = door.call(project, "run", file, "--json")
    assert run.exit_code == 0, run.said
    assert run.json["outputs"] == {"degraded": []}
    # The same in YAML is the same definition.
    (project / "twice.yaml").write_text(
        "fairlead: 1\nname: twice\nsteps:\n  - id: both\n    parallel:\n      steps:\n"
        "        - {id: one, run: echo one}\n        - {id: two, run: echo two}\n"
        "outputs: {degraded: '${ steps.both.degraded }'}\n"
    )
    assert door.call(project, "plan", "twice.yaml", "--json").json["digest"] == plan["digest"]


@proves("J7")
def test_no_command_performs_a_python_file_that_nobody_named(door: Door, project: Path) -> None:
    (project / ".fairlead/workflows/twice.py").write_text(TELLING)
    before = snapshot(project)
    listed = door.call(project, "workflows", "list")
    assert listed.exit_code == 0
    assert ".fairlead/workflows/twice.py  Python, run by naming it" in listed.text
    rows = door.call(project, "workflows", "list", "--json").json["workflows"]
    assert [row["name"] for row in rows if row.get("is_python")] == [".fairlead/workflows/twice.py"]
    for words in (("check",), ("run", "twice"), ("plan", "twice"), ("workflows", "show", "twice")):
        answer = door.call(project, *words)
        assert answer.exit_code == (0 if words == ("check",) else 2), words
        assert b"FL-W33" not in answer.err, words
    assert snapshot(project) == before


def test_a_named_file_can_neither_write_nor_end_what_called_it(near: Near, project: Path) -> None:
    (project / "bad.py").write_text(f"open({str(project / 'performed')!r}, 'w')\n")
    (project / "worse.py").write_text("import os\nos.kill(os.getppid(), 9)\n")
    (project / "wrong.yaml").write_text("fairlead: 1\nname: wrong\n")
    answer = near.call(project, "check", "bad.py", "worse.py", "wrong.yaml", "--json")
    assert answer.exit_code == 2
    assert [found["code"] for found in answer.json["diagnostics"]] == ["FL-W331", "FL-W330", "FL-W023"]
    assert "Read-only file system" in answer.json["diagnostics"][0]["message"]
    assert not (project / "performed").exists()


# What a file does to its process → what is said.
ENDS = {
    "while True: pass": "FL-W332",
    "x = bytearray(2_000_000_000)": "FL-W333",
    "import os; os._exit(3)": "FL-W335",
    "import os, signal; os.kill(os.getpid(), 9)": "FL-W335",
}


@pytest.mark.parametrize("text", ENDS)
def test_a_file_that_does_not_answer_is_told(
    text: str, near: Near, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_building, "BUILD_SECONDS_MAX", 1.0)
    (project / "bad.py").write_text(text)
    answer = near.call(project, "check", "bad.py", "--json")
    assert answer.exit_code == 2
    assert [found["code"] for found in answer.json["diagnostics"]] == [ENDS[text]]


def test_what_is_no_utf_8_is_told(near: Near, project: Path) -> None:
    (project / "bad.py").write_bytes(b"x = 1\ny = '\xff'\n")
    (found,) = near.call(project, "check", "bad.py", "--json").json["diagnostics"]
    assert (found["code"], found["message"]) == ("FL-W002", "byte 11 (0xff) is not UTF-8")
    assert (found["file"], found["span"]["line"]) == ("bad.py", 2)


def test_a_python_file_is_laid_out_by_others(near: Near, project: Path) -> None:
    before = (project / ".fairlead/workflows/twice.py").read_bytes()
    answer = near.call(project, "workflows", "format", ".fairlead/workflows/twice.py", "--write", "--json")
    assert answer.exit_code == 2
    assert [found["code"] for found in answer.json["errors"]] == ["FL-W336"]
    assert (project / ".fairlead/workflows/twice.py").read_bytes() == before
