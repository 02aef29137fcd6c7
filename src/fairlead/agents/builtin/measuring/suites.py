"""Performs a suite of the tree in a child process, with the project's own interpreter, and gives what it measured."""

import json
import posixpath
import sys
from collections.abc import Mapping
from importlib.resources import files

from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed
from fairlead.core.tools import ProcessResult, ToolWorld, Unreadable

FUNCTIONS_MAX = 100
SUITE_SECONDS_MAX = 3_600.0  # the step's own time limit ends it earlier
ANSWER_BYTES_MAX = 8_000_000
_NOT_FOUND = 127
_TEXT_CHARACTERS_MAX = 300
_PROTOCOL = "write functions `bench_NAME()` without arguments, or one `main()`"


def perform_suite(suite: str, world: ToolWorld, asked: Mapping[str, Json]) -> dict[str, Json] | Failed:
    """What `suite.txt` answers to *asked* about the file at *suite*; a suite that cannot be measured is a failure."""
    suite = posixpath.normpath(suite)
    shown = path_text(suite)
    try:
        world.read(suite)
    except Unreadable as error:
        message = f"the suite {shown} cannot be read: {error}"
        return Failed("author", "FL-A180", message, "name a Python file by its path from the root of the tree")
    program = files("fairlead.agents.builtin.measuring").joinpath("suite.txt").read_text("utf-8")
    request = json.dumps({**asked, "suite": suite, "functions": FUNCTIONS_MAX})
    ended = _first_that_starts(world, ["-B", "-c", program, request])
    if ended.exit_code == _NOT_FOUND and not ended.stdout:
        message = f"no Python could be started to perform {shown}: {_last_line(ended)}"
        return Failed("platform", "FL-R802", message, "make a `.venv` in the project, or put python3 on the PATH")
    if ended.reached:
        message = f"the suite {shown} went over a limit of its sandbox and was ended: {ended.reached}"
        return Failed("result", "FL-R801", message, "let it do less at once")
    answer = _answer_of(ended)
    if answer is None:
        message = f"the suite {shown} {_how(ended)} before it was measured"
        said = _last_line(ended)
        return Failed("result", "FL-R801", f"{message}: {said}" if said else message, "perform it by hand to see why")
    if raised := answer.get("raised"):
        return _raised(shown, raised)
    if many := answer.get("too_many"):
        message = f"the suite {shown} has {many} functions to measure; at most {FUNCTIONS_MAX} are"
        return Failed("author", "FL-A181", message, "split it into several files")
    if not answer.get("functions") and not answer.get("rows"):
        return Failed("author", "FL-A181", f"the suite {shown} has nothing to measure", _PROTOCOL)
    return answer


def _first_that_starts(world: ToolWorld, words: list[str]) -> ProcessResult:
    """The suite needs what the project needs, so the project's own interpreter comes first."""
    for python in (".venv/bin/python", "python3", sys.executable):
        ended = world.run(
            [python, *words],
            timeout_s=SUITE_SECONDS_MAX,
            stdout_max=ANSWER_BYTES_MAX,
            env={"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        if ended.exit_code != _NOT_FOUND or ended.stdout:
            break
    return ended


def _answer_of(ended: ProcessResult) -> dict[str, Json] | None:
    if ended.exit_code != 0 or ended.is_cut:
        return None
    try:
        answer: object = json.loads(ended.stdout)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _how(ended: ProcessResult) -> str:
    if ended.is_cut:
        return "answered with more than is read"
    if ended.is_timed_out:
        return "took too long"
    if ended.exit_code < 0:
        return f"was killed by signal {-ended.exit_code}"
    return f"ended its process with exit code {ended.exit_code}"


def _last_line(ended: ProcessResult) -> str:
    lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
    return _plain(lines[-1]) if lines else ""


def _raised(suite: str, raised: Mapping[str, Json]) -> Failed:
    function = str(raised["function"])
    who = f"{function} in {suite}" if function else f"the suite {suite}"
    where = f" at {_plain(str(raised['where']))}" if raised["where"] else ""
    text = f": {_plain(str(raised['text']))}" if raised["text"] else ""
    message = f"{who} raised {raised['kind']}{where}{text}"
    is_missing = raised["kind"] in ("ModuleNotFoundError", "ImportError")
    hint = "install what the project needs into its `.venv`" if is_missing else "a suite that fails is not measured"
    return Failed("result", "FL-R800", message, hint)


def _plain(text: str) -> str:
    text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text if len(text) <= _TEXT_CHARACTERS_MAX else text[:_TEXT_CHARACTERS_MAX] + "…"
