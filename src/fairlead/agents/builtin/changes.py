"""What changed since a commit, for the agents that look at changes: one answer for all of them."""

from collections.abc import Set

import msgspec

from fairlead.core.outcomes import Failed
from fairlead.core.tools import ToolWorld

_HINT = "name a commit, a tag or a branch of this repository"


class Changes(msgspec.Struct, frozen=True):
    """The commit at which this side left the base, and the files that differ between it and the tree."""

    start: str
    paths: Set[str]  # those that git does not know, too


def changed_since(since: str, world: ToolWorld) -> Changes | Failed:
    """The files that differ between the commit *since* and the tree, and those that git does not know."""
    if not world.is_git:
        return Failed("author", "FL-A122", f"there is no git repository, so nothing changed since {since}", _HINT)
    known = world.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}")
    if known.exit_code != 0:
        return Failed("author", "FL-A122", f"git knows no commit {since}", _HINT)
    commit = known.stdout.decode("ascii", "replace").strip()
    # From the place where both parted: what the other branch did since is not this side's change.
    parted = world.git("merge-base", commit, "HEAD")
    start = parted.stdout.decode("ascii", "replace").strip() if parted.exit_code == 0 else commit
    differs = world.git("diff", "--name-only", "--no-renames", "--relative", "-z", start, "--")
    unknown = world.git("ls-files", "--others", "--exclude-standard", "-z")
    if differs.exit_code != 0 or unknown.exit_code != 0 or differs.is_cut or unknown.is_cut:
        said = (differs.stderr or unknown.stderr).decode("utf-8", "replace").strip()[:200] or "its answer is too long"
        return Failed("platform", "FL-A123", f"git could not say what changed since {since}: {said}", _HINT)
    names = (differs.stdout + unknown.stdout).split(b"\0")
    return Changes(start, {name.decode("utf-8", "surrogateescape") for name in names if name})
