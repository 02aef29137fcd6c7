"""What a checkout looks like from outside, before and after a program that could have changed it.

Names, sizes and times of its files; of its repository HEAD, references, index, configuration and hooks. Nothing is
started to find out: the program under suspicion may have made git do whatever it likes.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence

FILES_MAX = 50_000  # that are looked at; a checkout with more is compared by the first of them
_NAMED_MAX = 5  # in what is said of a difference
_PASSED_OVER = frozenset({".git", "node_modules", ".venv", "venv"})
_DIGESTED = ("HEAD", "index", "config", "packed-refs")  # of the git directory, and of the one that worktrees share

Fingerprint = Mapping[str, object]


def fingerprint(root: str, leave_out: Sequence[str] = ()) -> Fingerprint:
    """What *root* looks like now; what lies in one of *leave_out* does not count."""
    found: dict[str, object] = {}
    for folder in _git_folders(root):
        for name in _DIGESTED:
            found[f".git/{name} ({folder})"] = _digest(os.path.join(folder, name))
        for inside in ("refs", "hooks"):
            for path, facts in _files(os.path.join(folder, inside), ()):
                found[f".git/{inside}/{path}"] = (
                    facts if inside == "hooks" else _digest(os.path.join(folder, inside, path))
                )
    for count, (path, facts) in enumerate(_files(root, leave_out)):
        if count >= FILES_MAX:
            break
        found[path] = facts
    return found


def differences(before: Fingerprint, after: Fingerprint) -> tuple[str, ...]:
    """What is not as it was, in words; nothing when all of it is."""
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    named = [name.partition(" (")[0] for name in changed]
    whole = list(dict.fromkeys(named))
    if not whole:
        return ()
    more = f" and {len(whole) - _NAMED_MAX:,} more" if len(whole) > _NAMED_MAX else ""
    return (f"the checkout changed while it ran: {', '.join(whole[:_NAMED_MAX])}{more}",)


def _git_folders(root: str) -> list[str]:
    """The git directory of the checkout, and the one that it shares with other worktrees."""
    git = os.path.join(root, ".git")
    if os.path.isfile(git):
        said = _text(git).removeprefix("gitdir:").strip()
        git = os.path.normpath(os.path.join(root, said)) if said else git
    if not os.path.isdir(git):
        return []
    shared = _text(os.path.join(git, "commondir")).strip()
    return list(dict.fromkeys([git, os.path.normpath(os.path.join(git, shared)) if shared else git]))


def _files(root: str, leave_out: Sequence[str]) -> Iterator[tuple[str, object]]:
    open_ends = [root]
    while open_ends:
        folder = open_ends.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _PASSED_OVER and entry.path not in leave_out:
                            open_ends.append(entry.path)
                        continue
                    seen = entry.stat(follow_symlinks=False)
                    yield os.path.relpath(entry.path, root), (seen.st_mtime_ns, seen.st_size, seen.st_mode, seen.st_ino)
        except OSError:
            continue  # it went away, or may not be read: the other look says the same, or that it changed


def _digest(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(10_000)
    except OSError:
        return ""
