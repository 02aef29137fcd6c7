"""The files of a tree: what git does not ignore, or all that lies there without git; changed ones first.

Links are left out (their targets are listed where they lie), and so are submodules and nested repositories, which are
named instead. More than `FILES_MAX` files are sampled by one rule (`relevance`), and the rest is counted.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.tools import ProcessResult, TreeFile
from fairlead.env.git import filters_of, git_error, run_git
from fairlead.env.paths import resolve_paths, upwards
from fairlead.env.relevance import rank

FILES_MAX = 20_000
SAMPLE_MAX = 2_000  # of a larger tree, beside the changed files
WALKED_MAX = 1_000_000  # a walk without git stops here: something is mounted there that is no project

SKIPPED_FOLDERS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "node_modules",
        ".venv",
        "venv",
        "__pycache__",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".ruff_cache",
    }
    | {".pytest_cache"}
)
_GITLINK = "160000"
_LINK = "120000"
_NOT_CHECKED_OUT = b"S"  # the tag that `git ls-files -t` gives a file whose bit "skip-worktree" is set


class Listing(msgspec.Struct, frozen=True):
    """What there is to look at."""

    files: tuple[TreeFile, ...]
    left_out: int  # files that exist and are not listed because there are too many
    is_git: bool
    submodules: tuple[str, ...] = ()  # paths of submodules and nested repositories: named, not entered


class _Names(msgspec.Struct):
    tracked: set[str]  # without git: everything that was found
    changed: set[str]  # tracked and different from HEAD, or unknown to git
    submodules: list[str]
    is_git: bool


def list_tree(
    root: str, *, paths: Sequence[str] = (), leave_out: Sequence[str] = (), is_whole: bool = False
) -> Listing:
    """List the tree at *root*, or what lies at *paths* in it. *leave_out* are absolute paths that are never shown.

    With *is_whole*, a tree of more than `FILES_MAX` files is not sampled.

    Raises:
        FairleadError: FL-S008 the tree or a path does not exist, or a path leads out of the tree; FL-N020, FL-N021,
            FL-N022 git cannot be asked.
    """
    if not os.path.isdir(root):
        # Moved or deleted since the run was started: an empty list would be a clean review of nothing.
        raise error("FL-S008", f"there is no directory {path_text(root)} any more", "Start a new run where it is now.")
    wanted = resolve_paths(root, paths) if paths else ()
    names = _from_git(root) or _from_walk(root, leave_out)
    found = names.tracked | names.changed
    if wanted:
        found = _limited(root, found, wanted, names, leave_out)
    hidden = [_relative(root, path) for path in leave_out]
    found = {name for name in found if not any(_lies_in(name, place) for place in hidden if place)}
    chosen = _sample(found, names.changed) if len(found) > FILES_MAX and not is_whole else found
    files = [file for name in chosen if (file := _file(root, name, name in names.changed))]
    files.sort(key=lambda file: (not file.is_changed, os.fsencode(file.path)))
    inside = (name for name in names.submodules if not wanted or any(_lies_in(name, place) for place in wanted))
    return Listing(tuple(files), len(found) - len(chosen), names.is_git, tuple(inside))


def _from_git(root: str) -> _Names | None:
    """What git knows; None where there is no repository."""
    listed = run_git(root, "ls-files", "-z", "-t", "--stage")
    if listed.exit_code != 0:
        if _is_no_repository(root, listed):
            return None
        raise git_error(root, listed)
    names = _Names(set(), set(), [], True)
    for entry in listed.stdout.split(b"\0"):
        if entry:
            facts, _, path = entry.partition(b"\t")
            tag, mode, name = facts[:1], facts[2:8].decode(), os.fsdecode(path)
            if tag == _NOT_CHECKED_OUT:
                continue  # of a sparse checkout: counted, it could crowd out what is here
            if mode == _GITLINK:
                names.submodules.append(name)
            elif mode != _LINK:
                names.tracked.add(name)
    _add_changes(root, names)
    return names


def _add_changes(root: str, names: _Names) -> None:
    options = ("--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=all", "--no-renames")
    answer = run_git(root, "status", *options, "--", ".", filters=filters_of(root))
    if answer.exit_code != 0:
        raise git_error(root, answer)
    prefix = _prefix(root)
    for entry in answer.stdout.split(b"\0"):
        kind = entry[:1]
        if kind == b"?":
            name = os.fsdecode(entry[2:]).removeprefix(prefix)
            if name.endswith("/"):
                names.submodules.append(name.rstrip("/"))
            else:
                names.changed.add(name)
        elif kind in (b"1", b"u"):
            name = os.fsdecode(entry.split(b" ", 8 if kind == b"1" else 10)[-1]).removeprefix(prefix)
            if name in names.tracked:  # neither a link nor deleted in the index
                names.changed.add(name)


def _prefix(root: str) -> str:
    """Where *root* lies in its repository: `git status` gives names from the top."""
    if os.path.lexists(os.path.join(root, ".git")):
        return ""
    return os.fsdecode(run_git(root, "rev-parse", "--show-prefix").stdout.rstrip(b"\n"))


def _is_no_repository(root: str, answer: ProcessResult) -> bool:
    if answer.exit_code == 127:  # without git, a repository is only recognised to say that git is missing
        return not any(os.path.lexists(os.path.join(folder, ".git")) for folder in upwards(root))
    return b"not a git repository" in answer.stderr or b"must be run in a work tree" in answer.stderr


def _from_walk(root: str, leave_out: Sequence[str]) -> _Names:
    return _Names(set(_walk(root, "", leave_out)), set(), [], False)


def _walk(root: str, start: str, leave_out: Sequence[str]) -> Iterator[str]:
    """Regular files below *start*, links not followed, folders of tools skipped."""
    folders = [start]
    count = 0
    own_state = os.path.join(root, ".fairlead", "state")
    while folders and count < WALKED_MAX:
        folder = folders.pop()
        try:
            entries = list(os.scandir(os.path.join(root, folder)))
        except FileNotFoundError:
            continue
        except OSError as problem:
            if not folder:
                raise _closed(root, problem) from None
            yield folder  # it may not be read: listed, so that whoever reads it is told
            continue
        for entry in entries:
            count += 1
            name = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in SKIPPED_FOLDERS and entry.path != own_state and entry.path not in leave_out:
                        folders.append(name)
                elif entry.is_file(follow_symlinks=False):
                    yield name
            except OSError:
                continue


def _limited(root: str, found: set[str], wanted: Iterable[str], names: _Names, leave_out: Sequence[str]) -> set[str]:
    """What lies at the *wanted* places. A place that was named is listed even when git ignores it."""
    kept: set[str] = set()
    for place in wanted:
        inside = {name for name in found if _lies_in(name, place)}
        if not inside:
            full = os.path.join(root, place)
            inside = {place} if os.path.isfile(full) else set(_walk(root, place, leave_out))
            if names.is_git:
                names.changed |= inside
        kept |= inside
    return kept


def _lies_in(name: str, place: str) -> bool:
    return place in ("", name) or name.startswith(place + "/")


def _relative(root: str, path: str) -> str:
    """*path* from *root*, or "" when it lies elsewhere."""
    return path[len(root) :].strip("/") if path.startswith(root.rstrip("/") + "/") else ""


def _sample(found: set[str], changed: set[str]) -> list[str]:
    def ranked(names: Iterable[str], count: int) -> list[str]:
        return [os.fsdecode(key[2]) for key in sorted(rank(os.fsencode(name)) for name in names)[:count]]

    return ranked(found & changed, FILES_MAX - SAMPLE_MAX) + ranked(found - changed, SAMPLE_MAX)


def _file(root: str, name: str, is_changed: bool) -> TreeFile | None:
    try:
        found = os.lstat(os.path.join(root, name))
    except (FileNotFoundError, NotADirectoryError):
        return None  # deleted, or not checked out
    except OSError:
        return TreeFile(name, 0, is_changed)  # a folder above it is closed: reading it says so
    is_closed_folder = stat.S_ISDIR(found.st_mode) and not os.access(os.path.join(root, name), os.R_OK | os.X_OK)
    return TreeFile(name, found.st_size, is_changed) if stat.S_ISREG(found.st_mode) or is_closed_folder else None


def _closed(root: str, problem: OSError) -> FairleadError:
    return error(
        "FL-N024", f"{path_text(root)} cannot be read: {problem.strerror}", "Ask its owner, or look at `ls -ld`."
    )
