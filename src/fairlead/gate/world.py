"""The world of one call: what an adapter may reach, and the receipt of what it did there."""

import re
from collections.abc import Callable, Sequence

import msgspec

from fairlead.core.json import Json, digest
from fairlead.core.outcomes import Outcome
from fairlead.core.ports import Call, Confinement, Program, Spawner, ToolCall
from fairlead.core.receipts import Receipt
from fairlead.core.tools import ProcessResult, ToolCode

Progress = Callable[[str, int], None]

_IDEMPOTENCY_KEY = "FAIRLEAD_IDEMPOTENCY_KEY"  # the variable in which a program finds it

# The gate ends a call at its time limit by cancelling it; the spawner's own limit only stands in for a gate that hangs.
_SPAWNER_MARGIN_S = 30.0


class CallWorld:
    """Children of one call, all started by the spawner, all in the receipt."""

    def __init__(
        self,
        call: Call,
        root: str,
        spawner: Spawner,
        log: str,
        progress: Progress,
        *,
        level: str = "L1",
        memory_max: int = 512_000_000,
        listing: str = "",
    ) -> None:
        self._limit_s = call.timeout_s + _SPAWNER_MARGIN_S
        self._root = root
        self._spawner = spawner
        self._log = log
        # Said of what a project brings: what is ours is read before it is installed.
        self._isolation = level if call.definition or call.argv or level != "L1" else ""
        # A copy is the call's own; otherwise it is shown the checkout, to be read.
        self._confinement = (
            Confinement(call.root, is_copy=root != call.root, memory_max=memory_max) if level == "L2" else None
        )
        self._watched = call.root if level == "L0" else ""
        # One key for all attempts of the step, as an effect has: a program that changes something outside of its copy
        # can tell there that it was called again after a crash.
        self._env = {_IDEMPOTENCY_KEY: _word(f"{call.run}/{call.place}")}
        self._progress = progress
        self.listing = listing  # the word under which its tools share one; "" for none
        self._receipts: list[Receipt] = []

    async def call_tool(
        self,
        entry: str,
        inputs: dict[str, Json],
        memory_max: int,
        code: ToolCode | None = None,
        writes: tuple[str, ...] = (),
    ) -> Outcome:
        """Call `module:function` in a forked child that reads the call's tree; with *code* it makes the function."""
        tool = ToolCall(
            entry,
            inputs,
            self._root,
            self._limit_s,
            memory_max,
            self._log,
            code,
            writes,
            self._confinement,
            self.listing,
        )
        end = await self._spawner.call_tool(tool, self._progress)
        self._receipts.append(end.receipt)
        return end.outcome

    async def perform_program(
        self, argv: Sequence[str], stdin: bytes = b"", passed_on: Sequence[str] = (), shown: Sequence[str] = ()
    ) -> ProcessResult:
        """Perform *argv* in the call's working copy; *passed_on* names what it may see of the worker's environment.

        *shown* are files outside of the copy that it may read, also where it is shut in.
        """
        shut_in = self._confinement
        if shut_in is not None:
            shut_in = msgspec.structs.replace(shut_in, shown=tuple(shown))
        program = Program(
            tuple(argv),
            self._root,
            self._env,
            stdin=stdin,
            timeout_s=self._limit_s,
            log=self._log,
            passed_on=tuple(passed_on),
            confinement=shut_in,
            watched=self._watched,
        )
        end = await self._spawner.perform_program(program)
        self._receipts.append(end.receipt)
        return end.process

    def progress(self, text: str, found: int = 0) -> None:
        """Tell whoever watches; lossy."""
        self._progress(text, found)

    def receipt(self, seconds: float) -> Receipt:
        """What was observed of all the call's children together."""
        if not self._receipts:
            return Receipt(seconds=round(seconds, 6), isolation=self._isolation)
        # What a program left is read by a tool of ours after its end: the call is still the program's.
        last = next((receipt for receipt in self._receipts if receipt.argv), self._receipts[-1])
        return Receipt(
            seconds=round(seconds, 6),
            cpu_seconds=round(sum(receipt.cpu_seconds for receipt in self._receipts), 6),
            memory_bytes=max((receipt.memory_bytes for receipt in self._receipts), default=0),
            argv=last.argv,
            exit_code=last.exit_code,
            isolation=self._isolation,
            limits=last.limits,
            violations=tuple(one for receipt in self._receipts for one in receipt.violations),
            bounds=tuple(bound for receipt in self._receipts for bound in receipt.bounds),
        )


def _word(key: str) -> str:
    """*key* where it is one plain word, which fits into a header; else its digest."""
    return key if re.fullmatch(r"[!-~]{1,200}", key) else digest(key.encode("utf-8", "surrogatepass"))
