"""The auditor that asks nothing but what ships: it finds what that knows, and is never called whole."""

from pathlib import Path

import jsonschema_rs
import pytest

from fairlead.agents.builtin.dependency_auditor.known import shipped_counts
from fairlead.agents.builtin.dependency_auditor.offline import audit
from fairlead.core.outcomes import Succeeded
from fairlead.env.tool_world import LocalToolWorld
from tests.agents.cards import schemas_of
from tests.agents.dependencies.parts import audited, findings, import_lines, write
from tests.corpora.dependencies import ADVISORIES, TODAY
from tests.proves import proves

DAY = shipped_counts()[1]


def offline(root: Path, data: Path | None = None, today: str = TODAY) -> Succeeded:
    outcome = audit({}, LocalToolWorld(str(root), data_dir=str(data) if data else "", today=today))
    assert isinstance(outcome, Succeeded)
    jsonschema_rs.validator_for(schemas_of("dependency-auditor-offline").output).validate(outcome.output)
    return outcome


@proves("C8.8")
@pytest.mark.parametrize(
    "files",
    [{"requirements.txt": "requests==2.19.1\n"}, {"requirements.txt": "fine-lib==1\n"}, {"README.md": "nothing\n"}],
)
def test_it_is_always_degraded_with_the_day_of_its_data(tmp_path: Path, files: dict[str, str]) -> None:
    (reason,) = offline(write(tmp_path, files)).degraded
    assert reason.startswith(f"Only the advisories that ship were asked, as of {DAY}")
    assert reason.endswith("what they do not know is not clean.")


def test_its_age_is_said_when_the_data_are_old(tmp_path: Path) -> None:
    root = write(tmp_path, {"requirements.txt": "requests==2.19.1\n"})
    assert "days old" in offline(root, today="2030-01-01").degraded[0]
    assert "days old" not in offline(root, today=DAY).degraded[0]


def test_it_finds_what_the_auditor_finds_without_data_of_the_machine(tmp_path: Path) -> None:
    root = write(tmp_path, {"requirements.txt": "requests==2.19.1\nfine-lib\n"})
    assert findings(offline(root)) == findings(audited(root))
    assert len(findings(offline(root))) > 1


@proves("C8.8")
def test_data_of_the_machine_change_nothing_of_its_answer(tmp_path: Path) -> None:
    data = import_lines(tmp_path / "machine", ADVISORIES)
    root = write(tmp_path / "tree", {"requirements.txt": "weak-lib==1.0\nrequests==2.19.1\n"})
    assert offline(root, data) == offline(root)
    assert {one["message"] for one in findings(audited(root, data))} != {
        one["message"] for one in findings(offline(root))
    }


def test_a_file_that_is_broken_is_said_beside(tmp_path: Path) -> None:
    outcome = offline(write(tmp_path, {"uv.lock": "<<<<<<< HEAD\n"}))
    assert len(outcome.degraded) == 2
    assert "FL-A132" in outcome.degraded[1]
