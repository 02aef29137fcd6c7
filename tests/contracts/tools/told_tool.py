"""A tool that does as its input says. Not a package of the tests: it lies on the spawner's import path."""

import os
import signal
import time
from collections.abc import Mapping

from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.tools import ToolWorld


def perform(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    if inputs["do"] == "succeed":
        return Succeeded({"root": world.root})
    if inputs["do"] == "fail":
        return Failed("result", "FL-R210", "as told")
    if inputs["do"] == "list":
        return Succeeded({"files": [file.path for file in world.files]})
    if inputs["do"] == "tell":
        world.progress("half of it")
        world.found(3)
        return Succeeded({})
    if inputs["do"] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    world.progress("hanging")
    time.sleep(600)
    raise AssertionError("it is ended from outside")
