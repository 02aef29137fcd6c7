"""SARIF 2.1.0 (OASIS) from any scanner, as findings of ours. `views/sarif.py` writes the format.

A result counts when it is a failure that nobody has suppressed. The severity is Fairlead's own where the file has it,
else `security-severity` as code hosts read it, else the level. Results about files outside of the tree are counted and
left out: no report could show them.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

import msgspec

from fairlead.agents.hiding import hidden
from fairlead.agents.parsing.texts import NotParsed, count_of, mapping_of, number_of, said
from fairlead.core.findings import SEVERITIES, Finding, Fingerprints, Severity, path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded

FINDINGS_MAX = 5_000  # the worst; the rest is counted
EXCERPT_CHARACTERS_MAX = 200

_LEVELS: dict[str, Severity] = {"error": "high", "warning": "medium", "note": "info", "none": "info"}
# Code hosts read the number: above 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, below that low.
_SCORES: tuple[tuple[float, Severity], ...] = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))
_FINGERPRINT = re.compile(r"[0-9a-f]{24}", re.ASCII)
_OWN = "fairlead/v1"


def parse(data: bytes, roots: Sequence[str] = ()) -> Json:
    """The findings, worst first, and how many there are of each severity.

    *roots* are the absolute paths under which the program may have known the tree.

    Raises:
        NotParsed: it is no SARIF 2.1.0 log.
    """
    log = mapping_of(data, "SARIF log")
    runs = log.get("runs")
    if log.get("version") != "2.1.0" or not isinstance(runs, list):
        raise NotParsed("is no SARIF 2.1.0 log: it has no `version: 2.1.0` and `runs`")
    reader = _Reader(roots)
    for run in runs:
        reader.read(_mapping(run, "a run"))
    return reader.output()


class _Reader:
    def __init__(self, roots: Sequence[str]) -> None:
        self.roots = tuple(posixpath.normpath(root) for root in roots if root.startswith("/"))
        self.findings: list[Finding] = []
        self.tools: list[str] = []
        self.suppressed = 0
        self.outside = 0
        self.incomplete: list[str] = []

    def read(self, run: dict[str, Json]) -> None:
        tool = _mapping(run.get("tool"), "`tool`")
        driver = _mapping(tool.get("driver"), "`driver`")
        name = driver.get("name")
        if not isinstance(name, str) or not name.strip():
            raise NotParsed("is no SARIF log: a tool has no name")
        self.tools.append(said(name))
        for invocation in _list(run.get("invocations")):
            if isinstance(invocation, dict) and invocation.get("executionSuccessful") is False:
                self.incomplete.append(said(name))
        if not isinstance(run.get("results", []), list | None):
            raise NotParsed("is no SARIF log: `results` is no list")
        rules = _Rules(tool, driver)
        bases = _object(run.get("originalUriBaseIds"))
        for result in _list(run.get("results")):
            self.take(_mapping(result, "a result"), name, rules, bases)

    def take(self, found: dict[str, Json], tool: str, rules: "_Rules", bases: dict[str, Json]) -> None:
        if found.get("kind", "fail") != "fail" or found.get("baselineState") == "absent":
            return
        if any(_is_accepted(one) for one in _list(found.get("suppressions"))):
            self.suppressed += 1
            return
        rule = rules.of(found)
        physical = _physical(found)
        path = self.path_of(physical, bases)
        if path is None:
            self.outside += 1
            return
        self.findings.append(self.finding(found, tool, rule, path, _object(physical.get("region"))))

    def finding(
        self, found: dict[str, Json], tool: str, rule: dict[str, Json], path: str, region: dict[str, Json]
    ) -> Finding:
        name = found.get("ruleId") or rule.get("id") or _object(found.get("rule")).get("id") or "result"
        is_ours = tool.startswith("fairlead/") and "/" in str(name)
        full = said(str(name)) if is_ours else f"{_slug(tool)}/{said(str(name))}"
        message = _message(found, rule) or str(name)
        excerpt = _text(region.get("snippet"))
        line = count_of(region.get("startLine")) or 0
        kept = _object(found.get("partialFingerprints")).get(_OWN)
        is_kept = is_ours and isinstance(kept, str) and bool(_FINGERPRINT.fullmatch(kept))
        return Finding(
            rule=full,
            severity=_severity(found, rule),
            path=path,
            line=line,
            column=(count_of(region.get("startColumn")) or 0) if line else 0,
            message=said(message),
            fingerprint=str(kept) if is_kept else "",  # the others are made when nothing secret is left in the texts
            remedy=said(_text(_object(next(iter(_list(found.get("fixes"))), None)).get("description"))),
            excerpt=said(excerpt.strip()),
            end_line=(count_of(region.get("endLine")) or line) if line else 0,
            end_column=(count_of(region.get("endColumn")) or 0) if line else 0,
            origin=(said(tool),),
        )

    def path_of(self, physical: dict[str, Json], bases: dict[str, Json]) -> str | None:
        """The path from the root of the tree; "." for none at all, None for one outside."""
        artifact = _object(physical.get("artifactLocation"))
        uri = artifact.get("uri")
        if not isinstance(uri, str) or not uri:
            return "."
        start = _object(bases.get(str(artifact.get("uriBaseId")))).get("uri")
        if isinstance(start, str) and start and not urlsplit(uri).scheme and not uri.startswith("/"):
            uri = start.rstrip("/") + "/" + uri
        parts = urlsplit(uri)
        if parts.scheme not in ("", "file"):
            return None
        path = unquote(parts.path, errors="surrogateescape")
        for root in self.roots:
            if path == root or path.startswith(root.rstrip("/") + "/"):
                path = path[len(root) :].lstrip("/")
        path = posixpath.normpath(path)
        if path.startswith(("/", "../")) or path == ".." or "\0" in path:
            return None
        return path_text(path)

    def output(self) -> Json:
        order = {severity: -rank for rank, severity in enumerate(SEVERITIES)}
        worst = sorted(self.findings, key=lambda one: (order[one.severity], one.path, one.line, one.column, one.rule))
        counts = {severity: sum(one.severity == severity for one in worst) for severity in reversed(SEVERITIES)}
        return {
            "total": len(worst),
            "counts": counts,
            "findings": _completed(worst[:FINDINGS_MAX]),
            "findings_left_out": max(len(worst) - FINDINGS_MAX, 0),
            "suppressed": self.suppressed,
            "outside": self.outside,
            "tools": list(dict.fromkeys(self.tools)),
            "incomplete": list(dict.fromkeys(self.incomplete)),
        }


def _completed(findings: Sequence[Finding]) -> list[Json]:
    """*findings* without the credentials that they quote, and with a fingerprint each, made of what is shown."""
    masked = hidden(Succeeded({"findings": msgspec.to_builtins(findings)})).output
    rows: list[dict[str, Json]] = masked["findings"] if masked else []
    prints = Fingerprints()
    for row in sorted(rows, key=lambda row: (row["path"], row["line"], row["column"])):
        row["fingerprint"] = row["fingerprint"] or prints.of(
            row["rule"], row["path"], row.get("excerpt") or row["message"]
        )
        if "excerpt" in row:
            row["excerpt"] = row["excerpt"][:EXCERPT_CHARACTERS_MAX]
    return list(rows)


class _Rules:
    """The rules of one run, by index and by id."""

    def __init__(self, tool: dict[str, Json], driver: dict[str, Json]) -> None:
        self.lists: list[list[Json]] = [_list(driver.get("rules"))]
        self.lists += [_list(one.get("rules")) for one in _list(tool.get("extensions")) if isinstance(one, dict)]
        self.by_id: dict[str, dict[str, Json]] = {}
        for rule in self._all():
            self.by_id.setdefault(str(rule.get("id")), rule)

    def _all(self) -> Iterator[dict[str, Json]]:
        for rules in self.lists:
            yield from (rule for rule in rules if isinstance(rule, dict))

    def of(self, found: dict[str, Json]) -> dict[str, Json]:
        """The rule of a result; an empty one when the log does not hold it."""
        pointer = _object(found.get("rule"))
        name = found.get("ruleId") or pointer.get("id")
        index = found.get("ruleIndex", pointer.get("index"))
        nth = count_of(_object(pointer.get("toolComponent")).get("index"))
        extension = 0 if nth is None else nth + 1
        rules = self.lists[extension] if extension < len(self.lists) else []
        number = count_of(index)
        if number is not None and number < len(rules) and isinstance(rules[number], dict):
            return dict(rules[number])
        # `ruleId` may be more exact than the rule that it belongs to: "CA1000/first".
        return self.by_id.get(str(name)) or self.by_id.get(str(name).rpartition("/")[0]) or {}


def _severity(found: dict[str, Json], rule: dict[str, Json]) -> Severity:
    own, general = _object(found.get("properties")), _object(rule.get("properties"))
    for severity in SEVERITIES:
        if own.get("severity") == severity:
            return severity
    for holder in (own, general):
        score = number_of(holder.get("security-severity"))
        if score is not None:
            return next((severity for least, severity in _SCORES if score >= least), "info")
    level = found.get("level") or _object(rule.get("defaultConfiguration")).get("level") or "warning"
    return _LEVELS.get(str(level), "medium")


def _message(found: dict[str, Json], rule: dict[str, Json]) -> str:
    message = found.get("message")
    if not isinstance(message, dict):
        raise NotParsed("is no SARIF log: a result has no `message`")
    text = _text(message)
    if not text and isinstance(message.get("id"), str):
        text = _text(_object(rule.get("messageStrings")).get(message["id"]))
    for number, argument in enumerate(_list(message.get("arguments"))[:20]):
        text = text.replace(f"{{{number}}}", str(argument)[:200])
    return " ".join(text.split())


def _physical(found: dict[str, Json]) -> dict[str, Json]:
    locations = _list(found.get("locations"))
    return _object(_object(locations[0] if locations else None).get("physicalLocation"))


def _is_accepted(suppression: Json) -> bool:
    """A suppression without a status is in force; one that is under review or was rejected is not."""
    return isinstance(suppression, dict) and suppression.get("status", "accepted") == "accepted"


def _slug(tool: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", tool.lower()).strip("-")[:60] or "tool"


def _text(holder: Json) -> str:
    text = _object(holder).get("text")
    return text if isinstance(text, str) else ""


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _object(value: Json) -> dict[str, Json]:
    """*value*, or nothing where it is no object: what SARIF allows to be left out."""
    return value if isinstance(value, dict) else {}


def _mapping(value: Json, what: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise NotParsed(f"is no SARIF log: {what} is no object")
    return value
