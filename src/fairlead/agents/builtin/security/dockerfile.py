"""Reads a Dockerfile into instructions: continued lines, heredocs, the escape directive, stages, build arguments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from fairlead.agents.builtin.security.located import Located
from fairlead.agents.builtin.security.matches import lines_of

_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)\s*$")
_KEYWORD = re.compile(r"\s*([A-Za-z]+)(\s+|$)")
_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_]\w*)\1")
_FLAG = re.compile(r"--[\w-]+(?:=\S+)?\s*")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?:(:?[-+])([^}]*))?\}|(\w+))")
_SETTING = re.compile(r"""([\w.-]+)=("(?:\\.|[^"\\])*"|'[^']*'|(?:\\.|[^\s\\])*)""")


@dataclass(frozen=True)
class Instruction:
    """One instruction. `body` is what follows the keyword and the flags; a heredoc's lines belong to it."""

    keyword: str  # upper case
    whole: Located  # from the keyword to the end of its last line
    flags: Located
    body: Located


@dataclass
class Stage:
    """What lies between one FROM and the next."""

    start: Instruction
    image: str  # build arguments _filled in; "" if one of them is not known
    name: str
    instructions: list[Instruction] = field(default_factory=list)


def instructions(text: str) -> list[Instruction]:
    """All instructions of a file. What is no instruction is passed over: a build would stop there, and say so."""
    lines = lines_of(text)
    escape = "\\"
    found: list[Instruction] = []
    number = 0
    while number < len(lines):
        directive = _DIRECTIVE.fullmatch(lines[number].strip())
        if directive is None:
            break
        if directive[1].lower() == "escape" and directive[2] in ("\\", "`"):
            escape = directive[2]
        number += 1
    while number < len(lines):
        stripped = lines[number].strip()
        if not stripped or stripped.startswith("#"):
            number += 1
            continue
        parts, number = _continued(lines, number, escape)
        whole = Located(parts)
        keyword = _KEYWORD.match(whole.text)
        while keyword and keyword[1].upper() == "ONBUILD":
            whole = whole.slice(keyword.end(), len(whole.text))
            keyword = _KEYWORD.match(whole.text)
        if keyword is None:
            continue
        name = keyword[1].upper()
        if name in ("RUN", "COPY", "ADD"):
            parts, number = _heredocs(lines, number, parts, whole.text, is_shell=name == "RUN")
            if len(parts) > 1 or parts[0][0] != whole.text:
                whole = Located(parts)
                keyword = _KEYWORD.match(whole.text) or keyword
        end = keyword.end()
        while flag := _FLAG.match(whole.text, end):
            end = flag.end()
        start = keyword.start(1)
        found.append(
            Instruction(
                name,
                whole.slice(start, max(start + 1, len(whole.text.rstrip()))),
                whole.slice(keyword.end(), end),
                whole.slice(end, len(whole.text)),
            )
        )
    return found


def _continued(lines: list[str], number: int, escape: str) -> tuple[list[tuple[str, int, int]], int]:
    parts: list[tuple[str, int, int]] = []
    while number < len(lines):
        line = lines[number]
        number += 1
        if parts and (not line.strip() or line.lstrip().startswith("#")):
            continue  # comments and empty lines inside a continued instruction are passed over
        bare = line.rstrip()
        if not bare.endswith(escape):
            parts.append((line, number, 1))
            break
        # The mark becomes a space, so that words of two lines do not run into one.
        parts.append((bare[:-1] + " ", number, 1))
    return parts, number


def _heredocs(
    lines: list[str], number: int, parts: list[tuple[str, int, int]], text: str, *, is_shell: bool
) -> tuple[list[tuple[str, int, int]], int]:
    parts = list(parts)
    for heredoc in _HEREDOC.finditer(text):
        end = next((n for n in range(number, len(lines)) if lines[n].strip() == heredoc[2]), None)
        if end is None:
            break
        if is_shell:
            parts.append(("\n", number, len(lines[number - 1]) + 1))
            parts += [(lines[n] + "\n", n + 1, 1) for n in range(number, end)]
        number = end + 1
    return parts, number


def stages(found: list[Instruction]) -> list[Stage]:
    """The stages of a file, with the defaults of its build arguments _filled into the names of images."""
    defaults: dict[str, str | None] = {}
    result: list[Stage] = []
    for instruction in found:
        if instruction.keyword == "FROM":
            words = instruction.body.text.split()
            image = _filled(words[0], defaults) if words else ""
            name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""
            result.append(Stage(instruction, image, name))
        elif result:
            result[-1].instructions.append(instruction)
        elif instruction.keyword == "ARG":
            for word in instruction.body.text.split():
                key, equals, value = word.partition("=")
                defaults[key] = _filled(value.strip("\"'"), defaults) if equals else None
    return result


def _filled(text: str, known: dict[str, str | None]) -> str:
    """*text* with its variables _filled in; "" if one is not known."""
    is_known = True

    def value(found: "re.Match[str]") -> str:
        nonlocal is_known
        default = found[3] if found[2] in ("-", ":-") else None
        result = known.get(found[1] or found[4]) or default
        is_known = is_known and result is not None
        return result or ""

    result = _VARIABLE.sub(value, text)
    return result if is_known else ""


def settings(instruction: Instruction) -> Iterator[tuple[str, str, int, int]]:
    """The (name, value, start, end) of ENV and ARG; the offsets are the value's in the body, without its quotes."""
    text = instruction.body.text
    if instruction.keyword == "ENV" and not re.match(r"\s*[\w.-]+=", text):
        old = re.match(
            r"\s*(\S+)[ \t]+(.*\S)", text, re.DOTALL
        )  # the old form: one name, the rest of the line its value
        if old:
            yield old[1], old[2].strip("\"'"), old.start(2), old.end(2)
        return
    for found in _SETTING.finditer(text):
        quote = 1 if found[2][:1] in ("'", '"') and len(found[2]) > 1 else 0
        yield found[1], found[2][quote : len(found[2]) - quote], found.start(2) + quote, found.end(2) - quote
    if instruction.keyword == "ARG":
        for bare in re.finditer(r"(?<!\S)([\w.-]+)(?!\S)", text):
            yield bare[1], "", *bare.span()
