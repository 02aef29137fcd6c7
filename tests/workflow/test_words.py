"""The words of a `run`: as a POSIX shell splits them, and what only a shell could do is found."""

import random
import shlex

import pytest

from fairlead.core.references import resolve
from fairlead.workflow.words import script_word, shell_fix, split_words
from tests.proves import proves


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("make test", ("make", "test")),
        ("  make   test  ", ("make", "test")),
        ("make test\n", ("make", "test")),
        ("make \\\n  test", ("make", "test")),
        ("echo 'a b' \"c d\" e\\ f", ("echo", "a b", "c d", "e f")),
        ("echo '' \"\"", ("echo", "", "")),
        ("echo a'b'\"c\"d", ("echo", "abcd")),
        ("echo \"a\\\"b\" 'it'\\''s'", ("echo", 'a"b', "it's")),
        ('echo "a\\nb"', ("echo", "a\\nb")),
        ("echo 'a|b' \"c>d\" e\\;f \\* '$HOME' \\$HOME", ("echo", "a|b", "c>d", "e;f", "*", "$HOME", "$HOME")),
        ("echo a=b x#y a~b [c] {d,e} ?", ("echo", "a=b", "x#y", "a~b", "[c]", "{d,e}", "?")),
        ("echo $", ("echo", "$")),
        ("echo ${ inputs.a } x", ("echo", "${ inputs.a }", "x")),
        ("echo a${ inputs.a }b", ("echo", "a${ inputs.a }b")),
        ("echo '${ inputs.a } x' \"${ inputs.b }\"", ("echo", "${ inputs.a } x", "${ inputs.b }")),
        ("echo ${ inputs['a b'] }${ steps.x.output }", ("echo", "${ inputs['a b'] }${ steps.x.output }")),
        ("echo $${x} \\${x} '$${x}'", ("echo", "$${x}", "$${x}", "$${x}")),
        ("pytest -k 'a and not b' tests/x.py::test[1]", ("pytest", "-k", "a and not b", "tests/x.py::test[1]")),
    ],
)
def test_a_text_is_split_as_a_shell_would(text: str, words: tuple[str, ...]) -> None:
    assert split_words(text) == (words, ())


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("a | b", "|"),
        ("a || b", "||"),
        ("a > b", ">"),
        ("a >> b", ">>"),
        ("a < b", "<"),
        ("a && b", "&&"),
        ("a &", "&"),
        ("a; b", ";"),
        ("a $HOME", "$HOME"),
        ('a "$HOME/x"', "$HOME"),
        ("a $1", "$1"),
        ("a $(b)", "$("),
        ('a "$(b)"', "$("),
        ("a `b`", "`"),
        ('a "`b`"', "`"),
        ("a *.py", "*"),
        ("a ~/b", "~"),
        ("a # b", "# b"),
        ("(a)", "("),
        ("a\nb", "\n"),
        ("A=1 b", "A="),
    ],
)
def test_what_needs_a_shell_is_found_where_it_stands(text: str, marked: str) -> None:
    first = split_words(text).troubles[0]
    assert first.kind == "shell"
    assert text[first.start : first.end] == marked


@pytest.mark.parametrize(("text", "at"), [("a 'b", 2), ('a "b', 2), ("a 'b\" c", 2), ("a b\\", 3)])
def test_an_open_quote_is_found_where_it_begins(text: str, at: int) -> None:
    (trouble,) = split_words(text).troubles
    assert (trouble.kind, trouble.start) == ("quote", at)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("a | b", "run: bash -c 'a | b'"),
        ("cat ${ inputs.f } > ${ inputs.g }", 'run: bash -c \'cat "$1" > "$2"\' bash ${ inputs.f } ${ inputs.g }'),
        ("echo 'x' | y", 'run: ["bash", "-c", "echo \'x\' | y"]'),
        ("a\nb", 'run: ["bash", "-ec", "a\\nb"]'),
    ],
)
def test_the_fix_is_a_line_that_is_right(text: str, fix: str) -> None:
    assert shell_fix(text) == fix


@pytest.mark.parametrize(
    ("words", "index"),
    [
        (("bash", "-c", "x"), 2),
        (("/bin/sh", "-ec", "x", "y"), 2),
        (("bash", "-e", "-c", "x"), 3),
        (("bash", "x.sh"), None),
        (("bash", "--norc", "x"), None),
        (("bash",), None),
        (("make", "-c", "x"), None),
        ((), None),
    ],
)
def test_the_script_of_a_shell_is_known(words: tuple[str, ...], index: int | None) -> None:
    assert script_word(words) == index


@proves("A1.3")
@pytest.mark.parametrize("seed", range(10))
def test_a_value_arrives_as_exactly_one_word(seed: int) -> None:
    rng = random.Random(seed)
    alphabet = "ab \t\n'\"\\$`|&;<>(){}[]*?~#!%=,:${}ö😀\0"
    for _ in range(100):
        value = "".join(rng.choices(alphabet, k=rng.randrange(12)))
        words = split_words("echo before ${ inputs.v } 'in ${ inputs.v } quotes' after").words
        filled = [resolve(word, {"inputs": {"v": value}}) for word in words]
        assert filled == ["echo", "before", value, f"in {value} quotes", "after"]


@pytest.mark.parametrize("seed", range(10))
def test_words_that_need_no_shell_are_those_that_shlex_gives(seed: int) -> None:
    rng = random.Random(seed)
    alphabet = "abc def 'x' \"y\" \\ -=/.:,"
    compared = 0
    for _ in range(500):
        text = "c " + "".join(rng.choices(alphabet, k=rng.randrange(20)))
        split = split_words(text)
        if not split.troubles:
            assert list(split.words) == shlex.split(text), text
            compared += 1
    assert compared > 100
