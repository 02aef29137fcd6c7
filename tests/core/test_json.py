"""Strict JSON: what is refused, with its reason, and the one form in which a value is kept."""

import json
import random

import msgspec
import pytest

from fairlead.core.json import DEPTH_MAX, INTEGER_MAX, Json, NotStrict, digest, encode, parse

SEED = 20261121


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' stands twice"),
        (b'{"x": [{"a": 1, "\\u0061": 2}]}', "the key 'a' stands twice"),
        (b"NaN", "NaN is not JSON"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b"1e999", "a number is too large"),
        (b"[-1e999]", "a number is too large"),
        (b"9007199254740993", "beyond 2\\*\\*53"),
        (b"-9007199254740993", "beyond 2\\*\\*53"),
        (b"1" * 5_000, "an integer of 5000 digits"),
        (b'"\\ud800"', "a lone surrogate"),
        (b'{"\\udfff": 1}', "a lone surrogate"),
        (b'["\\ude00\\ud83d"]', "a lone surrogate"),
        (b'"a\\u0000b"', "a NUL"),
        (b'{"a\\u0000": 1}', "a NUL"),
        (b'"\xff"', "byte 1 is not UTF-8"),
        (b'"\xed\xa0\x80"', "byte 1 is not UTF-8"),
        (b'"\xc0\xaf"', "byte 1 is not UTF-8"),
        (b"\xef\xbb\xbf{}", "line 1, column 1"),
        (b"", "line 1, column 1"),
        (b"{} {}", "line 1, column 4"),
        (b'{\n "a": 1,\n}', "line 3, column 1"),
        (b"{'a': 1}", "line 1, column 2"),
        (b"01", "line 1, column 2"),
        (b'"a\nb"', "line 1, column 3"),
        (nested(DEPTH_MAX + 1), "deeper than 64 levels"),
        (b'{"a":' * DEPTH_MAX + b"{}" + b"}" * DEPTH_MAX, "deeper than 64 levels"),
        (nested(200_000), "deeper than 64 levels"),
        (b"[" * 200_000, "deeper than 64 levels"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_not_strict_is_refused_with_its_reason(text: bytes, reason: str) -> None:
    with pytest.raises(NotStrict, match=reason):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (nested(DEPTH_MAX), None),
        (str(INTEGER_MAX).encode(), INTEGER_MAX),
        (str(-INTEGER_MAX).encode(), -INTEGER_MAX),
        (b"1e3", 1000.0),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        ('"\ue000\ufffd\u2028"'.encode(), "\ue000\ufffd\u2028"),
        (b' {"a": [true, false, null]} ', {"a": [True, False, None]}),
        (b'{"": {"": ""}}', {"": {"": ""}}),
        (b"-0", 0),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_lies_right_at_the_limit_is_read(text: bytes, value: Json) -> None:
    read = parse(text)
    if value is not None:
        assert (read, type(read)) == (value, type(value))


def test_the_canonical_form_is_written_out() -> None:
    """Digests in journals that exist depend on exactly these bytes."""
    value = {"b": [1, 2.5, -0.0, True, None], "a": {"z": 'größe/\n"\\\u2028', "A": ""}, "": 10**15}
    assert encode(value) == (
        '{"":1000000000000000,"a":{"A":"","z":"größe/\\n\\"\\\\\u2028"},"b":[1,2.5,-0.0,true,null]}'.encode()
    )
    assert digest(b"{}") == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def random_value(chance: random.Random, depth: int = 0) -> Json:
    kind = chance.randrange(8 if depth < 4 else 6)
    if kind == 0:
        return chance.choice([None, True, False])
    if kind == 1:
        return chance.randint(-INTEGER_MAX, INTEGER_MAX)
    if kind == 2:
        return chance.uniform(-1e6, 1e6) * 10 ** chance.randint(-20, 20)
    if kind <= 5:
        return "".join(chance.choice('ab "\\/\n\t\x7f\x01é漢😀\u2028\ue000') for _ in range(chance.randrange(8)))
    if kind == 6:
        return [random_value(chance, depth + 1) for _ in range(chance.randrange(5))]
    return {random_value_key(chance): random_value(chance, depth + 1) for _ in range(chance.randrange(5))}


def random_value_key(chance: random.Random) -> str:
    return "".join(chance.choice('abé😀" ') for _ in range(chance.randrange(4)))


def shuffled(value: Json, chance: random.Random) -> Json:
    """An equal value whose objects were filled in another order."""
    if isinstance(value, dict):
        pairs = [(key, shuffled(item, chance)) for key, item in value.items()]
        chance.shuffle(pairs)
        return dict(pairs)
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


def test_equal_values_have_one_form_and_it_reads_back() -> None:
    chance = random.Random(SEED)
    for number in range(1_500):
        value = random_value(chance)
        form = encode(value)
        assert parse(form) == value, (SEED, number, value)
        assert encode(parse(form)) == form, (SEED, number, value)
        assert encode(shuffled(value, chance)) == form, (SEED, number, value)
        # Another writer's way to put the same value leads to the same form.
        assert encode(parse(json.dumps(value, indent=1, ensure_ascii=True).encode())) == form, (SEED, number, value)


def test_a_record_and_its_plain_value_have_one_form() -> None:
    class Point(msgspec.Struct):
        y: int
        x: int

    assert encode(Point(2, 1)) == encode({"x": 1, "y": 2}) == b'{"x":1,"y":2}'
