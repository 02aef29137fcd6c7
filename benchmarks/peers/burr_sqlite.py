"""Burr: one action that loops, with its SQLite persister, which saves the whole state behind each action.

It has no fan-out whose branches are recorded one by one in the same application: W2 is not supported.
"""

import os
from typing import Any

from burr.core import ApplicationBuilder, State, action, expr  # type: ignore[import-not-found]  # own environment
from burr.core.persistence import SQLitePersister  # type: ignore[import-not-found]  # as above
from harness import Bench, main, workloads  # type: ignore[import-not-found]  # lies beside this program


@action(reads=["i", "size", "keep", "kept"], writes=["i", "kept"])  # type: ignore[untyped-decorator]  # as above
async def one(state: State) -> State:
    """The yardstick's own step."""
    value = workloads.step_body(state["i"], state["size"])
    after = state.update(i=state["i"] + 1)
    return after.append(kept=value) if state["keep"] else after


@action(reads=["i"], writes=["end"])  # type: ignore[untyped-decorator]  # as above
async def end(state: State) -> State:
    """Where the loop leaves."""
    return state.update(end=True)


class Burr(Bench):  # type: ignore[misc]  # the harness has no types
    """One persister; an application for each run."""

    keeps_state = True
    supports = frozenset({"W1", "W3", "W4", "W5", "W6", "W7", "W8"})

    async def open(self, fresh: bool = True) -> None:
        """The persister makes its table when there is none."""
        self.persister = SQLitePersister(os.path.join(self.dir, "burr.sqlite"), "state")
        self.persister.initialize()

    async def close(self) -> None:
        """Close the persister's connection."""
        self.persister.cleanup()

    def _application(self, run: str, given: dict[str, Any]) -> Any:
        return (
            ApplicationBuilder()
            .with_actions(one=one, end=end)
            .with_transitions(("one", "one", expr("i < n")), ("one", "end"))
            .with_identifiers(app_id=run, partition_key="bench")
            .with_state_persister(self.persister)
            .initialize_from(self.persister, resume_at_next_action=True, default_state=given, default_entrypoint="one")
            .build()
        )

    async def chain(self, rid: str, n: int, size: int = 0, keep: bool = False) -> None:
        """An application that loops until `i` is `n`."""
        application = self._application(rid, {"i": 0, "n": n, "size": size, "keep": keep, "kept": []})
        _, _, state = await application.arun(halt_after=["end"])
        assert state["i"] == n

    async def resume(self, rid: str, n: int) -> None:
        """The same application again: it starts from its last saved state."""
        await self.chain(rid, n)

    async def history(self, rid: str) -> int:
        """Each saved state, one by one: the persister reads a state by its number."""
        found = 0
        while self.persister.load("bench", rid, sequence_id=found) is not None:
            found += 1
        return found


if __name__ == "__main__":
    main(Burr)
