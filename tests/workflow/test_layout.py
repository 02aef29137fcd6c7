"""The canonical order of keys: the same workflow, every comment, and nothing to do a second time."""

import random
from pathlib import Path

import pytest

from fairlead.workflow import read_workflow
from fairlead.workflow.layout import canonical
from fairlead.workflow.yaml_tree import read_tree
from tests.proves import proves

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("src/fairlead/agents/workflows/**/*.yaml")])
MESSY = """\
# of the file
name: messy   # its name
fairlead: 1

# the steps
steps:
  # the first
  - agent: inventory
    id: a
    # why so long
    timeout: 10m

    if: "true"  # always
  - run: |
      one
        two
    id: b
  # the third
  - id: c
    parallel:
      steps:
        - timeout: 5m
          id: d
          run: x
      max: 2
    x-note: kept
outputs:
  z: 1
  a: 2
# inputs come late
inputs:
  z: {type: string, default: "a"}
"""
TIDY = """\
# of the file
fairlead: 1
name: messy   # its name
# inputs come late
inputs:
  z: {type: string, default: "a"}

# the steps
steps:
  # the first
  - id: a

    if: "true"  # always
    agent: inventory
    # why so long
    timeout: 10m
  - id: b
    run: |
      one
        two
  # the third
  - id: c
    parallel:
      steps:
        - id: d
          run: x
          timeout: 5m
      max: 2
    x-note: kept
outputs:
  z: 1
  a: 2
"""


def tree(data: bytes) -> object:
    found, source = read_tree("", data)
    assert found is not None
    assert not source.has_errors
    return found.plain()


def test_keys_are_moved_with_their_comments() -> None:
    assert canonical(MESSY.encode()).decode() == TIDY


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_digest_of_a_file_never_changes(path: Path) -> None:
    data = path.read_bytes()
    made = canonical(data)
    before, after = read_workflow("", data).workflow, read_workflow("", made).workflow
    assert (before and before.digest) == (after and after.digest)
    assert tree(made) == tree(data)
    assert canonical(made) == made


@proves("A9")
def test_shuffled_files_keep_their_tree_and_their_lines_and_come_to_one_form() -> None:
    shuffled = 0
    for seed in range(150):
        rng = random.Random(seed)
        text = rng.choice(FILES).read_text("utf-8")
        blocks = text.split("\n\n")
        rng.shuffle(blocks)
        data = "\n\n".join(blocks).encode()
        found, source = read_tree("", data)
        if found is None or source.has_errors:
            continue
        shuffled += 1
        made = canonical(data)
        assert tree(made) == tree(data), f"seed {seed}"
        assert canonical(made) == made, f"seed {seed}"
        assert sorted(made.split()) == sorted(data.split()), f"seed {seed}"
    assert shuffled > 20


@pytest.mark.parametrize(
    "text",
    [
        "a: : [\n",
        "",
        "- 1\n- 2\n",
        "just text\n",
        "name: x\nfairlead: &v 1\nx-a: *v\n",
        "steps:\n  # of the first key\n  a: 1\nname: x\n",
        "{name: x, fairlead: 1}\n",
        "name: x\r\nfairlead: 1\r\n",
    ],
)
def test_what_cannot_be_moved_for_certain_is_left_or_means_the_same(text: str) -> None:
    made = canonical(text.encode())
    found, source = read_tree("", text.encode())
    if found is None or source.has_errors:
        assert made == text.encode()
    else:
        assert tree(made) == tree(text.encode())
    assert canonical(made) == made


def test_json_is_ordered_too() -> None:
    made = canonical(b'{"steps": [{"run": "x", "id": "a"}], "name": "n", "fairlead": 1, "vars": {"b": 1.0, "a": 2}}')
    assert made.decode().split() == (
        '{ "fairlead": 1, "name": "n", "vars": { "b": 1.0, "a": 2 }, "steps": [ { "id": "a", "run": "x" } ] }'.split()
    )
    assert canonical(made) == made
