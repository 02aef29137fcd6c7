"""`logs`: what the calls of a run wrote to stderr and stdout, as the gate kept it."""

from collections.abc import Sequence

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.ids import RunId
from fairlead.core.state import is_leaf
from fairlead.service.parts import Parts, Project
from fairlead.service.runs import require_reader
from fairlead.views.runs import project_run

_NAMED_MAX = 20
LOG_BYTES_MAX = 2_000_000  # of one attempt; the end is kept


class LogLine(msgspec.Struct, frozen=True):
    """One line that a call wrote."""

    run: RunId
    step: str
    attempt: int
    text: str


class Log(msgspec.Struct, frozen=True):
    """Lines in the order of the steps, within a step in the order of writing."""

    lines: tuple[LogLine, ...]
    steps: tuple[str, ...]  # the steps that were looked at
    bytes_left_out: int = 0  # at the beginning of long logs


class _Position(msgspec.Struct):
    """How far the log of one attempt was read."""

    offset: int = 0
    rest: bytes = b""


class LogReader:
    """Reads the logs of a run, and later what was added since."""

    def __init__(self, parts: Parts, project: Project, run: RunId, step: str = "") -> None:
        self._parts = parts
        self._project = project
        self._run = run
        self._step = step
        self._positions: dict[tuple[str, int], _Position] = {}
        self._journal = require_reader(parts, project)
        state = project_run(self._journal, run).state
        leaves = [place for place, one in state.steps.items() if is_leaf(one)]
        self.steps: tuple[str, ...] = tuple(place for place in leaves if not step or _is_of(place, step))
        if step and not self.steps:
            raise no_step(run, step, leaves)

    def read(self) -> Log:
        """What was written since the last call."""
        state = project_run(self._journal, self._run).state
        lines: list[LogLine] = []
        left_out = 0
        for name in self.steps:
            attempts = next(one.attempts for place, one in state.steps.items() if place == name)
            for attempt in range(1, attempts + 1):
                found, skipped = self._new_lines(name, attempt)
                lines += found
                left_out += skipped
        return Log(tuple(lines), self.steps, left_out)

    def _new_lines(self, step: str, attempt: int) -> tuple[list[LogLine], int]:
        position = self._positions.setdefault((step, attempt), _Position())
        path = self._parts.log_path(self._project, self._run, step, attempt)
        chunks = [position.rest]
        size = len(position.rest)
        skipped = 0
        while data := self._parts.files.read(path, offset=position.offset, limit=1_000_000):
            position.offset += len(data)
            chunks.append(data)
            size += len(data)
            while size > LOG_BYTES_MAX and len(chunks) > 1:
                size -= len(chunks[0])
                skipped += len(chunks.pop(0))
        whole, _, position.rest = b"".join(chunks).rpartition(b"\n")
        if not whole:
            return [], skipped
        texts = whole.decode("utf-8", "backslashreplace").split("\n")
        return [LogLine(self._run, step, attempt, text) for text in texts], skipped

    def rest(self) -> tuple[LogLine, ...]:
        """Last lines that do not end in a line break, once nobody writes any more."""
        return tuple(
            LogLine(self._run, step, attempt, position.rest.decode("utf-8", "backslashreplace"))
            for (step, attempt), position in self._positions.items()
            if position.rest
        )


def _is_of(place: str, step: str) -> bool:
    """Whether *place* is *step*, or an item or a round of it."""
    return place == step or place.startswith((f"{step}[", f"{step}#"))


def no_step(run: RunId, step: str, known: Sequence[str]) -> FairleadError:
    """Nothing in *run* has this place; near names are named, and not more of them than anybody reads."""
    from difflib import get_close_matches

    near = get_close_matches(step, known, 3, 0.6)
    hints = [f"did you mean {' or '.join(near)}?"] if near else []
    more = f" and {len(known) - _NAMED_MAX:,} more" if len(known) > _NAMED_MAX else ""
    hints.append(f"its steps: {', '.join(known[:_NAMED_MAX])}{more}")
    return error("FL-S015", f"run {run} has no step {step}", *hints, exit_code=2)


def last_lines(parts: Parts, project: Project, run: RunId, step: str, attempt: int, count: int = 8) -> tuple[str, ...]:
    """The end of a failed attempt's log, for the error that names it."""
    path = parts.log_path(project, run, step, attempt)
    tail = b""
    offset = 0
    while data := parts.files.read(path, offset=offset, limit=1_000_000):
        offset += len(data)
        tail = (tail + data)[-64_000:]
    texts = tail.decode("utf-8", "backslashreplace").rstrip("\n").split("\n") if tail.strip() else []
    return tuple(texts[-count:])
