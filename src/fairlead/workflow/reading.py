"""The tree of a file becomes a workflow record: keys, types, limits. Ids and edges are checked after this."""

import re
from typing import Literal, NamedTuple, cast, get_args

from fairlead.core.json import Json
from fairlead.core.workflow import PARALLEL_DEFAULT, Concurrency, Flow, Workflow
from fairlead.workflow.actions import FIELD_NAME, PATH_MAX, WORKFLOW_NAME
from fairlead.workflow.declared import check_name, read_inputs
from fairlead.workflow.fields import Fields
from fairlead.workflow.keys import CONCURRENCY, DEFAULTS, LIMITS, TOP
from fairlead.workflow.levels import Level, Written
from fairlead.workflow.modifiers import PARALLEL_MAX, Defaults, read_budget, read_cache, read_isolate, read_retry
from fairlead.workflow.source import Edit, Source
from fairlead.workflow.steps import StepReader, read_env
from fairlead.workflow.triggers import read_triggers
from fairlead.workflow.yaml_tree import Entry, Node

DESCRIPTION_MAX = 10_000
TITLE_MAX = 256
POLICIES_MAX = 50
_Conflict = Literal["queue", "cancel_older", "cancel_newer", "fail"]


class Read(NamedTuple):
    """A workflow as its file has it. `workflow` is complete only if the source has no errors."""

    workflow: Workflow
    steps: Level
    closing: Level
    keys: dict[str, Entry]  # of the file
    written: list[Written]  # the expressions that belong to no step


def read_record(tree: Node, source: Source) -> Read | None:
    """Read the record; whatever is wrong is noted in *source*."""
    fields = Fields(source)
    keys = fields.mapping(tree, "", TOP)
    if keys is None:
        return None
    _check_version(fields, tree, keys)
    flow = _flow(fields, keys)
    reader = StepReader(source, fields, _defaults(fields, keys))
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
        inputs=read_inputs(fields, keys["inputs"].value) if "inputs" in keys else {},
        finally_=tuple(text.step for text in closing.texts),
        outputs=_values(fields, keys, "outputs"),
        parallel_max=_parallel(fields, keys),
        vars=_values(fields, keys, "vars"),
        env=read_env(fields, keys["env"].value) if "env" in keys else (),
        requirements=_text(fields, keys, "requirements", PATH_MAX),
        concurrency=_concurrency(fields, keys["concurrency"]) if "concurrency" in keys else None,
        policies=_policies(fields, keys),
        triggers=read_triggers(fields, keys["triggers"].value) if "triggers" in keys else (),
        budget=read_budget(fields, keys["budget"], "budget") if "budget" in keys else None,
    )
    fields.say_later()
    return Read(workflow, steps, closing, keys, fields.written)


def _check_version(fields: Fields, tree: Node, keys: dict[str, Entry]) -> None:
    if "fairlead" not in keys:
        hint = "write `fairlead: 1` as the first line: it is the version of the format"
        is_block = not fields.source.text.startswith("{", tree.start)
        edit = Edit(tree.start, tree.start, "fairlead: 1\n") if is_block else None
        fields.source.add("FL-W023", "the file has no `fairlead: 1`", tree.start, tree.start + 1, hint, edit=edit)
        return
    node = keys["fairlead"].value
    if node.value != 1 or isinstance(node.value, bool):
        hint = "write `fairlead: 1`; a file of a later version needs a later Fairlead"
        edit = Edit(node.start, node.end, "1") if node.value == "1" else None
        fields.source.add("FL-W018", "this build reads version 1 of the format", node.start, node.end, hint, edit=edit)


def _name(fields: Fields, tree: Node, keys: dict[str, Entry]) -> str:
    if "name" not in keys:
        hint = "add `name: my-workflow`"
        fields.source.add("FL-W023", "the file has no `name`", tree.start, tree.start + 1, hint)
        return ""
    node = keys["name"].value
    name = fields.text(node, "name") or ""
    if name:
        check_name(fields, "a workflow", name, node, WORKFLOW_NAME, "-", is_free=True)
    return name


