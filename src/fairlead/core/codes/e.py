"""Codes of family E; see `fairlead.core.codes`. 0xx: found by a check, 1xx: found while a run is performed."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-E001",
        "A reference is not closed",
        "After `${` everything up to the next `}` is the reference, and there is none.",
        "add the `}`; write `$${` for a literal `${`",
        bad="paths: ${ inputs.paths",
        good="paths: ${ inputs.paths }",
    ),
    Code(
        "FL-E002",
        "Not a reference",
        "In this build `${ }` names one value: a root, then fields and positions. It computes nothing.",
        "name one value",
        bad="count: ${ inputs.count + 1 }",
        good="count: ${ inputs.count }",
    ),
    Code(
        "FL-E003",
        "Unknown root",
        "A reference begins with `inputs`, `steps` or `run`. The environment of the process is not among them, "
        "so that a "
        "run does not depend on who starts it.",
        "begin with inputs, steps or run",
        bad="home: ${ HOME }",
        good="home: ${ inputs.home }",
    ),
    Code(
        "FL-E004",
        "Unknown input",
        "The workflow declares no input of this name.",
        "correct the name, or declare the input",
        bad="paths: ${ inputs.path }",
        good="paths: ${ inputs.paths }",
    ),
    Code(
        "FL-E005",
        "Unknown field",
        "Of a step its `output` and its `status` can be read, of the run its `id`.",
        "name one of these fields",
        bad="text: ${ steps.scan.outputs }",
        good="text: ${ steps.scan.output }",
    ),
    Code(
        "FL-E006",
        "A reference to a step that does not exist",
        "No step of the file has this id.",
        "correct the id",
        bad="text: ${ steps.scann.output }",
        good="text: ${ steps.scan.output }",
    ),
    Code(
        "FL-E007",
        "A reference where nothing fills it in",
        "Names, edges and defaults are fixed when the file is read. A reference there would stay as literal text.",
        "put it into `with`, `run` or `outputs`",
        bad="agent: ${ inputs.agent }",
        good="agent: inventory",
    ),
    Code(
        "FL-E008",
        "A block has no output",
        "`parallel` and `steps` give nothing themselves; the steps inside do, and can be read from outside.",
        "name a step inside the block",
        bad="text: ${ steps.checks.output }",
        good="text: ${ steps.security.output }",
    ),
    Code(
        "FL-E009",
        "A value without fields",
        "The reference goes on after a value that has no such part: text, a number, a list that is numbered.",
        "end the reference before it",
        bad="first: ${ inputs.paths.first }",
        good="first: ${ inputs.paths[0] }",
    ),
    Code(
        "FL-E014",
        "The output has no such field",
        "The agent's card, or the action, says which fields an output has.",
        "name one of the fields that the message lists",
        bad="findings: ${ steps.scan.output.finding }",
        good="findings: ${ steps.scan.output.findings }",
    ),
    Code(
        "FL-E101",
        "A reference found no value",
        "While the run was performed, the value was not there: a step that was skipped or failed has no output, "
        "a list may "
        "be shorter than expected. It never stays as literal text.",
        "give the step a `default`, or read a field that is always there",
    ),
)
