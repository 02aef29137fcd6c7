"""Tools that behave in one particular way, called by the tests of the spawner. Not a package of the tests: it lies on
the import path of the spawner, as an installed agent would.
"""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from fairlead.core.errors import error
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld, Unwritable

Inputs = Mapping[str, Json]


def echo(inputs: Inputs, world: ToolWorld) -> Outcome:
    return Succeeded({"inputs": dict(inputs), "root": world.root}, "done")


def prints(inputs: Inputs, world: ToolWorld) -> Outcome:
    print('o{"type":"failed"}')  # noqa: T201 - that is what is tested
    os.write(1, b"written below Python\n")
    print("to stderr", file=sys.stderr)  # noqa: T201
    world.run(["sh", "-c", "echo from a program"], timeout_s=5)
    return Succeeded({"ok": True})


def raises(inputs: Inputs, world: ToolWorld) -> Outcome:
    hidden = "the value of a variable"
    raise ValueError(f"a text of {len(hidden)} characters")


def writes(inputs: Inputs, world: ToolWorld) -> Outcome:
    try:
        world.write(inputs["path"], b"written")
    except Unwritable as refusal:
        return Succeeded({"refused": str(refusal)})
    return Succeeded({"refused": ""})


def leaves(inputs: Inputs, world: ToolWorld) -> Outcome:
    sys.exit(3)


def ends_hard(inputs: Inputs, world: ToolWorld) -> Outcome:
    os._exit(3)


def refuses(inputs: Inputs, world: ToolWorld) -> Outcome:
    raise error("FL-N022", "git cannot read it", "look")


def crashes(inputs: Inputs, world: ToolWorld) -> Outcome:
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def gives_nothing(inputs: Inputs, world: ToolWorld) -> Outcome:
    return None  # type: ignore[return-value]  # that is the mistake


def gives_no_json(inputs: Inputs, world: ToolWorld) -> Outcome:
    return Succeeded({"path": "\udcff"})


def gives_much(inputs: Inputs, world: ToolWorld) -> Outcome:
    return Succeeded({"text": "x" * inputs["bytes"]})


def takes_memory(inputs: Inputs, world: ToolWorld) -> Outcome:
    kept = [bytearray(5_000_000) for _ in range(1_000)]
    return Succeeded({"kept": len(kept)})


def hangs(inputs: Inputs, world: ToolWorld) -> Outcome:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    world.progress(str(os.getpid()))
    _note(inputs)
    time.sleep(600)
    raise AssertionError


def hangs_over_files(inputs: Inputs, world: ToolWorld) -> Outcome:
    """Waits in the middle of looking at files that were put down for it alone."""
    with world.with_files({"a.py": b"a"}) as beside:
        Path(inputs["root"]).write_text(beside.root)
        _note(inputs)
        time.sleep(600)
    raise AssertionError


def hangs_with_children(inputs: Inputs, world: ToolWorld) -> Outcome:
    """Leaves a daemon of its own session behind, and waits for a program."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            _note(inputs)
            time.sleep(600)
        os._exit(0)
    _note(inputs)
    world.run(["sh", "-c", f"echo $$ >> '{inputs['pids']}'; exec sleep 600"], timeout_s=600)
    raise AssertionError


def leaves_daemon(inputs: Inputs, world: ToolWorld) -> Outcome:
    if os.fork() == 0:
        os.setsid()
        _note(inputs)
        time.sleep(600)
    return Succeeded({})


def surroundings(inputs: Inputs, world: ToolWorld) -> Outcome:
    return Succeeded(
        {
            "environ": dict(os.environ),
            "cwd": os.getcwd(),
            "umask": os.umask(0o077),
            "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd")),
            "path": sys.path,
            "sigint": signal.getsignal(signal.SIGINT) is signal.SIG_DFL,
            "is_leader": os.getsid(0) == os.getpid(),
        }
    )


def tells(inputs: Inputs, world: ToolWorld) -> Outcome:
    world.progress("first")
    for _ in range(1_000):
        world.found()
    world.progress("last \udcff")
    return Succeeded({})


def lists(inputs: Inputs, world: ToolWorld) -> Outcome:
    return Succeeded({"files": [file.path for file in world.files], "is_git": world.is_git})


def _note(inputs: Inputs) -> None:
    if "pids" in inputs:
        with Path(inputs["pids"]).open("a") as file:
            file.write(f"{os.getpid()}\n")


def lists_and_waits(inputs: Inputs, world: ToolWorld) -> Outcome:
    found = [file.path for file in world.files]
    if "gate" in inputs:
        Path(inputs["gate"]).read_bytes()  # until whoever asked lets it go on
    return Succeeded({"files": found})
