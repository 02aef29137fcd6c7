"""What is remembered of findings: accepted with a reason until a day, first and last seen, new and fixed."""

import json
from pathlib import Path

import msgspec
import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.events import AttemptFailed, RunClaimed, RunQueued
from fairlead.core.findings import Finding
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Digest
from fairlead.journal import SqliteJournal
from fairlead.service.acceptances import Accepting, accept_findings, export_accepted, reopen_findings
from fairlead.service.endings import exit_code
from fairlead.service.findings import export_findings, list_findings, show_finding
from fairlead.service.labels import BASE_COMMIT, BASE_NAME, BASELINE_RUN
from fairlead.service.memory import State, with_previous
from fairlead.service.runs import show_run
from fairlead.views.acceptances import (
    ENTRIES_MAX,
    FILE,
    FILE_BYTES_MAX,
    TEXT_CHARACTERS_MAX,
    WARNINGS_MAX,
    day_of,
    read_accepted,
)
from fairlead.views.runs import RunView
from tests.proves import proves
from tests.service.parts import WORKFLOW, PaperParts, ended, finding, started, succeeded
from tests.views.kept import Keeper

DAY = 86_400
A, B, C = ("a" * 24, "b" * 24, "c" * 24)
ONE = finding(line=1, fingerprint=A)
TWO = finding(line=2, fingerprint=B, severity="low", rule="security/ssrf", path="tests/x.py")
THREE = finding(line=3, fingerprint=C, severity="medium", path="app/queries.py")


def reviewed(
    parts: PaperParts, run: str, *findings: Finding, degraded: tuple[str, ...] = (), **inputs: object
) -> RunId:
    """A run whose one scanner found these."""
    journal = parts.journal(parts.project(""))
    assert isinstance(journal, SqliteJournal)
    keeper = Keeper(journal, parts.deliveries, WORKFLOW, RunId(run))
    keeper.keep([RunQueued(WORKFLOW.name, Digest(""), inputs, str(parts.root), requester="ada"), RunClaimed("w-1")])
    keeper.keep([started("secrets"), succeeded("secrets", findings, degraded=degraded)])
    keeper.keep([ended("degraded" if degraded else "succeeded")])
    parts.fake_clock.move(60)
    return RunId(run)


def view_of(parts: PaperParts, run: RunId) -> RunView:
    return show_run(parts, parts.project(""), run)


def accept(parts: PaperParts, run: RunId, *ids: str, reason: str = "known", **more: str) -> None:
    accept_findings(parts, parts.project(""), run, Accepting(reason, findings=ids, **more))


def write_file(parts: PaperParts, *entries: object, text: str = "") -> Path:
    path = parts.root / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(text or json.dumps({"fairlead": 1, "accepted": entries}, indent=1))
    return path


def entry(fingerprint: str = A, **more: object) -> dict[str, object]:
    return {"fingerprint": fingerprint, "rule": "security/ssrf", "path": "a.py", "reason": "a test", **more}


def today(parts: PaperParts, days: int = 0) -> str:
    return day_of(parts.fake_clock.now() + days * DAY * 1_000_000)


@proves("C8")
def test_an_accepted_finding_is_shown_and_counts_for_nothing(parts: PaperParts) -> None:
    run = reviewed(parts, "r-one00001", ONE, TWO)
    assert exit_code(view_of(parts, run), fail_on="high") == 1
    accept(parts, run, "f-aaa", reason="only our own tests call it")
    view = view_of(parts, run)
    assert view.totals["high"] == 0
    assert [(one.fingerprint, one.accepted is not None) for one in view.findings] == [(A, True), (B, False)]
    assert view.findings[0].accepted is not None
    assert (view.findings[0].accepted.by, view.findings[0].accepted.reason) == ("ada", "only our own tests call it")
    assert exit_code(view, fail_on="high") == 0
    again = reviewed(parts, "r-two00001", ONE, TWO)
    assert view_of(parts, again).totals["high"] == 0, "a later run remembers"
    states: tuple[State, ...] = ("open", "accepted", "all")
    listed = {state: list_findings(parts, parts.project(""), again, state=state) for state in states}
    assert {state: len(found.findings) for state, found in listed.items()} == {"open": 1, "accepted": 1, "all": 2}
    assert listed["open"].accepted == "1 accepted: 1 recorded here"
    sarif = json.loads(export_findings(parts, parts.project(""), again, "sarif").text)
    suppressed = [one.get("suppressions") for run in sarif["runs"] for one in run["results"]]
    assert suppressed[0][0]["justification"] == "only our own tests call it"
    assert suppressed[1] is None
    md = export_findings(parts, parts.project(""), again, "md").text
    assert "1 accepted: 1 recorded here" in md
    assert "0 high" not in md


