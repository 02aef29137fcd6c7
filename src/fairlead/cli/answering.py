"""Answering on the terminal that follows a run: the card of each open question, and a key for each answer."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fairlead.cli.card import card_lines, command_lines, forget_keys, has_keys, read_key, read_line
from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import diagnostic_lines
from fairlead.service.records import Choice, FairleadError, RunId, Watch

if TYPE_CHECKING:
    from fairlead.service.approvals import Approval
    from fairlead.service.deciding import Decision

_LATER = "l"
_KEYS: dict[str, Choice] = {"a": "approve", "s": "approve_subset", "c": "request_changes", "r": "reject"}
_WORDS = {"a": "approve", "s": "approve some", "c": "request changes", "r": "reject"}


class Asked:
    """The questions that this terminal has shown: each is shown once, and what is left for later stays so."""

    def __init__(self, call: Invocation, watch: Watch) -> None:
        self._call = call
        self._watch = watch
        self._shown: set[str] = set()

    def is_new(self) -> bool:
        """Whether the watched run asks something that has not been shown, and somebody is there to answer."""
        state = self._watch.state
        if state is None or not state.waiting or not has_keys(self._call):
            return False
        asked = (state.steps[place].asked for place in state.waiting)
        return any(one is not None and one.approval not in self._shown for one in asked)

    def answer(self, run: RunId) -> bool:
        """Show what *run* and the runs below it ask, one card after the other; whether something was decided.

        Without a terminal the cards are shown with what to type, and nothing is asked.
        """
        from fairlead.service.approvals import approvals_of_tree

        found = [
            one for one in approvals_of_tree(self._call.parts, self._call.project, run) if one.id not in self._shown
        ]
        self._shown |= {one.id for one in found}
        return _answer(self._call, found)


def _answer(call: Invocation, found: Iterable["Approval"]) -> bool:
    has_decided = False
    for one in found if call.terminal.form == "text" else ():
        is_answerable = has_keys(call)
        if is_answerable:
            forget_keys()
        call.terminal.tell(["", *card_lines(call, one, call.terminal.err)])
        if not is_answerable:
            call.terminal.tell(["", *command_lines(call, one)])
            continue
        decision = _ask(call, one)
        has_decided = has_decided or decision is not None
    return has_decided


def _ask(call: Invocation, one: "Approval") -> "Decision | None":
    """Wait for a key that means something; None: later."""
    keys = {key: choice for key, choice in _KEYS.items() if choice in one.choices}
    legend = " · ".join(f"{key} {_WORDS[key]}" for key in keys)
    while True:
        call.terminal.tell([f"  d show all · {legend} · l later"])
        key = read_key()
        if key in ("", _LATER, "q", "\x04"):
            call.terminal.tell(
                [f"  Later, then: {call.typed(f'approve {one.id}')}. The run is parked and costs nothing."]
            )
            return None
        if key == "d":
            call.terminal.tell(card_lines(call, one, call.terminal.err, is_whole=True))
        if key in keys:
            try:
                return _decided(call, one, keys[key])
            except FairleadError as refusal:
                call.terminal.tell(diagnostic_lines(refusal.diagnostics, call.terminal.err))
                if refusal.diagnostics[0].code not in ("FL-P005", "FL-P008"):
                    return None


def _decided(call: Invocation, one: "Approval", choice: Choice) -> "Decision":
    from fairlead.cli.approvals import numbers, said
    from fairlead.service.deciding import decide

    selected: tuple[int, ...] = ()
    if choice == "approve_subset":
        selected = numbers(read_line(call, "Numbers"))
    comment = "" if choice == "approve" else read_line(call, "Reason (kept in the record)")
    decision = decide(call.parts, call.project, one, choice, comment=comment, selected=selected)
    call.terminal.tell(said(decision, call.terminal.err))
    return decision
