"""DBOS on SQLite: an asynchronous workflow of steps, its default database and its own recovery at launch."""

import asyncio
import os
from typing import Any

from dbos import DBOS, SetWorkflowID  # type: ignore[import-not-found]  # lives in its own environment
from harness import Bench, main, workloads  # type: ignore[import-not-found]  # lies beside this program


@DBOS.step()  # type: ignore[untyped-decorator]  # as above
async def one(i: int, size: int) -> Any:
    """The yardstick's own step."""
    return workloads.step_body(i, size)


@DBOS.workflow()  # type: ignore[untyped-decorator]  # as above
async def chain(n: int, size: int, keep: bool) -> int:
    """One step after the other."""
    kept = []
    for i in range(n):
        value = await one(i, size)
        if keep:
            kept.append(value)
    return n


@DBOS.workflow()  # type: ignore[untyped-decorator]  # as above
async def fan(n: int) -> int:
    """All at once, then the join."""
    return len(await asyncio.gather(*(one(i, 0) for i in range(n))))


class Dbos(Bench):  # type: ignore[misc]  # the harness has no types
    """One executor in this process."""

    async def open(self, fresh: bool = True) -> None:
        """Launching it also recovers what an earlier process left: same executor, same application version."""
        DBOS(
            config={
                "name": "bench",
                "system_database_url": f"sqlite:///{os.path.join(self.dir, 'dbos.sqlite')}",
                "application_version": "bench",
                "run_admin_server": False,
                "log_level": "ERROR",
            }
        )
        DBOS.launch()

    async def close(self) -> None:
        """Stop its threads."""
        DBOS.destroy()

    async def chain(self, rid: str, n: int, size: int = 0, keep: bool = False) -> None:
        """A workflow with the run's name."""
        with SetWorkflowID(rid):
            assert await chain(n, size, keep) == n

    async def fanout(self, rid: str, n: int) -> None:
        """Steps gathered inside of one workflow."""
        with SetWorkflowID(rid):
            assert await fan(n) == n

    async def resume(self, rid: str, n: int) -> None:
        """The launch has begun to recover it; wait for its end."""
        handle = await DBOS.retrieve_workflow_async(rid)
        await handle.get_result()

    async def history(self, rid: str) -> int:
        """The steps that are recorded for the workflow."""
        return len(await DBOS.list_workflow_steps_async(rid))

    async def reinvoke(self, rid: str, n: int) -> int:
        """The same identity again: the recorded outcome is returned."""
        with SetWorkflowID(rid):
            return int(await chain(n, 0, False))


if __name__ == "__main__":
    main(Dbos)
