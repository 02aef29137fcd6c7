"""Progress is thinned, bounded, and gone at the end."""

import json
from pathlib import Path

from fairlead.core.ids import Micros, Place
from fairlead.env import live
from fairlead.env.live import LiveFile


class StandingClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> Micros:
        return Micros(int(self.seconds * 1_000_000))

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_step_gets_four_lines_a_second(tmp_path: Path) -> None:
    clock, path = StandingClock(), tmp_path / "live/r-a.jsonl"
    file = LiveFile(str(path), clock)
    for n in range(100):
        file.write(Place("scan"), f"file {n}", n)
        file.write(Place("other"), "x", n)
        clock.sleep(0.01)
    assert [line["found"] for line in lines(path) if line["place"] == "scan"] == [0, 25, 50, 75]
    assert len(lines(path)) == 8
    assert lines(path)[0] == {"at": 100_000_000, "place": "scan", "text": "file 0", "found": 0}


def test_long_and_odd_texts_become_one_line(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    LiveFile(str(path), StandingClock()).write(Place("scan"), "\udcff\n" + "x" * 1_000, 0)
    (line,) = lines(path)
    assert str(line["text"]).startswith("\\udcff\nxxx")
    assert len(path.read_bytes()) < 500


def test_a_full_file_takes_no_more(tmp_path: Path) -> None:
    clock, path = StandingClock(), tmp_path / "r.jsonl"
    file = LiveFile(str(path), clock)
    live_max, live.FILE_BYTES_MAX = live.FILE_BYTES_MAX, 100
    try:
        for _ in range(20):
            file.write(Place("scan"), "x", 0)
            clock.sleep(1)
    finally:
        live.FILE_BYTES_MAX = live_max
    assert 100 < path.stat().st_size < 200


def test_a_place_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "live").write_text("a file where a folder should be")
    LiveFile(str(tmp_path / "live/r.jsonl"), StandingClock()).write(Place("scan"), "x", 0)


def test_it_is_gone_at_the_end(tmp_path: Path) -> None:
    file = LiveFile(str(tmp_path / "r.jsonl"), StandingClock())
    file.write(Place("scan"), "x", 0)
    file.remove()
    assert list(tmp_path.iterdir()) == []
    file.remove()
