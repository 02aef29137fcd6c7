"""Requirements beside what a run has shown: only recorded evidence counts, and nothing is greener than it is."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import html5lib
import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.events import (
    AttemptFailed,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    RoundEnded,
    RunClaimed,
    RunEnded,
    RunQueued,
    StepOpened,
)
from fairlead.core.ids import Epoch, Micros, Place, RunId
from fairlead.core.json import Digest, digest, encode
from fairlead.core.outcomes import Check
from fairlead.core.requirements import Requirement
from fairlead.core.state import RunState, apply
from fairlead.core.workflow import AgentAction, Each, Expectation, LoopAction, RunAction, Step, Workflow
from fairlead.env.clock import SystemClock
from fairlead.journal import SqliteJournal, open_journal
from fairlead.views.requirements import RequirementRow, Trace, trace_of
from fairlead.views.requirements_html import trace_html
from fairlead.views.requirements_text import trace_csv, trace_markdown, trace_text
from tests.proves import proves
from tests.views.paper import HOSTILE

RUN = RunId("r-7q2k0000")
ASKED = (
    Requirement("REQ-CORE-1", "Existing behaviour is kept"),
    Requirement("REQ-CORE-2", "Acceptance criteria are met"),
    Requirement("REQ-QA-2", "Coverage at least 80 %", priority="high"),
    Requirement("REQ-SEC-1", "No new high or critical findings"),
    Requirement("REQ-SEC-9", "Secrets are rotated yearly"),
)
EXIT, LINE = "output.exit_code == 0", "output.coverage.line >= inputs.min_coverage"
NEW, CRITERIA = "output.findings.size() == 0", "output.criteria.all(c, c.met)"
STEPS = (
    Step("scope", AgentAction("change-scope")),
    Step(
        "tests",
        RunAction(("pytest",)),
        expect=(Expectation(EXIT, "no", ("REQ-CORE-1",)), Expectation(LINE, "low", ("REQ-QA-2",))),
    ),
    Step("security", AgentAction("security-scanner"), expect=(Expectation(NEW, "new ones", ("REQ-SEC-1",)),)),
    Step(
        "intent",
        AgentAction("feature-validator"),
        expect=(Expectation(CRITERIA, "not met", ("REQ-CORE-2",)),),
        optional=True,
    ),
)
OUTPUT = {"exit_code": 0, "coverage": {"line": 0.87}}


class Told:
    """A run on paper: the events are applied as the record would have them, contents lie in a real store."""

    def __init__(self, journal: SqliteJournal, steps: tuple[Step, ...], asked: tuple[Requirement, ...]) -> None:
        self.journal = journal
        workflow = Workflow("feature-validation", steps, flow="graph")
        self.state = RunState(workflow, RUN)
        kept = journal.put(encode(asked)) if asked else Digest("")
        self._record(RunQueued(workflow.name, Digest("sha256:0"), {}, "/tree", requirements=kept))
        self._record(RunClaimed("w-1"), 1)

    def _record(self, event: Event, epoch: int = 0) -> None:
        apply(self.state, event, Micros(1000), Epoch(epoch))

    def begin(self, place: str) -> None:
        self._record(AttemptStarted(Place(place), 1, "agent", "1", Digest("sha256:1")), 1)

    def succeed(self, place: str, output: object = None, summary: str = "", *checks: Check, degraded: str = "") -> None:
        self.begin(place)
        why = (degraded,) if degraded else ()
        self._record(AttemptSucceeded(Place(place), 1, output, summary=summary, degraded=why, checks=checks), 1)

    def fail(self, place: str, message: str, *checks: Check, fault: str = "result", output: object = None) -> None:
        self.begin(place)
        event = AttemptFailed(Place(place), 1, fault, "FL-R210", message, output=output, checks=checks)  # type: ignore[arg-type]  # one of the faults
        self._record(event, 1)

    def open(self, place: str, *keys: str, rounds: int = 0) -> None:
        self._record(StepOpened(Place(place), keys, items=list(keys), rounds_max=rounds), 1)

    def round(self, place: str, metric: float) -> None:
        self._record(RoundEnded(Place(place), metric), 1)

    def end(self, status: str = "succeeded") -> Trace:
        self._record(RunEnded(status), 1)
        return self.trace()

    def trace(self) -> Trace:
        return trace_of(self.state, self.journal)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    opened = open_journal(str(tmp_path / "state"), clock=SystemClock())
    yield opened
    opened.close()


def row(trace: Trace, name: str) -> RequirementRow:
    return next(one for one in trace.requirements if one.id == name)


def check(that: str, *satisfies: str, say: str = "", is_warning: bool = False) -> Check:
    return Check(that, not say, say, satisfies, is_warning)


@pytest.fixture
def told(journal: SqliteJournal) -> Told:
    """The run of the example: everything was done but for the step that needs a model."""
    told = Told(journal, STEPS, ASKED)
    told.succeed("scope", {"files": []}, "3 files")
    told.succeed("tests", OUTPUT, "412 passed", check(EXIT, "REQ-CORE-1"), check(LINE, "REQ-QA-2"))
    told.succeed("security", {"findings": []}, "0 new (2 old accepted)", check(NEW, "REQ-SEC-1"))
    told.fail("intent", "no model configured", fault="provider")
    return told


def test_each_requirement_stands_on_a_line_with_what_shows_it(told: Told) -> None:
    assert trace_text(told.end("degraded")) == (
        "REQ-CORE-1  Existing behaviour is kept        ✓ tests        412 passed                   r-7q2k0000\n"
        "REQ-CORE-2  Acceptance criteria are met       ▲ no evidence  intent: no model configured  r-7q2k0000\n"
        "REQ-QA-2    Coverage at least 80 %            ✓ tests        0.87                         r-7q2k0000\n"
        "REQ-SEC-1   No new high or critical findings  ✓ security     0 new (2 old accepted)       r-7q2k0000\n"
        "REQ-SEC-9   Secrets are rotated yearly        –              not claimed by any step\n"
        "\n"
        "3 of 5 requirements met · 2 open\n"
        "No requirement asks for: scope\n"
    )


@proves("D1.4")
def test_the_matrix_holds_both_ways(told: Told) -> None:
    trace = told.end("degraded")
    assert [one.status for one in trace.requirements] == ["met", "open", "met", "met", "open"]
    assert (trace.coverage, trace.counts["met"], trace.counts["open"]) == (0.6, 3, 2)
    assert [(one.step, one.artifact) for one in trace.untraced] == [("scope", digest(encode({"files": []})))]
    [evidence] = row(trace, "REQ-CORE-1").evidence
    assert (evidence.step, evidence.check, evidence.holds, evidence.run) == ("tests", EXIT, True, RUN)
    assert (evidence.receipt, evidence.artifact) == (f"{RUN}/tests/1", digest(encode(OUTPUT)))
    [lack] = row(trace, "REQ-CORE-2").lacking
    assert (lack.step, lack.reason, lack.is_pending) == ("intent", "no model configured", False)


def test_a_large_output_is_named_by_its_digest_and_its_value_is_shown(journal: SqliteJournal) -> None:
    told = Told(journal, STEPS, ASKED)
    told.begin("tests")
    kept = journal.put(encode(OUTPUT))
    event = AttemptSucceeded(Place("tests"), 1, None, kept, checks=(check(LINE, "REQ-QA-2"),))
    told._record(event, 1)
    [evidence] = row(told.trace(), "REQ-QA-2").evidence
    assert (evidence.artifact, evidence.said) == (kept, "0.87")


def test_a_check_that_does_not_hold_fails_the_requirement_with_the_sentence_of_its_author(
    journal: SqliteJournal,
) -> None:
    told = Told(journal, STEPS, ASKED)
    said = "Line coverage 0.7 is below 0.8"
    told.fail("tests", said, check(EXIT, "REQ-CORE-1"), check(LINE, "REQ-QA-2", say=said))
    trace = told.end("failed")
    assert (row(trace, "REQ-QA-2").status, row(trace, "REQ-QA-2").said) == ("failed", said)
    assert row(trace, "REQ-QA-2").steps == ("tests",)
    # Nothing that the attempt gave was kept, so what speaks for it cannot be looked at, and does not count.
    assert (row(trace, "REQ-CORE-1").status, row(trace, "REQ-CORE-1").evidence) == ("open", ())


def test_a_warning_makes_it_met_in_part(journal: SqliteJournal) -> None:
    told = Told(journal, STEPS, ASKED)
    told.succeed("tests", OUTPUT, "", check(LINE, "REQ-QA-2", say="rather low", is_warning=True), degraded="rather low")
    assert (row(told.end(), "REQ-QA-2").status, row(told.trace(), "REQ-QA-2").said) == ("partial", "rather low")


def test_a_step_that_did_not_run_is_no_evidence_and_a_run_that_goes_on_says_so(journal: SqliteJournal) -> None:
    told = Told(journal, STEPS, ASKED)
    assert (row(told.trace(), "REQ-QA-2").status, row(told.trace(), "REQ-QA-2").said) == (
        "in_progress",
        "tests: it is ready",
    )
    told.begin("tests")
    assert row(told.trace(), "REQ-QA-2").said == "tests: it is running"


OWN = (Requirement("R", "Own"),)


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [
        ("succeed", "met", "done"),
        ("degrade", "partial", "half of it"),
        ("fail", "failed", "it is not so"),
        ("reject", "failed", "bob said no"),
        ("lose", "open", "a: out of memory"),
    ],
)
def test_a_steps_own_end_is_evidence_when_it_says_something(
    journal: SqliteJournal, how: str, status: str, said: str
) -> None:
    told = Told(journal, (Step("a", AgentAction("x"), satisfies=("R",), optional=True),), OWN)
    match how:
        case "succeed":
            told.succeed("a", {"n": 1}, "done")
        case "degrade":
            told.succeed("a", {"n": 1}, "done", degraded="half of it")
        case "fail":
            told.fail("a", "it is not so")
        case "reject":
            told.fail("a", "bob said no", fault="person")
        case _:
            told.fail("a", "out of memory", fault="platform")
    found = row(told.end(), "R")
    assert (found.status, found.said) == (status, said)


def test_nothing_is_met_without_something_to_look_at(journal: SqliteJournal) -> None:
    told = Told(journal, (Step("a", AgentAction("x"), satisfies=("R",)),), OWN)
    told.succeed("a", None, "done")
    assert row(told.end(), "R").status == "open"


EACH = (
    Step(
        "patch",
        AgentAction("patcher"),
        each=Each("inputs.findings"),
        expect=(Expectation("output.ok", "still there", ("R",)),),
    ),
)


def test_every_item_must_show_it(journal: SqliteJournal) -> None:
    told = Told(journal, EACH, OWN)
    told.open("patch", "a", "b")
    told.succeed("patch[a]", {"ok": True}, "", check("output.ok", "R"))
    assert row(told.trace(), "R").status == "in_progress"
    told.succeed("patch[b]", {"ok": True}, "", check("output.ok", "R"))
    found = row(told.end(), "R")
    assert (found.status, [one.step for one in found.evidence]) == ("met", ["patch[a]", "patch[b]"])


def test_one_item_that_does_not_show_it_fails_it(journal: SqliteJournal) -> None:
    told = Told(journal, EACH, OWN)
    told.open("patch", "a", "b")
    told.succeed("patch[a]", {"ok": True}, "", check("output.ok", "R"))
    told.fail("patch[b]", "still there", check("output.ok", "R", say="still there"), output={"ok": False})
    assert (row(told.end("failed"), "R").status, row(told.trace(), "R").said) == ("failed", "still there")


def test_no_items_are_no_evidence(journal: SqliteJournal) -> None:
    told = Told(journal, EACH, OWN)
    told.open("patch")
    found = row(told.end(), "R")
    assert (found.status, found.said) == ("open", "patch: it succeeded without evidence")


LOOP = (
    Step(
        "tune",
        LoopAction(
            (Step("bench", AgentAction("b"), expect=(Expectation("output.ok", "slow", ("R",)),)),),
            max="2",
            metric="steps.bench.output.ms",
            keep="best",
        ),
    ),
)


@pytest.mark.parametrize(("second", "status"), [(50.0, "failed"), (200.0, "met")])
def test_of_a_loop_only_the_round_that_was_kept_counts(journal: SqliteJournal, second: float, status: str) -> None:
    told = Told(journal, LOOP, OWN)
    told.open("tune", rounds=2)
    told.succeed("bench#1", {"ok": True, "ms": 100}, "", check("output.ok", "R"))
    told.round("tune#1", 100.0)
    told.succeed("bench#2", {"ok": False, "ms": second}, "", Check("output.ok", False, "slow", ("R",)))
    told.round("tune#2", second)
    found = row(told.end(), "R")
    assert (found.status, [one.step for one in found.evidence]) == (status, ["bench#2" if second == 50 else "bench#1"])


CHAIN = (
    Requirement("A", "First", depends_on=("B",)),
    Requirement("B", "Second", depends_on=("C",)),
    Requirement("C", "Third"),
)


@proves("D1.3")
def test_a_requirement_waits_for_what_it_depends_on_and_opens_when_that_is_met(journal: SqliteJournal) -> None:
    steps = tuple(Step(name.lower(), AgentAction("x"), satisfies=(name,)) for name in "ABC")
    told = Told(journal, steps, CHAIN)
    told.succeed("a", {"n": 1}, "done")
    told.succeed("b", {"n": 1}, "done")
    waiting = told.trace()
    assert [one.status for one in waiting.requirements] == ["blocked", "blocked", "in_progress"]
    assert [one.said for one in waiting.requirements[:2]] == ["waits for B", "waits for C"]
    told.succeed("c", {"n": 1}, "done")
    assert [one.status for one in told.end().requirements] == ["met", "met", "met"]


def test_what_waits_for_itself_is_never_met(journal: SqliteJournal) -> None:
    asked = (Requirement("A", "First", depends_on=("B",)), Requirement("B", "Second", depends_on=("A",)))
    told = Told(journal, (Step("a", AgentAction("x"), satisfies=("A", "B")),), asked)
    told.succeed("a", {"n": 1}, "done")
    assert [(one.status, one.waits_for) for one in told.end().requirements] == [
        ("blocked", ("B",)),
        ("blocked", ("A",)),
    ]


def test_a_run_without_requirements_is_refused(journal: SqliteJournal) -> None:
    with pytest.raises(FairleadError, match="knows no requirements") as refused:
        Told(journal, STEPS, ()).end()
    assert refused.value.diagnostics[0].code == "FL-W306"


def hostile(journal: SqliteJournal) -> Trace:
    """A matrix whose every text is one that some reader would obey."""
    asked = tuple(Requirement(f"R{n}", text or "-", acceptance=(text,)) for n, text in enumerate(HOSTILE))
    steps = tuple(Step(f"s{n}", AgentAction("x"), satisfies=(f"R{n}",)) for n in range(len(HOSTILE)))
    told = Told(journal, (*steps, Step("more", AgentAction("x"))), asked)
    for n, text in enumerate(HOSTILE):
        told.succeed(f"s{n}", {"n": n}, text)
    told.succeed("more", {"n": 1})
    return told.end()


def test_csv_has_a_line_for_each_piece_of_evidence_and_no_formula(told: Told, journal: SqliteJournal) -> None:
    rows = list(csv.DictReader(io.StringIO(trace_csv(told.end("degraded")), newline=""), strict=True))
    assert [(one["requirement"], one["status"], one["step"]) for one in rows] == [
        ("REQ-CORE-1", "met", "tests"),
        ("REQ-CORE-2", "open", "intent"),
        ("REQ-QA-2", "met", "tests"),
        ("REQ-SEC-1", "met", "security"),
        ("REQ-SEC-9", "open", ""),
        ("", "", "scope"),
    ]
    assert rows[0]["receipt"] == f"{RUN}/tests/1"
    for one in csv.DictReader(io.StringIO(trace_csv(hostile(journal)), newline=""), strict=True):
        for cell in one.values():
            assert cell.isprintable()
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")), cell


def test_markdown_keeps_each_requirement_in_one_row(told: Told, journal: SqliteJournal) -> None:
    text = trace_markdown(told.end("degraded"))
    assert "| REQ-SEC-9 | Secrets are rotated yearly | medium | – open | not claimed by any step |  |" in text
    assert f"tests: output.exit\\_code == 0 ({RUN}/tests/1)" in text
    trace = hostile(journal)
    rows = [line for line in trace_markdown(trace).split("\n") if line.startswith("| R")]
    assert len(rows) == len(HOSTILE)
    assert all(line.replace("\\|", "").count("|") == 7 for line in rows)


def test_html_is_one_whole_page_without_scripts_or_foreign_elements(told: Told, journal: SqliteJournal) -> None:
    page = trace_html(told.end("degraded"), "0.1")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert [cell.text for cell in tree.iter("th")][4:] == [one.id for one in ASKED]
    assert tree.find(".//title").text == "Requirements of feature-validation: 3 of 5 requirements met · 2 open"
    page = trace_html(hostile(journal), "0.1")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert list(tree.iter("script")) == []
    assert [link.get("href") for link in tree.iter("link")] == ["data:,"]
    assert list(tree.iter("a")) == list(tree.iter("img")) == []


def test_text_keeps_each_requirement_on_one_line(journal: SqliteJournal) -> None:
    lines = trace_text(hostile(journal)).split("\n")
    assert len(lines) == len(HOSTILE) + 4
    assert all(line.isprintable() for line in lines)


def test_a_thousand_requirements_are_judged_without_walking_the_run_for_each(journal: SqliteJournal) -> None:
    asked = tuple(Requirement(f"R{n}", "t", depends_on=(f"R{n - 1}",) if n else ()) for n in range(1_000))
    told = Told(journal, (Step("a", AgentAction("x"), satisfies=tuple(one.id for one in asked)),), asked)
    told.succeed("a", {"n": 1}, "done")
    assert told.end().counts["met"] == 1_000
