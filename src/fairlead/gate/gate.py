"""Both halves of the gate. Today's stations: input check → approval → sandbox → agent → output check → receipt."""

import asyncio
from collections.abc import Sequence

import msgspec

from fairlead.core.errors import FairleadError
from fairlead.core.events import (
    AttemptFailed,
    AttemptOutcome,
    AttemptStarted,
)
from fairlead.core.ids import RunId, idempotency_key
from fairlead.core.json import Digest, digest, encode
from fairlead.core.outcomes import Ask, Failed, Outcome, Succeeded
from fairlead.core.ports import Admitted, Agent, AgentCard, Call, Trees
from fairlead.core.workflow import TIMEOUT_S_DEFAULT
from fairlead.gate.contracts import Contracts
from fairlead.gate.levels import level_for, no_sandbox
from fairlead.gate.outside import Outside
from fairlead.gate.sealing import Left, seal
from fairlead.gate.surroundings import Covers, Surroundings
from fairlead.gate.world import CallWorld


class Gate:
    """The one path of every call."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._contracts = Contracts()
        self._outside = Outside(around, self._contracts)
        self._own: dict[tuple[str, Digest], Agent] = {}  # as they were when they were last admitted
        self._ended = 0  # how many calls have ended that may have changed a checkout

    async def sweep(self, run: RunId) -> None:
        """Remove what an earlier owner of *run* left half done. Only for who owns it now, before anything begins."""
        await asyncio.to_thread(self._around.sweep, run)

    async def admit(self, call: Call, covers: Covers) -> Admitted | AttemptFailed | Ask:
        """Whether *call* may happen. Changes nothing outside; what it answers becomes an event.

        *covers* tells which approval of the run has granted all the values of some arguments already.
        """
        if call.effect or call.message is not None:
            return await self._outside.admit(call, covers)
        if call.definition and not self._take_own(call):
            message = f"the project's agent {call.agent} is not what it was when the run began"
            return _refusal(call, Failed("author", "FL-A152", message, f"fairlead rerun {call.run}"))
        agent = self._agent(call)
        if agent is None:
            message = f"there is no agent named {call.agent!r}"
            return _refusal(call, Failed("author", "FL-A101", message, "fairlead agents list"))
        card = agent.describe()
        if card.needs:
            message = f"agent {call.agent} needs {card.needs}"
            failed = Failed("platform", "FL-A030", message, f"fairlead agents show {call.agent}")
            return _refusal(call, msgspec.structs.replace(failed, error="unavailable"))
        if card.at and isinstance(call.inputs.get(card.at), str) and call.inputs[card.at]:
            call = msgspec.structs.replace(call, tree=call.inputs[card.at])
        if call.timeout_s == TIMEOUT_S_DEFAULT and not call.argv:  # the step asks for none: the agent's own limit holds
            call = msgspec.structs.replace(call, timeout_s=card.timeout_s)
        refusal = self._contracts.refuse(card, call)
        if refusal is not None:
            return _refusal(call, refusal)
        if card.risk == "high":
            question = _question(call, card)
            if not call.granted or call.asked not in ("", question.digest):
                return question
        level = level_for(card, call, is_off=self._around.is_off())
        if isinstance(level, Failed):
            return _refusal(call, level)
        started = AttemptStarted(
            place=call.place,
            attempt=call.attempt,
            agent=call.agent,
            version=f"{card.version}@{card.digest[7:19]}" if card.digest else card.version,
            call=_call_digest(card.digest, call),
            tree=call.tree,
            level=level,
            granted=call.granted,
        )
        return Admitted(call, started, idempotency_key(call.run, call.place, call.attempt))

    async def carry_out(self, admitted: Admitted) -> AttemptOutcome:
        """Do what was admitted. Everything a call may cause happens here. Cancelling it kills what it started."""
        try:
            return await self._carry_out(admitted)
        finally:
            # What begins from now on sees what that left: it shares no listing with what began before.
            self._ended += not _only_looks(admitted.call)

    async def _carry_out(self, admitted: Admitted) -> AttemptOutcome:
        call = admitted.call
        if call.effect or call.message is not None:
            return await self._outside.carry_out(admitted)
        agent = self._agent(call)
        assert agent is not None  # `admit` found it, and the set of agents is fixed for the life of the process
        began = self._around.clock.monotonic()
        writes = bool(agent.describe().writes) and call.isolate != "none"
        trees = self._around.trees(call.run, call.root) if writes or call.tree else None
        copy = await trees.open_copy(call.place, call.attempt, call.tree) if trees is not None else ""
        try:
            world = self._world(admitted, copy or call.root, agent.describe().memory_max)
            outcome = await self._perform(agent, call, world)
            outcome = self._contracts.judge(agent.describe(), outcome)
            tree = before = ""
            if trees is not None and writes and isinstance(outcome, Succeeded):
                before = await trees.found(call.tree)
                outcome, tree = await _recorded(trees, copy, call, agent.describe(), outcome)
            receipt = world.receipt(self._around.clock.monotonic() - began)
            return seal(call, outcome, receipt, Left(before, tree), self._around.journal.put)
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
            root,
            around.spawner,
            log,
            lambda text, n: around.progress(call.run, call.place, text, n),
            level=admitted.started.level,
            memory_max=memory_max,
            listing=f"{call.run} {self._ended}" if root == call.root and _only_looks(call) else "",
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
            return Failed("agent", "FL-R202", message, f"give {whose} a longer `timeout`", error="timeout")


def _only_looks(call: Call) -> bool:
    """Whether an agent that ships does it: of those none changes a checkout."""
    return not (call.argv or call.definition or call.effect or call.message is not None)


async def _recorded(trees: Trees, copy: str, call: Call, card: AgentCard, outcome: Succeeded) -> tuple[Succeeded, str]:
    """Record what a step left in its copy; what it was not to change is dropped, and said."""
    dropped: Sequence[str] = ()
    patterns = call.writes or card.writes
    if patterns and "**" not in patterns:
        dropped = await trees.drop_changes(copy, call.tree, patterns)
    tree = await trees.record_copy(copy)
    if dropped:
        names = ", ".join(dropped[:5]) + (f" and {len(dropped) - 5} more" if len(dropped) > 5 else "")
        said = f"it changed what it may not change, which was dropped: {names}"
        outcome = msgspec.structs.replace(outcome, degraded=(*outcome.degraded, said))
    if "worktree" in card.output_schema.get("properties", {}):
        outcome = msgspec.structs.replace(outcome, output={**outcome.output, "worktree": tree})
    return outcome, tree


def _question(call: Call, card: AgentCard) -> Ask:
    shown = [{"name": "agent", "value": call.agent}, {"name": "inputs", "value": call.inputs}]
    body = "Its risk is high, so it asks although the step does not."
    asked = digest(encode([shown, _call_digest(card.digest, call)]))
    return Ask(f"Let {card.title or card.name} perform {call.place}?", body, shown, asked, "unkeyed")


def _refusal(call: Call, failed: Failed) -> AttemptFailed:
    error = failed.error or "validation"
    return AttemptFailed(call.place, call.attempt, failed.fault, failed.code, failed.message, failed.hint, error=error)


def _call_digest(agent: Digest, call: Call) -> Digest:
    """What went in: the agent as it is, its inputs, the program's words and the tree; never the run or the time."""
    return digest(encode([agent, call.agent, call.inputs, call.argv, call.tree, call.timeout_s]))
