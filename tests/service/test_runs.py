"""How people name runs, and what may be asked of one."""

from collections.abc import Callable

import msgspec
import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.ids import RunId
from fairlead.service.endings import exit_code
from fairlead.service.runs import Which, cancel_run, find_run, list_runs, pause_run, show_run, unpause_run
from fairlead.service.starts import resumable_run
from fairlead.views.runs import RunView
from tests.proves import proves
from tests.service.parts import PaperParts, ended, failed, finding, started, succeeded


@pytest.fixture
def four(parts: PaperParts) -> PaperParts:
    """Four runs: succeeded, failed, degraded, and one that nobody works on."""
    parts.record_run("r-aaaa1111", [ended()])
    parts.record_run("r-aaaa2222", [started("tests", "run"), failed("tests"), ended("failed", "tests failed")])
    parts.record_run("r-bbbb3333", [ended("degraded", "tests: failed")])
    parts.record_run("r-cccc4444", [started("secrets")])
    return parts


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("last", "r-cccc4444"),
        ("@{0}", "r-cccc4444"),
        ("@{2}", "r-aaaa2222"),
        ("last-failed", "r-aaaa2222"),
        ("review", "r-cccc4444"),
        ("r-b", "r-bbbb3333"),
        ("b", "r-bbbb3333"),
        ("r_bbbb", "r-bbbb3333"),
        ("R-AAAA1", "r-aaaa1111"),
        ("r-aaaa1111", "r-aaaa1111"),
    ],
)
def test_a_run_is_found_by_what_people_type(four: PaperParts, text: str, run: str) -> None:
    assert find_run(four, four.project(""), text) == run


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("aaaa", "FL-S003", "r-aaaa2222, r-aaaa1111"),
        ("r-zzz", "FL-R101", "no run is called r-zzz"),
        ("@{9}", "FL-S004", "only 4 runs"),
        ("", "FL-R101", "no run is called"),
    ],
)
def test_what_names_no_single_run_is_refused_with_what_there_is(
    four: PaperParts, text: str, code: str, said: str
) -> None:
    with pytest.raises(FairleadError, match=code) as caught:
        find_run(four, four.project(""), text)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2
    assert caught.value.diagnostics[0].hints


def test_where_nothing_was_recorded_the_list_is_empty_and_a_run_is_refused(parts: PaperParts) -> None:
    assert list_runs(parts, parts.project("")).runs == ()
    with pytest.raises(FairleadError, match="FL-S004"):
        find_run(parts, parts.project(""), "last")


def test_the_list_says_who_is_not_worked_on_and_can_be_narrowed(four: PaperParts) -> None:
    project = four.project("")
    lines = list_runs(four, project).runs
    assert [line.run for line in lines] == ["r-cccc4444", "r-bbbb3333", "r-aaaa2222", "r-aaaa1111"]
    assert [bool(line.unowned_since) for line in lines] == [True, False, False, False]
    assert [line.run for line in list_runs(four, project, Which(status="failed")).runs] == ["r-aaaa2222"]
    assert len(list_runs(four, project, limit=2).runs) == 2


def test_a_run_that_has_ended_is_neither_cancelled_nor_resumed(four: PaperParts) -> None:
    project = four.project("")
    with pytest.raises(FairleadError, match="FL-S005") as caught:
        cancel_run(four, project, RunId("r-aaaa2222"))
    assert "it has ended as failed" in str(caught.value)
    with pytest.raises(FairleadError, match="FL-S006"):
        resumable_run(four, project, "r-aaaa2222")
    assert resumable_run(four, project, "") == "r-cccc4444"


def test_a_cancel_is_recorded_and_says_when_nobody_is_there_to_obey(four: PaperParts) -> None:
    asked = cancel_run(four, four.project(""), RunId("r-cccc4444"), reason="enough")
    assert (asked.requests, bool(asked.unowned_since)) == (1, True)
    assert cancel_run(four, four.project(""), RunId("r-cccc4444")).requests == 2


@proves("A7.1")
@pytest.mark.parametrize("verb", ["pause", "resume", "unpause", "cancel"])
@pytest.mark.parametrize("status", ["queued", "running", "waiting", "succeeded", "degraded", "failed", "cancelled"])
def test_what_a_status_does_not_allow_is_refused_and_changes_nothing(parts: PaperParts, status: str, verb: str) -> None:
    run, project = RunId("r-some0000"), parts.project("")
    is_open = status in ("queued", "running", "waiting")
    parts.record_run(run, [started("secrets")] if is_open else [ended(status)], is_claimed=status != "queued")
    if status == "waiting":
        pause_run(parts, project, run)
    journal = parts.journal(project)
    assert journal.runs()[0].status == status
    before = journal.head()
    after = {"pause": "waiting", "resume": status, "unpause": "running", "cancel": "running"}[verb]
    if status == "queued":
        after = {"pause": "waiting"}.get(verb, "queued")
    verbs: dict[str, Callable[[], object]] = {
        "pause": lambda: pause_run(parts, project, run),
        "resume": lambda: resumable_run(parts, project, run),
        "unpause": lambda: unpause_run(parts, project, run),
        "cancel": lambda: cancel_run(parts, project, run),
    }
    if verb == "unpause" and status != "waiting":
        assert not unpause_run(parts, project, run)
    elif is_open and not (verb == "pause" and status == "waiting"):
        verbs[verb]()
        assert journal.runs()[0].status == after
        return
    else:
        with pytest.raises(FairleadError, match="paused already" if status == "waiting" else status):
            verbs[verb]()
    assert (journal.head(), journal.runs()[0].status) == (before, status)


def view(parts: PaperParts, status: str, fault: str = "") -> RunView:
    run = parts.record_run("r-view0000", [started("secrets"), succeeded("secrets", [finding()]), ended("succeeded")])
    shown = show_run(parts, parts.project(""), run)
    return msgspec.structs.replace(shown, status=status, fault=fault)


@pytest.mark.parametrize(
    ("status", "fault", "options", "code"),
    [
        ("succeeded", "", {"fail_on": None}, 0),
        ("succeeded", "", {"fail_on": "high"}, 1),
        ("succeeded", "", {"fail_on": "critical"}, 0),
        ("succeeded", "", {"fail_on": "info", "is_exit_zero": True}, 0),
        ("degraded", "", {"fail_on": None}, 0),
        ("degraded", "", {"fail_on": None, "is_strict": True}, 7),
        ("degraded", "", {"fail_on": "high", "is_strict": True}, 1),
        ("degraded", "", {"fail_on": "high", "is_strict": True, "is_exit_zero": True}, 7),
        ("failed", "result", {"fail_on": None}, 1),
        ("failed", "author", {"fail_on": None}, 2),
        ("failed", "agent", {"fail_on": None, "is_exit_zero": True}, 3),
        ("failed", "platform", {"fail_on": None}, 3),
        ("failed", "policy", {"fail_on": None}, 5),
        ("failed", "budget", {"fail_on": None}, 6),
        ("cancelled", "person", {"fail_on": None}, 3),
        ("running", "", {"fail_on": None}, 3),
        ("waiting", "", {"fail_on": None}, 4),
    ],
)
def test_how_a_run_ended_decides_the_exit_code(
    parts: PaperParts, status: str, fault: str, options: dict[str, object], code: int
) -> None:
    assert exit_code(view(parts, status, fault), **options) == code  # type: ignore[arg-type]  # keywords of the table
