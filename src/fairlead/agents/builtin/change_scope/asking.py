"""What git is asked: where the change begins, and what was committed since. Only commands that read."""

import msgspec

from fairlead.core.outcomes import Failed
from fairlead.core.tools import ProcessResult, ToolWorld

_HINT = "name a commit, a tag or a branch of this repository"
_USUAL = ("refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master")


class Change(msgspec.Struct, frozen=True):
    """One file that differs. Its lines are not counted when it is binary or cannot be read."""

    path: str
    status: str  # added, modified, deleted
    added: int
    deleted: int
    is_binary: bool = False
    is_untracked: bool = False


class Start(msgspec.Struct, frozen=True):
    """Where the change begins."""

    commit: str
    name: str  # what was asked for, or was found
    head: str
    is_shared: bool  # HEAD comes from it, or from a commit before it


class CannotSay(Exception):
    """Git cannot say what changed; `failed` is the agent's answer."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.failed = failed

    @classmethod
    def by_git(cls, name: str, ended: ProcessResult) -> "CannotSay":
        said = ended.stderr.decode("utf-8", "replace").strip()[:200]
        said = said or ("its answer is too long" if ended.is_cut else "it took too long")
        return cls(Failed("platform", "FL-A123", f"git could not say what changed since {name}: {said}", _HINT))


def start_of(wanted: str, world: ToolWorld) -> Start:
    """The commit at which the branch at hand left *wanted*; without one, the branch that others start from.

    Raises:
        CannotSay: there is no repository, no commit yet, or none of this name.
    """
    if not world.is_git:
        raise CannotSay(Failed("author", "FL-A122", "there is no git repository, so nothing says what changed", _HINT))
    head = _commit("HEAD", world)
    if not head:
        message = "the repository has no commit yet, so nothing says what changed"
        raise CannotSay(Failed("author", "FL-A122", message, "commit once"))
    name, commit = wanted, _commit(wanted, world) if wanted else ""
    if not wanted:
        known = ((usual, _commit(usual, world)) for usual in _USUAL)
        name, commit = next((one for one in known if one[1]), ("HEAD", head))
        name = name.removeprefix("refs/remotes/").removeprefix("refs/heads/")
    if not commit:
        raise CannotSay(Failed("author", "FL-A122", f"git knows no commit {wanted[:200]}", _HINT))
    # From the place where both parted: what the other branch did since is not this side's change.
    parted = world.git("merge-base", commit, head)
    shared = parted.stdout.decode("ascii", "replace").strip() if parted.exit_code == 0 else ""
    return Start(shared or commit, name, head, bool(shared))


def commits_since(start: Start, world: ToolWorld, most: int) -> tuple[list[dict[str, str]], int]:
    """The newest *most* commits after the start, newest first, and how many there are.

    Raises:
        CannotSay: git failed.
    """
    between = f"{start.commit}..{start.head}"
    number = int(asked(world, start.name, "rev-list", "--count", between))
    told = asked(world, start.name, "log", f"--max-count={most}", "-z", "--format=%H %s", between)
    rows = (row.partition(" ") for row in told.split("\0") if row)
    return [{"commit": commit, "title": title[:500]} for commit, _, title in rows], number


def asked(world: ToolWorld, name: str, *words: str) -> str:
    """What git answers; names of files keep bytes that are not UTF-8 as `os.fsdecode` does.

    Raises:
        CannotSay: it failed, took too long, or answered with more than is read.
    """
    ended = world.git(*words)
    if ended.exit_code != 0 or ended.is_cut:
        raise CannotSay.by_git(name, ended)
    return ended.stdout.decode("utf-8", "surrogateescape")


def _commit(name: str, world: ToolWorld) -> str:
    known = world.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return known.stdout.decode("ascii", "replace").strip() if known.exit_code == 0 else ""
