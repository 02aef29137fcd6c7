"""Puts together what differs from the base: commits since then, changes that nobody committed, and new files."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from fairlead.agents.builtin.change_scope.asking import CannotSay, Change, Start, asked, commits_since, start_of
from fairlead.agents.builtin.inventory import languages
from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.patch_texts import BadPatch, make_patch
from fairlead.core.tools import ToolWorld, Unreadable

FILES_MAX = 10_000  # as many as the scanners take for `paths`
COMMITS_MAX = 200
DIFF_BYTES_MAX = 1_000_000

# Which files differ: a repository inside counts by its commit, and is not entered. Nobody's order is read.
_FILES = ("--no-renames", "--relative", "--ignore-submodules=dirty", "-O/dev/null")
# How the difference is written, whatever somebody's settings say.
_FORM = (
    *("--full-index", "--unified=3", "--inter-hunk-context=0", "--diff-algorithm=myers", "--submodule=short"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)
_STATUS = {"A": "added", "D": "deleted"}  # every other letter is a change of what is there


def scope(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Say what the tree changes against `base`."""
    try:
        start = start_of(str(inputs.get("base") or ""), world)
        changes = _tracked(world, start)
        diff, is_cut = _diff(world, start)
        added, texts, unread = _new(world)
        commits, number = commits_since(start, world, COMMITS_MAX)
    except CannotSay as refusal:
        return refusal.failed
    changes = sorted([*changes, *added], key=lambda change: change.path)
    degraded = []
    for text in texts:
        is_cut = is_cut or len(diff) + len(text) > DIFF_BYTES_MAX
        diff += "" if is_cut else text
    if is_cut:
        degraded.append(f"The diff is longer than {DIFF_BYTES_MAX:,} bytes and is cut there; `files` names all of it.")
    if unread:
        shown = f"{path_text(unread[0])}{f' and {len(unread) - 1} more' if len(unread) > 1 else ''}"
        degraded.append(f"{len(unread)} new files are named, but their lines are in no diff and no count: {shown}.")
    if len(changes) > FILES_MAX:
        degraded.append(f"{len(changes) - FILES_MAX:,} changed files are left out: at most {FILES_MAX:,} are named.")
    if number > len(commits):
        degraded.append(f"{number - len(commits):,} commits are left out: at most {COMMITS_MAX} are named.")
    if not start.is_shared:
        degraded.append(f"HEAD and {start.name} have no commit in common: all that differs counts as changed.")
    return Succeeded(
        _output(start, changes, diff, is_cut, commits, number),
        _summary(start, changes, number),
        tuple(degraded),
    )


def _output(
    start: Start,
    changes: Sequence[Change],
    diff: str,
    is_cut: bool,
    commits: Sequence[Mapping[str, str]],
    number: int,
) -> dict[str, Json]:
    named = changes[:FILES_MAX]
    return {
        "base": start.commit,
        "base_name": start.name,
        "head": start.head,
        "files": [path_text(change.path) for change in named if change.status != "deleted"],
        "deleted_files": [path_text(change.path) for change in named if change.status == "deleted"],
        "changes": [{**msgspec.structs.asdict(change), "path": path_text(change.path)} for change in named],
        "files_left_out": len(changes) - len(named),
        "binary": sum(change.is_binary for change in changes),
        "added": sum(change.added for change in changes),
        "deleted": sum(change.deleted for change in changes),
        "commits": list(commits),
        "commits_left_out": number - len(commits),
        "by_folder": _by_folder(changes),
        "languages": _languages(changes),
        "diff": diff,
        "is_diff_cut": is_cut,
    }


def _tracked(world: ToolWorld, start: Start) -> list[Change]:
    """What git knows and what differs, with the lines of each."""
    letters = _parts(asked(world, start.name, "diff", "--name-status", "-z", *_FILES, start.commit, "--"))
    rows = _parts(asked(world, start.name, "diff", "--numstat", "-z", *_FILES, start.commit, "--"))
    lines = {path: (plus, minus) for plus, minus, path in (row.split("\t", 2) for row in rows)}
    # A file that is not merged stands twice, with the same name.
    statuses = {path: _STATUS.get(letter, "modified") for letter, path in zip(letters[::2], letters[1::2], strict=True)}
    changes = []
    for path, status in statuses.items():
        plus, minus = lines.get(path, ("0", "0"))
        is_binary = plus == "-"
        counts = (0, 0) if is_binary else (int(plus), int(minus))
        changes.append(Change(path, status, *counts, is_binary=is_binary))
    return changes


def _diff(world: ToolWorld, start: Start) -> tuple[str, bool]:
    """The difference of what git knows as text, and whether it is cut."""
    ended = world.git("diff", *_FILES, *_FORM, start.commit, "--", stdout_max=DIFF_BYTES_MAX)
    if ended.exit_code != 0 and not ended.is_cut:
        raise CannotSay.by_git(start.name, ended)
    data = ended.stdout
    if ended.is_cut:
        data = data[: data.rfind(b"\n") + 1]
    return data.decode("utf-8", "replace").replace("\0", "\ufffd"), ended.is_cut


def _new(world: ToolWorld) -> tuple[list[Change], list[str], list[str]]:
    """Files that git does not know and does not ignore, their differences, and those that cannot be read."""
    changes: list[Change] = []
    texts: list[str] = []
    unread: list[str] = []
    for path in _parts(asked(world, "HEAD", "ls-files", "--others", "--exclude-standard", "-z")):
        if path.endswith("/"):
            continue  # a repository of its own
        lines = 0
        is_binary = False
        try:
            data = world.read(path)
            text = make_patch(path, None, data.decode("utf-8", "surrogateescape"))
            lines = data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
            texts.append(text)
        except Unreadable:
            unread.append(path)
        except BadPatch:
            is_binary = True
            texts.append(f"Binary files /dev/null and b/{path_text(path)} differ\n")
        changes.append(Change(path, "added", lines, 0, is_binary=is_binary, is_untracked=True))
    return changes, texts, unread


def _by_folder(changes: Sequence[Change]) -> list[Json]:
    """The folders with changes in them, those with the most changed lines first."""
    found: dict[str, list[int]] = {}
    for change in changes:
        row = found.setdefault(change.path.rpartition("/")[0] or ".", [0, 0, 0])
        for place, count in enumerate((1, change.added, change.deleted)):
            row[place] += count
    order = sorted(found, key=lambda folder: (-found[folder][1] - found[folder][2], folder))
    return [
        {"folder": path_text(name), "files": found[name][0], "added": found[name][1], "deleted": found[name][2]}
        for name in order[:FILES_MAX]
    ]


def _languages(changes: Sequence[Change]) -> dict[str, Json]:
    counts = Counter(languages.language(change.path, b"") for change in changes)
    return {name: count for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0] or "")) if name}


def _summary(start: Start, changes: Sequence[Change], commits: int) -> str:
    since = f"{start.name} ({start.commit[:7]})" if start.name != start.commit else start.commit[:7]
    if not changes:
        return f"nothing changed since {since}"
    files = f"{len(changes)} file{'' if len(changes) == 1 else 's'}"
    lines = f"+{sum(change.added for change in changes)} −{sum(change.deleted for change in changes)}"
    return f"{files} · {lines} · {commits} commit{'' if commits == 1 else 's'} since {since}"


def _parts(data: str) -> list[str]:
    return [part for part in data.split("\0") if part]
