"""Where answers and progress go: stdout for the answer, stderr for everything on the way to it."""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from fairlead.cli.ci_log import Syntax, without_commands
from fairlead.cli.look import Look
from fairlead.cli.terminal_text import to_ascii
from fairlead.service.platforms import detect_platform

Form = Literal["text", "json", "jsonl"]


class Terminal:
    """The two streams of a command."""

    def __init__(
        self, environ: Mapping[str, str], *, is_ascii: bool = False, verbosity: int = 0, form: Form = "text"
    ) -> None:
        for stream in (sys.stdout, sys.stderr):
            # A name that the stream's encoding cannot write must not end the command.
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")
        self.out = Look(sys.stdout, environ, is_ascii=is_ascii)
        self.err = Look(sys.stderr, environ, is_ascii=is_ascii)
        self.verbosity = verbosity
        self.form = form
        self.platform = detect_platform(environ)

    def answer(self, lines: Iterable[str]) -> None:
        """Lines of the answer, to stdout."""
        for line in lines:
            print(self._guarded(to_ascii(line) if self.out.is_ascii else line))

    def answer_text(self, text: str, syntax: Syntax = "json") -> None:
        """Text for other programs, as it is, but for what a CI platform would read as a command."""
        sys.stdout.write(text if self.platform is None else without_commands(text, syntax))

    def answer_commands(self, text: str) -> None:
        """Workflow commands as the answer itself: whoever asks for them wants them read."""
        sys.stdout.write(text)

    def tell(self, lines: Iterable[str]) -> None:
        """Lines on the way, to stderr; `-q` drops them."""
        if self.verbosity >= 0:
            self.complain(lines)

    def complain(self, lines: Iterable[str]) -> None:
        """Lines that say why there is no answer: `-q` does not drop these."""
        for line in lines:
            print(self._guarded(to_ascii(line) if self.err.is_ascii else line), file=sys.stderr)
        sys.stderr.flush()

    def command(self, lines: Iterable[str]) -> None:
        """Lines that the CI platform shall read as commands, to stderr: it reads both, and answers stay whole."""
        for line in lines:
            print(line, file=sys.stderr)
        sys.stderr.flush()

    def _guarded(self, line: str) -> str:
        return line if self.platform is None else without_commands(line)

    def write_progress(self, text: str) -> None:
        """Raw text for the live region."""
        sys.stderr.write(to_ascii(text) if self.err.is_ascii else text)
        sys.stderr.flush()

    def give(self, record: object, render: Callable[[], Iterable[str]], rows: Iterable[object] | None = None) -> None:
        """One answer in the form that was asked for: text, one JSON document, or one line of JSON per row."""
        if self.form == "text":
            self.answer(render())
            return
        import msgspec

        if self.form == "json":
            self.answer_text(msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n")
            return
        for row in rows if rows is not None else (record,):
            self.answer_text(msgspec.json.encode(row).decode() + "\n")

    def flush(self) -> None:
        """Hand over everything now, so that a broken pipe shows here and not at the interpreter's end."""
        sys.stdout.flush()
