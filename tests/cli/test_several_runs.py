"""`runs diff|report|export|import`, through the door in fresh processes."""

import base64
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import INJECTION
from tests.cli.door import Door
from tests.proves import proves


def reviewed_twice(root: Path) -> Door:
    """Two reviews: between them a finding is mended, another one comes, and that is committed."""
    root.mkdir()
    door = Door(root)
    door.write("app/queries.py", INJECTION)
    door.commit()
    assert door.call("review").code == 1
    door.write("app/queries.py", "def by_customer(db: object) -> None:\n    return None\n")
    door.write("app/more.py", "import hashlib\n\nprint(hashlib.md5(b'x').hexdigest())\n")
    door.commit()
    door.call("review", "--no-history")
    return door


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Door:
    """Reviewed twice; whoever takes it adds no run to it."""
    return reviewed_twice(tmp_path_factory.mktemp("twice") / "shop")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Door:
    """Reviewed once, and nothing found; whoever takes it adds no run to it."""
    root = tmp_path_factory.mktemp("once") / "clean"
    root.mkdir()
    door = Door(root)
    door.write("sums.py", "def add(a: int, b: int) -> int:\n    return a + b\n")
    door.commit()
    assert door.call("review").code == 0
    return door


@proves("A8.2")
def test_a_comparison_names_inputs_files_agents_steps_and_findings(twice: Door) -> None:
    found = twice.call("runs", "diff", "--json").json
    assert found["inputs"] == [{"name": "history", "before": True, "after": False}]
    assert found["files"] == ["A app/more.py", "M app/queries.py"]
    assert found["before"]["commit"] != found["after"]["commit"]
    assert "security/sql-injection" in {finding["rule"] for finding in found["gone"]}
    assert "security/weak-hash" in {finding["rule"] for finding in found["new"]}
    assert {one["rule"] for one in found["new"]} & {one["rule"] for one in found["gone"]} == set()
    backwards = twice.call("runs", "diff", "last", "@{1}", "--json").json
    assert [one["id"] for one in backwards["new"]] == [one["id"] for one in found["gone"]]
    assert backwards["same"] == found["same"]
    text = twice.call("runs", "diff").out
    assert "A app/more.py" in text
    assert "history  true → false" in text
    assert "+ low" in text


def test_a_run_compared_with_itself_differs_in_nothing(twice: Door) -> None:
    found = twice.call("runs", "diff", "last", "last", "--json").json
    same = twice.call("findings", "list", "--json").json["total"]
    assert found["same"] == same
    assert {name for name in found if name not in ("before", "after", "same")} == set()


def test_what_cannot_be_compared_says_why(clean: Door) -> None:
    assert clean.call("review").code == 0
    alone = clean.call("runs", "diff")
    assert (alone.code, "FL-S065" in alone.err) == (2, True)
    three = clean.call("runs", "diff", "last", "last", "last")
    assert (three.code, "FL-S001" in three.err) == (2, True)


def test_a_changed_agent_is_named_with_both_versions(clean: Door, tmp_path: Path) -> None:
    clean.write("one.yaml", "fairlead: 1\nname: one\nsteps:\n  - id: look\n    agent: inventory\n")
    assert clean.call("run", "one.yaml").code == 0
    clean.write("one.yaml", "fairlead: 1\nname: one\nsteps:\n  - id: look\n    agent: secret-scanner\n")
    assert clean.call("run", "one.yaml").code == 0
    [change] = clean.call("runs", "diff", "--json").json["agents"]
    assert change["name"] == "look"
    assert change["before"].startswith("inventory ")
    assert change["after"].startswith("secret-scanner ")


