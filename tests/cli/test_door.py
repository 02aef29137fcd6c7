"""Through the real door: odd names, a killed process, two screens of one run, completion in a real shell."""

import json
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

from tests.cli.conftest import INJECTION
from tests.cli.door import AttendedDoor, Door, stop_group

SCHEMA = Path(__file__).parents[1] / "data" / "sarif-2.1.0.json"
ODD = [
    b"new\nline.py",
    b"esc\x1b[2Jape.py",
    b"byte\xff.py",
    "rtl\u202e.py".encode(),
    b"sp ace #%?.py",
    "漢字.py".encode(),
]


def test_odd_names_are_reviewed_shown_harmlessly_and_exported_rightly(door: Door, secret: str) -> None:
    for name in ODD:
        place = bytes(door.root) + b"/odd/" + name
        place_dir = door.root / "odd"
        place_dir.mkdir(exist_ok=True)
        with open(place, "w") as file:
            file.write(INJECTION)
    door.write("app/keys.py", f'AWS_KEY = "{secret}"\n')
    before = door.git("status", "--porcelain", "-z")
    answer = door.call("review", "--sarif", "../out.sarif", "--md", "../out.md")
    assert answer.code == 1, answer.err
    assert door.git("status", "--porcelain", "-z") == before
    listed = door.call("findings", "list", "--rule", "security/sql-injection")
    assert listed.out.count("security/sql-injection") == len(ODD) + 1
    for text in (answer.out, answer.err, listed.out):
        assert not {"\x1b", "\u202e", "\udcff"} & set(text)
    assert "odd/new\\nline.py:6" in listed.out
    assert "odd/esc\\e[2Jape.py:6" in listed.out
    sarif = (door.root.parent / "out.sarif").read_text("utf-8")
    assert jsonschema_rs.validator_for(SCHEMA.read_text("utf-8")).is_valid(json.loads(sarif))
    for uri in ("odd/new%0Aline.py", "odd/byte%FF.py", "odd/%E6%BC%A2%E5%AD%97.py"):
        assert f'"{uri}"' in sarif
    # The secret is nowhere: not on a screen, not in a file that was written, not in the record.
    kept = b"".join(path.read_bytes() for path in (door.root / ".git" / "fairlead").rglob("*") if path.is_file())
    everything = answer.out + answer.err + listed.out + sarif + (door.root.parent / "out.md").read_text("utf-8")
    assert "secrets/" in sarif
    assert secret not in everything
    assert secret.encode() not in kept
    shown = door.call("findings", "show", door.call("findings", "list", "--json").json["findings"][0]["id"])
    assert shown.code == 0
    assert secret not in shown.out


def test_a_killed_run_is_shown_as_nobodys_and_goes_on_without_doing_anything_twice(clean: Door) -> None:
    clean.allow_outside()
    go, count = clean.root.parent / "go", clean.root.parent / "count"
    clean.write(
        "two.yaml",
        "fairlead: 1\nname: two\nsteps:\n"
        f"  - id: first\n    run: sh -c 'echo x >> {count}'\n"
        f"  - id: wait\n    run: sh -c 'test -e {go} || sleep 600'\n",
    )
    running = clean.start("run", "two.yaml")
    run = clean.wait_until_step_runs("wait")
    stop_group(running, signal.SIGKILL)
    running.communicate(timeout=60)
    assert f"{run}  two  just now      running · no worker since" in clean.call("runs", "list").out
    assert "⏸ running · no worker since" in clean.call("runs", "show", run).out
    watched = clean.call("runs", "watch", run)
    assert watched.code == 3
    assert f"nobody works on {run}; fairlead resume {run} goes on" in watched.err
    go.touch()
    resumed = clean.call("resume", "--jsonl")
    assert resumed.code == 0, resumed.err
    types = [fact["type"] for fact in resumed.lines]
    assert types[-5:] == ["run.resumed", "step.retrying", "step.started", "step.succeeded", "run.succeeded"]
    assert count.read_text() == "x\n"


def test_a_terminal_sees_the_record_above_and_the_answer_below(door: Door) -> None:
    person = AttendedDoor(door, "review", columns=80)
    assert person.end() == 1
    text = person.text.replace("\r\n", "\n")
    assert "✓ inventory" in text
    assert text.index("✓ inventory") < text.index("1 high")
    assert text.count("fix  ") >= 1
    assert text.rstrip().endswith("Your working tree was not touched.")
    plain = AttendedDoor(door, "review", FAIRLEAD_PLAIN="1")
    plain.end()
    assert "ok        inventory" in plain.text
    assert "\x1b[" not in plain.text.replace("\r", "")


def test_bash_completes_commands_verbs_options_runs_and_codes(door: Door) -> None:
    door.call("review", "-q")
    program = door.root.parent / "bin" / "fairlead"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m fairlead "$@"\n')
    program.chmod(0o755)

    bash = door.call("completion", "bash").out

    def complete(*words: str) -> list[str]:
        quoted = " ".join(map(shlex.quote, ("fairlead", *words)))
        script = (
            f"source /dev/stdin <<'EOF'\n{bash}\nEOF\n"
            f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _fairlead; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        )
        environ = {**door.environ, "PATH": f"{program.parent}:{door.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", script], cwd=door.root, env=environ, capture_output=True, text=True)
        return done.stdout.split()

    assert complete("rev") == ["review"]
    assert complete("findings", "") == ["list", "show", "accept", "reopen", "export"]
    assert "--fail-on" in complete("review", "--f")
    (run, *_) = complete("runs", "show", "r-")
    assert run.startswith("r-")
    assert complete("explain", "FL-S00")[:2] == ["FL-S001", "FL-S002"]
    assert complete("logs", "step:sec") == ["step:secrets", "step:security"]
    assert "secret-scanner" in complete("agents", "show", "")
    assert complete("findings", "list", "--severity", "c") == ["critical"]
    assert complete("nonsense", "x") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str, clean: Door) -> None:
    answer = clean.call("completion", shell)
    assert f"fairlead __complete {shell} --" in answer.out
    if which := shutil.which(shell):
        checked = subprocess.run([which, "-n"], input=answer.out, text=True, capture_output=True)
        assert checked.returncode == 0, checked.stderr


def test_watching_on_a_terminal_shows_each_step_once(clean: Door) -> None:
    assert clean.call("review").code == 0
    for argv in (("runs", "watch", "last"), ("runs", "watch", "last", "--after", "1000")):
        person = AttendedDoor(clean, *argv)
        assert person.end() == 0
        assert person.text.count("✓ secrets") == 1, person.text
        assert "no findings" in person.text
