"""Operations on acceptances: accept findings, take that back, and write the file that a team commits."""

import os.path
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from fairlead.core.errors import error
from fairlead.core.events import FindingAccepted, FindingReopened
from fairlead.core.findings import path_from_text, path_text
from fairlead.core.ids import RunId
from fairlead.service.findings import Export, chosen_findings, find_finding
from fairlead.service.memory import acceptances
from fairlead.service.outputs import write_output
from fairlead.service.parts import Parts, Project
from fairlead.service.runs import require_reader, show_run
from fairlead.views.acceptances import FILE, TEXT_CHARACTERS_MAX, Entry, day_of, file_text
from fairlead.views.findings import FindingView, counted

DAYS_MAX = 3_650  # that an acceptance may hold
_DAYS = re.compile(r"([1-9][0-9]{0,4})d")


class Accepting(msgspec.Struct, frozen=True):
    """What is to be accepted, and why. Either *findings* or a rule, a path, or both."""

    reason: str
    until: str = ""  # "2027-01-31" or "90d"; "" for ever
    findings: Sequence[str] = ()  # beginnings of ids
    rule: str = ""
    path: str = ""


class Accepted(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was recorded."""

    run: RunId
    findings: tuple[FindingView, ...]  # as they stand now
    already: tuple[FindingView, ...] = ()  # that were accepted before, with the same words or by the file
    until: str = ""  # the last day on which it holds


class Reopened(msgspec.Struct, frozen=True):
    """What was taken back."""

    findings: tuple[Entry, ...]
    still_filed: tuple[str, ...] = ()  # fingerprints that the file accepts all the same


def accept_findings(parts: Parts, project: Project, run: RunId, what: Accepting) -> Accepted:
    """Record that these findings are known and count for nothing: all of them, or none when one is wrong.

    Raises:
        FairleadError: FL-S050 no reason, FL-S051 no such day, FL-S052 nothing is named, FL-S053 nothing open matches,
            FL-S012 and FL-S013 an id names none or several.
    """
    reason = _reason(what.reason)
    until = _last_day(what.until, day_of(parts.clock.now()))
    if bool(what.findings) == bool(what.rule or what.path):
        many = "findings and a rule or path are named" if what.findings else "no finding is named, and no rule or path"
        raise error("FL-S052", many, "fairlead findings accept f-… --reason TEXT", "fairlead findings list")
    named = _named(parts, project, run, what)
    fresh = [(of, one) for of, one in named if not _is_accepted_so(one, reason, until)]
    journal = parts.journal(project)
    for of, one in fresh:
        journal.record(of, FindingAccepted(one.fingerprint, one.rule, one.path, reason, until, parts.user))
    views = {of: {one.fingerprint: one for one in show_run(parts, project, of).findings} for of, _ in named}
    recorded = {one.fingerprint for _, one in fresh}
    return Accepted(
        run,
        tuple(views[of][one.fingerprint] for of, one in named if one.fingerprint in recorded),
        tuple(one for _, one in named if one.fingerprint not in recorded),
        until,
    )


def reopen_findings(parts: Parts, project: Project, run: RunId, texts: Sequence[str], *, reason: str = "") -> Reopened:
    """Take acceptances back that were recorded here: all of them, or none when one is wrong.

    Raises:
        FairleadError: FL-S054 a finding is open, FL-S055 it is accepted by the file alone, FL-S012 and FL-S013 an id
            names none or several, FL-S050 the reason is too long.
    """
    known = acceptances(parts, show_run(parts, project, run).root, require_reader(parts, project))
    reason = _bounded(reason.strip())
    entries: dict[str, Entry] = {}
    for text in texts:
        digits = text.lower().removeprefix("f-").removeprefix("f_")
        found = [entry for name, entry in known.recorded.items() if digits and name.startswith(digits)]
        if len(found) > 1:
            names = ", ".join(f"f-{one.fingerprint[:12]}" for one in found[:10])
            raise error("FL-S013", f"{len(found)} accepted findings begin with {text}: {names}", "type more of the id")
        entries.update(
            {one.fingerprint: one for one in found or [_not_recorded(parts, project, run, text, known.filed)]}
        )
    journal = parts.journal(project)
    for entry in entries.values():
        journal.record(entry.run, FindingReopened(entry.fingerprint, reason, parts.user))
    return Reopened(tuple(entries.values()), tuple(name for name in entries if name in known.filed))


def export_accepted(parts: Parts, project: Project, run: RunId, path: str = "") -> Export:
    """Everything that is accepted in the checkout of *run*, as the file that a team commits; to *path* if one is given.

    Raises:
        FairleadError: FL-S018 entries of the file that is there would be lost; FL-S014 it cannot be written.
    """
    view = show_run(parts, project, run)
    known = acceptances(parts, view.root, require_reader(parts, project))
    text = file_text(known.entries())
    if not path:
        return Export("accepted", text, warnings=known.warnings)
    own = os.path.normpath(os.path.join(path_from_text(view.root), FILE))
    if known.warnings and os.path.normpath(path) == own:
        first = known.warnings[0].message
        raise error("FL-S018", f"{FILE} is not written anew, for that would lose entries: {first}", f"mend {FILE}")
    write_output(parts, path, text)
    return Export("accepted", "", path_text(path), warnings=known.warnings)


def _named(parts: Parts, project: Project, run: RunId, what: Accepting) -> list[tuple[RunId, FindingView]]:
    """The findings that are meant, each with the run that shows it."""
    if what.findings:
        found = [find_finding(parts, project, run, text) for text in what.findings]
        return list({one.fingerprint: (view.run, one) for view, one in found}.values())
    view = show_run(parts, project, run)
    among = msgspec.structs.replace(view, findings=counted(view.findings))
    matching = chosen_findings(parts, among, rule=what.rule, path=what.path)
    if not matching:
        where = " at ".join(filter(None, (what.rule, what.path)))
        raise error("FL-S053", f"no open finding of {run} is of {where}", "fairlead findings list --all")
    return [(view.run, one) for one in matching]


def _not_recorded(parts: Parts, project: Project, run: RunId, text: str, filed: dict[str, Entry]) -> Entry:
    """Say why there is nothing to take back."""
    digits = text.lower().removeprefix("f-").removeprefix("f_")
    standing = [entry for name, entry in filed.items() if digits and name.startswith(digits)]
    if standing:
        message = f"f-{standing[0].fingerprint[:8]} is accepted by {FILE}: {standing[0].acceptance.reason}"
        raise error("FL-S055", message, f"remove its entry from {FILE}", exit_code=2)
    _, finding = find_finding(parts, project, run, text)
    raise error("FL-S054", f"{finding.id} is open: nobody has accepted it", "fairlead findings list --accepted")


def _is_accepted_so(finding: FindingView, reason: str, until: str) -> bool:
    """Whether recording would change nothing: the same words are recorded, or the file accepts it."""
    accepted = finding.accepted
    if accepted is None:
        return False
    return accepted.source == FILE or (accepted.reason, accepted.until) == (reason, until)


def _reason(text: str) -> str:
    if not text.strip():
        raise error(
            "FL-S050", "a finding is accepted only with a reason", '--reason "why it is all right"', exit_code=2
        )
    return _bounded(text.strip())


def _bounded(reason: str) -> str:
    if len(reason) > TEXT_CHARACTERS_MAX:
        message = f"a reason has at most {TEXT_CHARACTERS_MAX:,} characters, and this one {len(reason):,}"
        raise error("FL-S050", message, "say it shorter, and link to the rest", exit_code=2)
    return reason.encode("utf-8", "replace").decode().replace("\0", " ")  # what strict JSON can carry


def _last_day(text: str, today: str) -> str:
    """The day that *text* means.

    Raises:
        FairleadError: FL-S051.
    """
    if not text:
        return ""
    now = date.fromisoformat(today)
    days = _DAYS.fullmatch(text)
    try:
        last = (
            now + timedelta(days=int(days[1]))
            if days
            else datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
        )
    except (ValueError, OverflowError):
        raise error("FL-S051", f"{text!r:.60} is no day", "--until 2027-01-31", "--until 90d", exit_code=2) from None
    if last < now:
        raise error("FL-S051", f"{text} has passed; today is {today}", "--until 90d", exit_code=2)
    if last > now + timedelta(days=DAYS_MAX):
        raise error(
            "FL-S051", f"{text:.60} is more than ten years away", "leave --until out to mean for ever", exit_code=2
        )
    return last.isoformat()
