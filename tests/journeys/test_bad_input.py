"""Mistakes of people: every one is named in one pass with its code, its place and what to do; nothing starts."""

import re
from pathlib import Path

import pytest

from tests.journeys.door import Answer, Door
from tests.journeys.repositories import differences, git, snapshot


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A repository without a commit, for workflow files."""
    directory = tmp_path / "workplace"
    git(tmp_path, "init", "-q", "-b", "main", str(directory))
    return directory


def complain(door: Door, directory: Path, *words: str, exit_code: int = 2) -> Answer:
    """Call the program, which must refuse, write no answer, and leave everything as it was; no state is made either."""
    before = snapshot(directory)
    state = directory / ".git/fairlead"
    had_state = state.exists()
    answer = door.call(directory, *words)
    assert (answer.exit_code, answer.out) == (exit_code, b""), answer.said
    assert differences(before, snapshot(directory)) == []
    assert state.exists() == had_state
    return answer


def codes(answer: Answer) -> list[str]:
    return re.findall(r"^error\[(FL-[A-Z]\d{3})\]: ", answer.said, re.MULTILINE)


def write(directory: Path, text: str | bytes) -> None:
    (directory / "bad.yaml").write_bytes(text.encode() if isinstance(text, str) else text)


HEAD = "fairlead: 1\nname: bad\n"


@pytest.mark.parametrize(
    ("text", "code", "place", "says", "fix"),
    [
        pytest.param(
            HEAD + "steps:\n  - id: a\n    run: 'true\n",
            "FL-W001",
            "5:10",
            "",
            "",
            id="a quote that is never closed",
        ),
        pytest.param(
            HEAD + "steps:\n  - id: a\n    agent: secret-scaner\n",
            "FL-A101",
            "5:12",
            "there is no agent named `secret-scaner`",
            "did you mean `secret-scanner`",
            id="an unknown agent",
        ),
        pytest.param(
            HEAD + "steps:\n  - id: a\n    agent: inventory\n    with:\n      paths: 7\n",
            "FL-A111",
            "7:14",
            "`paths` does not fit agent `inventory`",
            "fairlead agents show inventory",
            id="a wrong type for an agent",
        ),
        pytest.param(
            HEAD + "steps:\n  - id: a\n    run: ls\n    timeout: soon\n",
            "FL-W026",
            "6:14",
            "`timeout`: `soon` is no duration",
            "write for example `90s`",
            id="a wrong type for a key",
        ),
        pytest.param(
            HEAD + "flow: graph\nsteps:\n"
            "  - id: a\n    run: ls\n    needs: [c]\n  - id: b\n    run: ls\n    needs: [a]\n"
            "  - id: c\n    run: ls\n    needs: [b]\n",
            "FL-W109",
            "7:13",
            "these steps wait for one another: a → c → b → a",
            "remove one of these edges",
            id="a cycle",
        ),
        pytest.param(
            HEAD + "steps:\n  - id: a\n    run: ls\n  - id: a\n    run: ls\n",
            "FL-W102",
            "6:9",
            "the id `a` stands twice: at line 4, column 9 and here",
            "give one of them another id",
            id="an id that stands twice",
        ),
        pytest.param(
            HEAD + "steps:\n  - id: a\n    run: ls\n    timout: 5s\n",
            "FL-W021",
            "6:5",
            "a step has no key `timout`",
            "did you mean `timeout`?",
            id="an unknown key",
        ),
        pytest.param(
            HEAD + "steps:\n  - id: a\n    run: cat x | wc\n",
            "FL-W116",
            "5:16",
            "a pipe (`|`) needs a shell",
            "run: bash -c 'cat x | wc'",
            id="a pipe without a shell",
        ),
        pytest.param(
            b"\xff\xfe\x00", "FL-W002", "1:1", "byte 0 (0xff) is not UTF-8", "save the file as UTF-8", id="no text"
        ),
    ],
)
def test_a_workflow_with_one_mistake(
    door: Door, workplace: Path, text: str | bytes, code: str, place: str, says: str, fix: str
) -> None:
    write(workplace, text)
    answer = complain(door, workplace, "run", "bad.yaml")
    assert codes(answer) == [code], answer.said
    lines = answer.said.splitlines()
    assert says in lines[0]
    assert lines[1] == f"  --> bad.yaml:{place}"
    fixes = [line for line in lines if line.startswith("   = ")]
    assert len(fixes) >= 2, "a fix, and where there is more"
    assert fix in fixes[0]
    assert fixes[-1] == f"   = more: fairlead explain {code}"
    assert door.call(workplace, "explain", code).exit_code == 0


def test_all_mistakes_of_a_file_in_one_pass(door: Door, workplace: Path) -> None:
    write(
        workplace,
        HEAD + "inputs:\n  count:\n    type: integer\n    default: many\n"
        "steps:\n"
        "  - id: a\n    agent: secret-scaner\n"
        "  - id: a\n    run: echo ${ inputs.cuont }\n"
        "  - id: b\n    run: cat x | wc\n"
        "  - id: c\n    agent: inventory\n    with:\n      paths: 7\n"
        "  - id: d\n    run: ls\n    timout: 5s\n",
    )
    expected = ["FL-W122", "FL-A101", "FL-W102", "FL-E004", "FL-W116", "FL-A111", "FL-W021"]
    places = ["6:14", "9:12", "10:9", "11:25", "13:16", "17:14", "20:5"]
    answer = complain(door, workplace, "run", "bad.yaml")
    assert codes(answer) == expected
    assert re.findall(r"^  --> bad.yaml:(\S+)$", answer.said, re.MULTILINE) == places
    assert answer.said.endswith("\n7 errors in 1 file\n")
    # The same for `check`, where it is the answer, and for other programs.
    checked = door.call(workplace, "check", "bad.yaml")
    assert (checked.exit_code, checked.text) == (
        2,
        answer.said + "\n  Next   fairlead check bad.yaml --fix  show how 3 of them can be mended\n",
    )
    for words in (["run", "bad.yaml", "--json"], ["check", "bad.yaml", "--json"]):
        document = door.call(workplace, *words)
        assert document.exit_code == 2
        found = document.json["errors" if words[0] == "run" else "diagnostics"]
        assert [one["code"] for one in found] == expected
        assert [f"{one['span']['line']}:{one['span']['column']}" for one in found] == places
        assert {one["file"] for one in found} == {"bad.yaml"}


def test_a_workflow_whose_name_and_words_are_escapes(door: Door, workplace: Path) -> None:
    (workplace / "b\x1b[31md.yaml").write_text(
        HEAD + 'steps:\n  - id: a\n    agent: "x\\e[2Jy\\u202e"\n  - id: "\\a"\n    run: ls\n'
    )
    for words in (["run", "b\x1b[31md.yaml"], ["run", "b\x1b[31md.yaml", "--ascii"]):
        answer = complain(door, workplace, *words)
        assert codes(answer)
        assert [c for c in answer.said if (c < " " and c != "\n") or "\u202a" <= c <= "\u202e"] == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["reveiw"], "FL-S001", ["fairlead has no command reveiw", "fairlead review"]),
        (["--colour", "review"], "FL-S001", ["fairlead has no option --colour"]),
        (["review", "--fial-on", "high"], "FL-S001", ["has no option --fial-on", "did you mean --fail-on?"]),
        (["review", "--fail-on", "hihg"], "FL-S001", ["hihg", "fairlead review --help"]),
        (["runs", "shwo"], "FL-S001", ["fairlead runs has no shwo", "fairlead runs show"]),
        (["runs", "list", "--limit", "many"], "FL-S001", ["many"]),
        (["completion", "tcsh"], "FL-S001", ["tcsh"]),
        (
            ["explain", "FL-W1O9"],
            "FL-S010",
            ["FL-W1O9 is neither a code, a rule nor a key", "fairlead explain FL-W109"],
        ),
        (["explain", "security/sql-injektion"], "FL-S010", ["fairlead explain security/sql-injection"]),
        (["agents", "show", "secret-scaner"], "FL-S011", ["fairlead agents show secret-scanner"]),
        (["run", "reviw"], "FL-S007", ["reviw is neither a workflow file nor the name", "fairlead run review"]),
        (["run", "review", "-i", "history"], "FL-S002", ["-i takes NAME=VALUE, not history"]),
        (["runs", "show", "nothing"], "FL-S004", ["there is no run in workplace yet", "fairlead review"]),
        (["resume"], "FL-S004", ["there is no run in workplace yet"]),
        (["cancel", "r-2345"], "FL-S004", ["there is no run in workplace yet"]),
        (["logs"], "FL-S004", ["there is no run in workplace yet"]),
        (["findings", "list"], "FL-S004", ["there is no run in workplace yet"]),
        (["-C", "nowhere", "review"], "FL-S008", ["nowhere"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and len(value) < 5 else "",
)
def test_words_that_make_no_command(door: Door, workplace: Path, words: list[str], code: str, says: list[str]) -> None:
    answer = complain(door, workplace, *words)
    assert codes(answer) == [code]
    for text in says:
        assert text in answer.said
    assert f"   = more: fairlead explain {code}\n" in answer.said


def test_every_unknown_path_is_named_and_nothing_is_reviewed(door: Door, repository: Path) -> None:
    answer = complain(door, repository, "review", "nowhere.py", "app.py", "docs/none", "/nowhere")
    assert codes(answer) == ["FL-S008", "FL-S008", "FL-S008"]
    assert answer.said.splitlines()[0] == "error[FL-S008]: there is nothing at nowhere.py"
    assert answer.said.endswith("\n3 errors\n")
    document = door.call(repository, "review", "--json", "nowhere.py")
    assert document.json["exit_code"] == document.exit_code == 2
    assert [one["code"] for one in document.json["errors"]] == ["FL-S008"]


def test_a_path_of_another_repository(door: Door, repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "other")
    (tmp_path / "other/x.py").write_text("x = 1\n")
    answer = complain(door, repository, "review", "app.py", "../other/x.py")
    assert codes(answer) == ["FL-S008"]
    assert "../other/x.py is not inside small" in answer.said


def test_inputs_that_do_not_fit(door: Door, workplace: Path) -> None:
    answer = complain(door, workplace, "run", "review", "-i", "hystory=true", "-i", "history=maybe")
    assert sorted(codes(answer)) == ["FL-W131", "FL-W133"]
    assert "workflow `review` has no input `hystory`\n   = did you mean `history`?\n" in answer.said
    assert "input `history` does not fit: expected true or false" in answer.said
    assert "\n   = -i history=true\n" in answer.said
    assert answer.said.endswith("\n2 errors\n")


def test_runs_that_are_named_wrongly(door: Door, workplace: Path) -> None:
    (workplace / "one.yaml").write_text("fairlead: 1\nname: one\nsteps:\n  - id: a\n    run: 'true'\n")
    runs = [door.call(workplace, "run", "one.yaml", "--json").json["run"] for _ in range(2)]
    verdict = door.verify(workplace)
    ended = runs[0]
    for words, code, says in (
        (["runs", "show", "nothing"], "FL-R101", "no run is called nothing"),
        (["runs", "show", "r-"], "FL-R101", "no run is called r-"),
        (["runs", "show", "@{7}"], "FL-S004", "there are only 2 runs"),
        (["runs", "show", "last-failed"], "FL-S004", "no run has failed"),
        (["cancel", ended], "FL-S005", f"run {ended} cannot be cancelled: it has ended as succeeded"),
        (["resume", ended], "FL-S006", f"run {ended} has ended as succeeded"),
        (["resume"], "FL-S006", "no run waits to be continued"),
        (["findings", "show", "f-000000"], "FL-S012", "f-000000"),
        (["logs", "last", "step:b"], "FL-S015", "b"),
        (["run", "review", "--key", "k", "-i", "nope=1"], "FL-W131", "nope"),
    ):
        answer = complain(door, workplace, *words)
        assert codes(answer) == [code], (words, answer.said)
        assert says in answer.said
    after = door.verify(workplace)
    assert (after["events"], after["digest"]) == (verdict["events"], verdict["digest"])


def test_a_beginning_that_several_runs_share(door: Door, workplace: Path) -> None:
    (workplace / "one.yaml").write_text("fairlead: 1\nname: one\nsteps:\n  - id: a\n    run: 'true'\n")
    # Ids are drawn from 32 letters and digits: by the 33rd run, two begin with the same.
    runs: list[str] = []
    while len({run[2] for run in runs}) == len(runs):
        runs.append(door.call(workplace, "run", "one.yaml", "--json").json["run"])
    shared = runs[-1][:3]
    both = sorted(run for run in runs if run.startswith(shared))
    answer = complain(door, workplace, "runs", "show", shared)
    assert codes(answer) == ["FL-S003"]
    assert all(run in answer.said for run in both)
    assert door.call(workplace, "runs", "show", both[0], "--json").json["run"] == both[0]
