"""Both halves of the gate. Today's stations: input check → agent → output check → receipt."""

import asyncio
from collections.abc import Callable

import msgspec

from fairlead.core.errors import FairleadError
from fairlead.core.events import (
    AttemptFailed,
    AttemptOutcome,
    AttemptStarted,
)
from fairlead.core.ids import Place, RunId, idempotency_key
from fairlead.core.json import Digest, digest, encode
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Admitted, Agent, Call, Clock, Journal, Spawner, Trees
from fairlead.core.workflow import TIMEOUT_S_DEFAULT
from fairlead.gate.contracts import Contracts
from fairlead.gate.levels import level_for, no_sandbox
from fairlead.gate.sealing import seal
from fairlead.gate.world import CallWorld

ProgressOf = Callable[[RunId, Place, str, int], None]
LogOf = Callable[[RunId, Place, int], str]


class Surroundings(msgspec.Struct, frozen=True):
    """What the gate works with; joined in `fairlead.app`."""

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


class Gate:
    """The one path of every call."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._contracts = Contracts()
        self._own: dict[tuple[str, Digest], Agent] = {}  # as they were when they were last admitted

    def admit(self, call: Call) -> Admitted | AttemptFailed:
        """Whether *call* may happen. Changes nothing outside; what it answers becomes an event."""
        if call.definition and not self._take_own(call):
            message = f"the project's agent {call.agent} is not what it was when the run began"
            return _refusal(call, Failed("author", "FL-A152", message, f"fairlead rerun {call.run}"))
        agent = self._agent(call)
        if agent is None:
            message = f"there is no agent named {call.agent!r}"
            return _refusal(call, Failed("author", "FL-A101", message, "fairlead agents list"))
        card = agent.describe()
        if call.timeout_s == TIMEOUT_S_DEFAULT and not call.argv:  # the step asks for none: the agent's own limit holds
            call = msgspec.structs.replace(call, timeout_s=card.timeout_s)
        refusal = self._contracts.refuse(card, call)
        if refusal is not None:
            return _refusal(call, refusal)
        started = AttemptStarted(
            place=call.place,
            attempt=call.attempt,
            agent=call.agent,
            version=f"{card.version}@{card.digest[7:19]}" if card.digest else card.version,
            call=_call_digest(card.digest, call),
            tree=call.tree,
            level=level_for(card, call, is_off=self._around.is_off()),
        )
        return Admitted(call, started, idempotency_key(call.run, call.place, call.attempt))

    async def carry_out(self, admitted: Admitted) -> AttemptOutcome:
        """Do what was admitted. Everything a call may cause happens here. Cancelling it kills what it started."""
        call = admitted.call
        agent = self._agent(call)
        assert agent is not None  # `admit` found it, and the set of agents is fixed for the life of the process
        began = self._around.clock.monotonic()
        writes = bool(agent.describe().writes)
        trees = self._around.trees(call.run, call.root) if writes or call.tree else None
        copy = await trees.open_copy(call.place, call.attempt, call.tree) if trees is not None else ""
        try:
            world = self._world(admitted, copy or call.root, agent.describe().memory_max)
            outcome = await self._perform(agent, call, world)
            outcome = self._contracts.judge(agent.describe(), outcome)
            tree = ""
            if trees is not None and writes and isinstance(outcome, Succeeded):
                tree = await trees.record_copy(copy)
            receipt = world.receipt(self._around.clock.monotonic() - began)
            return seal(call, outcome, receipt, tree, self._around.journal.put)
        finally:
            if trees is not None:
                await trees.drop_copy(copy)

    def _take_own(self, call: Call) -> bool:
        own = self._around.own_agents(call.agent, call.definition)
        if own is not None:
            self._own[call.agent, call.definition] = own
        return own is not None

    def _agent(self, call: Call) -> Agent | None:
        if call.definition:
            return self._own.get((call.agent, call.definition))
        return self._around.programs if call.argv else self._around.agents(call.agent)

    def _world(self, admitted: Admitted, root: str, memory_max: int) -> CallWorld:
        call, around = admitted.call, self._around
        log = around.log_of(call.run, call.place, call.attempt)
        return CallWorld(
            call,
            admitted.started.level,
            root,
            around.spawner,
            log,
            lambda text, n: around.progress(call.run, call.place, text, n),
            memory_max,
        )

    async def _perform(self, agent: Agent, call: Call, world: CallWorld) -> Outcome:
        try:
            async with asyncio.timeout(call.timeout_s):
                return await agent.perform(call, world)
        except FairleadError as refusal:
            refused = no_sandbox(refusal)
            if refused is None:
                raise
            return refused
        except TimeoutError:
            name = call.argv[0] if call.argv else call.agent
            message = f"{name} did not end within {call.timeout_s:g} s and was stopped"
            is_own = not call.argv and call.timeout_s == agent.describe().timeout_s != TIMEOUT_S_DEFAULT
            whose = f"step {call.place}, or the agent in its file," if is_own else f"step {call.place}"
            return Failed("agent", "FL-R202", message, f"give {whose} a longer `timeout`")


def _refusal(call: Call, failed: Failed) -> AttemptFailed:
    return AttemptFailed(call.place, call.attempt, failed.fault, failed.code, failed.message, failed.hint)


def _call_digest(agent: Digest, call: Call) -> Digest:
    """What went in: the agent as it is, its inputs, the program's words and the tree; never the run or the time."""
    return digest(encode([agent, call.agent, call.inputs, call.argv, call.tree, call.timeout_s]))
