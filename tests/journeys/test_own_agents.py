"""A stranger's own agent, from `agents new` to a run that calls it; and a repository whose agents are no friends."""

import json
import os
import shutil
from pathlib import Path

import pytest

from fairlead.app import main
from tests.journeys.door import Answer, Door
from tests.journeys.repositories import commit, differences, git, snapshot
from tests.proves import proves

WORKFLOW = """\
fairlead: 1
name: mine
steps:
  - id: words
    agent: {agent}
"""


class Near:
    """The door without a process of its own: for what the path in fresh processes, above, does not depend on."""

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
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("HOME", str(tmp_path))
    return Near(capsys)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    return root


def call_from(root: Path, agent: str, more: str = "") -> None:
    """A workflow of the project that calls *agent*."""
    (root / ".fairlead/workflows").mkdir(parents=True, exist_ok=True)
    (root / ".fairlead/workflows/mine.yaml").write_text(WORKFLOW.format(agent=agent) + more)


def agent_file(
    root: Path, name: str, body: str, head: str = "from fairlead import Context, Findings, agent\n\n\n"
) -> Path:
    file = root / ".fairlead/agents" / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'{head}@agent(name="{name}")\ndef find(ctx: Context) -> Findings:\n    out = ctx.findings()\n{body}'
    )
    return file


@proves("A9")
@pytest.mark.parametrize("template", ["tool", "command"])
def test_from_nothing_to_a_run_that_calls_it(door: Door, project: Path, template: str) -> None:
    made = door.call(project, "agents", "new", "word-finder", "--template", template)
    assert made.exit_code == 0, made.said
    assert made.text.count("fairlead agents") == 3
    for words in (("check", "word-finder"), ("test", "word-finder"), ("show", "word-finder")):
        assert f"fairlead agents {' '.join(words)}" in made.text
        done = door.call(project, "agents", *words)
        assert done.exit_code == 0, done.text + done.said
    # The step that is shown is one to copy.
    step = done.text.partition("called by a step of a workflow\n")[2].splitlines()[:2]
    assert [line.strip() for line in step] == ["- id: word_finder", "agent: word-finder"]
    (project / ".fairlead/workflows").mkdir()
    text = "fairlead: 1\nname: mine\nsteps:\n" + "".join(f"{line}\n" for line in step)
    (project / ".fairlead/workflows/mine.yaml").write_text(text)
    assert door.call(project, "check").exit_code == 0
    run = door.call(project, "run", "mine", "--json")
    assert run.exit_code == 0, run.said
    [step] = run.json["steps"]
    assert step["version"].startswith("1@")
    assert {one["rule"] for one in run.json["findings"]} == {"word-finder/word"}
    door.verify(project)
    if template == "command":
        return
    first = run.json["findings"][0]
    for view in (f"findings show {first['id']}", "findings export", "findings export --format md"):
        shown = door.call(project, *view.split())
        assert shown.exit_code == 0, shown.said
        assert "word-finder/word" in shown.text
    explained = door.call(project, "explain", "word-finder/word")
    assert (explained.exit_code, "rule of word-finder" in explained.text) == (0, True)
    assert door.call(project, "explain", "word-finder/other").exit_code == 2


def test_the_help_of_the_group_leads_to_its_verbs(near: Near, project: Path) -> None:
    said = near.call(project, "agents", "--help").text
    for verb in ("show", "new", "check", "test"):
        assert f"  fairlead agents {verb} " in said


@proves("C2.3")
def test_a_difference_is_exit_1_and_names_the_first(door: Door, project: Path) -> None:
    door.call(project, "agents", "new", "word-finder")
    expect = project / "tests/agents/word-finder/example/expect.json"
    wanted = json.loads(expect.read_text())
    wanted["findings"][0]["line"] = 7
    wanted["findings"].append({"rule": "a/b", "path": "gone.py", "line": 1})
    expect.write_text(json.dumps(wanted))
    (project / "tests/agents/word-finder/example/repo/more.py").write_text("x = 1  # " + "TO" + "DO\n")
    tested = door.call(project, "agents", "test", "word-finder")
    assert tested.exit_code == 1
    first = "changed  low word-finder/word example.py:2:27: line is 2, expected 7"
    assert tested.text == (
        f"✗ 1 golden folder: 1 failed\n  first: word-finder example: {first}\n"
        "  is the new answer right? fairlead agents test word-finder --update writes it down\n"
    )
    for line in ("missing  a/b gone.py:1", "extra    low word-finder/word more.py:1:10"):
        assert line in tested.said
    answer = door.call(project, "agents", "test", "word-finder", "--json")
    assert (answer.exit_code, answer.json["failed"]) == (1, 1)
    assert answer.json["cases"][0]["differences"][0] == first
    updated = door.call(project, "agents", "test", "word-finder", "--update")
    assert updated.exit_code == 0
    assert first in updated.said
    assert door.call(project, "agents", "test", "word-finder").exit_code == 0
    before = expect.read_bytes()
    assert "1 passed" in door.call(project, "agents", "test", "--update").text
    assert expect.read_bytes() == before


