"""Code that stands twice, and what is said of languages that nobody parses."""

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from fairlead.agents.builtin.code_reviewer import duplication, sizes, unwritten
from fairlead.agents.builtin.code_reviewer.copies import COMPARED_BYTES_MAX, copied
from fairlead.agents.builtin.code_reviewer.duplication import (
    COPIES_MAX,
    LINES_MIN,
    PLACES_MAX,
    TOKENS_MIN,
    Code,
    Stretch,
    find_copies,
)
from fairlead.agents.builtin.code_reviewer.found import SourceFile
from fairlead.agents.builtin.code_reviewer.scan import scan
from fairlead.core.outcomes import Succeeded
from tests.agents.conftest import DirectoryWorld
from tests.corpora import marks
from tests.corpora import review_copies as corpus
from tests.proves import proves

_FORMS = (
    "{0} = {1}(a, {2}) + b",
    "{0}.append({1} - {2} * a)",
    "if {0} > {1} and not a.{2}: b()",
    "{0}[{1}] = {2} or a(b)",
    "assert {0}({1}) == {2}[a + b]",
    "del {0}.{1}[{2} // a](b)",
    "return {0} if {1} else {2}(a).b",
)


def python_lines(count: int, seed: int) -> list[str]:
    """Statements that look like a program; the same seed gives the same ones."""
    chance = random.Random(seed)
    return [
        _FORMS[number % len(_FORMS)].format(*(f"name_{chance.randrange(100_000)}" for _ in range(3)))
        for number in range(count)
    ]


def stretches(*texts: str, language: str = "Python") -> list[tuple[Stretch, ...]]:
    files = [Code(f"{number}", language, text) for number, text in enumerate(texts)]
    return [copy.places for copy in find_copies(files).copies]


def world_of(root: Path, files: Mapping[str, str]) -> DirectoryWorld:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return DirectoryWorld(root)


def test_exactly_what_is_marked_is_reported(tmp_path: Path) -> None:
    files = {path: marks.planted(text, "review") for path, text in corpus.FILES.items()}
    outcome = scan({}, world_of(tmp_path, {path: file.text for path, file in files.items()}))
    assert isinstance(outcome, Succeeded)
    rules = {"review/duplicate-code", "review/long-file", "review/todo-marker"}
    found = {(one["path"], one["line"], one["rule"]) for one in outcome.output["findings"] if one["rule"] in rules}
    wanted = {(path, fault.line, fault.rule) for path, file in files.items() for fault in file.faults}
    assert found == wanted | {(path, 0, rule) for path, rule in corpus.OF_FILES.items()}


@proves("C9")
def test_languages_without_a_parser_are_never_called_checked(tmp_path: Path) -> None:
    files = {
        "a.go": "package a\n",
        "b.go": "package b\n",
        "c.html": "<p>\n",
        "d.ipynb": "{}\n",
        "e.pb.go": "package e\n",
    }
    outcome = scan({}, world_of(tmp_path, files))
    assert isinstance(outcome, Succeeded)
    assert outcome.output["stats"]["by_language"] == {}
    assert outcome.output["score"] is None
    assert outcome.output["stats"]["not_checked"] == {
        "Go (by size and duplication only)": 2,
        "Go (generated)": 1,
        "HTML template (by size only)": 1,
        "Jupyter notebook": 1,
    }


def test_a_copy_is_told_once_at_the_later_place_and_names_the_first() -> None:
    seed = 20261121
    lines = python_lines(30, seed)
    text = "\n".join(lines)
    assert stretches(text, "import os\n\n" + text, text) == [
        (Stretch("0", 1, 30), Stretch("1", 3, 32), Stretch("2", 1, 30))
    ], f"seed {seed}"


@pytest.mark.parametrize(("lines", "is_told"), [(LINES_MIN - 1, False), (LINES_MIN, True), (200, True)])
def test_a_copy_has_a_least_number_of_lines(lines: int, is_told: bool) -> None:
    seed = 3
    shared = python_lines(lines, seed)
    texts = ["\n".join([*python_lines(20, 4), *shared]), "\n".join([*shared, *python_lines(20, 5)])]
    places = [(Stretch("0", 21, 20 + lines), Stretch("1", 1, lines))] if is_told else []
    assert stretches(*texts) == places, f"seeds {seed}, 4, 5"


