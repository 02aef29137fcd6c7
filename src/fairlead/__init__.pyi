from fairlead.agents.own.context import Context as Context
from fairlead.agents.own.decorator import agent as agent
from fairlead.agents.own.findings import Findings as Findings
from fairlead.core.errors import FairleadError as FairleadError
from fairlead.workflow.building.functions import cel as cel
from fairlead.workflow.building.functions import has as has
from fairlead.workflow.building.functions import if_else as if_else
from fairlead.workflow.building.functions import is_in as is_in
from fairlead.workflow.building.functions import item as item
from fairlead.workflow.building.symbols import Symbol as Symbol
from fairlead.workflow.building.workflow import Workflow as Workflow
from fairlead.workflow.building.workflow import expect as expect

__version__: str

data: Symbol
env: Symbol
git: Symbol
host: Symbol
inputs: Symbol
output: Symbol
round_: Symbol
run: Symbol
steps: Symbol
vars: Symbol
