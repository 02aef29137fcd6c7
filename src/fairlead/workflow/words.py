"""The words of a `run` text: split by the quoting rules of POSIX before any reference is filled in.

There is no shell. What only a shell could do (pipes, `$NAME`, patterns) is found here, so that it becomes a diagnostic
instead of an argument that means something else.
"""

import json
import re
import shlex
from typing import Literal, NamedTuple

from fairlead.core.references import Part, scan


class Trouble(NamedTuple):
    """Something at [start, end) of the text that no program would be given as it was meant."""

    kind: Literal["shell", "quote"]
    what: str  # as a sentence names it
    start: int
    end: int


class Words(NamedTuple):
    """The words, with their references still in them, and what is wrong with the text."""

    words: tuple[str, ...]
    troubles: tuple[Trouble, ...]


_OPERATORS = {
    "|": "a pipe",
    ">": "a redirection",
    "<": "a redirection",
    "&": "`&`",
    ";": "`;`",
    "`": "a command substitution",
    "(": "a subshell",
    ")": "a subshell",
    "\n": "a second line",
}
_NAME = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])", re.ASCII)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=", re.ASCII)
_SHELLS = frozenset(["sh", "bash", "dash", "zsh", "ksh", "ash", "fish"])


def split_words(text: str) -> Words:
    """Split *text* as a POSIX shell would, with each `${ }` as one piece of the word that it stands in.

    `\\$` and `'$'` keep a dollar sign literal; before a `{` it comes back as `$${`.
    """
    return _Splitter(text).split()


class _Splitter:
    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[str] = []
        self.word: list[str] | None = None
        self.troubles: list[Trouble] = []
        # Where each `${ … }` ends, by where it begins; `$${` counts as literal text.
        self.ends: dict[int, int] = {}
        offset = 0
        for part in scan(text):
            if not isinstance(part, str):
                self.ends[part.start] = part.end
                offset = part.end
        self.size = max(len(text), offset)

    def split(self) -> Words:
        at = 0
        while at < self.size:
            at = self._plain(at)
        self._finish()
        return Words(tuple(self.words), tuple(self.troubles))

    def _plain(self, at: int) -> int:
        """Take what stands at *at*, outside quotes; gives where to go on."""
        character = self.text[at]
        taken = self._dollar(at, "outside quotes")
        if taken:
            return taken
        if character in " \t\r" or (character == "\n" and self._is_rest_blank(at)):
            self._finish()
            return at + 1
        if character == "\\":
            return self._escaped(at)
        if character == "'":
            return self._single(at)
        if character == '"':
            return self._double(at)
        if what := _OPERATORS.get(character):
            end = at + 1
            while character in "|&;<>" and end < self.size and self.text[end] in "|&;<>":
                end += 1
            shown = "" if character == "\n" else f" (`{self.text[at:end]}`)" * (what[0] != "`")
            self._trouble("shell", what + shown, at, end)
            self._finish()
            return end
        is_first = self.word is None
        if character == "*":
            self._trouble("shell", "a file name pattern (`*`)", at, at + 1)
        elif is_first and character == "#":
            self._trouble("shell", "a comment", at, self.size)
            return self.size
        elif is_first and character == "~" and self.text[at + 1 : at + 2] in ("/", " ", ""):
            self._trouble("shell", "the home directory (`~`)", at, at + 1)
        elif is_first and not self.words and (found := _ASSIGNMENT.match(self.text, at)):
            self._trouble("shell", f"a variable for the program (`{found[0]}`)", at, found.end())
            self._add(found[0])
            return found.end()
        self._add(character)
        return at + 1

    def _dollar(self, at: int, where: str) -> int:
        """Take a reference, `$${`, or what a shell would replace; 0 when none stands at *at*."""
        if at in self.ends:
            self._add(self.text[at : self.ends[at]])
            return self.ends[at]
        if self.text.startswith("$${", at):
            self._add("$${")
            return at + 3
        if self.text[at] == "`" and where == "in double quotes":
            self._trouble("shell", "a command substitution", at, at + 1)
            self._add("`")
            return at + 1
        if self.text[at] != "$":
            return 0
        if self.text.startswith("$(", at):
            self._trouble("shell", "a command substitution (`$(`)", at, at + 2)
            self._add("$(")
            return at + 2
        if found := _NAME.match(self.text, at):
            self._trouble("shell", f"a variable of the environment (`{found[0]}`)", at, found.end())
            self._add(found[0])
            return found.end()
        return 0

    def _escaped(self, at: int) -> int:
        following = self.text[at + 1 : at + 2]
        if not following:
            self._trouble("quote", "a backslash at the very end escapes nothing", at, at + 1)
            return at + 1
        if following == "\n":
            return at + 2  # the line goes on
        if self.text.startswith("${", at + 1):
            self._add("$${")
            return at + 3
        self._add(following)
        return at + 2

    def _single(self, at: int) -> int:
        self._add("")
        position = at + 1
        while position < self.size:
            if position in self.ends:
                self._add(self.text[position : self.ends[position]])
                position = self.ends[position]
            elif self.text.startswith("$${", position):
                self._add("$${")
                position += 3
            elif self.text[position] == "'":
                return position + 1
            else:
                self._add(self.text[position])
                position += 1
        self._trouble("quote", "the quote `'` is not closed", at, at + 1)
        return self.size

    def _double(self, at: int) -> int:
        self._add("")
        position = at + 1
        while position < self.size:
            character = self.text[position]
            if taken := self._dollar(position, "in double quotes"):
                position = taken
            elif character == '"':
                return position + 1
            elif character == "\\" and self.text[position + 1 : position + 2] in ("$", "`", '"', "\\", "\n"):
                position = self._escaped(position)
            else:
                self._add(character)
                position += 1
        self._trouble("quote", 'the quote `"` is not closed', at, at + 1)
        return self.size

    def _is_rest_blank(self, at: int) -> bool:
        return not self.text[at:].strip() or (not self.words and self.word is None)

    def _add(self, piece: str) -> None:
        if self.word is None:
            self.word = []
        self.word.append(piece)

    def _finish(self) -> None:
        if self.word is not None:
            self.words.append("".join(self.word))
            self.word = None

    def _trouble(self, kind: Literal["shell", "quote"], what: str, start: int, end: int) -> None:
        self.troubles.append(Trouble(kind, what, start, end))


def shell_fix(text: str) -> str:
    """The line that performs *text* with a shell. References become its parameters: no value is read as code."""
    pieces: list[str] = []
    given: list[str] = []
    for part in scan(text.strip()):
        if isinstance(part, Part):
            given.append(part.text)
            pieces.append(f'"${len(given)}"')
        else:
            pieces.append(part if isinstance(part, str) else part.text)
    script = "".join(pieces)
    # With several lines, the first failure ends the script: otherwise only the last line's would be seen.
    words = ["bash", "-ec" if "\n" in script else "-c", script, *(["bash", *given] if given else [])]
    if "\n" in script or ": " in script or " #" in script or "'" in script:
        return f"run: {json.dumps(words, ensure_ascii=False)}"
    return "run: " + " ".join(["bash", "-c", shlex.quote(script), *words[3:]])


def script_word(words: tuple[str, ...]) -> int | None:
    """Which word is the script of `bash -c SCRIPT`, if the words are such a command."""
    if not words or words[0].rsplit("/", 1)[-1] not in _SHELLS:
        return None
    for index, word in enumerate(words[1:-1], start=1):
        if not word.startswith("-"):
            return None
        if not word.startswith("--") and word.endswith("c"):
            return index + 1
    return None
