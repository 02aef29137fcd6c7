"""A tree as a YAML file in the order in which a person would write it; read again, it is the same tree."""

import json
import re

from fairlead.core.json import Json
from fairlead.workflow.keys import STEP, TOP
from fairlead.workflow.scalars import resolve_scalar

_SHORT_MAX = 80  # characters of a list of scalars that stands in one line
# Plain text that no reader takes for anything else; everything else stands in quotes.
_PLAIN = re.compile(r"[A-Za-z0-9_./$(<][^\x00-\x1f\x7f-\uffff]*", re.ASCII)
_MARKS = re.compile(r": |:$| #|\s$")
_AMOUNT = re.compile(r"[0-9]+(ms|[smhdw%])", re.ASCII)
_FLOW_MARKS = re.compile(r"[,\[\]{}]")
_ACTION = ("agent", "run", "approve", "effect", "notify", "wait", "workflow", "parallel", "loop", "choose", "steps")
# What says when a step is performed stands above what it does, and that above everything else.
_FIRST = ("id", "name", "needs", "after", "if", "each", "as", "key", "max_parallel", "tolerate", "join", *_ACTION[:-4])
_STEP_ORDER = {name: nth for nth, name in enumerate((*_FIRST, *STEP.names))}
_TOP_ORDER = {name: nth for nth, name in enumerate(TOP.names)}
_LAST = ("steps", "finally", "outputs")


def yaml_text(tree: dict[str, Json]) -> str:
    """The file of a workflow."""
    lines: list[str] = []
    for key in sorted(tree, key=lambda key: (key in _LAST, _TOP_ORDER.get(key, len(_TOP_ORDER)))):
        _entry(lines, key, tree[key], "")
    return "\n".join(lines) + "\n"


def _entry(lines: list[str], key: str, value: Json, indent: str) -> None:
    short = _short(value)
    if short is not None:
        lines.append(f"{indent}{_scalar(key, is_key=True)}: {short}".rstrip())
        return
    lines.append(f"{indent}{_scalar(key, is_key=True)}:")
    _block(lines, value, indent + "  ")


def _block(lines: list[str], value: Json, indent: str) -> None:
    """A list or mapping that has something in it, below its key."""
    if isinstance(value, dict):
        for key in _ordered(value):
            _entry(lines, key, value[key], indent)
        return
    for one in value:
        short = _short(one)
        if short is not None:
            lines.append(f"{indent}- {short}")
            continue
        inner: list[str] = []
        _block(inner, one, indent + "  ")
        lines.append(f"{indent}- {inner[0].lstrip(' ')}")
        lines.extend(inner[1:])


def _ordered(value: dict[str, Json]) -> list[str]:
    keys = list(value)
    if "id" not in value:
        return keys if "steps" not in value else [*(key for key in keys if key != "steps"), "steps"]
    is_block = any(isinstance(value.get(name), list | dict) for name in _ACTION[-4:])
    known = sorted(keys, key=lambda key: _STEP_ORDER.get(key, len(_STEP_ORDER)))
    blocks = [key for key in known if is_block and key in _ACTION[-4:]]
    return [key for key in known if key not in blocks] + blocks


def _short(value: Json) -> str | None:
    """*value* in one line; None when it does not fit into one."""
    if not isinstance(value, list | dict):
        return _scalar(value)
    if not value:
        return "[]" if isinstance(value, list) else "{}"
    if isinstance(value, list) and all(not isinstance(one, list | dict) for one in value):
        text = "[" + ", ".join(_scalar(one, is_flow=True) for one in value) + "]"
        return text if len(text) <= _SHORT_MAX else None
    return None


def _scalar(value: Json, *, is_flow: bool = False, is_key: bool = False) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    is_plain = (
        _PLAIN.fullmatch(value) is not None
        and _MARKS.search(value) is None
        and resolve_scalar(value) == value
        # Readers of YAML 1.1 are many, and take these for something else.
        and (is_key or value.lower() not in ("y", "n", "yes", "no", "on", "off"))
        and not (is_flow and (_FLOW_MARKS.search(value) or ":" in value))
        and (value[0] not in "-+.0123456789" or _AMOUNT.fullmatch(value) is not None)
    )
    if is_plain:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text)
