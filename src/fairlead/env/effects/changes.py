"""What a commit will hold: patches applied to a tree, or one tree carried onto another, in a scratch directory."""

import os
import stat
from collections.abc import Sequence

from fairlead.core.findings import path_text
from fairlead.core.patches import Patch
from fairlead.env.effects.arguments import joined
from fairlead.env.effects.refusals import Refused
from fairlead.env.effects.scratch import Change, Entry, Scratch

_REGULAR = ("100644", "100755")
_NOTHING = Entry("000000", "")


def patched_tree(scratch: Scratch, tree: str, patches: Sequence[Patch]) -> str:
    """The tree that *patches* make of *tree*. The files are as a checkout has them, with its line ends.

    Raises:
        Refused: FL-R335.
    """
    scratch.read_tree(tree)
    entries = scratch.entries()
    paths = list(dict.fromkeys(path for patch in patches for path in patch.paths))
    there = [path for path in paths if os.fsencode(path) in entries]
    for path in there:
        if entries[os.fsencode(path)].mode not in _REGULAR:
            raise Refused(
                "FL-R335", f"{path_text(path)} is a link or a submodule", "A patch changes regular files only."
            )
    scratch.git("checkout-index", "-z", "--stdin", stdin=_listed(there))
    texts = {path: _read(os.path.join(scratch.work, path)) for path in there}
    after = joined(texts, patches).texts
    modes = {change.path: change.mode for patch in patches for change in patch.files if change.mode}
    for path in paths:
        _put(os.path.join(scratch.work, path), after.get(path), modes.get(path, ""))
    scratch.git("update-index", "--add", "--remove", "-z", "--stdin", stdin=_listed(paths))
    return scratch.write_tree()


def carried_tree(scratch: Scratch, before: str, after: str, onto: str, *, merges: bool = False) -> str:
    """The tree that the change from *before* to *after* makes of *onto*.

    A file that is in *onto* neither as it was nor as it will be is refused; with *merges*, joined line by line if its
    changes do not meet.

    Raises:
        Refused: FL-R335.
    """
    if before == onto:
        return after
    scratch.read_tree(onto)
    entries = scratch.entries()
    wanted: list[tuple[bytes, Entry]] = []
    for change in scratch.changes(before, after):
        now = entries.get(change.path, _NOTHING)
        if _is_same(now, change.after):
            continue
        if _is_same(now, change.before):
            wanted.append((change.path, change.after))
        elif merges and {now.mode, change.before.mode, change.after.mode} <= set(_REGULAR):
            wanted.append((change.path, Entry(change.after.mode, _merged(scratch, change, now))))
        else:
            raise _changed_since(change.path)
    scratch.put_entries(sorted(wanted, key=lambda one: one[1].mode != _NOTHING.mode))  # what goes makes room first
    return scratch.write_tree()


def _merged(scratch: Scratch, change: Change, now: Entry) -> str:
    names = []
    for name, entry in (("ours", now), ("before", change.before), ("after", change.after)):
        names.append(os.path.join(scratch.work, f".{name}"))
        with open(names[-1], "wb") as file:
            file.write(scratch.git("cat-file", "blob", entry.id))
    try:
        text = scratch.git("merge-file", "-p", "-q", *names)
    except Refused:
        raise _changed_since(change.path) from None
    return scratch.git("hash-object", "-w", "--stdin", "--no-filters", stdin=text).decode().strip()


def _changed_since(path: bytes) -> Refused:
    return Refused(
        "FL-R335",
        f"{path_text(os.fsdecode(path))} has changed since, at the same place",
        "Bring both together by hand; nothing of it was applied.",
        fault="result",
    )


def _is_same(one: Entry, other: Entry) -> bool:
    return one.mode == other.mode and (one.mode == _NOTHING.mode or one.id == other.id)


def _listed(paths: Sequence[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def _read(path: str) -> str:
    with open(path, "rb") as file:
        return file.read().decode("utf-8", "surrogateescape")


def _put(path: str, text: str | None, mode: str) -> None:
    if text is None:
        if os.path.lexists(path):
            os.unlink(path)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    is_program = mode == "100755" or (not mode and os.path.exists(path) and os.stat(path).st_mode & stat.S_IXUSR)
    with open(path, "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
    os.chmod(path, 0o755 if is_program else 0o644)
