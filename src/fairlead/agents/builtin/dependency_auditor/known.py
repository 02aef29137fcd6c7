"""What is known of packages: the advisories of the machine, or the small set that ships. It says how old they are."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

import msgspec

from fairlead.agents.builtin.dependency_auditor import shards
from fairlead.agents.builtin.dependency_auditor.osv import Advisory, read_entry
from fairlead.agents.builtin.dependency_auditor.versions import NAMES
from fairlead.core.tools import ToolWorld, Unreadable

AGE_DAYS_MAX = 7  # older data are said to be old
_SHIPPED = "advisories.json"


class Basis(NamedTuple):
    """What an answer for one ecosystem rests on."""

    ecosystem: str
    date: str
    advisories: int
    is_shipped: bool


class _Shipped(msgspec.Struct):
    source: str
    date: str
    advisories: list[msgspec.Raw]


class Known:
    """Looks packages up. Every ecosystem that was asked for is remembered, with what the answer rests on."""

    def __init__(self, world: ToolWorld, *, is_only_shipped: bool = False) -> None:
        """*is_only_shipped*: the data of the machine are not asked."""
        self._world = world
        self._is_only_shipped = is_only_shipped
        self._problems: list[str] = []
        self._bases: dict[str, Basis] = {}

    def of(self, ecosystem: str, names: Iterable[str]) -> dict[str, Sequence[Advisory]]:
        """The advisories of packages by name; those of which nothing is known are not in it."""
        imported = self._imported.get(ecosystem)
        if imported is not None:
            try:
                found = self._read(imported, ecosystem, sorted(set(names)))
                self._bases[ecosystem] = Basis(ecosystem, imported.date, imported.advisories, False)
                return found
            except Unreadable as error:
                self._problems.append(
                    f"The advisory data for {ecosystem} cannot be used (FL-A136): {error};"
                    " `fairlead data import DIR` brings them anew."
                )
        small = self._shipped.get(ecosystem, {})
        count = len({one.id for many in small.values() for one in many})
        self._bases[ecosystem] = Basis(ecosystem, self._shipped_day, count, True)
        return {name: small[name] for name in names if name in small}

    @property
    def bases(self) -> Sequence[Basis]:
        """What the answers so far rest on, by ecosystem."""
        return [self._bases[name] for name in sorted(self._bases)]

    @property
    def date(self) -> str:
        """The day of the oldest data that were used."""
        return min((basis.date for basis in self.bases), default="")

    def degraded(self) -> list[str]:
        """Why the answers say less than they should."""
        reasons = list(self._problems)
        small = [basis for basis in self.bases if basis.is_shipped]
        if small:
            where = "" if len(small) == len(self.bases) else f"for {small[0].ecosystem}, "
            reasons.append(
                f"{where}advisory data is the small set that ships ({sum(one.advisories for one in small)} advisories,"
                f" as of {self._shipped_day}{age_clause(self._shipped_day, self._world.today)}):"
                " what it does not know is not clean; fairlead data import DIR"
            )
        for basis in self.bases:
            if not basis.is_shipped and (old := age_text(basis.date, self._world.today)):
                alone = len(self.bases) == 1
                reasons.append(f"{'' if alone else f'for {basis.ecosystem}, '}advisory data is {old}")
        return reasons

    @cached_property
    def _imported(self) -> dict[str, shards.EcosystemData]:
        if self._is_only_shipped:
            return {}
        try:
            data = self._world.data(shards.POINTER)
        except Unreadable as error:
            self._problems.append(f"The advisory data of this machine cannot be read (FL-A136): {error}.")
            return {}
        if data is None:
            return {}
        pointer = shards.read_pointer(data)
        if pointer is None:
            self._problems.append(
                "The advisory data of this machine are damaged or of another version of Fairlead (FL-A136);"
                " `fairlead data import DIR` brings them anew."
            )
            return {}
        return pointer.ecosystems

    def _read(self, data: shards.EcosystemData, ecosystem: str, names: list[str]) -> dict[str, Sequence[Advisory]]:
        known = shards.names_in(self._file(data, shards.NAMES_FILE))
        found: dict[str, Sequence[Advisory]] = {}
        opened: dict[str, bytes] = {}
        for name in names:
            if shards.hash_of(name) in known:
                shard = shards.shard_of(name)
                if shard not in opened:
                    opened[shard] = self._file(data, shard)
                if advisories := shards.find(opened[shard], name):
                    found[name] = advisories
        return found

    def _file(self, data: shards.EcosystemData, name: str) -> bytes:
        """One compiled file, whole.

        Raises:
            Unreadable: it is gone, or is not what was written.
        """
        if name not in data.digests:
            return b""
        content = self._world.data(f"advisories/{data.folder}/{name}")
        if content is None:
            raise Unreadable(f"the file {name} is gone")
        if shards.digest_of(content) != data.digests[name]:
            raise Unreadable(f"the file {name} is damaged")
        return content

    @property
    def _shipped_day(self) -> str:
        return self._shipped_set.date

    @cached_property
    def _shipped_set(self) -> _Shipped:
        return _read_shipped()

    @cached_property
    def _shipped(self) -> dict[str, dict[str, list[Advisory]]]:
        return _by_name(self._shipped_set)


def shipped_counts() -> tuple[str, str, dict[str, tuple[int, int]]]:
    """Source and day of the small set that ships; by ecosystem, how many advisories about how many packages."""
    small = _read_shipped()
    counts = {
        ecosystem: (len({one.id for many in names.values() for one in many}), len(names))
        for ecosystem, names in _by_name(small).items()
    }
    return small.source, small.date, counts


def _read_shipped() -> _Shipped:
    from importlib.resources import files

    data = files("fairlead.agents.builtin.dependency_auditor").joinpath(_SHIPPED).read_bytes()
    return msgspec.json.decode(data, type=_Shipped)


def _by_name(small: _Shipped) -> dict[str, dict[str, list[Advisory]]]:
    found: dict[str, dict[str, list[Advisory]]] = {ecosystem: {} for ecosystem in NAMES}
    for raw in small.advisories:
        for ecosystem, name, advisory in read_entry(bytes(raw)).advisories:
            found[ecosystem].setdefault(name, []).append(advisory)
    return found


def age_clause(day: str, today: str) -> str:
    """The age of data whose day is said already, with its comma: "" as long as they are fresh."""
    age = age_text(day, today).partition(" (")[0]
    return f", {age}" if age else ""


def age_text(day: str, today: str) -> str:
    """What is to be said of data of *day*: "" as long as they are fresh."""
    try:
        days = (date.fromisoformat(today) - date.fromisoformat(day)).days
    except ValueError:
        return f"of no known day ({day[:20]})"
    if days < -1:
        return f"dated later than today ({day}): a clock is wrong"
    return f"{days} days old ({day})" if days > AGE_DAYS_MAX else ""
