"""`agents list|show` and `explain`."""

from collections.abc import Callable, Iterator

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import plural
from fairlead.cli.look import COLOURS, Look
from fairlead.cli.terminal_text import cut, pad, safe, width, wrap
from fairlead.service.agents import list_agents, show_agent
from fairlead.service.endings import OK
from fairlead.service.explain import Explanation, Topics, explain, list_topics
from fairlead.service.own_rules import explain_here
from fairlead.service.records import AgentCard, FairleadError, Json


def agents_list(call: Invocation) -> int:
    """All agents, usable or not."""
    found = list_agents(call.parts, call.project)

    def lines() -> Iterator[str]:
        look = call.terminal.out
        wide = max((width(card.name) for card in found.agents), default=0)
        for card in found.agents:
            status = "failed" if card.problem else "degraded" if card.needs or card.warnings else "succeeded"
            said = card.problem or (f"needs {card.needs}" if card.needs else "") or _about(card)
            left = f"  {look.symbol(status)} {pad(safe(card.name), wide)}  {card.adapter:<7}  risk {card.risk:<6}  "
            yield left + cut(safe(said), max(20, look.columns - wide - 30 - look.symbol_columns))
            for note in card.shadowed:
                yield f"    {look.symbol('degraded')} {safe(card.source)}: {safe(note)}"
        recovered = sum(1 for card in found.agents if card.warnings)
        if recovered:
            said = f"{plural(recovered, 'file')} to look at: {call.typed('agents check')}"
            yield f"  {look.symbol('degraded')} {said}"

    call.terminal.give(found, lines, found.agents)
    return OK


def _about(card: AgentCard) -> str:
    return card.title if card.title != card.name else card.description


def agents_show(call: Invocation) -> int:
    """One agent's card."""
    card = show_agent(call.parts, call.project, call.options.agent)
    call.terminal.give(card, lambda: _card_lines(card, call.terminal.out))
    return OK


def _card_lines(card: AgentCard, look: Look) -> Iterator[str]:
    yield f"{look.paint(safe(card.name), 'bold')}  {safe(card.title)}"
    if card.problem:
        yield f"  {look.symbol('failed')} cannot be used: {safe(card.problem)}"
    if card.needs:
        yield f"  {look.symbol('degraded')} needs {safe(card.needs)}"
    for line in wrap(safe(card.description), look.columns - 2):
        yield f"  {line}"
    yield ""
    entry = f" ({safe(card.entry)})" if card.entry else ""
    version = f"     version {safe(card.version)}" if card.version else ""
    yield f"  adapter   {card.adapter}{entry}{version}     {card.digest[:19]}"
    yield f"  from      {safe(card.source)}"
    for warning in card.warnings:
        first, *rest = wrap(safe(warning), look.columns - 12)
        yield f"  {'warning':<9} {first}"
        yield from (f"{'':12}{line}" for line in rest)
    for note in (*card.shadowed, *card.notes):
        first, *rest = wrap(safe(note), look.columns - 12)
        yield f"  {'note':<9} {first}"
        yield from (f"{'':12}{line}" for line in rest)
    yield ""
    yield "  what holds, and why"
    yield from _setting_lines(card, look)
    for name, schema in (("takes", card.input_schema), ("gives", card.output_schema)):
        yield ""
        yield f"  {name}"
        yield from _schema_lines(schema, look)
    if not card.problem:
        yield ""
        yield "  called by a step of a workflow"
        yield from (f"    {line}" for line in _step_lines(card))
    if card.body.strip():
        yield ""
        yield from (f"  {safe(line, keep_tabs=True)}" for line in card.body.strip().split("\n"))


