from fairlead.agents.own.context import Context as Context
from fairlead.agents.own.decorator import agent as agent
from fairlead.agents.own.findings import Findings as Findings

__version__: str
