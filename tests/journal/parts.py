"""What the tests of the journal are made of: a clock that is moved by hand, events, and a receiver of deliveries."""

from collections.abc import Sequence
from queue import SimpleQueue

from fairlead.core.events import AttemptStarted, AttemptSucceeded, Recorded, RunEnded, RunQueued
from fairlead.core.ids import Micros, Place, RunId, Seq
from fairlead.core.json import Digest, digest
from fairlead.core.ports import Batch, Journal, Written
from fairlead.core.receipts import Receipt

RUN = RunId("r-7q2kabcd")
DEFINITION = digest(b"{}")
PATIENCE_SECONDS = 60.0  # only a writer that hangs lets a test wait this long


class FakeClock:
    """Implements `Clock`: stands still until it is moved."""

    def __init__(self, monotonic: float = 1_000.0) -> None:
        self._now = 1_790_000_000_000_000
        self._monotonic = monotonic

    def now(self) -> Micros:
        return Micros(self._now)

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        self.move(seconds)

    def move(self, seconds: float) -> None:
        self._now += int(seconds * 1_000_000)
        self._monotonic += seconds


class Deliveries:
    """Receives what became of the batches; remembers which of them came together."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[object, Written | Recorded | Exception]] = SimpleQueue()
        self.groups: list[list[object]] = []

    def __call__(self, delivered: Sequence[tuple[object, Written | Recorded | Exception]]) -> None:
        self.groups.append([token for token, _ in delivered])
        for one in delivered:
            self._queue.put(one)

    def next(self) -> tuple[object, Written | Recorded | Exception]:
        return self._queue.get(timeout=PATIENCE_SECONDS)

    def written(self) -> Written:
        _, answer = self.next()
        assert isinstance(answer, Written), answer
        return answer

    def refused(self) -> Exception:
        _, answer = self.next()
        assert isinstance(answer, Exception), answer
        return answer


def queued(key: str = "", definition: Digest = DEFINITION, **inputs: object) -> RunQueued:
    return RunQueued("review", definition, dict(inputs), "/src/shop", key=key, requester="ada")


def started(name: str, attempt: int = 1) -> AttemptStarted:
    return AttemptStarted(Place(name), attempt, "inventory", "1.0.0", digest(name.encode()))


def succeeded(name: str, attempt: int = 1, output: object = None) -> AttemptSucceeded:
    return AttemptSucceeded(Place(name), attempt, output, receipt=Receipt(seconds=0.125))


def ended(status: str = "succeeded") -> RunEnded:
    return RunEnded(status)


def write_steps(journal: Journal, deliveries: Deliveries, count: int, run: RunId = RUN, worker: str = "w-1") -> Seq:
    """Queue and claim *run*, perform *count* steps, each awaited; gives the last seq."""
    from fairlead.core.ids import WorkerId

    journal.put(b"{}")
    journal.record(run, queued())
    claimed = journal.claim(run, WorkerId(worker))
    last = claimed.seq
    for number in range(count):
        name = f"step-{number}"
        outcomes = (succeeded(f"step-{number - 1}", output={"n": number}),) if number else ()
        journal.append(Batch(run, claimed.epoch, last, outcomes, (started(name),)), name)
        last = deliveries.written().last_seq
    return last
