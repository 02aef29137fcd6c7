"""Effects and messages: what the platform itself does to the world, after a person or a setting has allowed it."""

import asyncio

import msgspec

from fairlead.core.errors import FairleadError
from fairlead.core.events import AttemptFailed, AttemptOutcome, AttemptStarted, AttemptUncertain
from fairlead.core.json import digest, encode
from fairlead.core.outcomes import Ask, Failed, Outcome, Succeeded
from fairlead.core.ports import Admitted, Call, Effect, EffectCard, EffectWorld
from fairlead.core.quorum import ALLOWED
from fairlead.core.receipts import Receipt
from fairlead.gate.contracts import Contracts
from fairlead.gate.sealing import NOTHING, seal
from fairlead.gate.surroundings import Covers, Surroundings

_VERSION = "1"


class Outside:
    """The gate's two halves for what no agent may do."""

    def __init__(self, around: Surroundings, contracts: Contracts) -> None:
        self._around = around
        self._contracts = contracts

    async def admit(self, call: Call, covers: Covers) -> Admitted | AttemptFailed | Ask:
        """Whether the effect may happen: it was granted, the person lets such effects happen, or somebody is asked."""
        if call.message is not None:
            return _admitted(call, "", "L1")
        effect = self._around.effects(call.effect)
        if effect is None:
            return _refused(call, "FL-R215", f"there is no effect named {call.effect!r}", "fairlead explain FL-R215")
        card = effect.describe()
        if problem := self._contracts.misfit(digest(card.kind.encode()), card.input_schema, call.inputs):
            return _refused(call, "FL-R216", f"{call.effect} does not take this: {problem}", "mend `with`")
        effect_class = effect.class_of(call.inputs)
        granted = covers(card.covered_by)
        if not granted and effect_class != "irreversible" and self._around.is_allowed(card.kind):
            granted = ALLOWED
        if granted:
            return _admitted(msgspec.structs.replace(call, granted=granted), effect_class, "L1")
        if call.granted and not call.asked:
            return _admitted(call, effect_class, "L1")
        ask = await self._ask(effect, card, call)
        if call.granted and (call.asked == ask.digest or await self._has_happened(effect, call)):
            return _admitted(call, effect_class, "L1")
        return ask

    async def _has_happened(self, effect: Effect, call: Call) -> bool:
        """Whether an earlier attempt did it: what it would do is then another thing, and nobody need be asked."""
        return call.attempt > 1 and await effect.find(call.inputs, self._world(call)) is not None

    async def _ask(self, effect: Effect, card: EffectCard, call: Call) -> Ask:
        shown = await effect.show(call.inputs, self._world(call))
        title = f"Let {call.place} perform {card.kind}?"
        asked = digest(encode([card.kind, call.inputs, shown]))
        return Ask(title, card.title, shown, asked, effect.class_of(call.inputs))

    async def carry_out(self, admitted: Admitted) -> AttemptOutcome:
        """Do it, unless an earlier attempt with the same key has done it."""
        call = admitted.call
        began = self._around.clock.monotonic()
        try:
            async with asyncio.timeout(call.timeout_s):
                outcome = await self._perform(call)
        except FairleadError:
            raise  # the disk: nothing can be recorded of it any more
        except Exception as problem:  # it may have happened all the same, or happen a moment later
            message = _why(call, problem)
            if call.message is not None:
                outcome = Succeeded({"delivered": [], "failed": []}, degraded=(f"perhaps not delivered: {message}",))
            elif admitted.started.effect in ("unkeyed", "irreversible"):
                return AttemptUncertain(call.place, call.attempt, f"{message}; whether it happened is not known")
            elif isinstance(problem, TimeoutError):
                hint = f"give step {call.place} a longer `timeout`"
                outcome = Failed("platform", "FL-R202", message, hint, error="timeout")
            else:
                raise
        receipt = Receipt(seconds=round(self._around.clock.monotonic() - began, 6))
        return seal(call, outcome, receipt, NOTHING, self._around.journal.put)

    async def _perform(self, call: Call) -> Outcome:
        world = self._world(call)
        if call.message is not None:
            assert self._around.notices is not None  # the app joins it
            return await self._around.notices(
                call.message, world, lambda text: self._around.progress(call.run, call.place, text, 0)
            )
        effect = self._around.effects(call.effect)
        assert effect is not None  # `admit` found it, and the set of effects is fixed for the life of the process
        return await effect.find(call.inputs, world) or await effect.perform(call.inputs, world)

    def _world(self, call: Call) -> EffectWorld:
        around = self._around
        log = around.log_of(call.run, call.place, call.attempt)
        # One key for all attempts of the step: that is how one that happened is found again.
        return EffectWorld(
            call.root, around.git_dir_of(call.run), call.run, f"{call.run}/{call.place}", log, call.timeout_s
        )


def _why(call: Call, problem: Exception) -> str:
    """Why nobody knows what became of it."""
    name = call.effect or "notify"
    if isinstance(problem, TimeoutError):
        return f"{name} did not end within {call.timeout_s:g} s"
    return f"{name} broke off, {type(problem).__name__}: {problem}"


def _admitted(call: Call, effect: str, level: str) -> Admitted:
    started = AttemptStarted(
        place=call.place,
        attempt=call.attempt,
        agent=call.agent,
        version=_VERSION,
        call=digest(encode([call.agent, call.inputs, msgspec.to_builtins(call.message)])),
        level=level,
        effect=effect,
        granted=call.granted,
    )
    return Admitted(call, started, f"{call.run}/{call.place}")


def _refused(call: Call, code: str, message: str, hint: str) -> AttemptFailed:
    return AttemptFailed(call.place, call.attempt, "author", code, message, hint, error="validation")
