"""The private git directory of a run: it holds the trees that steps leave, and sees the repository's objects.

The repository's own `.git` is only read. Commands here know neither its hooks nor its filters nor its monitor, for its
configuration is not theirs: only the few settings that decide what a file's content *is* are taken over.
"""

import errno
import os
import re
import secrets
import shutil
import time

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.ports import Program, Spawner
from fairlead.core.tools import ProcessResult
from fairlead.env.git import GIT_ENVIRONMENT, git_argv
from fairlead.env.listing import SKIPPED_FOLDERS
from fairlead.env.surroundings import clean_environment

SECONDS_MAX = 300.0
_TAKEN_OVER = r"^(core\.(autocrlf|eol|filemode|ignorecase|symlinks|excludesfile)|extensions\.objectformat)$"
# Synced before the outcome that names them: a tree that is recorded survives a power cut.
_SYNCED = ("-c", "core.fsync=loose-object,pack,reference", "-c", "core.fsyncMethod=fsync")
_FROM_STDIN = ("--pathspec-from-file=-", "--pathspec-file-nul")  # with literal pathspecs: see GIT_ENVIRONMENT
_GITLINK = b"160000"
_TICK_NS_MAX = 1_000_000_000  # far more than any file system's clock needs for a tick


NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_NO_ROOM_WORDS = (*map(os.strerror, NO_ROOM), "Out of diskspace")  # the last is git's own


def no_room(path: str) -> FairleadError:
    """What is said when nothing more fits on the disk that holds *path*."""
    return error(
        "FL-N012",
        f"the disk that holds {path_text(path)} is full: no working copy can be kept; what was acknowledged is safe",
        "free some space, then run `fairlead resume`",
    )


