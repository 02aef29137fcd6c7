"""A copy and the place at which a confined program finds it, and ways to perform one."""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from fairlead.core.ports import Confinement, Program, ProgramEnd
from fairlead.env.sandbox.trying import sandbox_problem
from fairlead.env.spawner import LocalSpawner, start_spawner


@pytest.fixture(scope="session", autouse=True)
def _sandbox_is_there() -> None:
    """A machine without a sandbox fails these tests: silence would be taken for a proof."""
    assert sandbox_problem() is None


class Cell:
    """A working copy, its place, and a spawner that performs programs in it."""

    def __init__(self, folder: Path, spawner: LocalSpawner) -> None:
        self.copy = folder / "copy"
        self.place = folder / "checkout"
        for path in (self.copy, self.place):
            path.mkdir()
        self.spawner = spawner
        self.limits = Confinement(str(self.place))

    def limit(self, **limits: int) -> None:
        """Other limits than usual."""
        self.limits = msgspec.structs.replace(self.limits, **limits)

    def perform(self, *argv: str, **more: object) -> ProgramEnd:
        program = Program(argv, str(self.copy), confinement=self.limits, **more)  # type: ignore[arg-type]  # its fields
        return asyncio.run(self.spawner.perform_program(program))

    def python(self, code: str, *args: str, **more: object) -> ProgramEnd:
        return self.perform("python3", "-I", "-c", code, *args, **more)

    def unconfined(self, code: str, stdin: bytes = b"") -> ProgramEnd:
        """The same without a sandbox: it shows that an attempt could succeed."""
        program = Program((shutil.which("python3") or sys.executable, "-I", "-c", code), str(self.copy), stdin=stdin)
        return asyncio.run(self.spawner.perform_program(program))


@pytest.fixture(scope="session")
def session_spawner() -> Iterator[LocalSpawner]:
    started = start_spawner()
    yield started
    started.close()


@pytest.fixture
def cell(tmp_path: Path, session_spawner: LocalSpawner) -> Cell:
    return Cell(tmp_path, session_spawner)


def said(end: ProgramEnd) -> str:
    """What a program wrote to stdout, which must have ended well."""
    assert end.process.exit_code == 0, os.fsdecode(end.process.stderr)
    return os.fsdecode(end.process.stdout).strip()
