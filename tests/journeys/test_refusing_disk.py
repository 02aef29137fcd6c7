"""What a person sees when the disk refuses: a code, what to do, an exit code; and afterwards a record that goes on."""

import subprocess
import sys
from pathlib import Path

import pytest

from fairlead.testing.proving import refusing_door
from tests.journeys.door import Answer, Door
from tests.proves import proves

FLOW = """\
fairlead: 1
name: look
steps:
  - id: look
    agent: inventory
"""
REFUSING = (sys.executable, "-P", "-m", refusing_door.__name__)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "home")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "flow.yaml").write_text(FLOW)
    (shop / "shop.py").write_text("price = 1\n")
    return shop


def refused(door: Door, shop: Path, fault: str, *words: str) -> Answer:
    """The answer of a command whose disk refuses as *fault* says."""
    argv = (*REFUSING, *fault.split(), *words)
    done = subprocess.run(argv, cwd=shop, env=door.environ, capture_output=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


@proves("B11.6")
def test_a_disk_that_is_full_is_named_and_doctor_is_red_until_there_is_room(door: Door, shop: Path) -> None:
    answer = refused(door, shop, "ENOSPC write journal.db-wal 4", "run", "flow.yaml")  # the claim finds no room
    assert (answer.exit_code, "error[FL-N012]" in answer.said) == (8, True)
    looked = refused(door, shop, "ENOSPC write any 0", "doctor", "--json")
    assert (looked.exit_code, "FL-N012" in looked.text) == (8, True)
    assert door.call(shop, "doctor").exit_code == 0
    files = {path.name for path in (shop / ".fairlead/state").iterdir() if path.is_file()}
    assert files <= {"journal.db", "journal.db-wal", "journal.db-shm", "anchor", "writer.lock"}, "doctor left something"
    assert door.call(shop, "journal", "verify").exit_code == 0


@proves("B11.6")
def test_a_disk_that_fails_as_the_command_ends_is_told_after_the_answer(door: Door, shop: Path) -> None:
    answer = refused(door, shop, "EIO sync journal.db 0", "run", "flow.yaml")  # the checkpoint at the end
    assert answer.exit_code == 9
    assert "no findings" in answer.text
    assert "error[FL-L010]" in answer.said
    assert "Traceback" not in answer.said
    assert door.call(shop, "journal", "verify").exit_code == 0
