"""From the types of a function to the schemas of an agent, and from JSON inputs to the function's arguments.

Runs in the child process: types can only be looked at once the module is imported.
"""

import dataclasses
import enum
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import msgspec

from fairlead.agents.own.context import Context
from fairlead.agents.own.findings import OUTPUT_SCHEMA, Findings
from fairlead.core.json import Json

_USABLE = "str, int, float, bool, list, dict, Literal, Enum, Optional, a dataclass or a msgspec.Struct"
_PLAIN = frozenset({str, int, float, bool, type(None), list, dict})


class Unusable(Exception):
    """A function cannot be an agent. `parameter` names the one that is wrong, "return" for what it gives."""

    def __init__(self, reason: str, parameter: str = "") -> None:
        super().__init__(reason)
        self.parameter = parameter


class Signature(msgspec.Struct, frozen=True):
    """What a function takes and gives."""

    types: dict[str, Any]  # parameter → type; Any: a type has no narrower type
    defaults: dict[str, Any]  # parameter → default, as it was written
    gives: Any
    input_schema: dict[str, Json]
    output_schema: dict[str, Json]

    def arguments(self, inputs: Mapping[str, Json]) -> dict[str, Any]:
        """*inputs* as the function wants them; the defaults that are not given are left to the function.

        Raises:
            Unusable: an input does not fit its type.
        """
        found = {}
        for name, value in inputs.items():
            try:
                found[name] = msgspec.convert(value, self.types[name])
            except (KeyError, msgspec.ValidationError) as error:
                raise Unusable(str(error), name) from None
        return found


def signature_of(function: Callable[..., Any]) -> Signature:
    """The signature of an agent's function.

    Raises:
        Unusable: an annotation is missing or cannot become a schema.
    """
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise Unusable("the function is `async`; an agent's function is an ordinary one")
    try:
        hints = get_type_hints(function, include_extras=True)
    except Exception as error:  # an annotation may be any expression, and fail in any way
        raise Unusable(f"its annotations cannot be read: {type(error).__name__}: {error}") from None
    context, *others = inspect.signature(function).parameters.values() or (None,)
    if context is None or context.kind not in (context.POSITIONAL_ONLY, context.POSITIONAL_OR_KEYWORD):
        raise Unusable("its first parameter must be the context: `ctx: Context`")
    if hints.get(context.name, Context) is not Context:
        raise Unusable("the first parameter is the context and has the type `Context`", context.name)
    wanted: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for parameter in others:
        wanted[parameter.name] = _type_of(parameter, hints)
        if parameter.default is not parameter.empty:
            defaults[parameter.name] = parameter.default
    gives = hints.get("return", inspect.Signature.empty)
    return Signature(wanted, defaults, gives, _input_schema(wanted, defaults), _output_schema(gives))


def _type_of(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Any:
    name = parameter.name
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise Unusable("it takes any number of arguments; an agent names each of its inputs", name)
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise Unusable("it can only be given by its place; inputs are given by name", name)
    if name not in hints:
        raise Unusable(f"it has no type; usable are {_USABLE}", name)
    if wrong := _wrong_part(hints[name], ()):
        raise Unusable(f"the type `{wrong}` cannot come from JSON; usable are {_USABLE}", name)
    return hints[name]


def _wrong_part(hint: Any, above: tuple[Any, ...]) -> str:
    """The first part of a type that has no plain form in JSON; "" when there is none."""
    if hint in above or hint is None:
        return ""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _wrong_part(parts[0], above)
    if origin is Literal:
        return next((repr(part) for part in parts if not isinstance(part, str | int | bool | None)), "")
    if origin in (Union, types.UnionType, list):
        return next((wrong for part in parts if (wrong := _wrong_part(part, above))), "")
    if origin is dict:
        return _name(hint) if parts[0] is not str else _wrong_part(parts[1], above)
    if isinstance(hint, type):
        if hint in _PLAIN or issubclass(hint, enum.Enum):
            return ""
        if dataclasses.is_dataclass(hint) or issubclass(hint, msgspec.Struct) or is_typeddict(hint):
            fields = get_type_hints(hint, include_extras=True).values()
            return next((wrong for field in fields if (wrong := _wrong_part(field, (*above, hint)))), "")
    return _name(hint)


def _name(hint: Any) -> str:
    return hint.__qualname__ if isinstance(hint, type) and not get_args(hint) else str(hint).replace("typing.", "")


def _input_schema(wanted: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Json]:
    properties: dict[str, Json] = {}
    shared: dict[str, Json] = {}
    for name, hint in wanted.items():
        one, found = _schema(hint, name)
        shared.update(found)
        about = next((text for text in get_args(hint)[1:] if isinstance(text, str)), "")
        if get_origin(hint) is Annotated and about:
            one = {"description": about, **one}
        if name in defaults:
            one = {**one, "default": _default(name, hint, defaults[name])}
        properties[name] = one
    schema: dict[str, Json] = {"type": "object", "additionalProperties": False, "properties": properties}
    if needed := [name for name in wanted if name not in defaults]:
        schema["required"] = needed
    if shared:
        schema["$defs"] = shared
    return schema


def _default(name: str, hint: Any, default: object) -> Json:
    try:
        plain = msgspec.to_builtins(default)
        msgspec.convert(plain, hint)
    except (TypeError, ValueError) as error:
        raise Unusable(f"its default does not fit its type: {error}", name) from None
    return plain


def _schema(hint: Any, name: str) -> tuple[dict[str, Json], dict[str, Json]]:
    try:
        (schema,), shared = msgspec.json.schema_components([hint], ref_template="#/$defs/{name}")
    except (TypeError, ValueError) as error:
        raise Unusable(f"its type cannot become a schema: {error}", name) from None
    return schema, shared


def _output_schema(gives: Any) -> dict[str, Json]:
    if gives is Findings:
        return OUTPUT_SCHEMA
    wanted = "it gives `Findings`, a dict, a dataclass or a msgspec.Struct"
    if gives is inspect.Signature.empty:
        raise Unusable(f"it does not say what it gives; {wanted}", "return")
    if gives is dict:
        return {"type": "object"}
    is_record = isinstance(gives, type) and (
        dataclasses.is_dataclass(gives) or issubclass(gives, msgspec.Struct) or is_typeddict(gives)
    )
    if not is_record and get_origin(gives) is not dict:
        raise Unusable(f"`{_name(gives)}` cannot be an agent's answer; {wanted}", "return")
    if wrong := _wrong_part(gives, ()):
        raise Unusable(f"the type `{wrong}` cannot become JSON; {wanted}", "return")
    schema, shared = _schema(gives, "return")
    # A reference at the very top would hide from the checks of workflows which fields there are.
    if schema.get("$ref", "").startswith("#/$defs/"):
        schema = {**schema, **shared[schema["$ref"].removeprefix("#/$defs/")]}
        del schema["$ref"]
    return {**schema, "$defs": shared} if shared else schema