class PrivateGit:
    """One private git directory at *path* for the tree at *root*; *hidden* are never recorded (absolute paths)."""

    def __init__(self, path: str, root: str, hidden: tuple[str, ...], spawner: Spawner) -> None:
        self.path = path
        self._root = root
        self._hidden = hidden
        self._spawner = spawner
        self._synced: dict[str, int] = {}  # directory → the time of the change that is known to be on disk

    @property
    def _added(self) -> str:
        """Where `git add` puts contents. It sees no other objects: git renews the time of those that it finds again,
        and that would be a change in the repository.
        """
        return os.path.join(self.path, "added")

    async def make(self) -> None:
        """Make the directory, unless it is there."""
        if os.path.exists(os.path.join(self.path, "HEAD")):
            return
        asked = await self._ask("rev-parse", "--git-common-dir")
        is_git = asked.exit_code == 0
        common_dir = os.path.join(self._root, os.fsdecode(asked.stdout.removesuffix(b"\n"))) if is_git else ""
        settings = await self._settings() if is_git else {}
        beside = f"{self.path}.{secrets.token_hex(4)}"
        for folder in ("objects/info", "added", "refs/trees", "info", "indexes"):
            os.makedirs(os.path.join(beside, folder), mode=0o700)
        self._write(beside, "config", _config(settings))
        others = (os.path.join(common_dir, "objects"),) if is_git else ()
        self._write(beside, "objects/info/alternates", alternates(self._added, *others))
        self._write(beside, "info/exclude", self._excluded(common_dir))
        self._write(beside, "info/attributes", _content(os.path.join(common_dir, "info/attributes")) if is_git else b"")
        self._write(beside, "HEAD", b"ref: refs/heads/none\n")
        try:
            os.rename(beside, self.path)
        except OSError:  # another step of this run was faster
            shutil.rmtree(beside)

    async def record_checkout(self, name: str) -> str:
        """The tree at hand: tracked files with local changes, and untracked files that are not ignored.

        Its index, as long as there is one, has a name that begins with *name*.
        """
        index = os.path.join(self.path, "indexes", f"{name}.{secrets.token_hex(4)}")
        asked = await self._ask("rev-parse", "--absolute-git-dir")
        try:
            if asked.exit_code == 0:
                self._copy_index(os.fsdecode(asked.stdout.removesuffix(b"\n")), index)
            return await self.record(self._root, index)
        finally:
            for path in (index, index + ".lock"):
                _remove(path)

    async def record(self, work_tree: str, index: str) -> str:
        """Bring *index* up to what lies in *work_tree*, and give the id of the tree. Everything it names is synced."""
        await self._pass_over_submodules(work_tree, index)
        await self._run(
            work_tree, index, *_SYNCED, "-c", "advice.addEmbeddedRepo=false", "add", "--all", only=self._added
        )
        written = await self._run(work_tree, index, *_SYNCED, "write-tree", "--missing-ok")
        return written.stdout.decode("ascii").strip()

    async def fill(self, work_tree: str, index: str, tree: str) -> None:
        """Write the files of *tree* into the empty directory *work_tree*; *index* will know them."""
        await self._run(work_tree, index, "read-tree", tree)
        await self._run(work_tree, index, "checkout-index", "--all", "--index", "--quiet")

    async def changed(self, work_tree: str, index: str, tree: str) -> list[str]:
        """Paths of the files in *work_tree* that differ from *tree*, as `os.fsdecode` gives them."""
        await self.record(work_tree, index)
        listed = await self._run(work_tree, index, "diff-index", "--cached", "--name-only", "--no-renames", "-z", tree)
        return [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]

    async def put_back(self, work_tree: str, index: str, tree: str, paths: list[str]) -> None:
        """Make *paths* in *work_tree* what they are in *tree*: what is not in it is removed."""
        for path in paths:
            _remove(os.path.join(work_tree, path))
        named = b"".join(os.fsencode(path) + b"\0" for path in paths)
        await self._run(work_tree, index, "rm", "--cached", "--quiet", "--ignore-unmatch", *_FROM_STDIN, stdin=named)
        listed = await self._run(work_tree, index, "ls-tree", "-r", "-z", "--name-only", "--full-tree", tree)
        known = set(listed.stdout.split(b"\0"))
        before = b"".join(os.fsencode(path) + b"\0" for path in paths if os.fsencode(path) in known)
        if before:
            await self._run(work_tree, index, "checkout", "--quiet", tree, *_FROM_STDIN, stdin=before)

    async def head(self) -> bytes:
        """What `HEAD` of a copy holds: the commit that the checkout stands on; nothing without git."""
        commit = await self._ask("rev-parse", "--quiet", "--verify", "HEAD")
        if commit.exit_code == 0:
            return commit.stdout
        is_git = (await self._ask("rev-parse", "--git-dir")).exit_code == 0
        return b"ref: refs/heads/main\n" if is_git else b""  # before the first commit

    def sync_names(self, tree: str) -> None:
        """Keep *tree* by a reference, and sync the directories: git syncs what files hold, not that they are there."""
        reference = os.path.join(self.path, "refs", "trees", tree)
        with open(reference, "wb") as file:
            file.write(tree.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        stores = (os.path.join(self.path, "objects"), self._added)
        folders = [os.path.join(store, name) for store in stores for name in os.listdir(store)]
        for folder in (*folders, *stores, os.path.dirname(reference), self.path, os.path.dirname(self.path)):
            self._sync_folder(folder)

    def _sync_folder(self, folder: str) -> None:
        """Sync a directory, unless it has not changed since this was last done."""
        changed_at = os.stat(folder).st_mtime_ns
        if self._synced.get(folder) == changed_at:
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        # A change within the same tick of the file system's clock would have the same time: such a young one is
        # not remembered.
        if time.time_ns() - changed_at > _TICK_NS_MAX:
            self._synced[folder] = changed_at

    async def _pass_over_submodules(self, work_tree: str, index: str) -> None:
        """Leave submodules as they are recorded: to compare one, git would start a second git inside of it."""
        listed = await self._run(work_tree, index, "ls-files", "--stage", "-z")
        links = [entry.partition(b"\t")[2] for entry in listed.stdout.split(b"\0") if entry.startswith(_GITLINK)]
        if links:
            names = b"".join(path + b"\0" for path in links)
            await self._run(work_tree, index, "update-index", "--skip-worktree", "-z", "--stdin", stdin=names)

    async def _settings(self) -> dict[str, str]:
        answer = await self._ask("config", "-z", "--type=path", "--get-regexp", _TAKEN_OVER)
        pairs = (entry.partition(b"\n") for entry in answer.stdout.split(b"\0") if entry)
        return {key.decode("ascii", "replace"): os.fsdecode(value) for key, _, value in pairs}

    async def _ask(self, *args: str) -> ProcessResult:
        """A question to the repository itself, read-only."""
        environment = clean_environment(GIT_ENVIRONMENT)
        program = Program(tuple(git_argv(args)), self._root, environment, timeout_s=SECONDS_MAX)
        return (await self._spawner.perform_program(program)).process

    async def _run(self, work_tree: str, index: str, *args: str, stdin: bytes = b"", only: str = "") -> ProcessResult:
        environment = clean_environment(
            {
                **GIT_ENVIRONMENT,
                "GIT_DIR": self.path,
                "GIT_WORK_TREE": work_tree,
                "GIT_INDEX_FILE": index,
                "GIT_CONFIG_GLOBAL": os.devnull,  # a filter may be defined there
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_ATTR_NOSYSTEM": "1",
                **({"GIT_OBJECT_DIRECTORY": only} if only else {}),
            }
        )
        argv = (*git_argv(("version",))[:-1], *args)
        program = Program(argv, work_tree, environment, stdin, SECONDS_MAX, output_max=400_000_000)
        done = (await self._spawner.perform_program(program)).process
        if done.exit_code != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.exit_code}"]
            if any(word in line for line in said for word in _NO_ROOM_WORDS):
                raise no_room(self.path)
            raise error(
                "FL-N034",
                f"the working copy of {path_text(self._root)} failed: {said[-1][:300]}",
                "See what `git status` and `git fsck` say there, and whether the disk is full.",
            )
        return done

    def _copy_index(self, git_dir: str, index: str) -> None:
        """A copy of the checkout's index: git need not read again what has not changed since."""
        try:
            shutil.copyfile(os.path.join(git_dir, "index"), index)
            seen = os.stat(os.path.join(git_dir, "index"))
            # A file as young as the index is compared by content. A younger copy would hide such a change.
            os.utime(index, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        except FileNotFoundError:
            return  # nothing was ever added
        for name in os.listdir(git_dir):
            if name.startswith("sharedindex."):
                shutil.copy2(os.path.join(git_dir, name), os.path.join(os.path.dirname(index), name))

    def _excluded(self, common_dir: str) -> bytes:
        lines = [_content(os.path.join(common_dir, "info/exclude"))] if common_dir else []
        if not common_dir:  # without git nobody has said what is not worth keeping
            lines += [os.fsencode(f"{name}/") for name in sorted(SKIPPED_FOLDERS)]
        for path in self._hidden:
            if path.startswith(self._root.rstrip("/") + "/"):
                lines.append(b"/" + re.sub(rb"([\\*?\[ #!])", rb"\\\1", os.fsencode(os.path.relpath(path, self._root))))
        return b"\n".join(lines) + b"\n"

    def _write(self, folder: str, name: str, data: bytes) -> None:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def alternates(*folders: str) -> bytes:
    """The file that tells git where further objects lie. Quoted as in C, for a path may hold anything."""
    quoted = (re.sub(rb'["\\\n]', lambda m: b"\\n" if m[0] == b"\n" else b"\\" + m[0], os.fsencode(f)) for f in folders)
    return b"".join(b'"' + path + b'"\n' for path in quoted)


def _config(settings: dict[str, str]) -> bytes:
    is_sha256 = "extensions.objectformat" in settings
    lines = [f"[core]\n\trepositoryformatversion = {int(is_sha256)}\n\tbare = false"]
    for key, value in settings.items():
        section, _, name = key.partition(".")
        quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines.append(f'[{section}]\n\t{name} = "{quoted}"')
    return os.fsencode("\n".join(lines) + "\n")


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(1_000_000)
    except OSError:
        return b""


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass  # it was never made
