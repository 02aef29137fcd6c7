"""Why an effect is not performed, as a value that its outcome is made of."""

from collections.abc import Callable
from typing import TypeVar

from fairlead.core.errors import FairleadError
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Fault
from fairlead.core.workflow import ErrorClass

Found = TypeVar("Found")


class Refused(Exception):
    """The effect is not performed, and nothing outside was changed by it. `failed` is its outcome."""

    def __init__(
        self, code: str, message: str, hint: str, *, fault: Fault = "author", error: ErrorClass = "validation"
    ) -> None:
        super().__init__(message)
        self.failed = Failed(fault, code, message, hint, error=error)


def disk_refused(problem: OSError) -> Refused:
    """The refusal when a file could not be read or written for a reason of the machine's own."""
    return Refused(
        "FL-R341",
        f"a file could not be read or written: {problem.strerror or problem}",
        "See whether the disk is full, and whose the files and folders are.",
        fault="platform",
        error="resource",
    )


def outcome_of(perform: Callable[[], Found]) -> Found | Failed:
    """What *perform* gives; a refusal, or a git that cannot work, as the outcome that it is."""
    try:
        return perform()
    except Refused as refusal:
        return refusal.failed
    except FairleadError as problem:
        first = problem.diagnostics[0]
        return Failed("platform", first.code, first.message, (*first.hints, "")[0], error="unknown")
    except OSError as problem:
        return disk_refused(problem).failed


def shown_of(show: Callable[[], list[dict[str, Json]]]) -> list[dict[str, Json]]:
    """What *show* gives. Whoever decides also sees when the effect could not happen as things are."""
    shown = outcome_of(show)
    if isinstance(shown, Failed):
        return [{"name": "As things are, it would fail", "value": f"{shown.code}: {shown.message}"}]
    return shown
