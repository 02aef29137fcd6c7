"""A program that a tool of ours performs for the project: confined, and below the tool's own process."""

from collections.abc import Mapping, Sequence

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError
from fairlead.core.json import Json
from fairlead.core.tools import ProcessResult
from fairlead.env.programs import CannotStart
from fairlead.env.sandbox.keeping import Sandbox
from fairlead.env.watching import Bounds, Stream, watch


def run_confined(
    argv: Sequence[str],
    root: str,
    env: Mapping[str, str],
    confined: Mapping[str, Json],
    bounds: Bounds,
    stdin: bytes = b"",
) -> ProcessResult:
    """Perform *argv* in a sandbox over *root* and wait for it. *confined* has `confinement` and what is `hidden`.

    Raises:
        FairleadError: FL-N11x there is no sandbox here.
    """
    request = {"argv": list(argv), "cwd": root, "env": dict(env), "passed_on": [], **confined}
    try:
        sandbox = Sandbox(request, has_stdin=bool(stdin))
    except CannotStart as error:
        return ProcessResult(127, b"", str(error).encode("utf-8", "backslashreplace"), 0.0)
    written: dict[Stream, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}

    def take(stream: Stream, data: bytes) -> None:
        sandbox.take(stream, data)
        written[stream] += data

    watched = watch(sandbox.child, bounds, take, sandbox.signal, stdin=stdin, guard=sandbox.guard)
    facts = sandbox.facts(watched)
    if "refusal" in facts:
        raise FairleadError(msgspec.convert(facts["refusal"], Diagnostic))
    return ProcessResult(
        facts["exit_code"],
        bytes(written["stdout"]),
        bytes(written["stderr"]),
        watched.seconds,
        watched.is_timed_out,
        watched.is_cut,
        reached=facts["reached"],
    )
