"""Diagnostics: the exact span is underlined, foreign text is harmless, all errors come with a count."""

from fairlead.cli.errors_screen import diagnostic_lines
from fairlead.cli.terminal_text import width
from fairlead.core.errors import Diagnostic, Span
from tests.cli.screens import PaperLook

LOOK = PaperLook(80, 24, {"NO_COLOR": "1"})
LINE = "      findings: ${ steps.scan.output.finding + steps.deps.findings }"
COLUMN = LINE.index("finding +") + 1


def lines(*diagnostics: Diagnostic) -> list[str]:
    return list(diagnostic_lines(diagnostics, LOOK))


def test_the_span_is_underlined_exactly() -> None:
    span = Span(55, COLUMN, 55, COLUMN + 7)
    shown = lines(
        Diagnostic(
            "FL-E014",
            "no output named `finding`",
            file=".fairlead/workflows/x.yaml",
            span=span,
            source=LINE,
            label="it returns: findings, stats",
            hints=("did you mean `findings`?",),
        )
    )
    assert shown == [
        "error[FL-E014]: no output named `finding`",
        f"  --> .fairlead/workflows/x.yaml:55:{COLUMN}",
        "    |",
        f" 55 | {LINE}",
        f"    | {' ' * (COLUMN - 1)}^^^^^^^ it returns: findings, stats",
        "    |",
        "   = did you mean `findings`?",
        "   = more: fairlead explain FL-E014",
    ]


def test_tabs_wide_characters_and_escapes_do_not_move_the_underline() -> None:
    source = "\t漢\x1b: bad"
    begin = source.index("bad") + 1
    shown = lines(Diagnostic("FL-W001", "x", file="f", span=Span(1, begin, 1, begin + 3), source=source))
    line, marks = shown[3], shown[4]
    assert width(line[: line.index("bad")]) == width(marks[: marks.index("^")])
    assert marks.count("^") == 3
    assert "\x1b" not in "".join(shown)


def test_a_span_of_several_lines_is_underlined_on_each_up_to_six() -> None:
    source = "\n".join(f"line {n}" for n in range(1, 11))
    shown = lines(Diagnostic("FL-W001", "x", file="f", span=Span(1, 3, 10, 3), source=source))
    assert sum("^" in line for line in shown) == 6
    assert shown[4] == "   |   ^^^^"


def test_a_long_message_is_broken_on_a_terminal_and_the_count_stands_at_the_end() -> None:
    long = Diagnostic("FL-W002", "word " * 40, hints=("hint " * 40, "b", "c", "d"))
    shown = lines(long, Diagnostic("FL-W003", "y", is_warning=True, file="f"))
    assert max(map(width, shown)) <= 80
    assert "   = d" not in shown, "at most three hints"
    assert "warning[FL-W003]: y" in shown
    assert shown[-1] == "1 error, 1 warning in 1 file"
