"""LangGraph: a state graph whose one node loops, with the SQLite saver and `durability="sync"`.

That mode is the documented one in which a step's state is written before the next step starts. Variant `sync` is
SqliteSaver with `invoke`, variant `async` AsyncSqliteSaver with `ainvoke`.
"""

import asyncio
import operator
import os
from contextlib import AsyncExitStack, ExitStack
from typing import Annotated, Any, TypedDict

from harness import Bench, main, workloads  # type: ignore[import-not-found]  # lies beside this program
from langgraph.checkpoint.sqlite import SqliteSaver  # type: ignore[import-not-found]  # lives in its own environment
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver  # type: ignore[import-not-found]  # as above
from langgraph.graph import END, START, StateGraph  # type: ignore[import-not-found]  # as above
from langgraph.types import Send  # type: ignore[import-not-found]  # as above


class Chain(TypedDict):
    """What the graph carries from step to step."""

    i: int
    n: int
    size: int
    keep: bool
    kept: Annotated[list[Any], operator.add]


class Fan(TypedDict):
    """What a fan-out collects."""

    n: int
    found: Annotated[list[Any], operator.add]


def _step(state: Chain) -> dict[str, Any]:
    value = workloads.step_body(state["i"], state["size"])
    return {"i": state["i"] + 1} | ({"kept": [value]} if state["keep"] else {})


async def _step_async(state: Chain) -> dict[str, Any]:
    return _step(state)


def _next(state: Chain) -> str:
    return "step" if state["i"] < state["n"] else END


def _branch(given: dict[str, int]) -> dict[str, list[Any]]:
    return {"found": [workloads.step_body(given["i"], 0)]}


async def _branch_async(given: dict[str, int]) -> dict[str, list[Any]]:
    return _branch(given)


class LangGraph(Bench):  # type: ignore[misc]  # the harness has no types
    """Two graphs over one saver."""

    variants = ("sync", "async")
    keeps_state = True

    async def open(self, fresh: bool = True) -> None:
        """A saver from its connection string, as documented."""
        path = os.path.join(self.dir, "checkpoints.sqlite")
        self.is_async = self.variant == "async"
        if self.is_async:
            self.stack = AsyncExitStack()
            saver = await self.stack.enter_async_context(AsyncSqliteSaver.from_conn_string(path))
        else:
            self.sync_stack = ExitStack()
            saver = self.sync_stack.enter_context(SqliteSaver.from_conn_string(path))
        chain = StateGraph(Chain)
        chain.add_node("step", _step_async if self.is_async else _step)
        chain.add_edge(START, "step")
        chain.add_conditional_edges("step", _next, ["step", END])
        self.graph = chain.compile(checkpointer=saver)
        fan = StateGraph(Fan)
        fan.add_node("branch", _branch_async if self.is_async else _branch)
        fan.add_node("join", lambda state: {"n": len(state["found"])})
        fan.add_conditional_edges(START, lambda s: [Send("branch", {"i": i}) for i in range(s["n"])], ["branch"])
        fan.add_edge("branch", "join")
        fan.add_edge("join", END)
        self.fan = fan.compile(checkpointer=saver)

    async def close(self) -> None:
        """Close the saver's connection."""
        if self.is_async:
            await self.stack.aclose()
        else:
            self.sync_stack.close()

    def _config(self, run: str, n: int) -> dict[str, Any]:
        return {"configurable": {"thread_id": run}, "recursion_limit": n + 10}

    async def _perform(self, graph: Any, given: Any, run: str, n: int) -> Any:
        if self.is_async:
            return await graph.ainvoke(given, self._config(run, n), durability="sync")
        return await asyncio.to_thread(graph.invoke, given, self._config(run, n), durability="sync")

    async def chain(self, rid: str, n: int, size: int = 0, keep: bool = False) -> None:
        """One super-step for each step."""
        state = await self._perform(self.graph, {"i": 0, "n": n, "size": size, "keep": keep, "kept": []}, rid, n)
        assert state["i"] == n

    async def fanout(self, rid: str, n: int) -> None:
        """One `Send` for each branch, then the join."""
        state = await self._perform(self.fan, {"n": n, "found": []}, rid, n)
        assert state["n"] == n

    async def resume(self, rid: str, n: int) -> None:
        """No new input: the thread goes on behind its last checkpoint."""
        await self._perform(self.graph, None, rid, n)

    async def history(self, rid: str) -> int:
        """Every checkpoint of the thread."""
        if self.is_async:
            return len([state async for state in self.graph.aget_state_history(self._config(rid, 0))])
        return await asyncio.to_thread(lambda: len(list(self.graph.get_state_history(self._config(rid, 0)))))


if __name__ == "__main__":
    main(LangGraph)