def test_an_acceptance_holds_on_its_last_day_and_not_on_the_next(parts: PaperParts) -> None:
    run = reviewed(parts, "r-one00001", ONE)
    accept(parts, run, "aaa", until="2d")
    parts.fake_clock.move(2 * DAY)
    assert view_of(parts, run).totals["high"] == 0
    parts.fake_clock.move(DAY)
    view = view_of(parts, run)
    assert view.totals["high"] == 1
    assert view.findings[0].accepted is None
    assert view.findings[0].lapsed is not None
    assert view.findings[0].lapsed.until == today(parts, -1)
    accept(parts, run, "aaa", until=today(parts))
    assert view_of(parts, run).totals["high"] == 0, "it may be accepted again"


NO_ACCEPTANCE = [
    (Accepting("", findings=("aaa",)), "FL-S050"),
    (Accepting("  ", findings=("aaa",)), "FL-S050"),
    (Accepting("x" * (TEXT_CHARACTERS_MAX + 1), findings=("aaa",)), "FL-S050"),
    (Accepting("x", "yesterday", ("aaa",)), "FL-S051"),
    (Accepting("x", "2020-01-01", ("aaa",)), "FL-S051"),
    (Accepting("x", "2020-1-1", ("aaa",)), "FL-S051"),
    (Accepting("x", "0d", ("aaa",)), "FL-S051"),
    (Accepting("x", "99999d", ("aaa",)), "FL-S051"),
    (Accepting("x", "2999-01-01", ("aaa",)), "FL-S051"),
    (Accepting("x"), "FL-S052"),
    (Accepting("x", findings=("aaa",), rule="security/ssrf"), "FL-S052"),
    (Accepting("x", rule="security/xss"), "FL-S053"),
    (Accepting("x", rule="security/no-such-rule"), "FL-S010"),
    (Accepting("x", path="nowhere"), "FL-S008"),
    (Accepting("x", findings=("aaa", "999")), "FL-S012"),
    (Accepting("x", findings=("abc",)), "FL-S013"),
]


def test_what_is_no_acceptance_records_nothing(parts: PaperParts) -> None:
    twins = [finding(line=n, fingerprint=f"abc{n}" + "0" * 20) for n in (1, 2)]
    run = reviewed(parts, "r-one00001", ONE, *twins)
    head = parts.journal(parts.project("")).head()
    for what, code in NO_ACCEPTANCE:
        with pytest.raises(FairleadError, match=code):
            accept_findings(parts, parts.project(""), run, what)
        assert parts.journal(parts.project("")).head() == head, what


def test_all_that_match_a_rule_or_a_path_now_are_accepted_and_no_later_one(parts: PaperParts) -> None:
    run = reviewed(parts, "r-one00001", ONE, TWO, THREE)
    project = parts.project("")
    (parts.root / "app").mkdir()
    done = accept_findings(parts, project, run, Accepting("old", rule="security", path="app"))
    assert [one.fingerprint for one in done.findings] == [A, C]
    later = finding(line=9, fingerprint="d" * 24, path="app/new.py")
    again = reviewed(parts, "r-two00001", ONE, TWO, THREE, later)
    assert [one.fingerprint for one in list_findings(parts, project, again).findings] == ["d" * 24, B]
    with pytest.raises(FairleadError, match="FL-S053"):
        accept_findings(parts, project, run, Accepting("old", path="app"))


def test_accepting_twice_and_reopening_have_clear_answers(parts: PaperParts) -> None:
    run = reviewed(parts, "r-one00001", ONE)
    project = parts.project("")
    journal = parts.journal(project)
    accept(parts, run, "aaa")
    head = journal.head()
    same = accept_findings(parts, project, run, Accepting("known", findings=("aaa",)))
    assert (len(same.findings), [one.fingerprint for one in same.already]) == (0, [A])
    assert journal.head() == head, "the same words again are not recorded again"
    other = accept_findings(parts, project, run, Accepting("known, for now", "3d", ("aaa", "f-aaaa")))
    assert [one.accepted.reason for one in other.findings if one.accepted] == ["known, for now"]
    assert journal.head() == head + 1, "naming it twice records it once"
    reopened = reopen_findings(parts, project, run, ("aaa",), reason="it is called from outside now")
    assert [one.fingerprint for one in reopened.findings] == [A]
    assert view_of(parts, run).totals["high"] == 1
    with pytest.raises(FairleadError, match="FL-S054"):
        reopen_findings(parts, project, run, ("aaa",))
    with pytest.raises(FairleadError, match="FL-S012"):
        reopen_findings(parts, project, run, ("999",))
    accept(parts, run, "aaa")
    assert view_of(parts, run).totals["high"] == 0, "what was reopened may be accepted"


