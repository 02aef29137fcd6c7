"""Files with one thing broken at a random place: each kind of damage gets its code, and none of them a traceback."""

import random
import re
from collections.abc import Callable

import pytest

from fairlead.core.codes import all_codes
from fairlead.workflow import ReadWorkflow
from tests.workflow.samples import check, codes

FILE = """\
fairlead: 1
name: whole
title: The whole
flow: graph
inputs:
  paths:
    type: array
    default: []
  level:
    type: string
    description: "How deep"
steps:
  - id: scan
    name: Scan it
    agent: scanner
    timeout: 5m
    with:
      paths: ${ inputs.paths }
      history: true
    optional: true
  - id: block
    after: [scan]
    parallel:
      max: 3
      steps:
        - id: left
          run: echo ${ inputs.level } 'ö'
          timeout: 1h
        - id: right
          needs: [left]
          run: echo ${ steps.left.output.stdout }
  - id: report
    needs: [block]
    agent: scanner
    with:
      paths: ["${ steps.left.output.stdout }"]
    timeout: 90s
finally:
  - id: tidy
    run: date
outputs:
  found: ${ steps.scan.output.findings }
"""
LINES = FILE.split("\n")[:-1]
KEY = re.compile(r"^( *(?:- )?)([a-z]+):")
SEEDS = range(17)


def pick(rng: random.Random, pattern: str) -> int:
    """A random line that *pattern* finds."""
    return rng.choice([index for index, line in enumerate(LINES) if re.search(pattern, line)])


def changed(index: int, *lines: str) -> str:
    return "\n".join([*LINES[:index], *lines, *LINES[index + 1 :]]) + "\n"


def replaced(rng: random.Random, pattern: str, *by: str) -> str:
    """The file with what *pattern* finds in a random line replaced."""
    index = pick(rng, pattern)
    return changed(index, re.sub(pattern, lambda _: rng.choice(by), LINES[index], count=1))


def without_required(rng: random.Random) -> str:
    index = pick(rng, r"^(fairlead|name):|^    type:|- id:")
    line = LINES[index]
    return changed(
        index, "  - name: x" if line.startswith("  - ") else line.replace("id: ", "name: ") * ("id:" in line)
    )


def misspelt(rng: random.Random) -> str:
    index = pick(rng, r"^(?!      (paths|history)|  (paths|level|found):| *- id).*:")
    return changed(index, KEY.sub(lambda found: f"{found[1]}{found[2]}{rng.choice('qz')}q:", LINES[index]))


def repeated_key(rng: random.Random) -> str:
    index = pick(rng, r"^ *[a-z]+: \S")
    return changed(index, LINES[index], LINES[index])


def with_tab(rng: random.Random) -> str:
    index = pick(rng, r"^ +[a-z-]")
    return changed(index, "\t" + LINES[index].lstrip())


def open_quote(rng: random.Random) -> str:
    return replaced(rng, r": (?=[a-zA-Z])", ": '", ': "').replace("'ö'", "ö")


def with_byte(rng: random.Random) -> bytes:
    data = FILE.encode()
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.choice([0xFF, 0xC0, 0xF8, 0xFE])]) + data[at:]


def with_control(rng: random.Random) -> str:
    at = rng.randrange(len(FILE))
    return FILE[:at] + rng.choice("\x00\x07\x1b\x7f\x85\u2028\ufeff\x9b") + FILE[at:] if at else "\x07" + FILE


def wrong_type(rng: random.Random) -> str:
    return replaced(rng, r"(?<=optional: )true|(?<=max: )3|(?<=after: )\[scan\]|(?<=title: ).*", "{a: 1}", "[[x]]")


def wrong_duration(rng: random.Random) -> str:
    return replaced(rng, r"(?<=timeout: ).*", "5", "soon", "5 m", "-1s", "[1m]", "true", "1y")


def unknown_name(rng: random.Random) -> str:
    return replaced(rng, r"(?<=steps\.)(left|scan)(?=\.)", "gone", "lefft")


def unknown_input(rng: random.Random) -> str:
    return replaced(rng, r"(?<=inputs\.)(paths|level)", "gone", "path")


def unknown_edge(rng: random.Random) -> str:
    return replaced(rng, r"(?<=: \[)(scan|left|block)(?=\])", "gone", "blok")


def unknown_agent(rng: random.Random) -> str:
    return replaced(rng, r"(?<=agent: ).*", "scaner", "nobody")


def same_id(rng: random.Random) -> str:
    index = pick(rng, r"- id: (?!scan)")
    return changed(index, re.sub(r"id: .*", "id: scan", LINES[index]))


def second_action(rng: random.Random) -> str:
    index = pick(rng, r"^ +(agent|run): ")
    indent = " " * (len(LINES[index]) - len(LINES[index].lstrip()))
    return changed(index, LINES[index], f"{indent}steps: [{{id: extra, run: date}}]")


def foreign_key(rng: random.Random) -> str:
    index = pick(rng, r"^ +(agent|run): ")
    indent = " " * (len(LINES[index]) - len(LINES[index].lstrip()))
    key = rng.choice(["goal: minimize", "max: 3", "title: x", "steps_max: 1", "else: []", "runs: 3"])
    return changed(index, LINES[index], indent + key)


