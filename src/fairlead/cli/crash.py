"""A bug of ours: a code, a bundle without any value in it, no stack trace unless `-vv` asks for one."""

import os.path
import platform
import traceback

from fairlead import __version__
from fairlead.cli.command import Invocation
from fairlead.service.endings import INTERNAL
from fairlead.service.records import FairleadError, error


def give_crash(call: Invocation, bug: BaseException) -> int:
    """Say that this is our bug, keep what helps to mend it, and answer 10."""
    from fairlead.cli.errors_screen import give_errors

    hints = ["the record is safe: `fairlead runs list` shows where the run stands"]
    kept = _keep(call, bug)
    if kept:
        hints.insert(
            0, f"kept for a report: {kept} (names of our functions and line numbers; no values, no text of yours)"
        )
    if call.terminal.verbosity < 2:
        hints.append("-vv shows the stack trace here")
    else:
        call.terminal.complain(line.rstrip("\n") for line in traceback.format_exception(bug))
    message = f"internal error (this is a bug in fairlead): {type(bug).__name__}"
    return give_errors(call.terminal, error("FL-X001", message, *hints, exit_code=INTERNAL))


def _keep(call: Invocation, bug: BaseException) -> str:
    """Write the bundle; gives its path, or "" when there is no place for it."""
    try:
        stamp = call.parts.clock.now()
        path = os.path.join(call.project.state_dir, "crashes", f"{stamp}.txt")
        call.parts.files.write(path, _bundle(bug).encode())
    except (FairleadError, OSError):
        return ""
    return path


def _bundle(bug: BaseException) -> str:
    """Types, functions, lines, versions. Messages and values may hold text of the user, so they are left out."""
    lines = [f"fairlead {__version__} · Python {platform.python_version()} · {platform.system()} {platform.machine()}"]
    at: BaseException | None = bug
    while at is not None:
        lines.append(type(at).__name__)
        for frame in traceback.extract_tb(at.__traceback__):
            package = frame.filename.rpartition("/fairlead/")[2] if "/fairlead/" in frame.filename else "(elsewhere)"
            lines.append(f"  {package}:{frame.lineno} {frame.name}")
        at = at.__cause__ or at.__context__
    return "\n".join(lines) + "\n"
