"""From one text to its sightings, and from sightings to findings."""

import hashlib
import re
from collections.abc import Mapping, Sequence

import msgspec

from fairlead.agents.builtin.secret_scanner import formats
from fairlead.agents.builtin.secret_scanner.formats import Format, Hit
from fairlead.agents.builtin.secret_scanner.masking import Lines, mask
from fairlead.agents.builtin.statements import Statements
from fairlead.agents.rules import Rule
from fairlead.core.findings import SEVERITIES, Finding, Fingerprints, Severity
from fairlead.core.json import Json

_ORIGIN = ("secret-scanner",)
SIGHTINGS_MAX = 200  # in one file; the others are counted, and the outcome says so
FINGERPRINT_TEXT_MAX = 1000  # characters; of a longer line only the excerpt counts
_IGNORE_TAIL = 300  # characters at the end of a line in which a comment is looked for

_BINARY = re.compile(
    r"(?i)\.(?:png|jpe?g|gif|webp|ico|bmp|tiff?|psd|pdf|zip|gz|tgz|bz2|xz|zst|7z|rar|jar|war|whl|egg|exe|dll|so|dylib|a|o|class"
    r"|pyc|pyd|wasm|mp[34]|m4[av]|ogg|wav|flac|avi|mov|mkv|webm|ttf|otf|woff2?|eot|sqlite3?|db|mo|npy|npz|parquet|pb|onnx|bin|dat)$"
)
_PRACTICE = re.compile(
    r"(?i)^t/|(?:^|/)(?:tests?|testing|specs?|__tests__|e2e|fixtures?|testdata|test[_-]\w+|mocks?|__mocks__|docs?|documentation|examples?"
    r"|samples?|demos?|tutorials?|cookbook)/|(?:^|/)(?:test_[^/]*|conftest\.py|[^/]*[._-](?:tests?|spec|mock|example|sample|template|dist)"
    r"(?:\.\w{1,5})?|[^/]*\.(?:md|rst|adoc|markdown))$"
)
_LOWER_IN_PRACTICE: Mapping[Severity, Severity] = {
    "critical": "medium",
    "high": "low",
    "medium": "low",
    "low": "info",
    "info": "info",
}
_LOWER_IN_DOUBT: Mapping[Severity, Severity] = {
    "critical": "medium",
    "high": "medium",
    "medium": "low",
    "low": "low",
    "info": "info",
}

# Files that start services for an hour: a password there often protects nothing that stays.
_THROWAWAY = re.compile(
    r"(?:^|/)(?:\.github/|\.circleci/|\.devcontainer/|\.gitlab-ci|(?:docker-)?compose[^/]*\.ya?ml$)"
)
_PASSWORDS = ("secrets/generic-password", "secrets/url-password")

_EXCUSE = re.compile(
    r"(?i)fairlead:\s*ignore\b(?P<ours>[^\n]*)|gitleaks:allow|trufflehog:ignore|pragma:\s*(?:allow|white)list[ -]secret"
    r"|\bnosec\b(?!\s*:?\s*B(?!10[567]))|#\s*noqa(?!\s*:)|#\s*noqa\s*:[^#\n]*\bS(?:1(?:0[567]?)?)?\b"
)


class Sighting(msgspec.Struct):
    """One credential at one place, already masked; `digest` tells equal credentials in memory and goes no further."""

    rule: Rule
    severity: Severity
    reason: str
    path: str
    line: int
    column: int
    masked: str
    excerpt: str
    identity: str  # the masked statement, or line, from which the fingerprint is made
    digest: bytes
    is_excused: bool


class Report:
    """What was seen in the files: counts, sightings, and files that nobody looked into."""

    def __init__(self) -> None:
        self.files = self.lines = self.bytes = self.binary = self.suppressed = self.beyond = 0
        self.excused: set[bytes] = set()
        self.sightings: list[Sighting] = []
        self.fingerprints = Fingerprints()
        self._unread: list[tuple[str, str]] = []

    def unread(self, path: str, why: str) -> None:
        self._unread.append((path, why))

    def add(self, text: str, size: int, sightings: list[Sighting]) -> None:
        self.files += 1
        self.lines += text.count("\n") + (not text.endswith("\n") and text != "")
        self.bytes += size
        self.sightings += sightings

    def findings(self, past: Mapping[bytes, "Past"]) -> list[Finding]:
        """What stands in the tree, in the order of the files; *past* says since when."""
        found = [finding_of(sighting, self.fingerprints, past.get(sighting.digest)) for sighting in self.sightings]
        return found + [_unread_finding(path, why, self.fingerprints) for path, why in self._unread]

    def stats(self) -> dict[str, Json]:
        return {
            "files": self.files,
            "lines": self.lines,
            "bytes": self.bytes,
            "binary": self.binary,
            "unread": len(self._unread),
            "suppressed": self.suppressed,
            "beyond_limit": self.beyond,
        }

    def degraded(self) -> tuple[str, ...]:
        if not self.beyond:
            return ()
        return (f"Files with over {SIGHTINGS_MAX} credentials hold {self.beyond} more, which are only counted.",)


class Past(msgspec.Struct):
    """When a credential came into the history: the oldest commit seen, its date, and how many commits added it."""

    sighting: Sighting
    commit: str
    date: str
    commits: int = 1

    def since(self) -> str:
        commits = "1 commit" if self.commits == 1 else f"{self.commits} commits"
        return f"in history since {self.date} ({commits}, first {self.commit[:9]})"


