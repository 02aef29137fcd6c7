"""A dump comes in whole or not at all: every form of it, every way in which it can be less, and others at work too."""

import fcntl
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from fairlead.agents.builtin.dependency_auditor import shards
from fairlead.agents.builtin.dependency_auditor.compiling import AdvisorySorter
from fairlead.agents.builtin.dependency_auditor.osv import Advisory
from fairlead.core.errors import FairleadError
from fairlead.env import importing
from fairlead.env.importing import import_dump
from tests.proves import proves

TODAY = "2026-11-21"


def entry(number: int, ecosystem: str = "PyPI", *, day: str = "2026-11-20", **more: object) -> str:
    affected = [
        {
            "package": {"ecosystem": ecosystem, "name": f"lib-{number}"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
        }
    ]
    return json.dumps({"id": f"GHSA-{number}", "modified": f"{day}T10:00:00Z", "affected": affected, **more})


def write_lines(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def brought(path: Path, data: Path, *, is_replacing: bool = False, told: list[int] | None = None) -> AdvisorySorter:
    sorter = AdvisorySorter("planted", TODAY, is_replacing=is_replacing)
    import_dump(str(path), str(data), sorter, (told if told is not None else []).append)
    return sorter


def pointer(data: Path) -> shards.Pointer:
    found = shards.read_pointer((data / "current.json").read_bytes())
    assert found is not None
    return found


def looked_up(data: Path, name: str, ecosystem: str = "PyPI") -> tuple[Advisory, ...]:
    held = pointer(data).ecosystems[ecosystem]
    shard = shards.shard_of(name)
    if shard not in held.digests:
        return ()
    content = (data / held.folder / shard).read_bytes()
    assert shards.digest_of(content) == held.digests[shard]
    return shards.find(content, name)


def _as_directory(path: Path, lines: Sequence[str]) -> Path:
    for number, line in enumerate(lines):
        (path / f"in/{number % 3}").mkdir(parents=True, exist_ok=True)
        (path / f"in/{number % 3}/{number}.json").write_text(line)
    (path / "README.md").write_text("not an advisory")
    (path / ".git").mkdir()
    (path / ".git/x.json").write_text("{")
    return path


def _as_zip(path: Path, lines: Sequence[str]) -> Path:
    with zipfile.ZipFile(path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, line in enumerate(lines):
            archive.writestr(f"{number}.json", line)
    return path / "all.zip"


def _as_list(path: Path, lines: Sequence[str]) -> Path:
    (path / "all.json").write_text("\ufeff [\n" + " ,\n".join(lines) + "\n]\n", "utf-8")
    return path / "all.json"


FORMS: dict[str, Callable[[Path, Sequence[str]], Path]] = {
    "directory": _as_directory,
    "zip": _as_zip,
    "list": _as_list,
    "lines": lambda path, lines: write_lines(path / "all.jsonl", lines),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_dump_gives_the_same(form: str, tmp_path: Path) -> None:
    lines = [entry(number) for number in range(40)] + [entry(7, "npm"), entry(8, "Go"), '{"id": "broken"}']
    (tmp_path / "dump").mkdir()
    sorter = brought(FORMS[form](tmp_path / "dump", lines), tmp_path / "data")
    assert (sorter.entries, sorter.broken, dict(sorter.elsewhere)) == (42, 1, {"Go": 1})
    assert len(sorter.broken_names) == 1
    held = pointer(tmp_path / "data").ecosystems
    assert {name: (one.advisories, one.packages, one.date) for name, one in held.items()} == {
        "PyPI": (40, 40, "2026-11-20"),
        "npm": (1, 1, "2026-11-20"),
    }
    assert [one.id for one in looked_up(tmp_path / "data", "lib-39")] == ["GHSA-39"]
    assert looked_up(tmp_path / "data", "lib-41") == ()


def test_a_single_advisory_is_a_dump(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(entry(1))
    assert brought(tmp_path / "one.json", tmp_path / "data").counts == {"PyPI": 1}


def test_the_newer_of_two_entries_counts_and_a_withdrawn_one_counts_for_nothing(tmp_path: Path) -> None:
    lines = [
        entry(1, day="2026-02-02", summary="newer"),
        entry(1, day="2026-01-01", summary="older"),
        entry(2, day="2026-01-01"),
        entry(2, day="2026-02-02", withdrawn="2026-02-02T00:00:00Z"),
    ]
    assert brought(write_lines(tmp_path / "a.jsonl", lines), tmp_path / "data").counts == {"PyPI": 1}
    assert [one.summary for one in looked_up(tmp_path / "data", "lib-1")] == ["newer"]


def test_the_day_is_that_of_the_newest_change_and_never_lies_ahead(tmp_path: Path) -> None:
    lines = [entry(1, day="2026-11-03"), entry(2, day="2099-01-01"), entry(3, day="2025-01-01")]
    brought(write_lines(tmp_path / "a.jsonl", lines), tmp_path / "data")
    assert pointer(tmp_path / "data").ecosystems["PyPI"].date == "2026-11-03"


def test_a_dump_of_one_ecosystem_does_not_take_the_place_of_another(tmp_path: Path) -> None:
    data = tmp_path / "data"
    brought(write_lines(tmp_path / "npm.jsonl", [entry(n, "npm") for n in range(5)]), data)
    both = json.loads(entry(9))
    both["affected"] += json.loads(entry(9, "npm"))["affected"]
    brought(write_lines(tmp_path / "pypi.jsonl", [entry(1), json.dumps(both)]), data)
    assert {name: one.advisories for name, one in pointer(data).ecosystems.items()} == {"npm": 5, "PyPI": 2}
    assert looked_up(data, "lib-9", "npm") == ()


def _refused(path: Path, data: Path) -> str:
    with pytest.raises(FairleadError) as refusal:
        brought(path, data)
    return refusal.value.diagnostics[0].code


def _cut(path: Path, share: float) -> Path:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path


def _empty_zip(path: Path) -> Path:
    zipfile.ZipFile(path, "w").close()
    return path


def _damaged_zip(path: Path) -> Path:
    archive = _as_zip(path, [entry(n) for n in range(50)])
    data = bytearray(archive.read_bytes())
    data[60:70] = b"\0" * 10
    archive.write_bytes(data)
    return archive


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


LINES = [entry(number) for number in range(50)]
REFUSALS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "nothing there": ("FL-S040", lambda path: path / "gone.zip"),
    "another form": ("FL-N040", lambda path: _written(path / "all.tar.gz", "x")),
    "an empty directory": ("FL-N041", lambda path: path),
    "an empty zip": ("FL-N041", lambda path: _empty_zip(path / "all.zip")),
    "an empty list": ("FL-N041", lambda path: _written(path / "all.json", "[]")),
    "no lines": ("FL-N041", lambda path: _written(path / "all.jsonl", "\n")),
    "an empty file": ("FL-N042", lambda path: _written(path / "all.json", "")),
    "half a zip": ("FL-N042", lambda path: _cut(_as_zip(path, LINES), 0.5)),
    "a damaged zip": ("FL-N042", _damaged_zip),
    "half a list": ("FL-N042", lambda path: _cut(_as_list(path, LINES), 0.5)),
    "a list without its end": ("FL-N042", lambda path: _written(path / "all.json", "[" + entry(1))),
    "half of the lines": ("FL-N042", lambda path: _cut(write_lines(path / "all.jsonl", LINES), 0.505)),
    "half an advisory": ("FL-N042", lambda path: _written(path / "one.json", entry(1)[:80])),
    "a tenth and more is broken": (
        "FL-N043",
        lambda path: write_lines(path / "a.jsonl", [*LINES, *["{}"] * 6]),
    ),
    "no advisories at all": ("FL-N043", lambda path: _written(path / "package.json", '{"name": "x"}')),
    "another ecosystem": ("FL-N044", lambda path: write_lines(path / "a.jsonl", [entry(1, "Go")])),
    "far fewer": ("FL-N045", lambda path: write_lines(path / "a.jsonl", LINES[:24])),
}


@proves("C8.9")
@pytest.mark.parametrize("case", REFUSALS)
def test_a_dump_that_is_less_is_refused_and_the_old_data_stay(case: str, tmp_path: Path) -> None:
    code, make = REFUSALS[case]
    data = tmp_path / "data"
    brought(write_lines(tmp_path / "first.jsonl", LINES), data)
    before = {path: path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()}
    (tmp_path / "dump").mkdir()
    assert _refused(make(tmp_path / "dump"), data) == code
    assert {path: path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()} == before


def test_a_few_broken_entries_are_counted_and_named(tmp_path: Path) -> None:
    (tmp_path / "dump").mkdir()
    dump = _as_directory(tmp_path / "dump", LINES)
    (dump / "bad.json").write_text('{"id": "cut off')
    (dump / "empty.json").write_text("")
    sorter = brought(dump, tmp_path / "data")
    assert sorter.broken == 2
    assert sorted(name.partition(":")[0] for name in sorter.broken_names) == ["bad.json", "empty.json"]


def test_fewer_are_taken_when_that_is_meant(tmp_path: Path) -> None:
    data = tmp_path / "data"
    brought(write_lines(tmp_path / "a.jsonl", LINES), data)
    brought(write_lines(tmp_path / "b.jsonl", LINES[:1]), data, is_replacing=True)
    assert pointer(data).ecosystems["PyPI"].advisories == 1


def test_a_second_import_leaves_the_data_that_a_reader_may_be_in_and_a_third_does_not(tmp_path: Path) -> None:
    data, dump = tmp_path / "data", write_lines(tmp_path / "a.jsonl", LINES)
    folders = []
    for _ in range(3):
        brought(dump, data)
        folders.append(pointer(data).ecosystems["PyPI"].folder)
    assert len(set(folders)) == 3
    assert sorted(path.name for path in data.iterdir() if path.is_dir()) == sorted(folders[1:])


def test_imports_at_once_leave_one_whole_set(tmp_path: Path) -> None:
    data = tmp_path / "data"
    dumps = [write_lines(tmp_path / f"{n}.jsonl", [entry(i, summary=str(n)) for i in range(60)]) for n in range(4)]
    threads = [threading.Thread(target=brought, args=(dump, data)) for dump in dumps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.summary for n in range(60) for one in looked_up(data, f"lib-{n}")} in [{str(n)} for n in range(4)]
    assert not [path for path in data.iterdir() if path.name.startswith(".new-")]


def test_what_a_killed_import_left_is_removed_and_what_another_builds_is_not(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in (".new-dead", ".new-alive"):
        (data / name).mkdir(parents=True)
        (data / name / "lock").write_bytes(b"")
    with open(data / ".new-alive" / "lock", "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        brought(write_lines(tmp_path / "a.jsonl", LINES), data)
    assert sorted(path.name for path in data.iterdir() if path.name.startswith(".new-")) == [".new-alive"]


def test_a_stop_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_TELL_EVERY", 10)
    data = tmp_path / "data"
    sorter = AdvisorySorter("planted", TODAY)

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_dump(str(write_lines(tmp_path / "a.jsonl", LINES)), str(data), sorter, stop)
    assert sorted(path.name for path in data.iterdir()) == ["lock"]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands in the way")
    assert _refused(write_lines(tmp_path / "a.jsonl", LINES), tmp_path / "data") == "FL-N046"


def test_progress_is_told_and_rows_are_written_out_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_TELL_EVERY", 20)
    monkeypatch.setattr(importing, "ROWS_BYTES_MAX", 500)
    told: list[int] = []
    brought(write_lines(tmp_path / "a.jsonl", LINES), tmp_path / "data", told=told)
    assert told == [20, 40]
    assert pointer(tmp_path / "data").ecosystems["PyPI"].advisories == 50


# Not getrusage: its maximum is the parent's where that was larger.
_MEASURED = """\
import re, sys
from fairlead.agents.builtin.dependency_auditor.compiling import AdvisorySorter
from fairlead.env.importing import import_dump
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
before = peak()
import_dump(sys.argv[1], sys.argv[2], AdvisorySorter("planted", "2026-11-21"), lambda count: None)
print(peak() - before)
"""


def test_a_large_dump_is_sorted_in_bounded_memory(tmp_path: Path) -> None:
    """50,000 entries of 1.2 KB each: what is kept at once is far less than the 60 MB of them."""
    dump = tmp_path / "all.json"
    details = "d" * 900
    with dump.open("w") as file:
        file.write("[")
        file.writelines(("," if n else "") + entry(n, "npm", details=details) for n in range(50_000))
        file.write("]")
    assert os.path.getsize(dump) > 55_000_000
    argv = [sys.executable, "-c", _MEASURED, str(dump), str(tmp_path / "data")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    grown = int(done.stdout) * 1024
    assert grown < 40_000_000, f"{grown:,} bytes"
    assert pointer(tmp_path / "data").ecosystems["npm"].advisories == 50_000
    assert [one.id for one in looked_up(tmp_path / "data", "lib-49999", "npm")] == ["GHSA-49999"]
