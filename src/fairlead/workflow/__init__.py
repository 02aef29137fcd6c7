"""Reading: workflow files become core records, and every mistake in them a diagnostic with its span.

Whoever imports this room is about to check a file; libyaml and the schema library are loaded only when they are used.
"""

from fairlead.workflow.checking import ReadWorkflow, check_workflow, read_workflow
from fairlead.workflow.inputs import check_inputs
from fairlead.workflow.yaml_tree import NotReadable, read_values

__all__ = ["NotReadable", "ReadWorkflow", "check_inputs", "check_workflow", "read_values", "read_workflow"]
