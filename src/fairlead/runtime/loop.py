"""The interpreter's loop over one run: decide, admit, record, carry out, until nothing is left."""

from collections.abc import Callable

from fairlead.core.decide import Command, EndRun, LoseAttempt, StartAttempt, StopAttempt, decide, ended
from fairlead.core.events import AttemptFailed, AttemptLost, Event
from fairlead.core.ids import Micros
from fairlead.core.json import Digest
from fairlead.core.ports import Admitted, Call, Runtime
from fairlead.core.references import Unresolved, resolve
from fairlead.core.state import RunState, apply
from fairlead.runtime.calls import Scope, call_for

Admit = Callable[[Call], Admitted | AttemptFailed]
Refold = Callable[[], RunState]
Load = Callable[[Digest], bytes]

_LOST = "the worker that performed it is gone"


async def perform_run(engine: Runtime, admit: Admit, refold: Refold, load: Load) -> RunState:
    """Bring a claimed run to its end, or to where it waits for a person; gives its last state.

    Raises:
        Fenced: another worker has claimed the run meanwhile.
        JournalFailed: the disk refused a write; the run goes on at the next start.
    """
    state = refold()
    while state.ended is None:
        commands = decide(state.workflow, state)
        if state.status == "waiting" and not commands and not state.running:
            if await engine.rest():
                return state
            state = refold()
            continue
        for command in commands:
            if not _obey(engine, admit, load, state, command):
                break  # a refusal may have ended what the next commands were about: decide again
        wake = await engine.wait_any()
        if wake.is_superseded:
            state = refold()
        else:
            _take(state, wake.recorded)
        _take(state, wake.finished)
        engine.seen(wake.finished)
    return state


def _obey(engine: Runtime, admit: Admit, load: Load, state: RunState, command: Command) -> bool:
    """Note what *command* asks for; False when the call was refused."""
    match command:
        case StartAttempt(place, attempt):
            call = call_for(state, place, attempt, load)
            admitted = admit(call) if isinstance(call, Call) else call
            if isinstance(admitted, AttemptFailed):
                engine.emit(admitted)
                return False
            engine.step(admitted)
        case StopAttempt(place, _, reason):
            engine.abandon(place, reason)
        case LoseAttempt(place, attempt):
            engine.emit(AttemptLost(place, attempt, _LOST))
        case EndRun():
            engine.emit(_end(state, load, command))
    return True


def _end(state: RunState, load: Load, command: EndRun) -> Event:
    try:
        outputs = resolve(state.workflow.outputs, Scope(state, load)) if command.status != "cancelled" else {}
    except Unresolved as error:
        reason = f"the workflow's outputs: {error}"
        if command.status != "failed":
            return ended(EndRun("failed", (reason, *command.reasons), "author", "FL-E101"), {})
        outputs = {}
    return ended(command, outputs)


def _take(state: RunState, events: tuple[Event, ...]) -> None:
    # The journal's own times come with its records; the loop decides nothing by them.
    for event in events:
        apply(state, event, Micros(0), state.epoch)
