"""The child in which a tool's Python function runs: limits, a clean environment, and one outcome as its last message.

Messages are lines of JSON on a pipe of their own: `p` progress, `o` the outcome. What the tool prints goes to the log.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import traceback
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from fairlead.core.errors import FairleadError
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.tools import ToolCode, ToolFunction, ToolMaker
from fairlead.env.processes import die_with_parent
from fairlead.env.surroundings import clean_environment
from fairlead.env.tool_world import LocalToolWorld

OUTCOME_BYTES_MAX = 64_000_000
OPEN_FILES_MAX = 1024
_MESSAGES = 3  # the descriptor under which the messages leave


def become_tool(request: Json, messages: int, words: int) -> NoReturn:
    """Turn this fork into the tool that *request* names, and end."""
    exit_code = 1
    try:
        _settle(messages, words)
        _limit(request["memory_max"])
        out = open(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
        with out, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            outcome = _perform(request)
        try:
            data = _encoded(outcome)
        except MemoryError:
            data = msgspec.json.encode(_memory_reached(request["memory_max"]))
        _send(b"o", data)
        exit_code = 0
    except BaseException:
        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
    finally:
        os._exit(exit_code)  # no exit functions: they belong to the process that we were forked from


def _settle(messages: int, words: int) -> None:
    os.setsid()
    die_with_parent()
    nothing = os.open(os.devnull, os.O_RDWR)
    # High copies first: one of the pipes may itself lie on a descriptor that is about to be replaced.
    high = [os.dup2(old, 64 + nth) for nth, old in enumerate((nothing, words, words, messages))]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, number, inheritable=number < _MESSAGES)
    os.closerange(_MESSAGES + 1, os.sysconf("SC_OPEN_MAX"))
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    environment = clean_environment()
    os.environ.clear()
    os.environ.update(environment)
    os.umask(0o077)
    os.chdir("/")
    gc.unfreeze()


def _limit(memory_max: int) -> None:
    """Limits, not isolation: they catch mistakes."""
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES_MAX),
        # Data, not address space: programs reserve far more addresses than they ever fill.
        (resource.RLIMIT_DATA, _data_bytes() + memory_max),
    ):
        hard = resource.getrlimit(kind)[1]
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _data_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[5]) * resource.getpagesize()
    except OSError:
        return 0


def _perform(request: Json) -> Outcome:
    try:
        module, _, name = request["entry"].partition(":")
        function: ToolFunction = getattr(importlib.import_module(module), name)
        if request["code"] is not None:
            maker: ToolMaker = getattr(importlib.import_module(module), name)
            function = maker(msgspec.convert(request["code"], ToolCode))
        inputs = request["inputs"]
        world = LocalToolWorld(
            request["root"],
            paths=_paths(inputs.get("paths")),
            leave_out=request["leave_out"],
            writes=request["writes"],
            is_whole=bool(inputs.get("all")),
            data_dir=request["data_dir"],
            confined=request["confined"],
            listing=request["listing"],
            tell=_progress,
        )
        outcome: object = function(inputs, world)  # a promise of the agent, checked below
        world.flush()
    except FairleadError as error:
        first = error.diagnostics[0]
        return Failed("platform", first.code, first.message, first.hints[0] if first.hints else "")
    except MemoryError:
        return _memory_reached(request["memory_max"])
    except BaseException as error:  # SystemExit too: ending is not the tool's to decide
        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
        return _raised(error)
    if not isinstance(outcome, Succeeded | Failed):
        return Failed("agent", "FL-R234", f"the agent gave {type(outcome).__name__} instead of an outcome", _REPORT)
    return outcome


def _paths(value: Json) -> Sequence[str]:
    """The paths that limit the listing. An agent of a project may mean something else by this input."""
    return value if isinstance(value, list) and all(isinstance(path, str) for path in value) else ()


def _raised(error: BaseException) -> Failed:
    """The outcome of a tool that raised *error*: its kind and text, never the values of its variables."""
    text = " ".join(str(error).split())
    text = text if len(text) <= 300 else text[:300] + "…"
    text = text.encode("utf-8", "backslashreplace").decode()
    return Failed("agent", "FL-R230", f"the agent raised {type(error).__name__}: {text}".rstrip(": "), _REPORT)


def _memory_reached(memory_max: int) -> Failed:
    """The outcome of a tool that asked for more memory than it was granted."""
    megabytes = memory_max // 1_000_000
    return Failed(
        "agent",
        "FL-R233",
        f"the agent reached its memory limit of {megabytes} MB",
        "Review fewer files at once, or raise the agent's `memory_max`.",
    )


def _encoded(outcome: Outcome) -> bytes:
    try:
        data = msgspec.json.encode(outcome)
    except (TypeError, ValueError, RecursionError) as error:
        reason = str(error).encode("utf-8", "backslashreplace").decode()[:300]
        message = f"the agent's outcome is not JSON: {reason}"
        return msgspec.json.encode(Failed("agent", "FL-R234", message, _REPORT))
    if len(data) > OUTCOME_BYTES_MAX:
        message = f"the agent's outcome has {len(data):,} bytes; at most {OUTCOME_BYTES_MAX:,} are taken"
        return msgspec.json.encode(Failed("agent", "FL-R234", message, "Review fewer files at once."))
    return data


def _progress(text: str, found: int) -> None:
    with contextlib.suppress(OSError):
        _send(b"p", json.dumps([text, found]).encode())


def _send(kind: bytes, data: bytes) -> None:
    view = memoryview(kind + data + b"\n")
    while view:
        view = view[os.write(_MESSAGES, view) :]


_REPORT = "Its log has the traceback: `fairlead logs`."
