"""Effects on the repository: a commit, a branch, a commit that takes another back. The checkout is never touched.

What is committed is put together in a scratch directory from the very arguments that are shown; the branch moves in one
step at the end, from the commit that was seen at the beginning. The trailer of the commit is how it is found again.
"""

import asyncio
import os
from typing import Annotated, NamedTuple

import msgspec

from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import EffectCard, EffectWorld
from fairlead.env.effects.arguments import Arguments, bad_arguments, input_schema, read_arguments, read_patches
from fairlead.env.effects.branches import (
    Made,
    Target,
    check_name,
    find_made,
    identity,
    make_commit,
    target_of,
)
from fairlead.env.effects.changes import carried_tree, patched_tree
from fairlead.env.effects.keeping import record_of
from fairlead.env.effects.refusals import Refused, outcome_of, shown_of
from fairlead.env.effects.scratch import Repository, Scratch

SHOWN_CHARACTERS_MAX = 1_000_000  # of a change; nobody reads more, and what is left out is said

_Branch = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, description="A branch that is new or Fairlead's own.")
]
_Message = Annotated[str, msgspec.Meta(max_length=20_000, description="Of the commit; a default says what was done.")]
_Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{4,64}$")]


class _Commit(Arguments, frozen=True, kw_only=True, rename={"made_from": "base"}):
    """`with` of git.commit: one of `patches`, `tree` and `diff`."""

    branch: _Branch
    patches: Annotated[list[Json], msgspec.Meta(description="Outputs of patchers, or texts.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    tree: Annotated[_Id, msgspec.Meta(description="A tree that the run has recorded.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    diff: Annotated[str, msgspec.Meta(min_length=1, description="One patch as text.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    made_from: (
        Annotated[_Id, msgspec.Meta(description="What the change was made from, if not the parent.")]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    message: _Message = ""


class _NewBranch(Arguments, frozen=True, kw_only=True, rename={"start": "from", "made_from": "base"}):
    """`with` of git.branch."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="A branch that does not exist yet.")]
    start: Annotated[_Id, msgspec.Meta(description="A tree that the run has recorded, or a commit.")]
    made_from: (
        Annotated[_Id, msgspec.Meta(description="What the tree was made from, if not the parent.")] | msgspec.UnsetType
    ) = msgspec.UNSET
    message: _Message = ""


class _Revert(Arguments, frozen=True, kw_only=True):
    """`with` of git.revert."""

    commit: Annotated[_Id, msgspec.Meta(description="The commit to take back.")]
    branch: _Branch = ""
    message: _Message = ""


class _Plan(NamedTuple):
    """A commit that is ready to be made."""

    target: Target
    before: str  # tree
    tree: str
    message: str


_OUTPUT: dict[str, Json] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["commit", "branch", "files", "parent"],
    "properties": {
        "commit": {"type": "string", "minLength": 40},
        "branch": {"type": "string", "minLength": 1},
        "files": {"type": "array", "items": {"type": "string"}},
        "parent": {"type": "string", "description": "Empty when the repository had no commit yet."},
    },
}


class _Committing:
    """What the three have alike: a plan, and a commit made of it."""

    card: EffectCard

    def describe(self) -> EffectCard:
        return self.card

    def class_of(self, given: dict[str, Json]) -> str:
        """Keyed, whatever is given: it is found again by what it left."""
        return "keyed"

    async def show(self, given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
        return await asyncio.to_thread(shown_of, lambda: self._show(given, world))

    async def find(self, given: dict[str, Json], world: EffectWorld) -> Outcome | None:
        return await asyncio.to_thread(outcome_of, lambda: self._find(given, world))

    async def perform(self, given: dict[str, Json], world: EffectWorld) -> Outcome:
        return await asyncio.to_thread(outcome_of, lambda: self._perform(given, world))

    def branch_of(self, given: dict[str, Json]) -> str:
        """The branch that *given* leads to."""
        raise NotImplementedError

    def plan(self, given: dict[str, Json], repository: Repository, scratch: Scratch) -> _Plan:
        """What *given* makes of the repository as it is."""
        raise NotImplementedError

    def _show(self, given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
        repository = Repository(world.root)
        with _scratch(repository, world) as scratch:
            plan = self.plan(given, repository, scratch)
            target = plan.target
            who = identity(world.root)
            by = f"{who['GIT_AUTHOR_NAME']} <{who['GIT_AUTHOR_EMAIL']}>"
            files = [path_text(os.fsdecode(change.path)) for change in scratch.changes(plan.before, plan.tree)]
            change = scratch.difference(plan.before, plan.tree)
            rows = [
                ("Branch", f"{target.branch} ({'exists' if target.tip else 'new'})"),
                ("On top of", target.parent or "nothing: the first commit"),
                ("Author", by),
                ("Message", plan.message),
                ("Files", files),
                ("Change", change[:SHOWN_CHARACTERS_MAX]),
            ]
            if len(change) > SHOWN_CHARACTERS_MAX:
                rows.append(("Not shown", f"{len(change) - SHOWN_CHARACTERS_MAX:,} more characters of the change"))
        return [{"name": name, "value": value} for name, value in rows]

    def _find(self, given: dict[str, Json], world: EffectWorld) -> Outcome | None:
        branch = self.branch_of(given)
        check_name(branch)
        repository = Repository(world.root)
        made = find_made(repository, branch, world.key)
        if made is None:
            return None
        with _scratch(repository, world) as scratch:
            return _outcome(scratch, made, branch)

    def _perform(self, given: dict[str, Json], world: EffectWorld) -> Outcome:
        repository = Repository(world.root)
        with _scratch(repository, world) as scratch:
            plan = self.plan(given, repository, scratch)
            made = make_commit(scratch, plan.target, plan.tree, plan.message, world.key)
            return _outcome(scratch, made, plan.target.branch)


class GitCommit(_Committing):
    """A commit of patches, of one diff, or of a recorded tree."""

    card = EffectCard(
        kind="git.commit",
        title="Make a commit on a branch of Fairlead's own",
        description=(
            "Commits patches, a diff or a tree that the run has recorded. The commit stands on the branch when that is"
            " Fairlead's own, else on what is checked out; checkout, index and stash stay as they are. Patches must"
            " fit the committed files exactly, and one that does not fit refuses all. With `base` only what differs"
            " from it is committed: a recorded tree also holds what was not committed when the run began."
        ),
        input_schema=input_schema(_Commit),
        output_schema=_OUTPUT,
        effect_class="keyed",
        covered_by=("patches", "tree", "diff", "base"),
    )

    def branch_of(self, given: dict[str, Json]) -> str:
        return read_arguments("git.commit", _Commit, given).branch

    def plan(self, given: dict[str, Json], repository: Repository, scratch: Scratch) -> _Plan:
        arguments = read_arguments("git.commit", _Commit, given)
        if sum(name in given for name in ("patches", "tree", "diff")) != 1:
            raise bad_arguments("git.commit", "exactly one of `patches`, `tree` and `diff` is needed")
        target = target_of(repository, arguments.branch)
        before = _tree(scratch, target.parent)
        base = _tree_of(scratch, arguments.made_from) if arguments.made_from else before
        if arguments.tree is not msgspec.UNSET:
            after = _tree_of(scratch, arguments.tree)
            default = "Take over the work of a run"
        else:
            given_patches = [arguments.diff] if arguments.patches is msgspec.UNSET else arguments.patches
            patches = read_patches("git.commit", given_patches)
            after = patched_tree(scratch, base, patches)
            default = _told(given_patches, len(patches))
        return _planned(target, before, carried_tree(scratch, base, after, before), arguments.message or default)


class GitBranch(_Committing):
    """A tree of the run as a commit on a new branch."""

    card = EffectCard(
        kind="git.branch",
        title="Make a branch with one commit",
        description=(
            "Makes a new branch from what is checked out, with one commit that brings the files of `from` (a tree that"
            " the run has recorded, or a commit). Checkout, index and stash stay as they are."
        ),
        input_schema=input_schema(_NewBranch),
        output_schema=_OUTPUT,
        effect_class="keyed",
        covered_by=("from", "base"),
    )

    def branch_of(self, given: dict[str, Json]) -> str:
        return read_arguments("git.branch", _NewBranch, given).name

    def plan(self, given: dict[str, Json], repository: Repository, scratch: Scratch) -> _Plan:
        arguments = read_arguments("git.branch", _NewBranch, given)
        target = target_of(repository, arguments.name, is_new=True)
        before = _tree(scratch, target.parent)
        base = _tree_of(scratch, arguments.made_from) if arguments.made_from else before
        after = _tree_of(scratch, arguments.start)
        message = arguments.message or "Take over the work of a run"
        return _planned(target, before, carried_tree(scratch, base, after, before), message)


class GitRevert(_Committing):
    """A commit that takes another one back."""

    card = EffectCard(
        kind="git.revert",
        title="Make a commit that takes another one back",
        description=(
            "Takes back what one commit changed, on a branch of Fairlead's own (`fairlead/revert-…` when none is"
            " named) and on top of what is checked out, or of the branch when it exists. Lines that have changed since"
            " refuse all of it."
        ),
        input_schema=input_schema(_Revert),
        output_schema=_OUTPUT,
        effect_class="keyed",
        covered_by=("commit",),
    )

    def branch_of(self, given: dict[str, Json]) -> str:
        arguments = read_arguments("git.revert", _Revert, given)
        return arguments.branch or f"fairlead/revert-{arguments.commit[:10]}"

    def plan(self, given: dict[str, Json], repository: Repository, scratch: Scratch) -> _Plan:
        arguments = read_arguments("git.revert", _Revert, given)
        target = target_of(repository, self.branch_of(given))
        commit = scratch.has(arguments.commit, "commit")
        if not commit:
            raise _unknown(arguments.commit, "commit")
        parents = scratch.git("rev-list", "--parents", "--max-count=1", commit).decode().split()[1:]
        if len(parents) > 1:
            raise bad_arguments("git.revert", f"{commit[:10]} joins two branches, and which one to keep is not said")
        before = _tree(scratch, target.parent)
        undone = carried_tree(
            scratch, _tree(scratch, commit), _tree(scratch, parents[0] if parents else ""), before, merges=True
        )
        title = scratch.git("log", "--max-count=1", "--format=%s", commit).decode("utf-8", "replace").strip()
        default = f"Take back: {title}\n\nThis takes back commit {commit}."
        return _planned(target, before, undone, arguments.message or default)


def _scratch(repository: Repository, world: EffectWorld) -> Scratch:
    stores = (os.path.join(world.trees, "objects"), os.path.join(world.trees, "added")) if world.trees else ()
    return Scratch(repository, record_of(world) + ".git", stores)


def _planned(target: Target, before: str, tree: str, message: str) -> _Plan:
    if before == tree:
        raise Refused(
            "FL-R336",
            f"there is nothing to commit on {target.branch}: the files are already so",
            "Let the step ask first whether anything has changed, with `if`.",
        )
    return _Plan(target, before, tree, message.strip())


def _outcome(scratch: Scratch, made: Made, branch: str) -> Succeeded:
    changes = scratch.changes(made.parent or scratch.empty_tree(), made.commit)
    files = [path_text(os.fsdecode(change.path)) for change in changes]
    output: dict[str, Json] = {"commit": made.commit, "branch": branch, "files": files, "parent": made.parent}
    many = f"{len(files)} file" + ("s" if len(files) != 1 else "")
    return Succeeded(output, f"{made.commit[:7]} on {branch} · {many}")


def _tree(scratch: Scratch, commit: str) -> str:
    """The tree of a commit that is there; the empty one for "", which stands before the first commit."""
    return scratch.has(commit, "tree") if commit else scratch.empty_tree()


def _tree_of(scratch: Scratch, name: str) -> str:
    tree = scratch.has(name, "tree")
    if not tree:
        raise _unknown(name, "tree or commit")
    return tree


def _unknown(name: str, what: str) -> Refused:
    return Refused(
        "FL-R338",
        f"there is no {what} {name}, neither in the repository nor among what the run has recorded",
        "Give the `worktree` or `best_commit` of a step, or the id of a commit.",
    )


def _told(given: list[Json], count: int) -> str:
    """What the patches say of themselves, as a message."""
    told = [one["summary"] for one in given if isinstance(one, dict) and isinstance(one.get("summary"), str)]
    lines = [" ".join(text.split())[:200] for text in told if text.strip()]
    if count == 1 and len(lines) == 1:
        return lines[0]
    title = f"Apply {count} patch" + ("es" if count != 1 else "")
    return "\n- ".join((title + "\n" if lines else title, *lines))
