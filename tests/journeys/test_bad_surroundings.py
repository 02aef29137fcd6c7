"""A record that is damaged, newer or has no room; programs and files without measure: said, bounded, nothing lost."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from tests.journeys.door import FAIRLEAD, UNSHARE, Answer, Door
from tests.journeys.repositories import FAULTS, differences, git, snapshot
from tests.journeys.reviews import COMPLETE, found, header, steps
from tests.journeys.test_bad_input import codes


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A repository without a commit, for workflow files."""
    directory = tmp_path / "workplace"
    git(tmp_path, "init", "-q", "-b", "main", str(directory))
    return directory


def run_one(door: Door, directory: Path, command: str, *words: str) -> Answer:
    (directory / "one.yaml").write_text(f"fairlead: 1\nname: one\nsteps:\n  - id: a\n    run: {command}\n")
    return door.call(directory, "run", "one.yaml", *words)


def overwrite(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)


def change(state: Path, statement: str) -> None:
    """Change the database behind Fairlead's back. Its log stays: with what was acknowledged, and the change, in it."""
    connection = apsw.Connection(str(state / "journal.db"))
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.execute(statement)
    connection.close()


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no database": (lambda state: overwrite(state / "journal.db", b"no database at all"), "FL-L001"),
    "a newer schema": (lambda state: change(state, "PRAGMA user_version = 4000"), "FL-L004"),
    "a lost anchor": (lambda state: (state / "anchor").unlink(), "FL-L005"),
    "a lost database": (lambda state: (state / "journal.db").unlink(), "FL-L003"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_record_that_cannot_be_trusted_is_refused_and_left_alone(door: Door, workplace: Path, name: str) -> None:
    assert run_one(door, workplace, "'true'").exit_code == 0
    state = workplace / ".git/fairlead"
    damage, code = DAMAGES[name]
    damage(state)
    before = snapshot(state)
    for words in (["run", "one.yaml"], ["review"], ["journal", "verify"], ["runs", "list"], ["resume"], []):
        answer = door.call(workplace, *words)
        assert answer.exit_code == 9, (words, answer.said)
        assert codes(answer) == [code], (words, answer.said)
        assert answer.out == b""
    doctor = door.call(workplace, "doctor")
    assert doctor.exit_code == 8
    assert code in doctor.text
    written = {name for name in differences(before, snapshot(state)) if not name.endswith("-shm")}
    assert written == set()


def test_an_event_that_was_altered_is_named(door: Door, workplace: Path) -> None:
    for _ in range(2):
        run_one(door, workplace, "'true'")
    change(workplace / ".git/fairlead", "UPDATE events SET payload = x'7b7d' WHERE seq = 1")
    answer = door.call(workplace, "journal", "verify", "--json")
    assert answer.exit_code == 9
    assert answer.json["exit_code"] == 9
    first = answer.json["errors"][0]
    assert (first["code"], first["message"].split(":")[0]) == ("FL-L002", "event 1")


def test_a_content_that_was_altered_is_named(door: Door, workplace: Path) -> None:
    run_one(door, workplace, "'true'")
    [content] = [path for path in (workplace / ".git/fairlead/blobs").rglob("*") if path.is_file()]
    content.chmod(0o600)
    overwrite(content, b"\0")
    answer = door.call(workplace, "journal", "verify")
    assert (answer.exit_code, codes(answer)) == (9, ["FL-L006"])


def test_a_network_file_system(door: Door, repository: Path, tmp_path: Path) -> None:
    """The program asks the kernel's table of mounts; here one that says "nfs4" lies in its place."""
    shared = tmp_path / "shared"
    table = tmp_path / "proc/self/mountinfo"
    table.parent.mkdir(parents=True)
    table.write_text(
        "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
        f"98 22 0:43 / {repository} rw,relatime - nfs4 server:/export rw\n"
        f"99 22 0:44 / {shared} rw,relatime - fuse.sshfs server: rw\n"
    )
    within = (*UNSHARE, "--mount", "sh", "-c", f"mount --bind '{tmp_path}/proc' /proc && exec \"$@\"", "sh")
    before = snapshot(repository)
    answer = door.call(repository, "review", "--no-history", within=within)
    assert answer.exit_code == 1, answer.said
    [state] = (tmp_path / "home/.local/state/fairlead").iterdir()
    said = f"  {repository}/.git is on a network file system (nfs4), so the record is kept in {state}"
    assert said in header(answer)
    assert differences(before, snapshot(repository)) == []
    assert not (repository / ".git/fairlead").exists()
    # A directory that was named is used or refused, never exchanged for another one.
    refused = door.call(repository, "review", within=within, environ={"FAIRLEAD_STATE_DIR": str(shared / "state")})
    assert (refused.exit_code, refused.out, codes(refused)) == (8, b"", ["FL-N011"])
    assert f"{shared}/state lies on a network file system (fuse.sshfs)" in refused.said
    assert not shared.exists()


def test_a_full_disk(door: Door, repository: Path, tmp_path: Path) -> None:
    """A file system of 300 kB that ends in the middle of a run; with room, the run goes on."""
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    fairlead = " ".join(f"'{word}'" for word in (*FAIRLEAD, "-C", str(repository)))
    script = f"""
        mount -t tmpfs -o size=300k none '{tiny}' || exit 99
        {fairlead} review --json > first.out 2> first.err; echo $? > first
        {fairlead} review --json > again.out 2> again.err; echo $? > again
        {fairlead} journal verify > full.out 2>&1; echo $? > full
        mount -o remount,size=20m '{tiny}' || exit 99
        {fairlead} resume --json > resumed.out 2> resumed.err; echo $? > resumed
        {fairlead} journal verify --json > verified.out; echo $? > verified
    """
    before = snapshot(repository)
    outside = tmp_path / "outside"
    outside.mkdir()
    environ = {**door.environ, "FAIRLEAD_STATE_DIR": str(tiny / "state")}
    subprocess.run([*UNSHARE, "--mount", "sh", "-c", script], cwd=outside, env=environ, check=True, timeout=60)
    said = {path.name: path.read_text() for path in outside.iterdir()}
    assert (said["first"], said["again"]) == ("8\n", "8\n"), said
    for name in ("first.err", "again.err"):
        assert f"error[FL-N012]: the disk that holds {tiny}/state is full" in said[name]
        assert "   = free some space, then run `fairlead resume`\n" in said[name]
    assert said["full"] == "0\n", said["full.out"]
    assert said["resumed"] == "1\n", said["resumed.err"]  # complete, and something in it is high
    assert '"status": "succeeded"' in said["resumed.out"]
    assert said["verified"] == "0\n"
    assert differences(before, snapshot(repository)) == []


MEASURE = """
import resource, subprocess, sys
ended = subprocess.run(sys.argv[1:], stdout=sys.stdout)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
raise SystemExit(ended.returncode)
"""


def measured(door: Door, directory: Path, *words: str) -> tuple[Answer, int]:
    """An answer, and the largest memory of one of its processes in megabytes."""
    answer = door.call(directory, *words, within=(sys.executable, "-c", MEASURE))
    return answer, int(answer.said.splitlines()[-1]) * 1024 // 1_000_000


def test_a_program_that_prints_a_gigabyte(door: Door, workplace: Path) -> None:
    (workplace / "one.yaml").write_text(
        "fairlead: 1\nname: one\nsteps:\n  - id: loud\n    run: head -c 1000000000 /dev/zero\n"
        "  - id: after\n    run: 'true'\nfinally:\n  - id: tidy\n    run: 'true'\n"
    )
    answer, megabytes = measured(door, workplace, "run", "one.yaml", "--json")
    assert answer.exit_code == 1
    [loud, after, tidy] = answer.json["steps"]
    assert (loud["status"], loud["code"], loud["fault"]) == ("failed", "FL-R203", "result")
    assert (after["status"], tidy["status"]) == ("skipped", "succeeded")
    assert megabytes < 150, megabytes
    logs = [path.stat().st_size for path in (workplace / ".git/fairlead/logs").rglob("loud.*")]
    assert len(logs) == 1
    assert 10_000_000 <= logs[0] < 10_001_000
    door.verify(workplace)


def test_files_without_measure(door: Door, repository: Path) -> None:
    line = b'x = "' + b"a" * 50_000_000 + b'"\n'
    for name in ("line.py", "line.js", "line.txt"):
        (repository / name).write_bytes(line)
    for name in ("giant.py", "giant.json", "Dockerfile"):
        with (repository / name).open("wb") as file:
            file.truncate(1_000_000_000)  # one line of a gigabyte, of which nothing lies on the disk
    before = snapshot(repository)
    answer, megabytes = measured(door, repository, "review", "--json", "--no-history")
    assert differences(before, snapshot(repository)) == []
    assert answer.exit_code == 1
    by_path = found(answer.json)
    assert by_path.pop("app.py") == FAULTS
    # What was not read is named, and nothing is said about its content.
    assert set(by_path) >= {"line.py", "line.js", "giant.py", "Dockerfile"}
    rules = {rule for places in by_path.values() for rule, _ in places}
    assert all(rule.endswith("unread-file") for rule in rules), rules
    assert megabytes < 150, megabytes


def test_source_that_is_not_utf8(door: Door, repository: Path) -> None:
    bad = b'NAME = "caf\xe9 \xff\xfe"\n\nimport requests\nrequests.get(NAME, verify=False)\n'
    (repository / "latin.py").write_bytes(bad)
    (repository / "wide.py").write_bytes("import requests\nrequests.get('x', verify=False)\n".encode("utf-16"))
    (repository / "nul.py").write_bytes(b"import requests\n\0\nrequests.get('x', verify=False)\n")
    answer = door.review(repository)
    by_path = found(answer.json)
    assert by_path["app.py"] == FAULTS
    assert ("security/tls-verification-off", 4) in by_path["latin.py"]
    assert steps(answer.json) == {**COMPLETE, "review": "degraded"}
    assert answer.json["reasons"] == ["review: 1 source file is not checked (FL-A124): nul.py."]


ESCAPES = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b31m \u202eright to left\u202c \x08\x7f"


def test_escapes_in_findings_and_logs(door: Door, repository: Path) -> None:
    (repository / "esc.py").write_text(
        f'import requests\n\n\ndef fetch():\n    return requests.get("{ESCAPES}", verify=False)  # {ESCAPES}\n'
    )
    (repository / "one.yaml").write_text(
        'fairlead: 1\nname: one\nsteps:\n  - id: a\n    run: [printf, "\\\\033[31mred\\\\033]0;x\\\\007\\\\n"]\n'
        "  - id: b\n    run: [sh, -c, \"printf '\\\\033[2Jgone\\\\n' >&2; exit 3\"]\n"
    )
    assert door.call(repository, "review", "-q").exit_code == 1
    calls = [["review"], ["findings", "list"], ["findings", "export", "--format", "md"], ["runs", "show"]]
    calls += [["run", "one.yaml"], ["logs", "last"], ["runs", "show", "last"], ["runs", "watch", "last"]]
    finding = next(one for one in door.review(repository).json["findings"] if one["path"] == "esc.py")
    calls.append(["findings", "show", finding["id"]])
    for words in calls:
        for form in ([], ["--ascii"]) if words[0] in ("runs", "logs") else ([],):
            answer = door.call(repository, *words, *form)
            shown = answer.text + answer.said
            strange = [
                c for c in shown if (ord(c) < 32 and c != "\n") or 126 < ord(c) < 160 or "\u202a" <= c <= "\u202e"
            ]
            assert strange == [], (words, form)
            assert not form or shown.isascii()
