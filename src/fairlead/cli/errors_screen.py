"""Diagnostics on a terminal: code, one sentence, the place with the exact span underlined, what to do."""

from collections.abc import Iterable, Iterator, Sequence

from fairlead.cli.look import Look
from fairlead.cli.terminal import Terminal
from fairlead.cli.terminal_text import cut, safe, width, wrap
from fairlead.service.records import Diagnostic, FairleadError, Span

SHOWN_LINES_MAX = 6  # of one span
HINTS_MAX = 3


def give_errors(terminal: Terminal, problem: FairleadError) -> int:
    """Say why there is no answer: in full on stderr; with --json also as the document on stdout."""
    if terminal.form != "text":
        import msgspec

        document = {"errors": problem.diagnostics, "exit_code": problem.exit_code}
        terminal.answer_text(msgspec.json.encode(document).decode() + "\n")
    terminal.complain(diagnostic_lines(problem.diagnostics, terminal.err))
    return problem.exit_code


def diagnostic_lines(diagnostics: Sequence[Diagnostic], look: Look) -> Iterator[str]:
    """All of them; with a count at the end when there are several."""
    for number, diagnostic in enumerate(diagnostics):
        if number:
            yield ""
        yield from _one(diagnostic, look)
    if len(diagnostics) > 1:
        yield ""
        yield _count_line(diagnostics)


def _count_line(diagnostics: Iterable[Diagnostic], files: int = 0) -> str:
    """`2 errors, 1 warning in 3 files`."""
    found = list(diagnostics)
    warnings = sum(1 for one in found if one.is_warning)
    parts = [plural(len(found) - warnings, "error")]
    if warnings:
        parts.append(plural(warnings, "warning"))
    names = files or len({one.file for one in found if one.file})
    return ", ".join(parts) + (f" in {plural(names, 'file')}" if names else "")


def checked_lines(diagnostics: Sequence[Diagnostic], files: int, noun: str, nothing: str, look: Look) -> Iterator[str]:
    """What a check of *files* came to: every mistake, then their count; *nothing* where there was no file."""
    for diagnostic in diagnostics:
        yield from diagnostic_lines((diagnostic,), look)
        yield ""
    if not files:
        yield nothing
    elif diagnostics:
        yield _count_line(diagnostics, files)
    else:
        yield f"{look.symbol('succeeded')} {plural(files, noun)}, nothing wrong"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _one(diagnostic: Diagnostic, look: Look) -> Iterator[str]:
    word, style = ("warning", "yellow bold") if diagnostic.is_warning else ("error", "red bold")
    first, *rest = _fitted(safe(diagnostic.message), look, len(word) + len(diagnostic.code) + 4)
    yield f"{look.paint(f'{word}[{diagnostic.code}]', style)}: {first}"
    yield from (f"  {line}" for line in rest)
    if diagnostic.file:
        place = safe(diagnostic.file)
        if diagnostic.span is not None:
            place += f":{diagnostic.span.line}:{diagnostic.span.column}"
        yield f"  --> {place}"
    if diagnostic.span is not None and diagnostic.source:
        yield from _excerpt_lines(diagnostic.source.split("\n"), diagnostic.span, look, diagnostic.label)
    for hint in diagnostic.hints[:HINTS_MAX]:
        first, *rest = _fitted(safe(hint), look, 5)
        yield f"   = {first}"
        yield from (f"     {line}" for line in rest)
    yield look.paint(f"   = more: fairlead explain {diagnostic.code}", "dim")


def _fitted(text: str, look: Look, taken: int) -> list[str]:
    """Lines that fit a terminal. Elsewhere one line: logs are searched."""
    return wrap(text, look.columns - taken) if look.is_terminal else [text]


def _excerpt_lines(source: Sequence[str], span: Span, look: Look, label: str = "") -> Iterator[str]:
    """Numbered source lines with the span underlined. Tabs are widened, and the underline follows them."""
    shown = list(source[:SHOWN_LINES_MAX])
    digits = len(str(span.line + len(shown) - 1))
    bar = look.paint("|", "cyan")
    yield f" {' ' * digits} {bar}"
    room = look.columns - digits - 5
    for index, line in enumerate(shown):
        number = span.line + index
        begin = span.column if index == 0 else 1
        end = span.end_column if number == span.end_line else len(line) + 1
        yield f" {look.paint(str(number).rjust(digits), 'cyan')} {bar} {cut(safe(line, keep_tabs=True), room)}"
        before = width(safe(line[: begin - 1], keep_tabs=True))
        marked = max(1, width(safe(line[begin - 1 : max(begin, end - 1 + (end == begin))], keep_tabs=True)))
        if before >= room:
            continue
        marks = "^" * min(marked, room - before)
        note = f" {safe(label)}" if label and index == len(shown) - 1 else ""
        yield f" {' ' * digits} {bar} {' ' * before}{look.paint(marks + note, 'red')}"
    yield f" {' ' * digits} {bar}"
