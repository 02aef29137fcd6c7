"""Patterns of `matches`, from text to program: RE2's syntax, without captures, because only yes or no is asked.

A program is a list of instructions for `fairlead.core.expressions.patterns`. What RE2 refuses because it cannot be
done in linear time (back-references, look-around) is refused here too.
"""

import unicodedata
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

PATTERN_MAX = 1_000  # characters
PROGRAM_MAX = 2_000  # instructions, after `x{20}` has been written out
REPEATS_MAX = 1_000
GROUPS_MAX = 32  # in one another

Test: TypeAlias = Callable[[str], bool]  # of one character


class Take(NamedTuple):
    """Go on if the next character passes."""

    test: Test


class Split(NamedTuple):
    """Go on at both places."""

    one: int
    other: int


class Assert(NamedTuple):
    """Go on if this holds between two characters; see `patterns.Place`."""

    what: str  # "^" and "$" of lines, "A" and "z" of the text, "b" and "B" of words


class Done(NamedTuple):
    """The pattern is found."""


Instruction: TypeAlias = Take | Split | Assert | Done
# A piece of a pattern before it has an address: places are counted from its first instruction.
_Piece: TypeAlias = list[Instruction]


class Unreadable(Exception):
    """A pattern that RE2 would refuse, too; the message is a clause."""


class _Flags(NamedTuple):
    ignores_case: bool = False
    dot_takes_newline: bool = False
    is_by_line: bool = False
    is_swapped: bool = False  # `U`: which repetitions are greedy; it makes no difference here


def program_of(pattern: str) -> tuple[Instruction, ...]:
    """The program of *pattern*.

    Raises:
        Unreadable: it is no pattern, or larger than the limits above.
    """
    if len(pattern) > PATTERN_MAX:
        raise Unreadable(f"it has more than {PATTERN_MAX:,} characters")
    reader = _Reader(pattern)
    piece = reader.alternatives(_Flags(), 0)
    if reader.at < len(pattern):
        raise Unreadable("a `)` too many")
    return (*piece, Done())


def _shift(piece: _Piece, by: int) -> _Piece:
    return [Split(part.one + by, part.other + by) if isinstance(part, Split) else part for part in _bounded(piece, by)]


def _bounded(piece: _Piece, more: int) -> _Piece:
    if len(piece) + more > PROGRAM_MAX:
        raise Unreadable("it is too large once its repetitions are written out")
    return piece


def _either(one: _Piece, other: _Piece) -> _Piece:
    if not one and not other:
        return []
    # 0: split to 1 or behind the jump; a jump is a split to one place.
    end = len(one) + len(other) + 2
    return [
        Split(1, len(one) + 2),
        *_shift(one, 1),
        Split(end, end),
        *_shift(other, len(one) + 2),
    ]


