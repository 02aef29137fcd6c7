"""What a worker that goes on with what others have left has come to: numbers, for a line of progress and at the end."""

import msgspec

from fairlead.core.ids import RunId

AT_ONCE = 10  # runs that one worker performs side by side, unless it is told otherwise
AT_ONCE_MAX = 1_000
PROBLEMS_MAX = 20  # runs that could not be performed and are named; what is beyond is counted


class Manner(msgspec.Struct, frozen=True):
    """How a worker goes on with what others have left."""

    stays: bool = False  # it waits for more, until it is stopped; else it ends when only people can go on
    at_once: int = AT_ONCE


class Adoption(msgspec.Struct):
    """Counts, as they stand just now."""

    open: int = 0  # runs of the record that have not ended, when it was last looked at
    adopted: int = 0  # claims of runs whose owner was gone
    performing: int = 0
    sleeping: int = 0  # runs in which nothing happens before a moment that is known
    waiting: int = 0  # runs that it performed until they waited for a person, or a signal
    elsewhere: int = 0  # open runs of other checkouts that share this record
    ended: dict[str, int] = {}  # status → how many runs it brought there
    problems: dict[RunId, str] = {}  # runs that cannot be performed here, and why
    unnamed: int = 0  # more of these
    adopted_s: float = 0.0  # from its start until nothing was left to adopt for the first time

    def blame(self, run: RunId, why: str) -> None:
        """*run* cannot be performed here."""
        if len(self.problems) < PROBLEMS_MAX:
            self.problems[run] = why
        else:
            self.unnamed += 1
