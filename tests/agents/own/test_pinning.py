"""Which agents a run calls is settled when it is recorded, and no file's name makes a review run code of the tree."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.app import App
from fairlead.core.ids import RunId
from fairlead.core.workflow import AgentAction
from fairlead.service.parts import Parts, Project
from fairlead.service.starts import Definition, ReviewScope, Started, start_review, start_run
from fairlead.views.runs import project_run
from tests.agents.own.conftest import HEAD

OWN = HEAD + '@agent(name="inventory")\ndef find(ctx: Context) -> Findings:\n    return ctx.findings()\n'
MINE = b"""\
fairlead: 1
name: mine
steps:
  - id: a
    parallel:
      steps:
        - id: b
          steps:
            - {id: c, agent: inventory}
            - {id: d, agent: secret-scanner}
finally:
  - {id: e, agent: inventory}
"""


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".fairlead/agents").mkdir(parents=True)
    (tmp_path / ".fairlead/agents/inventory.py").write_text(OWN)
    app = App()
    yield app
    app.close()


def called(parts: Parts, project: Project, started: Started) -> dict[str, str]:
    """Step → the definition that it calls, of those that call an agent."""
    state = project_run(parts.journal(project), RunId(started.run)).state
    steps = [planned.step for planned in state.workflow.plan.values()]
    return {step.id: step.action.definition for step in steps if isinstance(step.action, AgentAction)}


def test_a_review_calls_what_ships_and_says_that_a_file_has_its_name(parts: Parts) -> None:
    project = parts.project(parts.cwd)
    started = start_review(parts, project, ReviewScope())
    assert set(called(parts, project, started).values()) == {""}
    assert [(one.code, one.is_warning) for one in started.warnings] == [("FL-A016", True)]


def test_a_workflow_of_the_project_calls_its_own_wherever_the_step_stands(parts: Parts) -> None:
    project = parts.project(parts.cwd)
    card = parts.catalog(project).find("inventory")
    assert card is not None
    assert card.source == ".fairlead/agents/inventory.py"
    started = start_run(parts, project, Definition("mine.yaml", MINE), {})
    assert called(parts, project, started) == {"c": card.digest, "d": "", "e": card.digest}
    [warning] = started.warnings
    said = "`inventory` is the project's own agent .fairlead/agents/inventory.py, not the one that ships"
    assert (warning.code, warning.message) == ("FL-A016", said)


def test_a_file_for_another_program_changes_nothing(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / ".fairlead/agents/inventory.py").unlink()
    (tmp_path / ".claude/agents").mkdir(parents=True)
    (tmp_path / ".claude/agents/inventory.md").write_text("---\nname: inventory\ndescription: x\n---\nYou look.\n")
    project = parts.project(parts.cwd)
    started = start_run(parts, project, Definition("mine.yaml", MINE), {})
    assert set(called(parts, project, started).values()) == {""}
    assert started.warnings == ()
