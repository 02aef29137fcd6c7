"""Isolation as a person meets it: what a `run` step cannot do, what is said of it, and how it is switched off."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.door import UNSHARE, Answer, Door
from tests.journeys.repositories import git
from tests.proves import proves

WORD = "-".join(("word", "of", "the", "person"))  # put together: it must stand on no command line by itself


class Around:
    """The machine around one project, as an attempt may reach for it, counted from outside."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.project = project
        self.beside = folder / "beside"
        self.beside.mkdir()
        self.secret = self.beside / "secret"
        self.secret.write_text("kept to oneself\n")
        self.target = self.beside / "target"
        self.target.write_text("whole\n")
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.path = _unix(str(folder / "socket"))
        self.abstract = _unix(f"\0fairlead-journey-{os.getpid()}")
        # What it is handed says nothing: a process that may be seen is known by its number alone.
        self.sleeping = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={"WORD": WORD})

    @property
    def visitors(self) -> list[bool]:
        return [_was_visited(one) for one in (self.tcp, self.path, self.abstract)]

    def close(self) -> None:
        self.sleeping.kill()
        self.sleeping.wait()
        for one in (self.tcp, self.path, self.abstract):
            one.close()


def _unix(address: str) -> socket.socket:
    one = socket.socket(socket.AF_UNIX)
    one.bind(address)
    one.listen()
    return one


