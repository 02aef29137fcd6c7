"""Text to tree: what is read how, the places of everything, and that no text makes the parser stumble."""

import random

import msgspec
import pytest

from fairlead.core.expressions import EvaluationFailed, Malformed, evaluate, parse
from fairlead.core.expressions.lexer import RESERVED
from fairlead.core.expressions.parser import NESTING_MAX, TEXT_MAX
from fairlead.core.expressions.tree import Constant, Part
from tests.core.expressions.generator import SCOPE, Generator
from tests.core.expressions.printing import shape, written


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("1 - 2 - 3", "(1 - 2) - 3"),
        ("8 / 4 / 2 % 3", "((8 / 4) / 2) % 3"),
        ("a || b && c", "a || (b && c)"),
        ("a && b == c < d + e", "a && ((b == c) < (d + e))"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("!a.b", "!(a.b)"),
        ("-a * b", "(-a) * b"),
        ("--a", "a"),
        ("!!!a", "!a"),
        ("-1.5e3", "-1500.0"),
        ("0x1f", "31"),
        ("a . b [ 'c' ]\n. d( )", "a.b['c'].d()"),
        ("a // why\n+ b", "a + b"),
        ("[1, 2,]", "[1, 2]"),
        ("{'a': 1,}", "{'a': 1}"),
        ("x in y == true", "(x in y) == true"),
        (r"'\x41\101\u0041\U00000041\n'", '"AAAA\\n"'),
        ("r'\\n'", r"'\\n'"),
        ("'''a\n'b'''", r'"a\n\'b"'),
        ("'ö😀'", r"'\u00f6\U0001f600'"),
        ("x.map(i, i > 1, i * 2)", "x.map(i, (i > 1), (i * 2))"),
    ],
)
def test_precedence_and_literals_are_those_of_cel(text: str, same: str) -> None:
    assert shape(parse(text).tree) == shape(parse(same).tree)


