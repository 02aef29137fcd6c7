"""Commits on branches that are Fairlead's own: made beside the checkout, its index and its stash, and found again.

A branch is ours when its last commit, and every other one that nothing else leads to, carries the trailer below.
"""

import os
import re
from typing import NamedTuple

from fairlead.core.json import digest
from fairlead.env.effects.refusals import Refused
from fairlead.env.effects.scratch import Repository, Scratch
from fairlead.env.git import run_git

_TRAILER = "Fairlead-Key: "
DEFAULT_NAME, DEFAULT_EMAIL = "Fairlead", "fairlead@localhost"  # whoever has not told git a name
COMMITS_MAX = 1_000  # so far back a commit of ours is looked for
_FORMAT = "--format=%H%x01%P%x01%B"
_SYNCED = (("core.fsync", "loose-object,reference"), ("core.fsyncMethod", "fsync"))


class Made(NamedTuple):
    """A commit that is there."""

    commit: str
    parent: str  # "" for the first of a repository
    key: str  # "" when it is not ours


class Target(NamedTuple):
    """Where a commit goes."""

    branch: str
    tip: str  # "" when the branch is new
    parent: str  # "" before the first commit

    @property
    def ref(self) -> str:
        """The branch in full."""
        return "refs/heads/" + self.branch


def trailer_key(key: str) -> str:
    """What the trailer says of *key*: itself where that is one plain word, else its digest."""
    return key if re.fullmatch(r"[!-~]{1,200}", key) else digest(key.encode("utf-8", "surrogatepass"))


def target_of(repository: Repository, branch: str, *, is_new: bool = False) -> Target:
    """Where a commit on *branch* goes: on the branch when it is ours, else on what is checked out.

    Raises:
        Refused: FL-R333 the name is none, FL-R334 the branch may not be moved.
    """
    check_name(branch)
    ref = "refs/heads/" + branch
    head = repository.commit_at("HEAD")
    tip = repository.commit_at(ref)
    if repository.ask("symbolic-ref", "--quiet", "HEAD", may_fail=True).decode("utf-8", "replace") == ref:
        raise _not_ours(branch, "is checked out, and a commit would change what lies there")
    if not tip:
        return Target(branch, "", head)
    if is_new:
        raise _not_ours(branch, "exists already")
    if _is_in_worktree(repository, ref):
        raise _not_ours(branch, "is checked out in another worktree")
    own = _commits_of(repository, ref, "--not", f"--exclude={ref}", "--all")
    last = _commits_of(repository, ref, "--max-count=1")
    if any(not one.key for one in (*last, *own)):
        raise _not_ours(branch, "holds commits that Fairlead did not make")
    return Target(branch, tip, tip)


def find_made(repository: Repository, branch: str, key: str) -> Made | None:
    """The commit that *key* led to, when it is on *branch*."""
    ref = "refs/heads/" + branch
    if not repository.commit_at(ref):
        return None
    wanted = trailer_key(key)
    return next((one for one in _commits_of(repository, ref, f"--max-count={COMMITS_MAX}") if one.key == wanted), None)


def _commits_of(repository: Repository, *args: str) -> list[Made]:
    """Commits from the newest, as `git log` lists them for *args*."""
    listed = repository.ask("log", "-z", _FORMAT, *args)
    found = []
    for record in listed.split(b"\0"):
        if record:
            commit, parents, body = record.split(b"\x01", 2)
            last = body.decode("utf-8", "replace").rstrip("\n").rpartition("\n")[2]
            key = last.removeprefix(_TRAILER) if last.startswith(_TRAILER) else ""
            found.append(Made(commit.decode(), parents.decode().partition(" ")[0], key))
    return found


def identity(root: str) -> dict[str, str]:
    """Who the commit is by: the person, as their environment and git's configuration name them, else a default."""
    answer = run_git(root, "config", "-z", "--get-regexp", r"^(user|author|committer)\.(name|email)$")
    pairs = (entry.partition(b"\n") for entry in answer.stdout.split(b"\0") if entry)
    told = {key.decode("ascii", "replace"): os.fsdecode(value) for key, _, value in pairs}
    found = {}
    for role in ("author", "committer"):
        for what, default in (("name", DEFAULT_NAME), ("email", DEFAULT_EMAIL)):
            variable = f"GIT_{role.upper()}_{what.upper()}"
            said = os.environ.get(variable) or told.get(f"{role}.{what}") or told.get(f"user.{what}")
            found[variable] = said or default
    return found


