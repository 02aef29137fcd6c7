"""The door's frame: parse, call one command, turn what was raised into a screen and an exit code."""

import errno
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fairlead.cli.words import Misused, Parsed, help_of, parse

if TYPE_CHECKING:
    from fairlead.cli.command import Invocation
    from fairlead.service.parts import Parts
    from fairlead.service.records import FairleadError

_EXIT_USAGE = 2
_EXIT_NOT_READY = 8
_EXIT_INTERNAL = 10
_EXIT_INTERRUPTED = 130
_OUTPUT_ERRORS = frozenset({errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EDQUOT})


def main(argv: Sequence[str], parts: "Parts") -> int:
    """Do what the words behind `fairlead` say; gives the exit code of the process."""
    if argv[:1] == ["__complete"]:
        from fairlead.cli.completion import complete

        return complete(argv[1:], parts)
    try:
        code = _main(argv, parts)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _abandon_stdout()  # whoever read our answer has seen enough
        return 0
    except OSError as refusal:
        # The answer could not be written: a full disk behind a redirection, for example.
        _abandon_stdout()
        print(f"error[FL-S014]: the answer cannot be written: {refusal.strerror}", file=sys.stderr)
        return _EXIT_NOT_READY
    except Exception as bug:
        # Whatever breaks outside of a command: no place for a bundle is known here.
        print(f"error[FL-X001]: internal error (this is a bug in fairlead): {type(bug).__name__}", file=sys.stderr)
        if "-vv" in argv:
            raise
        return _EXIT_INTERNAL


def say_unclosed(refusal: "FairleadError") -> int:
    """Tell that the disk failed after the answer was given; the exit code says so too."""
    for one in refusal.diagnostics:
        print(f"error[{one.code}]: {one.message}", file=sys.stderr)
        for hint in one.hints:
            print(f"   = {hint}", file=sys.stderr)
    return refusal.exit_code


def _abandon_stdout() -> None:
    """Close it, so that the interpreter does not try once more at its end and complain."""
    try:
        sys.stdout.close()
    except OSError:
        pass  # closing flushes once more


def _main(argv: Sequence[str], parts: "Parts") -> int:
    try:
        parsed = parse(argv)
    except Misused as misuse:
        return _misused(misuse, argv, parts)
    if parsed.wants_help:
        print(_help(parsed), end="")
        return 0
    from fairlead.cli.command import Invocation

    invocation = Invocation.of(parsed, parts)
    if parsed.wants_fields:
        from fairlead.cli.fields import field_lines

        invocation.terminal.answer(field_lines(parsed.command.name))
        return 0
    return _perform(parsed, invocation)


def _help(parsed: Parsed) -> str:
    if parsed.command.name == "home":
        from fairlead.cli.table import full_help

        return "\n".join(full_help()) + "\n"
    return help_of(parsed.command)


def _misused(misuse: Misused, argv: Sequence[str], parts: "Parts") -> int:
    from fairlead.cli.errors_screen import give_errors
    from fairlead.cli.terminal import Form, Terminal
    from fairlead.service.records import error

    form: Form = "json" if "--json" in argv else "jsonl" if "--jsonl" in argv else "text"
    terminal = Terminal(parts.environ, is_ascii="--ascii" in argv, form=form)
    return give_errors(terminal, error("FL-S001", misuse.message, *misuse.hints, exit_code=_EXIT_USAGE))


def _perform(parsed: Parsed, invocation: "Invocation") -> int:
    from fairlead.service.records import FairleadError

    try:
        return _dispatch(parsed.command.name, invocation)
    except FairleadError as problem:
        from fairlead.cli.errors_screen import give_errors

        return give_errors(invocation.terminal, problem)
    except KeyboardInterrupt:
        invocation.terminal.complain([""])
        return _EXIT_INTERRUPTED
    except Exception as bug:
        if isinstance(bug, OSError) and bug.errno in _OUTPUT_ERRORS and bug.filename is None:
            raise  # a stream of ours broke, not the program
        from fairlead.cli.crash import give_crash

        return give_crash(invocation, bug)


def _dispatch(name: str, call: "Invocation") -> int:
    """One import per command: nobody pays for another one's screen."""
    match name.split()[0]:
        case "backup" | "restore" | "journal" if name != "journal verify":
            from fairlead.cli import backups

            return backups.COMMANDS[name](call)
        case "home" | "doctor" | "init" | "version" | "journal" | "check":
            from fairlead.cli import surroundings

            return surroundings.COMMANDS[name](call)
        case "review" | "run" | "resume" | "rerun" | "fork" | "worker":
            from fairlead.cli import starting

            return starting.COMMANDS[name](call)
        case "certify":
            from fairlead.cli import certifying

            return certifying.COMMANDS[name](call)
        case "plan":
            from fairlead.cli import plans

            return plans.COMMANDS[name](call)
        case "runs" if name.split()[1] in ("diff", "report", "export", "import"):
            from fairlead.cli import several_runs

            return several_runs.COMMANDS[name](call)
        case "runs" | "pause" | "cancel" | "logs":
            from fairlead.cli import runs

            return runs.COMMANDS[name](call)
        case "findings":
            from fairlead.cli import findings

            return findings.COMMANDS[name](call)
        case "approvals" | "approve" | "reject" | "request-changes" | "signal":
            from fairlead.cli import approvals

            return approvals.COMMANDS[name](call)
        case "trace":
            from fairlead.cli import trace

            return trace.COMMANDS[name](call)
        case "sandbox":
            from fairlead.cli import isolation

            return isolation.COMMANDS[name](call)
        case "prove":
            from fairlead.cli import proving

            return proving.COMMANDS[name](call)
        case "data":
            from fairlead.cli import data

            return data.COMMANDS[name](call)
        case "agents":
            from fairlead.cli import agents

            return agents.COMMANDS[name](call)
        case "workflows":
            from fairlead.cli import workflows

            return workflows.COMMANDS[name](call)
        case "schema":
            from fairlead.cli import schemas

            return schemas.COMMANDS[name](call)
        case "explain":
            from fairlead.cli import lookups

            return lookups.COMMANDS[name](call)
        case "completion":
            from fairlead.cli.completion import give_script

            return give_script(call)
    raise AssertionError(f"{name} stands in the table and nowhere else")
