"""Silent corruption: every kind of rot, many times over, on a journal with several runs.

Whether a spoiled byte does harm is found out without the journal's own checks: each event, each line of the list of
runs and each content is read with plain SQL and plain files and compared with what was written. What does harm has to
be found at start-up or by `verify`, with the first bad event by its number; looking must change nothing; and a repair
has to bring everything back that the backup has.
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import Sequence

from fairlead.core.errors import FairleadError
from fairlead.core.ports import Clock
from fairlead.core.proofs import Figure, Lane, Tell, bounded
from fairlead.journal import Report, open_reader, verify
from fairlead.journal.repair import repair
from fairlead.journal.restoring import restore
from fairlead.testing.clock import FakeClock
from fairlead.testing.disks.rot import ROTS, Rot
from fairlead.testing.proving.journal_work import temporary_root
from fairlead.testing.proving.written import Truth, harm_of, write_truth

EACH: dict[Lane, int] = {"fast": 40, "full": 400}  # trials of one kind
_FILES = ("journal.db", "journal.db-wal", "anchor")
_EVENT_CODES = frozenset({"FL-L002", "FL-L003"})


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """Let every kind of rot happen, as often as *lane* asks."""
    return try_corruption(EACH[lane], seed, tell)


def try_corruption(each: int, seed: int, tell: Tell, rots: Sequence[Rot] = ROTS) -> Figure:
    """Let each of *rots* happen *each* times."""
    counts: Counter[str] = Counter()
    problems: list[str] = []
    with temporary_root("rot") as root:
        truth = write_truth(root, random.Random(seed))
        for number, rot in enumerate(rots):
            tell(f"{rot.name} ({number + 1} of {len(rots)})")
            for trial in range(each):
                draw = random.Random(f"{seed}/{rot.name}/{trial}")
                found = _Trial(truth, root, rot, draw).perform(counts)
                problems += [f"{rot.name}, trial {trial}, seed {seed}: {one}" for one in found]
    names = ("trials", "harmful", "found_at_start", "found_by_verify", "harmless", "nothing_to_spoil")
    return Figure(
        "corruption",
        "whatever goes bad in silence in database, log, anchor or contents is found before it is believed",
        seed,
        {
            "kinds": len(rots),
            **{name: counts[name] for name in (*names, "first_bad_event_named", "repaired", "undetected")},
        },
        bounded(problems),
    )


class _Trial:
    """One journal that goes bad."""

    def __init__(self, truth: Truth, root: str, rot: Rot, draw: random.Random) -> None:
        self._truth = truth
        self._directory = os.path.join(root, "trial")
        self._rot = rot
        self._draw = draw
        self._clock = FakeClock()

    def perform(self, counts: Counter[str]) -> list[str]:
        """Spoil, look, compare, repair; gives what is wrong with the engine."""
        shutil.rmtree(self._directory, ignore_errors=True)
        shutil.copytree(self._truth.sound, self._directory)
        what = self._rot.spoil(self._directory, self._truth.older, self._draw)
        counts["trials"] += 1
        if not what:
            counts["nothing_to_spoil"] += 1
            return []
        before = _bytes_of(self._directory)
        try:
            problems = self._judge(counts, before)
        except Exception as bug:  # whatever is not a diagnostic is a problem of its own
            problems = [f"{type(bug).__name__}: {bug}"]
        return [f"{what}: {one}" for one in problems]

    def _judge(self, counts: Counter[str], before: dict[str, bytes]) -> list[str]:
        is_refused = _is_refused(self._directory, self._clock)
        report = verify(self._directory, clock=self._clock)
        problems = []
        if _bytes_of(self._directory) != before:
            problems.append("looking at it changed it")
        harm = harm_of(self._directory, self._truth)
        is_found = is_refused or bool(report.problems)
        if harm.is_any:
            counts["harmful"] += 1
            counts["found_at_start" if is_refused else "found_by_verify"] += is_found
            if not is_found:
                counts["undetected"] += 1
                problems.append(f"not found: {harm.text}")
            problems += self._compare_first(harm.first_bad, report, counts)
        else:
            counts["harmless"] += 1
        if is_found:
            problems += self._bring_back(before, report)
            counts["repaired"] += 1
        return problems

    def _compare_first(self, first_bad: int, report: Report, counts: Counter[str]) -> list[str]:
        """Where an event is bad, it has to be named, and none before it."""
        if not first_bad:
            return []
        named = next((one.seq for one in report.problems if one.seq and one.code in _EVENT_CODES), 0)
        is_whole = any(not one.seq and one.code in ("FL-L001", "FL-L004") for one in report.problems)
        counts["first_bad_event_named"] += named == first_bad
        if named == first_bad or (is_whole and first_bad == 1):
            return []
        return [
            f"event {first_bad} is the first bad one, and {named} is named: {[p.text for p in report.problems[:3]]}"
        ]

    def _bring_back(self, before: dict[str, bytes], report: Report) -> list[str]:
        truth = self._truth
        if not report.problems:
            return ["start-up refuses it and verify finds nothing"]
        if report.problems[0].code == "FL-L004":  # a bit of the schema's number: only a newer Fairlead could tell
            done = restore(truth.backup, self._directory, clock=self._clock, is_replacing=True)
            kept_as, lost = done.kept_as, done.lost
        else:
            mended = repair(self._directory, truth.backup, clock=self._clock, is_writing=True)
            kept_as, lost = mended.kept_as, len(mended.lost) + len(mended.contents_lost)
        problems = [f"the repair says that something is lost: {lost}"] if lost else []
        left = verify(self._directory, clock=self._clock).problems
        if left or _is_refused(self._directory, self._clock):
            problems.append(f"after the repair: {[one.text for one in left[:3]]}")
        harm = harm_of(self._directory, truth)
        if harm.is_any:
            problems.append(f"the repair did not bring everything back: {harm.text}")
        aside = _bytes_of(kept_as)
        if any(aside.get(name) != before[name] for name in _FILES if name in before):
            problems.append("the damaged files were not kept as they were")
        shutil.rmtree(kept_as)
        return problems


def _is_refused(directory: str, clock: Clock) -> bool:
    """Whether a start refuses the journal, with a diagnostic that says what to do."""
    try:
        open_reader(directory, clock=clock).close()
    except FairleadError as refusal:
        if not refusal.hint:
            raise AssertionError(f"{refusal.code} says nothing to do") from None
        return True
    return False


def _bytes_of(directory: str) -> dict[str, bytes]:
    """Every file of a state directory but SQLite's shared memory and the lock."""
    found = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            if name not in ("journal.db-shm", "writer.lock"):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, directory)] = file.read()
    return {name: data for name, data in found.items() if data or name != "journal.db-wal"}
