"""Starting a worker that outlives the command which asked for it."""

import os
import subprocess
from collections.abc import Sequence


def start_worker(argv: Sequence[str], directory: str, log: str) -> int:
    """Start *argv* in a session of its own, away from this terminal; gives its process id.

    What it writes goes to the end of the file *log*: a worker has nobody else to tell.
    """
    os.makedirs(os.path.dirname(log), exist_ok=True)
    with open(log, "ab") as sink:
        process = subprocess.Popen(
            argv,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    # Nobody waits for it here, on purpose: it belongs to the machine's first process once we are gone.
    process.returncode = 0
    return process.pid
