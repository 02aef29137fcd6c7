"""Every exit code that this build can give is given by the real program, for the reason that the table names."""

import os
import signal
import subprocess

import pytest

from tests.cli.door import AttendedDoor, Door, stop_group

SLOW = """\
fairlead: 1
name: slow
steps:
  - id: wait
    run: sleep 600
"""


def workflow(name: str, steps: str) -> str:
    return f"fairlead: 1\nname: {name}\nsteps:\n{steps}"


def test_0_a_review_that_found_nothing_bad(clean: Door) -> None:
    answer = clean.call("review")
    assert answer.code == 0, answer.err
    assert "no findings" in answer.out
    assert clean.git("status", "--porcelain") == ""


def test_1_a_finding_reaches_the_limit_and_only_then(door: Door) -> None:
    assert door.call("review").code == 1
    assert door.call("review", "--fail-on", "critical").code == 0
    assert door.call("review", "--exit-zero").code == 0
    assert door.call("review", "--fail-on", "none").code == 0
    assert door.git("status", "--porcelain") == ""


def test_1_a_program_ends_with_another_code_than_0(clean: Door) -> None:
    clean.write("bad.yaml", workflow("bad", "  - id: tests\n    run: python3 -c 'import sys; sys.exit(5)'\n"))
    answer = clean.call("run", "bad.yaml")
    assert answer.code == 1
    assert "error[FL-R210]" in answer.out
    assert "fault: result" in answer.out


@pytest.mark.parametrize(
    "argv",
    [
        ("reveiw",),
        ("runs", "lst"),
        ("review", "--fail-on", "terrible"),
        ("review", "nowhere.py"),
        ("run", "nothing"),
        ("runs", "show", "r-none"),
        ("explain", "FL-Q999"),
        ("findings", "show"),
        ("cancel",),
        ("-C", "nowhere", "runs"),
        ("run", "broken.yaml"),
        ("check", "broken.yaml"),
        ("runs", "list", "--limit", "0"),
    ],
)
def test_2_bad_usage_or_an_invalid_file(clean: Door, argv: tuple[str, ...]) -> None:
    clean.write("broken.yaml", "fairlead: 1\nname: broken\nsteps:\n  - id: a\n    agent: nobody-knows\n")
    answer = clean.call(*argv)
    assert answer.code == 2, answer
    assert "FL-" in answer.err + answer.out
    assert "   = " in answer.err + answer.out, "a hint"


def test_3_cancelled_from_elsewhere(clean: Door) -> None:
    clean.write("slow.yaml", SLOW)
    running = clean.start("run", "slow.yaml")
    run = clean.wait_until_step_runs("wait")
    assert clean.call("cancel", run, "-m", "enough").code == 0
    assert running.wait(60) == 3
    running.communicate()
    shown = clean.call("runs", "show", run, "--json").json
    assert (shown["status"], shown["steps"][0]["status"]) == ("cancelled", "cancelled")


def test_7_degraded_with_strict(clean: Door) -> None:
    clean.write("soft.yaml", workflow("soft", "  - id: tests\n    run: 'false'\n    optional: true\n"))
    assert clean.call("run", "soft.yaml").code == 0
    answer = clean.call("run", "soft.yaml", "--strict")
    assert answer.code == 7
    assert "▲" in answer.out


def test_8_an_answer_that_cannot_be_written(door: Door) -> None:
    door.call("review", "-q")
    door.write("file", "")
    answer = door.call("findings", "export", "-o", "file/out.sarif")
    assert answer.code == 8
    assert "FL-S014" in answer.err
    with open("/dev/full", "wb") as full:
        done = subprocess.run(door.argv("runs", "list"), cwd=door.root, env=door.environ, stdout=full, stderr=-1)
    assert done.returncode == 8
    assert b"No space left" in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_8_a_place_that_is_no_regular_file_is_not_replaced(door: Door) -> None:
    door.call("review", "-q")
    pipe = door.root.parent / "pipe"
    os.mkfifo(pipe)
    answer = door.call("findings", "export", "-o", str(pipe))
    assert answer.code == 8
    assert "is no regular file" in answer.err
    assert pipe.is_fifo()


def test_9_a_record_that_is_not_what_was_written(clean: Door) -> None:
    clean.call("review", "-q")
    assert clean.call("journal", "verify").code == 0
    (journal,) = (clean.root / ".git").rglob("journal.db")
    data = bytearray(journal.read_bytes())
    place = data.index(b"inventory")
    data[place : place + 4] = b"XXXX"
    journal.write_bytes(data)
    answer = clean.call("journal", "verify")
    assert answer.code == 9
    assert "FL-L" in answer.err


