"""Runs below runs, through the door in fresh processes: cancel, pause, resume, and a journey into another record."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.door import Door
from tests.proves import proves

INNER = """\
fairlead: 1
name: inner
steps:
  - {id: before, run: [sh, -c, 'echo before >> COUNT']}
  - {id: ask, approve: {title: Go on?}}
  - {id: after, run: [sh, -c, 'echo after >> COUNT']}
finally:
  - {id: tidy, run: [sh, -c, 'echo tidy >> COUNT']}
outputs:
  said: ${ steps.after.output.exit_code }
"""
OUTER = """\
fairlead: 1
name: outer
steps:
  - {id: one, run: [sh, -c, 'echo one >> COUNT']}
  - {id: sub, workflow: inner}
  - {id: two, run: [sh, -c, 'echo two >> COUNT']}
outputs:
  said: ${ steps.sub.output.said }
"""


class Tree:
    """A run that waits for its child, which waits for a person."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.count = door.root.parent / "count"
        door.allow_outside()
        for name, text in (("inner", INNER), ("outer", OUTER)):
            door.write(f".fairlead/workflows/{name}.yaml", text.replace("COUNT", str(self.count)))
        started = door.call("run", "outer", "--json")
        assert started.code == 4, started.err
        self.view = started.json
        self.run: str = self.view["run"]
        self.child: str = step(self.view, "sub")["child"]

    def performed(self) -> list[str]:
        return self.count.read_text().split()

    def show(self, run: str) -> Any:  # a document
        return self.door.call("runs", "show", run, "--json").json


def step(view: Any, name: str) -> Any:  # documents
    return next(one for one in view["steps"] if one["step"] == name)


@pytest.fixture
def tree(clean: Door) -> Tree:
    return Tree(clean)


@proves("A6.1")
def test_what_is_asked_of_a_run_reaches_the_runs_below_it(tree: Tree, tmp_path: Path) -> None:
    door, child = tree.door, tree.child
    assert tree.performed() == ["one", "before"]
    assert step(tree.view, "sub")["waits"] == {"child": child}
    assert f"⏸ sub           waiting · run {child}" in door.call("runs", "show", tree.run).out
    assert tree.show(child)["parent"] == tree.run
    assert f"step of {tree.run}" in door.call("runs", "list").out
    # A parked run may be paused too: then an answer alone does not make it go on.
    assert door.call("pause", tree.run, "-m", "lunch").code == 0
    assert [tree.show(run)["pause_reason"] for run in (tree.run, child)] == ["lunch", "lunch"]
    again = door.call("pause", tree.run)
    assert (again.code, "FL-S060" in again.err) == (2, True)
    # Whoever resumes the child goes on with the run that it is part of.
    resumed = door.call("resume", child, "--json")
    assert (resumed.code, resumed.json["run"], resumed.json["status"]) == (4, tree.run, "waiting")
    assert tree.show(child).get("pause_reason", "") == ""
    cancelled = door.call("cancel", tree.run, "-m", "wrong branch")
    assert cancelled.code == 0, cancelled.err
    ended = door.call("resume", tree.run, "--json")
    assert ended.json["status"] == "cancelled", ended.err
    below = tree.show(child)
    assert (below["status"], step(below, "tidy")["status"]) == ("cancelled", "succeeded")
    assert tree.performed() == ["one", "before", "tidy"]  # asked once, so `finally` was done
    # The whole tree travels, and is the same in another record.
    file = tmp_path / "tree.jsonl"
    exported = door.call("runs", "export", tree.run, "-o", str(file), "--json")
    assert (exported.code, exported.json["below"]) == (0, [child])
    other = Door(tmp_path / "other")
    other.root.mkdir()
    other.commit()
    taken = other.call("runs", "import", str(file), "--json")
    assert (taken.code, taken.json["below"], taken.json["is_new"]) == (0, [child], True)
    back = tmp_path / "back.jsonl"
    assert other.call("runs", "export", tree.run, "-o", str(back)).code == 0
    assert back.read_bytes() == file.read_bytes()
    assert other.call("journal", "verify").code == 0


@proves("A6.2")
def test_a_child_that_is_cancelled_alone_fails_its_step_and_says_so(tree: Tree) -> None:
    assert tree.door.call("cancel", tree.child).code == 0
    ended = tree.door.call("resume", tree.child, "--json")
    assert (ended.json["run"], ended.json["status"], ended.code) == (tree.run, "failed", 1), ended.err
    sub = step(ended.json, "sub")
    assert (sub["status"], sub["fault"], sub["code"]) == ("failed", "person", "FL-R214")
    assert sub["message"] == f"run {tree.child} of inner was cancelled"
    assert tree.performed() == ["one", "before", "tidy"]
    late = tree.door.call("pause", tree.child)
    assert (late.code, "it has ended as cancelled" in late.err) == (2, True)
