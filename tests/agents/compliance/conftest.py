"""A tree from a table of files, and what the compliance-checker says of it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import jsonschema_rs
import pytest

from fairlead.agents.builtin.compliance_checker import scan
from fairlead.agents.catalog import FileCatalog
from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded
from fairlead.env.tool_world import LocalToolWorld
from fairlead.workflow import read_values
from tests.agents.conftest import commit_all

Check = Callable[..., Succeeded]


@pytest.fixture(scope="session")
def judge_output() -> Callable[[Json], None]:
    """Raises when an output breaks the schema of the card."""
    card = FileCatalog(read_values).find("compliance-checker")
    assert card is not None
    return jsonschema_rs.validator_for(card.output_schema).validate


@pytest.fixture
def check(tmp_path: Path, judge_output: Callable[[Json], None]) -> Check:
    """Write files, and check the tree that they are; with `is_git` they are committed."""

    def run(files: Mapping[str, str | bytes], inputs: dict[str, Json] | None = None, is_git: bool = False) -> Succeeded:
        for path, content in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content.encode() if isinstance(content, str) else content)
        if is_git:
            commit_all(tmp_path)
        given = inputs or {}
        outcome = scan(given, LocalToolWorld(str(tmp_path), paths=given.get("paths") or ()))
        assert isinstance(outcome, Succeeded), outcome
        judge_output(outcome.output)
        return outcome

    return run


def found(outcome: Succeeded, rule: str) -> list[tuple[str, int]]:
    """Where *rule* was found."""
    return [(one["path"], one["line"]) for one in outcome.output["findings"] if one["rule"] == f"compliance/{rule}"]


def state(outcome: Succeeded, control: str) -> str:
    """The state of a control of the baseline."""
    states = {row["id"]: row["state"] for row in outcome.output["controls"]}
    return str(states[control])
