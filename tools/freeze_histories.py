"""Add frozen histories: runs of real journals that show a kind or a field of an event which no frozen history shows.

    python tools/freeze_histories.py DIR …      look through every journal below DIR
    python tools/freeze_histories.py --perform  perform runs for what tests do not show, and look through these
    python tools/freeze_histories.py            say what no history shows

The journals that tests leave are real ones: `python -m pytest --basetemp=DIR tests/runtime tests/journeys` keeps them.
Of all runs the smallest that show something new are taken, with everything left out that tells whose machine it was. A
file that is frozen is never written again.
"""

import argparse
import getpass
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import msgspec  # noqa: E402  # behind the path

from fairlead import __version__  # noqa: E402
from fairlead.core.errors import FairleadError  # noqa: E402
from fairlead.core.events import RunQueued  # noqa: E402
from fairlead.core.ids import RunId  # noqa: E402
from fairlead.env.clock import SystemClock  # noqa: E402
from fairlead.journal import chain, open_reader  # noqa: E402
from tests.histories import frozen  # noqa: E402

BYTES_MAX = 60_000  # of one history
_TEST_NAME_MAX = 30
_RUNS_MAX = 1_000  # of one journal
_PATH = re.compile(r"/(?:tmp|work|root|opt|home|dev/shm|var/tmp|Users)/[^\s\"'\\:,)]*")
# Runs that a test has written into a journal without an engine.
_WRITTEN_BY_HAND = re.compile(r"r-(paper|pair|some|second|third|other|test)")
# What a scanner of secrets would stop at, and whoever reads this file too.
_SECRET = re.compile(r"(?i)secret|passw|credential|token|private key|api.?key|AKIA|BEGIN ")


class Candidate(NamedTuple):
    """A run that could be frozen."""

    name: str
    data: bytes
    shows: frozenset[str]


def candidates(folder: Path) -> Iterator[Candidate]:
    """Every run of every journal below *folder*."""
    for path in sorted(folder.rglob("journal.db")):
        reader = open_reader(str(path.parent), clock=SystemClock())
        assert reader is not None
        try:
            for row in reader.runs(limit=_RUNS_MAX):
                records = list(reader.events_of(RunId(row.run)))
                if _WRITTEN_BY_HAND.match(row.run):
                    continue
                queued = records[0].event
                assert isinstance(queued, RunQueued)
                data = frozen.history_bytes(__version__, reader.get(queued.definition), records, hide)
                if len(data) <= BYTES_MAX and not _SECRET.search(data.decode()):
                    yield Candidate(name_of(path, folder, queued), data, shows(data))
        except FairleadError:
            continue  # a test has damaged it
        finally:
            reader.close()


def name_of(path: Path, folder: Path, queued: RunQueued) -> str:
    """What the history is called: the test that performed it, else its workflow."""
    top = path.relative_to(folder).parts
    test = re.sub(r"_?\d*$", "", next((part for part in top if part.startswith("test_")), ""))
    words = test.removeprefix("test_") or queued.workflow
    if len(test) >= _TEST_NAME_MAX - 1:
        words = words.rpartition("_")[0]  # pytest has cut the last word
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def shows(data: bytes) -> frozenset[str]:
    """What of the formats occurs in a run: kinds, fields, statuses, and forms of steps."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "one.jsonl").write_bytes(data)
        return frozenset(frozen.shown_in(frozen.read_history("one", Path(folder))))


def hide(text: str) -> str:
    """*text* without what tells whose machine it was."""
    text = _PATH.sub(lambda found: "/project/" + found[0].rstrip("/").rpartition("/")[2], text)
    text = re.sub(rf'"{re.escape(getpass.getuser())}"(?!:)', '"ada"', text)
    text = re.sub(rf"\b{re.escape(getpass.getuser())} (?=approved|rejected|decided|asked)", "ada ", text)
    return text.replace(platform.node(), "host") if len(platform.node()) > 3 else text


def missing() -> set[str]:
    """What no frozen history shows."""
    left = frozen.wanted() | frozen.all_statuses()
    for name in frozen.names():
        left -= frozen.shown_in(frozen.read_history(name))
    return left


def choose(found: list[Candidate], left: set[str]) -> list[Candidate]:
    """The fewest and smallest of *found* that show what is *left*."""
    chosen: list[Candidate] = []
    while True:
        best = max(found, key=lambda one: len(one.shows & left) / (2_000 + len(one.data)), default=None)
        if best is None or not best.shows & left:
            return chosen
        chosen.append(best)
        left -= best.shows


def freeze(one: Candidate) -> None:
    """Write one history, what it folds to, and their digests."""
    taken, name, number = set(frozen.names()), one.name, 1
    while name in taken:
        number += 1
        name = f"{one.name}-{number}"
    (frozen.HERE / f"{name}.jsonl").write_bytes(one.data)
    expected = frozen.fold_history(frozen.read_history(name))
    text = msgspec.json.format(msgspec.json.encode(expected), indent=1) + b"\n"
    (frozen.HERE / f"{name}.expected.json").write_bytes(text)
    with (frozen.HERE / frozen.SUMS).open("a") as sums:
        for file in (f"{name}.jsonl", f"{name}.expected.json"):
            sums.write(f"{sha256((frozen.HERE / file).read_bytes()).hexdigest()}  {file}\n")
    print(f"froze {name}: {len(one.data):,} bytes, {len(one.shows)} facts")


def freeze_kinds() -> None:
    """Note the numbers of new kinds."""
    path = frozen.HERE / frozen.KINDS
    known = msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
    for name in frozen.names():
        for record in frozen.read_history(name).records:
            number, _, _ = chain.pack_event(record.event)
            known.setdefault(str(number), frozen.tag_of(type(record.event)))
    known = dict(sorted(known.items(), key=lambda pair: int(pair[0])))
    path.write_bytes(msgspec.json.format(msgspec.json.encode(known), indent=1) + b"\n")


def main() -> int:
    """Add what is missing; 1 when something still is."""
    parser = argparse.ArgumentParser(description="Add frozen histories.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR", help="look through every journal below it")
    parser.add_argument("--perform", action="store_true", help="perform runs for what tests do not show")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fairlead-histories-") as own:
        folders = list(options.folders)
        if options.perform:
            from tools import history_runs

            history_runs.perform(Path(own))
            folders.append(Path(own))
        found = [one for folder in folders for one in candidates(folder.resolve())]
    left = missing()
    for one in found:
        left |= {fact for fact in one.shows if " > " in fact}  # changes of a status: as many as there are
    for name in frozen.names():
        left -= frozen.shown_in(frozen.read_history(name))
    for one in choose(found, left):
        freeze(one)
    freeze_kinds()
    left = missing()
    said = ", ".join(sorted(left)) or "nothing"
    print(f"{len(found):,} runs looked through; {len(frozen.names())} histories; not shown: {said}")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main())
