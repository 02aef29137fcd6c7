"""The real interpreter over an engine on paper: no journal file, no loop, no processes; every choice is drawn.

What agents answer and what people decide follows from the place and from what failed there before, never from the order
of ends, so that two performances of one workflow may differ only where the engine makes them differ.
"""

import random
from collections.abc import Callable, Coroutine, Sequence
from hashlib import sha256
from typing import Any, TypeVar

from fairlead.core.events import (
    ApprovalAsked,
    ApprovalDecided,
    AttemptCancelled,
    AttemptFailed,
    AttemptOutcome,
    AttemptStarted,
    Event,
    Recorded,
    RunClaimed,
    RunQueued,
    SignalReceived,
    WaitBegun,
    decode_event,
    encode_event,
)
from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq
from fairlead.core.json import Digest, Json, digest, encode
from fairlead.core.outcomes import Ask, Failed, Outcome, Succeeded
from fairlead.core.ports import Admitted, Call, Child, Wake
from fairlead.core.receipts import Receipt
from fairlead.core.state import RunState, fold
from fairlead.core.workflow import Workflow
from fairlead.gate.sealing import NOTHING, seal
from fairlead.runtime.children import outcome_of
from fairlead.runtime.contents import Contents
from fairlead.runtime.loop import Interpreter
from fairlead.testing.simulation.grammar import CHILD

RUN = RunId("r-paper000")
SECOND = 1_000_000
CLAIMS_MAX = 500

T = TypeVar("T")


class Died(Exception):
    """The worker is gone, with all that was not recorded."""


class Paper:
    """What outlives a worker: the records of every run, the content store, the clock."""

    def __init__(self, workflow: Workflow, inputs: dict[str, Json], seed: int, *, failures: float = 0.15) -> None:
        self.seed = seed
        self.failures = failures
        self.now = Micros(1_700_000_000 * SECOND)
        self.records: dict[RunId, list[Recorded]] = {}
        self.contents: dict[Digest, bytes] = {}
        self.workflows = {one.digest: one for one in (workflow, CHILD)}
        self.calls: list[tuple[RunId, Place, int]] = []  # those that were carried out to their end
        self.at_once = 0  # most calls under way together
        self.live: dict[RunId, Interpreter] = {}
        self.look: Callable[[RunId], None] = lambda run: None  # whenever a run waits, with all of it recorded
        for one in self.workflows.values():
            self.put(encode(one))
        self.request(RUN, RunQueued(workflow.name, workflow.digest, inputs, "/tree"))

    def put(self, data: bytes) -> Digest:
        name = digest(data)
        self.contents[name] = data
        return name

    def request(self, run: RunId, event: Event) -> None:
        self.write(run, [event], Epoch(0))

    def write(self, run: RunId, events: Sequence[Event], epoch: Epoch) -> None:
        kept = self.records.setdefault(run, [])
        for event in events:
            seq = Seq(sum(map(len, self.records.values())) + 1)
            kept.append(Recorded(seq, run, epoch, self.now, decode_event(encode_event(event))))

    def folded(self, run: RunId) -> RunState:
        first = self.records[run][0].event
        assert isinstance(first, RunQueued)
        state = fold(self.workflows[first.definition], self.records[run])
        assert state is not None
        return state

    def drawn(self, *words: object) -> random.Random:
        """Chance that follows from *words* alone."""
        return random.Random(sha256(f"{self.seed} {words}".encode()).digest())

    def failed_before(self, run: RunId, place: Place) -> int:
        return sum(isinstance(r.event, AttemptFailed) and r.event.place == place for r in self.records[run])

    def answer(self, call: Call) -> Outcome:
        """What the agent of *call* answers: the same however often it was lost before."""
        rng = self.drawn(call.place, call.agent, self.failed_before(call.run, call.place))
        if rng.random() < self.failures:
            error = rng.choice(("transient", "invalid_output", "unavailable", "unknown", ""))
            return Failed("agent" if error else "result", "FL-R210", "no", error=error)  # type: ignore[arg-type]
        degraded = ("less",) if rng.random() < 0.05 else ()
        return Succeeded({"n": rng.randint(0, 9), "was": call.inputs}, f"did {call.place}", degraded)


