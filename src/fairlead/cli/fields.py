"""`--json?`: the fields of a command's answer, read from the record that the answer is made of."""

from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

DEPTH_MAX = 4


def field_lines(command: str) -> list[str]:
    """One line per field: its path, and its type."""
    record = _record_of(command)
    if record is None:
        return [f"fairlead {command} answers with text only"]
    found = list(_fields(record, "", 0))
    wide = max(len(path) for path, _ in found)
    return [f"{path.ljust(wide)}  {kind}" for path, kind in found]


def _record_of(command: str) -> Any:  # a class of records; each has its own fields, which is the point
    from fairlead.cli.surroundings import Version
    from fairlead.service import (
        acceptances,
        adopting,
        agents,
        approvals,
        backups,
        certifying,
        checks,
        explain,
        findings,
        integrity,
        logs,
        own_agents,
        permissions,
        plan_records,
        proofs,
        records,
        runs,
        schemas,
        surroundings,
        workflow_format,
        workflow_new,
        workflows,
    )
    from fairlead.service.parts import AdvisoryState, Imported

    return {
        "home": surroundings.Home,
        "review": records.RunView,
        "run": records.RunView,
        "resume": records.RunView,
        "worker": adopting.Adopted,
        "certify": certifying.Certificate,
        "cancel": runs.Cancelled,
        "approvals list": approvals.Approvals,
        "approvals show": approvals.Approval,
        "approvals allow": permissions.Permissions,
        "approvals disallow": permissions.Permissions,
        "approvals allowed": permissions.Permissions,
        "approve": records.RunView,
        "reject": records.RunView,
        "request-changes": records.RunView,
        "signal": records.RunView,
        "plan": plan_records.Plan,
        "runs list": runs.RunList,
        "runs show": records.RunView,
        "runs watch": records.RunView,
        "logs": logs.Log,
        "findings list": findings.FindingList,
        "findings show": findings.FindingDetail,
        "findings accept": acceptances.Accepted,
        "findings reopen": acceptances.Reopened,
        "findings export": findings.Export,
        "agents list": agents.AgentList,
        "agents show": records.AgentCard,
        "agents new": own_agents.NewAgent,
        "agents check": own_agents.AgentsChecked,
        "agents test": own_agents.AgentsTested,
        "workflows list": workflows.WorkflowRows,
        "workflows show": workflows.WorkflowDetail,
        "workflows graph": workflows.Graph,
        "workflows new": workflow_new.NewWorkflow,
        "workflows format": workflow_format.Formats,
        "check": checks.Checked,
        "schema": schemas.Schemas,
        "explain": explain.Explanation,
        "doctor": surroundings.Health,
        "init": surroundings.Written,
        "journal verify": integrity.Verdict,
        "journal repair": backups.Repaired,
        "backup": backups.BackedUp,
        "restore": backups.Restored,
        "prove": proofs.Proved,
        "data show": AdvisoryState,
        "data import": Imported,
        "version": Version,
    }.get(command)


def _fields(record: Any, prefix: str, depth: int) -> Iterator[tuple[str, str]]:  # as above
    import msgspec

    for name, hint in get_type_hints(record).items():
        if name not in record.__struct_fields__:
            continue
        inner, suffix = _inner(hint)
        yield f"{prefix}{name}{suffix}", _kind(hint)
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and depth < DEPTH_MAX:
            yield from _fields(inner, f"{prefix}{name}{suffix}.", depth + 1)


def _inner(hint: Any) -> tuple[Any, str]:  # what `get_type_hints` gives has no narrower type
    if get_origin(hint) is tuple:
        return get_args(hint)[0], "[]"
    if get_origin(hint) in (Union, UnionType):
        return next(one for one in get_args(hint) if one is not type(None)), ""
    return hint, ""


def _kind(hint: Any) -> str:  # as above
    origin = get_origin(hint)
    if origin is tuple:
        return "list"
    if origin is dict:
        return "object"
    if origin in (Union, UnionType):
        return " or ".join("null" if one is type(None) else _kind(one) for one in get_args(hint))
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    if origin is not None:
        return " ".join(str(one) for one in get_args(hint))
    names = {str: "text", int: "number", float: "number", bool: "true or false"}
    return names.get(hint, "object" if isinstance(hint, type) else "any")
