"""The tree of a commit in a private directory, as a checkout that git knows; the repository itself is only read.

The directory gets a `.git` of its own that sees the repository's objects, so that the same files are listed there as in
a checkout of that commit. Filters, hooks and attributes that start programs are not known to it.
"""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable
from difflib import get_close_matches

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.tools import ProcessResult
from fairlead.env.git import GIT_ENVIRONMENT, git_argv, git_error, run_git, run_here
from fairlead.env.private_git import alternates
from fairlead.env.surroundings import clean_environment
from fairlead.env.watching import Bounds

EXPORT_SECONDS_MAX = 600.0
REF_CHARACTERS_MAX = 250
_REFS_MAX = 1_000  # that are compared with one that is unknown
_LARGE_FILES = 2_000  # from so many files on, exporting takes long enough to be told
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


class CommonCommit(msgspec.Struct, frozen=True):
    """What findings are compared with."""

    ref: str  # as it was asked for
    commit: str
    is_merge_base: bool  # else it is the commit of REF itself: the two have no common ancestor

    @property
    def name(self) -> str:
        """`origin/main @ 4f2c1e9`."""
        return f"{path_text(self.ref)} @ {self.commit[:7]}"


class LocalRepository:
    """Questions to the repository at *root*, and trees of its commits."""

    def __init__(self, root: str, is_git: bool) -> None:
        self._root = root
        self._is_git = is_git

    def common_commit(self, ref: str) -> CommonCommit:
        """The merge base of *ref* and HEAD.

        Raises:
            FairleadError: FL-S056 there is no repository, or nothing in it; FL-S057 *ref* is unknown; FL-S058 the clone
                is too shallow to know what both have in common.
        """
        if not self._is_git:
            message = (
                f"{path_text(self._root)} is not a git repository, so there is no {path_text(ref)} to compare with"
            )
            raise error("FL-S056", message, "fairlead review", "--fail-on new-high compares with the run before")
        commit = self._commit(ref)
        if not commit:
            raise self._unknown(ref)
        head = self._commit("HEAD")
        if not head:
            raise error("FL-S056", f"{path_text(self._root)} has no commit yet", "fairlead review")
        answer = run_git(self._root, "merge-base", commit, head)
        found = answer.stdout.decode("ascii", "replace").strip()
        if answer.exit_code == 0 and _COMMIT.fullmatch(found):
            return CommonCommit(ref, found, True)
        if answer.exit_code != 1:
            raise git_error(self._root, answer)
        if self._is_shallow():
            message = f"this clone is too shallow to know what {path_text(ref)} and HEAD have in common"
            raise error("FL-S058", message, *_fetches(ref), exit_code=2)
        return CommonCommit(ref, commit, False)

    def reachable(self, commits: Iterable[str], last: str) -> frozenset[str]:
        """Those of *commits* that *last* is or comes after; one that git does not know is none of them."""
        wanted = frozenset(commit for commit in commits if _COMMIT.fullmatch(commit))
        if not wanted or not _COMMIT.fullmatch(last):
            return frozenset()
        asked = "".join(f"{commit}\n" for commit in sorted(wanted))
        known = run_git(self._root, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked.encode())
        there = {line.split()[0] for line in known.stdout.decode("ascii", "replace").split("\n") if " commit" in line}
        # One walk for all of them, and only over what came after *last*.
        left = run_git(self._root, "rev-list", "--ignore-missing", "--stdin", stdin=f"{asked}^{last}\n".encode())
        if known.exit_code != 0 or left.exit_code != 0:
            return frozenset()  # what git cannot tell to be old is new
        return frozenset((wanted & there) - set(left.stdout.decode("ascii", "replace").split("\n")))

    def export(self, commit: str, path: str, tell: Callable[[str], None]) -> None:
        """Make *path* a checkout of *commit*, unless it is there already; *tell* hears of a tree that takes long.

        Raises:
            FairleadError: FL-S059.
        """
        if os.path.isdir(path):
            return
        beside = f"{path}.{secrets.token_hex(4)}"
        try:
            self._fill(commit, beside, tell)
            os.rename(beside, path)
        except OSError as problem:
            if not os.path.isdir(path):  # nobody else was faster: it is the disk
                why = problem.strerror or type(problem).__name__
                raise error("FL-S059", f"the tree of {commit[:7]} cannot be written: {why}", "free some room") from None
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def drop(self, path: str) -> None:
        """Remove an exported tree."""
        shutil.rmtree(path, ignore_errors=True)

    def _fill(self, commit: str, path: str, tell: Callable[[str], None]) -> None:
        own = os.path.join(path, ".git")
        for folder in ("objects/info", "refs/heads", "info"):
            os.makedirs(os.path.join(own, folder), mode=0o700)
        common = os.fsdecode(self._ask("rev-parse", "--git-common-dir").stdout.removesuffix(b"\n"))
        common = os.path.realpath(os.path.join(self._root, common))
        objects = os.path.join(common, "objects")
        is_sha256 = len(commit) == 64
        config = f"[core]\n\trepositoryformatversion = {int(is_sha256)}\n\tbare = false\n"
        if is_sha256:
            config += "[extensions]\n\tobjectformat = sha256\n"
        contents = {
            "HEAD": commit.encode() + b"\n",
            "config": config.encode(),
            "objects/info/alternates": alternates(objects),
        }
        shallow = os.path.join(common, "shallow")
        if os.path.isfile(shallow):
            with open(shallow, "rb") as file:
                contents["shallow"] = file.read(10_000_000)
        for name, data in contents.items():
            with open(os.path.join(own, name), "wb") as file:
                file.write(data)
        self._here(path, "read-tree", commit)
        count = self._here(path, "ls-files", "-z").stdout.count(b"\0")
        if count >= _LARGE_FILES:
            tell(f"writing the {count:,} files of {commit[:7]} into a directory of its own")
        self._here(path, "checkout-index", "--all", "--index", "--quiet")

    def _commit(self, ref: str) -> str:
        """The commit that *ref* names; "" when there is none."""
        if not ref or len(ref) > REF_CHARACTERS_MAX or ref.startswith("-") or "\0" in ref:
            return ""
        answer = run_git(self._root, "rev-parse", "--verify", "--quiet", ref + "^{commit}")
        found = answer.stdout.decode("ascii", "replace").strip()
        if answer.exit_code not in (0, 1, 128):
            raise git_error(self._root, answer)
        return found if _COMMIT.fullmatch(found) else ""

    def _is_shallow(self) -> bool:
        return run_git(self._root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def _unknown(self, ref: str) -> FairleadError:
        shown = path_text(ref[:REF_CHARACTERS_MAX])
        if self._is_shallow():
            return error("FL-S058", f"this clone is shallow and does not hold {shown}", *_fetches(ref), exit_code=2)
        answer = run_git(self._root, "for-each-ref", f"--count={_REFS_MAX}", "--format=%(refname:short)")
        known = answer.stdout.decode("utf-8", "replace").split("\n")
        near = [f"--new-since {path_text(name)}" for name in get_close_matches(ref, known, 1, 0.6)]
        # Without --depth: in a clone that has all of its history it would cut that.
        fetch = _fetches(ref)[0].removesuffix(" --depth=50")
        return error("FL-S057", f"git knows no commit {shown}", *near, fetch, "git branch --all", exit_code=2)

    def _ask(self, *args: str) -> ProcessResult:
        answer = run_git(self._root, *args)
        if answer.exit_code != 0:
            raise git_error(self._root, answer)
        return answer

    def _here(self, path: str, *args: str) -> ProcessResult:
        """A command of the exported tree's own git."""
        environment = clean_environment(
            {
                **GIT_ENVIRONMENT,
                "GIT_DIR": os.path.join(path, ".git"),
                "GIT_WORK_TREE": path,
                "GIT_CONFIG_GLOBAL": os.devnull,  # a filter may be defined there
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_ATTR_NOSYSTEM": "1",
            }
        )
        argv = [*git_argv(("version",))[:-1], *args]
        answer = run_here(argv, path, environment, Bounds(EXPORT_SECONDS_MAX, 400_000_000))
        if answer.exit_code != 0:
            said = answer.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {answer.exit_code}"]
            why = "it took too long" if answer.is_timed_out else said[-1][:300]
            raise error("FL-S059", f"git cannot write the tree to compare with: {why}", "git fsck")
        return answer


def _fetches(ref: str) -> tuple[str, ...]:
    """What to type so that *ref*, and more of the history, is here."""
    if not re.fullmatch(r"[\w./-]+", ref) or re.fullmatch(r"HEAD|[0-9a-f]{7,64}", ref):
        return ("git fetch --deepen=50", "git fetch --unshallow")  # no name that a remote would know
    remote, slash, branch = ref.partition("/")
    asked = f"{remote} {branch}" if slash and branch else f"origin {ref}"
    return (f"git fetch {asked} --depth=50", "git fetch --unshallow")
