"""Compares what a language part reports with what is marked in a planted file."""

from collections.abc import Mapping

from fairlead.agents.builtin.security.matches import Part
from fairlead.agents.rules import Rule
from tests.corpora.marks import FILL, Fault
from tests.corpora.marks import planted as read


def assert_exactly_the_marked(part: Part, rules: Mapping[str, Rule], path: str, marked: str) -> None:
    """Every marked place is reported with its rule, span and severity, and nothing else is."""
    file = read(marked)
    assert part.wants(path)
    found = sorted(part.scan_file(path, file.text), key=lambda m: (m.line, m.column, m.rule))
    reported = [
        Fault(m.rule, m.line, m.column, m.end_line, m.end_column, m.severity or rules[m.rule].severity) for m in found
    ]
    wanted = [fault._replace(severity=fault.severity or rules[fault.rule].severity) for fault in file.faults]
    surplus, missing = [f for f in reported if f not in wanted], [f for f in wanted if f not in reported]
    assert reported == wanted, f"surplus: {surplus}\nmissing: {missing}"
    for match in found:
        assert match.severity is None or match.severity == rules[match.rule].severity or match.reason
        assert not any(value in match.message for value in FILL.values())
        if match.mask:
            line = file.text.split("\n")[match.line - 1]
            assert line[match.mask[0] - 1 : match.mask[1] - 1] in {*FILL.values(), "postgres"}
