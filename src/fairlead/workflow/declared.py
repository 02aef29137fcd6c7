"""The `inputs` that a workflow declares: their types, rules and defaults."""

import re
from typing import cast, get_args

from fairlead.core.json import Json
from fairlead.core.workflow import Input, InputType
from fairlead.workflow.fields import Fields
from fairlead.workflow.inputs import fits, rule_problem
from fairlead.workflow.keys import INPUT, RULES
from fairlead.workflow.source import Edit
from fairlead.workflow.yaml_tree import Entry, Node

DESCRIPTION_MAX = 10_000
INPUTS_MAX = 200
_TYPES: tuple[InputType, ...] = get_args(InputType)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)

# Rule → the types of input that it can be said of; the others (`enum`, `title`) of every one.
_RULES_OF: dict[str, tuple[InputType, ...]] = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), ("number", "integer")),
    **dict.fromkeys(("pattern", "minLength", "maxLength"), ("string", "path")),
    **dict.fromkeys(("items", "minItems", "maxItems"), ("array",)),
    **dict.fromkeys(("properties", "required"), ("object",)),
}


def read_inputs(fields: Fields, node: Node) -> dict[str, Input]:
    """Every declared input by its name."""
    if node.kind != "mapping":
        fields.wrong(node, "inputs", "a mapping", "write each input as `name:` with its `type:` below")
        return {}
    if len(node.entries) > INPUTS_MAX:
        said = f"the file declares {len(node.entries)} inputs; at most {INPUTS_MAX} are allowed"
        fields.source.add("FL-W024", said, node.start, node.start + 1, "make one input of type `object` of several")
    found = {}
    for name, entry in node.entries.items():
        check_name(fields, "an input", name, entry.key, _NAME, "_")
        found[name] = _input(fields, name, entry)
    return found


def _input(fields: Fields, name: str, entry: Entry) -> Input:
    place = f"inputs.{name}"
    keys = fields.mapping(entry.value, place, INPUT)
    if keys is None:
        return Input("string")
    kind = _input_type(fields, name, entry, keys)
    description = ""
    if "description" in keys:
        node = keys["description"].value
        description = fields.text(node, f"{place}.description", length_max=DESCRIPTION_MAX, may_refer=True) or ""
    before = fields.source.count
    rules = _rules(fields, place, keys, kind)
    default: Json = None
    if "default" in keys:
        node = keys["default"].value
        fields.refuse_references(node, f"{place}.default")
        default = node.plain()
        reason = fits(default, kind) if kind else ""
        if kind == "secret":
            reason = "a secret has no default: it would stand in the file"
        elif not reason and fields.source.count == before:
            reason = rule_problem(default, kind or "string", rules)
        if reason:
            hint = "mend the value, or the `type`" if kind != "secret" else "remove it: a person gives its name"
            said = f"the default of input `{name}` does not fit: {reason}"
            fields.source.add("FL-W122", said, node.start, node.end, hint)
    return Input(kind or "string", description, default, "default" in keys, rules)


def _input_type(fields: Fields, name: str, entry: Entry, keys: dict[str, Entry]) -> InputType | None:
    if "type" not in keys:
        hint = f"add `type:` with one of: {', '.join(_TYPES)}"
        fields.source.add("FL-W023", f"input `{name}` has no `type`", entry.key.start, entry.key.end, hint)
        return None
    word = fields.word(keys["type"].value, f"inputs.{name}.type", _TYPES)
    # `word` answers one of the words it was given.
    return cast(InputType, word) if word else None


