"""The adapter behind `run` steps: a program with arguments, in a working copy, without a shell.

What `parse` names is read after the program has ended, in a child process of our own: a report was written by code that
nobody vouches for, and reading it may not stop or crash the worker.
"""

from collections.abc import Sequence

import msgspec

from fairlead.agents.adapters.symptoms import COPY, hint_for
from fairlead.core.events import INLINE_BYTES_MAX
from fairlead.core.json import Digest, Json, encode
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import AgentCard, Call, World
from fairlead.core.program_outputs import REPORTS
from fairlead.core.tools import ProcessResult

TEXT_CHARACTERS_MAX = 1_000_000  # of stdout and of stderr in the output; the log has all of it
_TAIL_CHARACTERS = 4_000  # of stderr in a failure
_PROBLEMS_SAID = 3

_LOOKING = "fairlead.agents.parsing.outputs:look"
_READING = "fairlead.agents.parsing.outputs:perform"
_READING_MEMORY_MAX = 1_000_000_000  # bytes: a report of 10 MB is many small objects while it is read

_TEXT = {"type": "string"}

_CARD = AgentCard(
    name="run",
    title="Program",
    description="Performs a program as argv in a working copy.",
    adapter="program",
    entry="",
    version="1",
    digest=Digest(""),
    input_schema={"type": "object", "additionalProperties": False},
    # What `parse` names comes beside these; `core.program_outputs` has its shapes.
    output_schema={
        "type": "object",
        "required": ["exit_code", "stdout", "stderr"],
        "properties": {"exit_code": {"type": "integer"}, "stdout": _TEXT, "stderr": _TEXT},
    },
    source="built in",
    writes=("**",),
    is_deterministic=False,
)


class ProgramAgent:
    """Performs the `run` steps of every workflow."""

    def describe(self) -> AgentCard:
        """One card for all programs; the argv stands in the call and in the receipt."""
        return _CARD

    async def perform(self, call: Call, world: World) -> Outcome:
        """Exit code 0 and every file of `parse` read is success; everything else is a result, and says so."""
        before = await _look(call, world)
        if isinstance(before, Failed):
            return before
        ended = await world.perform_program(call.argv, passed_on=call.env)
        refusal = _refusal(call.argv[0], ended)
        read = await _read(call, ended, before.output, world)
        if isinstance(read, Failed):
            return refusal or _unreadable(call, ended, read)
        values = read.output["values"]
        if refusal is not None:
            # The program itself failed: that is the story, and what its files say belongs to it.
            message = refusal.message + (f": {read.summary}" if read.summary else "")
            return msgspec.structs.replace(refusal, message=message, output=_fitted(_tail(ended), values))
        if problems := read.output["problems"]:
            return _not_read(problems, _fitted(_tail(ended), values))
        is_shortened = max(len(ended.stdout), len(ended.stderr)) > TEXT_CHARACTERS_MAX
        bound = f"what {call.argv[0]} wrote is cut at {TEXT_CHARACTERS_MAX:,} characters; the log has all of it"
        degraded = (*read.degraded, *((bound,) if is_shortened else ()))
        return Succeeded({**_texts(ended, TEXT_CHARACTERS_MAX), **values}, read.summary, degraded)


async def _look(call: Call, world: World) -> Outcome:
    """Which of the reports lie there before the program begins: a success with `stamps`."""
    if REPORTS.isdisjoint(one.parser for one in call.parse):
        return Succeeded({"stamps": {}})
    return await world.call_tool(_LOOKING, {"parse": _named(call)}, _READING_MEMORY_MAX)


async def _read(call: Call, ended: ProcessResult, before: dict[str, Json], world: World) -> Outcome:
    """What `parse` names, read in a child: a success with `values` and `problems`, or why there was no reading."""
    if not call.parse:
        return Succeeded({"values": {}, "problems": []})
    inputs: dict[str, Json] = {
        "program": call.argv[0],
        "parse": _named(call),
        "roots": [call.root],
        "stdout": "",
        **before,
    }
    if any(one.parser == "regex" for one in call.parse):
        inputs["stdout"] = ended.stdout.decode("utf-8", "surrogateescape")
    return await world.call_tool(_READING, inputs, _READING_MEMORY_MAX)


