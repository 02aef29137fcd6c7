"""Agents that do what a test says, inside the worker's own process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from fairlead.core.json import Json, digest
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import AgentCard, Call, World
from fairlead.core.tools import ProcessResult

Script = Callable[[Call, World], Awaitable[Outcome]]
_FILES = "fairlead.testing.files"


class ScriptedAgent:
    """An agent whose work is *script*. Its card promises nothing but an object, and asks for nothing.

    With *writes* it works in a copy of its own, and what it leaves at these patterns is recorded.
    """

    def __init__(self, name: str, script: Script, *, writes: Sequence[str] = ()) -> None:
        self._script = script
        self._card = AgentCard(
            name=name,
            title=name,
            description="Plays a script.",
            adapter="scripted",
            entry="",
            version="1",
            digest=digest(f"scripted {name}".encode()),
            input_schema={"type": "object", "additionalProperties": True},
            output_schema={},
            source="fairlead.testing",
            writes=tuple(writes),
        )

    def describe(self) -> AgentCard:
        """A card without promises."""
        return self._card

    async def perform(self, call: Call, world: World) -> Outcome:
        """Play the script."""
        return await self._script(call, world)

    def playing(self, card: AgentCard) -> "ScriptedAgent":
        """The same script in the part of *card*: it takes, gives and writes what that card says, and needs nothing."""
        played = ScriptedAgent(card.name, self._script)
        played._card = msgspec.structs.replace(card, adapter="scripted", needs="", problem="", level="")
        return played


class Scene:
    """One call of a scripted agent, for the function that plays it: what it was given, and its own working copy."""

    def __init__(self, call: Call, world: World, writes: Sequence[str]) -> None:
        self._world = world
        self._writes = tuple(writes)
        self._loop = asyncio.get_running_loop()
        self.place = str(call.place)  # of the step, as `fairlead runs show` has it
        self.attempt = call.attempt
        self.inputs: Mapping[str, Json] = call.inputs
        self.feedback = call.feedback  # why the attempt before was not good enough

    def read(self, path: str) -> str:
        """A file of the tree that the call works on.

        Raises:
            FileNotFoundError: it cannot be read; the text says why.
        """
        return str(self._tool("read", {"path": path})["text"])

    def write(self, path: str, text: str) -> None:
        """Write a file of the call's working copy.

        Raises:
            PermissionError: the agent's card does not let it, or the path leads out of the copy.
        """
        self._tool("write", {"path": path, "text": text})

    def run(self, *argv: str) -> ProcessResult:
        """Perform a program in the working copy, without isolation: it is the test's own."""
        return asyncio.run_coroutine_threadsafe(self._world.perform_program(argv), self._loop).result()

    def _tool(self, name: str, inputs: dict[str, Json]) -> dict[str, Json]:
        called = self._world.call_tool(f"{_FILES}:{name}", inputs, 100_000_000, None, self._writes)
        outcome = asyncio.run_coroutine_threadsafe(called, self._loop).result()
        if isinstance(outcome, Succeeded):
            return outcome.output
        problem = FileNotFoundError if name == "read" else PermissionError
        raise problem(outcome.message)


Play = Callable[[Scene], "Mapping[str, Json] | Outcome"]


def scripted(name: str, play: Play | Mapping[str, Json], *, writes: Sequence[str] = ()) -> ScriptedAgent:
    """An agent that *play*s: a function from a `Scene` to an output or an outcome, or the output itself.

    An exception of the function fails the step with its text. It is called in a thread, so it may take its time.
    """

    async def script(call: Call, world: World) -> Outcome:
        if isinstance(play, Mapping):
            return Succeeded(dict(play))
        try:
            answer = await asyncio.to_thread(play, Scene(call, world, writes or ("**",)))
        except Exception as error:
            return Failed("agent", "FL-R230", f"{type(error).__name__}: {error}", "look at the script of the test")
        if isinstance(answer, Mapping):
            return Succeeded(dict(answer), str(answer.get("summary") or ""))
        return answer

    return ScriptedAgent(name, script, writes=writes)
