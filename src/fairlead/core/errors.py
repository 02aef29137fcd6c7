"""Diagnostics: what is wrong, where, what was expected, what to do next. The same record at every door."""

import msgspec


class Span(msgspec.Struct, frozen=True):
    """A place in a text. Lines and columns count from 1, columns in characters; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Diagnostic(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong, as a person should read it.

    `source` is the text of the spanned lines, kept so that every door can show the excerpt without the file.
    """

    code: str
    message: str
    is_warning: bool = False
    file: str = ""
    span: Span | None = None
    source: str = ""
    label: str = ""  # stands next to the underline
    hints: tuple[str, ...] = ()  # at most three; the first one is what to type or change


# What a process answers when it stops because of a code of this family (`experience.md` calls these the exit codes).
_EXIT_BY_FAMILY = {"W": 2, "A": 2, "E": 2, "R": 3, "P": 5, "L": 9, "N": 8, "S": 2, "X": 10}


class FairleadError(Exception):
    """Something a caller asked for cannot be done. Carries every diagnostic that one pass found."""

    def __init__(self, *diagnostics: Diagnostic, exit_code: int | None = None) -> None:
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics
        self.exit_code = _EXIT_BY_FAMILY[diagnostics[0].code[3]] if exit_code is None else exit_code

    @property
    def code(self) -> str:
        """That of the first diagnostic."""
        return self.diagnostics[0].code

    @property
    def hint(self) -> str:
        """What to type or change about the first diagnostic; "" when nothing is known to help."""
        return self.diagnostics[0].hints[0] if self.diagnostics[0].hints else ""


def error(code: str, message: str, *hints: str, exit_code: int | None = None) -> FairleadError:
    """A `FairleadError` with one diagnostic that has no place in a file."""
    return FairleadError(Diagnostic(code, message, hints=hints), exit_code=exit_code)