def _named(call: Call) -> list[Json]:
    return [{"name": one.name, "parser": one.parser, "source": one.source} for one in call.parse]


def _refusal(program: str, ended: ProcessResult) -> Failed | None:
    """Why the program's end is no success, whatever it left; None when it is one."""
    output = _tail(ended)
    if ended.reached:
        message = f"{program} went over a limit of its sandbox and was ended: {ended.reached}"
        return Failed("result", "FL-R300", message, "let it do less at once", output)
    if ended.is_cut:
        message = f"{program} wrote more than is kept of an output and was stopped"
        return Failed("result", "FL-R203", message, "let it write to a file in its working copy", output)
    if ended.exit_code == 127 and not ended.stdout:
        message = f"{program} could not be started: {str(output['stderr']).strip()[:300]}"
        hint = f"install it, or mend the command; it is looked for in a copy of your files: {COPY}"
        if "/" not in program:
            # `pytest` of an environment that is not active, and what version managers keep in the home directory.
            hint = (
                f"for one of the project write its path, `.venv/bin/{program}` or `node_modules/.bin/{program}`;"
                " of PATH a sandbox has what belongs to the system and to an active environment"
            )
        return Failed("platform", "FL-R204", message, hint, output)
    if ended.exit_code != 0:
        how = f"signal {-ended.exit_code}" if ended.exit_code < 0 else f"exit code {ended.exit_code}"
        message = f"{program} ended with {how}"
        return Failed("result", "FL-R210", message, hint_for(ended), output)
    return None


def _not_read(problems: Sequence[Json], output: dict[str, Json]) -> Failed:
    """The program is content, and what it was to leave is not there or not what it should be."""
    said = [problem["message"] for problem in problems[:_PROBLEMS_SAID]]
    more = len(problems) - len(said)
    message = "; ".join(said) + (f"; and {more} more" if more else "")
    return Failed("result", problems[0]["code"], message, problems[0]["hint"], output)


def _fitted(output: dict[str, Json], values: dict[str, Json]) -> dict[str, Json]:
    """*output* with *values*, as large as the record of a failure may be: lists are cut, and say by how much.

    What does not fit even so is left out. An output of a success may be larger: it lies beside the record.
    """
    kept = {**output, **values}
    while len(encode(kept)) > INLINE_BYTES_MAX:
        name = max(values.keys() & kept.keys(), key=lambda one: (len(encode(kept[one])), one))
        kept[name] = _halved(kept[name])
        if kept[name] is None:
            del kept[name]
    return kept


def _halved(value: Json) -> Json:
    """*value* with half of its longest list left out and counted; None when it has no list that may be cut."""
    if not isinstance(value, dict):
        return None
    lists = [
        name for name, one in value.items() if isinstance(one, list) and len(one) > 1 and f"{name}_left_out" in value
    ]
    if not lists:
        return None
    name = max(lists, key=lambda one: (len(encode(value[one])), one))
    half = value[name][: len(value[name]) // 2]
    left_out = value[f"{name}_left_out"] + len(value[name]) - len(half)
    return {**value, name: half, f"{name}_left_out": left_out}


def _unreadable(call: Call, ended: ProcessResult, why: Failed) -> Failed:
    """The reader itself was stopped: by its memory limit, most likely."""
    names = ", ".join(one.source for one in call.parse if one.parser != "regex") or "the standard output"
    message = f"{names} could not be read: {why.message}"
    return Failed("result", "FL-R252", message, "let the program write less into it", _tail(ended))


def _texts(ended: ProcessResult, characters_max: int) -> dict[str, Json]:
    return {
        "exit_code": ended.exit_code,
        "stdout": _text(ended.stdout[:characters_max]),
        "stderr": _text(ended.stderr[:characters_max]),
    }


def _tail(ended: ProcessResult) -> dict[str, Json]:
    whole = _texts(ended, TEXT_CHARACTERS_MAX)
    return {name: value[-_TAIL_CHARACTERS:] if isinstance(value, str) else value for name, value in whole.items()}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\0", "�")
