"""For tests of your own workflows and agents: a clock that is moved by hand, agents that play a script, whole runs."""

from typing import TYPE_CHECKING

from fairlead.testing.agents import Scene as Scene
from fairlead.testing.agents import ScriptedAgent as ScriptedAgent
from fairlead.testing.agents import scripted as scripted
from fairlead.testing.clock import FakeClock as FakeClock

if TYPE_CHECKING:
    from fairlead.testing.running import command as command
    from fairlead.testing.running import run_workflow as run_workflow


def __getattr__(name: str) -> object:
    """What brings the whole engine is loaded when it is first asked for."""
    if name in ("command", "run_workflow"):
        from fairlead.testing import running

        return getattr(running, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