def _repeated(piece: _Piece, least: int, most: int | None) -> _Piece:
    whole: _Piece = []
    for _ in range(least):
        whole += _shift(piece, len(whole))
    if most is None:
        start = len(whole)
        whole += [Split(start + 1, start + len(piece) + 2), *_shift(piece, start + 1), Split(start, start)]
    else:
        end = len(whole) + (most - least) * (len(piece) + 1)
        for _ in range(most - least):
            start = len(whole)
            whole += [Split(start + 1, end), *_shift(piece, start + 1)]
    return whole


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self, flags: _Flags, depth: int) -> _Piece:
        if depth > GROUPS_MAX:
            raise Unreadable(f"it has more than {GROUPS_MAX} groups in one another")
        whole, flags = self._sequence(flags, depth)
        while self._takes("|"):
            other, flags = self._sequence(flags, depth)
            whole = _either(whole, other)
        return whole

    def _sequence(self, flags: _Flags, depth: int) -> tuple[_Piece, _Flags]:
        whole: _Piece = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if self.pattern.startswith("\\Q", self.at):
                whole += _shift(self._quoted(flags), len(whole))
                continue
            if self.pattern.startswith("(?", self.at):
                found = self._flags(flags)
                if found is not None:
                    flags = found
                    continue
            piece = self._repetitions(self._atom(flags, depth))
            whole += _shift(piece, len(whole))
        return whole, flags

    def _takes(self, text: str) -> bool:
        if self.pattern.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def _next(self) -> str:
        if self.at >= len(self.pattern):
            raise Unreadable("it ends too early")
        self.at += 1
        return self.pattern[self.at - 1]

    def _quoted(self, flags: _Flags) -> _Piece:
        self.at += 2
        end = self.pattern.find("\\E", self.at)
        text = self.pattern[self.at : end if end >= 0 else None]
        self.at = len(self.pattern) if end < 0 else end + 2
        piece: _Piece = [Take(_literal(character, flags)) for character in text[:-1]]
        # What repeats stands behind the quotation, and is about its last character only.
        last = self._repetitions([Take(_literal(text[-1], flags))]) if text else []
        return [*piece, *_shift(last, len(piece))]

    def _flags(self, flags: _Flags) -> _Flags | None:
        """`(?i)`: flags for what follows in this group. `None` when a group begins here instead."""
        position = self.at + 2
        while position < len(self.pattern) and self.pattern[position] in "imsU-":
            position += 1
        letters = self.pattern[self.at + 2 : position]
        if not letters or self.pattern[position : position + 1] != ")":
            return None
        self.at = position + 1
        return _with_flags(flags, letters)

    def _repetitions(self, piece: _Piece) -> _Piece:
        is_repeated = False
        while self.at < len(self.pattern):
            limits = self._limits()
            if limits is None:
                break
            if is_repeated:
                raise Unreadable("a repetition of a repetition; put it into a group")
            is_repeated = True
            self._takes("?")  # as few as possible or as many: the answer is the same
            piece = _repeated(piece, *limits)
        return piece

    def _limits(self) -> tuple[int, int | None] | None:
        sign = self.pattern[self.at]
        if sign in "*+?":
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        end = self.pattern.find("}", self.at)
        if sign != "{" or end < 0:
            return None
        least, comma, most = self.pattern[self.at + 1 : end].partition(",")
        if not _is_count(least) or (most and not _is_count(most)):
            return None  # then the brace stands for itself
        self.at = end + 1
        first = int(least)
        last = (int(most) if most else None) if comma else first
        if first > REPEATS_MAX or (last is not None and (last > REPEATS_MAX or last < first)):
            raise Unreadable(f"a repetition of `{{{least}{comma}{most}}}` is not possible")
        return first, last

    def _atom(self, flags: _Flags, depth: int) -> _Piece:
        character = self._next()
        match character:
            case "(":
                piece = self._group(flags, depth)
                if not self._takes(")"):
                    raise Unreadable("a `(` is not closed")
                return piece
            case "[":
                return [Take(self._class(flags))]
            case ".":
                return [Take(_anything if flags.dot_takes_newline else _no_newline)]
            case "^":
                return [Assert("^" if flags.is_by_line else "A")]
            case "$":
                return [Assert("$" if flags.is_by_line else "z")]
            case "*" | "+" | "?":
                raise Unreadable(f"there is nothing that `{character}` could repeat")
            case "{" if self._is_count_ahead():
                raise Unreadable("there is nothing that the count in braces could repeat")
            case "\\":
                if self.pattern[self.at : self.at + 1] in ("A", "z", "b", "B"):
                    return [Assert(self._next())]
                return [Take(self._escape(flags))]
            case _:
                return [Take(_literal(character, flags))]

    def _is_count_ahead(self) -> bool:
        """Whether the brace before this position begins a repetition; otherwise it stands for itself."""
        self.at -= 1
        is_count = self._limits() is not None
        if not is_count:
            self.at += 1
        return is_count

    def _group(self, flags: _Flags, depth: int) -> _Piece:
        if not self._takes("?"):
            return self.alternatives(flags, depth + 1)
        if self._takes("P<") or (self.pattern[self.at : self.at + 1] == "<" and self._takes("<")):
            name, closing, _ = self.pattern[self.at :].partition(">")
            if not closing or not name.replace("_", "a").isalnum():
                raise Unreadable("a group of a kind that takes more than linear time, or without a right name")
            self.at += len(name) + 1
            return self.alternatives(flags, depth + 1)
        letters = ""
        while self.pattern[self.at : self.at + 1] in ("i", "m", "s", "U", "-"):
            letters += self._next()
        if not self._takes(":"):
            raise Unreadable("a group of a kind that takes more than linear time")
        return self.alternatives(_with_flags(flags, letters), depth + 1)

    def _escape(self, flags: _Flags) -> Test:
        character = self._next()
        if character in _CLASSES:
            return _CLASSES[character]
        if character in "pP":
            return self._property(character == "P", flags)
        return _literal(self._escaped(character), flags)

    def _escaped(self, character: str) -> str:
        """The one character that an escape stands for; the backslash and *character* are taken already."""
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character == "x":
            if self._takes("{"):
                digits, closing, _ = self.pattern[self.at :].partition("}")
                self.at += len(digits) + len(closing)
            else:
                digits = self.pattern[self.at : self.at + 2]
                closing = "}" * (len(digits) == 2)
                self.at += len(digits)
            number = int(digits, 16) if closing and _is_hexadecimal(digits) else -1
            if not 0 <= number <= 0x10FFFF:
                raise Unreadable("a `\\x` without the number of a character")
            return chr(number)
        if character in "01234567":
            digits = character
            while len(digits) < 3 and self.pattern[self.at : self.at + 1] in tuple("01234567"):
                digits += self._next()
            if character != "0" and len(digits) < 2:
                raise Unreadable("a back-reference, which takes more than linear time")
            return chr(int(digits, 8))
        if character.isascii() and not character.isalnum() and character != "_":
            return character
        if character == "_":
            return character
        raise Unreadable(f"`\\{character}` has no meaning")

    def _property(self, is_negated: bool, flags: _Flags) -> Test:
        name = self._next()
        if name == "{":
            name, closing, _ = self.pattern[self.at :].partition("}")
            self.at += len(name) + len(closing)
            if name.startswith("^"):
                name, is_negated = name[1:], not is_negated
        if name == "Any":
            return _nothing if is_negated else _anything
        if name not in _CATEGORIES:
            raise Unreadable(f"`{name[:20]}` is no general category of Unicode; scripts are not known")
        if not flags.ignores_case:
            return lambda character: unicodedata.category(character).startswith(name) != is_negated
        return lambda character: (
            any(unicodedata.category(one).startswith(name) for one in _cases(character)) != is_negated
        )

    def _class(self, flags: _Flags) -> Test:
        is_negated = self._takes("^")
        tests: list[Test] = []
        ranges: list[tuple[str, str]] = []
        is_first = True
        while is_first or not self._takes("]"):
            is_first = False
            if self._takes("[:"):
                tests.append(self._posix())
                continue
            found = self._class_member(flags)
            if not isinstance(found, str):
                tests.append(found)
                continue
            last = found
            if self.pattern[self.at : self.at + 1] == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                end = self._class_member(flags)
                if not isinstance(end, str) or end < found:
                    raise Unreadable("a range of characters that runs backwards")
                last = end
            ranges.append((found, last))
        return _class_test(tuple(tests), tuple(ranges), is_negated, flags.ignores_case)

    def _class_member(self, flags: _Flags) -> str | Test:
        character = self._next()
        if character != "\\":
            return character
        escaped = self._next()
        if escaped in _CLASSES:
            return _CLASSES[escaped]
        if escaped in "pP":
            return self._property(escaped == "P", flags)
        return self._escaped(escaped)

    def _posix(self) -> Test:
        name, closing, _ = self.pattern[self.at :].partition(":]")
        is_negated = name.startswith("^")
        known = _POSIX.get(name.removeprefix("^"))
        if known is None or not closing:
            raise Unreadable(f"`[:{name[:20]}:]` is no class of characters")
        self.at += len(name) + 2
        return lambda character: (character in known) != is_negated


