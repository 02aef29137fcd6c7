"""What a process answers: the closed table of `fairlead --help`, in one function."""

from fairlead.core.transitions import RUN_ENDED
from fairlead.views.findings import FailOn, is_over
from fairlead.views.runs import RunView

OK = 0
_NEGATIVE = 1  # done, and the answer is no: findings at or above the limit, an expectation that does not hold
USAGE = 2
RUN_FAILED = 3
WAITING = 4  # for a person; resumable
_REFUSED = 5
_BUDGET = 6
_DEGRADED = 7  # only with `--strict`
NOT_READY = 8
BROKEN = 9
INTERNAL = 10
INTERRUPTED = 130
TERMINATED = 143

_NO_SANDBOX = "FL-N11"  # how the codes begin that say that a program could not be shut in, so was not begun
_BY_FAULT = {"result": _NEGATIVE, "author": USAGE, "policy": _REFUSED, "budget": _BUDGET, "person": _NEGATIVE}


def exit_code(view: RunView, *, fail_on: FailOn | None, is_strict: bool = False, is_exit_zero: bool = False) -> int:
    """What a command that stayed until the end of a run answers. A run that has not ended counts as failed.

    `--exit-zero` is for "complete, whatever it found": it forgives findings and nothing else.
    """
    if view.status == "waiting":
        return WAITING
    if view.status not in RUN_ENDED:
        return RUN_FAILED
    if view.status == "failed" and view.code.startswith(_NO_SANDBOX):
        return NOT_READY
    if view.status == "failed":
        return _BY_FAULT.get(view.fault, RUN_FAILED)
    if view.status == "cancelled":
        return RUN_FAILED
    if view.status == "rejected":
        return _NEGATIVE
    if not is_exit_zero and any(is_over(finding, fail_on) for finding in view.findings):
        return _NEGATIVE
    return _DEGRADED if is_strict and view.status == "degraded" else OK
