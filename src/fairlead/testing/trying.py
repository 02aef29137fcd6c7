"""One call of an agent outside of any run: over a copy of a directory, through its adapter and the gate's checks."""

import asyncio
import os
import shutil
import stat
import tempfile

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Digest, Json
from fairlead.core.outcomes import Failed, Outcome
from fairlead.core.ports import Agent, Call, Spawner
from fairlead.gate.contracts import Contracts
from fairlead.gate.levels import level_for, no_sandbox
from fairlead.gate.world import CallWorld
from fairlead.service.parts import Tried

FILES_MAX = 10_000  # of one copy
BYTES_MAX = 100_000_000
LOG_BYTES_MAX = 4_000  # of what it wrote, from the end


async def try_agent(
    agent: Agent, inputs: dict[str, Json], tree: str, spawner: Spawner, *, is_own: bool, is_off: bool
) -> Tried:
    """Call *agent* with *inputs* over a copy of the directory *tree*; nothing of it is kept.

    Raises:
        FairleadError: FL-A155 the directory is larger than may be copied, or cannot be copied.
    """
    card = agent.describe()
    contracts = Contracts()
    with tempfile.TemporaryDirectory(prefix="fairlead-try-") as folder:
        copy, log = os.path.join(folder, "repo"), os.path.join(folder, "log")
        _copy(tree, copy)
        definition = card.digest if is_own else Digest("")
        call = Call(RunId("r-trial000"), Place("trial"), 1, card.name, inputs, tree, (), card.timeout_s, "", definition)
        refusal = contracts.refuse(card, call)
        if refusal is not None:
            return Tried(refusal)
        level = level_for(card, call, is_off=is_off)
        if isinstance(level, Failed):
            return Tried(level)
        world = CallWorld(call, copy, spawner, log, lambda text, found: None, level=level, memory_max=card.memory_max)
        outcome: Outcome
        try:
            async with asyncio.timeout(card.timeout_s):
                outcome = contracts.judge(card, await agent.perform(call, world))
        except FairleadError as refusal_of_sandbox:
            refused = no_sandbox(refusal_of_sandbox)
            if refused is None:
                raise
            outcome = refused
        except TimeoutError:
            message = f"{card.name} did not end within {card.timeout_s:g} s and was stopped"
            outcome = Failed("agent", "FL-R202", message, "make it faster, or raise its time limit")
        return Tried(outcome, _tail(log))


def _copy(tree: str, copy: str) -> None:
    """Copy files, folders and links; a link is copied as a link, so that nothing is read through it."""
    count = size = 0
    for folder, _, names in os.walk(tree):
        for name in names:
            facts = os.lstat(os.path.join(folder, name))
            count += 1
            size += facts.st_size
            if count > FILES_MAX or size > BYTES_MAX:
                most = f"{FILES_MAX:,} files and {BYTES_MAX:,} bytes"
                raise error("FL-A155", f"{path_text(tree)} holds more than {most}", "keep a golden folder small")
            if not stat.S_ISREG(facts.st_mode) and not stat.S_ISLNK(facts.st_mode):
                where = path_text(os.path.join(folder, name))
                raise error("FL-A155", f"{where} is no regular file", "take it out of the golden folder")
    try:
        shutil.copytree(tree, copy, symlinks=True)
    except (OSError, shutil.Error) as refusal:
        raise error("FL-A155", f"{path_text(tree)} cannot be copied: {refusal}", "look at `ls -l`") from None


def _tail(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read()[-LOG_BYTES_MAX:]
    except OSError:
        return ""
    return data.decode("utf-8", "replace").replace("\0", "�")
