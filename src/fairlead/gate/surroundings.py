"""What the gate works with; joined in `fairlead.app`."""

from collections.abc import Awaitable, Callable

import msgspec

from fairlead.core.ids import Place, RunId
from fairlead.core.json import Digest
from fairlead.core.outcomes import Outcome
from fairlead.core.ports import Agent, Clock, Effect, EffectWorld, Journal, Spawner, Trees
from fairlead.core.workflow import NotifyAction

ProgressOf = Callable[[RunId, Place, str, int], None]
LogOf = Callable[[RunId, Place, int], str]
Covers = Callable[[tuple[str, ...]], str]
Deliver = Callable[[NotifyAction, EffectWorld, Callable[[str], None]], Awaitable[Outcome]]


class Surroundings(msgspec.Struct, frozen=True):
    """The parts that are chosen outside."""

    journal: Journal  # its content store
    clock: Clock
    spawner: Spawner
    trees: Callable[[RunId, str], Trees]  # of a run and the checkout it works on
    agents: Callable[[str], Agent | None]  # those that ship
    programs: Agent  # performs the `run` steps
    progress: ProgressOf
    log_of: LogOf
    # Agents of the project, read anew: given only when they still are what the digest names.
    own_agents: Callable[[str, Digest], Agent | None] = lambda name, definition: None
    is_off: Callable[[], bool] = lambda: False  # whether the person wants no isolation for this project
    effects: Callable[[str], Effect | None] = lambda kind: None
    notices: Deliver | None = None  # delivers messages
    git_dir_of: Callable[[RunId], str] = lambda run: ""  # where the trees that a run has recorded are found
    is_allowed: Callable[[str], bool] = lambda kind: False  # whether the person lets such effects happen unasked
    sweep: Callable[[RunId], None] = lambda run: None  # removes what an earlier owner of a run left half done