def test_a_copy_has_a_least_number_of_words_and_signs() -> None:
    short = "\n".join(f"a{number}()" for number in range((TOKENS_MIN - 1) // 4 - 1))
    long = "\n".join(f"call_{word}(a, b, {word})" for word in "abcdefghijklmno")
    assert stretches(short, short) == []
    assert stretches(long, long) == []  # as varied as a table: one form again and again


def test_the_begin_of_a_copy_is_found_behind_a_common_stretch() -> None:
    """Its first windows stand in too many places to be compared there; the copy begins with them all the same."""
    seed = 13
    idiom = python_lines(6, seed)
    others = ["\n".join([*idiom, f"other({number})", "a = b", "c()"]) for number in range(PLACES_MAX + 3)]
    text = "\n".join([*idiom, *python_lines(20, seed + 1)])
    (places,) = stretches(*others, text, text)
    assert {(place.first, place.last) for place in places} == {(1, 26)}, f"seed {seed}"


@pytest.mark.parametrize("seed", range(30))
def test_random_copies_are_found_where_they_are(seed: int) -> None:
    """Programs without a common line, with a stretch of one put into another, under other white space and comments."""
    chance = random.Random(seed)
    first, second = python_lines(chance.randint(20, 200), seed * 2), python_lines(chance.randint(1, 200), seed * 2 + 1)
    size = chance.randint(LINES_MIN + 2, len(first))
    start, at = chance.randrange(len(first) - size + 1), chance.randrange(len(second) + 1)
    moved = [
        f"{' ' * chance.randrange(8)}{line}{chance.choice(['', '  # why', '   '])}" for line in first[start:][:size]
    ]
    text = "\n".join([*second[:at], *moved, *second[at:]])
    expected = (Stretch("0", start + 1, start + size), Stretch("1", at + 1, at + size))
    assert stretches("\n".join(first), text) == [expected], f"seed {seed}"


@pytest.mark.parametrize(
    ("language", "head", "comment"),
    [
        ("JavaScript and TypeScript", 'import {{ a{0} }} from "./a{0}";\n', "/* {0}\n{0} */"),
        ("Java", "import org.a{0}.B;\n", "// {0}"),
        ("Go", 'import "a{0}"\n', "// {0}"),
        ("Python", "from a{0} import b\n", "# {0}"),
        ("Ruby", "require 'a{0}'\n", "# {0}"),
        ("Rust", "use a::b{0};\n", "// {0}"),
        ("PHP", "use A\\B{0};\n", "# {0}"),
    ],
)
def test_heads_and_comments_are_no_copies(language: str, head: str, comment: str) -> None:
    text = "".join(head.format(number) for number in range(60)) + "\n".join(
        comment.format("word " * 30) for _ in range(20)
    )
    if language == "PHP":
        text = text.replace("#", "//")
    assert stretches(text, text, language=language) == []


def test_documentation_strings_are_no_copies_but_other_strings_are() -> None:
    seed = 11
    said = "\n".join(f"    {line} and so on" for line in python_lines(20, seed))
    assert stretches(f'def a():\n    """{said}\n    """\n', f'def b():\n    """{said}\n    """\n') == []


def test_the_same_program_for_two_kinds_of_modules_is_no_copy() -> None:
    text = marks.planted(corpus.FILES["js/first.ts"], "review").text
    for other, count in (("lib/a.mjs", 0), ("lib/a.min.js", 0), ("lib/b.js", 1)):
        files = [Code("lib/a.js", "JavaScript and TypeScript", text), Code(other, "JavaScript and TypeScript", text)]
        assert len(find_copies(files).copies) == count


def test_stretches_of_the_same_two_files_that_follow_each_other_are_one_copy() -> None:
    seed = 5
    one, two = python_lines(20, seed), python_lines(20, seed + 1)
    copied_one = "\n".join([*one, "mine = 1", *two])
    copied_two = "\n".join([*one, "other(2)", "other(3)", *two])
    assert stretches(copied_one, copied_two) == [(Stretch("0", 1, 41), Stretch("1", 1, 42))], f"seed {seed}"


def test_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = 7
    monkeypatch.setattr(duplication, "STATEMENTS_MAX", 50)
    text = "\n".join(python_lines(20, seed))
    compared = find_copies(Code(name, "Python", text) for name in "abcd")
    assert ([len(copy.places) for copy in compared.copies], compared.files_left_out) == ([3], 1)
    monkeypatch.undo()
    parts = ["\n".join(python_lines(12, seed + number)) for number in range(COPIES_MAX + 3)]
    files = [Code(f"{number:04}{side}", "Python", part) for number, part in enumerate(parts) for side in "ab"]
    compared = find_copies(files)
    assert (len(compared.copies), compared.copies_left_out) == (COPIES_MAX, 3), f"seed {seed}"


def test_the_places_of_one_window_that_are_compared_are_limited() -> None:
    """A short stretch that stands everywhere hides no long one that stands among its first places."""
    seed = 9
    idiom = python_lines(6, seed)
    texts = ["\n".join([*idiom, *python_lines(20, seed + number)]) for number in range(1, PLACES_MAX * 3)]
    assert [places[1] for places in stretches(*texts, texts[PLACES_MAX // 2])] == [Stretch(str(len(texts)), 1, 26)]


@pytest.mark.parametrize(
    "text", ["a(1)\n" * 20_000, "".join(f"a({n})\n" for n in range(20_000)), "a(b, (c));" * 20_000]
)
def test_long_tables_are_no_copies_and_take_no_time(text: str) -> None:
    assert stretches(text, text) == []


@pytest.mark.parametrize("language", ["JavaScript and TypeScript", "Rust", "Python", "Ruby", "Lua"])
@pytest.mark.parametrize(
    "part",
    [
        "/*",
        '"""',
        "''' \"\"\"",
        'r#"',
        "import {",
        "{",
        "const\n",
        "import (",
        "import {a\n",
        "'",
        "\\",
        "__all__ = [",
        "x #",
    ],
)
def test_no_text_takes_long(language: str, part: str) -> None:
    """Nothing is measured here: with a search that begins again at every place this would not end today."""
    find_copies([Code("a", language, part * (150_000 // len(part)))])


def test_a_text_of_several_lines_ends_where_it_ends() -> None:
    seed = 17
    lines = python_lines(30, seed)
    said = ['"""Said.""" % a', *lines, '"""', "More.", '"""']
    assert stretches("\n".join(said), "\n".join(lines)) == [(Stretch("0", 2, 31), Stretch("1", 1, 30))], f"seed {seed}"


def test_only_copies_in_chosen_files_are_told_but_all_files_are_compared(tmp_path: Path) -> None:
    text = marks.planted(corpus.FILES["orders/first.py"], "review").text
    world = world_of(tmp_path, {"a.py": text, "b.py": text, "c.py": "x = 1\n", "d.py": text})
    for chosen, told in (({"a.py"}, "a.py"), ({"b.py"}, "b.py"), ({"d.py", "a.py"}, "d.py"), ({"c.py"}, None)):
        founds, missing = copied(world, chosen)
        assert (list(founds), missing) == ([told] if told else [], [])
    (found,) = copied(world, {"b.py", "d.py"})[0]["b.py"]
    assert found.message == "These 13 lines stand in a.py too, lines 1 to 13, and in 1 more place."


def test_a_very_large_file_is_data(tmp_path: Path) -> None:
    text = marks.planted(corpus.FILES["orders/first.py"], "review").text
    large = text + "#" * (COMPARED_BYTES_MAX - len(text))
    assert list(copied(world_of(tmp_path, {"a.py": text, "b.py": large}), {"b.py"})[0]) == ["b.py"]
    assert list(copied(world_of(tmp_path, {"a.py": text, "b.py": large + "#"}), {"b.py"})[0]) == []


@pytest.mark.parametrize("lines", [sizes.LINES_MAX, sizes.LINES_MAX + 1])
def test_a_file_is_long_above_a_number_of_lines(lines: int) -> None:
    for end in ("\n", "\r\n"):
        file = SourceFile("a.go", f"a(){end}" * lines, is_changed=False, is_test=False, is_example=False)
        assert len(list(sizes.founds("Go", file))) == (lines > sizes.LINES_MAX)


def test_a_note_found_by_text_search_says_so() -> None:
    word = "TO" + "DO"
    text = f'int a; // {word}: later\nString b = "{word}";\n'
    file = SourceFile("A.java", text, is_changed=False, is_test=False, is_example=False)
    (found,) = sizes.founds("Java", file)
    assert (found.line, found.column, found.message) == (1, 11, f"{word}: later (by text search only).")


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("a/b_pb2.py", "", "X (generated)"),
        ("a.go", "// Code generated by mockgen. DO NOT EDIT.\npackage a\n", "X (generated)"),
        ("a.java", "/*\n * Copyright\n * This file is generated from orders.proto\n */\n", "X (generated)"),
        ("a.php", "<?php\n\n// @generated\n", "X (generated)"),
        ("a.py", '"""Do not edit this file."""\n', "X (generated)"),
        ("a.py", "# Automatically generated by a program.\nx = 1\n", "X (generated)"),
        ("a.py", "x = 1\n# Code generated by a program. DO NOT EDIT.\n", None),
        ("a.py", "# auto-generated primary keys are tested here\n", None),
        ("src/vendor/a.c", "", "X (built or copied)"),
        ("static/editor-5.17.0/a.js", "", "X (built or copied)"),
        ("src/vendors.py", "", None),
        ("api/v1/a.py", "", None),
        ("a.py", " " * 100_000, None),
        ("a.py", "# " + "generated " * 10_000, None),
    ],
)
def test_files_that_nobody_wrote_here_are_known(path: str, text: str, why: str | None) -> None:
    assert unwritten.why_not("X", path, text) == why
