"""The files that a command writes beside its answer: which were asked for, and what became of them."""

from collections.abc import Iterable, Iterator, Sequence

from fairlead.cli.command import Invocation
from fairlead.cli.terminal_text import safe
from fairlead.service.endings import NOT_READY, OK
from fairlead.service.outputs import FILE_FORMATS, ExportFormat, require_different_files
from fairlead.service.records import Diagnostic


def asked_files(call: Invocation) -> dict[ExportFormat, str]:
    """The formats that options name, each with its file.

    Raises:
        FairleadError: FL-S030 when two of them would be one file.
    """
    asked = {form: path for form in FILE_FORMATS if (path := getattr(call.options, form, ""))}
    require_different_files(asked, call.cwd)
    return asked


def written_lines(paths: Iterable[str]) -> Iterator[str]:
    yield from (f"wrote {safe(path)}" for path in paths)


def give_problems(call: Invocation, problems: Sequence[Diagnostic]) -> int:
    """Say on stderr what could not be written: the answer on stdout is given already. Gives 8 when anything was not."""
    from fairlead.cli.errors_screen import diagnostic_lines

    if problems:
        call.terminal.complain(diagnostic_lines(problems, call.terminal.err))
    return NOT_READY if any(not problem.is_warning for problem in problems) else OK
