"""Foreign text becomes one line that nobody obeys: not a terminal, not a log, not a parser of XML."""

import random
import sys
from xml.etree import ElementTree

import pytest

from fairlead.core.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain · ünïcode 日本", "plain · ünïcode 日本"),
        ("a\nb\rc\td\x1b[31m\0", r"a\nb\rc\td\e[31m\0"),
        ("\x85\u2028\u202e\ufeff\U0010ffff\udcff", r"\x85\u2028\u202e\ufeff\U0010ffff\udcff"),
        ("\xa0::x\u3000y", r"\xa0::x\u3000y"),
    ],
)
def test_what_would_be_obeyed_or_overlooked_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_people_may_be_shown_wide_spaces_and_tabs_as_spaces() -> None:
    assert printable("\xa0a\u3000\tb\u202e", tab="  ", keeps_spaces=True) == "\xa0a\u3000  b\\u202e"


@pytest.mark.parametrize("seed", range(5))
def test_any_text_becomes_one_line_that_xml_takes(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(300):
        text = "".join(chr(rng.choice((rng.randrange(0x300), rng.randrange(sys.maxunicode)))) for _ in range(20))
        shown = printable(text)
        assert shown.isprintable(), (seed, text)
        kept = printable(text, keeps_spaces=True)
        assert len(kept.splitlines()) == 1, (seed, text)
        element = ElementTree.Element("a")
        element.text = kept
        assert ElementTree.fromstring(ElementTree.tostring(element)).text == kept, (seed, text)
