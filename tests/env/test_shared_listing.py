"""Tools that are at work together are shown one listing; everything else is listed anew."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from fairlead.core.outcomes import Succeeded
from fairlead.core.ports import ToolCall
from fairlead.core.tools import ToolCode
from fairlead.env.listing import Listing, list_tree
from fairlead.env.shared_listing import Listings, listed
from fairlead.env.spawner import LocalSpawner
from tests.env.conftest import make_repository


def call(root: Path, **more: Any) -> ToolCall:
    return ToolCall("acting_tools:lists_and_waits", more.pop("inputs", {}), str(root), **{"listing": "run 0", **more})


def fail() -> Listing:
    raise AssertionError("it was listed again")


async def names(spawner: LocalSpawner, asked: ToolCall) -> list[str]:
    end = await spawner.call_tool(asked, lambda text, found: None)
    assert isinstance(end.outcome, Succeeded), end.outcome
    found: list[str] = end.outcome.output["files"]
    return found


def test_the_second_reads_what_the_first_listed(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "", "ü/b.py": "x"})
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.txt")).touch()
    whole = list_tree(str(root))
    with Listings().of(call(root)) as place:
        assert listed(place, lambda: whole) == whole
        assert listed(place, fail) == whole


def test_a_listing_that_was_cut_is_made_again(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": ""})
    with Listings().of(call(root)) as place:
        Path(place).write_text('[[["gone.py", 1,')
        assert [file.path for file in listed(place, lambda: list_tree(str(root))).files] == ["a.py"]
        assert [file.path for file in listed(place, fail).files] == ["a.py"]


def test_a_failure_to_list_is_not_shared(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": ""})
    with Listings().of(call(root)) as place:
        with pytest.raises(AssertionError, match="listed again"):
            listed(place, fail)
        assert len(listed(place, lambda: list_tree(str(root))).files) == 1


def test_it_is_forgotten_with_the_last_call(tmp_path: Path) -> None:
    listings = Listings()
    before = len(os.listdir("/proc/self/fd"))
    with listings.of(call(tmp_path)) as first:
        with listings.of(call(tmp_path)) as second:
            assert first == second
        listed(first, lambda: list_tree(str(tmp_path)))
    assert len(os.listdir("/proc/self/fd")) == before
    (tmp_path / "new.py").touch()
    with listings.of(call(tmp_path)) as third:
        assert [file.path for file in listed(third, lambda: list_tree(str(tmp_path))).files] == ["new.py"]


@pytest.mark.parametrize(
    "other",
    [
        {"listing": "run 1"},
        {"inputs": {"paths": ["in"]}},
        {"inputs": {"all": True}},
    ],
    ids=str,
)
def test_what_would_be_listed_otherwise_has_a_listing_of_its_own(other: dict[str, Any], tmp_path: Path) -> None:
    listings = Listings()
    with listings.of(call(tmp_path)) as one, listings.of(call(tmp_path, **other)) as another:
        assert one
        assert another
        assert one != another
    with listings.of(call(tmp_path)) as one, listings.of(call(tmp_path / "other")) as another:
        assert one != another


@pytest.mark.parametrize(
    "alone",
    [{"listing": ""}, {"writes": ("**",)}, {"code": ToolCode("n", "a.py", "f", {"a.py": ""})}],
    ids=["no word", "writes", "own code"],
)
def test_who_is_not_to_share_does_not(alone: dict[str, Any], tmp_path: Path) -> None:
    listings = Listings()
    with listings.of(call(tmp_path)), listings.of(call(tmp_path, **alone)) as place:
        assert place == ""


def test_tools_at_work_together_are_shown_one_listing(spawner: LocalSpawner, tmp_path: Path) -> None:
    """The first lists, and stays until the second, which is asked after a file was added, has answered."""
    root = make_repository(tmp_path / "r", {"a.py": ""})
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async def both() -> tuple[list[str], list[str], list[str], list[str]]:
        first = asyncio.create_task(names(spawner, call(root, inputs={"gate": str(gate)})))
        # It opens the gate only after it has listed: opening this end waits for that.
        writing = await asyncio.to_thread(os.open, gate, os.O_WRONLY)
        (root / "b.py").touch()
        second = await names(spawner, call(root))
        apart = await names(spawner, call(root, listing="run 1"))
        os.close(writing)
        return await first, second, apart, await names(spawner, call(root))

    assert asyncio.run(both()) == (["a.py"], ["a.py"], ["b.py", "a.py"], ["b.py", "a.py"])