def _rules(fields: Fields, place: str, keys: dict[str, Entry], kind: InputType | None) -> dict[str, Json]:
    """The keywords of JSON Schema beside the type. Each is checked for its own form."""
    found: dict[str, Json] = {}
    for name in RULES:
        if name not in keys:
            continue
        key, node = keys[name]
        fitting = _RULES_OF.get(name)
        if kind is not None and fitting is not None and kind not in fitting:
            said = f"`{name}` says nothing of an input of type `{kind}`"
            hint = f"remove it, or make the type {' or '.join(f'`{one}`' for one in fitting)}"
            fields.source.add("FL-W123", said, key.start, key.end, hint)
            continue
        if kind == "secret" and name != "title":
            said = f"`{name}` says nothing of a secret: its value is never looked at"
            fields.source.add("FL-W123", said, key.start, key.end, "remove it")
            continue
        if _is_rule(fields, name, node, f"{place}.{name}", kind):
            found[name] = node.plain()
    return found


def _is_rule(fields: Fields, name: str, node: Node, place: str, kind: InputType | None) -> bool:
    match name:
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            if isinstance(node.value, int | float) and not isinstance(node.value, bool):
                return True
            fields.wrong(node, place, "a number", "write a number without quotes")
            return False
        case "minLength" | "maxLength" | "minItems" | "maxItems":
            return fields.integer(node, place, 0, 1_000_000) is not None
        case "pattern":
            text = fields.text(node, place, length_max=1_000, may_refer=True)
            problem = text and _pattern_problem(text)
            if problem:
                hint = "write a regular expression"
                fields.source.add("FL-W033", f"`{place}`: {problem}", node.start, node.end, hint)
            return bool(text) and not problem
        case "enum":
            items = list(fields.items(node, place))
            if node.kind == "list" and not items:
                fields.source.add("FL-W024", f"`{place}` is empty", node.start, node.end, "list what is allowed")
            for item in items:
                if kind is not None and (reason := fits(item.plain(), kind)):
                    hint = "mend the value, or the `type`"
                    fields.source.add("FL-W122", f"`{place}`: {reason}", item.start, item.end, hint)
            return bool(items)
        case "required":
            return bool(fields.names(node, place)) or node.kind == "list"
        case "items" | "properties":
            return _is_schema(fields, name, node, place)
        case _:
            return fields.text(node, place) is not None


def _is_schema(fields: Fields, name: str, node: Node, place: str) -> bool:
    """Whether what stands below `items` or `properties` is a JSON Schema."""
    if node.kind != "mapping":
        fields.wrong(node, place, "a mapping", "write for example `items: {type: string}`")
        return False
    import jsonschema_rs  # 30 ms that only inputs with a schema of their own cost

    schema: dict[str, Json] = {name: node.plain()}
    try:
        jsonschema_rs.validator_for(schema)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        said = f"`{place}` is no JSON Schema: {str(error).splitlines()[0][:200]}"
        hint = "write for example `items: {type: string}`"
        fields.source.add("FL-W033", said, node.start, node.end, hint)
        return False
    return True


def _pattern_problem(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return f"it is no regular expression: {error}"
    return ""


def check_name(
    fields: Fields, what: str, name: str, node: Node, pattern: re.Pattern[str], joint: str, *, is_free: bool = False
) -> None:
    """Note a name that is not well formed, with the nearest one that is; *is_free*: nothing else names it."""
    if not pattern.fullmatch(name):
        label = f"small letters, digits and `{joint}`, at most 63"
        said = f"`{name[:70]}` is no name for {what}"
        hint = propose_name(name, joint)
        proposed = hint.removeprefix("write `").removesuffix("`")
        edit = Edit(node.start, node.end, proposed) if is_free and hint.endswith("`") else None
        fields.source.add("FL-W025", said, node.start, node.end, hint, label=label, edit=edit)


def nearest_name(name: str, joint: str) -> str:
    """The nearest name that is allowed, its words joined by *joint*; "" when nothing of *name* may stay."""
    return re.sub(r"[^a-z0-9]+", joint, name.lower()).lstrip(joint + "0123456789")[:63].rstrip(joint)


def propose_name(name: str, joint: str) -> str:
    """A hint: the nearest name that is allowed, its words joined by *joint*."""
    proposed = nearest_name(name, joint)
    return f"write `{proposed}`" if proposed else "write a word of small letters"
