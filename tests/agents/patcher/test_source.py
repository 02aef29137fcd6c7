"""Arguments and imports are put in and taken out of any call and any file, and nothing else changes its meaning."""

import ast
import random

import pytest

from fairlead.agents.builtin.patcher_rules.source import NoFix, Source

SEED = 20261121
_ARGUMENTS = ("a", "(b)", "c=1", "d=(2)", "f=[1, (2, 3)]", "g=h(i, j=k)", "l='x, y)'", "m=lambda n: (n, 1)", "ü=2")
_SEPARATORS = (", ", ",", " , ", ",\n        ", ",  # a (comment, with) signs\n    ")


def random_call(rng: random.Random, wanted: str = "") -> str:
    """A call in any layout, with *wanted* among its keywords."""
    some = rng.sample(_ARGUMENTS, rng.randrange(len(_ARGUMENTS) + 1))
    positional = [one for one in some if "=" not in one]
    named = [one for one in some if "=" in one]
    if wanted:
        named.insert(rng.randrange(len(named) + 1), wanted)
    words = positional + named
    inside = "".join(word + rng.choice(_SEPARATORS) for word in words[:-1]) + (words[-1] if words else "")
    inside += rng.choice(["", ",", ", ", ",\n"]) if words else ""
    return f"x = call({rng.choice(['', ' ', chr(10) + '    '])}{inside}{rng.choice(['', ' ', chr(10)])})  # end\n"


def call_of(source: Source) -> ast.Call:
    found = next(
        node for node in ast.walk(source.tree) if isinstance(node, ast.Call) and source.text_of(node.func) == "call"
    )
    return found


def test_an_argument_is_taken_out_of_any_call() -> None:
    rng = random.Random(SEED)
    for _ in range(300):
        text = random_call(rng, rng.choice(["verify=False", "verify=(False)", "verify = False"]))
        source = Source(text)
        call = call_of(source)
        wanted = ast.parse(text)
        for node in ast.walk(wanted):
            if isinstance(node, ast.Call):
                node.keywords = [one for one in node.keywords if one.arg != "verify"]
        source.remove_argument(call, next(one for one in call.keywords if one.arg == "verify"))
        changed = source.changed()
        assert ast.dump(ast.parse(changed)) == ast.dump(wanted), (SEED, text, changed)
        assert changed.endswith("# end\n")


def test_an_argument_is_put_into_any_call() -> None:
    rng = random.Random(SEED)
    for _ in range(300):
        text = random_call(rng)
        source = Source(text)
        wanted = ast.parse(text)
        call_of_wanted = next(node for node in ast.walk(wanted) if isinstance(node, ast.Call))
        call_of_wanted.keywords.append(ast.keyword("timeout", ast.Constant(10)))
        source.add_argument(call_of(source), "timeout=10")
        changed = source.changed()
        assert ast.dump(ast.parse(changed)) == ast.dump(wanted), (SEED, text, changed)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x = 1\n", "import os\nx = 1\n"),
        (
            "#!/bin/python\n# -*- coding: utf-8 -*-\nx = 1\n",
            "#!/bin/python\n# -*- coding: utf-8 -*-\nimport os\nx = 1\n",
        ),
        ('"""Doc."""\nx = 1\n', '"""Doc."""\nimport os\nx = 1\n'),
        ("from __future__ import annotations\nx = 1\n", "from __future__ import annotations\nimport os\nx = 1\n"),
        ("import abc\nimport re\n", "import abc\nimport os\nimport re\n"),
        ("from a import b\n", "import os\nfrom a import b\n"),
        ("import abc\r\nx = 1\r\n", "import abc\r\nimport os\r\nx = 1\r\n"),
    ],
)
def test_an_import_is_put_where_it_belongs(text: str, wanted: str) -> None:
    source = Source(text)
    source.add_import("os")
    assert source.changed() == wanted


@pytest.mark.parametrize("text", ["import re, os\nx = 1\n", "import os.path\nx = 1\n"])
def test_an_import_that_is_there_is_not_put_in_again(text: str) -> None:
    source = Source(text)
    source.add_import("os")
    with pytest.raises(NoFix, match="not written in a form"):
        source.changed()


@pytest.mark.parametrize(
    "text",
    [
        "os = 1\n",
        "def f(os):\n    return os\n",
        "import a as os\n",
        "def f():\n    import os\n",
        "class os: ...\n",
    ],
)
def test_a_name_that_means_something_else_is_not_taken(text: str) -> None:
    with pytest.raises(NoFix):
        Source(text).add_import("os")


def test_changes_that_meet_are_refused() -> None:
    source = Source("x = 1234\n")
    source.edit(4, 7, "a")
    source.edit(5, 8, "b")
    with pytest.raises(NoFix, match="meet"):
        source.changed()
