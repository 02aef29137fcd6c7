"""Rules that stand in no table: those of agents of one's own, known by the findings that they gave."""

from fairlead.core.errors import FairleadError
from fairlead.service.explain import Explanation, explain
from fairlead.service.parts import Parts, Project
from fairlead.service.runs import find_run, show_run


def explain_here(parts: Parts, project: Project, name: str) -> Explanation:
    """What *name* means: as `explain`, and a rule of a project's agent by what the last run found of it.

    Raises:
        FairleadError: FL-S010 nobody knows it.
    """
    return _reported(parts, project, name.strip()) or explain(parts, name)


def _reported(parts: Parts, project: Project, name: str) -> Explanation | None:
    if parts.reader(project) is None:
        return None
    try:
        view = show_run(parts, project, find_run(parts, project, "last"))
    except FairleadError:
        return None  # no run that could tell
    finding = next((one for one in view.findings if one.rule == name), None)
    if finding is None:
        return None
    return Explanation(
        name,
        f"rule of {finding.agent}",
        finding.message,
        f"A rule of the agent {finding.agent}, as its last finding words it; the agent says more of what it looks for.",
        finding.remedy or f"fairlead agents show {finding.agent}",
        severity=finding.severity,
    )
