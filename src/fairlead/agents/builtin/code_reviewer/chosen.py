"""Which files are reviewed: `paths`, `pattern`, `scope` and `base` against the files of the tree."""

import posixpath
import re
from collections.abc import Mapping, Sequence

import msgspec

from fairlead.agents.builtin.changes import changed_since
from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed
from fairlead.core.tools import ToolWorld, TreeFile

PATTERN_LENGTH_MAX = 500


class Chosen(msgspec.Struct):
    """The files to review, changed ones first and then by path, and what is less than was asked for."""

    files: list[TreeFile]
    degraded: list[str]


def choose(inputs: Mapping[str, Json], world: ToolWorld) -> Chosen | Failed:
    """What *inputs* ask for; a base that git does not know and a pattern that means nothing are refused."""
    degraded: list[str] = []
    files: list[TreeFile] = list(world.files)
    base = str(inputs.get("base") or "")
    if base:
        changes = changed_since(base, world)
        if isinstance(changes, Failed):
            return changes
        files = [msgspec.structs.replace(file, is_changed=file.path in changes.paths) for file in files]
        files.sort(key=lambda file: (not file.is_changed, file.path.encode("utf-8", "surrogateescape")))
    paths = [str(path) for path in inputs.get("paths") or []]
    if paths:
        files = _at(files, paths)
        if not files:
            degraded.append("No file of the tree lies under the paths that were given.")
    pattern = str(inputs.get("pattern") or "")
    if pattern and files:
        wanted = _compiled(pattern)
        if isinstance(wanted, Failed):
            return wanted
        files = [file for file in files if wanted.fullmatch(path_text(file.path))]
        if not files:
            degraded.append(f"No file of the tree fits the pattern {pattern}.")
    if inputs.get("scope") == "changes":
        if not world.is_git:
            degraded.append("Nothing says which files changed, because this is no git repository; all are reviewed.")
        else:
            files = [file for file in files if file.is_changed]
    return Chosen(files, degraded)


def _at(files: Sequence[TreeFile], paths: Sequence[str]) -> list[TreeFile]:
    """The files at *paths*, which may be written as `path_text` writes a name that is not UTF-8."""
    wanted = [posixpath.normpath(path) for path in paths if path]
    if "." in wanted:
        return list(files)
    prefixes = tuple(path + "/" for path in wanted)
    exact = set(wanted)
    return [
        file
        for file in files
        if any(name in exact or name.startswith(prefixes) for name in {file.path, path_text(file.path)})
    ]


def _compiled(pattern: str) -> "re.Pattern[str] | Failed":
    """A pattern of paths as a regular expression: `*` stays inside a name, `**` crosses folders, `?` is one character.

    A pattern without `/` is matched against the file's name alone, wherever it lies.
    """
    if pattern.startswith("/") or ".." in pattern.split("/") or len(pattern) > PATTERN_LENGTH_MAX:
        said = f"the pattern {pattern[:80]} can fit no file: paths are relative to the root of the tree"
        return Failed("author", "FL-A121", said, "write it as `src/**/*.py` or `*.py`")
    if "/" not in pattern:
        pattern = "**/" + pattern
    parts: list[str] = []
    for token in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        parts.append({"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(token, re.escape(token)))
    return re.compile("".join(parts))
