"""CI mode: what a platform is told beside the answer. Which one it is, `fairlead.service.platforms` finds out."""

import re
from collections.abc import Iterator

from fairlead.cli.ci_log import Group, folded, unfolded
from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import diagnostic_lines
from fairlead.cli.look import Look
from fairlead.cli.run_screen import place_of, totals_text
from fairlead.cli.terminal import Terminal
from fairlead.cli.terminal_text import safe
from fairlead.cli.times import seconds_text
from fairlead.service.logs import last_lines
from fairlead.service.outputs import annotation_lines, append_summary
from fairlead.service.platforms import describe
from fairlead.service.records import FailOn, Row, RunView, calls_of

_FINDINGS_MAX = 200  # of one step; all of them are in the files that were asked for
_LOG_LINES_MAX = 100  # of what a program wrote; the end is what explains an end


def platform_lines(terminal: Terminal) -> Iterator[str]:
    """What was detected, in one line; nothing at a person's machine."""
    if terminal.platform is not None:
        yield f"  {describe(terminal.platform)}"


def give_groups(call: Invocation, view: RunView) -> None:
    """A folded group for each step: what it said, what it found, what its program wrote at last."""
    platform = call.terminal.platform
    if platform is None or platform.folding == "none" or call.terminal.verbosity < 0:
        return
    groups = [_group(call, view, row, number) for number, row in enumerate(calls_of(view))]
    call.terminal.command(folded(groups, platform.folding))
    call.terminal.command(unfolded(platform.folding, f"fairlead: {totals_text(view.totals, None)} - {view.status}"))


def _group(call: Invocation, view: RunView, row: Row, number: int) -> Group:
    step = row.step
    look = call.terminal.err
    sign = look.symbol(step.status).strip()
    head = "  ".join(filter(None, (f"{sign} {safe(step.step)}", safe(step.summary), seconds_text(step.seconds))))
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", f"fairlead_{number}_{step.step}")
    now = call.parts.clock.now() // 1_000_000
    return Group(head, tuple(_lines(call, view, row, look)), name, now, step.seconds)


def _lines(call: Invocation, view: RunView, row: Row, look: Look) -> Iterator[str]:
    step = row.step
    yield f"  {step.status}" + (f" · agent {safe(step.agent)}" if step.agent else "")
    for text in (*step.degraded, step.reason, step.message, step.hint):
        if text:
            yield f"  {safe(text)}"
    own = [finding for finding in view.findings if finding.step in row.places]
    if len(own) > _FINDINGS_MAX:
        yield f"  {len(own) - _FINDINGS_MAX:,} more findings: fairlead findings list --run {view.run}"
    for finding in own[:_FINDINGS_MAX]:
        accepted = " (accepted)" if finding.accepted is not None else ""
        yield f"  {finding.severity:<9} {finding.id} {safe(finding.rule)} {place_of(finding)}{accepted}"
        yield f"            {safe(finding.message)}"
    for line in last_lines(call.parts, call.project, view.run, step.step, step.attempts, _LOG_LINES_MAX):
        yield f"  │ {safe(line, keep_tabs=True)}"


def annotate(call: Invocation, view: RunView, fail_on: FailOn | None) -> None:
    """Annotations into the log and a summary into its file, where the platform has them and nobody refused them."""
    platform = call.terminal.platform
    if platform is None or not platform.has_annotations or getattr(call.options, "no_annotations", False):
        return
    call.terminal.command(annotation_lines(view))
    problems = append_summary(call.parts, call.project, view, fail_on)
    if problems:
        call.terminal.complain(diagnostic_lines(problems, call.terminal.err))
