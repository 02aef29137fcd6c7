"""What a power cut keeps: everything that was synced, any part of the rest, and no name that was not synced either."""

import random

import pytest

from fairlead.testing.disks import Call, Image, Platter

OLD, NEW = b"o" * 1_536, b"n" * 1_536
SYNC = Call("sync", "a")


def made(*calls: Call) -> Platter:
    """A disk with a file `a` that holds OLD for sure, and then these calls."""
    platter = Platter(Image({"a": OLD}, frozenset()))
    for call in calls:
        platter.perform(call)
    return platter


def left(platter: Platter, path: str, cuts: int = 400) -> set[bytes | None]:
    """All that so many cuts leave of a file; None where it is gone."""
    return {platter.cut(random.Random(seed)).files.get(path) for seed in range(cuts)}


def test_what_was_synced_is_there() -> None:
    assert left(made(Call("write", "a", 0, NEW), SYNC), "a") == {NEW}


def test_of_what_was_not_synced_any_part_is_there() -> None:
    found = left(made(Call("write", "a", 0, NEW)), "a")
    assert {OLD, NEW} < found
    sectors = {tuple(content[at : at + 512] for at in (0, 512, 1_024)) for content in found if content is not None}
    assert len(sectors) == 8, "each sector is old or new, whatever the others are"


def test_a_write_that_begins_inside_a_sector_is_torn_where_sectors_end() -> None:
    found = left(made(Call("write", "a", 500, b"n" * 24)), "a")
    assert {content[500:512] + content[512:524] for content in found if content is not None} == {
        first + second for first in (b"o" * 12, b"n" * 12) for second in (b"o" * 12, b"n" * 12)
    }


def test_a_later_write_may_be_there_without_an_earlier_one() -> None:
    found = left(made(Call("write", "a", 0, b"1" * 512), Call("write", "a", 1_024, b"2" * 512)), "a")
    assert OLD[:1_024] + b"2" * 512 in found
    assert b"1" * 512 + OLD[512:] in found


def test_what_lies_between_two_parts_of_a_file_that_grew_is_zeros() -> None:
    found = left(made(Call("write", "a", 1_536, b"1" * 512), Call("write", "a", 2_048, b"2" * 512)), "a")
    assert OLD + bytes(512) + b"2" * 512 in found


def test_a_truncation_is_not_for_sure_either() -> None:
    assert left(made(Call("truncate", "a", 100)), "a") == {OLD, OLD[:100]}
    assert left(made(Call("truncate", "a", 100), SYNC), "a") == {OLD[:100]}


def test_after_a_sync_that_failed_no_later_one_helps_but_a_later_write_does() -> None:
    failed = made(Call("write", "a", 0, NEW), Call("sync", "a", is_failed=True), SYNC)
    assert OLD in left(failed, "a")
    assert failed.whole().files["a"] == NEW, "programs read it all the same"
    failed.perform(Call("write", "a", 0, NEW))
    failed.perform(SYNC)
    assert left(failed, "a") == {NEW}


MADE = (Call("make", "b"), Call("write", "b", 0, NEW), Call("sync", "b"))


@pytest.mark.parametrize(
    ("calls", "path", "expected"),
    [
        (MADE, "b", {None, NEW}),
        ((*MADE, Call("sync directory", "")), "b", {NEW}),
        ((Call("unlink", "a"),), "a", {None, OLD}),
        ((Call("unlink", "a"), Call("sync directory", "")), "a", {None}),
        ((Call("rename", "a", to="b"),), "b", {None, OLD}),
        ((Call("rename", "a", to="b"), Call("sync directory", "")), "b", {OLD}),
        ((Call("rename", "a", to="b"), Call("sync directory", "")), "a", {None}),
    ],
    ids=["made", "made, synced", "removed", "removed, synced", "renamed", "renamed, synced", "the old name"],
)
def test_a_name_is_for_sure_when_its_directory_was_synced(
    calls: tuple[Call, ...], path: str, expected: set[bytes | None]
) -> None:
    assert left(made(*calls), path) == expected


def test_what_lies_in_a_directory_is_lost_with_its_name() -> None:
    inside = (
        Call("mkdir", "d"),
        Call("make", "d/b"),
        Call("write", "d/b", 0, NEW),
        Call("sync", "d/b"),
        Call("sync directory", "d"),
    )
    assert left(made(*inside), "d/b") == {None, NEW}
    assert left(made(*inside, Call("sync directory", "")), "d/b") == {NEW}


def test_the_same_seed_leaves_the_same() -> None:
    platter = made(Call("write", "a", 0, NEW), Call("make", "b"))
    assert platter.cut(random.Random(7)) == platter.cut(random.Random(7))
