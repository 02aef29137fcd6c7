"""Steps that call somebody, against what is known of whom they call: he exists, and what he is given fits."""

from collections.abc import Callable, Iterable, Mapping

from fairlead.core.expressions import ANY, Type, type_of
from fairlead.core.json import Json
from fairlead.core.ports import AgentCard, Catalog, EffectCard
from fairlead.core.workflow import AgentAction, EffectAction, Input, Workflow, WorkflowAction
from fairlead.workflow.inputs import fits, rule_problem
from fairlead.workflow.levels import StepText
from fairlead.workflow.reading import Read
from fairlead.workflow.roots import known_type, type_of_input
from fairlead.workflow.source import Source
from fairlead.workflow.yaml_tree import Entry, Node, texts_of


class Called:
    """Who can be called: agents by their cards, kinds of effect, other workflows. Each is looked up once."""

    def __init__(
        self,
        catalog: Catalog | None,
        effects: Mapping[str, EffectCard] | None,
        workflow_of: Callable[[str], Workflow | None] | None,
    ) -> None:
        self.catalog = catalog
        self.effects = effects
        self._workflow_of = workflow_of
        self._cards: dict[str, AgentCard | None] = {}
        self._workflows: dict[str, Workflow | None] = {}

    @property
    def has_workflows(self) -> bool:
        return self._workflow_of is not None

    def card(self, name: str) -> AgentCard | None:
        if name not in self._cards:
            self._cards[name] = self.catalog.find(name) if self.catalog is not None and name else None
        return self._cards[name]

    def effect(self, kind: str) -> EffectCard | None:
        return self.effects.get(kind) if self.effects is not None else None

    def workflow(self, name: str) -> Workflow | None:
        if name not in self._workflows:
            self._workflows[name] = self._workflow_of(name) if self._workflow_of is not None and name else None
        return self._workflows[name]


def check_calls(read: Read, called: Called, source: Source) -> dict[int, Type]:
    """Note every step that would be refused; gives the types that are wanted of single values under `with`."""
    wanted: dict[int, Type] = {}
    for level in (read.steps, read.closing):
        for text in level.walk():
            match text.step.action:
                case AgentAction(name=name) if called.catalog is not None and name:
                    _check_agents(text, name, called, source, wanted)
                case EffectAction(kind=kind) if called.effects is not None and kind:
                    _check_effect(text, kind, called, source, wanted)
                case WorkflowAction(name=name) if called.has_workflows and name:
                    _check_child(text, name, called, source, wanted)
                case _:
                    pass
    return wanted


# ------------------------------------------------------------------------------------------------------------- agents


def _check_agents(text: StepText, name: str, called: Called, source: Source, wanted: dict[int, Type]) -> None:
    node = text.keys["agent"].value
    card = _usable(name, node, called, source)
    if card is not None:
        _check_schema(text, node, card.name, f"agent `{name}`", card.input_schema, source, wanted)
    is_taken_over = False
    for item in text.keys["fallback"].value.items if "fallback" in text.keys else ():
        other = _usable(str(item.value), item, called, source) if item.is_text else None
        is_taken_over = is_taken_over or other is None or not other.needs
        if card is not None and other is not None:
            _check_fallback(text, card, other, item, source)
    if card is not None and card.needs and not is_taken_over:
        others = ", and so do those below `fallback`" if "fallback" in text.keys else ""
        said = f"agent `{name}` needs {card.needs}{others}"
        hint = "name an agent that takes over: `fallback: [NAME]`"
        source.add("FL-A030", said, node.start, node.end, hint, is_warning=True)


def _usable(name: str, node: Node, called: Called, source: Source) -> AgentCard | None:
    """The card of an agent that can be called; otherwise why it cannot is noted."""
    if source.has_at(node.start, node.end):
        return None
    card = called.card(name)
    if card is None:
        catalog = called.catalog
        names = [other.name for other in catalog.cards() if not other.problem] if catalog is not None else []
        hint = source.did_you_mean(name, names, "`fairlead agents list` shows those there are")
        source.add("FL-A101", f"there is no agent named `{name}`", node.start, node.end, hint)
        return None
    if card.problem:
        said = f"agent `{name}` cannot be used: {card.problem}"
        source.add("FL-A110", said, node.start, node.end, f"fairlead agents show {name}")
        return None
    return card


