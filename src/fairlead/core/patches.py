"""Patches: applied with exact context, and joined. Texts in, texts out; nothing here touches a file.

A patch speaks of whole files as texts: what `bytes.decode("utf-8", "surrogateescape")` gives, so that bytes which are
not UTF-8 survive in the lines that it does not touch. Lines end at a line feed and nowhere else; a return before it
belongs to the line. How a patch is written stands in `patch_texts`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

Kind = Literal["changed", "new", "deleted"]
_IMPORT = re.compile(r"(?:import \w|from \S+ import \w)[^;\\(]*$")


class DoesNotApply(Exception):
    """The file is not what the patch was made for. `hunk` counts from 1; 0 for the file as a whole."""

    def __init__(self, path: str, hunk: int, reason: str) -> None:
        super().__init__(f"{path}, hunk {hunk}: {reason}" if hunk else f"{path}: {reason}")
        self.path = path
        self.hunk = hunk
        self.reason = reason


class Hunk(NamedTuple):
    """Lines that stand together. Each has its mark (` `, `-`, `+`) and its end, when it has one."""

    start: int  # of the first old line, from 0; where there is none, of the line that the new ones are put before
    lines: tuple[str, ...]


class FileChange(NamedTuple):
    """What a patch does to one file."""

    path: str  # relative, with `/`, as `os.fsdecode` gives it
    kind: Kind
    hunks: tuple[Hunk, ...]
    mode: str = ""  # "100755" of a new file


class Patch(NamedTuple):
    """A patch that was read."""

    files: tuple[FileChange, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """Its files, in its order."""
        return tuple(file.path for file in self.files)


class Conflict(NamedTuple):
    """One patch of several that was left out. `other` is the earlier one in its way, -1 when the files are."""

    patch: int
    path: str
    reason: str
    other: int = -1


class Combined(NamedTuple):
    """Several patches as one. `texts` are all files afterwards; `taken` are the patches that are in it, by number."""

    texts: dict[str, str]
    taken: tuple[int, ...]
    conflicts: tuple[Conflict, ...]


def apply_patch(texts: Mapping[str, str], patch: Patch) -> dict[str, str]:
    """All *texts* after *patch*; what it deletes is not among them. It fits at its very lines, or nothing is done.

    Raises:
        DoesNotApply: a file is not what the patch was made for.
    """
    after = dict(texts)
    for change in patch.files:
        edited = _edited(change.path, texts.get(change.path, ""), _edits_of(texts, change))
        if change.kind == "deleted":
            del after[change.path]
        else:
            after[change.path] = edited
    return after


def combine_patches(texts: Mapping[str, str], patches: Sequence[Patch]) -> Combined:
    """Apply patches that were all made from *texts*, in their order; one that meets an earlier one is left out whole.

    Two patches may change one file where they change different lines, and may make the very same change. Lines that
    both put at one place conflict, for nothing says which come first, unless all of them are imports.
    """
    taken: list[int] = []
    conflicts: list[Conflict] = []
    owned: dict[str, list[_Owned]] = {}
    after = dict(texts)
    for number, patch in enumerate(patches):
        try:
            ours = [_Owned(number, change, _edits_of(texts, change)) for change in patch.files]
            for one in ours:
                _refuse_meeting(one, owned.get(one.change.path, ()))
            edited = {one.change.path: _joined(texts, [*owned.get(one.change.path, ()), one]) for one in ours}
        except _Meets as meeting:
            conflicts.append(Conflict(number, meeting.path, meeting.reason, meeting.other))
        except DoesNotApply as problem:
            conflicts.append(Conflict(number, problem.path, problem.reason))
        else:
            taken.append(number)
            for one in ours:
                owned.setdefault(one.change.path, []).append(one)
                after[one.change.path] = edited[one.change.path]
    for path in [path for path, all_of_it in owned.items() if all_of_it[0].change.kind == "deleted"]:
        del after[path]
    return Combined(after, tuple(taken), tuple(conflicts))


class _Edit(NamedTuple):
    """Old lines `start` up to but without `end`, counted from 0, become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]


