"""YAML 1.2 core schema, JSON, places, and the ways in which a text is refused."""

import json
import random

import pytest

from fairlead.core.json import Json, encode
from fairlead.workflow.yaml_tree import ALIASED_MAX, NotReadable, read_tree, read_values
from tests.workflow.samples import underlined


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("yes", "yes"),
        ("y", "y"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2026-11-21", "2026-11-21"),
        ("0b1", "0b1"),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("+7", 7),
        ("-7", -7),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("~", None),
        ("null", None),
        ("", None),
        ("'true'", "true"),
        ('"1"', "1"),
        ("!!str 1", "1"),
        ("! 1", "1"),
        ("=", "="),
        (".", "."),
        ("-", [None]),
        ("+", "+"),
        ("9007199254740992", 2**53),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(text: str, value: Json) -> None:
    found = read_values(f"key: {text}\n".encode() if text != "-" else b"key:\n  -\n")
    assert found == {"key": value}
    assert type(found["key"]) is type(value)


@pytest.mark.parametrize("text", [".inf", "-.Inf", ".NaN", "9007199254740993", "1e999", "1" * 5000])
def test_a_number_without_a_form_in_json_is_refused(text: str) -> None:
    tree, source = read_tree("f", f"key: {text}\n".encode())
    assert tree is not None
    assert [found.code for found in source.diagnostics] == ["FL-W016"]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\xef\xbb\xbfa: 1\r\nb:\r\n  - c\r\n", {"a": 1, "b": ["c"]}),
        (b"a: 1\rb: 2\r", {"a": 1, "b": 2}),
        (b'{\n\t"a": [1, 2],\n\t"b": {"c": null}\n}', {"a": [1, 2], "b": {"c": None}}),
        (b'{"a":1,"b":[true,"\\/"]}', {"a": 1, "b": [True, "/"]}),
        (b'{"a":"\\ud83d\\ude00 \\ud83d\\ude01","b":"\\\\ud83d\\\\ude00"}', {"a": "😀 😁", "b": "\\ud83d\\ude00"}),
        (b"a: \\ud83d\\ude00\nb: '\\ud83d\\ude00'", {"a": "\\ud83d\\ude00", "b": "\\ud83d\\ude00"}),
        (b"a: &x [1, 2]\nb: *x\nc: *x\n", {"a": [1, 2], "b": [1, 2], "c": [1, 2]}),
        (b"a: |\n  x\n  y\nb: >\n  x\n  y\n", {"a": "x\ny\n", "b": "x y\n"}),
        (b"%YAML 1.2\n---\na: 1\n...\n", {"a": 1}),
        (b"", None),
    ],
)
def test_a_text_is_read(data: bytes, value: Json) -> None:
    assert read_values(data) == value


def random_json(rng: random.Random, depth: int) -> Json:
    kind = rng.randrange(8 if depth else 6)
    if kind < 3:
        alphabet = "ab :#-?[]{}&*!|>'\"%@`,\\/\n\t$~0123456789öé€😀\u200b"
        return "".join(rng.choices(alphabet, k=rng.randrange(12)))
    if kind < 6:
        return rng.choice([None, True, False, 0, -1, 2**53, 0.5, 1e300, -1.5e-9])
    if kind == 6:
        return [random_json(rng, depth - 1) for _ in range(rng.randrange(5))]
    return {str(random_json(rng, 0)): random_json(rng, depth - 1) for _ in range(rng.randrange(5))}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("is_ascii", [True, False])
def test_json_is_read_as_json_readers_read_it(seed: int, is_ascii: bool) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        value = {"top": random_json(rng, 4)}
        assert read_values(json.dumps(value, ensure_ascii=is_ascii).encode()) == value
        assert read_values(json.dumps(value, ensure_ascii=is_ascii, indent=2).encode()) == value
        assert read_values(encode(value)) == value


