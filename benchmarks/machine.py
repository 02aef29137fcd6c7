"""What a result file says of the machine that it was measured on."""

import os
import platform
import subprocess


def described() -> str:
    """One line: cores, kernel, Python, commit; no name and no path of the machine."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}, at {commit}"
