"""The evidence: whole, without a word about whose machine it was, and no change of it goes unnoticed."""

import html.parser
import json
import os
import re
from pathlib import Path

import msgspec
import pytest

from fairlead.core.errors import FairleadError
from fairlead.env.clock import SystemClock
from fairlead.service.proofs import Evidence, ProvenFigure, Stopped, Verdict
from fairlead.testing.proving import PROOFS, bundle
from tests.proves import proves

HOSTILE = '<script>alert(1)</script>\u202e & \x1b[31m"'


def figure(name: str = "chain", verdict: Verdict = "held", **more: object) -> ProvenFigure:
    facts: dict[str, object] = {
        "title": "flip every bit",
        "promise": "Nothing is altered unnoticed.",
        "seed": 7,
        "counts": {"bits": 1_394_008, "unnoticed": 0},
        "problems": ("one was lost",) if verdict == "broken" else (),
        "seconds": 6.8,
        "skipped": "no tmpfs" if verdict == "skipped" else "",
        "again": f"fairlead prove --only {name} --seed 7",
        **more,
    }
    return msgspec.convert({"name": name, "verdict": verdict, **facts}, ProvenFigure)


def evidence(*figures: ProvenFigure, stopped: Stopped = "") -> Evidence:
    now = bundle.utc_text(SystemClock())
    found = figures or (figure(),)
    return bundle.evidence_of(found, stopped, [one.name for one in found], "fast", 7, now, now)


def write(directory: Path, found: Evidence | None = None) -> Path:
    bundle.make_place(str(directory))
    bundle.write_bundle(str(directory), found or evidence())
    return directory


def changes(directory: Path) -> tuple[str, ...]:
    read = bundle.read_bundle(str(directory))
    assert read is not None
    return read.changes


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    found = evidence(figure(), figure("kills", "broken"), figure("full-disk", "skipped"))
    read = bundle.read_bundle(str(write(tmp_path / "proof", found)))
    assert read is not None
    assert read.evidence == found
    assert (read.changes, read.is_installed) == ((), True)
    assert found.verdict == "broken"
    assert found.sentence.startswith("1 of 3 figures hold, 1 does not, 1 could not be tried here")
    assert not found.signed
    assert "Not signed" in found.note


def test_one_that_could_not_be_tried_is_no_success() -> None:
    assert evidence(figure()).verdict == "held"
    assert evidence(figure(), figure("full-disk", "skipped")).verdict == "skipped"
    assert evidence(figure("full-disk", "skipped"), figure("kills", "broken")).verdict == "broken"
    now = bundle.utc_text(SystemClock())
    assert bundle.evidence_of((), "interrupted", ["chain"], "fast", 7, now, now).verdict == "skipped"


def test_what_was_not_tried_is_named() -> None:
    now = bundle.utc_text(SystemClock())
    found = bundle.evidence_of((figure(),), "interrupted", ["chain", "kills"], "fast", 7, now, now)
    assert found.not_reached == ("kills",)
    assert set(found.not_asked) == {proof.name for proof in PROOFS} - {"chain", "kills"}


