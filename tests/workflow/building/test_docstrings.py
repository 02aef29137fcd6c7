"""Every public name of the builder shows how it is used, and what it shows is what happens."""

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import fairlead
from fairlead import Symbol, Workflow
from tests.proves import proves

PARTS = ("functions", "symbols", "workflow")
SYMBOLS = {"data", "env", "git", "host", "inputs", "output", "round_", "run", "steps", "vars"}
# What is shown at the block that it belongs to.
ELSEWHERE = {"when", "otherwise", "tree", "to_json", "digest"}


@proves("J7")
@pytest.mark.parametrize("part", PARTS)
def test_the_examples_of_the_docstrings_run(part: str) -> None:
    module = importlib.import_module(f"fairlead.workflow.building.{part}")
    done = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.failed == 0
    assert done.attempted >= 2


def test_every_public_name_has_an_example() -> None:
    stub = (Path(fairlead.__file__).parent / "__init__.pyi").read_text("utf-8")
    names = {line.rpartition(" as ")[2] for line in stub.splitlines() if line.startswith("from")}
    ours = names - {"Context", "Findings", "agent", "FairleadError"}
    assert ours == {"Symbol", "Workflow", "cel", "expect", "has", "if_else", "is_in", "item"}
    assert all(">>>" in (inspect.getdoc(getattr(fairlead, name)) or "") for name in ours)
    assert {line.partition(":")[0] for line in stub.splitlines() if line.endswith(": Symbol")} == SYMBOLS
    assert all(isinstance(getattr(fairlead, name), Symbol) for name in SYMBOLS)


def test_every_call_of_a_workflow_has_an_example() -> None:
    calls = {name: one for name, one in vars(Workflow).items() if not name.startswith("_")}
    bare = {name for name, one in calls.items() if ">>>" not in (inspect.getdoc(one) or "")}
    assert bare == ELSEWHERE