def test_a_finding_that_is_gone_can_still_be_reopened(parts: PaperParts) -> None:
    run = reviewed(parts, "r-one00001", ONE)
    accept(parts, run, "aaa")
    clean = reviewed(parts, "r-two00001")
    assert [one.fingerprint for one in reopen_findings(parts, parts.project(""), clean, ("aaa",)).findings] == [A]


# ------------------------------------------------------------------------------------------------------------ the file


@proves("C8")
def test_the_file_accepts_and_is_counted_aloud(parts: PaperParts) -> None:
    write_file(parts, entry(A), entry(B, until="2999-12-31", by="ben", at="2026-01-02"))
    run = reviewed(parts, "r-one00001", ONE, TWO, THREE)
    accept(parts, run, "ccc")
    found = list_findings(parts, parts.project(""), run)
    assert found.accepted == f"3 accepted: 2 by {FILE}, 1 recorded here"
    assert found.findings == ()
    accepted = {one.fingerprint: one.accepted for one in view_of(parts, run).findings}
    by_ben = accepted[B]
    assert by_ben is not None
    assert (by_ben.by, day_of(by_ben.at), by_ben.until) == ("ben", "2026-01-02", "2999-12-31")
    with pytest.raises(FairleadError, match="FL-S055"):
        reopen_findings(parts, parts.project(""), run, ("aaa",))
    same = accept_findings(parts, parts.project(""), run, Accepting("other words", findings=("aaa",)))
    assert len(same.already) == 1
    (parts.root / FILE).unlink()
    assert view_of(parts, run).totals == {"critical": 0, "high": 1, "medium": 0, "low": 1, "info": 0}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("text", "no object"),
        ({"fingerprint": A}, "'rule' is missing"),
        (entry(A, reason="  "), "'reason' is empty"),
        (entry(A, reason=7), "'reason' is no text"),
        (entry(A, why="x"), "'why' is unknown"),
        (entry(A[:10]), "24 hexadecimal digits"),
        (entry("A" * 24), "24 hexadecimal digits"),
        (entry(A, until="soon"), "no day"),
        (entry(A, until="2026-02-30"), "no day"),
        (entry(A, at="20260102"), "no day"),
        (entry(A, reason="x" * (TEXT_CHARACTERS_MAX + 1)), "more than 2,000 characters"),
        (entry(B), "stands above already"),
    ],
)
def test_a_bad_entry_is_a_warning_with_its_place_and_accepts_nothing(bad: object, said: str) -> None:
    text = json.dumps({"fairlead": 1, "accepted": [entry(B), bad, entry(C)]}, indent=1)
    found, warnings = read_accepted(text.encode())
    assert set(found) == {B, C}
    (warning,) = warnings
    assert (warning.code, warning.is_warning, warning.file) == ("FL-S017", True, FILE)
    assert said in warning.message
    assert "accepted[1]" in warning.message
    assert warning.span is not None
    line = text.split("\n")[warning.span.line - 1]
    assert line[warning.span.column - 1] in '{"'
    assert line == warning.source


def test_a_file_with_a_bad_entry_is_never_written_anew(parts: PaperParts) -> None:
    path = write_file(parts, entry(B), "bad", entry(C))
    run = reviewed(parts, "r-one00001", ONE, TWO, THREE)
    view = view_of(parts, run)
    assert [one.fingerprint for one in view.findings if one.accepted is None] == [A]
    assert [warning.code for warning in view.warnings] == ["FL-S017"]
    before = path.read_text()
    with pytest.raises(FairleadError, match="FL-S018"):
        export_accepted(parts, parts.project(""), run, str(path))
    assert path.read_text() == before
    elsewhere = parts.root / "other.json"
    export_accepted(parts, parts.project(""), run, str(elsewhere))
    assert set(read_accepted(elsewhere.read_bytes())[0]) == {B, C}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"accepted": []}',
        '{"fairlead": 2, "accepted": []}',
        '{"fairlead": 1, "accepted": {}}',
        '{"fairlead": 1, "accepted": [], "more": 1}',
        '{"fairlead": 1, "accepted": [], "accepted": []}',
        '{"fairlead": 1, "accepted": [NaN]}',
        "[" * 70 + "]" * 70,
        '{"fairlead": 1, "accepted": []}' + " " * FILE_BYTES_MAX,
        '{"fairlead": 1, "accepted": [' + ",".join(["0"] * (ENTRIES_MAX + 1)) + "]}",
    ],
)
def test_a_file_that_is_no_such_file_accepts_nothing_and_says_so(text: str) -> None:
    found, warnings = read_accepted(text.encode())
    assert (found, [warning.code for warning in warnings]) == ({}, ["FL-S016"])


