"""Is bubblewrap there, and does it work here? It is looked for where a system keeps programs, never on PATH."""

import os
import platform
import re

from fairlead.core.errors import FairleadError, error
from fairlead.env.sandbox.seccomp import seccomp_program

# PATH may name directories of the checkout: what lies there must not be what shuts it in.
_PLACES = ("/usr/bin", "/usr/local/bin", "/bin", "/run/wrappers/bin", "/run/current-system/sw/bin")
_VERSION_MIN = (0, 8)  # the first with sized memory file systems and --disable-userns
_INSTALL = "Install it: `apt install bubblewrap` (Debian, Ubuntu), `dnf install bubblewrap` (Fedora)."
_WITHOUT = "To go without for this project: `fairlead sandbox off`; every receipt then says so."
_NAMESPACES = (
    "Allow them: `sysctl -w kernel.unprivileged_userns_clone=1` (Debian), `sysctl -w"
    " kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu), `--security-opt seccomp=unconfined` (Docker)."
)


def find_bubblewrap() -> str:
    """The path of the launcher.

    Raises:
        FairleadError: FL-N110 this system has no sandbox; FL-N111 bubblewrap is not installed.
    """
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or not seccomp_program(machine):
        message = f"level L2 is not to be had on {system} {machine}: it needs Linux on x86_64 or aarch64"
        raise error("FL-N110", message, _WITHOUT)
    for folder in _PLACES:
        path = os.path.join(folder, "bwrap")
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    message = "bubblewrap is not installed, and programs of a project run in nothing weaker"
    raise error("FL-N111", message, _INSTALL, _WITHOUT)


def version_problem(answer: str) -> FairleadError | None:
    """Why a bubblewrap that calls itself *answer* ("bubblewrap 0.8.0") cannot be used; None when it can."""
    found = re.search(r"(\d+)\.(\d+)", answer)
    if found and (int(found[1]), int(found[2])) >= _VERSION_MIN:
        return None
    said = answer.strip()[:80] or "bubblewrap does not say which version it is"
    return error("FL-N113", f"{said}: 0.8 or newer is needed", _INSTALL, _WITHOUT)


def broken(said: str) -> FairleadError:
    """The refusal for a launcher that could not build a sandbox; *said* is what it wrote."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reason = (lines or ["it gave no reason"])[-1].removeprefix("bwrap: ")[:300]
    return error("FL-N112", f"bubblewrap cannot build a sandbox here: {reason}", _NAMESPACES, _WITHOUT)