@pytest.mark.parametrize(
    ("text", "code", "marked"),
    [
        ("ä: 1\nö: 'ü'\nä: 2\n", "FL-W003", "ä"),
        ('{"a": 1, "a": 1}', "FL-W003", '"a"'),
        ("a:\n  - {b: 1, 'b': 2}\n", "FL-W003", "'b'"),
        ("x:\n\t- a\n", "FL-W004", "\t"),
        ("x: |\n\ta\n", "FL-W004", "\t"),
        ("- a\n\t- b\n", "FL-W004", "\t"),
        ("ää: 'x\u2028y'\n", "FL-W005", "\u2028"),
        ("a: \x7f\n", "FL-W005", "\x7f"),
        ('a: "x\\0y"\n', "FL-W005", '"x\\0y"'),
        ("a: {{ b }}\n", "FL-W006", "{{ b }}"),
        ("öö: [${ a.b }]\n", "FL-W007", "${ a.b }"),
        ("a: {b: ${ c.d }}\n", "FL-W007", "${ c.d }"),
        ("a: {b: x${ c.d }}\n", "FL-W007", "${ c.d }"),
        ("a: {${ c.d }: 1}\n", "FL-W007", "${ c.d }"),
        ("1: a\n", "FL-W008", "1"),
        ("null: a\n", "FL-W008", "null"),
        ("? [a]\n: b\n", "FL-W008", "[a]"),
        ("a: 1\n--- \nb: 2\n", "FL-W009", "---"),
        ("<<: {a: 1}\n", "FL-W010", "<<"),
        ("a: [*b]\n", "FL-W017", "*b"),
        ("a: &b [*b]\n", "FL-W017", "*b"),
        ("a: 'open\nb: 2\n", "FL-W001", "'"),
        ("a: b: c\n", "FL-W001", ":"),
        ("a: @b\n", "FL-W001", "@"),
        ("a: [1, 2\nb: 3\n", "FL-W001", ":"),
        ('a: "\\q"\n', "FL-W001", "\\"),
        ("a: !!set {b}\n", "FL-W015", "!!set {"),
        ("a: !mine b\n", "FL-W015", "!mine b"),
    ],
)
def test_a_mistake_is_marked_exactly(text: str, code: str, marked: str) -> None:
    _, source = read_tree("f", text.encode())
    (found,) = source.diagnostics
    assert (found.code, underlined(found)) == (code, marked)


def test_several_mistakes_are_told_in_one_pass_in_the_order_of_the_file() -> None:
    text = "a: [${ x.a }, ${ x.b }]\nb: 1\nb: 2\n3: c\nd: {e: ${ x.c }}\nf: {{ x }}\ng: .nan\n"
    _, source = read_tree("f", text.encode())
    lines = [(found.code, found.span.line) for found in source.diagnostics if found.span]
    assert lines == [
        ("FL-W007", 1),
        ("FL-W007", 1),
        ("FL-W003", 3),
        ("FL-W008", 4),
        ("FL-W007", 5),
        ("FL-W006", 6),
        ("FL-W016", 7),
    ]


def test_a_torn_reference_is_read_on_as_if_it_stood_in_quotes() -> None:
    tree, _ = read_tree("f", b"a: [${ x.a }]\nb: {c: ${ x.c }}\n")
    assert tree is not None
    assert tree.plain() == {"a": ["${ x.a }"], "b": {"c": "${ x.c }"}}


def test_merge_keys_are_left_alone_under_keys_of_the_author() -> None:
    tree, source = read_tree("f", b"x-a: &a {b: 1}\nx-c:\n  d:\n    <<: *a\n")
    assert source.diagnostics == ()
    assert tree is not None


def test_aliases_may_add_ten_thousand_values_and_no_more() -> None:
    def repeat(times: int) -> tuple[str, ...]:
        text = f"a: &a [{', '.join('x' * 99)}]\nb: [{', '.join(['*a'] * times)}]\n"
        return tuple(found.code for found in read_tree("f", text.encode())[1].diagnostics)

    assert ALIASED_MAX == 10_000
    assert repeat(100) == ()
    assert repeat(101) == ("FL-W011",)


def test_a_file_may_hold_a_hundred_thousand_values_and_no_more() -> None:
    def values(count: int) -> tuple[str, ...]:
        return tuple(found.code for found in read_tree("f", b"[" + b"1," * count + b"]")[1].diagnostics)

    assert values(99_999) == ()
    assert values(100_001) == ("FL-W011",)


def test_values_may_be_nested_64_levels_deep_and_no_deeper() -> None:
    def nested(levels: int) -> tuple[str, ...]:
        return tuple(found.code for found in read_tree("f", b"[" * levels + b"]" * levels)[1].diagnostics)

    assert nested(64) == ()
    assert nested(65) == ("FL-W012",)
    assert nested(100_000) == ("FL-W012",)


def test_a_file_may_have_a_million_bytes_and_no_more() -> None:
    assert read_tree("f", b"a: " + b"x" * 999_997)[1].diagnostics == ()
    assert [found.code for found in read_tree("f", b"a: " + b"x" * 999_998)[1].diagnostics] == ["FL-W013"]


def test_the_byte_that_is_not_utf_8_is_named() -> None:
    (found,) = read_tree("f", b"\xef\xbb\xbfa: \xc3\xb6\nb: \xc3\xb6\xff\n")[1].diagnostics
    assert found.message == "byte 14 (0xff) is not UTF-8"
    assert found.span is not None
    assert (found.span.line, found.span.column) == (2, 5)


def test_a_long_line_is_marked_but_not_shown() -> None:
    (found,) = read_tree("f", b"a: [" + b"x, " * 5_000 + b"${ a.b }]\n")[1].diagnostics
    assert found.source == ""
    assert found.span is not None
    assert found.span.column == 15_005


def test_bare_values_come_with_the_first_mistake_as_their_error() -> None:
    with pytest.raises(NotReadable, match=r"line 2, column 1: the key `a` stands twice in one mapping"):
        read_values(b"a: 1\na: 2\n")