def torn(rng: random.Random) -> str:
    index = pick(rng, r": \$\{")
    return changed(index, re.sub(r": (\$\{.*\})", r": {a: [\1]}", LINES[index]))


def shell(rng: random.Random) -> str:
    index = pick(rng, r"run: ")
    return changed(index, LINES[index] + rng.choice([" | wc", " > x", " && y", "; z", " $HOME", " *.py", " `w`", " &"]))


def second_document(rng: random.Random) -> str:
    index = pick(rng, r"^(steps|finally|outputs|inputs):")
    return changed(index, "---", LINES[index])


DAMAGE: dict[str, tuple[Callable[[random.Random], str | bytes], frozenset[str]]] = {
    "a required key is gone": (without_required, frozenset(["FL-W023"])),
    "a key is misspelt": (misspelt, frozenset(["FL-W021"])),
    "a key stands twice": (repeated_key, frozenset(["FL-W003"])),
    "a tab indents": (with_tab, frozenset(["FL-W004"])),
    "a quote is open": (open_quote, frozenset(["FL-W001"])),
    "a byte is not UTF-8": (with_byte, frozenset(["FL-W002"])),
    "a control character": (with_control, frozenset(["FL-W005"])),
    "a wrong type": (wrong_type, frozenset(["FL-W020"])),
    "a wrong duration": (wrong_duration, frozenset(["FL-W026"])),
    "an unknown step": (unknown_name, frozenset(["FL-E006"])),
    "an unknown input": (unknown_input, frozenset(["FL-E004"])),
    "an unknown edge": (unknown_edge, frozenset(["FL-W107"])),
    "an unknown agent": (unknown_agent, frozenset(["FL-A101"])),
    "an id stands twice": (same_id, frozenset(["FL-W102"])),
    "two actions": (second_action, frozenset(["FL-W105"])),
    "a key of something else": (foreign_key, frozenset(["FL-W021"])),
    "a torn reference": (torn, frozenset(["FL-W007"])),
    "a shell is needed": (shell, frozenset(["FL-W116"])),
    "a second document": (second_document, frozenset(["FL-W009"])),
}


def test_the_file_without_damage_is_right() -> None:
    assert codes(check(FILE)) == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_gets_its_code(damage: str, seed: int) -> None:
    make, expected = DAMAGE[damage]
    text = make(random.Random(f"{damage} {seed}"))
    read = check(text)
    assert read.workflow is None
    assert expected <= set(codes(read)), text
    assert_whole(read)


def harmless(rng: random.Random) -> bytes:
    """The same file written in another way."""
    lines = list(LINES)
    for _ in range(5):
        at = rng.randrange(len(lines))
        lines.insert(at, rng.choice(["", "# a comment", "    # another: one", "   "]))
    index = pick(rng, r"^  - id: (scan|report)$|^ +- id: (left|right)$")
    if LINES[index] in lines and rng.random() < 0.5:
        at = lines.index(LINES[index])
        lines[at] = re.sub(r"id: (\w+)", r"""'id': "\1" # quoted""", lines[at])
    end = rng.choice(["\n", "\r\n"])
    return rng.choice([b"", b"\xef\xbb\xbf"]) + (end.join(lines) + rng.choice(["", end])).encode()


@pytest.mark.parametrize("seed", range(30))
def test_another_way_to_write_it_is_the_same_workflow(seed: int) -> None:
    read = check(harmless(random.Random(seed)))
    original = check(FILE).workflow
    assert codes(read) == []
    assert read.workflow
    assert original
    assert read.workflow.digest == original.digest


@pytest.mark.parametrize("seed", range(50))
def test_noise_leaves_either_no_error_or_no_workflow(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(10):
        data = bytearray(FILE.encode())
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(data))
            match rng.randrange(4):
                case 0:
                    data[at] = rng.randrange(256)
                case 1:
                    del data[at : at + rng.randrange(40)]
                case 2:
                    data[at:at] = rng.choice(
                        [b"{", b"}", b"[", b"]", b"${", b"\n", b": ", b"- ", b"&a ", b"*a ", b"'", b"|"]
                    )
                case _:
                    other = rng.randrange(len(data))
                    data[at:at] = data[other : other + rng.randrange(60)]
        read = check(bytes(data))
        has_errors = any(not found.is_warning for found in read.diagnostics)
        assert has_errors == (read.workflow is None), bytes(data)
        assert_whole(read)


KNOWN = frozenset(all_codes())


def assert_whole(read: ReadWorkflow) -> None:
    """Every diagnostic has a registered code, a hint and a span inside the file, and they come in order."""
    places = []
    for found in read.diagnostics:
        assert found.code in KNOWN
        assert found.hints
        assert found.span is not None
        assert found.span.line == found.span.end_line
        assert 1 <= found.span.column <= found.span.end_column
        places.append((found.span.line, found.span.column))
    if read.diagnostics and read.diagnostics[-1].code != "FL-W029":
        assert places == sorted(places)