class _Owned(NamedTuple):
    """What one of several patches does to one file."""

    patch: int
    change: FileChange
    edits: list[_Edit]


class _Meets(DoesNotApply):
    """Two patches want the same place."""

    def __init__(self, path: str, reason: str, other: int) -> None:
        super().__init__(path, 0, reason)
        self.other = other


def _edits_of(texts: Mapping[str, str], change: FileChange) -> list[_Edit]:
    """The lines that *change* replaces in *texts*, without its context, in the order of the file."""
    old = texts.get(change.path)
    if change.kind == "new" and old is not None:
        raise DoesNotApply(change.path, 0, "it is there already")
    if change.kind != "new" and old is None:
        raise DoesNotApply(change.path, 0, "it is not there")
    lines = split_lines(old or "")
    edits: list[_Edit] = []
    at = 0
    for number, hunk in enumerate(change.hunks, 1):
        before = [line[1:] for line in hunk.lines if line[0] != "+"]
        if hunk.start < at or hunk.start > len(lines) or lines[hunk.start : hunk.start + len(before)] != before:
            raise DoesNotApply(change.path, number, f"line {hunk.start + 1} and what follows are not what it expects")
        at = hunk.start + len(before)
        edits += _edits_in(hunk)
    if _edited(change.path, old or "", edits) and change.kind == "deleted":
        raise DoesNotApply(change.path, 0, "it has more lines than the patch deletes")
    return edits


def split_lines(text: str) -> list[str]:
    """The lines with their ends, as a patch counts them."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def _edits_in(hunk: Hunk) -> list[_Edit]:
    edits: list[_Edit] = []
    at = first = hunk.start
    new: list[str] = []
    for line in (*hunk.lines, " "):
        if line[0] == "+":
            new.append(line[1:])
            continue
        if line[0] == " ":
            if new or at > first:
                edits.append(_Edit(first, at, tuple(new)))
            new = []
            first = at + 1
        at += 1
    return edits


def _edited(path: str, text: str, edits: Iterable[_Edit]) -> str:
    lines = split_lines(text)
    after: list[str] = []
    at = 0
    for edit in edits:
        after += (*lines[at : edit.start], *edit.lines)
        at = edit.end
    after += lines[at:]
    if any(not line.endswith("\n") for line in after[:-1]):
        raise DoesNotApply(path, 0, "a line without an end would stand before another")
    return "".join(after)


def _refuse_meeting(one: _Owned, earlier: Iterable[_Owned]) -> None:
    change = one.change
    for other in earlier:
        if other.change == change:
            continue
        if change.kind != "changed" or other.change.kind != "changed":
            raise _Meets(change.path, "both make or delete the file, and not alike", other.patch)
        for edit in one.edits:
            for taken in other.edits:
                if _meet(edit, taken):
                    line = max(edit.start, taken.start) + 1
                    raise _Meets(change.path, f"both change line {line}", other.patch)


def _meet(one: _Edit, other: _Edit) -> bool:
    if one == other:
        return False
    if one.start == one.end and other.start == other.end:
        return one.start == other.start and not _are_imports(one.lines + other.lines)
    if one.start == one.end:
        return other.start < one.start < other.end  # new lines beside changed ones do not meet them
    if other.start == other.end:
        return one.start < other.start < one.end
    return one.start < other.end and other.start < one.end


def _are_imports(lines: Sequence[str]) -> bool:
    """Whether the order of *lines* does not matter, because each is an import."""
    return all(_IMPORT.match(line) for line in lines)


def _joined(texts: Mapping[str, str], owned: Sequence[_Owned]) -> str:
    """One file with edits that do not meet; equal ones are made once."""
    path = owned[0].change.path
    unique = dict.fromkeys(edit for one in owned for edit in one.edits)
    return _edited(path, texts.get(path, ""), sorted(unique, key=lambda edit: (edit.start, edit.end)))
