"""The disposable place: a copy of the project with a repository of its own, a state directory, and what is counted.

Every run is performed at the same path, so that nothing differs because a path does. Remotes of the repository lead to
bare ones of ours, so that a program that pushes reaches nobody.
"""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

from fairlead.core.errors import error
from fairlead.core.findings import path_text
from fairlead.core.json import digest
from fairlead.service.parts import Project

FILES_MAX = 20_000  # of one copy: it is made anew for every point
BYTES_MAX = 500_000_000
_INSTALLED = (".venv", "venv", "node_modules")  # not copied: what is installed is read, never written
_OWN = ".fairlead"
_STATE = os.path.join(_OWN, "state")


class Stage(NamedTuple):
    """Where it all lies."""

    folder: str

    @property
    def place(self) -> str:
        """What is made anew for each run, and looked at afterwards."""
        return os.path.join(self.folder, "place")

    @property
    def root(self) -> str:
        """Of the copy of the project that a run is performed on."""
        return os.path.join(self.place, "project")

    @property
    def state(self) -> str:
        """The state directory."""
        return os.path.join(self.folder, "state")

    @property
    def ledger(self) -> str:
        """What happened outside."""
        return os.path.join(self.folder, "ledger")

    @property
    def said(self) -> str:
        """What the process that performs has to say."""
        return os.path.join(self.folder, "said")

    @property
    def time(self) -> str:
        """By how much the clock was put forward in this run."""
        return os.path.join(self.folder, "time")

    def set_up(self) -> None:
        """Everything as it was before the first run."""
        for path in (self.place, self.state):
            if os.path.isdir(path):
                shutil.rmtree(path)
        for path in (self.ledger, self.said, self.time):
            if os.path.exists(path):
                os.unlink(path)
        shutil.copytree(os.path.join(self.folder, "origin"), self.place, symlinks=True)


def copy_project(project: Project, folder: str) -> Stage:
    """Copy *project* into *folder*: files that git tracks or would, and all that is Fairlead's; the objects stay there.

    Raises:
        FairleadError: FL-R814 it cannot be copied.
    """
    stage = Stage(folder)
    origin = os.path.join(folder, "origin")
    copy = os.path.join(origin, "project")
    os.makedirs(copy)
    try:
        _copy_files(project, copy)
        if project.is_git:
            _copy_repository(project, origin, copy)
        for name in _INSTALLED:
            source = os.path.join(project.root, name)
            if os.path.isdir(source) and not os.path.lexists(os.path.join(copy, name)):
                os.symlink(os.path.realpath(source), os.path.join(copy, name))
    except (OSError, shutil.Error, subprocess.CalledProcessError) as problem:
        why = (
            problem.stderr.decode("utf-8", "replace") if isinstance(problem, subprocess.CalledProcessError) else problem
        )
        said = f"{path_text(project.root)} cannot be copied: {str(why).strip()[:300]}"
        raise error("FL-R814", said, "see whether the disk has room", exit_code=8) from None
    return stage


