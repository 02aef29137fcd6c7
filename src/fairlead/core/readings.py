"""Everything that the expressions of a workflow read, wherever they stand: what must be known before it begins."""

from collections.abc import Iterator

import msgspec

from fairlead.core.expressions import Malformed, parse
from fairlead.core.expressions.reads import Reading
from fairlead.core.json import Json
from fairlead.core.references import references_in
from fairlead.core.workflow import ApproveAction, ChooseAction, LoopAction, Step, Workflow


def readings_of(workflow: Workflow) -> Iterator[Reading]:
    """All readings of *workflow*, step by step, then its outputs, variables and groups."""
    for planned in workflow.plan.values():
        yield from readings_of_step(planned.step)
    yield from references_in(workflow.outputs)
    yield from references_in(workflow.vars)
    if workflow.concurrency is not None:
        yield from references_in(workflow.concurrency.group)


def readings_of_step(step: Step) -> Iterator[Reading]:
    """All readings of *step* itself, without those of the steps inside it."""
    expressions = [step.condition, *(one.that for one in step.expect)]
    texts: list[Json] = [step.given, list(step.reads), list(step.writes), step.tree, [one.say for one in step.expect]]
    if step.each is not None:
        expressions += [step.each.over, step.each.key]
    match step.action:
        case LoopAction():
            expressions += [step.action.until, step.action.metric, step.action.start]
            texts.append(step.action.max)
        case ChooseAction(branches):
            expressions += [branch.condition for branch in branches]
        case ApproveAction():
            expressions += [*step.action.show, step.action.select]
            texts += [step.action.title, step.action.body]
        case action if not hasattr(action, "steps"):
            texts.append(msgspec.to_builtins(action))
        case _:
            pass
    for text in expressions:
        try:
            yield from parse(text).reads if text else ()
        except Malformed:
            continue  # the check has refused it, or whoever evaluates it will
    yield from references_in(texts)
