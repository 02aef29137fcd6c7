"""Working copies of one run: disposable directories, filled from the run's private git directory and recorded there.

What counts is what was recorded, never what lies on disk. Decided here:
- ignored files are neither copied nor recorded;
- a submodule or nested repository stays an empty folder in the copy, recorded at the commit it had;
- a copy has a `.git` of its own with the checkout's commit, so that `git diff` works in it. What a program does to that
  reaches neither the repository nor the record.
"""

import asyncio
import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fairlead.core.expressions.globs import glob_pattern
from fairlead.core.ids import Place, RunId
from fairlead.core.ports import Spawner
from fairlead.env.private_git import NO_ROOM, PrivateGit, alternates, no_room

_REMOVALS_MAX = 5  # of one path, while something else still changes it


class RunTrees:
    """Implements `fairlead.core.ports.Trees` for one run on the checkout at *root*.

    The trees lie with those of the run *store*: a child's with its parent's, and those of a run that keeps the
    outcomes of another one with these, so that each can name what the other has recorded.
    """

    def __init__(self, state_dir: str, run: RunId, root: str, spawner: Spawner, store: RunId | None = None) -> None:
        self._root = root
        self._run = run
        self._copies = os.path.join(state_dir, "trees", run)
        self._git = PrivateGit(git_dir_of(state_dir, store or run), root, (state_dir,), spawner)
        self._checkout: asyncio.Task[str] | None = None  # the tree at hand, recorded once for all steps

    async def open_copy(self, place: Place, attempt: int, tree: str) -> str:
        """A fresh directory with *tree* in it; "" means the checkout as it is now.

        Raises:
            FairleadError: FL-N034, FL-N012.
        """
        path = os.path.join(self._copies, _folder_name(place, attempt))
        await self.drop_copy(path)  # of an attempt that was lost
        with _told(path):
            os.makedirs(path, mode=0o700)
            await self._git.make()
            await self._git.fill(path, self._index(path), tree or await self._tree_at_hand())
            await self._give_git(path)
        return path

    async def found(self, tree: str) -> str:
        """The id of *tree*; of "" that of the checkout as it was when the first copy of it was opened."""
        return tree or await self._tree_at_hand()

    async def record_copy(self, path: str) -> str:
        """Record what lies in the copy, except what is ignored; gives the tree's id once all of it is on disk.

        Raises:
            FairleadError: FL-N034, FL-N012.
        """
        with _told(path):
            tree = await self._git.record(path, self._index(path))
            await asyncio.to_thread(self._git.sync_names, tree)
        return tree

    async def drop_changes(self, path: str, tree: str, patterns: Sequence[str]) -> Sequence[str]:
        """Put back what differs from *tree* and fits none of *patterns*; gives those paths, sorted."""
        before = tree or await self._tree_at_hand()
        changed = await self._git.changed(path, self._index(path), before)
        known = [glob_pattern(pattern) for pattern in patterns]
        dropped = sorted(name for name in changed if not any(pattern.is_found_in(name) for pattern in known))
        if dropped:
            await self._git.put_back(path, self._index(path), before, dropped)
        return dropped

    async def drop_copy(self, path: str) -> None:
        """Remove the copy. What was recorded of it stays."""
        await asyncio.to_thread(_remove_all, path)
        for name in (self._index(path), self._index(path) + ".lock"):
            _remove_all(name)

    async def _tree_at_hand(self) -> str:
        """Whoever comes first records it; one who is cancelled does not take it away from the others."""
        task = self._checkout
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._checkout = asyncio.create_task(self._git.record_checkout(f"{self._run}-checkout"))
        return await asyncio.shield(task)

    def _index(self, path: str) -> str:
        return os.path.join(self._git.path, "indexes", f"{self._run}-{os.path.basename(path)}")

    async def _give_git(self, path: str) -> None:
        head = await self._git.head()
        if not head:
            return
        own = os.path.join(path, ".git")
        for folder in ("objects/info", "refs/heads", "info"):
            os.makedirs(os.path.join(own, folder))
        shared = os.path.join(self._git.path, "objects")
        for name, data in (("HEAD", head), ("objects/info/alternates", alternates(shared))):
            with open(os.path.join(own, name), "wb") as file:
                file.write(data)
        for name in ("config", "info/exclude", "info/attributes"):
            shutil.copyfile(os.path.join(self._git.path, name), os.path.join(own, name))
        shutil.copy2(self._index(path), os.path.join(own, "index"))


def git_dir_of(state_dir: str, store: RunId) -> str:
    """Where the trees that the run *store* has recorded are found."""
    return os.path.join(state_dir, "trees", f"{store}.git")


def sweep(state_dir: str, run: RunId, store: RunId) -> None:
    """Remove what an earlier owner of *run*, who was killed, left half done: copies, and what was about to be recorded.

    The trees lie with those of the run *store*; what other runs have there is theirs.
    """
    copies, git_dir = os.path.join(state_dir, "trees", run), git_dir_of(state_dir, store)
    indexes = os.path.join(git_dir, "indexes")
    left = [os.path.join(copies, name) for name in _names(copies)]
    left += [os.path.join(indexes, name) for name in _names(indexes) if name.startswith(f"{run}-")]
    if run == store:
        beside = os.path.basename(git_dir) + "."
        trees = os.path.dirname(git_dir)
        left += [os.path.join(trees, name) for name in _names(trees) if name.startswith(beside)]
    for path in left:
        _remove_all(path)


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []


@contextmanager
def _told(path: str) -> Iterator[None]:
    """A disk without room for *path* is no mistake of a step: the run goes on when there is some."""
    try:
        yield
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise no_room(path) from None
        raise


def _folder_name(place: Place, attempt: int) -> str:
    readable = re.sub(r"[^A-Za-z0-9_-]", "_", place)[:60]
    if readable != place:  # two places must never share a directory
        readable += "-" + hashlib.sha256(place.encode()).hexdigest()[:8]
    return f"{readable}.{attempt}"


def _remove_all(path: str) -> None:
    """Remove a file or a directory, also when its modes forbid it, or while a program that dies still writes there.

    Links are removed, never followed.
    """
    for _ in range(_REMOVALS_MAX):
        try:
            if stat.S_ISDIR(os.lstat(path).st_mode):
                shutil.rmtree(path)
            else:
                os.unlink(path)
            return
        except FileNotFoundError:
            if not os.path.lexists(path):
                return  # else somebody took a part of it away meanwhile
        except PermissionError:
            _open_modes(path)
        except OSError as problem:
            if problem.errno != errno.ENOTEMPTY:
                raise


def _open_modes(path: str) -> None:
    os.chmod(path, 0o700)
    for folder, folders, _ in os.walk(path):
        for name in folders:
            full = os.path.join(folder, name)
            if not os.path.islink(full):
                os.chmod(full, 0o700)