def _copy_files(project: Project, copy: str) -> None:
    count = size = 0
    for name in _names(project):
        source = os.path.join(project.root, name)
        try:
            facts = os.lstat(source)
        except FileNotFoundError:
            continue  # tracked, and deleted in the checkout
        if not (stat.S_ISREG(facts.st_mode) or stat.S_ISLNK(facts.st_mode)):
            continue  # a socket, a repository within the repository
        count += 1
        size += facts.st_size
        if count > FILES_MAX or size > BYTES_MAX:
            most = f"{FILES_MAX:,} files or {BYTES_MAX // 1_000_000} MB"
            said = f"{project.name} has more than {most}, and it is copied for every point"
            raise error("FL-R814", said, "certify the workflow in a smaller repository", exit_code=8)
        target = os.path.join(copy, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


def _names(project: Project) -> Iterator[str]:
    """Files of the project, relative to its root."""
    if not project.is_git:
        yield from _below(project.root, "")
        return
    listed = _git(project.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
    yield from dict.fromkeys(name for name in names if not name.startswith(_STATE))
    # A workflow or an agent that git ignores is called all the same.
    known = set(names)
    yield from (name for name in _below(project.root, _OWN) if name not in known)


def _below(root: str, folder: str) -> Iterator[str]:
    for at, folders, files in os.walk(os.path.join(root, folder)):
        inside = os.path.relpath(at, root)
        inside = "" if inside == os.curdir else inside
        folders[:] = [
            one for one in folders if one not in (".git", *_INSTALLED) and os.path.join(inside, one) != _STATE
        ]
        yield from (os.path.join(inside, name) for name in files)


def _copy_repository(project: Project, origin: str, copy: str) -> None:
    """A repository with the same references, which reads the objects of the other one and writes its own."""
    head = _git(project.root, "symbolic-ref", "-q", "HEAD", may_fail=True).decode().strip()
    commit = _git(project.root, "rev-parse", "-q", "--verify", "HEAD", may_fail=True).decode().strip()
    form = _git(project.root, "rev-parse", "--show-object-format").decode().strip()
    objects = os.fsdecode(_git(project.root, "rev-parse", "--git-path", "objects")).strip("\n")
    _git(copy, "init", "-q", f"--object-format={form}")
    own = os.path.join(copy, ".git")
    with open(os.path.join(own, "objects", "info", "alternates"), "w", encoding="utf-8") as file:
        file.write(os.path.realpath(os.path.join(project.root, objects)) + "\n")
    shallow = os.path.join(os.path.dirname(os.path.realpath(os.path.join(project.root, objects))), "shallow")
    if os.path.exists(shallow):
        shutil.copy2(shallow, os.path.join(own, "shallow"))
    with open(os.path.join(own, "info", "exclude"), "a", encoding="utf-8") as file:
        file.writelines(f"/{name}\n" for name in _INSTALLED)
    listed = _git(
        project.root, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags", "refs/remotes"
    )
    lines = [line.split(b" ", 1) for line in listed.splitlines()]
    _git(copy, "update-ref", "--stdin", stdin=b"".join(b"create %s %s\n" % (name, id) for id, name in lines))
    if head:
        _git(copy, "symbolic-ref", "HEAD", head)
    elif commit:
        _git(copy, "update-ref", "--no-deref", "HEAD", commit)
    for key in ("user.name", "user.email", "core.autocrlf", "core.eol"):
        value = _git(project.root, "config", "--get", key, may_fail=True).decode().rstrip("\n")
        if value:
            _git(copy, "config", key, value)
    for number, remote in enumerate(_git(project.root, "remote").decode().split()):
        bare = os.path.join(origin, f"remote-{number}.git")
        _git(origin, "init", "-q", "--bare", f"--object-format={form}", bare)
        shutil.copy2(os.path.join(own, "objects", "info", "alternates"), os.path.join(bare, "objects", "info"))
        # Relative: it is copied together with the project.
        _git(copy, "config", f"remote.{remote}.url", f"../remote-{number}.git")
        _git(copy, "config", f"remote.{remote}.fetch", f"+refs/heads/*:refs/remotes/{remote}/*")
    if commit:
        _git(copy, "reset", "-q", "--mixed")


def _git(cwd: str, *words: str, stdin: bytes = b"", may_fail: bool = False) -> bytes:
    """Git on a repository that is the person's own, or ours."""
    argv = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", *words]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(argv, cwd=cwd, input=stdin, capture_output=True, env=environ, check=not may_fail)
    return done.stdout if done.returncode == 0 else b""


def left_in(stage: Stage) -> dict[str, str]:
    """What lies in the disposable place, outside of the state directory: files, and what references lead to."""
    found: dict[str, str] = {}
    for at, folders, files in os.walk(stage.place):
        for name in [one for one in folders if one == ".git" or one.endswith(".git")]:
            folders.remove(name)
            found.update(_references(stage, os.path.join(at, name)))
        for name in files + [one for one in folders if os.path.islink(os.path.join(at, one))]:
            path = os.path.join(at, name)
            found["file " + os.path.relpath(path, stage.root)] = _content(path)
    return found


def _content(path: str) -> str:
    facts = os.lstat(path)
    if stat.S_ISLNK(facts.st_mode):
        return f"link to {os.readlink(path)}"
    if not stat.S_ISREG(facts.st_mode):
        return "no regular file"
    with open(path, "rb") as file:
        data = file.read()
    return f"{len(data)} bytes, {data.count(10)} lines, {facts.st_mode & 0o777:o}, {digest(data)[7:19]}"


def _references(stage: Stage, git_dir: str) -> Iterator[tuple[str, str]]:
    """Each branch with how many commits it has and which files: ids of commits hold the time."""
    form = "--format=%(refname) %(tree) %(objecttype)"
    for line in _git(git_dir, "for-each-ref", form).decode("utf-8", "replace").splitlines():
        name, tree, kind = line.split(" ")
        count = _git(git_dir, "rev-list", "--count", name).decode().strip() if kind == "commit" else "0"
        where = os.path.relpath(os.path.dirname(git_dir) if git_dir.endswith("/.git") else git_dir, stage.root)
        yield f"reference {name} of {where}", f"{count} commits, tree {tree[:12]}"


def commits_in(stage: Stage) -> list[tuple[str, str, str]]:
    """Every commit that a reference of the copy leads to and the original does not have: id, tree, last line."""
    if not os.path.isdir(os.path.join(stage.root, ".git")):
        return []
    new = _git(stage.root, "log", "--all", "-z", "--format=%H%x01%T%x01%B", "--max-count=2000")
    found = []
    for record in filter(None, new.split(b"\0")):
        commit, tree, body = record.decode("utf-8", "replace").split("\x01", 2)
        found.append((commit, tree, body.rstrip("\n").rpartition("\n")[2]))
    return found
