"""What a call and its output must look like. The limits are those of capability C3; the schemas are the agents' own."""

from collections.abc import Callable
from typing import Protocol, cast

from fairlead.core.json import Digest, Json, encode
from fairlead.core.outcomes import Failed, Outcome
from fairlead.core.ports import AgentCard, Call

NAME_CHARACTERS_MAX = 256
PROGRAM_CHARACTERS_MAX = 1_000
ARGUMENT_CHARACTERS_MAX = 5_000
ARGUMENTS_MAX = 256
INPUT_BYTES_MAX = 10_000_000


class _Validator(Protocol):
    def iter_errors(self, value: Json) -> "list[_SchemaError]": ...


class _SchemaError(Protocol):
    message: str
    instance_path: list[str | int]


class Contracts:
    """Checks calls before they cost anything, and outputs before they count."""

    def __init__(self) -> None:
        self._validators: dict[tuple[str, bool], Callable[[Json], str]] = {}

    def refuse(self, card: AgentCard, call: Call) -> Failed | None:
        """Why *call* may not reach the agent; None when it may. The value itself is never quoted, only its length."""
        if card.problem:
            return Failed("author", "FL-A110", f"agent {card.name} cannot be used: {card.problem}")
        if call.argv and (problem := _argv_problem(call.argv)):
            return Failed("author", "FL-A112", f"step {call.place}: {problem}")
        if len(call.place) > NAME_CHARACTERS_MAX:
            return Failed("author", "FL-A112", f"the place of a call has {len(call.place)} characters, 256 are allowed")
        if (size := len(encode(call.inputs))) > INPUT_BYTES_MAX:
            return Failed("author", "FL-A112", f"the inputs of {card.name} have {size:,} bytes, 10,000,000 are allowed")
        problem = self._check(card, False, call.inputs)
        if problem:
            return Failed(
                "author",
                "FL-A111",
                f"the inputs of {card.name} break its schema: {problem}",
                f"fairlead agents show {card.name}",
            )
        return None

    def misfit(self, name: Digest, schema: dict[str, Json], value: Json) -> str:
        """Why *value* does not fit *schema*, which is known by *name*; "" when it does."""
        check = self._validators.get((name, False))
        if check is None:
            check = self._validators[name, False] = _compile(schema)
        return check(value)

    def judge(self, card: AgentCard, outcome: Outcome) -> Outcome:
        """*outcome* as it counts: a success whose output breaks the agent's schema is a failure of the agent."""
        if isinstance(outcome, Failed):
            return outcome
        problem = self._check(card, True, outcome.output)
        if not problem:
            return outcome
        return Failed(
            "agent",
            "FL-R220",
            f"the output of {card.name} {card.version} breaks its schema: {problem}",
            "this is a fault of the agent; its log has the rest",
        )

    def _check(self, card: AgentCard, is_output: bool, value: Json) -> str:
        schema = card.output_schema if is_output else card.input_schema
        if not schema:
            # A missing schema means that nobody said what may come: that is no licence to send anything.
            return "" if is_output or not value else "it declares no inputs"
        key = (card.digest, is_output)
        check = self._validators.get(key)
        if check is None:
            check = self._validators[key] = _compile(schema)
        return check(value)


def _argv_problem(argv: tuple[str, ...]) -> str:
    if not argv[0].strip():
        return "the program has no name"
    if len(argv) - 1 > ARGUMENTS_MAX:
        return f"{len(argv) - 1} arguments, {ARGUMENTS_MAX} are allowed"
    if len(argv[0]) > PROGRAM_CHARACTERS_MAX:
        return f"the program's name has {len(argv[0])} characters, {PROGRAM_CHARACTERS_MAX} are allowed"
    for number, word in enumerate(argv[1:], 1):
        if len(word) > ARGUMENT_CHARACTERS_MAX:
            return f"argument {number} has {len(word)} characters, {ARGUMENT_CHARACTERS_MAX} are allowed"
        if "\0" in word:
            return f"argument {number} holds a NUL"
    return ""


def _compile(schema: dict[str, Json]) -> Callable[[Json], str]:
    # Imported here: 30 ms that a run without schemas need not pay.
    import jsonschema_rs

    # The library is typed loosely; the two fields that are read are pinned by the Protocol above.
    validator = cast(_Validator, jsonschema_rs.validator_for(schema))

    def check(value: Json) -> str:
        for error in validator.iter_errors(value):
            where = "/".join(str(part) for part in error.instance_path) or "the whole"
            return f"{where}: {_shortened(error.message)}"
        return ""

    return check


def schema_problem(schema: Json) -> str:
    """Why *schema* may not judge anything: it is no schema, or it points out of itself; "" when it may."""
    if outside := _outside_reference(schema):
        return f"`$ref` may only point into the schema itself (`#/…`), not to {outside[:80]!r}"
    try:
        _compile(schema)
    except Exception as error:  # the library raises its own, which are typed loosely
        return " ".join(str(error).split())[:300]
    return ""


def _outside_reference(value: Json) -> str:
    if isinstance(value, dict):
        reference = value.get("$ref", value.get("$dynamicRef", "#"))
        if isinstance(reference, str) and not reference.startswith("#"):
            return reference
        return next((found for item in value.values() if (found := _outside_reference(item))), "")
    if isinstance(value, list):
        return next((found for item in value if (found := _outside_reference(item))), "")
    return ""


def _shortened(message: str) -> str:
    if message.startswith("Additional properties are not allowed"):
        return message[:300]  # names of fields, and no value
    # A schema error begins with the value itself, which may be long or secret: only its end says what is wrong.
    for marker in (
        " is not ",
        " does not ",
        " has ",
        " is a required",
        " is less ",
        " is greater ",
        " is too ",
        " was ",
    ):
        before, found, after = message.partition(marker)
        if found:
            kept = before if marker == " is a required" else "the value"
            return (kept + marker + after)[:300]
    return message[:300] if "unexpected" in message else "the value does not fit"
