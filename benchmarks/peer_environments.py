"""Makes the virtual environments of the other engines, `.peers/NAME`, from `peers.txt`.

A second call is instant: each environment remembers the lines that it was made from. What does not install is named
with the reason, and the reason is kept, so that the table of figures can say it too.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PINS = HERE / "peers.txt"
PLACE = HERE.parent / ".peers"


def pins(text: str) -> dict[str, list[str]]:
    """Environment → its requirements, in the order of the file."""
    found: dict[str, list[str]] = {}
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current.append(line)
    return found


def version_of(environment: str) -> str:
    """The version of the engine that an environment is for: its first line says it."""
    return pins(PINS.read_text())[environment][0].partition("==")[2]


def python_of(environment: str) -> Path:
    """The interpreter of an environment."""
    return PLACE / environment / "bin" / "python"


def why_missing(environment: str) -> str:
    """Why an environment cannot be used; empty when it can."""
    if (PLACE / environment / ".made").exists():
        return ""
    reason = PLACE / f"{environment}.reason"
    return reason.read_text() if reason.exists() else "not installed: `make bench-peers` has not been called"


def make(environment: str, requirements: list[str]) -> str:
    """Make one environment, unless it is there; gives the reason when it cannot be made."""
    directory, reason = PLACE / environment, PLACE / f"{environment}.reason"
    made, asked = directory / ".made", "\n".join(requirements)
    if made.exists() and made.read_text() == asked:
        return ""
    shutil.rmtree(directory, ignore_errors=True)
    reason.unlink(missing_ok=True)
    PLACE.mkdir(exist_ok=True)
    install = [
        str(python_of(environment)),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-input",
    ]
    for argv in ([sys.executable, "-m", "venv", str(directory)], [*install, *requirements]):
        found = subprocess.run(argv, capture_output=True, text=True, timeout=900)
        if found.returncode:
            reason.write_text(f"not installed: {last_line(found.stderr + found.stdout) or found.returncode}")
            return reason.read_text()
    made.write_text(asked)
    return ""


def last_line(text: str) -> str:
    """What pip said last, without the addresses of this place: the reason may be quoted in a result file."""
    lines = [line for line in text.splitlines() if line.strip()]
    return re.sub(r"\w+://\S+|host='[^']*'|/\S*/\S*", "…", lines[-1]) if lines else ""


def main() -> int:
    """Make them all; one that fails is named and hinders none of the others."""
    for environment, requirements in pins(PINS.read_text()).items():
        reason = make(environment, requirements)
        print(f"{environment} {version_of(environment)}: {reason or 'ready'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
