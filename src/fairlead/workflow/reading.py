"""The tree of a file becomes a workflow record: keys, types, limits. Ids and edges are checked after this."""

import re
from typing import NamedTuple, cast, get_args

from fairlead.core.json import Json
from fairlead.core.workflow import PARALLEL_DEFAULT, Flow, Input, InputType, Workflow
from fairlead.workflow.fields import Fields
from fairlead.workflow.inputs import fits
from fairlead.workflow.keys import DEFAULTS, INPUT, LIMITS, TOP
from fairlead.workflow.source import Source
from fairlead.workflow.steps import PARALLEL_MAX, Level, StepReader
from fairlead.workflow.yaml_tree import Entry, Node

DESCRIPTION_MAX = 10_000
TITLE_MAX = 256
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
ID = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_INPUT_TYPES: tuple[InputType, ...] = get_args(InputType)


class Read(NamedTuple):
    """A workflow as its file has it. `workflow` is complete only if the source has no errors."""

    workflow: Workflow
    steps: Level
    closing: Level
    keys: dict[str, Entry]  # of the file


def read_record(tree: Node, source: Source) -> Read | None:
    """Read the record; whatever is wrong is noted in *source*."""
    fields = Fields(source)
    keys = fields.mapping(tree, "", TOP)
    if keys is None:
        return None
    _check_version(fields, tree, keys)
    flow = _flow(fields, keys)
    reader = StepReader(source, _default_timeout(fields, keys))
    steps = Level("steps", flow == "sequence", None)
    closing = Level("finally", True, None)
    if "steps" in keys:
        reader.read_list(keys["steps"].value, "steps", steps)
    else:
        source.add(
            "FL-W023", "the file has no `steps`", tree.start, tree.start + 1, "add `steps:` with a list of steps"
        )
    if "finally" in keys:
        reader.read_list(keys["finally"].value, "finally", closing)
    workflow = Workflow(
        name=_name(fields, tree, keys),
        steps=tuple(text.step for text in steps.texts),
        title=_text(fields, keys, "title", TITLE_MAX),
        description=_text(fields, keys, "description", DESCRIPTION_MAX),
        flow=flow,
        inputs=_inputs(fields, keys),
        finally_=tuple(text.step for text in closing.texts),
        outputs=_outputs(fields, keys),
        parallel_max=_parallel(fields, keys),
    )
    return Read(workflow, steps, closing, keys)


def _check_version(fields: Fields, tree: Node, keys: dict[str, Entry]) -> None:
    if "fairlead" not in keys:
        hint = "write `fairlead: 1` as the first line: it is the version of the format"
        fields.source.add("FL-W023", "the file has no `fairlead: 1`", tree.start, tree.start + 1, hint)
        return
    node = keys["fairlead"].value
    if node.value != 1 or isinstance(node.value, bool):
        hint = "write `fairlead: 1`; a file of a later version needs a later Fairlead"
        fields.source.add("FL-W018", "this build reads version 1 of the format", node.start, node.end, hint)


def _name(fields: Fields, tree: Node, keys: dict[str, Entry]) -> str:
    if "name" not in keys:
        hint = "add `name: my-workflow`"
        fields.source.add("FL-W023", "the file has no `name`", tree.start, tree.start + 1, hint)
        return ""
    node = keys["name"].value
    name = fields.text(node, "name") or ""
    if name and not _NAME.fullmatch(name):
        said = f"`{name[:70]}` is no name for a workflow"
        label = "small letters, digits and `-`, at most 63"
        fields.source.add("FL-W025", said, node.start, node.end, propose_name(name, "-"), label=label)
    return name


def _text(fields: Fields, keys: dict[str, Entry], key: str, length_max: int) -> str:
    if key not in keys:
        return ""
    # A description is for people: it may show how a reference is written.
    return fields.text(keys[key].value, key, length_max=length_max, may_refer=key == "description") or ""


