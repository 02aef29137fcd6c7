"""A failed step: what, where, why, the evidence, what it did not cost, what to type."""

import shlex
from collections.abc import Iterator

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import plural
from fairlead.cli.look import Look
from fairlead.cli.terminal_text import cut, safe, wrap
from fairlead.service.logs import last_lines
from fairlead.service.records import RunView, StepView

_FAILURES_SHOWN = 3


def failure_lines(call: Invocation, view: RunView, look: Look) -> Iterator[str]:
    """One block for each of the first failed steps."""
    blocks = {step.parent for step in view.steps}
    # A block that failed by what is inside it says nothing more; one whose steps ended well says why by itself.
    blamed = {step.parent for step in view.steps if step.status == "failed"}
    failed = [step for step in view.steps if step.status == "failed" and step.step not in blamed]
    failed.sort(key=lambda step: step.optional)  # what ended the run comes before what it went on without
    for step in failed[:_FAILURES_SHOWN]:
        yield ""
        yield from _one(call, view, step, look)
    if len(failed) > _FAILURES_SHOWN:
        yield ""
        yield f"  … {len(failed) - _FAILURES_SHOWN} more failed: {call.typed(f'runs show {view.run}')}"
    if failed:
        kept = sum(1 for step in view.steps if step.status in ("succeeded", "degraded") and step.step not in blocks)
        # Not more: a program is not isolated, so nobody here knows what it changed outside its copy.
        yield f"   = kept: {plural(kept, 'finished step')}"


def _one(call: Invocation, view: RunView, step: StepView, look: Look) -> Iterator[str]:
    style, word = ("yellow bold", "warning") if step.optional else ("red bold", "error")
    head, *rest = wrap(f"step `{safe(step.step)}`: {safe(step.message)}", look.columns - 16)
    yield f"{look.paint(f'{word}[{step.code}]', style)}: {head}"
    yield from (f"  {line}" for line in rest)
    yield f"  step     {safe(step.step)}     attempt {step.attempts}     fault: {step.fault}"
    if step.argv:
        yield f"  command  {cut(safe(shlex.join(step.argv)), look.columns - 12)}"
    tail = last_lines(call.parts, call.project, view.run, step.step, step.attempts)
    if tail:
        yield "  ┌─ last lines " + "─" * max(1, min(look.columns, 90) - 16)
        for line in tail:
            yield f"  │ {cut(safe(line, keep_tabs=True), look.columns - 5)}"
        yield f"  └─ all of it: {call.typed(f'logs {view.run} step:{step.step}')}"
    if step.hint:
        first, *further = wrap(safe(step.hint), look.columns - 6)
        yield f"   = {first}"
        yield from (f"     {line}" for line in further)
    yield look.paint(f"   = more: fairlead explain {step.code}", "dim")
