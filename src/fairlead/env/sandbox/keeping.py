"""One confined program from its start to its receipt, in the keeper's hands."""

import os
import resource
import signal
import sys

import msgspec

from fairlead.core.json import Json
from fairlead.core.ports import Confinement, Program
from fairlead.env.processes import send
from fairlead.env.programs import CannotStart
from fairlead.env.sandbox.finding import broken, find_bubblewrap
from fairlead.env.sandbox.guarding import LOOK_SECONDS, Guard
from fairlead.env.sandbox.launching import exit_code_of, start_confined
from fairlead.env.sandbox.plan import Machine, find_program, plan_sandbox
from fairlead.env.watching import Guard as Looks
from fairlead.env.watching import Stream, Watched

_SAID_BYTES_MAX = 4_096  # of stderr, kept for a launcher that cannot build the sandbox


class Sandbox:
    """A program that runs confined.

    Raises:
        CannotStart: there is no such program in there.
        FairleadError: FL-N11x there is no sandbox here.
    """

    def __init__(self, request: Json, *, has_stdin: bool) -> None:
        launcher = find_bubblewrap()
        confinement = msgspec.convert(request["confinement"], Confinement)
        program = Program(tuple(request["argv"]), request["cwd"], request["env"], passed_on=tuple(request["passed_on"]))
        shown = tuple(request.get("shown", ()))
        machine = Machine(os.environ, (sys.prefix, sys.base_prefix), tuple(request["hidden"]), shown)
        profile = plan_sandbox(program, confinement, machine)
        problem = find_program(program.argv[0], profile)
        if problem:
            raise CannotStart(f"cannot start {program.argv[0]}: {problem}")
        before = Guard(program.cwd, confinement)
        self._confined = start_confined(launcher, program.argv, profile, confinement, has_stdin=has_stdin)
        self._watcher = before
        before.init = self._confined.init
        self._said = b""
        self.child = self._confined.child
        self.guard = Looks(LOOK_SECONDS, before.look)

    def take(self, stream: Stream, data: bytes) -> None:
        """Keep the beginning of what is said: it is the launcher's when there was no program."""
        if stream == "stderr" and len(self._said) < _SAID_BYTES_MAX:
            self._said += data

    def signal(self, number: int) -> None:
        """Pass a signal on to what runs inside; SIGKILL ends the sandbox as a whole."""
        if number == signal.SIGKILL or not self._confined.init:
            send(self.child.pid, signal.SIGKILL)  # the first process inside dies with it, and all others with that
            send(self._confined.init or self.child.pid, signal.SIGKILL)
            return
        for pid in self._watcher.processes():
            send(pid, number)

    def facts(self, watched: Watched) -> dict[str, Json]:
        """What the launcher and the guard know, once nothing is left: in place of what was seen of it."""
        code = exit_code_of(self._confined)
        self._watcher.look_at_the_end()
        is_forced = watched.is_timed_out or watched.is_cut or watched.is_stopped or bool(self._watcher.reached)
        if code is None and not is_forced:
            refusal = broken(self._said.decode("utf-8", "replace"))
            return {"refusal": msgspec.to_builtins(refusal.diagnostics[0])}
        used = resource.getrusage(resource.RUSAGE_CHILDREN)  # a keeper has no children but those of its one call
        return {
            "exit_code": watched.exit_code if code is None else code,
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "memory_bytes": max(self._watcher.memory_bytes, used.ru_maxrss * 1024),
            "reached": self._watcher.reached,
        }