def make_commit(scratch: Scratch, target: Target, tree: str, message: str, key: str) -> Made:
    """Make the commit and let the branch lead to it. Until the last step nothing leads to what was written.

    Raises:
        Refused: FL-R337 somebody else moved the branch meanwhile.
    """
    repository = scratch.repository
    scratch.keep(tree, target.parent)
    parents = ("-p", target.parent) if target.parent else ()
    text = f"{message.strip()}\n\n{_TRAILER}{trailer_key(key)}\n".encode("utf-8", "replace")
    who = identity(repository.root)
    commit = scratch.git("commit-tree", tree, *parents, "-F", "-", stdin=text, is_kept=True, env=who).decode().strip()
    _sync_objects(repository)
    _move(repository, target, commit, who)
    return Made(commit, target.parent, trailer_key(key))


def check_name(branch: str) -> None:
    """Refuse what git does not take as the name of a branch."""
    answer = run_git("/", "check-ref-format", "refs/heads/" + branch)
    if answer.exit_code != 0 or branch.startswith("-") or branch == "HEAD":
        raise Refused(
            "FL-R333", f"{branch!r} is no name of a branch", "Letters, digits, `-`, `_`, `.` and `/` are safe."
        )


def _move(repository: Repository, target: Target, commit: str, who: dict[str, str]) -> None:
    reason = "fairlead: " + ("commit" if target.tip else "new branch")
    settings = (*_SYNCED, ("user.name", who["GIT_COMMITTER_NAME"]), ("user.email", who["GIT_COMMITTER_EMAIL"]))
    try:
        repository.ask("update-ref", "-m", reason, target.ref, commit, target.tip, settings=settings)
    except Refused as refusal:
        now = repository.commit_at(target.ref)
        if now != target.tip:
            raise Refused(
                "FL-R337",
                f"somebody else moved the branch {target.branch} at the same moment",
                "Another attempt starts from where it is now.",
                fault="platform",
                error="transient",
            ) from None
        if b"exists; cannot create" in refusal.failed.message.encode():
            raise _not_ours(target.branch, "cannot stand beside a branch whose name is a part of its own") from None
        raise
    _open_and_sync_reference(repository, target.ref)


def _is_in_worktree(repository: Repository, ref: str) -> bool:
    form = "--format=%(refname) %(if)%(worktreepath)%(then)yes%(end)"
    listed = repository.ask("for-each-ref", form, ref).decode("utf-8", "replace")
    return f"{ref} yes" in listed.splitlines()


def _not_ours(branch: str, why: str) -> Refused:
    return Refused(
        "FL-R334",
        f"the branch {branch} {why}",
        "Name a branch that does not exist, such as `fairlead/fix-${ run.short_id }`.",
        error="permission",
    )


def _sync_objects(repository: Repository) -> None:
    """Git syncs what objects hold; that they are there is a matter of their folders."""
    names = [name for name in os.listdir(repository.objects) if re.fullmatch("[0-9a-f]{2}|pack", name)]
    for folder in (*(os.path.join(repository.objects, name) for name in names), repository.objects):
        _sync_folder(folder)


def _open_and_sync_reference(repository: Repository, ref: str) -> None:
    """Sync the folders above a reference. Who may read the others may read it too, though we write for nobody else."""
    heads = os.path.join(repository.common_dir, "refs", "heads")
    path = os.path.join(repository.common_dir, ref)
    if not os.path.exists(path):
        return  # kept otherwise than in files: git has seen to it
    open_to = os.stat(heads).st_mode & 0o077
    os.chmod(path, 0o600 | open_to & 0o066)
    while path != heads:
        path = os.path.dirname(path)
        if os.stat(path).st_mode & 0o777 == 0o700:
            os.chmod(path, 0o700 | open_to)
        _sync_folder(path)


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
