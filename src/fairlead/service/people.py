"""The people of a project, as the people file of the person's checkout has them at this moment."""

import os.path

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.people import PEOPLE_FILE, People
from fairlead.service.parts import Parts, Project

SELF = "self"  # stands for deciding on what one has asked for oneself
_FILES = (PEOPLE_FILE, ".fairlead/people.json")
_BYTES_MAX = 1_000_000


def people_of(parts: Parts, project: Project) -> People:
    """Who may decide in *project*. It is read anew each time: nobody decides by a role that was taken away.

    Raises:
        FairleadError: FL-P041 there are two files, or it is no file that can be read; all that is wrong in it.
    """
    is_self_allowed = any(one.what == SELF for one in parts.permissions(project))
    paths = [path for path in _FILES if parts.files.exists(os.path.join(project.root, path))]
    if not paths:
        return People(is_self_allowed=is_self_allowed)
    if len(paths) > 1:
        raise error("FL-P041", f"there are {' and '.join(paths)}", "keep one of them", exit_code=2)
    from fairlead.workflow.people import read_people

    data = parts.files.read(os.path.join(project.root, paths[0]), limit=_BYTES_MAX + 1)
    if data is None or len(data) > _BYTES_MAX:
        why = "cannot be read" if data is None else "is larger than 1 MB"
        raise error("FL-P041", f"{paths[0]} {why}", "make it a file with a person on each line", exit_code=2)
    read = read_people(paths[0], data)
    if any(not found.is_warning for found in read.diagnostics):
        raise FairleadError(*read.diagnostics, exit_code=2)
    return People(read.people, paths[0], is_self_allowed)


def people_or_why(parts: Parts, project: Project) -> tuple[People | None, tuple[Diagnostic, ...]]:
    """As `people_of`; what is wrong is given back, for screens that show a question all the same."""
    try:
        return people_of(parts, project), ()
    except FairleadError as refusal:
        return None, refusal.diagnostics
