"""Steps that call agents, against the cards: the agent exists, and what it is given fits what it takes."""

from collections.abc import Mapping

from fairlead.core.json import Json
from fairlead.core.ports import AgentCard, Catalog
from fairlead.core.references import Broken
from fairlead.core.workflow import AgentAction
from fairlead.workflow.reading import Read
from fairlead.workflow.scopes import add_at, places_of
from fairlead.workflow.source import Source
from fairlead.workflow.steps import StepText
from fairlead.workflow.yaml_tree import Entry, Node, texts_of


def check_agents(read: Read, known: Mapping[str, StepText], catalog: Catalog, source: Source) -> None:
    """Note every step whose agent is not there, cannot be used, or would refuse what it is given."""
    cards: dict[str, AgentCard | None] = {}
    for level in (read.steps, read.closing):
        for text in level.walk():
            if isinstance(text.step.action, AgentAction) and text.step.action.name:
                name = text.step.action.name
                node = text.keys["agent"].value
                if source.has_at(node.start, node.end):
                    continue
                if name not in cards:
                    cards[name] = catalog.find(name)
                _check_call(text, name, cards[name], catalog, source)
    _check_outputs(read, known, cards, source)


def _check_call(text: StepText, name: str, card: AgentCard | None, catalog: Catalog, source: Source) -> None:
    node = text.keys["agent"].value
    if card is None:
        names = [other.name for other in catalog.cards() if not other.problem]
        hint = source.did_you_mean(name, names, "`fairlead agents list` shows those there are")
        source.add("FL-A101", f"there is no agent named `{name}`", node.start, node.end, hint)
    elif card.problem:
        said = f"agent `{name}` cannot be used: {card.problem}"
        source.add("FL-A110", said, node.start, node.end, f"fairlead agents show {name}")
    else:
        _check_given(text, node, card, source)


def _check_given(text: StepText, node: Node, card: AgentCard, source: Source) -> None:
    properties: dict[str, Json] = card.input_schema.get("properties") or {}
    entries = text.keys["with"].value.entries if "with" in text.keys else {}
    takes = f"it takes: {', '.join(properties)}" if properties else "it takes no inputs"
    for name, entry in entries.items():
        if name in properties:
            _check_value(name, entry, properties[name], card, source)
        elif not _takes_others(card.input_schema):
            said = f"agent `{card.name}` has no input `{name}`"
            hint = source.did_you_mean(name, properties, f"fairlead agents show {card.name}")
            source.add("FL-A113", said, entry.key.start, entry.key.end, hint, label=takes)
    for name in card.input_schema.get("required") or ():
        if name not in entries:
            said = f"agent `{card.name}` needs the input `{name}`"
            source.add("FL-A114", said, node.start, node.end, f"add `{name}:` below `with:`", label=takes)


def _takes_others(schema: dict[str, Json]) -> bool:
    """Whether the schema says in so many words that other inputs may come. Its silence is no licence."""
    return bool(schema.get("additionalProperties", False) or schema.get("patternProperties"))


def _check_value(name: str, entry: Entry, schema: Json, card: AgentCard, source: Source) -> None:
    """Check one input against its part of the schema. What holds references is checked when they are filled in."""
    node = entry.value
    if any("${" in str(text.value) for text in texts_of(node)) or source.has_at(node.start, node.end):
        return
    value = node.plain()
    # Imported here: 30 ms that only literal inputs cost.
    import jsonschema_rs

    # The definitions go along: a part may point to them.
    kept = ("$schema", "$defs", "definitions")
    whole = {key: card.input_schema[key] for key in kept if key in card.input_schema}
    whole["properties"] = {name: schema}
    given: dict[str, Json] = {name: value}
    for problem in jsonschema_rs.validator_for(whole).iter_errors(given):
        place = _node_at(node, list(problem.instance_path)[1:])
        said = f"`{name}` does not fit agent `{card.name}`: {_shortened(problem.message)}"
        source.add("FL-A111", said, place.start, place.end, f"fairlead agents show {card.name}")


def _node_at(node: Node, path: list[str | int]) -> Node:
    for key in path:
        if isinstance(key, int):
            node = node.items[key]
        else:
            node = node.entries[key].value
    return node


def _shortened(message: str) -> str:
    return message if len(message) <= 200 else message[:197] + "…"


def _check_outputs(
    read: Read, known: Mapping[str, StepText], cards: Mapping[str, AgentCard | None], source: Source
) -> None:
    """Note references to a field that the schema of an agent's output does not have."""
    nodes = [text.keys[key].value for text in known.values() for key in ("with", "run") if key in text.keys]
    if "outputs" in read.keys:
        nodes.append(read.keys["outputs"].value)
    for node in nodes:
        for piece in texts_of(node):
            if "${" not in str(piece.value):
                continue
            for part, start, end in places_of(source, piece):
                if isinstance(part, Broken) or part.root != "steps" or len(part.path) < 3 or part.path[1] != "output":
                    continue
                target = known.get(str(part.path[0]))
                action = target.step.action if target else None
                card = cards.get(action.name) if isinstance(action, AgentAction) else None
                if card is None or card.problem:
                    continue
                properties: dict[str, Json] = card.output_schema.get("properties") or {}
                field = part.path[2]
                if properties and field not in properties and not _takes_others(card.output_schema):
                    said = f"`{card.name}` has no output named `{field}`"
                    label = f"it returns: {', '.join(properties)}"
                    hint = source.did_you_mean(str(field), properties, f"fairlead agents show {card.name}")
                    add_at(source, "FL-E014", said, part, 3, start, end, hint, label=label)
