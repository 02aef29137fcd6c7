"""The JSON Schema of a workflow file says what the reader does, as far as a schema can: both ways."""

import jsonschema_rs
import pytest

from fairlead.core.json import Json
from fairlead.workflow import NotReadable, read_values
from fairlead.workflow import keys as key_tables
from fairlead.workflow import requirements as requirements_reading
from fairlead.workflow.keys import Keys
from fairlead.workflow.schema import requirements_schema, workflow_schema
from tests.proves import proves
from tests.workflow.explained import whole
from tests.workflow.samples import HERE
from tests.workflow.test_explained import EXPLAINED
from tests.workflow.test_format import STEPS, WRONG, WRONG_TOP

SCHEMA = workflow_schema()
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)
HEAD = "fairlead: 1\nname: a\n"


def refusals(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(read_values(text.encode()))]


def test_the_schema_is_one_of_its_draft() -> None:
    assert jsonschema_rs.meta.is_valid(SCHEMA)
    assert jsonschema_rs.meta.is_valid(requirements_schema())


@proves("A1")
def test_every_table_of_keys_has_its_schema_and_the_other_way_round() -> None:
    tables = {value.what: value for value in vars(key_tables).values() if isinstance(value, Keys)}
    shapes = [one for shape in SCHEMA["$defs"].values() for one in (shape, *shape.get("anyOf", ()))]
    found = {one["title"]: one for one in shapes if "properties" in one} | {"a workflow": SCHEMA}
    assert found.keys() == tables.keys()
    for what, shape in found.items():
        assert set(shape["properties"]) == set(tables[what].names), what
        assert len(tables[what].names) == len(set(tables[what].names))
        assert set(shape.get("required", ())) <= set(tables[what].names)
        assert all(one["description"].endswith(".") for one in shape["properties"].values())


def test_every_definition_is_used() -> None:
    import json

    text = json.dumps(SCHEMA)
    for name in SCHEMA["$defs"]:
        assert f'"#/$defs/{name}"' in text, name


@proves("A1")
@pytest.mark.parametrize("text", STEPS)
def test_what_the_reader_takes_the_schema_takes(text: str) -> None:
    below = "".join(f"    {line}\n" for line in text.split("\n"))
    assert refusals(f"{HEAD}steps:\n  - id: a\n{below}") == []


@pytest.mark.parametrize("name", ["feature-validation", "perf-tune", "repo-health", "secure-patch"])
def test_the_examples_are_right_by_the_schema(name: str) -> None:
    assert refusals((HERE / "examples" / f"{name}.yaml").read_text("utf-8")) == []


# What the reader refuses and a schema of single values cannot: keys that belong together, patterns, calendars.
BEYOND = frozenset(["FL-W123", "FL-W124", "FL-W122", "FL-W113", "FL-W033", "FL-W202", "FL-W203", "FL-W032", "FL-W127"])
WITHIN = frozenset(["approve: {title: x, from: [{user: u, team: t}]}"])
BEYOND_LINES = frozenset(
    [
        "run: date\neach: inputs.l\njoin: quorum(0)",
        "run: date\neach: inputs.l\njoin: at_least(0%)",
        "run: date\neach: inputs.l\njoin: at_least(101%)",
        "run: date\neach: inputs.l\ntolerate: 101%",
        "parallel: {join: quorum(2), steps: [{id: inner, run: date}]}",
        "approve: {title: x, choices: [reject, request_changes]}",
        "approve: {title: x, from: [{user: u, min: 2}]}",
        "wait: {for: soon}",
        "agent: x\nfallback: [x]",
        "run: date\ncache: {ttl: 0s}",
        "run: date\nparse: {junt: a.xml}",
        "run: date\nparse: {unit: {as: junit}}",
        "effect: Git Commit",
    ]
)


@pytest.mark.parametrize("text", WRONG)
def test_what_the_reader_refuses_in_one_value_the_schema_refuses(text: str) -> None:
    below = "".join(f"    {line}\n" for line in text.split("\n"))
    is_beyond = (WRONG[text][0] in BEYOND and text not in WITHIN) or text in BEYOND_LINES
    assert bool(refusals(f"{HEAD}steps:\n  - id: a\n{below}")) != is_beyond


@pytest.mark.parametrize("text", WRONG_TOP)
def test_what_the_reader_refuses_of_the_file_the_schema_refuses(text: str) -> None:
    is_beyond = WRONG_TOP[text][0] in BEYOND or text == "triggers: [{event: No Way}]"
    assert bool(refusals(f"{HEAD}{text}\nsteps: [{{id: a, run: date}}]\n")) != is_beyond


# The codes whose example a schema refuses too.
OF_SCHEMA = frozenset(
    [
        *("FL-W014", "FL-W018", "FL-W020", "FL-W021", "FL-W023", "FL-W024", "FL-W025", "FL-W026", "FL-W030", "FL-W031"),
        *("FL-W101", "FL-W103", "FL-W104", "FL-W105", "FL-W115", "FL-W118", "FL-W119", "FL-W201"),
    ]
)


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_bad_example_that_is_a_matter_of_the_schema_is_refused_by_it(name: str) -> None:
    try:
        found = refusals(whole(EXPLAINED[name].bad))
    except NotReadable:
        return  # what is no YAML reaches no schema
    assert bool(found) == (name in OF_SCHEMA), found
    assert refusals(whole(EXPLAINED[name].good)) == []


def test_the_schema_of_requirements_has_the_keys_that_are_read() -> None:
    schema = requirements_schema()
    assert set(schema["$defs"]["requirement"]["properties"]) == set(requirements_reading._KEYS.names)
    validator = jsonschema_rs.Draft202012Validator(schema)
    right: tuple[Json, ...] = (
        ["Fast", {"id": "R-1", "title": "Safe", "depends_on": ["R-2"]}],
        {"features": ["Fast"], "technical": [{"title": "Measured"}]},
        {"R-1": {"title": "Fast"}, "R-2": "Safe"},
    )
    assert all(validator.is_valid(one) for one in right)
    wrong: tuple[Json, ...] = ([{"titel": "Fast"}], {"features": "Fast"}, {"R-1": {"kind": "other"}}, 3)
    assert not any(validator.is_valid(one) for one in wrong)