def test_the_warnings_of_one_file_are_bounded_and_counted() -> None:
    _, warnings = read_accepted(json.dumps({"fairlead": 1, "accepted": ["bad"] * (WARNINGS_MAX + 5)}).encode())
    assert len(warnings) == WARNINGS_MAX + 1
    assert warnings[-1].message == "5 more entries accept nothing"


def test_what_is_exported_is_read_as_it_was(parts: PaperParts) -> None:
    run = reviewed(parts, "r-one00001", ONE, TWO, THREE)
    write_file(parts, entry(C))
    accept(parts, run, "aaa", reason='"quotes", ünï and\nlines', until="90d")
    accept(parts, run, "bbb")
    path = parts.root / FILE
    export_accepted(parts, parts.project(""), run, str(path))
    text = path.read_text()
    found = list_findings(parts, parts.project(""), run)
    assert (found.accepted, found.warnings) == (f"3 accepted: 3 by {FILE}", ())
    assert [row["fingerprint"] for row in json.loads(text)["accepted"]] == [C, A, B], "by path: small differences"
    export_accepted(parts, parts.project(""), run, str(path))
    assert path.read_text() == text
    assert export_accepted(parts, parts.project(""), run).text == text


# ---------------------------------------------------------------------------------------------- first, last, new, fixed


@proves("C8.5")
def test_first_and_last_seen_and_fixed_by_a_complete_run_over_the_same_scope(parts: PaperParts) -> None:
    first = reviewed(parts, "r-run00001", ONE, TWO)
    last = reviewed(parts, "r-run00002", ONE, TWO)
    reviewed(parts, "r-run00003", degraded=("a tool is missing",))
    reviewed(parts, "r-run00004", paths=["docs"])
    reviewed(parts, "r-run00005", min_severity="high")
    project = parts.project("")
    detail = show_finding(parts, project, last, "aaa")
    assert (detail.first_run, detail.last_run, detail.fixed_by) == (first, last, "")
    fixing = reviewed(parts, "r-run00006", TWO, paths=["app"])
    reviewed(parts, "r-run00007", TWO)
    detail = show_finding(parts, project, last, "aaa")
    assert (detail.first_run, detail.last_run, detail.fixed_by) == (first, last, fixing)
    assert show_finding(parts, project, last, "bbb").last_run == "r-run00007"
    assert not show_finding(parts, project, last, "bbb").fixed_by
    again = reviewed(parts, "r-run00008", ONE)
    assert not show_finding(parts, project, again, "aaa").fixed_by, "it came back"


def test_a_step_that_failed_proves_nothing(parts: PaperParts) -> None:
    last = reviewed(parts, "r-run00001", ONE)
    parts.record_run(
        "r-run00002",
        [started("secrets"), AttemptFailed(Place("secrets"), 1, "agent", "FL-R201", "it broke"), ended("failed")],
    )
    assert not show_finding(parts, parts.project(""), last, "aaa").fixed_by


def test_the_newest_comparable_run_tells_what_is_new_and_fixed(parts: PaperParts) -> None:
    project = parts.project("")
    first = reviewed(parts, "r-run00001", ONE, TWO)
    assert with_previous(parts, project, view_of(parts, first)).previous is None
    assert list_findings(parts, project, first, state="fixed").findings == ()
    assert len(list_findings(parts, project, first, state="new").findings) == 2, "with nothing before it, all are new"
    reviewed(parts, "r-run00002", paths=["docs"])
    run = reviewed(parts, "r-run00003", TWO, THREE)
    previous = with_previous(parts, project, view_of(parts, run)).previous
    assert previous is not None
    assert (previous.run, previous.new, previous.fixed) == (first, (C,), (A,))
    fixed = list_findings(parts, project, run, state="fixed")
    assert ([one.fingerprint for one in fixed.findings], fixed.previous) == ([A], first)
    assert [one.fingerprint for one in list_findings(parts, project, run, state="new").findings] == [C]


