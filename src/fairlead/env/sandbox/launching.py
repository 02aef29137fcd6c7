"""Starting a program in its sandbox, and setting its limits while bubblewrap still holds it back."""

import json
import os
import platform
import resource
import signal
from collections.abc import Sequence

import msgspec

from fairlead.core.ports import Confinement
from fairlead.env.programs import start_program
from fairlead.env.sandbox.profile import Profile, words
from fairlead.env.sandbox.seccomp import seccomp_program
from fairlead.env.watching import Child

THREADS_MAX = 1_024  # threads of all processes; the kernel enforces it for everybody but root
OPEN_FILES_MAX = 4_096
# The launcher reports the end by a signal as shells do, by 128 and its number. Only these are taken for one.
_SIGNALS = ("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "SEGV", "PIPE", "ALRM", "TERM")
_ENDED_BY = {128 + getattr(signal, f"SIG{name}"): name for name in (*_SIGNALS, "XCPU", "XFSZ", "SYS")}
_STATUS_BYTES_MAX = 65_536


class Confined(msgspec.Struct):
    """A program in its sandbox. `init` is the first process inside, as it is numbered outside; 0 when none came up."""

    child: Child
    init: int
    status: int  # the descriptor on which the launcher tells what became of it


def start_confined(
    launcher: str, argv: Sequence[str], profile: Profile, confinement: Confinement, *, has_stdin: bool
) -> Confined:
    """Start *argv* with nothing of this process but its standard streams.

    Raises:
        CannotStart: the launcher itself could not be started.
    """
    status, status_theirs = os.pipe()
    waits, goes_on = os.pipe()
    held: list[int] = []

    def text_descriptor(text: bytes | str) -> int:
        descriptor = os.memfd_create("fairlead", os.MFD_CLOEXEC)
        held.append(descriptor)
        os.write(descriptor, text if isinstance(text, bytes) else os.fsencode(text))
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    try:
        given = words(profile, text_descriptor)
        given += ("--seccomp", str(text_descriptor(seccomp_program(platform.machine()))))
        given += ("--json-status-fd", str(status_theirs), "--block-fd", str(waits))
        # Through a descriptor: what stands on the command line can be read inside, at /proc/1/cmdline.
        listed = text_descriptor(b"".join(os.fsencode(word) + b"\0" for word in given))
        child = start_program(
            [launcher, "--args", str(listed), "--", *argv],
            "/",
            {},
            has_stdin=has_stdin,
            is_session=True,
            passed=(*held, status_theirs, waits),
        )
    except BaseException:
        os.close(status)
        os.close(goes_on)
        raise
    finally:
        for descriptor in (*held, status_theirs, waits):
            os.close(descriptor)
    init = _first_process(status)
    try:
        if init:
            _limit(init, confinement)
            os.write(goes_on, b"1")
    except OSError:
        pass  # it has ended already, and its status says how
    finally:
        os.close(goes_on)
    return Confined(child, init, status)


def exit_code_of(confined: Confined) -> int | None:
    """How the program ended, negative for a signal; None when it was never begun. Closes the status."""
    said = b""
    while len(said) < _STATUS_BYTES_MAX and (data := os.read(confined.status, 4_096)):
        said += data
    os.close(confined.status)
    for line in said.splitlines():
        code = json.loads(line).get("exit-code")
        if isinstance(code, int):
            return 128 - code if code in _ENDED_BY else code
    return None


def _first_process(status: int) -> int:
    """The first thing that the launcher says, as soon as the process exists."""
    line = b""
    while not line.endswith(b"\n"):
        data = os.read(status, 1)
        if not data:
            return 0
        line += data
    return int(json.loads(line)["child-pid"])


def _limit(init: int, confinement: Confinement) -> None:
    """Set on the first process inside, before it may begin: all others inherit them, and none can raise them.

    Not on the launcher: before it has its own namespace, every process of the person would count for it.
    """
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, THREADS_MAX),
        (resource.RLIMIT_NOFILE, OPEN_FILES_MAX),
        (resource.RLIMIT_FSIZE, confinement.disk_max),
        (resource.RLIMIT_DATA, confinement.memory_max),
    ):
        hard = resource.prlimit(init, kind)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.prlimit(init, kind, (least, least))