def _check_fallback(text: StepText, card: AgentCard, other: AgentCard, node: Node, source: Source) -> None:
    """Note an agent that could not stand in: it refuses what is given, or gives less than is read."""
    given = text.keys["with"].value.entries if "with" in text.keys else {}
    properties = other.input_schema.get("properties") or {}
    foreign = [name for name in given if name not in properties] if not _takes_others(other.input_schema) else []
    required = [name for name in other.input_schema.get("required") or () if name not in given]
    promised = card.output_schema.get("properties") or {}
    gives = other.output_schema.get("properties") or {}
    needed = [name for name in card.output_schema.get("required") or () if name in promised and name not in gives]
    reason = ""
    if foreign:
        reason = f"it takes no `{foreign[0]}`"
    elif required:
        reason = f"it needs the input `{required[0]}`"
    elif needed and gives and not _takes_others(other.output_schema):
        reason = f"it gives no `{needed[0]}`"
    elif clash := _clash(promised, gives):
        reason = f"it gives `{clash}` as another type"
    if reason:
        said = f"`{other.name}` cannot stand in for `{card.name}`: {reason}"
        source.add("FL-W140", said, node.start, node.end, f"fairlead agents show {other.name}")


def _clash(promised: Mapping[str, Json], gives: Mapping[str, Json]) -> str:
    """A field that both outputs have, as different kinds of value; "" when there is none."""
    for name, schema in promised.items():
        one, other = type_of(schema).kind, type_of(gives.get(name)).kind
        if "any" not in (one, other) and one != other and {one, other} != {"int", "number"}:
            return name
    return ""


# ------------------------------------------------------------------------------------------------------------ effects


# Kinds of format version 1 that need a service which this build does not speak to.
_LATER_EFFECTS = (
    *("git.push", "git.tag", "github.pull_request", "github.comment", "github.issue", "github.release"),
    *("gitlab.merge_request", "gitlab.comment", "gitlab.issue", "gitlab.release"),
)


def _check_effect(text: StepText, kind: str, called: Called, source: Source, wanted: dict[int, Type]) -> None:
    node = text.keys["effect"].value
    if source.has_at(node.start, node.end):
        return
    effect = called.effect(kind)
    if effect is None and kind in _LATER_EFFECTS:
        said = f"the effect `{kind}` is known, but this build does not perform it yet: such a step fails"
        hint = "let its `if` leave it out, or make it `optional`"
        source.add("FL-W110", said, node.start, node.end, hint, is_warning=True)
        return
    if effect is None:
        effects = called.effects or {}
        hint = source.did_you_mean(kind, effects, f"there are: {', '.join(effects)}")
        said = f"this build has no effect `{kind}`"
        source.add("FL-W141", said, node.start, node.end, hint)
        return
    _check_schema(text, node, kind, f"effect `{kind}`", effect.input_schema, source, wanted, "FL-W142", "FL-W142")


# ------------------------------------------------------------------------------------------------------ child workflows

DEPTH_MAX = 8  # workflows below one another, the first one among them


def _check_child(text: StepText, name: str, called: Called, source: Source, wanted: dict[int, Type]) -> None:
    node = text.keys["workflow"].value
    if source.has_at(node.start, node.end):
        return
    child = called.workflow(name)
    if child is None:
        said = f"there is no workflow `{name}`, or it cannot be read"
        source.add("FL-W137", said, node.start, node.end, f"fairlead check {name}", "fairlead workflows list")
        return
    given = text.keys["with"].value.entries if "with" in text.keys else {}
    takes = f"it takes: {', '.join(child.inputs)}" if child.inputs else "it takes no inputs"
    for key, entry in given.items():
        declared = child.inputs.get(key)
        if declared is None:
            said = f"workflow `{name}` has no input `{key}`"
            hint = source.did_you_mean(key, child.inputs, takes)
            source.add("FL-W142", said, entry.key.start, entry.key.end, hint, label=takes)
        elif _holds_expressions(entry.value):
            wanted[id(entry.value)] = type_of_input(declared)
        elif reason := _unfit(entry.value.plain(), declared):
            said = f"`{key}` does not fit workflow `{name}`: {reason}"
            source.add("FL-W142", said, entry.value.start, entry.value.end, f"fairlead workflows show {name}")
    for key, declared in child.inputs.items():
        if key not in given and not declared.has_default:
            said = f"workflow `{name}` needs the input `{key}`"
            source.add("FL-W142", said, node.start, node.end, f"add `{key}:` below `with:`", label=takes)


def _unfit(value: Json, declared: Input) -> str:
    return fits(value, declared.type) or rule_problem(value, declared.type, declared.rules)