@proves("C8.5")
def test_fail_on_new_asks_only_for_what_the_run_before_did_not_have(parts: PaperParts) -> None:
    project = parts.project("")

    def code(run: RunId, limit: str) -> int:
        return exit_code(with_previous(parts, project, view_of(parts, run)), fail_on=limit)  # type: ignore[arg-type]  # a word of FailOn

    first = reviewed(parts, "r-run00001", ONE)
    assert code(first, "new-high") == 1, "with nothing before it, everything is new"
    same = reviewed(parts, "r-run00002", ONE)
    assert (code(same, "new-high"), code(same, "high")) == (0, 1)
    more = reviewed(parts, "r-run00003", ONE, THREE)
    assert (code(more, "new-high"), code(more, "new-medium"), code(more, "new-critical")) == (0, 1, 0)
    accept(parts, more, "ccc")
    assert code(more, "new-medium") == 0
    sarif = json.loads(export_findings(parts, project, more, "sarif").text)
    assert all("baselineState" not in one for run in sarif["runs"] for one in run["results"])


def test_a_change_of_accepted_code_reminds_of_the_acceptance(parts: PaperParts) -> None:
    run = reviewed(parts, "r-run00001", ONE, TWO)
    accept(parts, run, "aaa", reason="only our own tests call it")
    changed = reviewed(parts, "r-run00002", msgspec.structs.replace(ONE, fingerprint="e" * 24), TWO)
    detail = show_finding(parts, parts.project(""), changed, "eee")
    assert detail.finding.accepted is None
    assert detail.once_accepted is not None
    assert detail.once_accepted.acceptance.reason == "only our own tests call it"
    assert show_finding(parts, parts.project(""), changed, "bbb").once_accepted is None
    both = reviewed(parts, "r-run00003", ONE, msgspec.structs.replace(ONE, fingerprint="e" * 24))
    assert show_finding(parts, parts.project(""), both, "eee").once_accepted is None, "the accepted one is still there"


# -------------------------------------------------------------------------------------------------------- the baseline


def compared(parts: PaperParts, run: str, baseline: str, *findings: Finding) -> RunId:
    """A run that was asked to count only what *baseline* has not."""
    journal = parts.journal(parts.project(""))
    assert isinstance(journal, SqliteJournal)
    keeper = Keeper(journal, parts.deliveries, WORKFLOW, RunId(run))
    labels = {BASE_NAME: "main @ 4f2c1e9", BASE_COMMIT: "4" * 40, BASELINE_RUN: baseline}
    keeper.keep([RunQueued(WORKFLOW.name, Digest(""), {}, str(parts.root), labels=labels), RunClaimed("w-1")])
    keeper.keep([started("secrets"), succeeded("secrets", findings), ended()])
    return RunId(run)


@proves("C8.5")
def test_only_what_the_baseline_has_not_counts(parts: PaperParts) -> None:
    baseline = reviewed(parts, "r-base0001", ONE)
    run = compared(parts, "r-new00001", baseline, ONE, THREE)
    view = view_of(parts, run)
    assert [(one.fingerprint, one.is_new) for one in view.findings] == [(A, False), (C, True)]
    assert (view.totals["high"], view.totals["medium"], view.warnings) == (0, 1, ())
    assert (exit_code(view, fail_on="high"), exit_code(view, fail_on="new-medium")) == (0, 1)
    found = list_findings(parts, parts.project(""), run)
    assert ([one.fingerprint for one in found.findings], found.older, found.baseline) == ([C], 1, "main @ 4f2c1e9")
    accept(parts, run, "aaa")
    assert list_findings(parts, parts.project(""), run).older == 0, "it is counted once, among the accepted"
    sarif = json.loads(export_findings(parts, parts.project(""), run, "sarif").text)
    states = [one["baselineState"] for runs in sarif["runs"] for one in runs["results"]]
    assert states == ["unchanged", "new"]


def test_a_baseline_that_overlooked_something_or_is_gone_hides_nothing_and_says_so(parts: PaperParts) -> None:
    partial = reviewed(parts, "r-base0001", ONE, degraded=("a tool is missing",))
    view = view_of(parts, compared(parts, "r-new00001", partial, ONE, THREE))
    assert [warning.code for warning in view.warnings] == ["FL-S019"]
    assert partial in view.warnings[0].message
    lost = view_of(parts, compared(parts, "r-new00002", "r-lost0001", ONE, THREE))
    assert [one.is_new for one in lost.findings] == [True, True]
    assert [warning.code for warning in lost.warnings] == ["FL-S019"]
