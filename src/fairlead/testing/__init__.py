"""For tests of your own workflows and agents: a clock that is moved by hand, and agents that play a script."""

from fairlead.testing.agents import ScriptedAgent as ScriptedAgent
from fairlead.testing.clock import FakeClock as FakeClock