@pytest.mark.parametrize(
    ("text", "code", "place", "said"),
    [
        ("", "FL-E002", "", "the expression is empty"),
        ("  ", "FL-E002", "  ", "the expression is empty"),
        ("a b", "FL-E010", "b", "expected the end of the expression"),
        ("a and b", "FL-E010", "and", "expected the end of the expression"),
        ("a = b", "FL-E010", "=", "no part of an expression"),
        ("a +", "FL-E010", "+", "ends too early: expected a value"),
        ("(a", "FL-E010", "a", "expected `)`"),
        ("a)", "FL-E010", ")", "expected the end"),
        ("[1 2]", "FL-E010", "2", "expected `,` or `]`"),
        ("f(1,)", "FL-E010", ")", "a value after the comma"),
        ("{'a' 1}", "FL-E010", "1", "expected `:`"),
        ("a.", "FL-E010", ".", "expected the name of a field or function"),
        ("a.in", "FL-E010", "in", "expected the name of a field or function"),
        ("a ? b", "FL-E010", "b", "expected `:`"),
        ("!-a", "FL-E010", "-", "expected a value"),
        ("a | b", "FL-E010", "|", "no part of an expression"),
        ("in", "FL-E010", "in", "expected a value"),
        ("'abc", "FL-E011", "'abc", "not closed"),
        ("'a\nb'", "FL-E011", "'a\nb'", "not closed"),
        (r"x + 'a\qb'", "FL-E011", r"\q", "no escape"),
        (r"'\ud800'", "FL-E011", r"\ud800", "no escape"),
        (r"'\U00110000'", "FL-E011", r"\U00110000", "no escape"),
        ("a + 9223372036854775808", "FL-E011", "9223372036854775808", "beyond 64 bits"),
        ("-9223372036854775809", "FL-E011", "-9223372036854775809", "beyond 64 bits"),
        ("9" * 400, "FL-E011", "9" * 400, "beyond 64 bits"),
        ("1e999", "FL-E011", "1e999", "beyond every number"),
        ("loop.best", "FL-E012", "loop", "reserved word"),
        ("x.all(for, true)", "FL-E012", "for", "reserved word"),
        ("${ a.b }", "FL-E013", "${ a.b }", "`${ }` belongs into texts"),
        (" ${ a.b", "FL-E013", "${ a.b", "`${ }` belongs into texts"),
        ("a > 3u", "FL-E015", "3u", "unsigned"),
        ("b'x' == a", "FL-E015", "b", "bytes"),
        ("a.B{c: 1}", "FL-E015", "a.B{", "message"),
        ("has(a)", "FL-E023", "has(a)", "`has` asks for one field"),
        ("has(a.?b)", "FL-E023", "has(a.?b)", "`has` asks for one field"),
        ("x.all(i)", "FL-E023", "all(i)", "takes the name of an item and 1 more"),
        ("x.map(i, 1, 2, 3)", "FL-E023", "map(i, 1, 2, 3)", "takes the name of an item and 1 or 2 more"),
        ("x.exists(i.a, true)", "FL-E023", "i.a", "a plain name"),
    ],
)
def test_what_is_no_expression_has_a_code_and_its_place(text: str, code: str, place: str, said: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(text)
    (problem,) = caught.value.problems
    assert (problem.code, text[problem.start : problem.end]) == (code, place)
    assert said in problem.message
    assert code in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a and b", "write && for “and”"),
        ("a = b", "write == to compare"),
        ("${ a.b }", "write a.b"),
        ("loop.best", "the rounds of a loop are `round`"),
        ("3u", "write 3"),
        ("$x", "leave the `$` out: an expression is bare"),
    ],
)
def test_a_common_slip_is_told_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(text)
    assert caught.value.problems[0].hint == hint


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_reserved_words_are_no_names(word: str) -> None:
    with pytest.raises(Malformed, match="FL-E012"):
        parse(f"{word} + 1")
    assert parse(f"a.{word}").reads[0].path == (word,)


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("steps.a.output.list[0]['k'] + 1", ["steps.a.output.list[0]['k']"]),
        ("inputs", ["inputs"]),
        ("a.b[c.d].e", ["a.b", "c.d"]),
        ("x.filter(i, i.n > y.n && i in z).map(i, i)", ["x", "y.n", "z"]),
        ("i.map(i, i.x)", ["i"]),
        ("has(a.b.c) && a.?b.?c.hasValue()", ["a.b.c", "a.?b.?c"]),
        ("a.size() + size(b.c)", ["a", "b.c"]),
        ("git.changed('x').size() > git.base.size()", ["git.changed", "git.base"]),
        ("{a.k: [b, -c.d]}", ["a.k", "b", "c.d"]),
        ("a[-1]", ["a"]),
        ("p ? q : r || s && !t", ["p", "q", "r", "s", "t"]),
        ("f(1).b", []),
    ],
)
def test_the_longest_paths_are_what_an_expression_reads(text: str, reads: list[str]) -> None:
    expression = parse(text)
    assert [text[one.start : one.end] for one in expression.reads] == reads
    for one in expression.reads:
        root, *keys = (text[start:end] for start, end in one.marks)
        assert root == one.root
        named = [key.removeprefix("#") if isinstance(key, str) else str(key) for key in one.path]
        assert keys == named


def parts_of(tree: object) -> list[Part]:
    """Every part of a tree."""
    found: list[Part] = []
    if isinstance(tree, Part):
        found.append(tree)
    if isinstance(tree, msgspec.Struct):
        for name in tree.__struct_fields__:
            found += parts_of(getattr(tree, name))
    elif isinstance(tree, tuple):
        for one in tree:
            found += parts_of(one)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_what_is_printed_reads_the_same_and_every_place_is_exact(seed: int) -> None:
    generator = Generator(seed)
    for _ in range(60):
        text = generator.expression()
        try:
            expression = parse(text)
        except Malformed:
            continue
        assert shape(parse(written(expression.tree)).tree) == shape(expression.tree), f"seed {seed}: {text}"
        for part in parts_of(expression.tree):
            piece = text[part.start : part.end]
            if isinstance(part, Constant) and piece.startswith("-"):
                continue  # `2 -1` may read it as an operator
            assert shape(parse(piece).tree) == shape(part), f"seed {seed}: {piece} of {text}"


