"""Microsoft agent-framework: a functional workflow of steps, checkpointed into files behind each step.

Its file storage renames a finished file into place and does not sync it: what it has saved survives a killed process
and not a power cut.
"""

import asyncio
import os
from typing import Any

from agent_framework import (  # type: ignore[import-not-found]  # lives in its own environment
    FileCheckpointStorage,
    step,
    workflow,
)
from harness import Bench, main, workloads  # type: ignore[import-not-found]  # lies beside this program


@step  # type: ignore[untyped-decorator]  # as above
async def one(i: int, size: int) -> Any:
    """The yardstick's own step."""
    return workloads.step_body(i, size)


async def chain(given: dict[str, Any]) -> int:
    """One step after the other."""
    kept = []
    for i in range(given["n"]):
        value = await one(i, given["size"])
        if given["keep"]:
            kept.append(value)
    return int(given["n"])


async def fan(given: dict[str, Any]) -> int:
    """All at once, then the join."""
    return len(await asyncio.gather(*(one(i, 0) for i in range(given["n"]))))


class AgentFramework(Bench):  # type: ignore[misc]  # the harness has no types
    """A built workflow for each run, all with one storage."""

    keeps_state = True

    async def open(self, fresh: bool = True) -> None:
        """A directory of checkpoints."""
        self.storage_of_runs = FileCheckpointStorage(os.path.join(self.dir, "checkpoints"))

    def _built(self, function: Any, run: str) -> Any:
        return workflow(name=run)(function).build(checkpoint_storage=self.storage_of_runs)

    async def chain(self, rid: str, n: int, size: int = 0, keep: bool = False) -> None:
        """The workflow is named after the run: a checkpoint belongs to a name."""
        await self._built(chain, rid).run({"n": n, "size": size, "keep": keep})

    async def fanout(self, rid: str, n: int) -> None:
        """Steps gathered inside of one workflow."""
        await self._built(fan, rid).run({"n": n})

    async def resume(self, rid: str, n: int) -> None:
        """From the latest checkpoint of that name."""
        latest = await self.storage_of_runs.get_latest(workflow_name=rid)
        assert latest is not None
        await self._built(chain, rid).run(checkpoint_id=latest.checkpoint_id)

    async def history(self, rid: str) -> int:
        """Every checkpoint of that name."""
        return len(await self.storage_of_runs.list_checkpoints(workflow_name=rid))


if __name__ == "__main__":
    main(AgentFramework)
