"""Asking git about a repository without letting the repository answer with a program of its own.

Hooks, monitors, pagers, external diffs, text converters, filters and lazy fetching are off; the index is not refreshed.
"""

import os
import signal
from collections.abc import Mapping, Sequence

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.tools import ProcessResult
from fairlead.env.processes import send, send_group
from fairlead.env.programs import CannotStart, start_program
from fairlead.env.surroundings import clean_environment
from fairlead.env.watching import Bounds, Stream, watch

_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.quotePath=false",
    "credential.helper=",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "color.ui=never",
    "log.showSignature=false",  # it would start the program that `gpg.program` names
)
GIT_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}
# Commands that look at content through drivers, and the options that keep drivers from being programs.
_NO_DRIVERS = {
    **dict.fromkeys(
        ("diff", "log", "show", "diff-tree", "diff-index", "diff-files"), ("--no-ext-diff", "--no-textconv")
    ),
    **dict.fromkeys(("blame", "grep"), ("--no-textconv",)),
}
_READING = frozenset(_NO_DRIVERS) | {
    *("cat-file", "check-attr", "check-ignore", "count-objects", "describe", "for-each-ref", "ls-files", "ls-tree"),
    *("merge-base", "name-rev", "rev-list", "rev-parse", "shortlog", "show-ref", "status", "version"),
}


def git_argv(args: Sequence[str], filters: Sequence[str] = ()) -> list[str]:
    """The whole command line for a reading command; *filters* are names of filters that the configuration defines."""
    argv = ["git", "--no-pager", "--no-optional-locks"]
    for setting in _SETTINGS:
        argv += ("-c", setting)
    for name in filters:
        for setting in ("clean=", "smudge=", "process=", "required=false"):
            argv += ("-c", f"filter.{name}.{setting}")
    return [*argv, *args[:1], *_NO_DRIVERS.get(args[0], ()), *args[1:]]


def is_reading(args: Sequence[str]) -> bool:
    """Whether this command only reads: one of a closed list, without the option that writes its output to a file."""
    return bool(args) and args[0] in _READING and not any(arg.startswith("--output") for arg in args)


def run_git(
    cwd: str,
    *args: str,
    filters: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout_s: float = 60.0,
    stdout_max: int = 400_000_000,
) -> ProcessResult:
    """Perform a git command in *cwd* and wait for it. Exit code 127: there is no git."""
    environment = clean_environment({**GIT_ENVIRONMENT, **(env or {})})
    return run_here(git_argv(args, filters), cwd, environment, Bounds(timeout_s, stdout_max), stdin)


def run_here(
    argv: Sequence[str], cwd: str, env: Mapping[str, str], bounds: Bounds, stdin: bytes = b""
) -> ProcessResult:
    """Perform a program below this very process, in its own process group, and wait for it."""
    try:
        child = start_program(argv, cwd, env, has_stdin=bool(stdin))
    except CannotStart as error:
        return ProcessResult(127, b"", str(error).encode("utf-8", "backslashreplace"), 0.0)
    written: dict[Stream, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}

    def take(stream: Stream, data: bytes) -> None:
        written[stream] += data

    def signal_child(number: int) -> None:
        send_group(child.pid, number)
        if number != signal.SIGKILL:
            send(child.pid, number)

    watched = watch(child, bounds, take, signal_child, stdin=stdin)
    return ProcessResult(
        watched.exit_code,
        bytes(written["stdout"]),
        bytes(written["stderr"]),
        watched.seconds,
        watched.is_timed_out,
        watched.is_cut,
    )


def filters_of(cwd: str) -> tuple[str, ...]:
    """The names of all filters that git's configuration defines; each could start a program."""
    answer = run_git(cwd, "config", "-z", "--name-only", "--get-regexp", r"^filter\.")
    keys = (os.fsdecode(key) for key in answer.stdout.split(b"\0") if key)
    return tuple(sorted({key.removeprefix("filter.").rpartition(".")[0] for key in keys}))


def git_error(root: str, answer: ProcessResult) -> FairleadError:
    """The diagnostic for a git that could not answer."""
    said = answer.stderr.decode("utf-8", "replace")
    place = path_text(root)
    if answer.exit_code == 127 and "no such program" in said:
        return error("FL-N020", "git is not installed, and this is a git repository", "Install git: `apt install git`.")
    if "dubious ownership" in said:
        return error(
            "FL-N021",
            f"git refuses to work in {place}, for the directory belongs to another user",
            f"git config --global --add safe.directory {place}",
        )
    reason = "it took too long" if answer.is_timed_out else (said.strip().splitlines() or ["no reason given"])[-1]
    return error("FL-N022", f"git cannot read the repository at {place}: {reason[:300]}", "Run `git status` there.")
