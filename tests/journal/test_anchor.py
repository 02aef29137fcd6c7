"""The anchor: two slots in turn, of which a crash can spoil one."""

from pathlib import Path

import pytest

from fairlead.journal.anchor import Anchor, Mark, read_anchor

SLOT_BYTES = 512  # as docs/reference/journal.md says
MARKS = [Mark(seq, bytes([seq]) * 32) for seq in range(1, 6)]


def write(path: Path, *marks: Mark) -> None:
    anchor = Anchor(str(path))
    for mark in marks:
        anchor.write(mark)
    anchor.close()


def test_there_is_none_before_the_first_mark(tmp_path: Path) -> None:
    assert read_anchor(str(tmp_path / "anchor")) is None
    write(tmp_path / "anchor")
    assert read_anchor(str(tmp_path / "anchor")) == []


def test_the_last_two_marks_are_kept_in_their_order(tmp_path: Path) -> None:
    for count in range(1, 6):
        path = tmp_path / f"anchor-{count}"
        write(path, *MARKS[:count])
        assert read_anchor(str(path)) == MARKS[max(0, count - 2) : count]
        assert path.stat().st_size <= 2 * SLOT_BYTES


def test_two_processes_write_in_turn(tmp_path: Path) -> None:
    first, second = Anchor(str(tmp_path / "anchor")), Anchor(str(tmp_path / "anchor"))
    for anchor, mark in zip((first, second, second, first, second), MARKS, strict=True):
        anchor.write(mark)
    assert read_anchor(str(tmp_path / "anchor")) == MARKS[-2:]
    first.close()
    second.close()


@pytest.mark.parametrize("at", [0, 3, 4, 11, 12, 43, 44, 75, 76, 511])
def test_any_flipped_bit_spoils_its_slot_and_no_other(tmp_path: Path, at: int) -> None:
    path = tmp_path / "anchor"
    write(path, *MARKS[:2])
    data = bytearray(path.read_bytes().ljust(2 * SLOT_BYTES, b"\0"))
    data[SLOT_BYTES + at] ^= 1
    path.write_bytes(data)
    assert read_anchor(str(path)) == [MARKS[0]]
    write(path, MARKS[2])
    assert read_anchor(str(path)) == [MARKS[0], MARKS[2]], "the spoilt slot is the next to be written"


def test_a_file_that_was_cut_has_only_its_whole_slots(tmp_path: Path) -> None:
    path = tmp_path / "anchor"
    write(path, *MARKS[:2])
    path.write_bytes(path.read_bytes()[: SLOT_BYTES + 40])
    assert read_anchor(str(path)) == [MARKS[0]]
    path.write_bytes(b"")
    assert read_anchor(str(path)) == []


def test_a_mark_is_loose_until_it_is_synced(tmp_path: Path) -> None:
    anchor = Anchor(str(tmp_path / "anchor"))
    seen = [anchor.is_synced]
    anchor.write(MARKS[0])
    seen.append(anchor.is_synced)
    anchor.sync()
    seen.append(anchor.is_synced)
    anchor.close()
    assert seen == [True, False, True]
