"""Does the sandbox work here? One is built, and `true` runs in it: versions and settings tell too little."""

import os

from fairlead.core.errors import FairleadError
from fairlead.core.ports import Confinement, Program
from fairlead.env.git import run_here
from fairlead.env.processes import send
from fairlead.env.programs import CannotStart
from fairlead.env.sandbox.finding import broken, find_bubblewrap, version_problem
from fairlead.env.sandbox.launching import exit_code_of, start_confined
from fairlead.env.sandbox.plan import Machine, plan_sandbox
from fairlead.env.watching import Bounds, Stream, watch

SECONDS_MAX = 10.0


def sandbox_problem() -> FairleadError | None:
    """Why nothing can be confined here; None when it can."""
    try:
        launcher = find_bubblewrap()
    except FairleadError as refusal:
        return refusal
    said = _try(launcher)
    if said is None:
        return None
    version = run_here((launcher, "--version"), "/", {}, Bounds(SECONDS_MAX, 1_000)).stdout
    return version_problem(version.decode("utf-8", "replace")) or broken(said)


def _try(launcher: str) -> str | None:
    """What the launcher said when it failed; None when it did not."""
    confinement = Confinement("/mnt/checkout", is_copy=False)
    program = Program(("true",), "/usr")  # any directory that is there: it stands for a checkout
    profile = plan_sandbox(program, confinement, Machine({"PATH": os.defpath}))
    written = bytearray()

    def take(stream: Stream, data: bytes) -> None:
        written.extend(data)

    try:
        confined = start_confined(launcher, program.argv, profile, confinement, has_stdin=False)
    except CannotStart as error:
        return str(error)
    child = confined.child
    watch(child, Bounds(SECONDS_MAX, 10_000), take, lambda number: send(child.pid, number))
    return None if exit_code_of(confined) == 0 else written.decode("utf-8", "replace")
