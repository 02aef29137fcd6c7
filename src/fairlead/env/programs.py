"""Starting a program as argv, without a shell, with pipes for what it reads and writes."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from fairlead.env.watching import Child


class CannotStart(Exception):
    """The program is missing, or may not be run, or its directory is gone; the text says which."""


def start_program(
    argv: Sequence[str],
    cwd: str,
    env: Mapping[str, str],
    *,
    has_stdin: bool,
    is_session: bool = False,
    passed: Sequence[int] = (),
) -> Child:
    """Start a program in its own process group (*is_session*: in its own session); *env* is its whole environment.

    It inherits its standard streams and the descriptors *passed*.

    Raises:
        CannotStart: nothing was started.
    """
    stdout, stdout_theirs = os.pipe()
    stderr, stderr_theirs = os.pipe()
    stdin_theirs, stdin = os.pipe() if has_stdin else (-1, -1)
    try:
        process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=stdin_theirs if has_stdin else subprocess.DEVNULL,
            stdout=stdout_theirs,
            stderr=stderr_theirs,
            start_new_session=is_session,
            process_group=None if is_session else 0,
            pass_fds=passed,
            umask=0o077,
        )
    except (OSError, ValueError) as error:
        for descriptor in (stdout, stderr, stdin):
            if descriptor >= 0:
                os.close(descriptor)
        raise CannotStart(_reason(argv, cwd, error)) from None
    finally:
        for descriptor in (stdout_theirs, stderr_theirs, stdin_theirs):
            if descriptor >= 0:
                os.close(descriptor)
    process.returncode = 0  # `watch` collects the real one; this keeps Popen from waiting for the process too
    return Child(process.pid, stdout, stderr, stdin)


def _reason(argv: Sequence[str], cwd: str, error: OSError | ValueError) -> str:
    name = argv[0] if argv else "an empty command"
    if isinstance(error, FileNotFoundError):
        return f"cannot start {name}: there is no such " + ("program" if os.path.isdir(cwd) else f"directory: {cwd}")
    return f"cannot start {name}: {error.strerror if isinstance(error, OSError) else error}"