def _setting_lines(card: AgentCard, look: Look) -> Iterator[str]:
    names = max((width(safe(one.name)) for one in card.settings), default=0)
    values = min(max((width(safe(one.value)) for one in card.settings), default=0), max(20, look.columns // 3))
    for one in card.settings:
        value, *more = wrap(safe(one.value), values) or [""]
        head = f"    {pad(safe(one.name), names)}  {pad(value, values)}  "
        why, *rest = wrap(safe(one.why), max(20, look.columns - width(head))) or [""]
        yield f"{head}{look.paint(why, 'dim')}".rstrip()
        for nth in range(max(len(more), len(rest))):
            left = more[nth] if nth < len(more) else ""
            right = rest[nth] if nth < len(rest) else ""
            line = f"    {'':{names}}  {pad(left, values)}  {look.paint(right, 'dim') if right else ''}"
            yield line.rstrip()


def _step_lines(card: AgentCard) -> Iterator[str]:
    """A step to copy; what the agent cannot do without stands in it."""
    step = card.name.replace("-", "_")  # a step is named so that an expression can name it
    yield f"- id: {step if step[:1].isalpha() else f'step_{step}'}"
    yield f"  agent: {card.name}"
    needed = card.input_schema.get("required") or []
    if needed:
        yield "  with:"
        yield from (f"    {safe(str(name))}: …" for name in needed)


def _schema_lines(schema: dict[str, Json], look: Look) -> Iterator[str]:
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        yield "    (nothing named)"
        return
    required = schema.get("required") or []
    for name, one in properties.items():
        about = one if isinstance(one, dict) else {}
        kind = about.get("type", "")
        kind = kind if isinstance(kind, str) else "|".join(map(str, kind))
        default = f", default {about['default']!r}" if "default" in about else ""
        must = ", needed" if name in required and name else ""
        head = f"    {pad(safe(str(name)), 14)} {kind}{default}{must}"
        said = safe(str(about.get("description", "")))
        yield f"{head}  {cut(said, max(10, look.columns - width(head) - 2))}".rstrip()


def explain_it(call: Invocation) -> int:
    """One code or rule; all of them by family when none is named."""
    name = call.options.name
    if not name:
        topics = list_topics(call.parts)
        rows = [topic for family in topics.families for topic in family.topics]
        call.terminal.give(topics, lambda: _topic_lines(topics, call.terminal.out), rows)
        return OK
    try:
        found = explain(call.parts, name)
    except FairleadError:
        if "/" not in name:
            raise
        found = explain_here(call.parts, call.project, name)
    call.terminal.give(found, lambda: _explanation_lines(found, call.terminal.out))
    return OK


def _topic_lines(topics: Topics, look: Look) -> Iterator[str]:
    for number, family in enumerate(topics.families):
        if number:
            yield ""
        yield look.paint(f"{family.family}  {family.title}", "bold")
        wide = max(len(topic.name) for topic in family.topics)
        for topic in family.topics:
            yield f"  {pad(topic.name, wide)}  {cut(safe(topic.title), look.columns - wide - 4)}"


def _explanation_lines(found: Explanation, look: Look) -> Iterator[str]:
    kind = f"{found.kind} · {found.severity}" if found.severity else found.kind
    head = f"{found.name}  {safe(found.title)}"
    painted = look.paint(found.name, "bold") + head[len(found.name) :]
    gap = look.columns - width(head) - width(kind)
    kind = look.paint(kind, COLOURS.get(found.severity, "dim"))
    yield from (painted + " " * gap + kind,) if gap > 1 else (painted, f"  {kind}")
    for text in (found.what, found.why):
        if text:
            yield ""
            yield from (f"  {line}" for line in wrap(safe(text), look.columns - 4))
    for name, example in (("bad", found.bad), ("good", found.good)):
        if example:
            yield ""
            for number, line in enumerate(example.rstrip("\n").split("\n")):
                yield f"    {name if not number else '':<6} {safe(line, keep_tabs=True)}"
    if found.keys:
        yield ""
        wide = max(width(f"{row.of}.{row.name}") for row in found.keys)
        for row in found.keys:
            left = f"    {pad(f'{row.of}.{row.name}', wide)}  "
            said = f"{safe(row.says)} Needed." if row.is_needed else safe(row.says)
            first, *more = wrap(said, look.columns - width(left)) or [""]
            yield left + first
            yield from (" " * width(left) + line for line in more)
    yield ""
    label = "What to do:" if found.kind.startswith("rule") else "Next:"
    yield from (f"  {line}" for line in wrap(f"{label} {safe(found.hint)}", look.columns - 4))
    if found.reason:
        yield from (f"  {line}" for line in wrap(f"Why {found.severity}: {safe(found.reason)}", look.columns - 4))
    if found.cwe:
        yield f"  {safe(found.cwe)}"
    if found.related:
        yield f"  Related: {', '.join(found.related[:6])}"


COMMANDS: dict[str, Callable[[Invocation], int]] = {
    "explain": explain_it,
}