@proves("C2.3")
def test_an_agent_that_calls_itself_deterministic_is_called_twice(near: Near, project: Path) -> None:
    near.call(project, "agents", "new", "word-finder")
    file = project / ".fairlead/agents/word-finder.py"
    text = file.read_text().replace("remedy=", "remedy=str(__import__('time').monotonic_ns()) + ")
    file.write_text(text)
    tested = near.call(project, "agents", "test", "word-finder")
    assert tested.exit_code == 1
    assert "not the same twice  answer.output.findings[0].remedy: " in tested.text
    refused = near.call(project, "agents", "test", "word-finder", "--update")
    assert refused.exit_code == 1
    file.write_text(text.replace("deterministic=True", "deterministic=False"))
    assert near.call(project, "agents", "test", "word-finder").exit_code == 0


def test_without_a_golden_folder_nothing_is_a_success(near: Near, project: Path) -> None:
    agent_file(project, "finder", "    return out\n")
    for words in (("finder",), ()):
        answer = near.call(project, "agents", "test", *words)
        assert answer.exit_code == 2
        assert "error[FL-A150]: finder has no golden folder: there is no tests/agents/finder/CASE/repo" in answer.said
    assert near.call(project, "agents", "test", "inventory").exit_code == 2
    (project / "tests/agents/finder/one").mkdir(parents=True)
    assert "FL-A151" in near.call(project, "agents", "test", "finder").said
    (project / "tests/agents/finder/one/repo").mkdir()
    assert "there is no `expect.json` in it" in near.call(project, "agents", "test", "finder").said
    assert near.call(project, "agents", "test", "finder", "--update").exit_code == 0
    assert near.call(project, "agents", "test", "finder").exit_code == 0


def test_a_failure_may_be_what_is_expected(near: Near, project: Path) -> None:
    agent_file(project, "finder", "    raise ValueError('no')\n")
    case = project / "tests/agents/finder/one"
    (case / "repo").mkdir(parents=True)
    (case / "expect.json").write_text('{"fails": "FL-R230"}')
    assert near.call(project, "agents", "test", "finder").exit_code == 0
    (case / "expect.json").write_text('{"findings": []}')
    tested = near.call(project, "agents", "test", "finder")
    assert tested.exit_code == 1
    assert "failed with FL-R230: the agent raised ValueError: no (.fairlead/agents/finder.py, line 7)" in tested.text
    log = tested.said.partition("its log ends:\n")[2].splitlines()
    assert log[0].strip() == "Traceback (most recent call last):"
    assert log[1].strip() == 'File ".fairlead/agents/finder.py", line 7, in find'


def test_a_crash_is_not_written_down_as_the_answer(near: Near, project: Path) -> None:
    agent_file(project, "finder", "    raise ValueError('no')\n")
    case = project / "tests/agents/finder/one"
    (case / "repo").mkdir(parents=True)
    refused = near.call(project, "agents", "test", "finder", "--update")
    assert (refused.exit_code, (case / "expect.json").exists()) == (1, False)
    assert "it failed with FL-R230: the agent raised ValueError: no" in refused.text
    (case / "expect.json").write_text('{"findings": []}')
    assert near.call(project, "agents", "test", "finder", "--update").exit_code == 1
    assert (case / "expect.json").read_text() == '{"findings": []}'
    # Whoever wrote down by hand that it fails may have the code brought up to date.
    (case / "expect.json").write_text('{"fails": "FL-R234"}')
    assert near.call(project, "agents", "test", "finder", "--update").exit_code == 0
    passed = near.call(project, "agents", "test", "finder")
    assert (passed.exit_code, "fails with FL-R230, as expected" in passed.said) == (0, True)


