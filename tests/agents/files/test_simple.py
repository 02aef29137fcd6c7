"""The reader of plain front matter against the YAML reader: where it answers at all, the two say the same."""

import random

import pytest

from fairlead.agents.files.simple import simple_fields
from fairlead.workflow import read_values

_PIECES = (
    *("a", "name", "x y", "Z9", ":", " ", ": ", " :", "#", " #", '"', "'", "[", "]", ",", "{", "}", "true", "null"),
    *("12", "0", "007", "-", "*", "&", "!", "%", "@", "`", "|", ">", "\\", "é", "日", "\u00a0", "\u2003", "~", "?"),
    *("? ", "- ", "\t", "...", "---", "$", "${ x }", "//", "http://a.b/c", "=", "<<", "e5", "inf", "0x1", "\n  "),
)
_KEYS = ("name", "description", "tools", "model", "fairlead", "a-b", "_x", "true", "null", "y", "no", "on", "<<")


def _front(rng: random.Random) -> str:
    def text() -> str:
        return "".join(rng.choice(_PIECES) for _ in range(rng.randint(0, 5)))

    lines = []
    for _ in range(rng.randint(0, 4)):
        value = rng.choice([text(), "", "word", f'"q {text()}"', f"'{text()}'", "[Read, Grep]", f"[{text()}]", "12"])
        indent = rng.choice(["", "", "", "  ", "   "])
        lines.append(f"{indent}{rng.choice(_KEYS)}{rng.choice([': ', ':', ':  '])}{value}{rng.choice(['', ' '])}")
        if rng.random() < 0.1:
            lines.append(rng.choice(["", "  ", "# c"]))
    return "\n".join(lines)


def test_both_readers_say_the_same_of_generated_front_matter() -> None:
    seed = random.randrange(1_000_000)
    rng = random.Random(seed)
    answered = 0
    for _ in range(4_000):
        front = _front(rng)
        fields = simple_fields(front)
        if fields is not None:
            answered += 1
            strict = read_values(front.encode())
            assert repr(fields) == repr({} if strict is None else strict), f"seed {seed}: {front!r}"
    assert answered > 500


@pytest.mark.parametrize(
    ("front", "fields"),
    [
        ("name: a\ndescription: Use it: now", None),
        ("name: a\nname: b", None),
        ("name: a\ntools: [Read, Grep]\nmaxTurns: 25", {"name": "a", "tools": ["Read", "Grep"], "maxTurns": 25}),
        ("fairlead:\n  adapter: llm\n  output: report", {"fairlead": {"adapter": "llm", "output": "report"}}),
        ("fairlead:\n  budget:\n    usd: 1", None),
        ("fairlead:", {"fairlead": None}),
        ("name: null", {"name": None}),
        ("name: 007", None),
        ("name: a\n  b: c", None),
        ("tools: []", {"tools": []}),
        ("tools: [a: b]", None),
        ("\nname: 'a: b'\n", {"name": "a: b"}),
        ("# c\nname: a", None),
        ("name: a\tb", None),
        ("", {}),
    ],
)
def test_only_what_every_reader_of_yaml_understands_is_read(front: str, fields: object) -> None:
    assert simple_fields(front) == fields
