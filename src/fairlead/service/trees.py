"""A run and the runs below it: what a person asks of a run is asked of every open run that is a step of it."""

from collections.abc import Iterator

from fairlead.core.decide import DEATHS_MAX, poison_of
from fairlead.core.errors import FairleadError
from fairlead.core.events import Asking, RunCancelRequested, RunPauseRequested, RunResumeRequested
from fairlead.core.ids import RunId
from fairlead.core.ports import Journal
from fairlead.core.state import RunState
from fairlead.core.transitions import RUN_ENDED
from fairlead.views.reading import Readable
from fairlead.views.runs import project_run, queued_of

_HAS_ENDED, _IS_LATE = "FL-R102", "FL-R105"


def runs_below(journal: Readable, state: RunState) -> Iterator[RunState]:
    """The runs below that of *state* that have not ended, each before those below it."""
    for step in state.steps.values():
        # The intent names the run before that itself is recorded.
        if not step.child or next(iter(journal.events_of(RunId(step.child))), None) is None:
            continue
        child = project_run(journal, RunId(step.child)).state
        if child.status not in RUN_ENDED:
            yield child
        yield from runs_below(journal, child)


def topmost(journal: Readable, run: RunId) -> RunId:
    """The outermost run that *run* is part of and that has not ended; *run* itself when there is none."""
    found = run
    while parent := queued_of(journal, run).parent:
        run = RunId(parent)
        if project_run(journal, run).state.status not in RUN_ENDED:
            found = run
    return found


def cancel_tree(journal: Journal, run: RunId, requester: str, reason: str, *, again: bool = True) -> RunState:
    """Ask *run* and every open run below it to stop; gives its state then. Without *again*, only once.

    Raises:
        FairleadError: FL-R102 it has ended.
    """
    before = project_run(journal, run).state
    if again or not before.cancels:
        journal.record(run, RunCancelRequested(requester, reason))
    state = project_run(journal, run).state
    for child in list(runs_below(journal, state)):
        # Whoever performs the parent asks too: counted is how often the outermost one was asked.
        while child.status not in RUN_ENDED and child.cancels < state.cancels:
            _ask(journal, child, RunCancelRequested(requester, reason or f"{run} was cancelled"))
            child = project_run(journal, child.run).state
    return state


def pause_tree(journal: Journal, run: RunId, requester: str, reason: str) -> int:
    """Ask *run* and every open run below it to wait; gives how many steps still run there.

    Raises:
        FairleadError: FL-R102 it has ended.
    """
    journal.record(run, RunPauseRequested(requester, reason))
    state = project_run(journal, run).state
    below = list(runs_below(journal, state))
    for child in below:
        while child.status not in RUN_ENDED and child.pause is None:
            _ask(journal, child, RunPauseRequested(requester, reason or f"{run} was paused"))
            child = project_run(journal, child.run).state
    return sum(not one.steps[place].child for one in (state, *below) for place in one.running)


def resume_tree(journal: Journal, run: RunId, requester: str) -> bool:
    """Say that *run* and every run below it go on; False when none of them was paused, nor waits."""
    state = project_run(journal, run).state
    _forgive(journal, state, requester)
    paused = [one for one in runs_below(journal, state) if one.pause is not None or poison_of(one) is not None]
    # From below: whoever performs the outermost one finds the others free to go on.
    for child in reversed(paused):
        _ask(journal, child, RunResumeRequested(requester))
    if state.status != "waiting" and not paused:
        return False
    if state.status not in RUN_ENDED:
        _ask(journal, state, RunResumeRequested(requester))
    return True


def _forgive(journal: Journal, state: RunState, requester: str) -> None:
    """Who asks for a run whose workers died wants it tried once more: the next claim shall not put it away."""
    for one in (state, *runs_below(journal, state)):
        is_left = one.status == "running" and not journal.is_alive(one.worker)
        if is_left and any(one.deaths.get(place, 0) + 1 >= DEATHS_MAX for place in one.running):
            _ask(journal, one, RunResumeRequested(requester))


def _ask(journal: Journal, state: RunState, request: Asking) -> None:
    """Record *request*, unless the run has ended, or somebody has asked something of it, since *state*."""
    try:
        journal.record(state.run, request, after=state.applied)
    except FairleadError as refusal:
        if refusal.diagnostics[0].code not in (_HAS_ENDED, _IS_LATE):
            raise