def test_a_new_agent_with_the_name_of_one_that_ships_is_warned_of(near: Near, project: Path) -> None:
    made = near.call(project, "agents", "new", "secret-scanner")
    assert (made.exit_code, "warning[FL-A016]" in made.said) == (0, True)
    assert "fairlead agents new my-secret-scanner" in made.said
    other = near.call(project, "agents", "new", "my-secret-scanner")
    assert (other.exit_code, "FL-A016" in other.said) == (0, False)


def test_an_update_says_what_it_writes_and_a_difference_leads_to_it(near: Near, project: Path) -> None:
    agent_file(project, "finder", "    return out\n")
    case = project / "tests/agents/finder/one"
    (case / "repo").mkdir(parents=True)
    (case / "expect.json").write_text('{"findings": [{"rule": "finder/x"}]}')
    hint = "fairlead agents test finder --update writes it down"
    assert hint in near.call(project, "agents", "test", "finder").text
    updated = near.call(project, "agents", "test", "finder", "--update")
    assert "finder one  written: 0 findings in 0 files" in updated.said
    assert hint not in updated.text


@proves("A9")
def test_nothing_is_overwritten_unless_it_is_said_so_and_shown(near: Near, project: Path) -> None:
    near.call(project, "agents", "new", "word-finder")
    file = project / ".fairlead/agents/word-finder.py"
    file.write_text("mine\n")
    before = snapshot(project)
    refused = near.call(project, "agents", "new", "word-finder")
    assert refused.exit_code == 2
    assert "error[FL-S020]: .fairlead/agents/word-finder.py is there already" in refused.said
    assert differences(before, snapshot(project)) == []
    forced = near.call(project, "agents", "new", "word-finder", "--force")
    assert forced.exit_code == 0
    assert "  -mine\n" in forced.text
    assert "replaced .fairlead/agents/word-finder.py\n" in forced.text
    assert "mine" not in file.read_text()
    assert near.call(project, "agents", "new", "word-finder", "--command").exit_code == 2
    for name in ("Word Finder", "../x", "-", "a" * 64, "é"):
        wrong = near.call(project, "agents", "new", "--", name)
        assert (wrong.exit_code, "FL-S021" in wrong.said) == (2, True)


@proves("C2.2")
def test_what_changed_since_the_run_began_is_not_run(door: Door, project: Path) -> None:
    door.allow_outside(project)
    file = agent_file(project, "finder", "    return out\n")
    call_from(project, "finder")
    text = (project / ".fairlead/workflows/mine.yaml").read_text()
    change = f"    run: sh -c 'echo x >> {file}'\n"
    (project / ".fairlead/workflows/mine.yaml").write_text(
        text.replace("  - id: words", f"  - id: edit\n{change}  - id: words")
    )
    run = door.call(project, "run", "mine", "--json")
    assert run.exit_code == 2
    step = next(one for one in run.json["steps"] if one["step"] == "words")
    assert (step["status"], step["fault"], step["code"]) == ("failed", "author", "FL-A152")
    assert step["hint"] == f"fairlead rerun {run.json['run']}"


def test_a_run_is_done_again_with_the_agent_as_it_was_mended(near: Near, project: Path) -> None:
    file = agent_file(project, "finder", "    raise ValueError('no')\n")
    call_from(project, "finder")
    first = near.call(project, "run", "mine", "--json")
    assert (first.exit_code, first.json["steps"][0]["code"]) == (3, "FL-R230")
    agent_file(project, "finder", "    return out\n")
    again = near.call(project, "rerun", first.json["run"], "--json")
    assert (again.exit_code, again.json["status"], again.json["rerun_of"]) == (0, "succeeded", first.json["run"])
    file.unlink()
    gone = near.call(project, "rerun", first.json["run"])
    assert (gone.exit_code, "FL-S063" in gone.said, "finder" in gone.said) == (2, True, True)


def test_a_run_whose_agents_all_failed_does_not_speak_of_findings(near: Near, project: Path) -> None:
    agent_file(project, "finder", "    raise ValueError('no')\n")
    call_from(project, "finder")
    failed = near.call(project, "run", "mine")
    assert (failed.exit_code, "FL-R230" in failed.text, "no findings" in failed.text) == (3, True, False)
    agent_file(project, "finder", "    return out\n")
    assert "\n  no findings " in near.call(project, "run", "mine").text


