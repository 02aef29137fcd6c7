"""Unified diffs as texts: read strictly and written so that `git apply` takes them.

Binary files, renames, copies and changes of mode are refused, and so is every path that leaves the tree.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NoReturn

from fairlead.core.patches import FileChange, Hunk, Kind, Patch, split_lines

PATCH_CHARACTERS_MAX = 5_000_000
PATCH_FILES_MAX = 1_000
CONTEXT_LINES = 3
COMPARED_LINES_MAX = 20_000  # between the first and the last that differ; more become one change

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: .*)?", re.DOTALL)
_MODES = ("100644", "100755")
_REFUSED = {
    "rename ": "it renames a file",
    "copy ": "it copies a file",
    "similarity ": "it renames or copies a file",
    "dissimilarity ": "it rewrites a file as another",
    "old mode ": "it changes the mode of a file",
    "new mode ": "it changes the mode of a file",
    "GIT binary patch": "it changes a binary file",
    "Binary files ": "it changes a binary file",
}
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_NAMES = {number: letter for letter, number in _ESCAPES.items()}
_ESCAPE = re.compile(rb'\\([0-3][0-7]{2}|[abtnvfr"\\])')
_NO_END = "\\ No newline at end of file"


class BadPatch(ValueError):
    """A text is no patch that is taken here. `line` is the one of the text that says so, from 1; 0 for the whole."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line
        self.reason = reason


def parse_patch(text: str) -> Patch:
    """Read a unified diff as git and `make_patch` write it: paths below `a/` and `b/`, exact counts, nothing beside.

    Raises:
        BadPatch: it is none, is empty, is too large, leaves the tree, or does what is refused here.
    """
    if len(text) > PATCH_CHARACTERS_MAX:
        raise BadPatch(0, f"the patch has {len(text):,} characters; at most {PATCH_CHARACTERS_MAX:,} are taken")
    if "\0" in text:
        raise BadPatch(0, "the patch holds a NUL: binary files are not taken")
    reader = _Reader(text)
    files: list[FileChange] = []
    while reader.finds_more():
        files.append(reader.file())
        if len(files) > PATCH_FILES_MAX:
            raise BadPatch(reader.at, f"the patch names more than {PATCH_FILES_MAX:,} files")
        if files[-1].path in {file.path for file in files[:-1]}:
            raise BadPatch(reader.at, f"{files[-1].path} stands twice in the patch")
    if not files:
        raise BadPatch(0, "the patch names no file")
    return Patch(tuple(files))


def make_patch(
    path: str, before: str | None, after: str | None, mode: str = "100644", context: int = CONTEXT_LINES
) -> str:
    """The difference of one file; "" when there is none. None is a file that is not there; *mode* is its own then.

    Raises:
        BadPatch: what changes, or stands beside it, is binary or not UTF-8: a patch is a text.
    """
    if before == after:
        return ""
    kind: Kind = "new" if before is None else "deleted" if after is None else "changed"
    ours, theirs = _quoted("a/" + path), _quoted("b/" + path)
    head = [f"diff --git {ours} {theirs}\n"]
    if kind != "changed":
        head.append(f"{kind} file mode {mode}\n")
    body = _body(split_lines(before or ""), split_lines(after or ""), context)
    if body:
        head.append(f"--- {'/dev/null' if kind == 'new' else _ended(ours)}\n")
        head.append(f"+++ {'/dev/null' if kind == 'deleted' else _ended(theirs)}\n")
    if any(c == "\0" or "\ud800" <= c <= "\udfff" for line in body for c in line if c == "\0" or c > "\ud7ff"):
        raise BadPatch(0, f"{path} is binary or not UTF-8 where it changes")
    return "".join(head + body)


