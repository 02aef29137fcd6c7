"""Through the door: back up while a run runs, lose the state, restore, go on; damage the record, repair it."""

import os
import shutil
import signal
import stat
from pathlib import Path

import pytest

from tests.journeys.door import Door, wait_for
from tests.proves import proves

STATE = ".git/fairlead"


class Work:
    """A run of three steps: the first leaves a file, the second waits at a pipe, the third reads the file."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.pipe = folder / "pipe"
        os.mkfifo(self.pipe)
        (root / "work.yaml").write_text(
            "fairlead: 1\nname: work\nsteps:\n"
            "  - id: before\n    run: bash -c 'echo kept > kept.txt'\n    writes: [kept.txt]\n"
            f"  - id: waits\n    run: [cat, '{self.pipe}']\n    timeout: 1m\n"
            "  - id: after\n    run: cat kept.txt\n"
        )

    def let_go(self) -> None:
        """The step that waits goes on; it may not have come to the pipe yet."""
        os.close(wait_for(self._writer) - 1)

    def _writer(self) -> int:
        try:
            return os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK) + 1  # 0 would be a descriptor, and false
        except OSError:
            return 0


@pytest.fixture
def work(repository: Path, tmp_path: Path) -> Work:
    return Work(repository, tmp_path)


@proves("E12.3")
def test_a_run_goes_on_from_a_backup_that_was_made_while_it_ran(door: Door, work: Work, tmp_path: Path) -> None:
    root, backup = work.root, tmp_path / "backup"
    door.allow_outside(root)
    started = door.start(root, "run", "work.yaml", "--jsonl")
    started.read_until(lambda out: b'"step":"waits"' in out)
    made = door.call(root, "backup", str(backup), "--json")
    assert made.exit_code == 0, made.said
    held = made.json
    assert held["runs"] == 1
    assert held["files"] > 3
    assert held["last_event"] == int(held["receipt"].split(":")[0])
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    os.killpg(started.process.pid, signal.SIGKILL)
    started.end()
    shutil.rmtree(root / STATE)
    assert door.call(root, "runs", "list", "--json").json["runs"] == []

    restored = door.call(root, "restore", str(backup), "--receipt", held["receipt"], "--json")
    assert restored.exit_code == 0, restored.said
    assert restored.json["backup"] == {**held}
    assert door.verify(root)["head"] == held["last_event"]
    going_on = door.start(root, "resume", "last", "--json")
    work.let_go()
    answer = going_on.end()
    assert answer.exit_code == 0, answer.said
    steps = {step["step"]: step for step in answer.json["steps"]}
    assert {name: step["status"] for name, step in steps.items()} == dict.fromkeys(steps, "succeeded")
    assert steps["before"]["attempts"] == 1  # what had ended is not done again
    assert steps["waits"]["attempts"] == 2
    assert "kept" in door.call(root, "logs", "last", "step:after").text
    receipt = answer.json["receipt"]
    assert door.call(root, "journal", "verify", "--receipt", receipt).exit_code == 0

    # The receipt of the end is newer than the backup: nobody goes back in time unnoticed.
    refused = door.call(root, "restore", str(backup), "--force", "--receipt", receipt, "--json")
    assert (refused.exit_code, refused.json["errors"][0]["code"]) == (9, "FL-L035")
    back = door.call(root, "restore", str(backup), "--force", "--json").json
    assert back["lost"] == [{"first": held["last_event"] + 1, "last": int(receipt.split(":")[0])}]
    assert Path(back["kept_as"]).is_dir()
    late = door.call(root, "journal", "verify", "--receipt", receipt)
    assert (late.exit_code, "FL-L035" in late.said) == (9, True)


@proves("B1.5")
def test_a_damaged_record_is_repaired_from_a_backup(door: Door, repository: Path, tmp_path: Path) -> None:
    (repository / "one.yaml").write_text("fairlead: 1\nname: one\nsteps:\n  - id: say\n    run: echo done\n")
    first = door.call(repository, "run", "one.yaml", "--jsonl")
    receipt = first.facts[-1]["receipt"]
    assert first.facts[-1]["type"] == "run.succeeded"
    shown = door.call(repository, "runs", "show", "last", "--json").json
    assert shown["receipt"] == receipt
    made = door.call(repository, "backup", "../backup")
    assert f"receipt {receipt}" in made.text
    assert door.call(repository, "backup", "../backup").exit_code == 2
    assert door.call(repository, "run", "one.yaml").exit_code == 0
    head = door.verify(repository)["head"]

    database = repository / STATE / "journal.db"
    whole = database.read_bytes()
    at = whole.rindex(b"echo")  # of the first run: a page is filled from its end
    database.write_bytes(whole[:at] + b"evil" + whole[at + 4 :])
    damaged = door.call(repository, "journal", "verify", "--json")
    assert damaged.exit_code == 9
    bad = damaged.json["errors"][0]
    assert bad["code"] == "FL-L002"
    assert "fairlead journal repair --from" in bad["hints"][0]

    looked = door.call(repository, "journal", "repair", "--from", "../backup", "--json")
    assert (looked.exit_code, looked.json["is_written"], looked.json["lost"]) == (9, False, [])
    seq = looked.json["damage"][0]["event"]
    assert bad["message"].startswith(f"event {seq}: ")
    assert looked.json["from_backup"] == [{"first": seq, "last": seq}]
    assert b"evil" in database.read_bytes()
    said = door.call(repository, "journal", "repair", "--from", "../backup", "--write")
    assert said.exit_code == 0, said.said
    assert "lost         nothing" in said.text
    assert door.verify(repository)["head"] == head
    assert door.call(repository, "journal", "repair").text.startswith("✓ Nothing to repair")
    aside = next(path for path in (repository / STATE).iterdir() if path.name.startswith("damaged."))
    assert b"evil" in (aside / "journal.db").read_bytes()
    assert door.call(repository, "journal", "verify", "--receipt", receipt).exit_code == 0
    assert door.call(repository, "run", "one.yaml").exit_code == 0


def test_what_cannot_be_done_is_said_with_a_code(door: Door, repository: Path, tmp_path: Path) -> None:
    def code(*words: str) -> tuple[int, str]:
        answer = door.call(repository, *words, "--json")
        return answer.exit_code, answer.json["errors"][0]["code"]

    assert code("backup", "../backup") == (2, "FL-S004")
    assert code("journal", "repair") == (2, "FL-S004")
    assert code("restore", "../nothing") == (2, "FL-L031")
    assert code("journal", "verify", "--receipt", "12") == (2, "FL-L037")
    (repository / "one.yaml").write_text("fairlead: 1\nname: one\nsteps:\n  - id: say\n    run: echo done\n")
    assert door.call(repository, "run", "one.yaml").exit_code == 0
    assert door.call(repository, "backup", "../backup").exit_code == 0
    assert code("restore", "../backup") == (2, "FL-L033")
    (tmp_path / "backup" / "anchor").write_bytes(b"")
    assert code("restore", "../backup", "--force") == (9, "FL-L032")
    assert code("journal", "verify", "--receipt", "1:" + "a" * 16) == (9, "FL-L036")
