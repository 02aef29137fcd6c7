"""`workflows list|show|graph|new|format`."""

from collections.abc import Callable, Iterator

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import diagnostic_lines, plural
from fairlead.cli.look import Look
from fairlead.cli.run_screen import next_lines
from fairlead.cli.terminal_text import cut, pad, safe, width, wrap
from fairlead.service.endings import OK, USAGE
from fairlead.service.workflow_new import NewWorkflow

_ANSWER_IS_NO = 1


def list_all(call: Invocation) -> int:
    """Every workflow, usable or not."""
    from fairlead.service.workflows import list_workflows

    found = list_workflows(call.parts, call.project)

    def lines() -> Iterator[str]:
        look = call.terminal.out
        wide = max((width(safe(row.name)) for row in found.workflows), default=0)
        for row in found.workflows:
            status = "failed" if row.problem else "degraded" if row.hidden_by else "succeeded"
            said = row.title if row.is_python else f"{row.shape}, {plural(row.steps, 'step')}  {row.title}"
            said = row.problem or said
            said = f"{row.file}: {row.hidden_by} is taken instead" if row.hidden_by and not row.problem else said
            left = f"  {look.symbol(status)} {pad(safe(row.name), wide)}  "
            yield (left + cut(safe(said), max(20, look.columns - width(left)))).rstrip()
            if row.problem:
                check = call.typed(f"check {safe(row.file)}")
                yield f"{'':{width(left)}}{plural(row.errors, 'error')}: {check}"
        if all(row.is_shipped for row in found.workflows):
            yield from next_lines([(call.typed("workflows new my-review"), "write one of your own")], look)

    call.terminal.give(found, lines, found.workflows)
    return OK


def show(call: Invocation) -> int:
    """One workflow."""
    from fairlead.service.workflows import WorkflowDetail, show_workflow

    found = show_workflow(call.parts, call.project, call.cwd, call.options.workflow)
    call.terminal.tell(diagnostic_lines(found.warnings, call.terminal.err))

    def lines(found: WorkflowDetail = found) -> Iterator[str]:
        look = call.terminal.out
        yield f"{look.paint(safe(found.name), 'bold')}  {safe(found.title)}"
        for line in wrap(safe(found.description), look.columns - 2) if found.description else ():
            yield f"  {line}"
        yield ""
        yield f"  file      {safe(found.file)}"
        yield f"  digest    {found.digest}"
        for number, (shape, promise) in enumerate(found.shapes.items()):
            yield f"  {'shape' if not number else '':<9} {shape}: {promise}"
        if found.requirements:
            yield f"  asked for {safe(found.requirements)}"
        if found.triggers:
            yield f"  triggers  {found.triggers}, which this build reads and does not fire"
        yield from _input_lines(found.inputs, look)
        yield ""
        yield "  steps"
        wide = max(width(row.id) + 2 * row.depth for row in found.steps)
        for row in found.steps:
            left = f"    {pad('  ' * row.depth + row.id, wide)}  "
            said = safe(row.does) + (f"  {safe(row.condition)}" if row.condition else "")
            yield left + cut(said, max(20, look.columns - width(left)))
        if found.outputs:
            yield ""
            yield f"  gives     {', '.join(map(safe, found.outputs))}"
        yield from next_lines([(call.typed(f"plan {safe(call.options.workflow)}"), "what a run would do")], look)

    call.terminal.give(found, lines)
    return OK


def _input_lines(inputs: tuple[object, ...], look: Look) -> Iterator[str]:
    from fairlead.service.workflows import InputRow

    rows = [row for row in inputs if isinstance(row, InputRow)]
    if not rows:
        return
    yield ""
    yield "  takes"
    wide = max(width(row.name) for row in rows)
    for row in rows:
        default = "needed" if row.is_needed else f"default {row.default!r}"
        head = f"    {pad(row.name, wide)}  {row.type}, {safe(default)}"
        yield f"{head}  {cut(safe(row.description), max(10, look.columns - width(head) - 2))}".rstrip()


