"""From founds to findings: silenced ones counted, severities settled, fingerprints given, caps counted."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib.resources import files

from fairlead.agents.builtin.code_reviewer.found import Found, SourceFile
from fairlead.agents.builtin.code_reviewer.ruff import Taken
from fairlead.agents.builtin.security.suppress import Silenced
from fairlead.agents.builtin.statements import Statements
from fairlead.agents.rules import Rule, load_rules
from fairlead.core.findings import Finding, Fingerprints, Severity, path_text

FINDINGS_PER_RULE_MAX = 1_000  # what is above it is counted by rule, and lowers the score all the same
EXCERPT_MAX = 200


class Verdict:
    """Settles the founds of one file after another, in the order in which they are to be shown."""

    def __init__(self, kind: str, taken: Mapping[str, Taken]) -> None:
        self.findings: list[Finding] = []
        self.suppressed = {"noqa": 0, "nosec": 0, "fairlead": 0}
        self.capped: Counter[str] = Counter()
        self.counts: Counter[Severity] = Counter()  # of every finding, also of those above the cap
        self.limit = FINDINGS_PER_RULE_MAX
        self._kind = kind
        self._rules = _review_rules()
        codes = {rule.id: set(_texts(rule, "codes")) for rule in self._rules.values()}
        for code, row in taken.items():
            codes[f"review/{row.rule}"].add(code)
        self._codes = {rule: frozenset(names) for rule, names in codes.items()}
        self._by_rule: Counter[str] = Counter()
        self._fingerprints = Fingerprints()

    def take(self, file: SourceFile, founds: Collection[Found], statements: Callable[[], Statements]) -> int:
        """Judge the founds of *file*; the answer is how many findings that gave.

        *statements* is asked only when a found has no text of its own: it costs a look at the whole file.
        """
        wanted = [found for found in founds if self._is_wanted(file, self._rules[found.rule])]
        if not wanted:
            return 0
        before = len(self.findings)
        silenced = Silenced(file.text, file.is_python)
        known: Statements | None = None
        for found in sorted(wanted, key=lambda found: (found.line, found.rule, found.column, found.message)):
            if found.text or not found.line:
                code = found.text
            else:
                known = known or statements()
                code = known.text_at(found.line, found.column)
            self._settle(file, found, silenced, code)
        return len(self.findings) - before

    def _is_wanted(self, file: SourceFile, rule: Rule) -> bool:
        details = rule.details
        if self._kind not in ("all", details["kind"]):
            return False
        return not (
            (file.is_test and details.get("tests") is False) or (file.is_example and details.get("examples") is False)
        )

    def _settle(self, file: SourceFile, found: Found, silenced: Silenced, code: str) -> None:
        rule = self._rules[found.rule]
        kind = silenced.by(rule.id, self._codes[rule.id], found.line, found.end_line)
        if kind is not None:
            self.suppressed[kind] += 1
            return
        lines = file.lines
        line = lines[found.line - 1] if 0 < found.line <= len(lines) else ""
        path = path_text(file.path)
        fingerprint = self._fingerprints.of(rule.id, path, _clean(code))
        severity = found.severity or rule.severity
        reason = found.reason or rule.reason
        if file.is_test and severity not in ("info", "low"):
            severity, reason = "low", f"{reason} Lowered because the file is a test."
        self.counts[severity] += 1
        self._by_rule[rule.id] += 1
        if self._by_rule[rule.id] > self.limit:
            self.capped[rule.id] += 1
            return
        self.findings.append(
            Finding(
                rule=rule.id,
                severity=severity,
                path=path,
                line=found.line,
                column=found.column,
                message=_clean(found.message),
                fingerprint=fingerprint,
                remedy=rule.remedy,
                reason=reason,
                excerpt=_clean(line.rstrip()[:EXCERPT_MAX]),
                end_line=found.end_line,
                end_column=found.end_column,
                origin=(found.origin,),
            )
        )


def _review_rules() -> dict[str, Rule]:
    """The rules of every table of the code-reviewer, by id."""
    rules: dict[str, Rule] = {}
    for name in sorted(entry.name for entry in files("fairlead.agents.builtin").joinpath("rules").iterdir()):
        if name.startswith("review-") and name.endswith(".toml"):
            rules.update(load_rules(name.removesuffix(".toml")))
    return rules


def _texts(rule: Rule, key: str) -> Iterable[str]:
    value = rule.details.get(key, [])
    return [str(one) for one in value] if isinstance(value, list) else []


def _clean(text: str) -> str:
    """Text that strict JSON can carry."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode("utf-8")