def _was_visited(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        one.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.fixture
def around(tmp_path: Path, repository: Path) -> Iterator[Around]:
    made = Around(tmp_path, repository)
    yield made
    made.close()


READ_OUTSIDE = "cat {secret}"
WRITE_OUTSIDE = "echo more >> {target}"
LINK_OUT = "ln -s {beside} out && echo more >> out/target"
SOCKETS = """\
import socket
tried = 0
for family, address in ((2, ("127.0.0.1", {port})), (1, "{path}"), (1, "\\0fairlead-journey-{own}")):
    try:
        with socket.socket(family) as one:
            one.settimeout(5)
            one.connect(address)
    except OSError:
        tried += 1
raise SystemExit(tried)
"""
SIGNALS = """\
import os
os.kill({pid}, 0)
with open("/proc/{pid}/environ", "rb") as file:
    raise SystemExit(0 if b"WORD" in file.read() else 1)
"""


def attempt(door: Door, around: Around, script: str, *, program: str = "sh", timeout: str = "60s") -> Any:
    """One `run` step that performs *script*; gives the run as JSON."""
    return attempts(door, around, {"out": (script, program)}, timeout)


def attempts(door: Door, around: Around, scripts: Mapping[str, tuple[str, str]], timeout: str = "60s") -> Any:
    """A `run` step for each script and the program that reads it, side by side; gives the run as JSON."""
    facts = {
        "secret": around.secret,
        "target": around.target,
        "beside": around.beside,
        "port": around.tcp.getsockname()[1],
        "path": around.path.getsockname(),
        "own": os.getpid(),
        "pid": around.sleeping.pid,
    }
    steps = [
        {"id": name, "run": [program, "-c", script.format(**facts)], "timeout": timeout, "retry": {"max": 0}}
        for name, (script, program) in scripts.items()
    ]
    document = {"fairlead": 1, "name": "out", "flow": "graph", "steps": steps}
    (around.project / "out.json").write_text(json.dumps(document))
    return door.call(around.project, "run", "out.json", "--json", environ={"PERSONAL": WORD}).json


def through(view: Any) -> bool:
    return bool(view["status"] == "succeeded")


HARMLESS = {
    "read_outside": (READ_OUTSIDE, "sh"),
    "write_outside": (WRITE_OUTSIDE, "sh"),
    "link_out": (LINK_OUT, "sh"),
    "sockets": (SOCKETS, "python3"),
    "process_of_the_machine": (SIGNALS, "python3"),
}


@proves("E4.1")
def test_no_step_reaches_out(door: Door, around: Around) -> None:
    view = attempts(door, around, HARMLESS)
    assert {step["step"]: (step["status"], step["isolation"]) for step in view["steps"]} == dict.fromkeys(
        HARMLESS, ("failed", "L2")
    )
    assert "kept to oneself" not in json.dumps(view)
    assert around.target.read_text() == "whole\n"
    assert not any(around.visitors)
    # The same steps get through where the person has switched isolation off: the test could fail.
    assert door.call(around.project, "sandbox", "off").exit_code == 0
    view = attempts(door, around, HARMLESS)
    assert view["isolation"].partition(":")[0] == "L0 · not isolated"
    assert {step["step"]: (step["status"], step["isolation"]) for step in view["steps"]} == dict.fromkeys(
        HARMLESS, ("succeeded", "L0 · not isolated")
    )
    assert around.target.read_text() == "whole\nmore\nmore\n"


@proves("E4.1")
def test_a_step_that_forks_without_end_is_ended_as_a_whole(door: Door, around: Around) -> None:
    before = _processes()
    view = attempt(door, around, "bomb() {{ sleep 0.02; bomb | bomb & }}; bomb; sleep 50")
    step = view["steps"][0]
    assert (step["code"], step["message"]) == (
        "FL-R300",
        "sh went over a limit of its sandbox and was ended: 256 processes",
    )
    assert _processes() < before + 100


@proves("E4.1")
def test_a_step_gets_no_more_memory_than_its_limit(door: Door, around: Around) -> None:
    code = "held = []\nimport os\nfor _ in range(3): os.fork()\nwhile True: held.append(b'x' * 10_000_000)"
    view = attempt(door, around, code, program="python3")
    step = view["steps"][0]
    assert view["status"] == "failed"
    assert (step["code"], step["message"].rpartition(": ")[2]) == ("FL-R300", "memory 512 MB")
    assert step["memory_bytes"] < 3_000_000_000


@proves("E4.1")
def test_a_step_that_ignores_sigterm_ends_all_the_same(door: Door, around: Around) -> None:
    script = "trap '' TERM; while :; do sleep 1; done"
    began = time.monotonic()
    view = attempt(door, around, script, timeout="1s")
    assert view["steps"][0]["code"] == "FL-R202"
    assert time.monotonic() - began > 5  # it was given the grace to hear it
    assert not _sees(script)


@proves("E4.1")
def test_a_flood_of_output_ends_the_step_and_is_cut(door: Door, around: Around) -> None:
    view = attempt(door, around, "exec cat /dev/zero")
    assert view["steps"][0]["code"] == "FL-R203"
    logs = list((around.project / ".git/fairlead/logs").rglob("*.log"))
    assert sum(log.stat().st_size for log in logs) < 11_000_000


@proves("E4.1")
def test_a_step_sees_nothing_of_the_persons_environment(door: Door, around: Around) -> None:
    view = attempt(door, around, "cat /proc/*/environ /proc/*/cmdline; env; exit 3")
    said = json.dumps(view)
    assert view["steps"][0]["exit_code"] == 3
    assert WORD not in said
    assert str(around.project / ".git") not in said  # nor where its copy really lies
    assert door.environ["HOME"] not in said


def test_what_is_installed_into_the_checkout_is_there_to_be_read(door: Door, around: Around) -> None:
    project = around.project
    (project / ".gitignore").write_text(".venv\nnode_modules\n.env\n")
    for folder in (".venv/bin", "web/node_modules/left"):
        (project / folder).mkdir(parents=True)
        (project / folder / "tool").write_text("#!/bin/sh\necho its tool\n")
        (project / folder / "tool").chmod(0o755)
    (project / "web/page.js").write_text("1\n")
    (project / ".env").write_text("KEY=none\n")
    view = attempt(door, around, ".venv/bin/tool && web/node_modules/left/tool && ls -A && touch .venv/planted")
    step = view["steps"][0]
    assert step["output"]["stdout"].splitlines()[:2] == ["its tool", "its tool"]
    assert ".env" not in step["output"]["stdout"].splitlines()
    assert "Read-only file system" in step["output"]["stderr"]
    assert not (project / ".venv/planted").exists()


def test_git_works_in_the_copy_and_reaches_no_further(door: Door, around: Around) -> None:
    script = "git log --oneline && git status --short && git describe --always && git fsck && git rev-parse --git-dir"
    script += " && echo x > new && git add new && git -c user.name=a -c user.email=b@c commit -qm inside"
    before = git(around.project, "for-each-ref"), git(around.project, "rev-parse", "HEAD")
    view = attempt(door, around, script)
    assert view["status"] == "succeeded", view
    assert (git(around.project, "for-each-ref"), git(around.project, "rev-parse", "HEAD")) == before


def test_a_bwrap_in_the_project_is_never_what_shuts_it_in(door: Door, around: Around) -> None:
    (around.project / "bin").mkdir()
    planted = around.project / "bin/bwrap"
    planted.write_text(f"#!/bin/sh\necho more >> {around.target}\n")
    planted.chmod(0o755)
    door.environ["PATH"] = f"{planted.parent}:{door.environ['PATH']}"
    assert through(attempt(door, around, "true"))
    assert around.target.read_text() == "whole\n"


def without_bubblewrap(door: Door, project: Path, *words: str) -> Answer:
    """A call on a machine that has none: everywhere but here it is still installed."""
    hide = "for path in /usr/bin/bwrap /usr/local/bin/bwrap; do test ! -e $path || mount --bind /dev/null $path; done"
    return door.call(project, *words, within=(*UNSHARE, "--mount", "sh", "-c", f'{hide}; exec "$@"', "sh"))


@proves("E4.4")
def test_without_bubblewrap_a_start_is_refused_and_never_weaker(door: Door, around: Around) -> None:
    assert through(attempt(door, around, "true"))
    answer = without_bubblewrap(door, around.project, "run", "out.json", "--json")
    assert answer.exit_code == 8
    refusal = answer.json["errors"][0]
    assert refusal["code"] == "FL-N111"
    assert "apt install bubblewrap" in refusal["hints"][0]
    shown = without_bubblewrap(door, around.project, "sandbox", "--json")
    assert (shown.exit_code, shown.json["level"], shown.json["is_ready"]) == (8, "L2", False)
    (doctor,) = [
        probe
        for probe in without_bubblewrap(door, around.project, "doctor", "--json").json["probes"]
        if probe["area"] == "sandbox"
    ]
    assert (doctor["status"], doctor["text"].partition(":")[0]) == ("warn", "FL-N111")
    # A review performs no program of the project.
    assert without_bubblewrap(door, around.project, "review", "--exit-zero", "--no-history").exit_code == 0


@proves("E4.4")
def test_a_sandbox_that_cannot_be_built_is_named_with_what_to_do(door: Door, around: Around) -> None:
    attempt(door, around, "true")
    # In such a namespace no further one may be made: so it is in many containers.
    script = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    within = ("unshare", "--user", "--map-root-user", "sh", "-c", script, "sh")
    answer = door.call(around.project, "run", "out.json", "--json", within=within)
    assert answer.exit_code == 8, answer
    assert answer.json["errors"][0]["code"] == "FL-N112"
    assert "sysctl" in answer.json["errors"][0]["hints"][0]


@proves("E4.4")
def test_a_sandbox_that_is_gone_when_a_step_begins_is_a_refusal_too(door: Door, around: Around) -> None:
    steps = [{"id": "first", "run": ["sleep", "60"]}]
    (around.project / "out.json").write_text(json.dumps({"fairlead": 1, "name": "out", "steps": steps}))
    started = door.start(around.project, "run", "out.json", "--jsonl")
    started.read_until(lambda out: b'"step.started"' in out)
    started.signal(signal.SIGKILL)
    started.end()
    answer = without_bubblewrap(door, around.project, "resume", "--json")
    assert answer.exit_code == 8, answer
    assert (answer.json["status"], answer.json["steps"][0]["code"]) == ("failed", "FL-N111")


def test_switching_it_off_is_said_everywhere_and_can_be_taken_back(door: Door, around: Around) -> None:
    project = around.project
    off = door.call(project, "sandbox", "off", "--reason", "an old kernel")
    assert off.exit_code == 0
    assert "L0 · not isolated" in off.text
    assert "an old kernel" in " ".join(off.text.split())
    view = attempt(door, around, "true")
    assert view["isolation"] == "L0 · not isolated: out"
    run = view["run"]
    assert "L0 · not isolated: out" in door.call(project, "runs", "show", run).text
    for form in ("md", "html"):
        assert "L0 · not isolated: out" in door.call(project, "findings", "export", "--run", run, "--format", form).text
    assert "L0 · not isolated" in door.call(project, "doctor").text
    # Neither another project nor another person is meant by it.
    other = project.parent / "other"
    git(project, "clone", "-q", ".", str(other))
    assert door.call(other, "sandbox", "--json").json["level"] == "L2"
    stranger = {"HOME": str(project.parent / "stranger")}
    assert door.call(project, "sandbox", "--json", environ=stranger).json["level"] == "L2"
    assert door.call(project, "sandbox", "on", "--json").json["level"] == "L2"
    assert "isolation" not in attempt(door, around, "true")


def test_no_file_of_the_project_switches_it_off(door: Door, around: Around) -> None:
    door.call(around.project, "sandbox", "off")
    home = Path(door.environ["HOME"])
    (setting,) = (home / ".local/share/fairlead/isolation").iterdir()
    assert around.project not in setting.parents
    # The same words for another project, in its checkout and in its record, mean nothing there.
    other = around.project.parent / "other"
    git(around.project, "clone", "-q", ".", str(other))
    for folder in (".fairlead", ".fairlead/isolation", ".git/fairlead", ".git/fairlead/isolation"):
        (other / folder).mkdir(parents=True, exist_ok=True)
        (other / folder / setting.name).write_bytes(setting.read_bytes())
    assert door.call(other, "sandbox", "--json").json["level"] == "L2"
    setting.write_text("{broken")
    shown = door.call(around.project, "sandbox", "--json").json
    assert (shown["level"], len(shown["notes"])) == ("L2", 1)


def _processes() -> int:
    return sum(1 for name in os.listdir("/proc") if name.isdigit())


def _sees(text: str) -> bool:
    """Whether a process has *text* on its command line."""
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and text.encode() in Path(f"/proc/{name}/cmdline").read_bytes():
                return True
        except OSError:
            pass
    return False
