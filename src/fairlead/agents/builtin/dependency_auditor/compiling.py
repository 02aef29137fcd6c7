"""Sorts the entries of a dump into shards, and says what was in it. What reads and writes files lies elsewhere."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from fairlead.agents.builtin.dependency_auditor import shards
from fairlead.agents.builtin.dependency_auditor.osv import BrokenEntry, read_entry
from fairlead.agents.builtin.dependency_auditor.versions import NAMES
from fairlead.core.errors import error

BROKEN_SHARE_MAX = 0.1  # more broken entries than this are no dump but an accident
_NAMED_MAX = 10  # broken entries that are named
_SHRUNK_SHARE = 0.5  # less than this of what is there already looks like a part of a dump


class AdvisorySorter:
    """Takes a dump entry by entry; gives rows for shards, whole shards, and at last the pointer to them.

    A dump counts for an ecosystem when some entry of it speaks of that ecosystem alone: the dump of one ecosystem also
    holds entries that speak of others, and those few must not take the place of the others' whole data.
    """

    def __init__(self, source: str, today: str, *, is_replacing: bool = False) -> None:
        self.entries = 0
        self.broken = 0
        self.broken_names: list[str] = []
        self.elsewhere: Counter[str] = Counter()  # entries that speak only of ecosystems that no agent reads
        self.counts: dict[str, int] = {}  # advisories by ecosystem, once the shards are written
        self._source = source
        self._today = today
        self._is_replacing = is_replacing
        self._alone: Counter[str] = Counter()
        self._days: dict[str, str] = {}
        self._names: dict[str, set[bytes]] = {}
        self._digests: dict[str, dict[str, str]] = {}

    def take(self, name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
        """The rows of one entry, each with the place of its shard (`PyPI/3f`). A broken entry is counted and named."""
        try:
            entry = read_entry(data)
        except BrokenEntry as why:
            self.reject(name, str(why))
            return
        self.entries += 1
        read_here = entry.ecosystems & NAMES.keys()
        if not read_here:
            self.elsewhere.update(entry.ecosystems or ("no package",))
        if len(entry.ecosystems) == 1:
            self._alone.update(read_here)
        for ecosystem in read_here:
            if self._days.get(ecosystem, "") < entry.day <= self._today:
                self._days[ecosystem] = entry.day
        for ecosystem, package, advisory in entry.advisories:
            yield f"{ecosystem}/{shards.shard_of(package)}", shards.row(package, advisory)

    def reject(self, name: str, why: str) -> None:
        """Count an entry that cannot be used."""
        self.broken += 1
        if len(self.broken_names) < _NAMED_MAX:
            self.broken_names.append(f"{name}: {why}")

    def judge(self) -> Sequence[str]:
        """The ecosystems that the dump counts for, once all of it was taken.

        Raises:
            FairleadError: FL-N041 it is empty, FL-N043 too much of it is broken, FL-N044 nothing in it is read here.
        """
        if self.broken > BROKEN_SHARE_MAX * (self.broken + self.entries):
            named = "; ".join(self.broken_names[:3])
            raise error(
                "FL-N043",
                f"{self.broken} of {self.broken + self.entries} entries cannot be read: {named}",
                "Get the dump anew; the data that were there stay as they are.",
            )
        if not self.entries:
            raise error(
                "FL-N041",
                "there is no advisory in it",
                "Name a directory, .zip, .json or .jsonl of advisories in the OSV format.",
            )
        if not self._alone:
            held = ", ".join(name for name, _ in self.elsewhere.most_common(5)) or "several ecosystems at once"
            raise error(
                "FL-N044",
                f"none of its {self.entries} entries is about {' or '.join(NAMES)} alone; it holds {held}",
                "Import the dump of PyPI or of npm.",
            )
        return sorted(self._alone)

    def shard(self, place: str, rows: Iterable[bytes]) -> bytes:
        """The content of one shard."""
        ecosystem, _, name = place.partition("/")
        data, names, count = shards.shard(rows)
        self._names.setdefault(ecosystem, set()).update(shards.hash_of(package) for package in names)
        self.counts[ecosystem] = self.counts.get(ecosystem, 0) + count
        self._digests.setdefault(ecosystem, {})[name] = shards.digest_of(data)
        return data

    def last_files(self, ecosystem: str) -> Iterator[tuple[str, bytes]]:
        """What lies beside the shards of an ecosystem, when all of them are written."""
        data = b"".join(sorted(self._names.get(ecosystem, ())))
        self._digests.setdefault(ecosystem, {})[shards.NAMES_FILE] = shards.digest_of(data)
        yield shards.NAMES_FILE, data

    def pointer(self, before: bytes | None, folders: dict[str, str]) -> tuple[bytes, set[str]]:
        """The new pointer, and the folders that may be needed: its own, and those a reader may still be in.

        Raises:
            FairleadError: FL-N045 the dump holds far less than what is there.
        """
        known = shards.read_pointer(before) if before is not None else None
        ecosystems = dict(known.ecosystems) if known else {}
        needed = {one.folder for one in ecosystems.values()}
        for ecosystem, folder in folders.items():
            count = self.counts.get(ecosystem, 0)
            there = ecosystems[ecosystem].advisories if ecosystem in ecosystems else 0
            if count < _SHRUNK_SHARE * there and not self._is_replacing:
                raise error(
                    "FL-N045",
                    f"it holds {count:,} advisories for {ecosystem}, and {there:,} are there already",
                    "Import the whole dump, or say --replace when the smaller one is meant.",
                )
            ecosystems[ecosystem] = shards.EcosystemData(
                folder=folder,
                source=self._source,
                date=self._days.get(ecosystem, ""),
                imported=self._today,
                advisories=count,
                packages=len(self._names.get(ecosystem, ())),
                digests=self._digests[ecosystem],
            )
        return shards.write_pointer(ecosystems), needed | {one.folder for one in ecosystems.values()}