def test_a_run_of_what_ships_is_not_done_again_with_a_file_of_its_name(near: Near, project: Path) -> None:
    call_from(project, "inventory")
    first = near.call(project, "run", "mine", "--json")
    agent_file(project, "inventory", "    raise ValueError('no')\n")
    again = near.call(project, "rerun", first.json["run"], "--json")
    assert (again.exit_code, again.json["status"]) == (0, "succeeded")


@proves("C2.2")
def test_a_review_calls_what_ships_and_says_so_and_a_workflow_calls_the_projects_own(door: Door, project: Path) -> None:
    door.allow_outside(project)
    mark = project / "ran"
    agent_file(
        project,
        "inventory",
        "    return out\n",
        f"open({str(mark)!r}, 'w').close()\nfrom fairlead import Context, Findings, agent\n",
    )
    commit(project)
    review = door.call(project, "review", "--no-history", "--json")
    assert review.exit_code == 0, review.said
    assert not mark.exists()
    said = ".fairlead/agents/inventory.py has the name of an agent that ships; this workflow calls the one that ships"
    assert said in review.said
    listed = door.call(project, "agents", "list").text
    assert "hidden by .fairlead/agents/inventory.py" in listed
    assert "hides the agent of this name that ships, except in `fairlead review`" in listed
    assert not mark.exists()
    call_from(project, "inventory")
    run = door.call(project, "run", "mine", "--json")
    assert run.exit_code == 0
    assert "`inventory` is the project's own agent .fairlead/agents/inventory.py" in run.said
    assert mark.exists()
    assert run.json["steps"][0]["version"].startswith("1@")


@proves("C13.1")
def test_four_at_once_fail_cleanly_and_leave_nothing(door: Door, project: Path, tmp_path: Path) -> None:
    door.allow_outside(project)
    pids = tmp_path / "pids"
    body = (
        "    import os, subprocess, time\n"
        "    child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"    with open({str(pids)!r}, 'a') as file:\n        file.write(f'{{os.getpid()}} {{child.pid}} ')\n"
        "    time.sleep(600)\n    return out\n"
    )
    agent_file(project, "hangs", body)
    steps = "".join(f"        - {{id: s{n}, agent: hangs, timeout: 1500ms, retry: {{max: 0}}}}\n" for n in range(4))
    (project / ".fairlead/workflows").mkdir()
    text = f"fairlead: 1\nname: mine\nsteps:\n  - id: all\n    parallel:\n      fail_fast: false\n      steps:\n{steps}"
    (project / ".fairlead/workflows/mine.yaml").write_text(text)
    run = door.call(project, "run", "mine", "--json")
    assert run.exit_code == 3
    codes = [one.get("code") for one in run.json["steps"] if one["step"].startswith("s")]
    assert codes == ["FL-R202"] * 4
    started = pids.read_text().split()
    assert len(started) == 8
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []


def test_an_update_does_not_write_through_a_link_out_of_the_project(near: Near, project: Path, tmp_path: Path) -> None:
    near.call(project, "agents", "new", "word-finder")
    outside = tmp_path / "precious"
    outside.write_text('{"findings": []}')
    expect = project / "tests/agents/word-finder/example/expect.json"
    expect.unlink()
    expect.symlink_to(outside)
    answer = near.call(project, "agents", "test", "--update")
    assert (answer.exit_code, "FL-S014" in answer.said) == (2, True)
    assert outside.read_text() == '{"findings": []}'
    shutil.rmtree(project / ".fairlead")
    (tmp_path / "elsewhere").mkdir()
    (project / ".fairlead").symlink_to(tmp_path / "elsewhere")
    assert near.call(project, "agents", "new", "other").exit_code == 2
    assert os.listdir(tmp_path / "elsewhere") == []


def test_an_agent_that_is_tried_changes_nothing(near: Near, project: Path) -> None:
    agent_file(project, "finder", "    import os\n    os.remove(ctx.root + '/a.py')\n    return out\n")
    repo = project / "tests/agents/finder/one/repo"
    repo.mkdir(parents=True)
    (repo / "a.py").write_text("x\n")
    (repo.parent / "expect.json").write_text('{"findings": []}')
    before = snapshot(repo)
    assert near.call(project, "agents", "test", "finder").exit_code == 0
    assert differences(before, snapshot(repo)) == []
