"""Python code of a project, called in a sandbox: a fresh interpreter inside, which is handed everything on stdin.

The fork that tools of ours run in is no place for it: a fork holds the worker's memory and cannot be shut in later.
"""

import os
import sys

import msgspec

import fairlead
from fairlead.core.json import Json
from fairlead.core.ports import Confinement

_PACKAGE = os.path.dirname(os.path.realpath(fairlead.__file__))
_PYTHON_BYTES = 150_000_000  # what an interpreter with our modules takes before the tool's own first byte


def own_code_request(request: Json) -> Json:
    """The request for the interpreter inside, in the shape of one for a program, from the *request* for a tool."""
    confinement = msgspec.convert(request["confined"]["confinement"], Confinement)
    inner = {**request, "root": confinement.place, "confined": None, "data_dir": "", "log": ""}
    beside = os.path.dirname(_PACKAGE)
    # -I: neither the environment nor the directory at hand decides what is imported.
    begin = (
        f"import sys; sys.path[:0] = [] if {beside!r} in sys.path else [{beside!r}];"
        f" import runpy; runpy.run_module({__name__!r}, run_name='__main__')"
    )
    whole = msgspec.structs.replace(confinement, memory_max=confinement.memory_max + _PYTHON_BYTES)
    return {
        "argv": [sys.executable, "-I", "-B", "-c", begin],
        "cwd": request["root"],
        "env": {},
        "passed_on": [],
        "stdin": msgspec.json.encode(inner),
        "confinement": msgspec.to_builtins(whole),
        "hidden": request["confined"]["hidden"],
        "shown": [_PACKAGE],
    }


def _inside() -> None:
    """Be the tool: stdout is where its messages leave, stderr is its log."""
    from fairlead.env.tool_child import become_tool

    with open(0, "rb", closefd=False) as stdin:
        request = msgspec.json.decode(stdin.read())
    become_tool(request, messages=1, words=2)


if __name__ == "__main__":
    _inside()
