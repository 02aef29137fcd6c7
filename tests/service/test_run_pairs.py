"""Every operation on a run in every status that a run can have: what the table allows happens, all else is refused."""

from collections.abc import Callable

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.events import Event, RunParked, RunPauseRequested
from fairlead.core.ids import RunId
from fairlead.core.transitions import RUN, RUN_ENDED
from fairlead.core.workflow import AgentAction, Step, Workflow
from fairlead.service.exchange import export_run
from fairlead.service.repeats import Part
from fairlead.service.runs import cancel_run, pause_run, unpause_run
from fairlead.service.starts import fork_run, resumable_run, start_again
from tests.proves import proves
from tests.service.parts import PaperParts, ended, failed, started, succeeded

ONE = Workflow("one", (Step("inventory", AgentAction("inventory")),))
OPERATIONS = ("cancel", "pause", "resume", "rerun", "rerun --failed", "rerun --from", "fork", "export")
STANDINGS = ("queued", "running", "parked", "paused", "succeeded", "degraded", "failed", "rejected", "cancelled")


def a_run(parts: PaperParts, standing: str) -> RunId:
    run = RunId("r-pair1234")
    last: list[Event] = [RunParked(("it waits",))] if standing == "parked" else []
    if standing in RUN_ENDED:
        is_good = standing in ("succeeded", "degraded")
        last = [started("inventory", "inventory"), succeeded("inventory") if is_good else failed("inventory")]
        last.append(ended(standing, *([] if standing == "succeeded" else ["inventory failed"])))
    parts.record_run(run, last, ONE, is_claimed=standing != "queued")
    if standing == "paused":
        parts.journal(parts.project("")).record(run, RunPauseRequested("ada"))
    return run


def operations(parts: PaperParts) -> dict[str, Callable[[RunId], object]]:
    project = parts.project("")
    target = str(parts.root.parent / "out.jsonl")
    return {
        "cancel": lambda run: cancel_run(parts, project, run),
        "pause": lambda run: pause_run(parts, project, run),
        "resume": lambda run: (resumable_run(parts, project, run), unpause_run(parts, project, run)),
        "rerun": lambda run: start_again(parts, project, run),
        "rerun --failed": lambda run: start_again(parts, project, run, part=Part(failed=True)),
        "rerun --from": lambda run: start_again(parts, project, run, part=Part(from_="inventory")),
        "fork": lambda run: fork_run(parts, project, run, "inventory", {}),
        "export": lambda run: export_run(parts, project, run, target),
    }


REFUSED = {
    **{("cancel", one): "FL-S005" for one in RUN_ENDED},
    **{("pause", one): "FL-S060" for one in (*RUN_ENDED, "paused")},
    **{("resume", one): "FL-S006" for one in RUN_ENDED},
    **{("rerun --failed", one): "FL-S094" for one in ("queued", "running", "parked", "paused")},
    **{("rerun --failed", one): "FL-S091" for one in ("succeeded", "degraded")},
    **{("export", one): "FL-S064" for one in ("queued", "running", "parked", "paused")},
}
AFTER = {
    **{("cancel", one): RUN["waiting"]["cancel_requested"] for one in ("running", "parked", "paused")},
    **{("pause", one): "waiting" for one in ("queued", "running", "parked")},
    **{("resume", one): "running" for one in ("parked", "paused")},
}


@proves("A7.1")
@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_all_pairs(parts: PaperParts, operation: str, standing: str) -> None:
    run = a_run(parts, standing)
    journal = parts.journal(parts.project(""))
    before = list(journal.events_of(run))
    row = journal.find_run(run)[0]
    perform = operations(parts)[operation]
    code = REFUSED.get((operation, standing))
    if code:
        with pytest.raises(FairleadError, match=code):
            perform(run)
        assert list(journal.events_of(run)) == before
        assert len(journal.runs(10)) == 1
        return
    perform(run)
    is_new = operation.startswith(("rerun", "fork"))
    assert len(journal.runs(10)) == 1 + is_new
    assert journal.find_run(run)[0].status == AFTER.get((operation, standing), row.status)
    if is_new or operation == "export":
        assert list(journal.events_of(run)) == before
