"""`plan`: what would run, as a list of steps and what is to know before it is started."""

from collections.abc import Callable, Iterator, Sequence

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import diagnostic_lines, plural
from fairlead.cli.inputs import given_inputs
from fairlead.cli.look import Look
from fairlead.cli.terminal_text import cut, pad, safe, width, wrap
from fairlead.service.endings import OK
from fairlead.service.plan_records import Plan, PlanStep, Seconds
from fairlead.service.plans import make_plan

_SYMBOLS = {"run": "ready", "skip": "skipped", "maybe": "maybe", "fail": "failed", "ask": "waiting"}
_WORDS = {"run": "run", "skip": "be skipped", "maybe": "depend on values", "fail": "fail", "ask": "ask a person"}
_INDENT = 11


def plan(call: Invocation) -> int:
    """What a run would do; nothing is started."""
    from fairlead.service.starts import find_definition

    definition = find_definition(call.parts, call.project, call.cwd, call.options.workflow)
    found = make_plan(call.parts, call.project, definition, given_inputs(call.options.inputs))
    call.terminal.tell(diagnostic_lines(found.warnings, call.terminal.err))
    call.terminal.give(found, lambda: _lines(found, call.terminal.out), found.steps)
    return OK


def _lines(found: Plan, look: Look) -> Iterator[str]:
    said = f"{found.shape} · {plural(sum(found.counts.values()), 'step')} in {plural(len(found.stages), 'stage')}"
    yield f"{look.paint(safe(found.title or found.workflow), 'bold')}  {said} · {found.digest[:19]}"
    yield f"  {safe(found.file)}"
    if found.inputs:
        given = ", ".join(f"{name} = {_value(value)}" for name, value in found.inputs.items())
        yield from _wrapped("inputs", given, look)
    yield ""
    yield from _step_lines(found.steps, look, 0)
    yield ""
    said = ", ".join(f"{found.counts[will]} would {word}" for will, word in _WORDS.items() if will in found.counts)
    yield from _wrapped("steps", said, look)
    yield from _questions(found, look)
    levels = ", ".join(f"{count} at {level}" for level, count in sorted(found.levels.items()))
    if levels:
        yield from _wrapped("isolation", levels + ("" if found.sandbox else ", which this machine has"), look)
    chain = f"{' → '.join(found.critical_path)} (counted in {found.critical_path_basis})"
    yield from _wrapped("longest", chain, look)
    if found.isolated:
        yield from _wrapped("isolated", f"joined to no other step: {', '.join(found.isolated)}", look)
    yield from _wrapped("time", _seconds(found.seconds), look)
    cost = found.cost
    yield from _wrapped("cost", "unknown" if cost is None else f"${cost.high:.2f}: {cost.basis}", look)
    for label, texts in (("unknown", found.unknowns), ("problems", found.problems)):
        for number, text in enumerate(texts):
            yield from _wrapped(label if not number else "", text, look)
    yield ""
    yield "  Nothing was started."


def _step_lines(steps: Sequence[PlanStep], look: Look, inside: int) -> Iterator[str]:
    wide = max((width(_label(one)) for one in steps), default=0)
    for one in steps:
        stage = f"{one.stage:>3}" if one.stage and not inside else "   "
        symbol = look.symbol(_SYMBOLS[one.will])
        head = f"  {stage} {'  ' * inside}{symbol} {pad(_label(one), wide)}  "
        said = f"{one.action} {_doers(one)}".rstrip() + _about(one)
        yield head + cut(safe(said), max(20, look.columns - width(head)))
        for text in filter(None, (_condition(one), one.level_problem)):
            for line in wrap(safe(text), look.columns - width(head) - 2):
                yield " " * (width(head) + 2) + look.paint(line, "dim")
        if one.child:
            yield from _step_lines(one.child, look, inside + one.depth + 1)


def _label(one: PlanStep) -> str:
    return "  " * one.depth + safe(one.id)


def _doers(one: PlanStep) -> str:
    return " → ".join(agent.name for agent in one.agents) or one.what


def _about(one: PlanStep) -> str:
    said: list[str] = []
    if one.over:
        said.append(f"for each of `{one.over}`" if one.items is None else f"for each of {plural(one.items, 'item')}")
    if one.action == "loop":
        said.append("rounds at most: " + ("unknown" if one.rounds is None else str(one.rounds)))
        said += [f"until `{one.until}`"] if one.until else []
    if one.at_once:
        said.append(f"{one.at_once} at once")
    said += ["optional"] if one.is_optional else []
    said += ["always"] if one.is_closing else []
    said += [_seconds(one.seconds)] if one.seconds is not None else []
    return "".join(f" · {text}" for text in said)


def _condition(one: PlanStep) -> str:
    if one.branch and one.will == "run" and not one.reason:
        return f"branch: {one.branch}"
    return one.reason or (f"`{one.condition}` holds" if one.condition else "")


def _questions(found: Plan, look: Look) -> Iterator[str]:
    for number, asked in enumerate(found.approvals):
        said = f"{asked.step}: {asked.title} · {asked.asks}"
        yield from _wrapped("approvals" if not number else "", said, look)
    for number, effect in enumerate(found.effects):
        asks = "asks first" if effect.is_asked else "asks nobody"
        why = f", {effect.why}" if effect.why else ""
        said = f"{effect.step}: {effect.kind}, {effect.effect_class or 'unknown'}; {asks}{why}"
        yield from _wrapped("effects" if not number else "", said, look)


def _seconds(found: Seconds | None) -> str:
    return "unknown" if found is None else f"{found.low:g} to {found.high:g} s, from {plural(found.runs, 'run')}"


def _value(value: object) -> str:
    import json

    return cut(json.dumps(value, ensure_ascii=False), 60)


def _wrapped(label: str, text: str, look: Look) -> Iterator[str]:
    first, *rest = wrap(safe(text), look.columns - _INDENT - 2) or [""]
    yield f"  {label:<{_INDENT - 1}} {first}"
    yield from (f"  {'':{_INDENT}}{line}" for line in rest)


COMMANDS: dict[str, Callable[[Invocation], int]] = {"plan": plan}
