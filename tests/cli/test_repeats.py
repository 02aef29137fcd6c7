"""`fork`, `rerun --failed|--from`, `run --from|--only`, through the door in fresh processes."""

from typing import Any

import pytest

from tests.cli.door import Answer, Door
from tests.proves import proves

FIVE = """\
fairlead: 1
name: five
inputs:
  word: {type: string, default: x}
steps:
  - {id: a, run: [sh, -c, "echo a >> COUNT/a"]}
  - {id: b, run: [sh, -c, 'echo b >> COUNT/b; test "$1" != bad', sh, "${ inputs.word }"]}
  - id: c
    each: "['1', '2']"
    as: one
    key: one
    max_parallel: 2
    tolerate: 1
    run: [sh, -c, 'echo c >> COUNT/c; test ! -e COUNT/stop || test "$1" = 1', sh, "${ one }"]
  - {id: d, run: [sh, -c, 'echo d >> COUNT/d; test ! -e COUNT/stop']}
  - {id: e, run: [sh, -c, 'echo e >> COUNT/e']}
outputs:
  last: ${ steps.e.output.exit_code }
"""


class Counted:
    """A workflow of five steps, each of which leaves a line behind whenever it is performed."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.place = door.root.parent / "count"
        self.place.mkdir()
        door.allow_outside()
        self.write(FIVE)

    def write(self, text: str) -> None:

        self.door.write("five.yaml", text.replace("COUNT", str(self.place)))

    def performed(self) -> dict[str, int]:
        """How often each step was performed since this was last asked."""
        found = {}
        for name in "abcde":
            path = self.place / name
            found[name] = len(path.read_text().splitlines()) if path.exists() else 0
            path.unlink(missing_ok=True)
        return {name: count for name, count in found.items() if count}

    def call(self, *words: str) -> Answer:
        return self.door.call(*words)


@pytest.fixture
def five(clean: Door) -> Counted:
    return Counted(clean)


def statuses(view: dict[str, Any], name: str = "status") -> dict[str, str]:  # Any: a document
    return {step["step"]: step.get(name, "") for step in view["steps"]}


@proves("A7.2")
def test_a_fork_at_the_fourth_of_five_steps_performs_exactly_two(five: Counted) -> None:
    first = five.call("run", "five.yaml", "--json").json
    assert five.performed() == {"a": 1, "b": 1, "c": 2, "d": 1, "e": 1}
    forked = five.call("fork", "last", "--at", "d", "--json")
    assert forked.code == 0, forked.err
    assert five.performed() == {"d": 1, "e": 1}
    view = forked.json
    kept = {name for name, run in statuses(view, "kept_from").items() if run == first["run"]}
    assert kept == {"a", "b", "c", "c[1]", "c[2]"}
    assert all(
        step.get("seconds", 0.0) == step.get("cpu_seconds", 0.0) == 0.0
        for step in view["steps"]
        if step["step"] in kept
    )
    assert view["kept_from"] == first["run"]
    assert view["outputs"] == {"last": 0}
    # Another value of an input: what reads it, and what comes after that, is done again, and that is said.
    other = five.call("fork", first["run"], "--at", "e", "-i", "word=y")
    assert five.performed() == {"b": 1, "c": 2, "d": 1, "e": 1}
    assert "b is done: it reads the input word, which has changed" in other.err
    assert "c is done: it comes after b" in other.err
    assert f"↺ a             kept from {first['run']}" in other.out
    wrong = five.call("fork", "last", "--at", "dd")
    assert (wrong.code, "FL-S090" in wrong.err, "its steps: a, b, c, d, e" in wrong.err) == (2, True, True)


@proves("A7.5")
def test_what_failed_is_done_again_and_what_ended_well_is_kept_item_by_item(five: Counted) -> None:
    (five.place / "stop").touch()
    first = five.call("run", "five.yaml", "--json")
    assert first.code == 1, first.err
    assert five.performed() == {"a": 1, "b": 1, "c": 2, "d": 1}
    assert statuses(first.json)["c"] == "degraded"  # one of its items may fail
    (five.place / "stop").unlink()
    again = five.call("rerun", "last", "--failed")
    assert again.code == 0, again.err
    assert "✗   c[2]        kept from" in again.out, again.out
    assert five.performed() == {"d": 1, "e": 1}
    assert "d is done: it failed there" in again.err
    # Of a fan-out that failed only the items that failed.
    five.write(FIVE.replace("    tolerate: 1\n", "").replace("max_parallel: 2", "max_parallel: 1"))
    (five.place / "stop").touch()
    assert five.call("run", "five.yaml", "--json").code == 1
    five.performed()
    (five.place / "stop").unlink()
    items = five.call("rerun", "last", "--failed", "--json")
    assert items.code == 0, items.err
    assert five.performed() == {"c": 1, "d": 1, "e": 1}
    assert [name for name, run in statuses(items.json, "kept_from").items() if run] == ["a", "b", "c[1]"]


@proves("A7.6")
def test_run_from_and_only_take_over_what_still_holds(five: Counted) -> None:
    early = five.call("run", "five.yaml", "--from", "d")
    assert (early.code, "FL-S093" in early.err) == (2, True)
    assert five.call("run", "five.yaml", "--json").code == 0
    five.performed()
    assert five.call("run", "five.yaml", "--from", "d", "--json").code == 0
    assert five.performed() == {"d": 1, "e": 1}
    only = five.call("run", "five.yaml", "--only", "d", "--json")
    assert only.code == 0, only.err
    assert five.performed() == {"d": 1}
    assert statuses(only.json)["e"] == "skipped"
    # A step that the file has otherwise now is done again, with what comes after it: it is never taken for the old one.
    five.write(FIVE.replace("echo d >>", "echo d  >>"))
    changed = five.call("run", "five.yaml", "--from", "e")
    assert five.performed() == {"d": 1, "e": 1}
    assert "d is done: the workflow has changed here" in changed.err
    five.write(FIVE.replace("echo b >>", "echo b  >>"))
    refused = five.call("run", "five.yaml", "--only", "e")
    assert (refused.code, "FL-S092" in refused.err, five.performed()) == (2, True, {})
    assert "fairlead run five --from b" in refused.err