def _flow(fields: Fields, keys: dict[str, Entry]) -> Flow:
    word = fields.word(keys["flow"].value, "flow", get_args(Flow)) if "flow" in keys else None
    return "graph" if word == "graph" else "sequence"


def _default_timeout(fields: Fields, keys: dict[str, Entry]) -> float | None:
    if "defaults" not in keys:
        return None
    found = fields.mapping(keys["defaults"].value, "defaults", DEFAULTS) or {}
    return fields.timeout(found["timeout"].value, "defaults.timeout") if "timeout" in found else None


def _parallel(fields: Fields, keys: dict[str, Entry]) -> int:
    if "limits" not in keys:
        return PARALLEL_DEFAULT
    found = fields.mapping(keys["limits"].value, "limits", LIMITS) or {}
    if "parallel" not in found:
        return PARALLEL_DEFAULT
    return fields.integer(found["parallel"].value, "limits.parallel", 1, PARALLEL_MAX) or PARALLEL_DEFAULT


def _outputs(fields: Fields, keys: dict[str, Entry]) -> dict[str, Json]:
    if "outputs" not in keys:
        return {}
    node = keys["outputs"].value
    if node.kind != "mapping":
        fields.wrong(node, "outputs", "a mapping", "write each output as `name: ${ steps.id.output }`")
        return {}
    for name, entry in node.entries.items():
        _check_id(fields, "an output", name, entry.key)
    return {name: entry.value.plain() for name, entry in node.entries.items()}


def _inputs(fields: Fields, keys: dict[str, Entry]) -> dict[str, Input]:
    if "inputs" not in keys:
        return {}
    node = keys["inputs"].value
    if node.kind != "mapping":
        fields.wrong(node, "inputs", "a mapping", "write each input as `name:` with its `type:` below")
        return {}
    found = {}
    for name, entry in node.entries.items():
        _check_id(fields, "an input", name, entry.key)
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
        length_max = DESCRIPTION_MAX
        description = (
            fields.text(keys["description"].value, f"{place}.description", length_max=length_max, may_refer=True) or ""
        )
    default: Json = None
    if "default" in keys:
        node = keys["default"].value
        fields.refuse_references(node, f"{place}.default")
        default = node.plain()
        reason = fits(default, kind) if kind else ""
        if reason:
            hint = "mend the value, or the `type`"
            said = f"the default of input `{name}` does not fit: {reason}"
            fields.source.add("FL-W122", said, node.start, node.end, hint)
    return Input(kind or "string", description, default, "default" in keys)


def _input_type(fields: Fields, name: str, entry: Entry, keys: dict[str, Entry]) -> InputType | None:
    if "type" not in keys:
        if "type" not in entry.value.entries:
            hint = f"add `type:` with one of: {', '.join(_INPUT_TYPES)}"
            fields.source.add("FL-W023", f"input `{name}` has no `type`", entry.key.start, entry.key.end, hint)
        return None
    node = keys["type"].value
    if node.value == "secret":
        said = "inputs of type `secret` are known, but this build does not perform them yet"
        fields.source.add("FL-W110", said, node.start, node.end, "hand secrets over in the agent's own surroundings")
        return None
    word = fields.word(node, f"inputs.{name}.type", _INPUT_TYPES)
    # `word` answers one of the words it was given.
    return cast(InputType, word) if word else None


def _check_id(fields: Fields, what: str, name: str, node: Node) -> None:
    if not ID.fullmatch(name):
        said = f"`{name[:70]}` is no name for {what}"
        label = "small letters, digits and `_`, at most 63"
        fields.source.add("FL-W025", said, node.start, node.end, propose_name(name, "_"), label=label)


def propose_name(name: str, joint: str) -> str:
    """A hint: the nearest name that is allowed, its words joined by *joint*."""
    proposed = re.sub(r"[^a-z0-9]+", joint, name.lower()).lstrip(joint + "0123456789")[:63].rstrip(joint)
    return f"write `{proposed}`" if proposed else "write a word of small letters"
