"""Which files are reviewed: `paths`, `pattern`, `is_changed_only` and `ref` against the files of the tree."""

import posixpath
import re
from collections.abc import Mapping, Sequence

import msgspec

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
    """What *inputs* ask for; a ref that git does not know and a pattern that means nothing are refused."""
    degraded: list[str] = []
    files: list[TreeFile] = list(world.files)
    ref = str(inputs.get("ref") or "")
    if ref:
        changed = _changed_since(ref, world)
        if isinstance(changed, Failed):
            return changed
        files = [msgspec.structs.replace(file, is_changed=file.path in changed) for file in files]
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
    if inputs.get("is_changed_only"):
        if not world.is_git:
            degraded.append("Nothing says which files changed, because this is no git repository; all are reviewed.")
        else:
            files = [file for file in files if file.is_changed]
    return Chosen(files, degraded)


def _changed_since(ref: str, world: ToolWorld) -> set[str] | Failed:
    """The files that differ between the commit *ref* and the tree, and those that git does not know."""
    hint = "name a commit, a tag or a branch of this repository"
    if not world.is_git:
        return Failed("author", "FL-A122", f"there is no git repository, so nothing changed since {ref}", hint)
    known = world.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if known.exit_code != 0:
        return Failed("author", "FL-A122", f"git knows no commit {ref}", hint)
    commit = known.stdout.decode("ascii", "replace").strip()
    # From the place where both parted: what the other branch did since is not this side's change.
    base = world.git("merge-base", commit, "HEAD")
    start = base.stdout.decode("ascii", "replace").strip() if base.exit_code == 0 else commit
    differs = world.git("diff", "--name-only", "--no-renames", "--relative", "-z", start, "--")
    unknown = world.git("ls-files", "--others", "--exclude-standard", "-z")
    if differs.exit_code != 0 or unknown.exit_code != 0 or differs.is_cut or unknown.is_cut:
        said = (differs.stderr or unknown.stderr).decode("utf-8", "replace").strip()[:200] or "its answer is too long"
        return Failed("platform", "FL-A123", f"git could not say what changed since {ref}: {said}", hint)
    names = (differs.stdout + unknown.stdout).split(b"\0")
    return {name.decode("utf-8", "surrogateescape") for name in names if name}


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
