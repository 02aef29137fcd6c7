"""The reading half of a journal: all that a view may ask for, so that looking at a run can never change it."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from fairlead.core.events import Recorded
from fairlead.core.ids import RunId, Seq
from fairlead.core.json import Digest
from fairlead.core.ports import BEGINNING, RunRow


class Readable(Protocol):
    """A journal, or a reader of one; see `fairlead.core.ports.Journal` for what each method promises."""

    def events_of(self, run: RunId, after: Seq = BEGINNING) -> Iterator[Recorded]: ...
    def head(self) -> Seq: ...
    def runs(self, limit: int = 50) -> Sequence[RunRow]: ...
    def find_run(self, prefix: str) -> Sequence[RunRow]: ...
    def is_alive(self, worker: str) -> bool: ...
    def get(self, digest: Digest) -> bytes: ...