def graph(call: Invocation) -> int:
    """The picture of one workflow."""
    from fairlead.service.workflows import draw_workflow

    options = call.options
    found = draw_workflow(call.parts, call.project, call.cwd, options.workflow, options.format)
    if options.format == "text":
        call.terminal.give(found, lambda: (safe(line) for line in found.graph.splitlines()))
    else:
        call.terminal.give(found, lambda: found.graph.splitlines())
    return OK


def new(call: Invocation) -> int:
    """Write a workflow to start from."""
    from fairlead.service.workflow_new import list_templates, new_workflow

    options = call.options
    if not options.name:
        templates = list_templates()

        def template_lines() -> Iterator[str]:
            wide = max(len(one.name) for one in templates.templates)
            for one in templates.templates:
                yield f"  {one.name:<{wide}}  {one.title}" + (f" (needs {one.needs})" if one.needs else "")
            steps = [(call.typed("workflows new my-review --template review"), "write one")]
            yield from next_lines(steps, call.terminal.out)

        call.terminal.give(templates, template_lines, templates.templates)
        return OK
    made = new_workflow(
        call.parts,
        call.project,
        options.name,
        template=options.template,
        sentence=getattr(options, "from"),
        is_forced=options.force,
    )
    call.terminal.give(made, lambda: _new_lines(call, made))
    return OK


def _new_lines(call: Invocation, made: NewWorkflow) -> Iterator[str]:
    look = call.terminal.out
    for line in made.changes.splitlines():
        yield f"  {safe(line)}"
    yield from (f"wrote {safe(path)}" for path in made.written)
    yield from (f"replaced {safe(path)}" for path in made.replaced)
    yield from (f"{safe(path)} is the same already" for path in made.kept)
    if made.needs:
        yield f"  {look.symbol('degraded')} it needs {made.needs}"
    if made.suggestion is not None:
        chosen = made.suggestion
        yield from (f"  {line}" for line in wrap(f"shape    {chosen.shape}: {safe(chosen.reason)}", look.columns - 2))
        scores = ", ".join(f"{shape} {score}" for shape, score in chosen.scores.items())
        yield f"  scores   {scores}"
        parts = ", ".join(f"{name} {points}" for name, points in chosen.effort.parts.items())
        yield f"  effort   {chosen.effort.score}, {chosen.effort.size}" + (f" ({parts})" if parts else "")
    steps = [
        (call.typed(f"check {made.name}"), "is it right?"),
        (call.typed(f"plan {made.name}"), "what would a run do?"),
        (call.typed(f"run {made.name}"), "perform it"),
    ]
    yield from next_lines(steps, look)


def format_them(call: Invocation) -> int:
    """Keys in canonical order."""
    from fairlead.service.workflow_format import format_files

    options = call.options
    found = format_files(call.parts, call.project, call.cwd, tuple(options.files), is_written=options.write)
    nothing = f"No workflow in {safe(call.project.name)} yet. {call.typed('workflows new my-review')} writes one."

    def lines() -> Iterator[str]:
        for one in found.changed:
            yield from (f"  {safe(line, keep_tabs=True)}" for line in one.changes.splitlines())
            yield f"{'wrote' if one.is_written else 'would change'} {safe(one.file)}"
        if not found.files:
            yield nothing
        elif not found.changed:
            yield f"{call.terminal.out.symbol('succeeded')} {plural(len(found.files), 'file')}, nothing to change"
        elif not options.write and not options.check:
            words = " ".join(["workflows format", *options.files, "--write"])
            yield from next_lines([(call.typed(words), "write what is shown above")], call.terminal.out)

    call.terminal.tell(diagnostic_lines(found.diagnostics, call.terminal.err))
    call.terminal.give(found, lines, found.changed)
    if found.diagnostics:
        return USAGE
    return _ANSWER_IS_NO if options.check and found.changed and not options.write else OK


COMMANDS: dict[str, Callable[[Invocation], int]] = {
    "workflows list": list_all,
    "workflows show": show,
    "workflows graph": graph,
    "workflows new": new,
    "workflows format": format_them,
}