@proves("B11.4")
@pytest.mark.parametrize("name", [bundle.DATA, bundle.PAGE, bundle.SUMS])
def test_each_byte_that_is_changed_is_noticed(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "proof") / name
    data = path.read_bytes()
    for at in range(0, len(data), max(1, len(data) // 60)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert changes(tmp_path / "proof"), f"byte {at} of {name}"
    for cut in (0, 1, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:cut])
        assert changes(tmp_path / "proof"), f"{name} cut at {cut}"
    path.write_bytes(data)
    assert changes(tmp_path / "proof") == ()


def test_a_file_more_or_less_or_a_link_is_noticed(tmp_path: Path) -> None:
    directory = write(tmp_path / "proof")
    (directory / "more.txt").write_text("x")
    assert changes(directory) == ("'more.txt' was added",)
    (directory / "more.txt").unlink()
    (tmp_path / "page").write_bytes((directory / bundle.PAGE).read_bytes())
    (directory / bundle.PAGE).unlink()
    assert f"{bundle.PAGE} is missing" in changes(directory)
    (directory / bundle.PAGE).symlink_to(tmp_path / "page")
    assert f"{bundle.PAGE} is missing" in changes(directory)
    os.mkfifo(directory / "pipe")
    (directory / bundle.DATA).unlink()
    (directory / "pipe").rename(directory / bundle.DATA)
    assert f"{bundle.DATA} is missing" in changes(directory)


def test_files_of_two_bundles_are_not_one(tmp_path: Path) -> None:
    """The manifest is right for both, and the page was made of another document."""
    from hashlib import sha256

    one, other = write(tmp_path / "a"), write(tmp_path / "b", evidence(figure(verdict="broken")))
    (one / bundle.PAGE).write_bytes((other / bundle.PAGE).read_bytes())
    names = (bundle.DATA, bundle.PAGE)
    (one / bundle.SUMS).write_text("".join(f"{sha256((one / n).read_bytes()).hexdigest()}  {n}\n" for n in names))
    assert changes(one) == (f"{bundle.PAGE} was made of another {bundle.DATA}",)


def test_a_directory_without_evidence_is_none(tmp_path: Path) -> None:
    assert bundle.read_bundle(str(tmp_path)) is None
    assert bundle.read_bundle(str(tmp_path / "gone")) is None


def test_the_manifest_is_one_that_sha256sum_reads(tmp_path: Path) -> None:
    import subprocess

    directory = write(tmp_path / "proof")
    done = subprocess.run(["sha256sum", "--check", "--strict", bundle.SUMS], cwd=directory, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_place_that_cannot_be_written_is_said_before_anything_is_tried(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(FairleadError) as refused:
        bundle.make_place(str(tmp_path / "file" / "proof"))
    assert refused.value.code == "FL-S014"


def test_nothing_says_whose_machine_it_was(tmp_path: Path) -> None:
    directory = write(tmp_path / "proof")
    text = (directory / bundle.DATA).read_text("utf-8")
    for word in (os.uname().nodename, os.path.expanduser("~"), os.getcwd(), os.uname().release):
        assert f'"{word}"' not in text
    assert os.getcwd() not in text
    assert re.search(r'"kernel": "[0-9.]+"', text)
    assert json.loads(text)["dependencies"]["sqlite"].startswith("3.")
    assert "msgspec" in json.loads(text)["dependencies"]


def test_the_digest_of_the_package_covers_names_and_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fairlead

    root = tmp_path / "package"
    root.mkdir()
    (root / "__init__.py").write_text("x")
    (root / "__pycache__").mkdir()
    (root / "__pycache__/a.pyc").write_text("changes at every start")
    monkeypatch.setattr(fairlead, "__file__", str(root / "__init__.py"))
    first = bundle.package()
    assert first.files == 1
    (root / "__pycache__/a.pyc").write_text("changed")
    assert bundle.package() == first
    (root / "b.py").write_text("y")
    second = bundle.package()
    (root / "b.py").rename(root / "c.py")
    third = bundle.package()
    (root / "c.py").write_text("z")
    assert len({first.digest, second.digest, third.digest, bundle.package().digest}) == 4


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_page_obeys_nobody_and_asks_for_nothing(tmp_path: Path) -> None:
    hostile = figure(
        verdict="broken", problems=(HOSTILE,), title=HOSTILE, promise=HOSTILE, trace=HOSTILE, again=HOSTILE
    )
    found = evidence(hostile, figure("x", "skipped", skipped=HOSTILE))
    text = (write(tmp_path / "proof", found) / bundle.PAGE).read_text("utf-8")
    tags = _Tags()
    tags.feed(text)
    names = {tag for tag, _ in tags.seen}
    assert names.isdisjoint({"script", "iframe", "img", "object", "embed", "form", "base"})
    assert [attrs.get("href") for tag, attrs in tags.seen if tag in ("link", "a")] == ["data:,"]
    assert not [attrs for _, attrs in tags.seen if "src" in attrs or any(name.startswith("on") for name in attrs)]
    assert "\u202e" not in text
    assert "\x1b" not in text
    policy = next(attrs["content"] for tag, attrs in tags.seen if tag == "meta" and "http-equiv" in attrs)
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "url(" not in text
    for shown in ("1,394,008", "does not hold", "not tried", "Not signed", found.package.digest):
        assert shown in text
