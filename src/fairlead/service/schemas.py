"""`schema`: the JSON Schemas (Draft 2020-12) of what people write and what agents give."""

from collections.abc import Callable, Mapping

import msgspec

from fairlead.core.agent_format import schema as agent_schema
from fairlead.core.json import Json
from fairlead.core.output_contracts import CONTRACTS, FINDING


class SchemaName(msgspec.Struct, frozen=True):
    """One schema that can be asked for."""

    name: str
    title: str


class Schemas(msgspec.Struct, frozen=True):
    """Every schema that can be asked for."""

    schemas: tuple[SchemaName, ...]


def _workflow() -> dict[str, Json]:
    from fairlead.workflow.schema import workflow_schema

    return workflow_schema()


def _requirements() -> dict[str, Json]:
    from fairlead.workflow.schema import requirements_schema

    return requirements_schema()


def _titled(title: str, schema: Mapping[str, Json]) -> dict[str, Json]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}


_OF_FILES: dict[str, tuple[str, Callable[[], dict[str, Json]]]] = {
    "workflow": ("a workflow file", _workflow),
    "agent": ("the front matter of an agent file", agent_schema),
    "requirements": ("a file of requirements", _requirements),
    "finding": ("one finding, as an agent gives it", lambda: _titled("A finding", FINDING)),
}


def schema_names() -> Schemas:
    """Every schema with what it is of."""
    files = [SchemaName(name, title) for name, (title, _) in _OF_FILES.items()]
    contracts = [SchemaName(name, f"what an agent of the contract `{name}` gives") for name in CONTRACTS]
    return Schemas((*files, *contracts))


def schema_of(name: str) -> dict[str, Json]:
    """One schema; *name* is one of `schema_names`."""
    if name in _OF_FILES:
        return _OF_FILES[name][1]()
    return _titled(f"What an agent of the contract `{name}` gives", CONTRACTS[name])
