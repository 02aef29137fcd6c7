"""Values for a workflow's inputs: what a person typed becomes what the workflow declares, or a diagnostic."""

import re
from collections.abc import Mapping

from fairlead.core.errors import Diagnostic
from fairlead.core.json import INTEGER_MAX, Json, NotStrict, encode, parse
from fairlead.core.workflow import Input, InputType, Workflow
from fairlead.workflow.keys import did_you_mean

_INTEGER = re.compile(r"[-+]?[0-9]{1,17}", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?", re.ASCII)
_SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
_EXPECTED: dict[InputType, str] = {
    "string": "text",
    "path": "a path",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "secret": "the name of a secret",
}


def check_inputs(
    workflow: Workflow, given: Mapping[str, Json], *, are_texts: bool = True
) -> tuple[dict[str, Json], tuple[Diagnostic, ...]]:
    """The values of all inputs, defaults filled in, and everything that is wrong with what was *given*.

    With *are_texts*, a text is what somebody typed after `-i name=` and is read by the declared type: a list or an
    object as JSON (for a list, a text without `[` is its only item). Without, every value must have its type already.
    """
    values: dict[str, Json] = {}
    found: list[Diagnostic] = []
    for name, value in given.items():
        declared = workflow.inputs.get(name)
        if declared is None:
            names = ", ".join(workflow.inputs) or "none"
            hint = did_you_mean(name, workflow.inputs, f"its inputs: {names}")
            found.append(Diagnostic("FL-W131", f"workflow `{workflow.name}` has no input `{name[:63]}`", hints=(hint,)))
            continue
        converted = _convert(value, declared.type) if are_texts and isinstance(value, str) else value
        reason = fits(converted, declared.type) or rule_problem(converted, declared.type, declared.rules)
        if reason:
            said = f"input `{name}` does not fit: {reason}"
            found.append(Diagnostic("FL-W133", said, hints=(_example(name, declared),)))
        else:
            values[name] = converted
    for name, declared in workflow.inputs.items():
        if name in given:
            continue
        if declared.has_default:
            values[name] = declared.default
        else:
            said = f"input `{name}` is missing" + (f": {declared.description}" if declared.description else "")
            found.append(Diagnostic("FL-W132", said[:1_000], hints=(_example(name, declared),)))
    return {name: values[name] for name in workflow.inputs if name in values}, tuple(found)


def fits(value: Json, kind: InputType) -> str:
    """Why *value* is not of type *kind*, as a clause; "" when it is."""
    match kind:
        case "string":
            is_right = isinstance(value, str)
        case "path":
            is_right = isinstance(value, str) and value != "" and "\0" not in value
        case "boolean":
            is_right = isinstance(value, bool)
        case "integer":
            is_right = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= INTEGER_MAX
        case "number":
            is_right = isinstance(value, int | float) and not isinstance(value, bool)
        case "array":
            is_right = isinstance(value, list)
        case "object":
            is_right = isinstance(value, dict)
        case "secret":
            name = value.get("secret") if isinstance(value, dict) and len(value) == 1 else None
            is_right = isinstance(name, str) and bool(_SECRET.fullmatch(name))
    return "" if is_right else f"expected {_EXPECTED[kind]}, this is {_describe(value)}"


def rule_problem(value: Json, kind: InputType, rules: Mapping[str, Json]) -> str:
    """Why *value*, which is of type *kind*, breaks one of the *rules* of its input, as a clause; "" when it keeps them.

    The rules are keywords of JSON Schema. Those of plain values are looked at here: the schema library costs 30 ms,
    which only lists and objects with a schema of their own are worth.
    """
    for name, rule in rules.items():
        # Each rule was read as the type that its keyword has, so these comparisons are between numbers.
        match name:
            case "enum" if not any(type(one) is type(value) and one == value for one in rule):
                return f"{_describe(value)} is none of {', '.join(map(_said, rule))}"
            case "minimum" if value < rule:
                return f"{value} is less than {rule}"
            case "maximum" if value > rule:
                return f"{value} is more than {rule}"
            case "exclusiveMinimum" if value <= rule:
                return f"{value} is not more than {rule}"
            case "exclusiveMaximum" if value >= rule:
                return f"{value} is not less than {rule}"
            case "minLength" | "minItems" if len(value) < rule:
                return f"it has {len(value)} {_PARTS[kind]}, at least {rule} are needed"
            case "maxLength" | "maxItems" if len(value) > rule:
                return f"it has {len(value)} {_PARTS[kind]}, at most {rule} are allowed"
            case "pattern" if not re.search(rule, value):
                return f"{_describe(value)} does not look like `{rule[:60]}`"
            case "required" if missing := [one for one in rule if one not in value]:
                return f"it has no `{missing[0]}`"
            case _:
                pass
    inner = {name: rules[name] for name in ("items", "properties") if name in rules}
    if not inner:
        return ""
    import jsonschema_rs

    for problem in jsonschema_rs.validator_for(inner).iter_errors(value):
        at = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in problem.instance_path)
        return f"{at.lstrip('.')}: {problem.message[:200]}"
    return ""


_PARTS: dict[InputType, str] = {"string": "characters", "path": "characters", "array": "items", "object": "fields"}


def _said(value: Json) -> str:
    return f"`{value}`" if isinstance(value, str) else encode(value).decode()


def _convert(text: str, kind: InputType) -> Json:
    """*text* as its type says; unchanged when it cannot be read so, which `fits` then explains."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind == "integer":
        return int(text) if _INTEGER.fullmatch(text) else text
    if kind == "number":
        if _INTEGER.fullmatch(text):
            return int(text)
        value = float(text) if _NUMBER.fullmatch(text) else text
        return text if value in (float("inf"), float("-inf")) else value
    if kind == "secret":
        return {"secret": text}
    if kind == "array" and not text.lstrip().startswith("["):
        return [text] if text else []
    if kind in ("array", "object"):
        try:
            return parse(text.encode("utf-8", "surrogatepass"))
        except NotStrict:
            return text
    return text


def _describe(value: Json) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, str):
        return f"the text `{value[:40]}`" + "…" * (len(value) > 40) if value else "an empty text"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "an object"


def _example(name: str, declared: Input) -> str:
    example = {
        "string": "text",
        "path": "src/app",
        "number": "0.8",
        "integer": "3",
        "boolean": "true",
        "array": '\'["a", "b"]\'',
        "object": '\'{"key": "value"}\'',
        "secret": "NAME",
    }[declared.type]
    return f"-i {name}={example}"
