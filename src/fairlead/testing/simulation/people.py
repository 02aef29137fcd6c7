"""The people around a simulated run: they answer what is asked, and they get in each other's way."""

from typing import TYPE_CHECKING

from fairlead.core.errors import FairleadError
from fairlead.core.events import (
    ApprovalAsked,
    ApprovalDecided,
    Request,
    RunCancelRequested,
    RunPauseRequested,
    RunResumeRequested,
    SignalReceived,
)
from fairlead.core.ids import RunId
from fairlead.testing.simulation.grammar import SIGNALS

if TYPE_CHECKING:
    from fairlead.testing.simulation.stage import Stage


class People:
    """Each request comes from a process of its own."""

    def __init__(self, stage: "Stage") -> None:
        self._stage = stage

    def ask_something(self) -> None:
        """While the run is performed somebody asks for something, perhaps two people for two things at once."""
        stage, rng = self._stage, self._stage.rng
        run = rng.choice(list(stage.memory.runs))
        drawn = rng.random()
        if drawn < 0.1:
            self._request(run, RunCancelRequested("ann"))
        elif drawn < 0.3:
            self._request(run, RunPauseRequested("ben"))
        elif drawn < 0.5:
            self._request(run, RunResumeRequested("ben"))
        elif drawn < 0.7:
            self._request(run, SignalReceived(rng.choice(SIGNALS), {"sent": "early"}))
        for record in [one for one in stage.memory.records[-20:] if isinstance(one.event, ApprovalAsked)]:
            assert isinstance(record.event, ApprovalAsked)  # as chosen
            self._decide(record.run, record.event)

    def answer(self) -> None:
        """Everybody does what a run waits for: decides, sends signals, resumes."""
        from fairlead.testing.simulation.stage import states_of

        for state in states_of(self._stage):
            if state.pause is not None:
                self._request(state.run, RunResumeRequested("ann"))
            is_asked = False
            for place in state.waiting:
                step = state.steps[place]
                if step.asked is not None:
                    is_asked = True
                    self._decide(state.run, step.asked)
            for name, places in state.listening.items():
                if places:
                    is_asked = True
                    self._request(state.run, SignalReceived(name, {"sent": name}))
            if state.parked and (not is_asked or any(reason.startswith("FL-R440") for reason in state.parked)):
                self._request(state.run, RunResumeRequested("ann"))

    def _decide(self, run: RunId, asked: ApprovalAsked) -> None:
        rng = self._stage.rng
        for by in rng.sample(("ann", "ben"), 2):
            choice = "approve" if rng.random() < 0.75 else rng.choice(asked.choices)
            if asked.about == "uncertain" and rng.random() < 0.7:
                # Whoever looks knows whether it has happened.
                has_happened = any((one.run, one.place) == (run, asked.place) for one in self._stage.outside.happened)
                choice = "reject" if has_happened else "approve"
            selected = (0,) if choice == "approve_subset" else ()
            self._request(
                run, ApprovalDecided(asked.place, asked.approval, choice, by, asked.digest, selected=selected)
            )

    def _request(self, run: RunId, request: Request) -> None:
        try:
            self._stage.desk.record(run, request)
            self._stage.counts["requests"] += 1
        except FairleadError:
            self._stage.counts["requests refused"] += 1
