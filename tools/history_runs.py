"""Performs the runs that the frozen histories need and that no test performs: large values, trees of rounds, an effect
of which nobody knows whether it happened. `tools/freeze_histories.py` calls it.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fairlead.core.json import Json
from fairlead.testing import Scene, command, run_workflow, scripted

_PATIENCE_S = 30.0
_LARGE = 300_000  # characters: more than an event holds
_WORKFLOWS = {
    "large-values": """\
fairlead: 1
name: large-values
steps:
  - id: gather
    agent: gatherer
  - id: each_of_them
    each: steps.gather.output.items
    as: item
    key: item.name
    max_parallel: 2
    agent: looker
    with: {name: "${ item.name }"}
  - id: judge
    agent: gatherer
    optional: true
    expect:
      - that: output.items.size() == 0
        say: there is something left
      - that: output.items.size() < 3
        level: warn
        say: there is much
  - id: agree
    approve:
      title: Is that all?
      show: ["steps.gather.output.items"]
finally:
  - id: tidy
    agent: looker
    with: {name: tidy}
""",
    "rounds": """\
fairlead: 1
name: rounds
steps:
  - id: first
    agent: writer
    with: {text: "0"}
  - id: tune
    loop:
      max: 3
      metric: steps.change.output.score
      start: "10.0"
      keep: best
      until: steps.change.output.score < 5
      steps:
        - id: change
          agent: writer
          with: {text: "${ round.number }"}
""",
    "facts": """\
fairlead: 1
name: facts
steps:
  - id: only_on_main
    if: git.branch == 'main' && host.os == 'linux'
    agent: looker
    with: {name: "${ git.branch }"}
  - id: never
    if: git.branch == 'other'
    agent: looker
    with: {name: never}
""",
    "unsure": """\
fairlead: 1
name: unsure
steps:
  - id: tell
    effect: http.request
    timeout: 1m
    with: {url: "http://127.0.0.1:PORT/", method: POST, body: {order: 1}, allow_private: true, timeout_s: 2}
  - id: after_it
    run: "true"
""",
    "in-process": """\
fairlead: 1
name: in-process
steps:
  - id: first
    agent: looker
    with: {name: first}
""",
    "paused": """\
fairlead: 1
name: paused
steps:
  - id: below
    workflow: child
""",
    "paused-at-the-end": """\
fairlead: 1
name: paused-at-the-end
steps:
  - id: first
    agent: pauser
""",
}

_CHILD = """\
fairlead: 1
name: child
steps:
  - id: first
    agent: pauser
  - id: second
    agent: looker
    with: {name: second}
"""


def perform(folder: Path) -> None:
    """Perform them all in projects under *folder*; their journals stay there."""
    here = os.getcwd()
    os.environ["HOME"] = str(folder / "home")
    os.environ.pop("FAIRLEAD_STATE_DIR", None)
    os.environ.pop("XDG_CONFIG_HOME", None)
    for name, text in _WORKFLOWS.items():
        project = folder / name
        (project / ".fairlead/workflows").mkdir(parents=True)
        (project / "src").mkdir()
        (project / "src/a.txt").write_text("a")
        with _silent_server() as (port, heard):
            (project / f".fairlead/workflows/{name}.yaml").write_text(text.replace("PORT", str(port)))
            (project / ".fairlead/workflows/child.yaml").write_text(_CHILD)
            _git(project, "init", "-q", "-b", "main")
            _git(project, "add", ".")
            _git(project, "commit", "-q", "-m", "Begin")
            os.chdir(project)
            if name == "unsure":
                command(["approvals", "allow", "http.request", "--reason", "a server of our own"])
                for answer in ("reject", "approve"):
                    _killed_while_it_asks(project, heard)
                    print(name, "resume", command(["resume", "last"]), answer, command([answer, "last"]))
            else:
                os.environ["FAIRLEAD_DURABILITY"] = "process" if name == "in-process" else ""
                _one(project, name)
    # One of them travels into the record of another project.
    command(["-C", str(folder / "unsure"), "runs", "export", "last", "-o", str(folder / "run.jsonl")])
    target = folder / "taken-over"
    target.mkdir()
    _git(target, "init", "-q", "-b", "main")
    command(["-C", str(target), "runs", "import", str(folder / "run.jsonl")])
    os.chdir(here)


def _killed_while_it_asks(project: Path, heard: threading.Event) -> None:
    """Kill the whole process as soon as the server has its request: nobody knows what came of it."""
    heard.clear()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "fairlead", "run", "unsure"],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert heard.wait(_PATIENCE_S)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _one(project: Path, name: str) -> None:
    items: list[Json] = [{"name": f"i{number}", "text": "x" * (_LARGE // 3)} for number in range(3)]
    scores = iter((7.0, 8.0, 4.0, 3.0, 2.0))

    def write(scene: Scene) -> Mapping[str, Json]:
        scene.write("src/a.txt", str(scene.inputs["text"]))
        return {"score": next(scores)}

    def pause(scene: Scene) -> Mapping[str, Json]:
        command(["pause", "last"])  # the newest run that nobody has begun below another
        return {}

    agents = [
        scripted("gatherer", {"items": items}),
        scripted("looker", {}),
        scripted("writer", write, writes=["src/**"]),
        scripted("pauser", pause),
    ]
    view = run_workflow(project, name, agents=agents)
    print(name, view.status, view.reasons, [(step.step, step.status, step.code, step.message) for step in view.steps])
    if view.status == "waiting":
        answer = ["approve" if name == "large-values" else "resume", "last"]
        print(name, "then", command(answer, agents=agents))


@contextmanager
def _silent_server() -> Iterator[tuple[int, threading.Event]]:
    """A server that hears what it is asked and never answers; gives its port, and what says that it has heard."""
    heard = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(server.accept()[0])
                    if held[-1].recv(65_536):
                        heard.set()
            except OSError:
                return  # closed

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], heard
        for one in held:
            one.close()


def _git(folder: Path, *argv: str) -> None:
    names = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *names, *argv], cwd=folder, check=True, capture_output=True)
