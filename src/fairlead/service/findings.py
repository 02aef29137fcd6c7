"""Operations on findings: list, look at one with the code around it, export."""

import os.path
import re
from collections.abc import Mapping
from difflib import get_close_matches

import msgspec

from fairlead.core.errors import Diagnostic, error
from fairlead.core.findings import Severity, path_from_text, path_text
from fairlead.core.ids import Micros, RunId
from fairlead.service.explain import Explanation, explain
from fairlead.service.labels import is_ours
from fairlead.service.memory import State, acceptances, new_ones, rows_of_workflow, with_previous
from fairlead.service.outputs import ExportFormat, render, too_large, usual_fail_on, write_output, write_outputs
from fairlead.service.parts import Parts, Project
from fairlead.service.runs import require_reader, show_run
from fairlead.views.acceptances import Entry, day_of, has_passed
from fairlead.views.findings import FindingView, accepted_text, counted, selected, totals, with_prefix
from fairlead.views.runs import RunView
from fairlead.views.sightings import RUNS_MAX, Course, course_of, sightings

_CONTEXT_LINES = 3
_MASK = "…"  # stands in an excerpt for what is not shown, and at its end where it is cut
_SECRET_LINES = 60  # a key of several lines: around a secret nothing of the checkout is shown for so many lines
RUNS_SEARCHED_MAX = 50
FILE_BYTES_MAX = 2_000_000


class FindingList(msgspec.Struct, frozen=True):
    """The findings of a run that were asked for."""

    run: RunId
    status: str  # of the run: what is missing from a run that is degraded was perhaps only not looked for
    total: int  # in this state, before selecting
    totals: dict[str, int]
    findings: tuple[FindingView, ...]
    root: str = ""
    state: State = "all"
    accepted: str = ""  # how many are accepted, and by what; "" for none
    older: int = 0  # that the baseline knows and nobody has accepted
    baseline: str = ""
    previous: RunId = RunId("")  # what new and fixed ones are told by
    warnings: tuple[Diagnostic, ...] = ()
    reasons: tuple[str, ...] = ()  # why the run is not simply succeeded


class CodeLine(msgspec.Struct, frozen=True):
    """One line of source for a screen."""

    number: int
    text: str
    is_found: bool = False


class FindingDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding with what a person needs to decide about it."""

    run: RunId
    finding: FindingView
    lines: tuple[CodeLine, ...]
    is_moved: bool  # the line is no longer what was found; `lines` holds only the excerpt
    first_seen: Micros
    first_run: RunId
    rule: Explanation | None = None
    last_seen: Micros = Micros(0)
    last_run: RunId = RunId("")
    fixed_by: RunId = RunId("")  # a later run, complete and over the same scope, that no longer reports it
    fixed_at: Micros = Micros(0)
    is_bounded: bool = False  # there are more runs than the newest `RUNS_MAX`, from which first and last seen are told
    once_accepted: Entry | None = None  # of the same rule and path, under a fingerprint that is gone: the code changed


class Export(msgspec.Struct, frozen=True):
    """A run's findings in a format for other programs."""

    format: str
    text: str
    path: str = ""  # where it was written; "" when it is the answer itself
    files: tuple[str, ...] = ()  # of several formats at once: those that were written
    warnings: tuple[Diagnostic, ...] = ()  # also errors, when some of several files could not be written


def list_findings(
    parts: Parts,
    project: Project,
    run: RunId,
    *,
    severity: Severity | None = None,
    rule: str = "",
    path: str = "",
    state: State = "open",
) -> FindingList:
    """The findings of *run* in this state, worst first. Open ones are those that count.

    Raises:
        FairleadError: FL-S010 no such rule, FL-S008 nothing at this path: a slip must not look like a clean answer.
    """
    view = show_run(parts, project, run)
    previous = RunId("")
    if state == "fixed" or (state == "new" and not view.baseline):
        view = with_previous(parts, project, view)
        previous = view.previous.run if view.previous is not None else previous
    among = _in_state(parts, project, view, state)
    found = chosen_findings(parts, msgspec.structs.replace(view, findings=among), severity, rule, path)
    return FindingList(
        *(run, view.status, len(among), totals(found), found, view.root, state),
        accepted=accepted_text(view.findings),
        older=sum(1 for one in view.findings if one.is_new is False and one.accepted is None),
        baseline=view.baseline,
        previous=previous,
        warnings=view.warnings,
        reasons=view.reasons,
    )


