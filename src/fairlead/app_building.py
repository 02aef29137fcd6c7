"""Joins what a workflow in Python needs: a child process that performs the file, shut in as code of the project is.

A part of `fairlead.app`, loaded when a person names such a file.
"""

from typing import TYPE_CHECKING

import msgspec

from fairlead.app_agents import wait
from fairlead.core.errors import Diagnostic, Span
from fairlead.core.findings import path_text
from fairlead.core.json import Json, encode, parse
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.core.ports import Confinement, ToolCall
from fairlead.core.tools import ToolCode
from fairlead.service.parts import Project

if TYPE_CHECKING:
    from fairlead.env.spawner import LocalSpawner
    from fairlead.workflow.building.built import Built

_BUILDER = "fairlead.workflow.building.child:build"
BUILD_SECONDS_MAX = 10.0
BUILD_BYTES_MAX = 512_000_000
# What the spawner says of a child that was silent, and what that means for a file.
_CODES = {"FL-R202": "FL-W332", "FL-R300": "FL-W333", "FL-R233": "FL-W333"}
_SAID = {
    "FL-W332": f"the file did not end within {BUILD_SECONDS_MAX:g} seconds",
    "FL-W333": f"the file took more than {BUILD_BYTES_MAX // 1_000_000} MB of memory",
}
_HINTS = {
    "FL-W332": "look for a loop without an end; what takes long belongs into a step",
    "FL-W333": "move data out of the workflow into files that its steps read",
}


class _Performed(msgspec.Struct):
    """What the child answers."""

    tree: dict[str, Json] | None
    places: tuple[tuple[tuple[str | int, ...], Span], ...]
    diagnostics: tuple[Diagnostic, ...]


def build(project: Project, path: str, data: bytes, spawner: "LocalSpawner", *, is_off: bool) -> "Built":
    """Perform the Python file *path*, whose content is *data*, and give what it wrote down, or why there is nothing.

    Raises:
        FairleadError: nothing can be shut in here.
    """
    from fairlead.workflow.building.built import Built

    shown = path_text(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = Span(data[: error.start].count(b"\n") + 1, 1, data[: error.start].count(b"\n") + 1, 1)
        said = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8"
        wrong = Diagnostic("FL-W002", said, file=shown, span=place, hints=("save it as UTF-8",))
        return Built(None, said=(wrong,))
    code = ToolCode("workflow", shown, "", {shown: text})
    shut_in = None if is_off else Confinement(project.root, is_copy=False, memory_max=BUILD_BYTES_MAX)
    call = ToolCall(_BUILDER, {}, project.root, BUILD_SECONDS_MAX, BUILD_BYTES_MAX, code=code, confinement=shut_in)
    outcome = wait(spawner.call_tool(call, lambda text, found: None)).outcome
    performed = _performed(outcome)
    if performed is None:
        return Built(None, (), text, (_silence(outcome, shown),))
    return Built(performed.tree, performed.places, text, performed.diagnostics)


def _performed(outcome: object) -> _Performed | None:
    """What the child answers; nothing when it is not what our own part of it would have said."""
    if not isinstance(outcome, Succeeded):
        return None
    try:
        parse(encode(outcome.output))
        found = msgspec.convert(outcome.output, _Performed)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if found.tree is not None or found.diagnostics else None


def _silence(outcome: object, path: str) -> Diagnostic:
    """Why the file gave nothing."""
    failed = outcome if isinstance(outcome, Failed) else Failed("platform", "", "what it answered is no workflow")
    code = _CODES.get(failed.code, "FL-W335")
    said = _SAID.get(code, f"the file cannot be performed: {failed.message.replace('the agent', 'its process')}")
    hint = _HINTS.get(code, f"try it by itself: python {path}")
    return Diagnostic(code, said, file=path, span=Span(1, 1, 1, 1), hints=(hint,))
