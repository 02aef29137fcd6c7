"""Foreign text can neither move the cursor, nor hide, nor turn the reading order round, and its width is known."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.cli.terminal_text import cut, cut_left, pad, safe, to_ascii, width, wrap

FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@given(st.text(max_size=60))
def test_nothing_that_a_terminal_obeys_or_hides_survives(text: str) -> None:
    assert not {unicodedata.category(c) for c in safe(text)} & FORBIDDEN
    assert not {unicodedata.category(c) for c in safe(text, keep_tabs=True)} & FORBIDDEN


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name.py", "plain name.py"),
        ("a\x1b[31mred\x1b[0m", "a\\e[31mred\\e[0m"),
        ("line\nbreak\r", "line\\nbreak\\r"),
        ("\x9b2J", "\\x9b2J"),
        ("abc\u202egpj.exe", "abc\\u202egpj.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\udcff", "\\udcff"),
        ("naïve größe 漢字", "naïve größe 漢字"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_an_escape_shows_what_was_there(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(st.text(max_size=80), st.integers(1, 60))
def test_a_cut_text_fits_and_keeps_its_end_of_interest(text: str, columns: int) -> None:
    text = safe(text)
    for shortened in (cut(text, columns), cut_left(text, columns)):
        assert width(shortened) <= columns
    if width(text) <= columns:
        assert cut(text, columns) == cut_left(text, columns) == text
        assert width(pad(text, columns)) == columns


@given(st.text(max_size=200), st.integers(4, 60))
def test_wrapping_loses_nothing_and_fits(text: str, columns: int) -> None:
    text = safe(text)
    lines = wrap(text, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert width("漢字") == 4
    assert width("e\u0301") == 1
    assert cut("漢字漢字", 5) == "漢字…"


@given(st.text(max_size=60))
def test_ascii_is_ascii(text: str) -> None:
    assert to_ascii(safe(text)).isascii()


def test_typography_has_plain_twins() -> None:
    assert to_ascii("… 3 more · b │ d → e AKIA…XYZ") == "... 3 more - b | d -> e AKIA~XYZ"
