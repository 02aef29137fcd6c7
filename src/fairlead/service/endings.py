"""What a process answers: the closed table of `docs/reference/exit-codes.md`, in one function."""

from fairlead.core.findings import Severity
from fairlead.core.transitions import RUN_ENDED
from fairlead.views.findings import reaching
from fairlead.views.runs import RunView

OK = 0
NEGATIVE = 1  # done, and the answer is no: findings at or above the limit, an expectation that does not hold
USAGE = 2
FAILED = 3
REFUSED = 5
BUDGET = 6
DEGRADED = 7  # only with `--strict`
NOT_READY = 8
BROKEN = 9
INTERNAL = 10
INTERRUPTED = 130
TERMINATED = 143

_BY_FAULT = {"result": NEGATIVE, "author": USAGE, "policy": REFUSED, "budget": BUDGET, "person": NEGATIVE}


def exit_code(view: RunView, *, fail_on: Severity | None, is_strict: bool = False, is_exit_zero: bool = False) -> int:
    """What a command that stayed until the end of a run answers. A run that has not ended is `FAILED`.

    `--exit-zero` is for "complete, whatever it found": it forgives findings and nothing else.
    """
    if view.status not in RUN_ENDED:
        return FAILED
    if view.status == "failed":
        return _BY_FAULT.get(view.fault, FAILED)
    if view.status == "cancelled":
        return FAILED
    if fail_on is not None and not is_exit_zero and reaching(view.findings, fail_on):
        return NEGATIVE
    return DEGRADED if is_strict and view.status == "degraded" else OK
