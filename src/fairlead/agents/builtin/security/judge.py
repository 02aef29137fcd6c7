"""From matches to findings: doubles joined, silenced ones counted, severities settled, secrets masked."""

from collections.abc import Iterable
from importlib.resources import files

from fairlead.agents.builtin.security import sources
from fairlead.agents.builtin.security.matches import Match, lines_of
from fairlead.agents.builtin.security.suppress import Silenced
from fairlead.agents.builtin.security.tools import Table
from fairlead.agents.builtin.statements import Mask, Statements
from fairlead.agents.rules import Rule, load_rules
from fairlead.core.findings import SEVERITIES, Finding, Fingerprints, Severity, path_text

EXCERPT_MAX = 200
_NO_CODES: frozenset[str] = frozenset()

_OPEN_END = 1_000_000  # a mask that reaches beyond its line ends so

_RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Judge:
    """Settles the matches of one file after another."""

    def __init__(self, table: Table, lowest: Severity) -> None:
        self.suppressed = {"noqa": 0, "nosec": 0, "fairlead": 0}
        self.below = 0
        self._lowest = _RANK[lowest]
        self._rules = _all_rules()
        codes: dict[str, set[str]] = {}
        for code, row in table.rules.items():
            codes.setdefault(f"security/{row.rule}", set()).add(code)
        # What is left out of the tools' rules still silences ours when somebody names it.
        codes.setdefault("security/hard-coded-credential", set()).update(
            ("S105", "S106", "S107", "B105", "B106", "B107")
        )
        codes.setdefault("security/insecure-random", set()).update(("S311", "B311"))
        codes.setdefault("security/ssrf", set()).update(("S310", "B310"))
        codes.setdefault("security/command-injection", set()).update(("S603", "B603", "S606", "B606"))
        self._codes = {rule: frozenset(names) for rule, names in codes.items()}

    def is_told(self, match: Match, silenced: Silenced, path: str) -> bool:
        """Whether a match of our own will be a finding: neither silenced nor too mild."""
        codes = self._codes.get(match.rule, _NO_CODES)
        severity, _ = _severity(match, self._rules.get(match.rule), path)
        return silenced.by(match.rule, codes, match.line, match.end_line) is None and _RANK[severity] >= self._lowest

    def findings(
        self, path: str, text: str, matches: Iterable[Match], fingerprints: Fingerprints, is_python: bool
    ) -> list[Finding]:
        """The findings of one file in the order of line, rule and column."""
        lines = lines_of(text)
        silenced = Silenced(text, is_python)
        masks: dict[int, list[tuple[int, int]]] = {}
        statements = Statements.of(path, text, is_python=is_python)
        joined = _joined(matches, statements)
        for match, _ in joined:
            if match.mask is not None:
                masks.setdefault(match.line, []).append(match.mask)
        found: list[Finding] = []
        hidden = [_mask_of(match) for match, _ in joined if match.mask is not None]
        for match, origin in joined:
            codes = self._codes.get(match.rule, _NO_CODES)
            kind = silenced.by(match.rule, codes, match.line, match.end_line)
            if kind is not None:
                self.suppressed[kind] += 1
                continue
            rule = self._rules.get(match.rule)
            severity, reason = _severity(match, rule, path)
            line = lines[match.line - 1] if 0 < match.line <= len(lines) else ""
            shown = _masked(line, masks.get(match.line, []))
            # Every finding is named, so that a higher `min_severity` changes no fingerprint.
            code = statements.text_at(match.line, match.column, hidden)
            fingerprint = fingerprints.of(match.rule, path_text(path), code)
            if _RANK[severity] < self._lowest:
                self.below += 1
                continue
            found.append(
                Finding(
                    rule=match.rule,
                    severity=severity,
                    path=path_text(path),
                    line=match.line,
                    column=match.column,
                    message=_clean(match.message),
                    fingerprint=fingerprint,
                    remedy=rule.remedy if rule else "",
                    reason=reason,
                    excerpt=_clean(shown.rstrip()[:EXCERPT_MAX]),
                    end_line=match.end_line,
                    end_column=match.end_column,
                    origin=origin,
                )
            )
        return found


def _joined(matches: Iterable[Match], statements: Statements) -> list[tuple[Match, tuple[str, ...]]]:
    """One match for each rule and place, with every tool that reported it.

    Our own match is kept where there is one, because it knows more about the value; a tool's match joins it when their
    lines touch, because bandit names the statement and ruff the expression, and when both lie in one statement: how it
    is wrapped must not decide how many findings it is.
    """
    kept: list[tuple[Match, set[str]]] = []
    rank = {"own": 0, "ruff": 1, "bandit": 2}
    for match in sorted(matches, key=lambda m: (rank[m.origin], m.line, m.column, m.rule)):
        for other, origin in kept:
            if other.rule == match.rule and _is_same_place(other, match, statements):
                origin.add(match.origin)
                break
        else:
            kept.append((match, {match.origin}))
    kept.sort(key=lambda pair: (pair[0].line, pair[0].rule, pair[0].column))
    return [(match, tuple(sorted(origin))) for match, origin in kept]


def _is_same_place(kept: Match, match: Match, statements: Statements) -> bool:
    if match.rule == "security/not-parsed":
        return True
    if kept.origin == match.origin:
        return (kept.line, kept.column) == (match.line, match.column)
    if kept.line == match.line:
        return True
    if match.line <= max(kept.end_line, kept.line) and kept.line <= max(match.end_line, match.line):
        return True
    first, second = (statements.spans_at(one.line, one.column) for one in (kept, match))
    return bool(first) and first == second


def _severity(match: Match, rule: Rule | None, path: str) -> tuple[Severity, str]:
    severity: Severity = match.severity or (rule.severity if rule else "medium")
    reason = match.reason or (rule.reason if rule else "")
    if severity != "info":
        if sources.is_test(path):
            return _lowered(severity, 2), f"{reason} Lowered because the file is a test.".strip()
        if sources.is_example(path):
            return _lowered(severity, 1), f"{reason} Lowered because the file is an example.".strip()
    return severity, reason


def _lowered(severity: Severity, steps: int) -> Severity:
    return SEVERITIES[max(0, _RANK[severity] - steps)]


def _mask_of(match: Match) -> Mask:
    """Where the masked value lies; one that goes on below its first line ends where the match does."""
    first, last = match.mask or (0, 0)
    if last >= _OPEN_END and match.end_line > match.line:
        return match.line, first, match.end_line, match.end_column
    return match.line, first, match.line, last


def _masked(line: str, masks: list[tuple[int, int]]) -> str:
    for start, end in sorted(masks, reverse=True):
        line = f"{line[: start - 1]}'…'{line[min(end, len(line) + 1) - 1 :]}"
    return line


def _clean(text: str) -> str:
    """Text that strict JSON can carry."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode("utf-8")


def _all_rules() -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    names = sorted(entry.name for entry in files("fairlead.agents.builtin").joinpath("rules").iterdir())
    for name in names:
        if name.startswith("security-") and name.endswith(".toml"):
            rules.update(load_rules(name.removesuffix(".toml")))
    return rules
