"""The adapter behind `run` steps: a program with arguments, in a working copy, without a shell."""

from fairlead.core.json import Digest, Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import AgentCard, Call, World

TEXT_CHARACTERS_MAX = 1_000_000  # of stdout and of stderr in the output; the log has all of it
_TAIL_CHARACTERS = 4_000  # of stderr in a failure

# The first surprise of whoever moves a command from a shell into a workflow, so every failure says it.
_COPY = "what git ignores, such as .venv or node_modules, is not there"

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
    output_schema={
        "type": "object",
        "required": ["exit_code", "stdout", "stderr"],
        "properties": {"exit_code": {"type": "integer"}, "stdout": _TEXT, "stderr": _TEXT},
        "additionalProperties": False,
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
        """Exit code 0 is success; everything else is a result, and says so."""
        result = await world.perform_program(call.argv)
        output: dict[str, Json] = {
            "exit_code": result.exit_code,
            "stdout": _text(result.stdout),
            "stderr": _text(result.stderr),
        }
        program = call.argv[0]
        if result.is_cut:
            message = f"{program} wrote more than is kept of an output and was stopped"
            return Failed("result", "FL-R203", message, "let it write to a file in its working copy", _tail(output))
        if result.exit_code == 127 and not result.stdout:
            message = f"{program} could not be started: {output['stderr'].strip()[:300]}"
            hint = f"install it, or mend the command; it is looked for in a copy of your files: {_COPY}"
            return Failed("platform", "FL-R204", message, hint, _tail(output))
        if result.exit_code != 0:
            how = f"signal {-result.exit_code}" if result.exit_code < 0 else f"exit code {result.exit_code}"
            message = f"{program} ended with {how}"
            return Failed("result", "FL-R210", message, f"it worked in a copy of your files: {_COPY}", _tail(output))
        is_shortened = max(len(result.stdout), len(result.stderr)) > TEXT_CHARACTERS_MAX
        bound = f"what {program} wrote is cut at {TEXT_CHARACTERS_MAX:,} characters; the log has all of it"
        return Succeeded(output, "", (bound,) if is_shortened else ())


def _text(data: bytes) -> str:
    return data[:TEXT_CHARACTERS_MAX].decode("utf-8", "replace").replace("\0", "�")


def _tail(output: dict[str, Json]) -> dict[str, Json]:
    return {
        "exit_code": output["exit_code"],
        "stdout": str(output["stdout"])[-_TAIL_CHARACTERS:],
        "stderr": str(output["stderr"])[-_TAIL_CHARACTERS:],
    }
