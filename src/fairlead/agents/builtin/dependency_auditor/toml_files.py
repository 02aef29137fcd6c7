"""Reads the locks that are TOML: uv.lock, poetry.lock, pdm.lock and pylock.toml (PEP 751)."""

import re
import tomllib
from collections.abc import Iterator

from fairlead.agents.builtin.dependency_auditor.reading import (
    Broken,
    Fault,
    Package,
    Reading,
    Where,
    is_commit,
    is_insecure,
    refuse_conflict,
    rows,
    shown_address,
    table,
    text_of,
)
from fairlead.agents.builtin.dependency_auditor.versions import python_name
from fairlead.core.json import Json

_BLOCK = re.compile(r"(?m)^\[\[packages?\]\][ \t]*(?:#[^\n]*)?\r?$")
_NAME = re.compile(r"(?m)^(?:name|version)[ \t]*=[ \t]*")
# A file of a package in a lock, whole on its line. Most of a lock is that, and nobody here reads it.
_FIELD = r'(?:(?:url|file|hash|upload-time) = "[^"\\\n]*"|size = \d+)'
_FILE_LINE = re.compile(rf"(?m)^ +\{{ ?{_FIELD}(?:, {_FIELD})* ?\}},\n")
_OWN = ("virtual", "editable", "directory", "path")  # keys of a source that is the project itself, or lies beside it


def read_toml(text: str) -> dict[str, Json]:
    """A TOML document.

    Raises:
        Broken: it is none.
    """
    refuse_conflict(text)
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise Broken("FL-A132", f"it is not TOML: {' '.join(str(error).split())[:200]}") from None


def _read_lock(text: str) -> dict[str, Json]:
    """A TOML document without the lines that name files: reading them takes longer than all the rest.

    Raises:
        Broken: it is none.
    """
    refuse_conflict(text)
    try:
        return tomllib.loads(_FILE_LINE.sub("", text))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return read_toml(text)  # which says what is wrong, and in which line


def read_uv(path: str, text: str) -> Reading:
    """uv.lock."""
    data = _read_lock(text)
    _must_be_known(data.get("version"), (1,))
    reading = _lock(path, "uv.lock", text, data)
    for package in rows(data, "package"):
        source = table(package, "source")
        own = next((text_of(source, key) for key in _OWN[:2] if key in source), None)
        metadata = table(package, "metadata")
        if own is not None and "requires-dist" in metadata:
            asked = reading.asked = reading.asked or {}
            wanted = {
                python_name(text_of(one, "name")): text_of(one, "specifier") for one in rows(metadata, "requires-dist")
            }
            asked["" if own == "." else own] = wanted
    return reading


def read_poetry(path: str, text: str) -> Reading:
    """poetry.lock."""
    data = _read_lock(text)
    metadata = table(data, "metadata")
    _must_be_known(text_of(metadata, "lock-version") or "1.0", ("1.", "2."))
    return _lock(path, "poetry.lock", text, data)


def read_pdm(path: str, text: str) -> Reading:
    """pdm.lock."""
    data = _read_lock(text)
    _must_be_known(text_of(table(data, "metadata"), "lock_version"), ("3.", "4."))
    return _lock(path, "pdm.lock", text, data)


def read_pylock(path: str, text: str) -> Reading:
    """pylock.toml."""
    data = _read_lock(text)
    _must_be_known(text_of(data, "lock-version"), ("1.",))
    return _lock(path, "pylock.toml", text, data)


def _must_be_known(version: Json, known: tuple[int | str, ...]) -> None:
    is_known = version in known if isinstance(version, int) else str(version).startswith(tuple(map(str, known)))
    if isinstance(version, bool) or not is_known:
        shown = f"its version is {str(version)[:40]!r}" if version else "it does not say its version"
        raise Broken("FL-A133", f"{shown}, which this build does not read")


def _lock(path: str, kind: str, text: str, data: dict[str, Json]) -> Reading:
    key = "packages" if kind == "pylock.toml" else "package"
    if not isinstance(data.get(key, []), list):
        raise Broken("FL-A132", f"`{key}` is no list")
    found = data.get(key, [])
    places = list(_places(text))
    if len(places) != len(found):
        places = [Where()] * len(found)  # written in another way than the tools write it
    reading = Reading(path, kind, "PyPI", text, is_lock=True)
    for entry, where in zip(found, places, strict=True):
        if not isinstance(entry, dict) or not text_of(entry, "name"):
            raise Broken("FL-A132", "a package of it has no name")
        source = table(entry, "source") or _inline_source(entry)
        if any(name in source for name in _OWN) and "git" not in source and "url" not in source:
            continue
        reading.faults += _source_faults(entry, source, where)
        if version := text_of(entry, "version"):
            reading.packages.append(Package(text_of(entry, "name"), version, where))
    return reading


def _inline_source(entry: dict[str, Json]) -> dict[str, Json]:
    """pdm writes the source into the package, pylock.toml into a table named after its kind."""
    if entry.get("path"):
        return {"path": entry["path"]}
    if entry.get("git"):
        return {"git": entry["git"], "rev": entry.get("revision") or entry.get("ref")}
    for kind in ("vcs", "directory", "archive"):
        own = table(entry, kind)
        if kind == "vcs" and own:
            return {"git": own.get("url"), "rev": own.get("commit-id")}
        if own:
            return {"path": own} if kind == "directory" else {"archive": own}
    return {}


def _source_faults(entry: dict[str, Json], source: dict[str, Json], where: Where) -> Iterator[Fault]:
    name = text_of(entry, "name")
    kind = text_of(source, "type")
    address = text_of(source, "git") or text_of(source, "url")
    is_git = "git" in source or kind == "git"
    if is_git:
        commit = text_of(source, "rev") or text_of(source, "resolved_reference") or address.rpartition("#")[2]
        if kind == "git":
            commit = text_of(source, "resolved_reference")
        if not is_commit(commit):
            yield Fault(
                "unfixed-source",
                where,
                f"{name} comes from {shown_address(address)} without a commit: what is there can be exchanged.",
                subject=name,
            )
    if is_insecure(address):
        yield Fault("insecure-source", where, f"{name} is fetched from {shown_address(address)}.", subject=name)


def _places(text: str) -> Iterator[Where]:
    blocks = [found.end() for found in _BLOCK.finditer(text)]
    for nth, start in enumerate(blocks):
        limit = blocks[nth + 1] if nth + 1 < len(blocks) else len(text)
        found = _NAME.search(text, start, limit)
        at = found.start() if found else start
        end = text.find("\n", at)
        yield Where(at, len(text[at : end if end >= 0 else len(text)].rstrip()) + at)
