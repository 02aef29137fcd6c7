"""The hands of a scripted agent: they work in the call's own child process, as those of a real one."""

from collections.abc import Mapping

from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.tools import ToolWorld, Unreadable, Unwritable


def read(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """The text of the file at `path`."""
    try:
        return Succeeded({"text": world.read(str(inputs["path"])).decode("utf-8")})
    except (Unreadable, UnicodeDecodeError) as problem:
        return Failed("agent", "FL-R230", f"{inputs['path']}: {problem}")


def write(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Put `text` at `path`."""
    try:
        world.write(str(inputs["path"]), str(inputs["text"]).encode("utf-8"))
    except Unwritable as problem:
        return Failed("agent", "FL-R230", f"{inputs['path']}: {problem}")
    return Succeeded({})
