"""Both halves of the gate. Today's stations: input check → agent → output check → receipt."""

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from fairlead.core.events import (
    INLINE_BYTES_MAX,
    OUTPUT_BYTES_MAX,
    AttemptFailed,
    AttemptOutcome,
    AttemptStarted,
    AttemptSucceeded,
)
from fairlead.core.ids import Place, RunId, idempotency_key
from fairlead.core.json import Digest, Json, digest, encode
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Admitted, Agent, Call, Clock, Journal, Spawner, Trees
from fairlead.core.receipts import Receipt
from fairlead.gate.contracts import Contracts
from fairlead.gate.world import CallWorld

ProgressOf = Callable[[RunId, Place, str, int], None]
LogOf = Callable[[RunId, Place, int], str]


class Surroundings(msgspec.Struct, frozen=True):
    """What the gate works with; joined in `fairlead.app`."""

    journal: Journal  # its content store
    clock: Clock
    spawner: Spawner
    trees: Callable[[RunId, str], Trees]  # of a run and the checkout it works on
    agents: Callable[[str], Agent | None]
    programs: Agent  # performs the `run` steps
    progress: ProgressOf
    log_of: LogOf


class Gate:
    """The one path of every call."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._contracts = Contracts()

    def admit(self, call: Call) -> Admitted | AttemptFailed:
        """Whether *call* may happen. Changes nothing outside; what it answers becomes an event."""
        agent = self._agent(call)
        if agent is None:
            message = f"there is no agent named {call.agent!r}"
            return _refusal(call, Failed("author", "FL-A101", message, "fairlead agents list"))
        card = agent.describe()
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
            world = self._world(call, copy or call.root)
            outcome = await self._perform(agent, call, world)
            outcome = self._contracts.judge(agent.describe(), outcome)
            tree = ""
            if trees is not None and writes and isinstance(outcome, Succeeded):
                tree = await trees.record_copy(copy)
            receipt = world.receipt(self._around.clock.monotonic() - began)
            return self._seal(call, outcome, receipt, tree)
        finally:
            if trees is not None:
                await trees.drop_copy(copy)

    def _agent(self, call: Call) -> Agent | None:
        return self._around.programs if call.argv else self._around.agents(call.agent)

    def _world(self, call: Call, root: str) -> CallWorld:
        around = self._around
        log = around.log_of(call.run, call.place, call.attempt)
        return CallWorld(
            call, root, around.spawner, log, lambda text, n: around.progress(call.run, call.place, text, n)
        )

    async def _perform(self, agent: Agent, call: Call, world: CallWorld) -> Outcome:
        try:
            async with asyncio.timeout(call.timeout_s):
                return await agent.perform(call, world)
        except TimeoutError:
            name = call.argv[0] if call.argv else call.agent
            message = f"{name} did not end within {call.timeout_s:g} s and was stopped"
            return Failed("agent", "FL-R202", message, f"give step {call.place} a longer `timeout`")

    def _seal(self, call: Call, outcome: Outcome, receipt: Receipt, tree: str) -> AttemptOutcome:
        """The event that *outcome* becomes: large values go to the content store, what is too large is cut and said."""
        output, ref, receipt, bound = self._keep(outcome.output, receipt)
        if isinstance(outcome, Failed):
            return AttemptFailed(
                call.place, call.attempt, outcome.fault, outcome.code, outcome.message, outcome.hint, output, receipt
            )
        degraded = outcome.degraded + ((bound,) if bound else ())
        return AttemptSucceeded(call.place, call.attempt, output, ref, outcome.summary, degraded, tree, receipt)

    def _keep(self, output: Json, receipt: Receipt) -> tuple[Json, Digest, Receipt, str]:
        if not output:
            return output, Digest(""), receipt, ""
        data = encode(output)
        if len(data) <= INLINE_BYTES_MAX:
            return output, Digest(""), receipt, ""
        whole = digest(data)
        bound = ""
        if len(data) > OUTPUT_BYTES_MAX:
            bound = f"its output had {len(data):,} bytes and was cut at {OUTPUT_BYTES_MAX:,}"
            receipt = msgspec.structs.replace(receipt, bounds=(*receipt.bounds, bound))
            data = encode(cut_to(output, OUTPUT_BYTES_MAX))
        receipt = msgspec.structs.replace(receipt, output_digest=whole, output_bytes=len(data))
        return None, self._around.journal.put(data), receipt, bound


def cut_to(output: Mapping[str, Json], bytes_max: int) -> dict[str, Json]:
    """*output* with its longest list or text shortened until it fits; the shape stays what the schema promises."""
    kept = dict(output)
    while len(encode(kept)) > bytes_max:
        key = max(kept, key=lambda name: len(encode(kept[name])))
        value = kept[key]
        if not isinstance(value, str | list) or len(value) < 2:
            return {}
        kept[key] = value[: len(value) // 2]
    return kept


def _refusal(call: Call, failed: Failed) -> AttemptFailed:
    return AttemptFailed(call.place, call.attempt, failed.fault, failed.code, failed.message, failed.hint)


def _call_digest(agent: Digest, call: Call) -> Digest:
    """What went in: the agent as it is, its inputs, the program's words and the tree; never the run or the time."""
    return digest(encode([agent, call.agent, call.inputs, call.argv, call.tree, call.timeout_s]))
