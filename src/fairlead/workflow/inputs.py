"""Values for a workflow's inputs: what a person typed becomes what the workflow declares, or a diagnostic."""

import re
from collections.abc import Mapping

from fairlead.core.errors import Diagnostic
from fairlead.core.json import INTEGER_MAX, Json, NotStrict, parse
from fairlead.core.workflow import Input, InputType, Workflow
from fairlead.workflow.keys import did_you_mean

_INTEGER = re.compile(r"[-+]?[0-9]{1,17}", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?", re.ASCII)
_EXPECTED: dict[InputType, str] = {
    "string": "text",
    "path": "a path",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
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
        reason = fits(converted, declared.type)
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
    return "" if is_right else f"expected {_EXPECTED[kind]}, this is {_describe(value)}"


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
    }[declared.type]
    return f"-i {name}={example}"
