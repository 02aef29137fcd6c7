"""What a result file says of the machine that it was measured on."""

import os
import platform
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def described() -> str:
    """One line: cores, kernel, Python, commit; no name and no path of the machine."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True
    ).stdout.strip()
    release = platform.release().split("-")[0]
    return f"{os.cpu_count()} cores, {platform.system()} {release}, Python {platform.python_version()}, at {commit}"
