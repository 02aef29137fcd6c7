"""Controls of a run: what an agent was asked to show evidence for, what it found, and where.

Nothing here knows the agent: any output with a list `controls` of this form is read. Rows of another form are passed
over, because a program of the user may call something else so.
"""

import msgspec

from fairlead.core.json import Json
from fairlead.core.state import RunState, is_leaf
from fairlead.views.reading import Readable


class EvidenceView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place that speaks for a control. `line` 0 means the file as a whole."""

    path: str
    line: int = 0
    what: str = ""


class ControlView(msgspec.Struct, frozen=True, omit_defaults=True):
    """One control as a step judged it."""

    id: str
    title: str
    state: str  # "met", "open" or "not applicable"
    wanted: str = ""
    evidence: tuple[EvidenceView, ...] = ()
    evidence_more: int = 0  # places that are not shown
    lacking: tuple[str, ...] = ()
    reason: str = ""  # why it does not apply
    rules: tuple[str, ...] = ()  # whose findings tell more
    criteria: tuple[str, ...] = ()
    step: str = ""


def controls_of(state: RunState, journal: Readable) -> tuple[ControlView, ...]:
    """The controls of all steps so far, in the order in which the agents gave them."""
    found: list[ControlView] = []
    for step in state.in_order():
        if not is_leaf(step):
            continue
        output: Json = step.output
        if step.output_ref:
            data = journal.get(step.output_ref)
            # Most outputs have none, and a large one takes a while to decode.
            output = msgspec.json.decode(data) if b'"controls":' in data else None
        rows = output.get("controls") if isinstance(output, dict) else None
        for row in rows if isinstance(rows, list) else ():
            try:
                control = msgspec.convert(row, ControlView)
            except msgspec.ValidationError:
                continue
            found.append(msgspec.structs.replace(control, step=step.place))
    return tuple(found)
