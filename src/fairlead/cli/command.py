"""What every command is given: the parts, its options, where it was called, and the terminal."""

import argparse
import os.path
import shlex
from functools import cached_property

from fairlead.cli.terminal import Form, Terminal
from fairlead.cli.words import Parsed
from fairlead.service.parts import Parts, Project
from fairlead.service.records import RunId, error


class Invocation:
    """One call of one command."""

    def __init__(self, parts: Parts, options: argparse.Namespace, terminal: Terminal, cwd: str) -> None:
        self.parts = parts
        self.options = options
        self.terminal = terminal
        self.cwd = cwd

    @classmethod
    def of(cls, parsed: Parsed, parts: Parts) -> "Invocation":
        options = parsed.options
        form: Form = "text"
        if getattr(options, "json", False):
            form = "json"
        elif getattr(options, "jsonl", False):
            form = "jsonl"
        verbosity = getattr(options, "verbose", 0) - getattr(options, "quiet", 0)
        terminal = Terminal(parts.environ, is_ascii=getattr(options, "ascii", False), verbosity=verbosity, form=form)
        return cls(parts, options, terminal, os.path.normpath(os.path.join(parts.cwd, parsed.directory)))

    @cached_property
    def project(self) -> Project:
        """The project of the directory that the command was called in.

        Raises:
            FairleadError: FL-S008 when -C names no directory; FL-N0xx when the place cannot be used.
        """
        if self.cwd != self.parts.cwd and not self.parts.files.is_directory(self.cwd):
            raise error("FL-S008", f"there is no directory {self.cwd}", "name a directory that exists", exit_code=2)
        return self.parts.project(self.cwd)

    @property
    def is_attended(self) -> bool:
        """Whether a person sees both streams and may type."""
        return self.terminal.out.is_live and self.terminal.err.is_live

    def find_run(self, text: str) -> RunId:
        from fairlead.service.runs import find_run

        return find_run(self.parts, self.project, text)

    def typed(self, rest: str, project: Project | None = None) -> str:
        """A command to type for *project* from where the person stands: with -C when it is elsewhere."""
        root = (project or self.project).root
        if self.parts.cwd == root or self.parts.cwd.startswith(root.rstrip("/") + "/"):
            return f"fairlead {rest}"
        return f"fairlead -C {shlex.quote(root)} {rest}"
