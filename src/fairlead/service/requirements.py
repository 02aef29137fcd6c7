"""The requirements that a run works for: the file that its workflow names, as it is when the run is recorded."""

import os.path

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.json import Digest, encode
from fairlead.core.workflow import Workflow
from fairlead.service.parts import Parts, Project

REQUIREMENTS_BYTES_MAX = 1_000_000


def requirements_of(parts: Parts, project: Project, workflow: Workflow) -> Digest:
    """The digest of the requirements in the content store; "" when the workflow names no file.

    Raises:
        FairleadError: FL-W3xx with everything that is wrong with the file; FL-W308 it cannot be read.
    """
    if not workflow.requirements:
        return Digest("")
    from fairlead.workflow.requirements import read_requirements

    path = os.path.join(project.root, workflow.requirements)
    data = parts.files.read(path, limit=REQUIREMENTS_BYTES_MAX + 1)
    if data is None or len(data) > REQUIREMENTS_BYTES_MAX:
        why = "is not there" if data is None else "is larger than 1 MB"
        said = f"the file of requirements {path_text(workflow.requirements)} {why}"
        raise error("FL-W308", said, "its path counts from the root of the project")
    read = read_requirements(path_text(workflow.requirements), data)
    if any(not found.is_warning for found in read.diagnostics):
        raise FairleadError(*read.diagnostics)
    return parts.journal(project).put(encode(list(read.requirements)))