def _in_state(parts: Parts, project: Project, view: RunView, state: State) -> tuple[FindingView, ...]:
    """The findings in this state. What is fixed stands in the run before; *view* has been compared with it."""
    match state:
        case "all":
            return view.findings
        case "open":
            return counted(view.findings)
        case "accepted":
            return tuple(one for one in view.findings if one.accepted is not None)
        case "new":
            return new_ones(view)
        case "fixed":
            if view.previous is None:
                return ()
            gone = frozenset(view.previous.fixed)
            before = show_run(parts, project, view.previous.run)
            return tuple(one for one in before.findings if one.fingerprint in gone)


def chosen_findings(
    parts: Parts, view: RunView, severity: Severity | None = None, rule: str = "", path: str = ""
) -> tuple[FindingView, ...]:
    """The findings of *view* that were asked for, when there can be any.

    Raises:
        FairleadError: FL-S010 no such rule, FL-S008 nothing at this path.
    """
    if rule and not selected(view.findings, rule=rule):
        _require_rule(parts, rule)
    root = path_from_text(view.root)
    under = path_text(os.path.relpath(os.path.join(root, path_from_text(path)), root)) if path else ""
    under = "" if under == "." else under
    if (
        under
        and not selected(view.findings, path=under)
        and not parts.files.exists(os.path.join(root, path_from_text(under)))
    ):
        hint = "name a path as the list of findings does, from the top of the repository"
        raise error("FL-S008", f"there is nothing at {path}", hint, exit_code=2)
    return selected(view.findings, severity=severity, rule=rule, path=under)


def _require_rule(parts: Parts, rule: str) -> None:
    """Refuse what is neither a rule nor a family of rules."""
    rules = parts.rules()
    families = {name.partition("/")[0] for name in rules}
    if rule in rules or rule.rstrip("/") in families:
        return
    exactly = [name for name in rules if name.partition("/")[2] == rule]
    near = exactly or [name for name in rules if rule in name] or get_close_matches(rule, [*families, *rules], 3, 0.6)
    hints = [f"--rule {name}" for name in near[:3]] or ["fairlead explain"]
    raise error("FL-S010", f"no rule and no family of rules is called {rule}", *hints, exit_code=2)


def show_finding(parts: Parts, project: Project, run: RunId, text: str) -> FindingDetail:
    """The finding whose id begins as *text*, with the code around it and what is remembered of it.

    Raises:
        FairleadError: as `find_finding`.
    """
    view, finding = find_finding(parts, project, run, text)
    return _detail(parts, project, view, finding)


def find_finding(parts: Parts, project: Project, run: RunId, text: str) -> tuple[RunView, FindingView]:
    """The finding whose id begins as *text*, and the run that has it; when *run* has none, earlier runs are asked.

    Raises:
        FairleadError: FL-S012 none, FL-S013 more than one.
    """
    journal = require_reader(parts, project)
    rows = journal.runs(RUNS_SEARCHED_MAX)
    order = [run, *(row.run for row in rows if row.run != run)]
    for candidate in order:
        view = show_run(parts, project, candidate)
        if candidate != run and is_ours(view.labels):
            continue  # what was found in an earlier commit is nothing that stands here
        matches = with_prefix(view.findings, text)
        if len(matches) > 1:
            names = ", ".join(match.id for match in matches[:10])
            raise error("FL-S013", f"{len(matches)} findings begin with {text}: {names}", "type more of the id")
        if matches:
            return view, matches[0]
    raise error("FL-S012", f"no finding begins with {text}", "fairlead findings list")


def _detail(parts: Parts, project: Project, view: RunView, finding: FindingView) -> FindingDetail:
    lines, is_moved = _source_around(parts, view, finding)
    course = _course(parts, project, view, finding)
    rule = explain(parts, finding.rule) if finding.rule in parts.rules() else None
    return FindingDetail(
        *(view.run, finding, lines, is_moved, course.first_seen, course.first_run, rule),
        last_seen=course.last_seen,
        last_run=course.last_run,
        fixed_by=course.fixed_by,
        fixed_at=course.fixed_at,
        is_bounded=len(require_reader(parts, project).runs(RUNS_MAX + 1)) > RUNS_MAX,
        once_accepted=_once_accepted(parts, project, view, finding),
    )


def _course(parts: Parts, project: Project, view: RunView, finding: FindingView) -> Course:
    """When it was first and last seen, among the newest runs of the workflow over the same checkout."""
    journal = require_reader(parts, project)
    rows = [row for row in rows_of_workflow(journal, view.run) if row.root == view.root]
    found = course_of(finding.fingerprint, sightings(rows, journal))
    return found or Course(view.run, view.queued_at, view.run, view.queued_at)


