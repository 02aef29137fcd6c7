"""What Python writes down is the same tree as YAML: the examples, and every shape, key by key."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from fairlead import Workflow
from fairlead.core.json import encode
from fairlead.workflow import read_values, read_workflow
from tests.proves import proves

EXAMPLES = Path(__file__).parents[3] / "examples"
OURS = Path(__file__).parent / "examples"
WRITTEN = {
    "secure-patch": EXAMPLES / "secure_patch.py",
    "feature-validation": OURS / "feature_validation.py",
    "repo-health": OURS / "repo_health.py",
    "perf-tune": OURS / "perf_tune.py",
}


def built(path: Path) -> Workflow:
    found = runpy.run_path(str(path))["wf"]
    assert isinstance(found, Workflow)
    return found


@proves("A1.2", "J7")
@pytest.mark.parametrize("name", WRITTEN)
def test_an_example_in_python_is_its_yaml(name: str) -> None:
    wf = built(WRITTEN[name])
    in_yaml = encode(read_values((EXAMPLES / f"{name}.yaml").read_bytes()))
    assert wf.to_json() == in_yaml.decode()
    record = read_workflow("a.yaml", in_yaml).workflow
    assert record is not None
    assert wf.digest == record.digest


@pytest.mark.parametrize("name", WRITTEN)
def test_an_example_written_as_yaml_is_the_same_again(name: str) -> None:
    wf = built(WRITTEN[name])
    assert encode(read_values(wf.to_yaml().encode())).decode() == wf.to_json()


@proves("A1.2")
def test_a_default_that_is_written_out_is_no_other_definition() -> None:
    asked = Workflow("ask")
    asked.approve("sign", "Go on?")
    given = b"on_timeout: hold, timeout: 24h, choices: [approve, reject]"
    file = b"fairlead: 1\nname: ask\nflow: sequence\nsteps: [{id: sign, approve: {title: Go on?, %s}}]\n"
    full = read_workflow("a.yaml", file % given).workflow
    other = read_workflow("a.yaml", file % b"on_timeout: reject").workflow
    assert full is not None
    assert other is not None
    assert full.digest == asked.digest
    assert other.digest != asked.digest


def test_a_key_that_python_keeps_may_be_given_by_its_own_name() -> None:
    one, other = Workflow("ask"), Workflow("ask")
    one.approve("sign", "Go on?", from_=[{"user": "me"}])
    given: Any = {"from": [{"user": "me"}]}  # what no type checker can know
    other.approve("sign", "Go on?", **given)
    assert one.to_json() == other.to_json()