def check_children(read: Read, called: Called, source: Source) -> None:
    """Note every step whose workflow performs, through others, this very one, or goes too deep."""
    if not called.has_workflows:
        return
    own = read.workflow.name
    for level in (read.steps, read.closing):
        for text in level.walk():
            action = text.step.action
            if not isinstance(action, WorkflowAction) or not action.name:
                continue
            node = text.keys["workflow"].value
            if source.has_at(node.start, node.end):
                continue
            way = _worst_way(own, action.name, called)
            if way and way[-1] in way[:-1]:
                said = f"these workflows perform one another: {' → '.join(way)}"
                source.add("FL-W138", said, node.start, node.end, "take one of them out of the circle")
            elif len(way) > DEPTH_MAX:
                said = f"workflows are nested {len(way)} deep here; at most {DEPTH_MAX} are performed"
                source.add("FL-W139", said, node.start, node.end, f"the way down: {' → '.join(way)}")


def _worst_way(own: str, first: str, called: Called) -> list[str]:
    """The first way down from *own* that closes a circle or goes too deep; an empty one where there is none."""
    waiting: list[list[str]] = [[own, first]]
    done: set[tuple[str, int]] = set()
    while waiting:
        way = waiting.pop()
        if way[-1] in way[:-1] or len(way) > DEPTH_MAX:
            return way
        if (way[-1], len(way)) in done:
            continue
        done.add((way[-1], len(way)))
        child = called.workflow(way[-1])
        if child is not None:
            names = [one.step.action.name for one in child.plan.values() if isinstance(one.step.action, WorkflowAction)]
            waiting += [[*way, name] for name in reversed(names)]
    return []


# ------------------------------------------------------------------------------------------------------ what is given


def _check_schema(
    text: StepText,
    node: Node,
    name: str,
    shown: str,
    schema: dict[str, Json],
    source: Source,
    wanted: dict[int, Type],
    unknown: str = "FL-A113",
    missing: str = "FL-A114",
) -> None:
    """Check what stands under `with` against *schema*: names, literal values; types are left to *wanted*."""
    properties: dict[str, Json] = schema.get("properties") or {}
    entries = dict(text.keys["with"].value.entries) if "with" in text.keys else {}
    if "prompt" in text.keys and isinstance(text.step.action, AgentAction):
        entries["prompt"] = text.keys["prompt"]
    takes = f"it takes: {', '.join(properties)}" if properties else "it takes no inputs"
    show = f"fairlead agents show {name}" if unknown == "FL-A113" else "fairlead explain FL-W142"
    for key, entry in entries.items():
        if key in properties:
            _check_value(key, entry, properties[key], schema, shown, show, source, wanted, unknown)
        elif not _takes_others(schema):
            said = f"{shown} has no input `{key}`"
            source.add(
                unknown, said, entry.key.start, entry.key.end, source.did_you_mean(key, properties, show), label=takes
            )
    for key in schema.get("required") or ():
        if key not in entries:
            said = f"{shown} needs the input `{key}`"
            source.add(missing, said, node.start, node.end, f"add `{key}:` below `with:`", label=takes)


def _takes_others(schema: Mapping[str, Json]) -> bool:
    """Whether the schema says in so many words that other inputs may come. Its silence is no licence."""
    return bool(schema.get("additionalProperties", False) or schema.get("patternProperties"))


def _holds_expressions(node: Node) -> bool:
    return any("${" in str(text.value) for text in texts_of(node))


def _check_value(
    name: str,
    entry: Entry,
    part: Json,
    whole: dict[str, Json],
    shown: str,
    show: str,
    source: Source,
    wanted: dict[int, Type],
    code: str,
) -> None:
    """Check one input against its part of the schema. What holds `${ }` is checked by its type."""
    node = entry.value
    if _holds_expressions(node):
        if node.is_text:
            wanted[id(node)] = _type_of_part(name, whole)
        return
    if source.has_at(node.start, node.end):
        return
    value = node.plain()
    # Imported here: 30 ms that only literal inputs cost.
    import jsonschema_rs

    # The definitions go along: a part may point to them.
    kept: dict[str, Json] = {key: whole[key] for key in ("$schema", "$defs", "definitions") if key in whole}
    given: dict[str, Json] = {name: value}
    for problem in jsonschema_rs.validator_for({**kept, "properties": {name: part}}).iter_errors(given):
        place = _node_at(node, list(problem.instance_path)[1:])
        said = f"`{name}` does not fit {shown}: {_shortened(problem.message)}"
        source.add("FL-A111" if code == "FL-A113" else code, said, place.start, place.end, show)


def _type_of_part(name: str, whole: dict[str, Json]) -> Type:
    """What an input takes. What the schema says beyond the kind of a value is checked when the value is there."""
    return known_type(whole).fields.get(name, ANY)


def _node_at(node: Node, path: Iterable[str | int]) -> Node:
    for key in path:
        if isinstance(key, int):
            node = node.items[key]
        else:
            node = node.entries[key].value
    return node


def _shortened(message: str) -> str:
    return message if len(message) <= 200 else message[:197] + "…"
