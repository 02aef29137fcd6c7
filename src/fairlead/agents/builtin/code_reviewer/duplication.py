"""Code that stands in the tree twice.

The method is that of Hummel, Juergens, Conradt and Heinemann, "Index-Based Code Clone Detection" (ICSM 2010), which
SonarQube uses too: a file becomes a sequence of normalised statements, every window of a few statements is looked up in
one index, and what is found there grows as far as the statements agree. A copy that was only formatted anew or
commented differently is found, one with other names is not: in such pairs people mostly see no copy.

Statements end where `;`, `{` and `}` stand, or with the line in languages that have none of them. Comments, white
space, imports and documentation strings do not count. The time is linear in the size of the tree: a window has at most
`PLACES_MAX` places.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Literal, NamedTuple

LINES_MIN = 10  # a copy has at least so many lines with code …
TOKENS_MIN = 100  # … and so many words, numbers, strings and signs
_WINDOW = 5  # statements that must agree before a copy is looked at; a copy of fewer, longer ones is not seen
PLACES_MAX = 8  # of one window; later places of the same window are not compared
STATEMENT_LINES_MAX = 500  # of Python; what is open for longer was not read rightly
STATEMENTS_AGAIN_MAX = 100  # of a stretch that is not worth telling, and in which a shorter one is looked for
GAP_LINES_MAX = 30  # between two stretches of the same two files, which are then told as one
STATEMENTS_MAX = 600_000  # of one language; the files after them are counted as not compared
COPIES_MAX = 500  # copies that are reported; the rest is counted

Family = Literal["braces", "rust", "python", "hash", "lines"]  # how a language is cut into statements

_BRACES = (
    "JavaScript and TypeScript",
    "C",
    "C++",
    "C#",
    "Dart",
    "Go",
    "Groovy",
    "Java",
    "Kotlin",
    "Objective-C",
    "PHP",
    "Scala",
    "Swift",
)
FAMILIES: dict[str, Family] = {
    **dict.fromkeys(_BRACES, "braces"),
    "Rust": "rust",
    "Python": "python",
    "Cython": "python",
    **dict.fromkeys(("Elixir", "Perl", "PowerShell", "R", "Ruby", "Shell"), "hash"),
    **dict.fromkeys(("Haskell", "Lua", "SQL"), "lines"),
}

_QUOTED = r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\""
_TRIPLE = r"\"\"\"(?:[^\"\\]|\\.|\"(?!\"\"))*+(?:\"\"\"|\Z)|'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)"
_SLASHES = r"//[^\n]*|/\*(?:.*?\*/|.*\Z)"
# Comments go, strings stay: a `//` inside of quotes begins no comment. What is open to the end of the file is read
# once, so that no text takes long.
_NOT_CODE: dict[Family, str] = {
    "braces": rf"(?P<keep>{_TRIPLE}|{_QUOTED})|{_SLASHES}",
    # A text such as r#"…"# of several lines is documentation more often than not.
    "rust": rf"\br(?P<signs>#*)\"(?:.*?\"(?P=signs)|.*\Z)|(?P<keep>{_QUOTED})|{_SLASHES}",
    "python": rf"^[ \t]*[rRuUbBfF]{{0,2}}(?:{_TRIPLE})[ \t]*(?=[#\n]|\Z)|(?P<keep>{_TRIPLE}|{_QUOTED})|#[^\n]*",
    "hash": rf"(?P<keep>{_QUOTED}|\\#|\$#|\w#)|#[^\n]*",
    "lines": rf"(?P<keep>{_QUOTED})|--[^\n]*",
}
# What stands at the head of every file of a project, and says nothing about what it does. A list of names is read up
# to a length that no person writes.
_NAMES = r"(?:\{[^}]{0,3000}\})?"
_BRACED_HEADS = (
    rf"^[ \t]*(?:import\b[^;'\"\n({{]*{_NAMES}[^;'\"\n(]*(?:['\"][^'\"\n]*['\"])?;?[ \t]*$"
    r"|import[ \t]*\([^)]{0,3000}\)"  # Go
    rf"|export\b[ \t]*(?:type\b)?[^;'\"=(\n{{]*{_NAMES}[ \t]*from[ \t]*['\"][^'\"\n]*['\"];?"
    r"|(?:const|let|var)\b[^;=]{0,500}=[ \t]*require\([^)\n]*\)[\w.]*[;,]?"
    r"|(?:package|using|use|namespace|extern crate|mod)\b[^=(\n]*?;?[ \t]*$"
    r"|#[ \t]*\w+[^\n]*)"
)
_HEADS: dict[Family, str] = {
    "braces": _BRACED_HEADS,
    "rust": _BRACED_HEADS,
    "python": (
        r"^[ \t]*(?:from[ \t]+[\w.]+[ \t]+)?c?import[ \t]+(?:\([^)]{0,3000}\)|[^\n]*)"
        r"|^__all__[^\]\n]*\[[^\]]{0,3000}\]"
    ),
    "hash": r"^[ \t]*(?:require|require_relative|use|import|alias|source|library|using)\b[^\n]*",
    "lines": r"^[ \t]*(?:import|module|local\s+\w+\s*=\s*require)\b[^\n]*",
}
_CUT = re.compile(r"[;{}]")
_MODULE = re.compile(r"(?:\.min)?\.[cm]?[jt]sx?$")
_BRACKET = re.compile(r"[(\[{]|[)\]}]")
_OPENING = frozenset("([{")
_STRING = re.compile(_QUOTED)
_TOKEN = re.compile(rf"\w+|{_QUOTED}|[^\w\s]")
_WORD = re.compile(r"[A-Za-z_]\w*")


class Code(NamedTuple):
    """A file that is compared."""

    path: str
    language: str
    text: str


class Stretch(NamedTuple):
    """Lines of a file, both ends included."""

    path: str
    first: int
    last: int


class Copy(NamedTuple):
    """Code that stands at more than one place. `places` are in the order of paths and lines, at least two."""

    places: tuple[Stretch, ...]
    tokens: int


class Compared(NamedTuple):
    """What the comparison found, and what it left out."""

    copies: list[Copy]
    files_left_out: int  # because of STATEMENTS_MAX
    copies_left_out: int  # because of COPIES_MAX


def find_copies(files: Iterable[Code]) -> Compared:
    """Every stretch of code that stands in *files* more than once, language by language.

    Give the files in the order of their paths: of two places the later one counts as the copy.
    """
    by_language: dict[str, _Index] = {}
    left_out = 0
    for file in files:
        index = by_language.setdefault(file.language, _Index())
        if len(index.numbers) < STATEMENTS_MAX:
            index.add(file)
        else:
            left_out += 1
    copies = [
        copy
        for index in by_language.values()
        for copy in _joined(found for found in index.copies() if not _is_twin(found))
    ]
    copies.sort(key=lambda copy: copy.places[1])
    return Compared(copies[:COPIES_MAX], left_out, max(0, len(copies) - COPIES_MAX))


class _Index:
    """The statements of one language, one after another."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self._lines: list[tuple[int, int]] = []
        self._known: dict[str, int] = {}
        self._texts: list[str] = []
        self._paths: list[str] = []
        self._begins: list[int] = []  # where each of them begins

    def add(self, file: Code) -> None:
        """Put the statements of *file* behind the others."""
        self._paths.append(file.path)
        self._begins.append(len(self.numbers))
        known = self._known
        for text, first, last in _statements(file.text, FAMILIES[file.language]):
            number = known.get(text)
            if number is None:
                number = known[text] = len(self._texts)
                self._texts.append(text)
            self.numbers.append(number)
            self._lines.append((first, last))
        self.numbers.append(-len(self._paths))  # nothing equals it, so no copy goes over the end of a file
        self._lines.append((0, 0))

    def copies(self) -> Iterator[Copy]:
        """The copies, each with all of its places."""
        classes: dict[int, list[tuple[int, int]]] = {}  # where the first place begins → (where, how many statements)
        for original, at, count in self._pairs():
            classes.setdefault(original, [(original, count)]).append((at, count))
        for places in classes.values():
            count = max(length for _, length in places)
            widest = next(at for at, length in places[1:] if length == count)
            stretches = tuple(self._stretch(at, length) for at, length in places)
            yield Copy(stretches, self._tokens(widest, count))

    def _pairs(self) -> Iterator[tuple[int, int, int]]:
        """(original, copy, statements), the copies in rising order and never one inside of another."""
        numbers = self.numbers
        # Their hashes stand for the windows: `_grown` compares the statements themselves.
        windows = list(map(hash, zip(*(numbers[offset:] for offset in range(_WINDOW)), strict=False)))
        first: dict[int, int] = {}
        more: dict[int, list[int]] = {}
        at = taken = 0
        while at < len(windows):
            window = windows[at]
            original = first.setdefault(window, at)
            if original == at:
                at += 1
                continue
            earlier = more.get(window, [])
            original, start, count = max(
                (self._grown(place, at, taken) for place in (original, *earlier)),
                key=lambda grown: (grown[2], -grown[0]),
            )
            if self._is_worth(start, count):
                yield original, start, count
                at = taken = start + count
                continue
            if count > STATEMENTS_AGAIN_MAX:
                at = start + count  # a long table: to look at it from each of its lines would take for ever
                continue
            if not earlier:
                more[window] = earlier = []
            if len(earlier) < PLACES_MAX - 1:
                earlier.append(at)
            at += 1

    def _grown(self, original: int, at: int, taken: int) -> tuple[int, int, int]:
        """As far as the statements at *original* and *at* agree, to both sides; the two do not overlap."""
        numbers = self.numbers
        room = at - original
        count = 0
        while count < room and numbers[original + count] == numbers[at + count] and numbers[at + count] >= 0:
            count += 1
        before = 0
        while (
            at - before > taken
            and original - before > 0
            and before + count < room
            and numbers[original - before - 1] == numbers[at - before - 1] >= 0
        ):
            before += 1
        return original - before, at - before, count + before

    def _is_worth(self, at: int, count: int) -> bool:
        if count < _WINDOW:
            return False
        lines = {line for first, last in self._lines[at : at + count] for line in range(first, last + 1)}
        if len(lines) < LINES_MIN or self._tokens(at, count) < TOKENS_MIN:
            return False
        return _is_varied([self._texts[number] for number in self.numbers[at : at + count]])

    def _tokens(self, at: int, count: int) -> int:
        """How many words and signs; every statement has one more that ends it."""
        texts = (self._texts[number] for number in self.numbers[at : at + count])
        return count + sum(len(_TOKEN.findall(text)) for text in texts)

    def _stretch(self, at: int, count: int) -> Stretch:
        path = self._paths[bisect_right(self._begins, at) - 1]
        lines = self._lines[at : at + count]
        return Stretch(path, min(first for first, _ in lines), max(last for _, last in lines))