def decoded(data: bytes) -> str | None:
    """The text of a file, or None for a binary one. Bytes that are not UTF-8 become U+FFFD."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:8192]:
        return None
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def is_binary_name(path: str) -> bool:
    """True for names of pictures, archives and the like, which are not worth reading."""
    return _BINARY.search(path) is not None


def scan_text(
    text: str, path: str, report: Report, among: Sequence[Format] | None = None, *, is_whole: bool = False
) -> list[Sighting]:
    """The credentials of *text* that no comment excuses; *report* counts the excused ones.

    *among* are the formats that can be there at all, when somebody has already looked. *is_whole* says that *text* is a
    whole file and no piece of one, so that it can be read as its language.
    """
    forms = formats.forms_for(text.encode("utf-8", "replace"), among)
    hits = formats.hits_in(text, path.rpartition("/")[2], forms)
    if not hits:
        return []
    lines = Lines(text, [(hit.start, hit.end) for hit in hits])
    sightings: list[Sighting] = []
    statements = Statements.of(path, text) if is_whole else None
    for hit in hits:
        seen = _sighting(hit, text, path, lines, statements)
        if seen.is_excused:
            report.suppressed += 1
            report.excused.add(seen.digest)
        else:
            sightings.append(seen)
    kept = most_severe(sightings, SIGHTINGS_MAX)
    report.beyond += len(sightings) - len(kept)
    return kept


def most_severe(sightings: Sequence[Sighting], limit: int) -> list[Sighting]:
    """At most *limit* of them, in their order: noise in front must not push out what matters behind it."""
    order = sorted(range(len(sightings)), key=lambda at: -SEVERITIES.index(sightings[at].severity))
    return [sightings[at] for at in sorted(order[:limit])]


def finding_of(sighting: Sighting, fingerprints: Fingerprints, past: Past | None, *, is_gone: bool = False) -> Finding:
    """The finding of a sighting; *is_gone* when it stands only in history."""
    rule = sighting.rule
    title = rule.title[0].upper() + rule.title[1:]
    message = f"{title} {sighting.masked}"
    if past is not None:
        message += f", {past.since()}"
    if is_gone:
        message += ", no longer in the tree"
    return Finding(
        rule=rule.id,
        severity=sighting.severity,
        path=sighting.path,
        line=sighting.line,
        column=sighting.column,
        message=message,
        fingerprint=fingerprints.of(rule.id, sighting.path, sighting.identity),
        remedy=rule.remedy,
        reason=sighting.reason,
        excerpt=sighting.excerpt,
        end_line=sighting.line,
        # As wide as what is shown: the true end would tell how long a password is.
        end_column=sighting.column + len(sighting.masked),
        origin=_ORIGIN,
        commit=past.commit if past is not None and is_gone else "",
    )


def _sighting(hit: Hit, text: str, path: str, lines: Lines, statements: Statements | None) -> Sighting:
    secret = text[hit.start : hit.end]
    line, column = lines.place(hit.at)
    severity, reason = _severity(hit, path)
    excerpt = lines.excerpt(hit.at)
    start, end = lines.edges(hit.at)
    return Sighting(
        rule=hit.rule,
        severity=severity,
        reason=reason,
        path=path,
        line=line,
        column=column,
        masked=mask("".join(secret.split())),
        excerpt=excerpt,
        identity=_identity(lines, statements, line, column) or excerpt,
        digest=hashlib.sha256("".join(secret.split()).encode("utf-8", "replace")).digest(),
        is_excused=_is_excused(text[max(start, end - _IGNORE_TAIL) : end], hit.rule.id),
    )


def _identity(lines: Lines, statements: Statements | None, line: int, column: int) -> str:
    """The statement around a credential with every credential in it masked; "" when it is too long."""
    spans = statements.spans_at(line, column) if statements is not None else (lines.edges_of(line),)
    if sum(end - start for start, end in spans) > FINGERPRINT_TEXT_MAX:
        spans = (lines.edges_of(line),)
    if sum(end - start for start, end in spans) > FINGERPRINT_TEXT_MAX:
        return ""
    return "".join(lines.masked(start, end) for start, end in spans)


def _severity(hit: Hit, path: str) -> tuple[Severity, str]:
    rule = hit.rule
    if hit.verdict == "proven" and rule.details.get("check") == "crc32-base62":
        return rule.severity, f"{rule.reason} Its checksum holds, so it was really issued."
    severity, reason = rule.severity, rule.reason
    if hit.verdict == "doubtful":
        severity = _LOWER_IN_DOUBT[severity]
        reason = f"Its form fits, but its checksum does not hold or its host is local; else it is {rule.severity}."
    elif rule.id in _PASSWORDS and _THROWAWAY.search(path):
        severity = _LOWER_IN_DOUBT[severity]
        reason = f"In a CI or compose file it often opens only a service of the moment; else it is {rule.severity}."
    if _PRACTICE.search(path):
        severity = _LOWER_IN_PRACTICE[severity]
        reason = (
            "It stands in a test, a document or an example, where made-up credentials are usual; "
            f"elsewhere it is {rule.severity}."
        )
    return severity, reason


def _is_excused(tail: str, rule_id: str) -> bool:
    match = _EXCUSE.search(tail)
    if match is None:
        return False
    named = re.findall(r"[a-z-]+/[a-z*-]+", match["ours"] or "")
    return not named or rule_id in named or "secrets/*" in named


def _unread_finding(path: str, why: str, fingerprints: Fingerprints) -> Finding:
    rule = formats.rules()[formats.UNREAD]
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        path=path,
        line=0,
        column=0,
        message=f"Not searched for secrets: {why}",
        fingerprint=fingerprints.of(rule.id, path, ""),
        remedy=rule.remedy,
        reason=rule.reason,
        origin=_ORIGIN,
    )