def _once_accepted(parts: Parts, project: Project, view: RunView, finding: FindingView) -> Entry | None:
    """An acceptance of the same rule in the same file whose finding is gone: perhaps this is it, after a change."""
    if finding.accepted is not None or finding.lapsed is not None:
        return None
    known = acceptances(parts, view.root, require_reader(parts, project))
    here = {one.fingerprint for one in view.findings}
    same = [one for one in known.entries() if (one.rule, one.path) == (finding.rule, finding.path)]
    gone = [one for one in same if one.fingerprint not in here]
    today = day_of(parts.clock.now())
    holding = [one for one in gone if not has_passed(one.acceptance, today)]
    return max(holding or gone, key=lambda one: one.acceptance.at, default=None)


def _source_around(parts: Parts, view: RunView, finding: FindingView) -> tuple[tuple[CodeLine, ...], bool]:
    """Lines of the checkout around *finding*, as long as they show no secret that the finding itself masks."""
    if not finding.excerpt or finding.line < 1:
        return (), False
    alone = (CodeLine(finding.line, finding.excerpt, True),)
    data = parts.files.read(os.path.join(path_from_text(view.root), path_from_text(finding.path)), limit=FILE_BYTES_MAX)
    if finding.commit:
        return alone, False
    lines = re.split(r"\r\n|\n|\r", data.decode("utf-8", "replace")) if data is not None else []
    is_there = finding.line <= len(lines) and _matches(lines[finding.line - 1], finding.excerpt)
    if _is_near_secret(view, finding) or (is_there and _MASK in finding.excerpt.rstrip(_MASK)):
        return alone, not is_there and data is None
    if not is_there:
        return alone, True
    begin = max(1, finding.line - _CONTEXT_LINES)
    end = min(len(lines), max(finding.line, min(finding.end_line, finding.line + 9)) + _CONTEXT_LINES)
    last = max(finding.line, finding.end_line)
    return tuple(
        CodeLine(number, lines[number - 1][:500], finding.line <= number <= last) for number in range(begin, end + 1)
    ), False


def _is_near_secret(view: RunView, finding: FindingView) -> bool:
    return any(
        other.path == finding.path
        and other.rule.startswith("secrets/")
        and other.line - _SECRET_LINES <= finding.line <= max(other.line, other.end_line) + _SECRET_LINES
        for other in view.findings
    )


def _matches(line: str, excerpt: str) -> bool:
    """White space does not count, and an excerpt may be cut; what is masked in it may be anything."""
    first, *others = "".join(excerpt.rstrip(_MASK).split()).split(_MASK)
    folded = "".join(line.split())
    at = len(first) if folded.startswith(first) else -1
    for piece in others:
        at = folded.find(piece, at) + len(piece) if at >= 0 and piece in folded[at:] else -1
    return at >= 0


def export_findings(
    parts: Parts,
    project: Project,
    run: RunId,
    form: ExportFormat,
    *,
    path: str = "",
    severity: Severity | None = None,
    rule: str = "",
    under: str = "",
) -> Export:
    """The findings of *run* in a format for other programs; written to *path* when one is given.

    Raises:
        FairleadError: FL-S014 when the file cannot be written (exit 8); FL-S010 and FL-S008 as for the list.
    """
    view = show_run(parts, project, run)
    view = msgspec.structs.replace(view, findings=chosen_findings(parts, view, severity, rule, under))
    text = render(parts, project, view, form, usual_fail_on(view))
    if not path:
        return Export(form, text)
    write_output(parts, path, text)
    return Export(form, "", path_text(path), warnings=too_large(form, path, text))


def export_files(
    parts: Parts,
    project: Project,
    run: RunId,
    wanted: Mapping[ExportFormat, str],
    cwd: str,
    *,
    severity: Severity | None = None,
    rule: str = "",
    under: str = "",
) -> Export:
    """The findings of *run* in several formats, each into its file; one that cannot be written keeps no other back.

    Raises:
        FairleadError: FL-S010 and FL-S008 as for the list.
    """
    view = show_run(parts, project, run)
    view = msgspec.structs.replace(view, findings=chosen_findings(parts, view, severity, rule, under))
    written = write_outputs(parts, project, view, wanted, cwd, usual_fail_on(view))
    return Export(" ".join(wanted), "", files=written.paths, warnings=written.problems)
