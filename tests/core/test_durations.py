"""Durations as people write them."""

import pytest

from fairlead.core.durations import parse_duration, say_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("0s", 0.0),
        ("90s", 90.0),
        ("10m", 600.0),
        ("1h30m", 5_400.0),
        ("1.5h", 5_400.0),
        ("2d", 172_800.0),
        ("1w", 604_800.0),
        ("1m1m", 120.0),
    ],
)
def test_numbers_with_units_are_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5 m", " 5m", "5m ", "-5m", "+5m", "5M", "1e3s", ".5s", "5.s", "5min", "٣s"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "500ms"), (1.0, "1s"), (1.5, "1.5s"), (60.0, "1m"), (90.0, "1m30s"), (3_600.0, "1h"), (5_400.0, "1h30m")],
)
def test_seconds_are_said_in_the_shortest_way_and_read_back(seconds: float, text: str) -> None:
    assert say_duration(seconds) == text
    assert parse_duration(text) == seconds
