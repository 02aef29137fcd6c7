"""Each kind of rot spoils the part that it names, differently each time, and the same way with the same seed."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.testing.disks.rot import ROTS, Rot
from fairlead.testing.proving.journal_work import temporary_root
from fairlead.testing.proving.written import Truth, write_truth

TRIES = 8


@pytest.fixture(scope="module")
def truth() -> Iterator[Truth]:
    with temporary_root("test-rot") as root:
        yield write_truth(root, random.Random(4))


def spoiled(truth: Truth, rot: Rot, seed: int, directory: Path) -> tuple[str, dict[str, bytes]]:
    """What was done to a copy of the sound journal, and the files that are different now; the copy is mended again."""
    if not directory.exists():
        shutil.copytree(truth.sound, directory)
    before = files_of(directory)
    done = rot.spoil(str(directory), truth.older, random.Random(seed))
    after = files_of(directory)
    changed = {name: after.get(name, b"") for name in before if after.get(name) != before[name]}
    for name in changed:
        (directory / name).write_bytes(before[name])
    return done, changed


def files_of(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_there_are_many_kinds_with_names_of_their_own() -> None:
    assert len({rot.name for rot in ROTS}) == len(ROTS) >= 26
    assert {rot.part for rot in ROTS} == {"journal.db", "journal.db-wal", "anchor", "blobs", ""}


@pytest.mark.parametrize("rot", ROTS, ids=[rot.name for rot in ROTS])
def test_a_kind_spoils_its_part_and_nothing_else(truth: Truth, rot: Rot) -> None:
    seen, trial = set(), Path(truth.sound).parent / "trial"
    assert spoiled(truth, rot, 0, trial) == spoiled(truth, rot, 0, trial)
    for seed in range(TRIES):
        done, changed = spoiled(truth, rot, seed, trial)
        # Zeros may fall on zeros: then nothing is changed, and somebody else finds that harmless.
        assert all(name.startswith(rot.part) for name in changed)
        if changed:
            seen.add(done)
    assert seen, "it never spoiled anything"
    is_always_the_same = rot.name.endswith(("-gone", "-old", "contents-swapped"))
    assert is_always_the_same or len(seen) > 1
