"""Where things lie: the tree that a command was called in, and the state directory that belongs to it."""

import hashlib
import os
import pwd
from collections.abc import Mapping

import msgspec

from fairlead.core.errors import error
from fairlead.core.findings import path_text
from fairlead.core.tools import ProcessResult
from fairlead.env.git import filters_of, git_error, run_git
from fairlead.env.mounts import is_writable, network_kind
from fairlead.env.paths import nearest_path, upwards

CHANGES_SECONDS_MAX = 10.0  # a status that takes longer is given up: the number of changes is only for display


class Whereabouts(msgspec.Struct, frozen=True):
    """A tree and its state directory. Paths are absolute, as `os.fsdecode` gives them."""

    root: str
    state_dir: str  # it may not exist yet
    is_git: bool
    git_dir: str = ""  # this worktree's own
    common_dir: str = ""  # shared by all worktrees of the repository
    notes: tuple[str, ...] = ()


class Seen(msgspec.Struct, frozen=True):
    """What a person is shown about a tree."""

    name: str
    branch: str = ""  # "" for a detached head, and without git
    head: str = ""  # the first 7 digits of the commit; "" before the first one
    changed: int = 0  # files that differ from HEAD or that git does not know
    notes: tuple[str, ...] = ()
    commit: str = ""  # all of it


def find_place(directory: str, environ: Mapping[str, str]) -> Whereabouts:
    """The tree around *directory*, and where its state lies.

    Raises:
        FairleadError: FL-S008 there is no such directory; FL-N020 git is missing, FL-N021 it refuses the directory,
            FL-N022 it cannot read the repository, FL-N023 there are no files to review.
    """
    here = os.path.realpath(directory)
    if not os.path.isdir(here):
        nearest = nearest_path(os.getcwd(), directory)
        hint = f"Did you mean {path_text(nearest)}?" if nearest else "Check the spelling, and where you are."
        raise error("FL-S008", f"there is no directory {path_text(directory)}", hint)
    found = _ask_git(here) if _looks_like_git(here) else None
    if found is None:
        state_dir, notes = _state_dir(os.path.join(here, ".fairlead", "state"), here, environ)
        return Whereabouts(here, state_dir, False, notes=("not a git repository", *notes))
    root, git_dir, common_dir = found
    state_dir, notes = _state_dir(os.path.join(common_dir, "fairlead"), common_dir, environ)
    return Whereabouts(root, state_dir, True, git_dir, common_dir, notes)


def look_around(place: Whereabouts) -> Seen:
    """Facts for display: one look at the repository, given up after `CHANGES_SECONDS_MAX`."""
    name = path_text(os.path.basename(place.root) or place.root)
    if not place.is_git:
        return Seen(name)
    options = ("--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--untracked-files=all", "--no-renames")
    answer = run_git(
        place.root,
        "status",
        *options,
        "--ignore-submodules=all",
        filters=filters_of(place.root),
        timeout_s=CHANGES_SECONDS_MAX,
    )
    if answer.is_timed_out or answer.is_cut:
        return Seen(name, notes=("the repository is so large that its changes were not counted",))
    if answer.exit_code != 0:
        raise git_error(place.root, answer)
    branch = head = ""
    changed = 0
    for entry in answer.stdout.split(b"\0"):
        if entry.startswith(b"# branch.oid "):
            head = entry[13:].decode("ascii", "replace")
        elif entry.startswith(b"# branch.head "):
            branch = path_text(os.fsdecode(entry[14:]))
        elif entry[:2] in (b"1 ", b"u ", b"? "):
            changed += 1
    is_empty = head == "(initial)"
    return Seen(
        name,
        "" if branch == "(detached)" else branch,
        "" if is_empty else head[:7],
        changed,
        ("no commits yet",) if is_empty else (),
        "" if is_empty else head,
    )


def data_dir(environ: Mapping[str, str]) -> str:
    """The directory of what all projects of a person share on this machine; it may not exist yet."""
    chosen = environ.get("FAIRLEAD_DATA_DIR")
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    home = environ.get("XDG_DATA_HOME") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".local/share")
    return os.path.join(os.path.abspath(home), "fairlead")


def user_name() -> str:
    """The operating-system user; the number when it has no name here."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _looks_like_git(here: str) -> bool:
    """Whether it is worth asking git: a call of it costs more than all else that start-up does."""
    for folder in upwards(here):
        if os.path.lexists(os.path.join(folder, ".git")):
            return True
        if all(os.path.exists(os.path.join(folder, part)) for part in ("HEAD", "objects", "refs")):
            return True  # a bare repository, or inside of a .git
    return False


def _ask_git(here: str) -> tuple[str, str, str] | None:
    """Root, git directory and common directory; None when what looked like a repository is none."""
    answer = run_git(here, "rev-parse", "--git-dir", "--git-common-dir", "--show-toplevel")
    if answer.exit_code == 0:
        lines = answer.stdout.split(b"\n")
        if len(lines) != 4:  # a path with a line feed in it: ask for each by itself
            lines = [_ask_for(here, what) for what in ("--git-dir", "--git-common-dir", "--show-toplevel")]
        # Git before 2.31 cannot be asked for absolute paths.
        git_dir, common_dir, root = (os.path.realpath(os.path.join(here, os.fsdecode(line))) for line in lines[:3])
        return root, git_dir, common_dir
    if b"not a git repository" in answer.stderr:
        _refuse_broken_link(here, answer)
        return None
    if b"work tree" in answer.stderr:
        raise error(
            "FL-N023",
            f"{path_text(here)} is a bare repository or lies inside of .git: there are no files to review",
            "Make a checkout with `git clone` and call the command there.",
        )
    raise git_error(here, answer)


def _ask_for(here: str, what: str) -> bytes:
    return run_git(here, "rev-parse", what).stdout.removesuffix(b"\n")


def _refuse_broken_link(here: str, answer: ProcessResult) -> None:
    """A linked worktree whose repository is gone says "not a git repository" too; that is no plain directory."""
    for folder in upwards(here):
        if os.path.isfile(os.path.join(folder, ".git")):
            raise git_error(here, answer)


def _state_dir(usual: str, subject: str, environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Where the state lies, and what to say about it."""
    chosen = environ.get("FAIRLEAD_STATE_DIR")
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen)), ()
    kind = network_kind(usual)
    if not kind and _is_utf8(usual) and is_writable(usual):
        return usual, ()
    home = environ.get("XDG_STATE_HOME") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".local/state")
    name = hashlib.sha256(os.fsencode(subject)).hexdigest()[:16]
    state_dir = os.path.join(os.path.abspath(home), "fairlead", name)
    why = "is read-only" if _is_utf8(usual) else "has a name that is not UTF-8"
    if kind:
        why = f"is on a network file system ({kind})"
    # Said once: as soon as something lies there, it is known.
    is_news = not os.path.isdir(state_dir)
    note = f"{path_text(os.path.dirname(usual))} {why}, so the record is kept in {path_text(state_dir)}"
    return state_dir, (note,) if is_news else ()


def _is_utf8(path: str) -> bool:
    """Whether SQLite can be given *path*: it takes names in UTF-8 only."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
