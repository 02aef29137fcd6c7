"""A world over a directory of the test, with real files, real git and real child processes."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fairlead.core.tools import FILE_BYTES_MAX, ProcessResult, TreeFile, Unreadable
from fairlead.env.git import git_argv, is_reading
from fairlead.env.tree_writer import TreeWriter

# The user's own git configuration must not decide a test.
GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


class DirectoryWorld:
    """Implements `fairlead.core.tools.ToolWorld` over *root*; what the tool said stands in `founds` and `texts`.

    The files are those that git does not ignore, or all of them where there is no repository: changed ones first, then
    by path. Make the world after the files are written.
    """

    def __init__(
        self,
        root: Path,
        paths: Sequence[str] = (),
        data: Path | None = None,
        today: str = "",
        writes: Sequence[str] = (),
    ) -> None:
        self.root = str(root)
        self.today = today or time.strftime("%Y-%m-%d", time.gmtime())
        self._data = data
        self._writes = writes
        self.is_git = (root / ".git").exists()
        self.files_left_out = 0
        self.repositories_inside: Sequence[str] = ()
        self.founds = 0
        self.texts: list[str] = []
        found = self._tracked() if self.is_git else self._walked()
        changed = self._changed() if self.is_git else set()
        inside = tuple(path.rstrip("/") + "/" for path in paths)
        self.files: Sequence[TreeFile] = sorted(
            (
                TreeFile(path, (root / path).lstat().st_size, path in changed)
                for path in found
                if not paths or path in paths or path.startswith(inside)
            ),
            key=lambda file: (not file.is_changed, os.fsencode(file.path)),
        )

    def read(self, path: str, limit: int = FILE_BYTES_MAX) -> bytes:
        full = os.path.join(self.root, path)
        if not os.path.realpath(full).startswith(os.path.realpath(self.root) + os.sep):
            raise Unreadable("it leads out of the tree")
        if not os.path.isfile(full):
            raise Unreadable("it is gone or no regular file")
        if os.path.getsize(full) > limit:
            raise Unreadable(f"it is larger than {limit} bytes")
        try:
            return Path(full).read_bytes()
        except OSError as error:
            raise Unreadable(str(error.strerror)) from None

    def stamp(self, path: str) -> str:
        try:
            found = os.lstat(os.path.join(self.root, path))
        except OSError:
            return ""
        return f"{found.st_ino} {found.st_mtime_ns} {found.st_ctime_ns}"

    def write(self, path: str, data: bytes) -> None:
        TreeWriter(self.root, self._writes).write(path, data)

    def data(self, name: str) -> bytes | None:
        full = os.path.join(self._data, name) if self._data else ""
        if not full or not os.path.lexists(full):
            return None
        if not os.path.realpath(full).startswith(os.path.realpath(str(self._data)) + os.sep):
            raise Unreadable("it leads out of the data")
        try:
            return Path(full).read_bytes()
        except OSError as error:
            raise Unreadable(str(error.strerror)) from None

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        stdin: bytes = b"",
        stdout_max: int = 10_000_000,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> ProcessResult:
        surroundings = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": self.root, **(env or {})}
        began = time.monotonic()
        try:
            done = subprocess.run(
                list(argv),
                check=False,
                input=stdin,
                capture_output=True,
                timeout=timeout_s,
                env=surroundings,
                cwd=cwd or self.root,
            )
        except FileNotFoundError as error:
            return ProcessResult(127, b"", str(error).encode(), time.monotonic() - began)
        except subprocess.TimeoutExpired as error:
            return ProcessResult(-9, error.stdout or b"", error.stderr or b"", timeout_s, is_timed_out=True)
        is_cut = len(done.stdout) > stdout_max
        code = -9 if is_cut else done.returncode
        return ProcessResult(code, done.stdout[:stdout_max], done.stderr, time.monotonic() - began, is_cut=is_cut)

    def git(self, *args: str, timeout_s: float = 20.0, stdout_max: int = 10_000_000) -> ProcessResult:
        if not is_reading(args):
            return ProcessResult(129, b"", b"only commands that read\n", 0.0)
        argv = git_argv(args)
        return self.run(argv, timeout_s=timeout_s, stdout_max=stdout_max, env=GIT_ENVIRONMENT)

    @contextmanager
    def with_files(self, contents: Mapping[str, bytes]) -> Iterator["DirectoryWorld"]:
        with TemporaryDirectory() as folder:
            for path, data in contents.items():
                (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / path).write_bytes(data)
            yield DirectoryWorld(Path(folder))

    def progress(self, text: str) -> None:
        self.texts.append(text)

    def found(self, count: int = 1) -> None:
        self.founds += count

    def _tracked(self) -> list[str]:
        answer = self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        assert answer.exit_code == 0, answer.stderr
        names = {os.fsdecode(name) for name in answer.stdout.split(b"\0") if name}
        return [name for name in names if os.path.lexists(os.path.join(self.root, name))]

    def _changed(self) -> set[str]:
        listed = self.git("ls-files", "-z", "--modified", "--others", "--exclude-standard").stdout
        staged = self.git("diff", "--cached", "--name-only", "-z").stdout
        return {os.fsdecode(name) for name in (listed + staged).split(b"\0") if name}

    def _walked(self) -> list[str]:
        return [
            os.path.relpath(os.path.join(folder, name), self.root)
            for folder, _, names in os.walk(self.root)
            for name in names
        ]


def commit_all(root: Path, title: str = "Change", date: str = "2025-03-02T10:00:00+00:00") -> str:
    """Record everything under *root* as one commit (making the repository if there is none) and give its id."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        **GIT_ENVIRONMENT,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
    }

    def git(*args: str) -> str:
        return subprocess.run(
            ["git", *args], cwd=root, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    if not (root / ".git").exists():
        git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", title)
    return git("rev-parse", "HEAD")
