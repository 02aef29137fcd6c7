"""What was recorded once is read for ever: each frozen history folds as it did on the day on which it was frozen."""

import re
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from fairlead.core import events
from fairlead.core.errors import FairleadError
from fairlead.core.events import FindingReopened, RunQueued, decode_event, encode_event
from fairlead.core.ids import RunId
from fairlead.core.transitions import RUN_ENDED, STEP_ENDED
from fairlead.journal import chain, open_journal, open_reader, verify
from tests.histories.frozen import (
    HERE,
    KINDS,
    SUMS,
    all_kinds,
    all_statuses,
    fold_history,
    names,
    read_expected,
    read_history,
    shown_in,
    states,
    tag_of,
    wanted,
)
from tests.journal.parts import Deliveries, FakeClock
from tests.proves import proves

ADDING = "python -m pytest --basetemp=DIR tests/runtime tests/journeys; python tools/freeze_histories.py --perform DIR"


@proves("B1.8")
@pytest.mark.parametrize("name", names())
def test_a_frozen_history_folds_as_it_did(name: str) -> None:
    expected, found = read_expected(name), fold_history(read_history(name))
    assert found.end == expected.end, "a run that somebody has would stand elsewhere: keep the meaning of its events"
    assert found.digest == expected.digest, "its end is the same, but on the way there it stood elsewhere"


@proves("B1.8")
def test_every_kind_every_field_and_every_status_is_frozen() -> None:
    shown: set[str] = set()
    for name in names():
        shown |= shown_in(read_history(name))
    missing = sorted((wanted() | all_statuses()) - shown)
    assert not missing, f"no frozen history shows {', '.join(missing)}; add one: {ADDING}"
    assert len([one for one in shown if one.startswith(("run: ", "step: ")) and " > " in one]) >= 30


@pytest.mark.parametrize("name", names())
def test_what_was_read_can_be_written_and_read_again(name: str) -> None:
    """No field is lost on the way through today's records, and none that nobody knows stands in a frozen event."""
    lines = (HERE / f"{name}.jsonl").read_bytes().splitlines()[2:]
    for line, record in zip(lines, read_history(name).records, strict=True):
        assert decode_event(encode_event(record.event)) == record.event
        frozen = msgspec.json.decode(line)["event"]
        known = {field.encode_name for field in msgspec.structs.fields(type(record.event))}
        assert set(frozen) - known == {"kind"}, f"{tag_of(type(record.event))} has lost a field"


def test_a_kind_keeps_its_number_and_its_name() -> None:
    frozen = msgspec.json.decode((HERE / KINDS).read_bytes(), type=dict[str, str])
    numbers = {
        str(chain.pack_event(record.event)[0]): tag_of(type(record.event))
        for name in names()
        for record in read_history(name).records
    }
    assert numbers == frozen
    assert set(frozen.values()) == {tag_of(kind) for kind in all_kinds()}


def test_frozen_files_are_as_they_were_frozen() -> None:
    lines = (HERE / SUMS).read_text("utf-8").splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    assert len(sums) == len(lines), "a file is frozen once"
    files = {path.name for path in HERE.iterdir() if path.suffix in (".jsonl", ".json")} - {KINDS}
    assert files == set(sums), "what is frozen stays, and what is added is noted"
    changed = [name for name, digest in sums.items() if sha256((HERE / name).read_bytes()).hexdigest() != digest]
    assert not changed, f"a frozen file is never written again: {', '.join(changed)}"


def test_nothing_says_whose_machine_it_was() -> None:
    text = "".join((HERE / f"{name}.jsonl").read_text("utf-8") for name in names())
    places = set(re.findall(r'"/[^"]*"', text))
    assert not [place for place in places if not place.startswith(('"/project', '"/tree', '"/usr', '"/bin'))], places


def test_histories_come_to_every_end() -> None:
    ends, steps = set(), set()
    for name in names():
        *_, last = states(read_history(name))
        ends.add(last.status)
        steps |= {step.status for step in last.steps.values()}
    assert ends >= RUN_ENDED | {"waiting"}
    assert steps >= STEP_ENDED


# ------------------------------------------------------------------------------------------------------- newer kinds


class RunPraised(events._Event, frozen=True, tag="run.praised"):
    """A kind that a Fairlead of tomorrow may have."""

    by: str


@pytest.fixture
def of_tomorrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal that a newer Fairlead has written: its fourth event is of a kind that this one does not know."""
    number = max(chain._KINDS) + 1
    with monkeypatch.context() as newer:
        newer.setitem(chain._NUMBERS, RunPraised, number)  # type: ignore[misc]  # a kind of tomorrow
        newer.setitem(chain._TAGS, number, "run.praised")
        newer.setattr(chain, "_REQUESTS", chain._REQUESTS | {number})
        journal = open_journal(str(tmp_path / "state"), clock=FakeClock(), deliver=Deliveries())
        definition = journal.put(b"{}")
        for run in ("r-before00", "r-praised0"):
            journal.record(RunId(run), RunQueued("sample", definition, {}, "/project"))
        journal.record(RunId("r-praised0"), RunPraised("ada"))  # type: ignore[arg-type]  # as above
        journal.record(RunId("r-praised0"), FindingReopened("f" * 64))
        journal.close()
    return tmp_path / "state"


@proves("B1.9")
def test_a_newer_kind_is_refused_and_not_skipped(of_tomorrow: Path) -> None:
    reader = open_reader(str(of_tomorrow), clock=FakeClock())
    assert len(list(reader.events_of(RunId("r-before00")))) == 1, "other runs are read"
    with pytest.raises(FairleadError) as refused:
        list(reader.events_of(RunId("r-praised0")))
    reader.close()
    assert refused.value.code == "FL-L004"
    number = max(chain._KINDS) + 1
    assert f"event 3 of the journal in {of_tomorrow} was written by a newer Fairlead" in str(refused.value)
    assert f"its kind is number {number}, and this Fairlead knows those up to {number - 1}" in str(refused.value)
    (problem,) = verify(str(of_tomorrow), clock=FakeClock()).problems
    assert (problem.seq, problem.code) == (3, "FL-L004")


@proves("B1.9")
def test_a_newer_kind_in_a_file_is_refused_by_its_name() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"run\.praised"):
        decode_event(b'{"kind":"run.praised","by":"ada"}')


def test_a_kind_that_was_altered_is_called_altered(of_tomorrow: Path) -> None:
    import apsw

    connection = apsw.Connection(str(of_tomorrow / "journal.db"))
    connection.execute("UPDATE events SET kind = 200 WHERE seq = 2")
    connection.close()
    found = [problem for problem in verify(str(of_tomorrow), clock=FakeClock()).problems if problem.seq == 2]
    assert found[0].code == "FL-L002"
    assert "FL-L004" not in {problem.code for problem in found}