def _is_twin(copy: Copy) -> bool:
    """Whether the places are one program that was built for two kinds of modules: `a.js` and `a.mjs`."""
    paths = {stretch.path for stretch in copy.places}
    return len(paths) > 1 and len({_MODULE.sub("", path) for path in paths}) == 1


def _joined(copies: Iterable[Copy]) -> list[Copy]:
    """Stretches of the same two files that follow each other closely in both are one copy with a difference in it."""
    kept: list[Copy] = []
    open_pairs: dict[tuple[str, ...], int] = {}  # the files → where their last copy stands in `kept`
    for copy in sorted(copies, key=lambda copy: copy.places[1]):
        paths = tuple(stretch.path for stretch in copy.places)
        before = kept[open_pairs[paths]] if paths in open_pairs else None
        if len(set(paths)) == len(paths) and before is not None and _follows(before, copy):
            places = tuple(
                Stretch(old.path, old.first, max(old.last, new.last))
                for old, new in zip(before.places, copy.places, strict=True)
            )
            kept[open_pairs[paths]] = Copy(places, before.tokens + copy.tokens)
            continue
        open_pairs[paths] = len(kept)
        kept.append(copy)
    return kept


def _follows(before: Copy, after: Copy) -> bool:
    return all(0 < new.first - old.last <= GAP_LINES_MAX for old, new in zip(before.places, after.places, strict=True))


