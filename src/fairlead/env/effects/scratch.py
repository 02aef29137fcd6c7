"""A git directory that lives as long as one effect: its own configuration and index, the repository's objects.

What the repository's configuration or its files could start (hooks, filters, monitors, text converters, signing) is not
known here, for none of it is read: only the few settings that decide what the content of a file *is* are taken over.
Everything is put together in the directory's own objects; only what a commit needs goes to the repository in the end.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import NamedTuple

from fairlead.core.findings import path_text
from fairlead.env.effects.refusals import Refused
from fairlead.env.git import git_error, run_git
from fairlead.env.private_git import alternates

_TAKEN_OVER = r"^(core\.(autocrlf|eol|sharedrepository)|extensions\.objectformat)$"
_ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
_SECONDS_MAX = 120.0


class Entry(NamedTuple):
    """What a tree says of one path. Mode "000000": nothing is there."""

    mode: str
    id: str


class Change(NamedTuple):
    """What differs at one path between two trees."""

    path: bytes
    before: Entry
    after: Entry


class Repository:
    """The repository around *root*, as far as effects touch it."""

    def __init__(self, root: str) -> None:
        answer = run_git(root, "rev-parse", "--absolute-git-dir")
        if answer.exit_code != 0:
            if b"not a git repository" in answer.stderr:
                raise Refused(
                    "FL-R331",
                    f"{path_text(root)} is not in a git repository",
                    "`git init` makes one; `patch.apply` and `file.write` need none.",
                )
            raise git_error(root, answer)
        self.root = root
        self.git_dir = os.fsdecode(answer.stdout.removesuffix(b"\n"))
        common = self.ask("rev-parse", "--git-common-dir")
        self.common_dir = os.path.normpath(os.path.join(self.git_dir, os.fsdecode(common)))
        self.objects = os.path.join(self.common_dir, "objects")

    def ask(self, *args: str, settings: Sequence[tuple[str, str]] = (), may_fail: bool = False) -> bytes:
        """What git answers about the repository itself, without the last line feed; b"" when it *may_fail* and does.

        Nothing that a person configured for all repositories takes part.
        """
        env = {**_ALONE, "GIT_DIR": self.git_dir, "GIT_CONFIG_COUNT": str(len(settings))}
        for number, (key, value) in enumerate(settings):
            env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        answer = run_git(self.git_dir, *args, env=env, timeout_s=_SECONDS_MAX)
        if answer.exit_code != 0 and not may_fail:
            raise git_refused(args[0], answer.stderr)
        return answer.stdout.removesuffix(b"\n") if answer.exit_code == 0 else b""

    def commit_at(self, name: str) -> str:
        """The id of the commit that *name* leads to; "" when there is none."""
        return self.ask(
            "rev-parse", "--quiet", "--verify", "--end-of-options", name + "^{commit}", may_fail=True
        ).decode()


class Scratch:
    """The directory, made at *path* and removed in the end. *stores* are further folders with objects."""

    def __init__(self, repository: Repository, path: str, stores: Sequence[str] = ()) -> None:
        self.repository = repository
        self._stores = stores
        self.path = path

    def __enter__(self) -> "Scratch":
        shutil.rmtree(self.path, ignore_errors=True)  # of an attempt whose process was killed
        os.makedirs(self.path, mode=0o700)
        for name in ("objects/info", "refs", "info", "work"):
            os.makedirs(os.path.join(self.path, name))
        self._write("config", self._config())
        self._write("objects/info/alternates", alternates(self.repository.objects, *self._stores))
        self._write("HEAD", b"ref: refs/heads/none\n")
        attributes = os.path.join(self.repository.common_dir, "info", "attributes")
        if os.path.isfile(attributes):
            shutil.copyfile(attributes, os.path.join(self.path, "info", "attributes"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def work(self) -> str:
        """A directory for the few files that a change touches."""
        return os.path.join(self.path, "work")

    def git(self, *args: str, stdin: bytes = b"", is_kept: bool = False, env: dict[str, str] | None = None) -> bytes:
        """What git answers here. With *is_kept* it sees and writes the repository's own objects, and nothing beside."""
        own = {
            **_ALONE,
            "GIT_DIR": self.path,
            "GIT_WORK_TREE": self.work,
            "GIT_INDEX_FILE": os.path.join(self.path, "index"),
            **({"GIT_OBJECT_DIRECTORY": self.repository.objects} if is_kept else {}),
            **(env or {}),
        }
        answer = run_git(self.work, *args, env=own, stdin=stdin, timeout_s=_SECONDS_MAX)
        if answer.exit_code != 0 or answer.is_cut:
            raise git_refused(args[0], answer.stderr)
        return answer.stdout

    def has(self, name: str, kind: str) -> str:
        """The id of the *kind* ("tree", "commit") that *name* leads to; "" when there is none."""
        try:
            found = self.git("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{{kind}}}")
        except Refused:
            return ""
        return found.decode().strip()

    def empty_tree(self) -> str:
        """The id of the tree without files."""
        return self.git("hash-object", "-t", "tree", "-w", "--stdin").decode().strip()

    def read_tree(self, tree: str) -> None:
        """Make the index hold *tree*."""
        self.git("read-tree", tree)

    def write_tree(self) -> str:
        """The tree that the index holds."""
        return self.git("write-tree").decode().strip()

    def entries(self) -> dict[bytes, Entry]:
        """Every path that the index holds."""
        found = {}
        for line in self.git("ls-files", "--stage", "-z").split(b"\0")[:-1]:
            words, _, path = line.partition(b"\t")
            mode, name, _ = words.decode().split(" ")
            found[path] = Entry(mode, name)
        return found

    def put_entries(self, entries: Iterable[tuple[bytes, Entry]]) -> None:
        """Change the index at these paths."""
        lines = (f"{entry.mode} {entry.id}\t".encode() + path + b"\0" for path, entry in entries)
        self.git("update-index", "-z", "--index-info", stdin=b"".join(lines))

    def changes(self, before: str, after: str) -> list[Change]:
        """What differs between two trees, by path."""
        raw = self.git("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after).split(b"\0")
        found = []
        for words, path in zip(raw[:-1:2], raw[1::2], strict=True):
            old_mode, new_mode, old, new, _ = words.decode().removeprefix(":").split(" ")
            found.append(Change(path, Entry(old_mode, old), Entry(new_mode, new)))
        return found

    def difference(self, before: str, after: str) -> str:
        """The same as a patch for people. What is not UTF-8 in it is shown as such."""
        text = self.git("diff-tree", "-r", "-p", "--no-renames", "--no-color", "--full-index", before, after)
        return text.decode("utf-8", "backslashreplace")

    def keep(self, tree: str, commit: str) -> None:
        """Give the repository all objects of *tree* that *commit* ("" for none) does not bring along."""
        wanted = f"{tree}\n" + (f"^{commit}\n" if commit else "")
        pack = self.git("pack-objects", "--revs", "--stdout", "-q", stdin=wanted.encode())
        self.git("unpack-objects", "-q", stdin=pack, is_kept=True)

    def _config(self) -> bytes:
        answer = self.repository.ask("config", "-z", "--get-regexp", _TAKEN_OVER, may_fail=True)
        pairs = (entry.partition(b"\n") for entry in answer.split(b"\0") if entry)
        settings = {key.decode("ascii", "replace"): value.decode("ascii", "replace") for key, _, value in pairs}
        # Who may read the repository's objects may read the new ones too: the folder says it.
        readable = os.stat(self.repository.objects).st_mode & 0o066 | 0o600
        settings.setdefault("core.sharedrepository", f"0{readable:03o}")
        # Synced before the reference that names them.
        settings |= {"core.fsync": "loose-object,reference", "core.fsyncmethod": "fsync", "core.filemode": "true"}
        version = int("extensions.objectformat" in settings)
        lines = [f"[core]\n\trepositoryformatversion = {version}\n\tbare = false"]
        for key, value in settings.items():
            section, _, name = key.partition(".")
            quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            lines.append(f'[{section}]\n\t{name} = "{quoted}"')
        return "\n".join(lines).encode() + b"\n"

    def _write(self, name: str, data: bytes) -> None:
        with open(os.path.join(self.path, name), "wb") as file:
            file.write(data)


def git_refused(command: str, said: bytes) -> Refused:
    """The refusal of an effect that git could not do for a reason of its own."""
    lines = said.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    return Refused(
        "FL-R332",
        f"git {command} failed: {lines[-1][:300]}",
        "See what `git status` and `git fsck` say, and whether the disk is full.",
        fault="platform",
        error="unknown",
    )