class PaperEngine:
    """The `Runtime` of one claimed run."""

    def __init__(self, paper: Paper, run: RunId, rng: random.Random, *, deaths: float = 0.0) -> None:
        self.paper, self.run, self.rng, self.deaths = paper, run, rng, deaths
        self.outcomes: list[Event] = []
        self.intents: list[Event] = []
        self.noted: dict[Place, Admitted | Child] = {}
        self.under_way: dict[Place, Admitted | Child] = {}
        self.stopped: dict[Place, str] = {}
        self.applied = Seq(0)
        self.epoch = Epoch(paper.folded(run).epoch + 1)
        paper.write(run, [RunClaimed("w-paper")], self.epoch)

    def refold(self) -> RunState:
        state = self.paper.folded(self.run)
        self.applied = state.applied
        return state

    def refold_of(self, run: RunId) -> RunState:
        return self.paper.folded(run)

    def step(self, admitted: Admitted) -> None:
        self.noted[admitted.call.place] = admitted
        self.intents.append(admitted.started)

    def child(self, child: Child) -> None:
        self.noted[child.place] = child
        self.intents.append(child.started)

    def abandon(self, place: Place, reason: str) -> None:
        if place in self.under_way:
            self.stopped.setdefault(place, reason)

    def emit(self, event: Event) -> None:
        self.intents.append(event)

    def seen(self, outcomes: Sequence[Event]) -> None:
        self.outcomes.extend(outcomes)

    def _commit(self) -> bool:
        """Whether the intents were written: they are not when somebody has asked for something meanwhile."""
        outcomes, intents, noted = self.outcomes, self.intents, self.noted
        self.outcomes, self.intents, self.noted = [], [], {}
        is_current = self.paper.records[self.run][-1].seq == self.applied
        self.paper.write(self.run, outcomes + (intents if is_current else []), self.epoch)
        if is_current:
            self.applied = self.paper.records[self.run][-1].seq
            self.under_way |= noted
        self.paper.at_once = max(self.paper.at_once, len(self.under_way))
        if self.rng.random() < self.deaths:
            raise Died
        return is_current

    async def wait_any(self, due: Micros | None) -> Wake:
        if (self.outcomes or self.intents) and not self._commit():
            return Wake((), is_superseded=True)
        self.paper.look(self.run)
        if self.under_way:
            place = self.rng.choice(list(self.under_way))
            return Wake((self._end(place, self.under_way.pop(place)),))
        assert due is not None, "nothing can make the run go on"
        self.paper.now = max(self.paper.now, due)
        return Wake(())

    async def rest(self) -> bool:
        return not (self.outcomes or self.intents) or self._commit()

    def _end(self, place: Place, begun: Admitted | Child) -> Event:
        why = self.stopped.pop(place, "")
        if why and self.rng.random() < 0.7:
            return AttemptCancelled(place, begun.started.attempt, why)
        if isinstance(begun, Child):
            return self._child(begun)
        outcome = self.paper.answer(begun.call)
        self.paper.calls.append((self.run, place, begun.call.attempt))
        return seal(begun.call, outcome, Receipt(), NOTHING, self.paper.put)

    def _child(self, child: Child) -> AttemptOutcome | WaitBegun:
        if child.run not in self.paper.records:
            self.paper.request(child.run, child.queued)
        state = self.paper.folded(child.run)
        if state.ended is None:
            state = perform_once(self.paper, child.run, self.rng, deaths=self.deaths)
        if state.ended is None:
            return WaitBegun(child.place, child.attempt, child=child.run)
        return outcome_of(child, state)


async def admit(call: Call, covers: Callable[[tuple[str, ...]], str]) -> Admitted | AttemptFailed | Ask:
    """The gate on paper: effects ask, everything else may happen."""
    if call.effect and not call.granted:
        return Ask("May it?", "", [], digest(encode(call.inputs)), "unkeyed")
    effect = "keyed" if call.effect else ""
    started = AttemptStarted(call.place, call.attempt, call.agent, "1", digest(encode(call.inputs)), effect=effect)
    return Admitted(call, started, f"{call.run}/{call.place}")


def driven(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("it waits for something")


def perform_once(paper: Paper, run: RunId, rng: random.Random, *, deaths: float = 0.0) -> RunState:
    """One worker's part: to the end, to where the run waits for somebody, or to its death."""
    engine = PaperEngine(paper, run, rng, deaths=deaths)
    contents = Contents(paper.contents.__getitem__, paper.put)
    paper.live[run] = Interpreter(engine, admit, engine.refold, contents, lambda: paper.now)
    return driven(paper.live[run].perform())


def perform(paper: Paper, rng: random.Random, *, deaths: float = 0.0, run: RunId = RUN) -> RunState:
    """Bring *run* to its end: workers die and are followed by others, and people answer what is asked."""
    for _ in range(CLAIMS_MAX):
        state = paper.folded(run)
        if state.ended is not None:
            return state
        try:
            state = perform_once(paper, run, rng, deaths=deaths)
        except Died:
            continue
        if state.ended is not None:
            return state
        answered(paper, run, state)
    raise AssertionError(f"run of seed {paper.seed} does not end")


def answered(paper: Paper, run: RunId, state: RunState) -> None:
    """Somebody answers the first question, or sends the first signal that is waited for."""
    for place in state.waiting:
        step = state.steps[place]
        if step.asked is not None:
            _decide(paper, run, step.asked)
            return
    for name, places in state.listening.items():
        if places:
            paper.request(run, SignalReceived(name, {"sent": name}))
            return
    raise AssertionError(f"run of seed {paper.seed} waits for nobody: {state.parked}")


def _decide(paper: Paper, run: RunId, asked: ApprovalAsked) -> None:
    rng = paper.drawn("decides", asked.place)
    choice = rng.choice((*asked.choices, "approve", "approve", "approve", "approve"))
    if asked.about == "uncertain":
        choice = "approve"
    selected = (rng.randrange(asked.selectable),) if choice == "approve_subset" else ()
    for by in ("ann", "ben"):
        decided = ApprovalDecided(asked.place, asked.approval, choice, by, asked.digest, selected=selected)
        paper.request(run, decided)
