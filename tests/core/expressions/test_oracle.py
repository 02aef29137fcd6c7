"""A second opinion on random expressions: Google's implementation of CEL. `make expressions` asks it 100,000 times."""

import random
import re

from tests.core.expressions.generator import Generator
from tests.core.expressions.oracle import Answer, Oracle, Tally, ours

SAMPLE = 2_000
SEED = 4


def test_random_expressions_give_what_the_oracle_gives() -> None:
    oracle, generator, tally = Oracle(), Generator(SEED), Tally()
    for _ in range(SAMPLE):
        tally.compare(oracle, generator.expression())
    assert tally.differences == [], f"seed {SEED}"
    assert tally.false_alarms == [], f"seed {SEED}"
    # Most of what is compared is a value on both sides, or nothing would be shown.
    assert tally.values > SAMPLE // 2
    assert sum(tally.explained.values()) < SAMPLE // 20, tally.explained


PIECES = (
    *"abcxyzABZ019_ .-/\n",
    *"ä é 😀 ſ K ^ $ . [a-c] [^a-c] [[:alpha:]] [\\d_] [^\\w] \\pL \\p{Lu} \\PN \\d \\w \\s \\S \\D \\W \\b".split(),
    "\\B",
    *"(?i) (?: (?s) (?m) (?P<n> (?= ( ) | * + ? *? {2} {1,} {0,2} \\. \\x41 \\A \\z \\Q.*\\E \\1 [z-a] { } ] [".split(),
)
TEXTS = [
    "",
    "a",
    "abc",
    "xyz",
    "ABZ",
    "a b",
    "aab",
    "0",
    "19_",
    "\n",
    "a\nb",
    "ä",
    "É",
    "😀a",
    "S",
    "k",
    "a.b",
    "-/",
    "x]{}",
    "Zz9",
]


def test_patterns_are_found_where_the_oracle_finds_them() -> None:
    rng, oracle = random.Random(SEED), Oracle()
    found = {True: 0, False: 0, None: 0}
    for _ in range(1_000):
        pattern = "".join(rng.choices(PIECES, k=rng.randrange(1, 6)))
        text = rng.choice(TEXTS)
        if re.search(r"\(\?[ims]\)[*+?{]", pattern):
            continue  # theirs lets a repetition reach over flags to what stands before them; ours refuses it
        call = f"{_quoted(text)}.matches({_quoted(pattern)})"
        theirs, own = oracle.answer(call), ours(call)
        assert theirs.is_same(own), f"seed {SEED}: {pattern!r} in {text!r}: {theirs}, not {own}"
        found[own.value] += 1
    assert min(found.values()) > 50, found


def _quoted(text: str) -> str:
    return "'" + "".join(c if c.isascii() and c.isalnum() else f"\\U{ord(c):08x}" for c in text) + "'"


def test_a_difference_would_be_noticed() -> None:
    assert not Answer(1).is_same(Answer(1.0))
    assert not Answer([{"a": True}]).is_same(Answer([{"a": 1}]))
    assert not Answer(None).is_same(Answer(None, "failed"))
    assert Answer(None, "one").is_same(Answer(None, "other"))
    tally, oracle = Tally(), Oracle()
    tally.compare(oracle, "'a'.reverse() == 'a'")  # theirs has it, ours has it for lists only
    assert len(tally.differences) == 1
