"""Levels of isolation as a person meets them: what holds for a project, switching it off and on, refusing a start."""

import os.path

import msgspec

from fairlead.core.errors import Diagnostic, error
from fairlead.core.findings import path_text
from fairlead.core.workflow import AgentAction, RunAction, Workflow
from fairlead.service.parts import Parts, Probe, Project
from fairlead.views.runs import NOT_ISOLATED


class Standing(msgspec.Struct, frozen=True):
    """What holds for a project's programs and command agents, and whether it can."""

    level: str  # "L2" or "L0"
    level_text: str  # as screens say it
    is_ready: bool  # whether a program could be started now
    by: str = ""  # who switched isolation off, when and why
    since: str = ""
    reason: str = ""
    setting: str = ""  # the file that says so; it need not exist
    missing: tuple[Diagnostic, ...] = ()  # why there is no sandbox here
    notes: tuple[str, ...] = ()


def show_standing(parts: Parts, project: Project) -> Standing:
    """The level for this project, and whether the sandbox works here: one is built to find out."""
    isolation = parts.isolation(project)
    problem = parts.sandbox_problem()
    notes = (f"{path_text(isolation.path)}: {isolation.problem}, so isolation is on",) if isolation.problem else ()
    return Standing(
        "L0" if isolation.is_off else "L2",
        NOT_ISOLATED if isolation.is_off else "L2",
        isolation.is_off or problem is None,
        isolation.by,
        isolation.since,
        isolation.reason,
        path_text(isolation.path),
        problem.diagnostics if problem is not None else (),
        notes,
    )


def switch(parts: Parts, project: Project, *, is_off: bool, reason: str = "") -> Standing:
    """Switch isolation off or on for this project and this person; gives what holds now.

    Raises:
        FairleadError: FL-N116 it cannot be written.
    """
    try:
        parts.switch_isolation(project, is_off=is_off, reason=reason)
    except OSError as refusal:
        where = path_text(os.path.dirname(parts.isolation(project).path))
        raise error("FL-N116", f"{where} cannot be written: {refusal.strerror}", "fairlead doctor") from None
    return show_standing(parts, project)


def require_sandbox(parts: Parts, project: Project, workflow: Workflow) -> None:
    """Refuse a start whose programs could not be shut in: better before the first step than at it.

    Raises:
        FairleadError: FL-N110 to FL-N113.
    """
    if not _has_programs(parts, project, workflow) or parts.isolation(project).is_off:
        return
    problem = parts.sandbox_problem()
    if problem is not None:
        raise problem


def isolation_probe(parts: Parts, project: Project | None) -> Probe:
    """What `doctor` says of it. Missing isolation stops no review, so it is something to improve."""
    if project is not None and (isolation := parts.isolation(project)).is_off:
        whose = f"switched off by {isolation.by} on {isolation.since}" if isolation.by else "switched off"
        return Probe("sandbox", "warn", f"{NOT_ISOLATED}: {whose} for this project", "fairlead sandbox on")
    problem = parts.sandbox_problem()
    if problem is None:
        return Probe("sandbox", "ok", "L2: programs see their copy, an allow list of mounts and no network")
    first = problem.diagnostics[0]
    return Probe("sandbox", "warn", f"{first.code}: {first.message}; `run` steps are refused", first.hints[0])


def _has_programs(parts: Parts, project: Project, workflow: Workflow) -> bool:
    """Whether a step runs a program: one of its own, or through an agent of the project that is a command."""
    actions = [planned.step.action for planned in workflow.plan.values()]
    if any(isinstance(action, RunAction) for action in actions):
        return True
    own = {action.name for action in actions if isinstance(action, AgentAction) and action.definition}
    if not own:
        return False
    cards = (parts.catalog(project).find(name) for name in sorted(own))
    return any(card is not None and card.adapter == "command" for card in cards)
