"""What a reader of one dependency file gives, whatever its format, and the few things that all readers need."""

import codecs
import re
from bisect import bisect_right
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from fairlead.core.json import Json

PACKAGES_MAX = 50_000  # in one file
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})", re.IGNORECASE)
_CONFLICT = re.compile(r"(?m)^(?:<<<<<<< |>>>>>>> )")
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Broken(Exception):
    """A file cannot be used. The text says why and fits behind `it is not checked: `."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Where(NamedTuple):
    """A place in a text: from offset to offset, or what a path of keys leads to in a JSON document."""

    start: int = -1  # -1: the file as a whole
    end: int = -1
    keys: tuple[str, ...] = ()


class Package(NamedTuple):
    """One package in one exact version."""

    name: str  # as it is written
    version: str
    where: Where
    is_direct: bool = False  # the project itself asks for it; known for some formats only
    is_for_development: bool = False


class Wish(NamedTuple):
    """What a manifest or a requirements file asks for."""

    name: str
    text: str  # the range, as it is written
    where: Where
    is_exact: bool = False
    is_bounded: bool = False  # it says at least something about the version
    is_elsewhere: bool = False  # from a repository, an address or a path: no range, and the registry is not asked


class Fault(NamedTuple):
    """Something to report that no advisory is needed for."""

    rule: str
    where: Where
    message: str
    remedy: str = ""
    severity: str = ""  # "" for the rule's own
    subject: str = ""  # what the fingerprint is made of; the message without one


class Reading(msgspec.Struct):
    """One file, read."""

    path: str
    kind: str  # "uv.lock", "requirements", "package-lock.json", …
    ecosystem: str
    text: str
    packages: list[Package] = []
    wishes: list[Wish] = []
    faults: list[Fault] = []
    is_lock: bool = False
    # What the lock says that the project asked for when it was made: name → range. None where it does not say.
    asked: dict[str, dict[str, str]] | None = None  # by the folder of the manifest, relative to the lock's
    includes: list[tuple[str, Where]] = []  # other files that a requirements file names
    own_name: str = ""  # of the package that the manifest describes
    overridden: frozenset[str] = frozenset()  # packages whose range something else decides: overrides, resolutions


class Places:
    """Turns offsets into lines and columns."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def of(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, without its end."""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")


def decoded(data: bytes) -> str:
    """The text of a file.

    Raises:
        Broken: it is no text.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
            except UnicodeDecodeError:
                raise Broken("FL-A132", f"it is not {encoding.upper()}") from None
    if b"\0" in data:
        raise Broken("FL-A132", "it is binary")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("FL-A132", f"byte {error.start + 1} is not UTF-8") from None


def refuse_conflict(text: str) -> None:
    """A merge that was not finished makes two files of one.

    Raises:
        Broken: it holds the marks of such a merge.
    """
    if found := _CONFLICT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise Broken("FL-A132", f"line {line} holds the mark of a merge that was not finished")


def table(data: Json, key: str) -> dict[str, Json]:
    """The table below *key*; an empty one when there is none, or it is something else."""
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def rows(data: Json, key: str) -> list[dict[str, Json]]:
    """The list of tables below *key*; what is no table is left out."""
    found = data.get(key) if isinstance(data, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text_of(data: Json, key: str) -> str:
    """The text below *key*, or ""."""
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, str) else ""


def is_commit(text: str) -> bool:
    """Whether *text* is a whole commit of git, which nobody can move."""
    return _COMMIT.fullmatch(text) is not None


def is_fixed_source(address: str) -> bool:
    """Whether an address of a repository or a file names content that cannot change behind it."""
    bare, _, fragment = address.partition("#")
    if is_commit(fragment.partition("&")[0].partition(":")[2] or fragment.partition("&")[0]):
        return True  # npm writes the commit behind `#`
    if re.search(r"(?:sha256|sha384|sha512)[=:-]", fragment):
        return True
    path = bare.partition("?")[0]
    return is_commit(path.rpartition("@")[2]) or any(is_commit(part) for part in path.split("/"))


def is_insecure(address: str) -> bool:
    """Whether anybody on the way could exchange what the address gives."""
    bare = address.removeprefix("git+").removeprefix("svn+").removeprefix("hg+")
    if not bare.lower().startswith(("http://", "git://", "svn://")):
        return False
    try:
        return urlsplit(bare).hostname not in _LOCAL_HOSTS
    except ValueError:
        return False


def shown_address(address: str) -> str:
    """An address without a name and a password that may stand in it."""
    return re.sub(r"(?<=://)[^/@\s]*@", "…@", address)[:200]