def _is_varied(texts: Sequence[str]) -> bool:
    """Whether the statements do something: tables of data repeat a few forms, and people copy them on purpose."""
    forms = {_WORD.sub("w", re.sub(r"\d+|" + _QUOTED, "0", text)) for text in texts}
    return len(forms) >= _WINDOW and len(set(texts)) * 2 > len(texts)


def _statements(text: str, family: Family) -> Iterator[tuple[str, int, int]]:
    """The statements of *text* without white space, each with its first and last line."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    not_code, heads = _patterns(family)
    text = heads.sub(_only_lines, not_code.sub(_without, text))
    return _between_signs(text) if family in ("braces", "rust") else _lines(text, joins=family == "python")


def _between_signs(text: str) -> Iterator[tuple[str, int, int]]:
    line = 1
    for piece in _CUT.split(text):
        words = piece.split()
        ends = piece.count("\n")
        if words:
            first = last = line
            if ends:
                body = piece.lstrip()
                first += piece.count("\n", 0, len(piece) - len(body))
                last = first + body.rstrip().count("\n")
            yield " ".join(words), first, last
        line += ends


def _lines(text: str, joins: bool) -> Iterator[tuple[str, int, int]]:
    """Line by line; with *joins* a statement goes on as long as a bracket is open."""
    waiting: list[str] = []
    first = depth = 0
    for line, piece in enumerate(text.split("\n"), 1):
        words = piece.split()
        if not words:
            continue
        first = first if waiting else line
        waiting += words
        if joins:
            bare = _STRING.sub("", piece) if "'" in piece or '"' in piece else piece
            for sign in _BRACKET.findall(bare):
                depth += 1 if sign in _OPENING else -1
            if depth > 0 and line - first < STATEMENT_LINES_MAX:
                continue
        yield " ".join(waiting), first, line
        waiting, depth = [], 0


@cache
def _patterns(family: Family) -> tuple["re.Pattern[str]", "re.Pattern[str]"]:
    return re.compile(_NOT_CODE[family], re.DOTALL | re.MULTILINE), re.compile(_HEADS[family], re.MULTILINE)


def _without(found: "re.Match[str]") -> str:
    kept: str | None = found["keep"]
    return kept if kept is not None else _only_lines(found)


def _only_lines(found: "re.Match[str]") -> str:
    return "\n" * found[0].count("\n")
