"""The compiled form of advisories: 256 small files for each ecosystem, by a hash of the package's name.

A shard holds one line for each package: its name, a tab, a JSON list of `osv.Advisory`. Beside the shards lies a list
of hashes of all names, so that a lock of 2,000 packages opens only the shards that know something of them. What the
files must digest to stands in `current.json`: a damaged file is noticed and is never taken for a clean one.
"""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from fairlead.agents.builtin.dependency_auditor.osv import Advisory

_FORMAT = 1  # of everything here; data of another format are not read
POINTER = "advisories/current.json"
NAMES_FILE = "names"
_HASH_BYTES = 8

_decode = msgspec.json.Decoder(tuple[Advisory, ...]).decode


class EcosystemData(msgspec.Struct, frozen=True):
    """What was imported for one ecosystem."""

    folder: str  # below `advisories/`
    source: str  # as the person who imported it named it
    date: str  # the day of the newest change in it
    imported: str  # the day of the import
    advisories: int
    packages: int
    digests: dict[str, str]  # file → SHA-256; a shard that is not here is empty


class Pointer(msgspec.Struct, frozen=True):
    """`current.json`: which folder holds the data of each ecosystem. Written last, so it names only whole data."""

    format: int
    ecosystems: dict[str, EcosystemData]


def digest_of(data: bytes) -> str:
    """How a compiled file is checked."""
    return hashlib.sha256(data).hexdigest()


def shard_of(name: str) -> str:
    """The shard that holds the package *name*."""
    return hashlib.sha256(name.encode()).hexdigest()[:2]


def hash_of(name: str) -> bytes:
    """The hash that stands for *name* in the list of names."""
    return hashlib.sha256(name.encode()).digest()[:_HASH_BYTES]


def names_in(data: bytes) -> frozenset[bytes]:
    """The hashes of a list of names."""
    return frozenset(data[at : at + _HASH_BYTES] for at in range(0, len(data), _HASH_BYTES))


def row(name: str, advisory: Advisory) -> bytes:
    """One line before it is sorted into its shard's."""
    return name.encode() + b"\t" + msgspec.json.encode(advisory) + b"\n"


def shard(rows: Iterable[bytes]) -> tuple[bytes, list[str], int]:
    """A whole shard from the rows of all its packages: its bytes, their names, how many advisories.

    Of two entries with one id the newer counts, and one that was withdrawn counts for nothing.
    """
    newest: dict[str, dict[str, Advisory]] = {}
    for line in rows:
        name, _, record = line.partition(b"\t")
        advisory = msgspec.json.decode(record, type=Advisory)
        known = newest.setdefault(name.decode(), {})
        if advisory.id not in known or known[advisory.id].modified < advisory.modified:
            known[advisory.id] = advisory
    lines: list[bytes] = []
    names: list[str] = []
    count = 0
    for package in sorted(newest):
        valid = [one for _, one in sorted(newest[package].items()) if not one.is_withdrawn]
        if valid:
            names.append(package)
            count += len(valid)
            lines.append(package.encode() + b"\t" + msgspec.json.encode(valid) + b"\n")
    return b"".join(lines), names, count


def find(data: bytes, name: str) -> tuple[Advisory, ...]:
    """The advisories of *name* in a shard."""
    mark = name.encode() + b"\t"
    at = 0 if data.startswith(mark) else data.find(b"\n" + mark) + 1
    if at == 0 and not data.startswith(mark):
        return ()
    end = data.find(b"\n", at)
    return _decode(data[at + len(mark) : end])


def read_pointer(data: bytes) -> Pointer | None:
    """What `current.json` says; None when it is damaged or of another format."""
    try:
        pointer = msgspec.json.decode(data, type=Pointer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return pointer if pointer.format == _FORMAT else None


def write_pointer(ecosystems: Mapping[str, EcosystemData]) -> bytes:
    """The content of `current.json`."""
    return msgspec.json.format(msgspec.json.encode(Pointer(_FORMAT, dict(ecosystems))), indent=1) + b"\n"