def test_10_a_bug_of_ours_has_a_code_and_a_bundle_without_values(
    clean: Door, tmp_path_factory: pytest.TempPathFactory
) -> None:
    broken = tmp_path_factory.mktemp("broken")
    (broken / "sitecustomize.py").write_text(
        "import fairlead.service.runs as runs\n"
        "def list_runs(*a, **k):\n"
        "    password = 'hunter2'\n"
        "    raise RuntimeError('a secret: ' + password)\n"
        "runs.list_runs = list_runs\n"
    )
    answer = clean.call("runs", "list", PYTHONPATH=str(broken))
    assert answer.code == 10
    assert "error[FL-X001]: internal error (this is a bug in fairlead): RuntimeError" in answer.err
    assert "Traceback" not in answer.err
    (bundle,) = (clean.root / ".git").rglob("crashes/*.txt")
    text = bundle.read_text()
    assert "cli/runs.py" in text
    assert "hunter2" not in answer.err + text
    assert "Traceback" in clean.call("runs", "list", "-vv", PYTHONPATH=str(broken)).err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_an_interrupted_run_is_resumed(clean: Door, number: signal.Signals, code: int) -> None:
    clean.allow_outside()
    go = clean.root.parent / "go"
    clean.write("slow.yaml", SLOW.replace("sleep 600", f"sh -c 'test -e {go} || sleep 600'"))
    running = clean.start("run", "slow.yaml")
    run = clean.wait_until_step_runs("wait")
    stop_group(running, number)
    stop_group(running, signal.SIGINT)  # after SIGTERM: what runs is waited for no longer
    _, said = running.communicate(timeout=60)
    assert running.returncode == code
    assert f"resume {run}" in said.decode()
    assert "no worker since" in clean.call("runs", "list").out
    go.touch()
    answer = clean.call("resume", run)
    assert answer.code == 0, answer
    assert "no worker" not in clean.call("runs", "list").out


def test_130_a_terminal_detaches_once_and_the_run_goes_on(clean: Door) -> None:
    clean.write("slow.yaml", SLOW)
    person = AttendedDoor(clean, "run", "slow.yaml")
    person.read_until("● wait")
    person.type(b"\x03")
    assert person.end() == 130
    assert "still running; fairlead runs watch r-" in person.text
    (line,) = clean.call("runs", "list", "--jsonl").lines
    assert line["status"] == "running"
    assert "unowned_since" not in line
    clean.call("cancel", "last")
    assert clean.call("runs", "watch", "last").code == 3


def test_130_a_terminal_cancels_at_the_second_time(clean: Door) -> None:
    clean.write("slow.yaml", SLOW)
    person = AttendedDoor(clean, "run", "slow.yaml")
    person.read_until("● wait")
    person.type(b"\x03")
    person.read_until("again to cancel")
    person.type(b"\x03")
    assert person.end() == 130
    assert clean.call("runs", "show", "last", "--json").json["status"] == "cancelled"


def test_a_failed_program_is_not_said_to_have_changed_nothing(clean: Door) -> None:
    clean.allow_outside()
    outside = clean.root.parent / "outside"
    clean.write("bad.yaml", workflow("bad", f"  - id: first\n    run: touch {outside}\n  - id: a\n    run: 'false'\n"))
    answer = clean.call("run", "bad.yaml")
    assert outside.exists(), "a program is not isolated"
    assert "   = kept: 1 finished step\n" in answer.out
    assert "Nothing outside" not in answer.out


def test_what_ended_the_run_is_shown_before_what_it_went_on_without(clean: Door) -> None:
    optional = "".join(f"  - id: may{n}\n    run: cat no{n}\n    optional: true\n" for n in range(3))
    clean.write("many.yaml", workflow("many", f"{optional}  - id: must\n    run: cat nothing\n"))
    answer = clean.call("run", "many.yaml")
    assert answer.code == 1
    shown = [line for line in answer.out.splitlines() if line.startswith(("error[", "warning["))]
    assert [line.partition("]: ")[2].partition(":")[0] for line in shown] == [
        "step `must`",
        "step `may0`",
        "step `may1`",
    ]
    assert "… 1 more failed" in answer.out


@pytest.mark.parametrize(("program", "code"), [("./build/tool", 3), ("ls build", 1)])
def test_a_program_that_misses_ignored_files_is_told_why(clean: Door, program: str, code: int) -> None:
    clean.write(".gitignore", "build\n")
    clean.write("build/tool", "#!/bin/sh\n")
    (clean.root / "build/tool").chmod(0o755)
    clean.write("ignored.yaml", workflow("ignored", f"  - id: tests\n    run: {program}\n"))
    answer = clean.call("run", "ignored.yaml", COLUMNS="80")
    assert answer.code == code
    assert "of what git ignores only .venv and node_modules are there" in " ".join(answer.out.split())
    assert answer.out.count("   = ") == 3, "a hint of two lines is one hint"


def test_2_a_run_that_is_being_worked_on_cannot_be_resumed_and_is_named(clean: Door) -> None:
    clean.write("slow.yaml", SLOW)
    running = clean.start("run", "slow.yaml")
    run = clean.wait_until_step_runs("wait")
    answer = clean.call("resume")
    assert answer.code == 2
    assert f"{run} is being worked on" in answer.err
    assert f"   = fairlead runs watch {run}" in answer.err
    assert clean.call("cancel", run).code == 0
    running.communicate(timeout=60)


def test_0_a_resumed_workflow_says_its_name_and_promises_nothing_of_its_programs(clean: Door) -> None:
    clean.allow_outside()
    bell = clean.root.parent / "bell"
    wait = f"  - id: wait\n    run: sh -c 'until test -e \"$1\"; do sleep 0.02; done' sh {bell}\n"
    clean.write("mine.yaml", workflow("mine", wait))
    running = clean.start("run", "mine.yaml")
    run = clean.wait_until_step_runs("wait")
    stop_group(running, signal.SIGKILL)
    running.communicate(timeout=60)
    bell.write_text("")
    answer = clean.call("resume")
    assert answer.code == 0, answer.err
    assert answer.err.startswith(f"mine {run} · fairlead")
    assert "Nothing leaves" not in answer.err
    assert "Nothing leaves this machine." in clean.call("review").err
