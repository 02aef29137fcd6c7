"""Going on with everything that a crash, or a person who went away, has left."""

from collections.abc import Callable

import msgspec

from fairlead.core.adoption import AT_ONCE, AT_ONCE_MAX, Adoption, Manner
from fairlead.core.errors import error
from fairlead.core.ids import RunId
from fairlead.service.endings import INTERRUPTED, OK, RUN_FAILED, TERMINATED, WAITING
from fairlead.service.parts import Ending, Parts, Project

_WELL = ("succeeded", "degraded")


class Adopted(msgspec.Struct, frozen=True):
    """What a worker came to that went on with what others had left."""

    ending: Ending
    adopted: int  # runs whose owner was gone
    ended: dict[str, int]  # how many of those that it performed ended so
    waiting: int  # how many of them wait for a person now
    open: int  # runs that had not ended when it last looked, of whomever
    elsewhere: int  # open runs of other checkouts that share this record
    problems: dict[RunId, str]  # runs that cannot be performed here
    unnamed: int  # more of these


def adopt_runs(
    parts: Parts, project: Project, *, stays: bool, at_once: int | None, on_tick: Callable[[Adoption], None]
) -> Adopted:
    """Go on with every open run of this checkout that nobody living performs; who *stays* waits for more.

    Raises:
        FairleadError: FL-R441 a number that cannot be meant.
    """
    at_once = AT_ONCE if at_once is None else at_once
    if not 1 <= at_once <= AT_ONCE_MAX:
        said = f"--at-once {at_once}: from 1 to {AT_ONCE_MAX:,} runs are performed side by side"
        raise error("FL-R441", said, f"leave it out for {AT_ONCE}", exit_code=2)
    last = Adoption()

    def tick(adoption: Adoption) -> None:
        nonlocal last
        last = adoption
        on_tick(adoption)

    ending: Ending = "ended"
    if stays or parts.reader(project) is not None:  # looking alone makes no record
        ending = parts.adopt(project, Manner(stays, at_once), tick)
    return Adopted(
        ending, last.adopted, last.ended, last.waiting, last.open, last.elsewhere, last.problems, last.unnamed
    )


def code_of(adopted: Adopted, *, stays: bool) -> int:
    """What the process answers. A worker that stays is ended by being asked to: that is no failure."""
    if adopted.ending == "interrupted":
        return INTERRUPTED
    if adopted.ending == "terminated":
        return OK if stays else TERMINATED
    if adopted.problems or any(status not in _WELL for status in adopted.ended):
        return RUN_FAILED
    return WAITING if adopted.waiting else OK
