"""What ends how: the closed table of conditions, with the status, the fault, the code and what the process answers.

That the real program gives every exit code, 8, 9, 10, 130 and 143 too, is shown in tests/cli/test_exit_codes.py.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.journeys.door import Door


class End(NamedTuple):
    """What a run came to, and what its process answers without and with `--strict`."""

    status: str
    fault: str
    code: str
    exit_code: int
    exit_strict: int
    steps: dict[str, str]


def step(name: str, run: str, *more: str) -> str:
    return f"  - id: {name}\n    run: {run}\n" + "".join(f"    {line}\n" for line in more)


def failed(fault: str, code: str, exit_code: int, **steps: str) -> End:
    return End("failed", fault, code, exit_code, exit_code, steps)


NO, YES = "'false'", "'true'"
ENDS = {
    "done": (step("a", YES), End("succeeded", "", "", 0, 0, {"a": "succeeded"})),
    "another exit code than 0": (
        step("a", NO) + step("b", YES),
        failed("result", "FL-R210", 1, a="failed", b="skipped"),
    ),
    "killed by a signal": (step("a", "[sh, -c, 'kill -9 $$']"), failed("result", "FL-R210", 1, a="failed")),
    "no such program": (step("a", "no-such-program"), failed("platform", "FL-R204", 3, a="failed")),
    "time limit passed": (
        step("a", "sleep 60", "timeout: 200ms", "retry: 0"),
        failed("agent", "FL-R202", 3, a="failed"),
    ),
    "an optional step failed": (
        step("a", NO, "optional: true") + step("b", YES),
        End("degraded", "", "", 0, 7, {"a": "failed", "b": "succeeded"}),
    ),
    "the default of an optional step is used": (
        step("a", NO, "optional: true", "default: {exit_code: 1, stdout: given, stderr: ''}")
        + step("b", "test ${ steps.a.output.stdout } = given"),
        End("degraded", "", "", 0, 7, {"a": "failed", "b": "succeeded"}),
    ),
    "an output is used that is not there": (
        step("a", NO, "optional: true") + step("b", "echo ${ steps.a.output.stdout }"),
        failed("author", "FL-E101", 2, a="failed", b="failed"),
    ),
    "a path that is not there, seen by an agent": (
        "  - id: a\n    agent: inventory\n    with: {paths: [nowhere]}\n",
        failed("platform", "FL-S008", 3, a="failed"),
    ),
    "finally fails": (
        step("a", YES) + "finally:\n" + step("f", NO),
        failed("result", "FL-R210", 1, a="succeeded", f="failed"),
    ),
    "finally after a failure": (
        step("a", NO) + step("b", YES) + "finally:\n" + step("f", YES),
        failed("result", "FL-R210", 1, a="failed", b="skipped", f="succeeded"),
    ),
    "one of several side by side fails": (
        "  - id: p\n    parallel:\n      fail_fast: false\n      steps:\n"
        "        - id: a\n          run: 'false'\n        - id: b\n          run: 'true'\n" + step("c", YES),
        failed("result", "FL-R210", 1, p="failed", a="failed", b="succeeded", c="skipped"),
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_ends_how(door: Door, repository: Path, name: str) -> None:
    text, end = ENDS[name]
    (repository / "case.yaml").write_text(f"fairlead: 1\nname: case\nsteps:\n{text}")
    answer = door.call(repository, "run", "case.yaml", "--json")
    view = answer.json
    assert {one["step"]: one["status"] for one in view["steps"]} == end.steps
    assert (view["status"], view.get("fault", ""), view.get("code", "")) == (end.status, end.fault, end.code)
    assert answer.exit_code == end.exit_code
    # A run is never greener than its worst visible fact, and says why on its first line.
    assert bool(view.get("reasons")) == (end.status != "succeeded")
    assert door.call(repository, "runs", "watch", "last", "--strict").exit_code == end.exit_strict