def _with_flags(flags: _Flags, letters: str) -> _Flags:
    on, dash, off = letters.partition("-")
    if "-" in off or (dash and not off):
        raise Unreadable("flags that cannot be read")
    names = {"i": "ignores_case", "s": "dot_takes_newline", "m": "is_by_line", "U": "is_swapped"}
    changes = {names[letter]: True for letter in on} | {names[letter]: False for letter in off}
    return flags._replace(**changes)


def _is_count(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= 6


def _is_hexadecimal(digits: str) -> bool:
    return bool(digits) and len(digits) <= 8 and all(digit in "0123456789abcdefABCDEF" for digit in digits)


def _anything(character: str) -> bool:
    return True


def _nothing(character: str) -> bool:
    return False


def _no_newline(character: str) -> bool:
    return character != "\n"


def _cases(character: str) -> frozenset[str]:
    """*character* in every case; those that fold to several characters stay as they are, as in RE2."""
    folded = character.casefold() if len(character.casefold()) == 1 else character
    found = {character, character.lower(), character.upper(), folded, folded.upper()}
    if folded in ("k", "s", "å"):  # the only ASCII letters, and one more, with a twin far away
        found |= {"k": {"\u212a"}, "s": {"\u017f"}, "å": {"\u212b"}}[folded]
    return frozenset(one for one in found if len(one) == 1)


def _literal(character: str, flags: _Flags) -> Test:
    if not flags.ignores_case:
        return character.__eq__
    return _cases(character).__contains__


def _class_test(
    tests: tuple[Test, ...], ranges: tuple[tuple[str, str], ...], is_negated: bool, ignores_case: bool
) -> Test:
    def passes(character: str) -> bool:
        cases = _cases(character) if ignores_case else (character,)
        found = any(first <= one <= last for one in cases for first, last in ranges) or any(
            test(one) for one in cases for test in tests
        )
        return found != is_negated

    return passes


_DIGITS = frozenset("0123456789")
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
WORD = _DIGITS | _LOWER | _UPPER | {"_"}
_SPACE = frozenset("\t\n\f\r ")
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_CLASSES: dict[str, Test] = {
    "d": _DIGITS.__contains__,
    "D": lambda character: character not in _DIGITS,
    "w": WORD.__contains__,
    "W": lambda character: character not in WORD,
    "s": _SPACE.__contains__,
    "S": lambda character: character not in _SPACE,
}
_CONTROLS = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_POSIX: dict[str, frozenset[str]] = {
    "alnum": _DIGITS | _LOWER | _UPPER,
    "alpha": _LOWER | _UPPER,
    "ascii": frozenset(map(chr, range(128))),
    "blank": frozenset("\t "),
    "cntrl": frozenset(map(chr, range(32))) | {"\x7f"},
    "digit": _DIGITS,
    "graph": _DIGITS | _LOWER | _UPPER | _PUNCTUATION,
    "lower": _LOWER,
    "print": _DIGITS | _LOWER | _UPPER | _PUNCTUATION | {" "},
    "punct": _PUNCTUATION,
    "space": _SPACE | {"\v"},
    "upper": _UPPER,
    "word": WORD,
    "xdigit": _DIGITS | frozenset("abcdefABCDEF"),
}
_CATEGORIES = frozenset(
    "C Cc Cf Cs Co L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs".split()
)
