"""The records that the operations return, under one roof, so that a door imports nothing but the service."""

from fairlead.core.codes import Code as Code
from fairlead.core.errors import Diagnostic as Diagnostic
from fairlead.core.errors import FairleadError as FairleadError
from fairlead.core.errors import Span as Span
from fairlead.core.errors import error as error
from fairlead.core.findings import SEVERITIES as SEVERITIES
from fairlead.core.findings import Severity as Severity
from fairlead.core.ids import Micros as Micros
from fairlead.core.ids import RunId as RunId
from fairlead.core.ids import Seq as Seq
from fairlead.core.json import Json as Json
from fairlead.core.ports import AgentCard as AgentCard
from fairlead.core.transitions import RUN_ENDED as RUN_ENDED
from fairlead.core.transitions import STEP_ENDED as STEP_ENDED
from fairlead.views.acceptances import day_of as day_of
from fairlead.views.facts import STEP_END as STEP_END
from fairlead.views.facts import Fact as Fact
from fairlead.views.findings import Acceptance as Acceptance
from fairlead.views.findings import FailOn as FailOn
from fairlead.views.findings import FindingView as FindingView
from fairlead.views.findings import counted as counted
from fairlead.views.runs import RunLine as RunLine
from fairlead.views.runs import RunView as RunView
from fairlead.views.runs import StepView as StepView
from fairlead.views.watch import Watch as Watch