class _Reader:
    """Goes through the lines of a patch."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        if self._lines[-1] == "":
            self._lines.pop()
        self.at = 0  # the next line, from 0; as a number from 1 the last one read

    def is_at_end(self) -> bool:
        return self.at >= len(self._lines)

    def finds_more(self) -> bool:
        """Whether another file follows; empty lines between files say nothing."""
        while not self.is_at_end() and not self._next().strip():
            self.at += 1
        return not self.is_at_end()

    def file(self) -> FileChange:
        start = self.at
        kind: Kind = "changed"
        mode = ""
        named: str | None = None
        if self._next().startswith("diff --git "):
            named = self._take()
            while not self.is_at_end() and not self._next().startswith(("--- ", "diff --git ")):
                line = self._take()
                if line.startswith(("new file mode ", "deleted file mode ")):
                    kind, mode = ("new" if line[0] == "n" else "deleted"), line.rpartition(" ")[2]
                    if mode not in _MODES:
                        self._refuse(f"mode {mode[:20]!r}: only regular files are taken")
                elif not line.startswith("index "):
                    self._refuse(
                        next((why for word, why in _REFUSED.items() if line.startswith(word)), _unexpected(line))
                    )
        elif not self._next().startswith("--- "):
            self._take()
            self._refuse(_unexpected(self._lines[start]))
        if self.is_at_end() or not self._next().startswith("--- "):
            return self._empty(named or "", kind, mode)
        old = self._path("--- ", "a/")
        if self.is_at_end() or not self._next().startswith("+++ "):
            self._refuse("`+++` is missing behind `---`")
        new = self._path("+++ ", "b/")
        if named is None:
            kind, mode = ("new", _MODES[0]) if old is None else ("deleted", _MODES[0]) if new is None else (kind, "")
        if (old is None) != (kind == "new") or (new is None) != (kind == "deleted"):
            self._refuse("its head and its names do not agree on whether the file is new or deleted")
        if old is not None and new is not None and old != new:
            self._refuse("it renames a file")
        path = old if old is not None else new
        assert path is not None  # only one of them may be, which the line before last has seen to
        if named is not None and _unquoted_pair(named) != path:
            self._refuse("its head names another file")
        return FileChange(path, kind, self._hunks(kind), mode)

    def _empty(self, named: str, kind: Kind, mode: str) -> FileChange:
        """A file without lines that is made or deleted: only the head speaks of it."""
        path = _unquoted_pair(named)
        if kind == "changed" or path is None:
            self._refuse("it changes nothing that is taken here")
        return FileChange(self._judged(path), kind, (), mode)

    def _hunks(self, kind: Kind) -> tuple[Hunk, ...]:
        hunks: list[Hunk] = []
        while not self.is_at_end() and self._next().startswith("@@ "):
            hunks.append(self._hunk())
        if not hunks:
            self._refuse("a hunk `@@ -… +… @@` is missing")
        if kind != "changed" and len(hunks) > 1:
            self._refuse("a file that is new or deleted has one hunk")
        return tuple(hunks)

    def _hunk(self) -> Hunk:
        found = _HUNK.fullmatch(self._take())
        if found is None:
            self._refuse("not the head of a hunk")
        start, old, new = int(found[1]), int(found[2] or 1), int(found[4] or 1)
        if old and not start:
            self._refuse("old lines begin at 1")
        lines: list[str] = []
        while old or new:
            if self.is_at_end():
                self._refuse("the patch ends inside a hunk")
            line = self._take() or " "  # an editor took the blank of an empty line away
            if line[0] not in " +-":
                self._refuse(f"the hunk has fewer lines than its head says: {_unexpected(line)}")
            old -= line[0] != "+"
            new -= line[0] != "-"
            if old < 0 or new < 0:
                self._refuse("the hunk has more lines than its head says")
            if not self.is_at_end() and self._next().startswith("\\ "):
                self._take()
                lines.append(line)
            else:
                lines.append(line + "\n")
        if not self.is_at_end() and self._next()[:1] in ("+", "-") and not self._next().startswith(("--- ", "+++ ")):
            self._take()
            self._refuse("the hunk has more lines than its head says")
        return Hunk(start - 1 if any(line[0] != "+" for line in lines) else start, tuple(lines))

    def _path(self, mark: str, prefix: str) -> str | None:
        word = self._take().removeprefix(mark)
        name = _unquoted(word) if word.startswith('"') else word.partition("\t")[0]
        if name == "/dev/null":
            return None
        if name is None or not name.startswith(prefix):
            self._refuse(f"a path must begin with `{prefix}`")
        return self._judged(name.removeprefix(prefix))

    def _judged(self, path: str) -> str:
        if why := _why_outside(path):
            self._refuse(why)
        return path

    def _next(self) -> str:
        return self._lines[self.at]

    def _take(self) -> str:
        self.at += 1
        return self._lines[self.at - 1]

    def _refuse(self, reason: str) -> NoReturn:
        raise BadPatch(self.at, reason)


def _why_outside(path: str) -> str:
    parts = path.split("/")
    if not path or path.startswith("/") or {"", ".", ".."} & set(parts):
        return "its path is not one inside of the tree"
    if any(part.lower() == ".git" for part in parts):
        return "its path is one of git's own"
    return ""


def _unexpected(line: str) -> str:
    return f"{line[:60]!r} belongs to no file"


def _body(old: Sequence[str], new: Sequence[str], context: int) -> list[str]:
    """The hunks. Equal lines at both ends are not compared again."""
    shortest = min(len(old), len(new))
    first = next((i for i in range(shortest) if old[i] != new[i]), shortest)
    last = next((i for i in range(shortest - first) if old[-1 - i] != new[-1 - i]), shortest - first)
    ours, theirs = old[first : len(old) - last], new[first : len(new) - last]
    if len(ours) + len(theirs) > COMPARED_LINES_MAX:
        blocks = [(first, first + len(ours), first, first + len(theirs))]
    else:
        codes = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
        blocks = [(first + a, first + b, first + c, first + d) for tag, a, b, c, d in codes if tag != "equal"]
    body: list[str] = []
    for group in _groups(blocks, context):
        start = max(0, group[0][0] - context)
        new_start = group[0][2] - (group[0][0] - start)  # what stands before a group is alike on both sides
        end = min(len(old), group[-1][1] + context)
        lines: list[str] = []
        at = start
        for a, b, c, d in group:
            lines += (" " + line for line in old[at:a])
            lines += ("-" + line for line in old[a:b])
            lines += ("+" + line for line in new[c:d])
            at = b
        lines += (" " + line for line in old[at:end])
        count, new_count = end - start, group[-1][3] + (end - at) - new_start
        body.append(f"@@ -{_range(start, count)} +{_range(new_start, new_count)} @@\n")
        body += (line if line.endswith("\n") else f"{line}\n{_NO_END}\n" for line in lines)
    return body


def _groups(blocks: Sequence[tuple[int, int, int, int]], context: int) -> list[list[tuple[int, int, int, int]]]:
    """Changes so near to each other that their context would touch stand in one hunk."""
    groups: list[list[tuple[int, int, int, int]]] = []
    for block in blocks:
        if groups and block[0] - groups[-1][-1][1] <= 2 * context:
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _range(start: int, count: int) -> str:
    return f"{start + 1 if count else start},{count}"


def _ended(name: str) -> str:
    """A name with blanks is followed by a tab, so that nobody takes a part of it for a date."""
    return name + "\t" if " " in name and not name.startswith('"') else name


def _quoted(name: str) -> str:
    data = name.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in data):
        return name
    return '"' + "".join(_escaped(byte) for byte in data) + '"'


def _escaped(byte: int) -> str:
    if byte in _NAMES:
        return "\\" + _NAMES[byte]
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _unquoted(word: str) -> str | None:
    """What stands in quotes, as git writes it; None when that is broken."""
    inner = word[1:-1].encode("utf-8", "surrogateescape")
    if len(word) < 2 or not word.endswith('"') or b'"' in _ESCAPE.sub(b"", inner) or b"\\" in _ESCAPE.sub(b"", inner):
        return None
    data = _ESCAPE.sub(
        lambda found: bytes([int(found[1], 8) if len(found[1]) == 3 else _ESCAPES[found[1].decode()]]), inner
    )
    return data.decode("utf-8", "surrogateescape")


def _unquoted_pair(head: str) -> str | None:
    """The one path that `diff --git a/PATH b/PATH` names twice; None when they differ."""
    names = head.removeprefix("diff --git ")
    half = len(names) // 2
    ours, theirs = names[:half], names[half + 1 :]
    if names[half : half + 1] != " ":
        return None
    if ours.startswith('"'):
        ours, theirs = _unquoted(ours) or "", _unquoted(theirs) or ""
    if not ours.startswith("a/") or not theirs.startswith("b/") or ours[2:] != theirs[2:]:
        return None
    return ours[2:]