@proves("A8.3")
def test_an_exported_run_is_taken_over_whole_and_says_so(twice: Door, tmp_path: Path) -> None:
    run = twice.call("runs", "show", "--json").json["run"]
    made = twice.call("runs", "export", run, "-o", "run.jsonl.gz", "--json").json
    away = Door(tmp_path / "away")
    away.root.mkdir()
    away.write("app/queries.py", INJECTION)
    away.commit()
    file = str(twice.root / "run.jsonl.gz")
    taken = away.call("runs", "import", file, "--json")
    assert taken.code == 0, taken.err
    assert (taken.json["run"], taken.json["digest"], taken.json["is_new"]) == (run, made["digest"], True)
    there, here = (one.call("runs", "show", run, "--json").json for one in (away, twice))
    assert there.pop("imported_by")
    assert there["findings"] == here["findings"]
    assert {**there, "seq": 0, "receipt": ""} == {**here, "seq": 0, "receipt": ""}
    assert "not performed here" in away.call("runs", "show", run).out.replace("\n", " ")
    assert away.call("journal", "verify").code == 0
    again = away.call("runs", "import", file, "--json").json
    assert again["is_new"] is False
    away.call("runs", "export", run, "-o", "back.jsonl.gz")
    assert (away.root / "back.jsonl.gz").read_bytes() == (twice.root / "run.jsonl.gz").read_bytes()
    once_more = away.call("rerun", run, "--json").json
    assert once_more["root"] == str(away.root)


def unpacked(door: Door) -> list[bytes]:
    door.call("runs", "export", "-o", "run.jsonl")
    return (door.root / "run.jsonl").read_bytes().splitlines()


@pytest.fixture(scope="module")
def lines(once: Door) -> list[bytes]:
    """What is exported of the one run."""
    return unpacked(once)


Damage = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda lines: lines[:-1], id="cut before its end"),
        pytest.param(lambda lines: [*lines[:3], *lines[4:]], id="an event is missing"),
        pytest.param(lambda lines: [*lines[:-2], lines[-3], *lines[-2:]], id="an event stands twice"),
        pytest.param(lambda lines: [lines[0].replace(b'run":1', b'run":9'), *lines[1:]], id="another format"),
        pytest.param(lambda lines: [b"{}", *lines[1:]], id="no head"),
        pytest.param(lambda lines: [*lines[:-2], b"\xff\xfe", lines[-1]], id="no text"),
        pytest.param(lambda lines: [b""], id="empty"),
    ],
)
def test_a_damaged_export_is_refused_whole(once: Door, lines: list[bytes], damage: Damage) -> None:
    once.write("bad.jsonl", b"\n".join(damage(lines)) + b"\n")
    refused = once.call("runs", "import", "bad.jsonl")
    assert (refused.code, "FL-S067" in refused.err) == (2, True), refused.err
    assert len(once.call("runs", "list", "--json").json["runs"]) == 1


def sealed(lines: list[bytes]) -> bytes:
    """The lines as a file whose last line fits them, as somebody would write it who knows how."""
    from hashlib import sha256

    body = b"".join(line + b"\n" for line in lines)
    return body + json.dumps({"end": "sha256:" + sha256(body).hexdigest()}).encode() + b"\n"


def test_an_export_whose_events_cannot_have_happened_is_refused(once: Door, lines: list[bytes]) -> None:
    head, content, *events = lines[:-1]
    other = json.loads(content)
    other["data"] = base64.b64encode(base64.b64decode(other["data"]).replace(b'"review"', b'"revieW"')).decode()
    forged = [
        [head, json.dumps(other).encode(), *events],
        [head, content, events[0], events[1], *events[3:], events[-1]],  # an outcome without its intent
        [head.replace(b'"r-', b'"../r-'), content, *events],
    ]
    for lines in forged:
        once.write("bad.jsonl", sealed(lines))
        refused = once.call("runs", "import", "bad.jsonl")
        assert (refused.code, "FL-S067" in refused.err) == (2, True), refused.err
    assert once.call("journal", "verify").code == 0


