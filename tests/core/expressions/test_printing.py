"""Trees as people write them: read again they are the same, and no parenthesis stands there for nothing."""

import random
from collections.abc import Iterator

import pytest

from fairlead.core.expressions import Malformed, parse
from fairlead.core.expressions.printing import written
from fairlead.core.expressions.tree import Tree
from tests.core.expressions.generator import Generator
from tests.core.expressions.printing import shape
from tests.proves import proves

SAMPLE = 600

# What stands on the left is printed as what stands on the right; where there is nothing, as it stands.
PRINTED = {
    "a+b*c-d%e": "a + b * c - d % e",
    "(a + b) * c": "",
    "a - (b - c)": "",
    "(a - b) - c": "a - b - c",
    "a && b || c && d": "",
    "a && (b || c)": "",
    "(a && b) && c": "",
    "a && (b && c)": "",
    "!(a && b)": "",
    "!a.b": "",
    "!(!a)": "",
    "-(5)": "",
    "-5": "",
    "(-5).x": "",
    "-(-5)": "",
    "-x": "",
    "a - -5": "",
    "-(5.0.x)": "-(5.0.x)",
    "(a + b).size()": "",
    "(a ? b : c).size()": "",
    "a ? b : c ? d : e": "",
    "(a ? b : c) ? d : e": "",
    "a ? (b ? c : d) : e": "",
    "a < b == c": "",
    "a < (b == c)": "",
    "x in ['a', 'b']": "",
    "!(x in y)": "",
    "has(a.b) && a.?b.orValue(1) == a[?'c'].orValue(2)": "",
    "xs.map(x, x > 1, {'k': x, 'l': [x]})": "",
    '"it\'s"': "",
    "'say \"hi\"'": "",
    "'both \\' and \"'": "",
    "'\\n\\t\\\\'": "",
    "true != null": "",
    "1e30 > 1.5": "1e+30 > 1.5",
}


@pytest.mark.parametrize("text", PRINTED)
def test_a_tree_is_printed_with_the_parentheses_that_it_needs(text: str) -> None:
    printed = written(parse(text).tree)
    assert shape(parse(printed).tree) == shape(parse(text).tree)
    # `(a && b) && c` is a part of two, and `a && b && c` one of three.
    assert printed == (PRINTED[text] or text)


@proves("J7")
def test_random_trees_are_the_same_when_they_are_read_again() -> None:
    seed = random.randrange(2**32)
    for text, tree in _random_trees(seed, SAMPLE):
        printed = written(tree)
        assert shape(parse(printed).tree) == shape(tree), f"seed {seed}: {text}"
        assert written(parse(printed).tree) == printed, f"seed {seed}: {text}"


def _random_trees(seed: int, count: int) -> Iterator[tuple[str, Tree]]:
    """Random expressions; the generator writes some that are none, such as numbers beyond 64 bits."""
    generator = Generator(seed)
    while count:
        text = generator.expression()
        try:
            tree = parse(text).tree
        except Malformed:
            continue
        count -= 1
        yield text, tree
