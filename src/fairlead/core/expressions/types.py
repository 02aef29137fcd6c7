"""What is known of a value before there is one: types, read from JSON Schema or put together for a root."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from fairlead.core.json import Json

Kind = Literal["any", "null", "bool", "int", "number", "string", "list", "object", "optional"]
DEPTH_MAX = 32  # of a schema; what lies deeper is not checked
_PARTS_MAX = 20_000  # of a schema, counted as often as they are referred to
_TURNS_MAX = 3  # how often a schema that holds itself is read on one way down

_SAID: dict[str, str] = {
    "any": "a value",
    "null": "null",
    "bool": "a boolean",
    "int": "a whole number",
    "number": "a number",
    "string": "text",
    "list": "a list",
    "object": "an object",
    "optional": "an optional value",
}


class Type(msgspec.Struct, frozen=True):
    """The type of a value. `fields` of a closed object are all there are."""

    kind: Kind
    item: "Type | None" = None  # of a list, an optional value, or the fields of an object that are not named
    fields: Mapping[str, "Type"] = {}
    is_closed: bool = False
    values: tuple[Json, ...] = ()  # the closed set that the value is from; empty when there is none
    # What is said of a field that a closed object does not have; `{name}` is the field.
    code: str = "FL-E014"
    message: str = ""
    hint: str = ""

    @property
    def said(self) -> str:
        """What a value of this type is, as a sentence says it."""
        return _SAID[self.kind]


ANY: Final = Type("any")
NULL: Final = Type("null")
BOOL: Final = Type("bool")
INT: Final = Type("int")
NUMBER: Final = Type("number")
STRING: Final = Type("string")


def list_of(item: Type) -> Type:
    """A list of items of one type."""
    return Type("list", item)


def optional_of(item: Type) -> Type:
    """What `.?` gives."""
    return Type("optional", item)


def record(fields: Mapping[str, Type], *, code: str = "FL-E014", message: str = "", hint: str = "") -> Type:
    """An object with exactly these fields; the mapping may work its types out when they are read.

    *code*, *message* (with `{name}` in it) and *hint* are what the check says of any other field: the steps of a
    workflow and the inputs of a workflow are objects too, and their unknown names have codes of their own.
    """
    return Type("object", fields=fields, is_closed=True, code=code, message=message, hint=hint)


def joined(one: Type, other: Type) -> Type:
    """The type of a value that is of one of two types; null goes with everything."""
    if one is other or other.kind == "null":
        return one
    if one.kind == "null":
        return other
    if {one.kind, other.kind} == {"int", "number"}:
        return NUMBER
    if one.kind != other.kind:
        return ANY
    values = (*one.values, *(value for value in other.values if value not in one.values))
    if not (one.values and other.values):
        values = ()
    item = joined(one.item, other.item) if one.item and other.item else None
    if one.kind != "object":
        return Type(one.kind, item, values=values)
    names = [*one.fields, *(name for name in other.fields if name not in one.fields)]
    fields = {name: joined(one.fields.get(name, NULL), other.fields.get(name, NULL)) for name in names}
    return Type("object", item, fields, one.is_closed and other.is_closed)


def type_of(schema: Json) -> Type:
    """The type of a value that fits *schema*, a JSON Schema.

    An object whose schema names `properties` is taken to have no others, unless `additionalProperties` says so: a
    misspelt field is far more likely than one that nobody declared. What the schema leaves open is not checked.
    """
    return _Schemas(schema).read(schema, 0, ())


class _Schemas:
    def __init__(self, whole: Json) -> None:
        self.whole = whole
        self.left = _PARTS_MAX

    def read(self, schema: Json, depth: int, inside: tuple[str, ...]) -> Type:
        self.left -= 1
        if not isinstance(schema, Mapping) or depth > DEPTH_MAX or self.left < 0:
            return ANY
        if isinstance(reference := schema.get("$ref"), str):
            if inside.count(reference) >= _TURNS_MAX:
                return ANY
            return self.read(self._target(reference), depth + 1, (*inside, reference))
        for word in ("anyOf", "oneOf"):
            if isinstance(choices := schema.get(word), list) and choices:
                return self._joined([self.read(one, depth + 1, inside) for one in choices])
        if isinstance(parts := schema.get("allOf"), list) and parts:
            return self._all(schema, parts, depth, inside)
        values = tuple(schema["enum"]) if isinstance(schema.get("enum"), list) else ()
        if "const" in schema:
            values = (schema["const"],)
        kinds = schema.get("type")
        if kinds is None:
            kinds = [_kind_of(value) for value in values] or ["object"] * ("properties" in schema)
        names = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
        found = [self._one(str(name), schema, depth, inside) for name in names]
        whole = self._joined(found) if found else ANY
        if values and whole.kind not in ("list", "object"):
            whole = msgspec.structs.replace(whole, values=tuple(value for value in values if value is not None))
        return whole

    def _one(self, name: str, schema: Mapping[str, Json], depth: int, inside: tuple[str, ...]) -> Type:
        match name:
            case "null":
                return NULL
            case "boolean":
                return BOOL
            case "integer":
                return INT
            case "number":
                return NUMBER
            case "string":
                return STRING
            case "array":
                return list_of(self.read(schema.get("items"), depth + 1, inside))
            case "object":
                properties = schema.get("properties")
                fields = properties if isinstance(properties, Mapping) else {}
                rest = schema.get("additionalProperties", not fields and "patternProperties" not in schema)
                types = {str(key): self.read(value, depth + 1, inside) for key, value in fields.items()}
                is_closed = rest is False and "patternProperties" not in schema
                item = self.read(rest, depth + 1, inside) if isinstance(rest, Mapping) else None
                return Type("object", item, types, is_closed)
            case _:
                return ANY

    def _all(self, schema: Mapping[str, Json], parts: list[Json], depth: int, inside: tuple[str, ...]) -> Type:
        """Everything at once: the fields of all parts, closed only when none leaves room."""
        own = {name: value for name, value in schema.items() if name != "allOf"}
        every = [self.read(part, depth + 1, inside) for part in ([own, *parts] if "properties" in own else parts)]
        known = [one for one in every if one.kind != "any"]
        if not known:
            return ANY
        if any(one.kind != "object" for one in known):
            return known[0] if len({one.kind for one in known}) == 1 else ANY
        fields = {name: one for part in known for name, one in part.fields.items()}
        return Type("object", None, fields, all(one.is_closed for one in every))

    def _joined(self, types: list[Type]) -> Type:
        whole = types[0]
        for one in types[1:]:
            whole = joined(whole, one)
        return whole

    def _target(self, reference: str) -> Json:
        """What a reference within the same document names; others are not followed."""
        found = self.whole
        if not reference.startswith("#"):
            return None
        for key in filter(None, reference[1:].split("/")):
            name = key.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        return found


def _kind_of(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
