"""Python scripts whose names do not say that they are Python: their first line does."""

import re
from collections.abc import Iterable

from fairlead.core.tools import ToolWorld, TreeFile, Unreadable

SCRIPT_BYTES_MAX = 200_000  # a file without a suffix is looked into up to this size
SCRIPTS_MAX = 2_000  # … and so many of them; the others are not known to be source
_PYTHON = re.compile(rb"#![^\n]*\bpython[\d.]*\s")


def python_scripts(files: Iterable[TreeFile], world: ToolWorld) -> set[str]:
    """The paths of those of *files* that have no suffix and are started with Python."""
    nameless = [file for file in files if "." not in file.path.rpartition("/")[2] and file.size <= SCRIPT_BYTES_MAX]
    return {file.path for file in nameless[:SCRIPTS_MAX] if _is_script(world, file.path)}


def _is_script(world: ToolWorld, path: str) -> bool:
    try:
        return _PYTHON.match(world.read(path, SCRIPT_BYTES_MAX)) is not None
    except Unreadable:
        return False  # nothing says that it is source
