"""What the steps of a run gave, as it stands in the record."""

import msgspec

from fairlead.core.json import Json
from fairlead.core.state import RunState, is_leaf
from fairlead.views.reading import Readable


def outputs_of(state: RunState, journal: Readable) -> dict[str, Json]:
    """The output of each step that was performed by a call, by its place, in the order of the workflow."""
    outputs: dict[str, Json] = {}
    for step in state.steps.values():
        output = msgspec.json.decode(journal.get(step.output_ref)) if step.output_ref else step.output
        if is_leaf(step) and output is not None:
            outputs[step.place] = output
    return outputs