def _text(fields: Fields, keys: dict[str, Entry], key: str, length_max: int) -> str:
    if key not in keys:
        return ""
    # A description is for people: it may show how a reference is written.
    return fields.text(keys[key].value, key, length_max=length_max, may_refer=key == "description") or ""


def _flow(fields: Fields, keys: dict[str, Entry]) -> Flow:
    word = fields.word(keys["flow"].value, "flow", get_args(Flow)) if "flow" in keys else None
    return "graph" if word == "graph" else "sequence"


def _defaults(fields: Fields, keys: dict[str, Entry]) -> Defaults:
    if "defaults" not in keys:
        return Defaults()
    found = fields.mapping(keys["defaults"].value, "defaults", DEFAULTS) or {}
    if "model" in found:
        fields.text(found["model"].value, "defaults.model", length_max=100)
        fields.later("defaults.model", found["model"].key, "no agent of this build calls a model")
    return Defaults(
        timeout_s=fields.timeout(found["timeout"].value, "defaults.timeout") if "timeout" in found else None,
        retry=read_retry(fields, found["retry"].value, "defaults.retry", None) if "retry" in found else None,
        cache=read_cache(fields, found["cache"], "defaults.cache", "before") if "cache" in found else None,
        budget=read_budget(fields, found["budget"], "defaults.budget") if "budget" in found else None,
        isolate=read_isolate(fields, found["isolate"], "defaults.isolate") if "isolate" in found else "",
    )


def _parallel(fields: Fields, keys: dict[str, Entry]) -> int:
    if "limits" not in keys:
        return PARALLEL_DEFAULT
    found = fields.mapping(keys["limits"].value, "limits", LIMITS) or {}
    if "parallel" not in found:
        return PARALLEL_DEFAULT
    return fields.integer(found["parallel"].value, "limits.parallel", 1, PARALLEL_MAX) or PARALLEL_DEFAULT


def _values(fields: Fields, keys: dict[str, Entry], key: str) -> dict[str, Json]:
    """The `outputs`, which are worked out when the run has ended, or the `vars`, when it begins."""
    if key not in keys:
        return {}
    node = keys[key].value
    what = "an output" if key == "outputs" else "a variable"
    if node.kind != "mapping":
        fields.wrong(node, key, "a mapping", f"write each as `name: value` below `{key}:`")
        return {}
    for name, entry in node.entries.items():
        check_name(fields, what, name, entry.key, FIELD_NAME, "_")
        fields.texts(entry.value, f"{key}.{name}", "end" if key == "outputs" else "start")
    return {name: entry.value.plain() for name, entry in node.entries.items()}


def _concurrency(fields: Fields, entry: Entry) -> Concurrency | None:
    keys = fields.mapping(entry.value, "concurrency", CONCURRENCY)
    if keys is None:
        return None
    if "group" not in keys:
        hint = "name the group, for example `group: release`"
        fields.missing(entry.value, entry.key, "concurrency", "group", hint)
    group = fields.text(keys["group"].value, "concurrency.group", moment="start") if "group" in keys else ""
    most = fields.integer(keys["max"].value, "concurrency.max", 1, PARALLEL_MAX) if "max" in keys else 1
    conflict = None
    if "on_conflict" in keys:
        conflict = fields.word(keys["on_conflict"].value, "concurrency.on_conflict", get_args(_Conflict))
    # `word` answers one of the words it was given.
    return Concurrency(group or "", most or 1, cast(_Conflict, conflict or "queue"))


def _policies(fields: Fields, keys: dict[str, Entry]) -> tuple[str, ...]:
    if "policies" not in keys:
        return ()
    pattern = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
    node = keys["policies"].value
    looks = "the name of a policy: small letters, digits and `-`"
    names = fields.names(node, "policies", most=POLICIES_MAX, pattern=pattern, looks=looks)
    fields.later("policies", keys["policies"].key, "only the built-in rule holds, that every effect asks")
    return names
