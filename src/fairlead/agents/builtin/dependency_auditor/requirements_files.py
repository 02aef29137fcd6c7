"""Reads requirements files as pip does: comments, continued lines, options, hashes, markers, includes."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.dependency_auditor.reading import (
    Fault,
    Package,
    Reading,
    Where,
    Wish,
    is_fixed_source,
    is_insecure,
    refuse_conflict,
    shown_address,
)

_COMMENT = re.compile(r"(?:^|\s)#.*")
_EXACT = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*(?P<version>[^\s;,*]+)\s*(?:;.*)?", re.ASCII
)
_OPTION = re.compile(r"(?P<option>--?[A-Za-z][A-Za-z-]*)(?:\s*=\s*|\s+|(?<=^-[A-Za-z]))(?P<value>\S.*)?")
_PER_REQUIREMENT = re.compile(r"\s--?[A-Za-z][A-Za-z-]*(?:[=\s]|$)")
_ADDRESS = re.compile(
    r"(?:(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*@\s*)?(?P<address>[a-z][a-z0-9+.-]*:\S+)", re.ASCII
)
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9][\w.-]*)", re.ASCII)
_WITH_VALUE = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-i": "--index-url",
    "-e": "--editable",
    "-f": "--find-links",
}
# A name behind which one of these is meant is a folder for work on the project, where ranges are usual.
_FOR_WORK = re.compile(r"(?:^|[^a-z])(?:dev|devel|test|tests|testing|docs?|lint|ci|build|typing|examples?)(?:[^a-z]|$)")


def is_requirements(path: str) -> bool:
    """Whether a file is one by its name: dev-requirements.txt, requirements/x.lock, constraints.txt."""
    folder, _, name = path.lower().rpartition("/")
    if not name.endswith((".txt", ".pip", ".lock")):
        return False
    stem = name.rpartition(".")[0]
    return (
        re.fullmatch(r"(?:.*[._-])?(?:requirements|constraints)(?:[._-].*)?", stem) is not None
        or folder.rpartition("/")[2] == "requirements"
    )


def read_requirements(path: str, text: str, *, is_included: bool = False) -> Reading | None:
    """A requirements file; None when nothing in it looks like one, and only its name or folder said so."""
    refuse_conflict(text)
    reading = Reading(path, "requirements", "PyPI", text)
    strange = 0
    for line, where in _lines(text):
        if line.startswith("-"):
            _option(line, where, reading)
        elif not _requirement(line, where, reading):
            strange += 1
    known = len(reading.wishes) + len(reading.packages) + len(reading.includes)
    if strange and known <= strange and not is_included:
        return None
    return reading


def is_for_work(path: str) -> bool:
    """Whether the file serves work on the project, and not its users."""
    return _FOR_WORK.search(path.lower()) is not None


def _lines(text: str) -> Iterator[tuple[str, Where]]:
    """Logical lines without comments, and where they stand."""
    offset, start, joined = 0, -1, ""
    for raw in text.split("\n"):
        line = raw.rstrip("\r")
        if start < 0:
            start = offset + len(line) - len(line.lstrip())
        # A comment ends the line before its backslash counts, unless it is a line of its own within a continued one.
        is_continued = line.endswith("\\") and not _COMMENT.search(line)
        joined += (line[:-1] if is_continued else _COMMENT.sub("", line)) + (" " if is_continued else "")
        offset += len(raw) + 1
        if is_continued:
            continue
        if joined.strip():
            first = joined.strip()
            end = text.find("\n", start)
            shown = _COMMENT.sub("", text[start : end if end >= 0 else len(text)]).rstrip(" \t\r\\")
            yield first, Where(start, start + len(shown))
        joined, start = "", -1
    if joined.strip():
        yield joined.strip(), Where(start, len(text))


def _option(line: str, where: Where, reading: Reading) -> None:
    found = _OPTION.match(line)
    if not found:
        return
    option = _WITH_VALUE.get(found["option"], found["option"])
    value = (found["value"] or "").strip().strip("\"'")
    if option in ("--requirement", "--constraint"):
        reading.includes.append((value, where))
    elif option == "--editable":
        _from_address(value, where, reading)
    elif option in ("--index-url", "--extra-index-url", "--find-links", "--pypi-url"):
        if is_insecure(value):
            message = f"Packages are fetched from {shown_address(value)}."
            reading.faults.append(Fault("insecure-source", where, message, subject=f"{option} {value}"))
        if option == "--extra-index-url":
            message = "pip takes the highest version from either index, so whoever registers a name there first wins."
            reading.faults.append(Fault("extra-index", where, message, subject=f"{option} {value}"))
    elif option == "--trusted-host":
        message = f"The certificate of {value[:80]} is not checked."
        reading.faults.append(Fault("insecure-source", where, message, subject=f"{option} {value}"))


def _requirement(line: str, where: Where, reading: Reading) -> bool:
    """Take one requirement; False when the line is none."""
    has_hash = "--hash=" in line
    if cut := _PER_REQUIREMENT.search(line):
        line = line[: cut.start()].strip()
    if exact := _EXACT.fullmatch(line):
        reading.packages.append(Package(exact["name"], exact["version"], where, is_direct=True))
        reading.wishes.append(Wish(exact["name"], line, where, is_exact=True, is_bounded=True))
        return True
    if _from_address(line, where, reading, has_hash):
        return True
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        return False
    exact_version = next(
        (one.version for one in wanted.specifier if one.operator in ("==", "===") and not one.version.endswith(".*")),
        "",
    )
    if exact_version:
        reading.packages.append(Package(wanted.name, exact_version, where, is_direct=True))
    reading.wishes.append(Wish(wanted.name, str(wanted.specifier), where, bool(exact_version), bool(wanted.specifier)))
    return True


def _from_address(line: str, where: Where, reading: Reading, has_hash: bool = False) -> bool:
    found = _ADDRESS.match(line)
    if not found:
        return line.startswith((".", "/", "~")) or line.endswith(
            (".whl", ".tar.gz", ".zip")
        )  # a path beside the project
    address = found["address"]
    egg = _EGG.search(address)
    name = found["name"] or (egg[1] if egg else "")
    if address.startswith("file:"):
        return True
    reading.wishes.append(Wish(name, address, where, is_elsewhere=True))
    if is_insecure(address):
        message = f"{name or 'A package'} is fetched from {shown_address(address)}."
        reading.faults.append(Fault("insecure-source", where, message, subject=name or address))
    if not has_hash and not is_fixed_source(address):
        message = f"{name or 'A package'} comes from {shown_address(address)}, and what is there can be exchanged."
        reading.faults.append(Fault("unfixed-source", where, message, subject=name or address))
    return True
