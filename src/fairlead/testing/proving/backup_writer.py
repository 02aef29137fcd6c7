"""A process that writes to a journal while others back it up. Performed by the proof as a child.

    python -m fairlead.testing.proving.backup_writer DIRECTORY NAME STEPS

Each line on its stdin is a run with so many steps. It prints the number of each event as soon as it is acknowledged,
and ends with its stdin.
"""

import os
import sys
from collections.abc import Sequence
from queue import SimpleQueue

from fairlead.core.events import AttemptStarted, AttemptSucceeded, Recorded, RunEnded, RunQueued
from fairlead.core.ids import Place, RunId, Seq, WorkerId
from fairlead.core.json import digest
from fairlead.core.ports import Batch, Written
from fairlead.env.clock import SystemClock
from fairlead.journal import SqliteJournal, open_journal

_ANY = Seq(1 << 60)  # nobody asks anything of these runs


class _Writer:
    """One process with its worker."""

    def __init__(self, directory: str, name: str) -> None:
        self._directory = directory
        self._name = name
        self._answers: SimpleQueue[Written | Recorded | Exception] = SimpleQueue()
        self._journal: SqliteJournal = open_journal(directory, clock=SystemClock(), deliver=self._deliver)
        self._worker = WorkerId(f"w-{name}")
        self._journal.register_worker(self._worker)

    def perform(self, number: int, steps: int) -> None:
        """A run: every second one ends."""
        run = RunId(f"r-{self._name}{number:07}")
        log = os.path.join(self._directory, "logs", run, "step.1.log")
        os.makedirs(os.path.dirname(log))
        with open(log, "w", encoding="utf-8") as file:
            file.write(f"the log of {run}\n")
        definition = self._journal.put(f"the definition of {run}".encode())
        _say(self._journal.record(run, RunQueued("shape", definition, {}, "/src", requester="ada")).seq)
        claimed = self._journal.claim(run, self._worker)
        _say(claimed.seq)
        for step in range(steps):
            place = Place(f"step-{step}")
            output = self._journal.put(f"the output of {run} {step}".encode())
            events = (
                AttemptStarted(place, 1, "agent", "1", digest(b"call")),
                AttemptSucceeded(place, 1, output_ref=output),
            )
            self._append(Batch(run, claimed.epoch, _ANY, (events[1],), (events[0],)))
        if number % 2:
            self._append(Batch(run, claimed.epoch, _ANY, (RunEnded("succeeded"),), ()))

    def close(self) -> None:
        self._journal.close()

    def _append(self, batch: Batch) -> None:
        self._journal.append(batch, "step")
        answer = self._answers.get()
        if not isinstance(answer, Written):
            raise SystemExit(f"not written: {answer}")
        _say(answer.last_seq)

    def _deliver(self, delivered: Sequence[tuple[object, Written | Recorded | Exception]]) -> None:
        for _, answer in delivered:
            self._answers.put(answer)


def _say(seq: int) -> None:
    os.write(1, f"{seq}\n".encode())


def main(directory: str, name: str, steps: int) -> None:
    """Write as long as somebody asks for it."""
    writer = _Writer(directory, name)
    for number, _ in enumerate(sys.stdin):
        writer.perform(number, steps)
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
