"""A run as Markdown for the summary of a CI step: verdict, steps, what is not whole, findings with links, what to type.

GitHub takes 1 MiB of a step and drops a summary that is larger ("Step isolation and limits" of its workflow commands);
close to the limit it drops some without a word (actions/runner, issue 4337), so a few KiB are left free. Rows that do
not fit are counted aloud at their place.
"""

from collections.abc import Iterator

from fairlead.core.markdown import inline
from fairlead.core.transitions import RUN_ENDED
from fairlead.views.annotations import SHOWN_OF_A_LEVEL_MAX, annotated, open_findings
from fairlead.views.findings import FindingView, counted, older_text
from fairlead.views.paths import uri_of
from fairlead.views.rows import calls_of, kept_text
from fairlead.views.runs import RunView, StepView

BYTES_MAX = 1_048_576 - 8_192
_CLOSING_BYTES = 2_048  # kept for the lines after the table
_MARKS = {"succeeded": "✓", "degraded": "▲", "failed": "✗", "skipped": "↷", "cancelled": "⊘"}


def summary_text(
    view: RunView, over: int, *, link: str = "", bytes_max: int = BYTES_MAX, has_annotations: bool = False
) -> str:
    """The summary in at most *bytes_max* bytes; *over* is how many findings reach the limit of the run.

    *link* is where the files of this commit can be seen, without their path.
    """
    head = "".join(line + "\n" for line in _head(view, over))
    tail = "".join(line + "\n" for line in _tail(view, has_annotations))
    if len((head + tail).encode()) + _CLOSING_BYTES > bytes_max:
        left_out = f"The steps of this run are too many for this page: `fairlead runs show {view.run}`"
        head = f"{_verdict(view, over)}\n\n{left_out}\n"
    room = bytes_max - len((head + tail).encode()) - _CLOSING_BYTES
    return head + _findings(view, link, room) + tail


def _verdict(view: RunView, over: int) -> str:
    counts = ", ".join(f"{count} {severity}" for severity, count in view.totals.items() if count) or "no findings"
    mark = "✗" if over else _MARKS.get(view.status, "●")
    return f"## {mark} {inline(view.title or view.workflow)}: {inline(counts)}"


def _head(view: RunView, over: int) -> Iterator[str]:
    yield _verdict(view, over)
    yield ""
    against = f", compared with {inline(view.baseline)}" if view.baseline else ""
    yield f"Run `{view.run}` **{view.status}** in {view.seconds:.1f} s{against}."
    if over:
        yield ""
        yield f"**{over} {'finding reaches' if over == 1 else 'findings reach'} the limit**, so the answer is no."
    if view.isolation:
        yield ""
        yield f"**{inline(view.isolation)}**"
    if view.reasons:
        yield ""
        yield f"What keeps it from being simply succeeded ({view.status}):"
        yield ""
        yield from (f"- {inline(reason)}" for reason in view.reasons)
    yield ""
    yield "| step | status | what | time |"
    yield "| --- | --- | --- | ---: |"
    yield from (_step(row.step) for row in calls_of(view))


def _step(step: StepView) -> str:
    told = (kept_text(step), step.summary, *step.degraded, step.reason, step.message, step.hint)
    said = "; ".join(filter(None, told))
    mark = _MARKS.get(step.status, "●")
    return f"| {inline(step.step)} | {mark} {step.status} | {inline(said)} | {step.seconds:.1f} s |"


def _findings(view: RunView, link: str, room: int) -> str:
    """The table of findings that are open, new ones first, as many as there is room for."""
    open_ones = open_findings(view)
    if not open_ones:
        return ""
    text = "\n| severity | rule | place | finding |\n| --- | --- | --- | --- |\n"
    used = len(text.encode())
    for number, finding in enumerate(open_ones):
        row = _row(finding, link)
        used += len(row.encode())
        if used > room:
            return text + f"\n**{len(open_ones) - number} more** do not fit here: {_list_command(view)}\n"
        text += row
    return text


def _row(finding: FindingView, link: str) -> str:
    place = inline(f"{finding.path}:{finding.line}" if finding.line else finding.path)
    if finding.commit:
        place += f" @ {finding.commit[:9]}"
    elif link:
        line = f"#L{finding.line}" if finding.line else ""
        # A closing bracket would end the link; `quote` leaves it alone in a path.
        uri = uri_of(finding.path).replace("(", "%28").replace(")", "%29")
        place = f"[{place}]({link}/{uri}{line})"
    new = "**new** " if finding.is_new else ""
    said = inline(finding.message) + (f" *{inline(finding.remedy)}*" if finding.remedy else "")
    return f"| {new}{finding.severity} | {inline(finding.rule)} | {place} | {said} |\n"


def _tail(view: RunView, has_annotations: bool) -> Iterator[str]:
    accepted = sum(1 for finding in view.findings if finding.accepted is not None)
    open_count = len(counted(view.findings))
    if older := older_text(view.findings):
        yield ""
        yield f"{older}: `fairlead findings list --all --run {view.run}`"
    if accepted:
        yield ""
        yield f"{accepted} accepted and not shown: {_list_command(view)}"
    shown = len(annotated(view)) if has_annotations else open_count
    if shown < open_count:
        yield ""
        yield (
            f"{shown} of {open_count} findings are annotated: the platform shows at most {SHOWN_OF_A_LEVEL_MAX}"
            " errors, warnings and notices of a step."
        )
    yield ""
    if view.status not in RUN_ENDED:
        yield f"It has not ended. Go on: `fairlead resume {view.run}`"
    elif view.status in ("failed", "cancelled"):
        yield f"What the steps wrote: `fairlead logs {view.run}`. Once it is mended, start it again."
    else:
        yield f"One finding with its code: `fairlead findings show ID --run {view.run}`"


def _list_command(view: RunView) -> str:
    return f"`fairlead findings list --run {view.run}`"