def nested(before: str, inner: str, after: str, count: int) -> str:
    """*inner* wrapped *count* times."""
    return before * count + inner + after * count


HOSTILE = {
    "brackets": ("(", "1", ")"),
    "lists": ("[", "1", "]"),
    "objects": ("{'a': ", "1", "}"),
    "positions": ("a[", "1", "]"),
    "calls": ("size(", "1", ")"),
    "choices": ("a ? b : ", "1", ""),
    "sums to the right": ("1 + (", "1", ")"),
    "sums to the left": ("", "1", " + 1"),
    "paths": ("", "a", ".b"),
    "macros": ("x.map(i, ", "i", ")"),
    "mixed signs": ("!(-(", "a", "))"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_nested_too_deep_is_refused_and_never_a_traceback(kind: str) -> None:
    for count in (NESTING_MAX + 2, 500):
        with pytest.raises(Malformed, match="FL-E016"):
            parse(nested(*HOSTILE[kind], count))


@pytest.mark.parametrize(
    ("kind", "value"),
    [("brackets", 1), ("choices", 1), ("sums to the right", 25), ("sums to the left", 25), ("mixed signs", -3)],
)
def test_a_moderate_depth_is_read_and_evaluated(kind: str, value: int) -> None:
    scope = {"a": False, "b": 0, "x": [1]}
    text = nested(*HOSTILE[kind], 24) if kind != "mixed signs" else nested("-(", "3", ")", 25)
    assert evaluate(parse(text), scope) == value


def test_long_conditions_are_not_deep_ones() -> None:
    text = " || ".join(["no"] * 999 + ["yes"])
    assert evaluate(parse(text), SCOPE) is True
    assert evaluate(parse("!" * 5_001 + "no"), SCOPE) is True


def test_the_longest_expression_is_read_and_a_longer_one_is_refused() -> None:
    assert evaluate(parse("'" + "a" * (TEXT_MAX - 2) + "'"), {}) == "a" * (TEXT_MAX - 2)
    with pytest.raises(Malformed, match="FL-E016"):
        parse("'" + "a" * (TEXT_MAX - 1) + "'")


PIECES = (
    *"()[]{}.,:?!-+*/%<>=&|'\"\\$`#@~^;\n\t\0",
    *"&& || == .? [? has( in null ''' r' b' 0x 1e ${ // .map(i, size loop".split(),
    "9" * 30,
    "ö",
    "\U0001f600",
    "\ud800",
)


@pytest.mark.parametrize("seed", range(6))
def test_mutated_expressions_end_in_a_code_and_a_place(seed: int) -> None:
    rng = random.Random(seed)
    generator = Generator(seed, wrong=0.2)
    for _ in range(50):
        text = generator.expression()
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(text) + 1)
            match rng.randrange(3):
                case 0:
                    text = text[:at] + rng.choice(PIECES) + text[at:]
                case 1:
                    text = text[:at] + text[at + rng.randrange(1, 6) :]
                case _:
                    text = text[:at] + rng.choice(PIECES) + text[at + 1 :]
        for code, start, end in problems_of(text):
            assert code.startswith("FL-E"), f"seed {seed}: {text!r}"
            assert 0 <= start <= end <= len(text), f"seed {seed}: {text!r}"


def problems_of(text: str) -> list[tuple[str, int, int]]:
    """Code and place of everything that is wrong with *text*, before or while it is evaluated."""
    try:
        evaluate(parse(text), SCOPE)
    except Malformed as malformed:
        return [(problem.code, problem.start, problem.end) for problem in malformed.problems]
    except EvaluationFailed as failed:
        return [(failed.code, failed.start, failed.end)]
    return []
