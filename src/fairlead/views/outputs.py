"""What the steps of a run gave, as it stands in the record."""

import msgspec

from fairlead.core.json import Json
from fairlead.core.state import RunState, StepRun, is_leaf
from fairlead.views.reading import Readable

HIDDEN = "hidden: its step says `hide: true`"  # in the place of an output


def outputs_of(state: RunState, journal: Readable) -> dict[str, Json]:
    """The output of each step that was performed by a call, by its place, in the order of the workflow."""
    outputs: dict[str, Json] = {}
    for step in state.in_order():
        output = output_at(step, journal)
        if is_leaf(step) and output is not None:
            outputs[step.place] = HIDDEN if step.planned.step.is_hidden else output
    return outputs


def output_at(step: StepRun, journal: Readable) -> Json:
    """The whole output of one step; None when it has none."""
    return msgspec.json.decode(journal.get(step.output_ref)) if step.output_ref else step.output