def test_flipped_bytes_never_get_in(once: Door) -> None:
    once.call("runs", "export", "-o", "run.jsonl.gz")
    data = (once.root / "run.jsonl.gz").read_bytes()
    whole = gzip.decompress(data)
    rng = random.Random(7)
    for number in range(6):
        source, name = (data, "bad.jsonl.gz") if number % 2 else (whole, "bad.jsonl")
        place = rng.randrange(12, len(source) - 10)
        once.write(name, source[:place] + bytes([source[place] ^ 0x10]) + source[place + 1 :])
        refused = once.call("runs", "import", name)
        assert (refused.code, "FL-S067" in refused.err) == (2, True), (place, refused.err)
    # One digit of a time: it still reads well, and only the digest of the whole tells.
    once.write("bad.jsonl", whole.replace(b'"at":17', b'"at":16', 1))
    refused = once.call("runs", "import", "bad.jsonl")
    assert (refused.code, "FL-S067" in refused.err) == (2, True), refused.err
    assert len(once.call("runs", "list", "--json").json["runs"]) == 1


def test_only_what_has_ended_is_exported_and_another_run_keeps_its_id(clean: Door, tmp_path: Path) -> None:
    assert clean.call("review").code == 0
    run = clean.call("runs", "show", "--json").json["run"]
    lines = unpacked(clean)[:-1]
    changed = [line.replace(b'"at":17', b'"at":16') for line in lines]
    clean.write("other.jsonl", sealed(changed))
    refused = clean.call("runs", "import", "other.jsonl")
    assert (refused.code, "FL-S068" in refused.err) == (2, True), refused.err
    clean.write("wait.yaml", "fairlead: 1\nname: wait\nsteps:\n  - id: wait\n    run: sleep 600\n")
    running = clean.start("run", "wait.yaml")
    open_run = clean.wait_until_step_runs("wait")
    refused = clean.call("runs", "export", open_run)
    assert (refused.code, "FL-S064" in refused.err) == (2, True)
    clean.call("cancel", open_run)
    running.communicate(timeout=60)
    assert clean.call("runs", "export", run, "-o", "sums.py/run.jsonl").code == 8
    missing = clean.call("runs", "import", "nothing.jsonl")
    assert (missing.code, "FL-S008" in missing.err) == (2, True)


@proves("A8.1")
def test_the_history_of_a_workflow_agrees_with_its_runs(tmp_path: Path) -> None:
    twice = reviewed_twice(tmp_path / "shop")
    twice.write("no.yaml", "fairlead: 1\nname: no\nsteps:\n  - id: no\n    run: 'false'\n")
    assert twice.call("run", "no.yaml").code == 1
    lines = {line["workflow"]: line for line in twice.call("runs", "report", "--jsonl").lines}
    listed = twice.call("runs", "list", "--jsonl").lines
    assert lines["no"]["statuses"] == {"failed": 1}
    assert lines["no"]["success"] == 0
    reviews = [line for line in listed if line["workflow"] == "review"]
    assert lines["review"]["runs"] == len(reviews) == 2
    history = twice.call("runs", "report", "review", "--json").json
    assert [point["run"] for point in history["runs"]] == [line["run"] for line in reversed(reviews)]
    for point in history["runs"]:
        shown = twice.call("runs", "show", point["run"], "--json").json
        assert (point["status"], point["totals"], point["commit"]) == (
            shown["status"],
            shown["totals"],
            shown["commit"],
        )
    steps = {step["step"]: step for step in history["steps"]}
    assert steps["secrets"]["seconds"]["count"] == 2
    failed = twice.call("runs", "report", "no")
    assert "1 failed" in failed.out
    unknown = twice.call("runs", "report", "nothing")
    assert (unknown.code, "FL-S066" in unknown.err) == (2, True)
    assert twice.call("runs", "report", "--limit", "0").code == 2


def test_where_nothing_was_recorded_a_report_is_empty_and_an_export_refused(clean: Door) -> None:
    assert "makes the first" in clean.call("runs", "report").out
    assert clean.call("runs", "export").code == 2
