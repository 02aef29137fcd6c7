"""The evidence bundle: a directory that says what was tried, on what, and what it came to.

    proof.json   everything, for programs
    proof.html   the same, for people
    SHA256SUMS   the digests of both, as `sha256sum -c SHA256SUMS` reads them

A change of any file is noticed. Somebody who writes all three anew is not: that takes a signature, and there is no key
yet. The bundle says so.
"""

import os
import platform
import re
import stat
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib import metadata

import apsw
import msgspec

import fairlead
from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.ports import Clock
from fairlead.core.proofs import Lane
from fairlead.env.facts import host_facts
from fairlead.env.files import LocalFiles
from fairlead.service.endings import NOT_READY
from fairlead.service.proofs import Evidence, Machine, Package, ProvenFigure, ReadBundle, Stopped, Verdict
from fairlead.testing.proving import PROOFS
from fairlead.testing.proving.bundle_page import page

FORMAT = 1
DATA, PAGE, SUMS = "proof.json", "proof.html", "SHA256SUMS"
FILE_BYTES_MAX = 20_000_000
NOTE = (
    "Not signed: there is no ledger key yet. SHA256SUMS shows that a file was changed, not who wrote them all; whoever"
    " doubts a figure sees it again with the command beside it."
)
_DISTRIBUTION = "fairlead"
_NAME = re.compile(r"[A-Za-z0-9._-]+")  # of a requirement: what stands before its versions
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._-]+)")


def evidence_of(
    figures: Sequence[ProvenFigure],
    stopped: Stopped,
    asked: Sequence[str],
    lane: Lane,
    seed: int,
    began: str,
    ended: str,
) -> Evidence:
    """What is kept of one call."""
    verdicts = {figure.verdict for figure in figures}
    verdict: Verdict = (
        "broken" if "broken" in verdicts else "held" if verdicts == {"held"} and not stopped else "skipped"
    )
    tried = {figure.name for figure in figures}
    return Evidence(
        format=FORMAT,
        package=package(),
        machine=machine(),
        dependencies=dependencies(),
        lane=lane,
        seed=seed,
        began=began,
        ended=ended,
        verdict=verdict,
        stopped=stopped,
        figures=tuple(figures),
        not_asked=tuple(proof.name for proof in PROOFS if proof.name not in asked),
        not_reached=tuple(name for name in asked if name not in tried),
        signed=False,
        note=NOTE,
    )


def bundle_files(evidence: Evidence) -> dict[str, bytes]:
    """The files of a bundle by their names, in the order in which they are written: the manifest comes last."""
    data = msgspec.json.format(msgspec.json.encode(evidence), indent=2) + b"\n"
    files = {DATA: data, PAGE: page(evidence, sha256(data).hexdigest()).encode()}
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    return {**files, SUMS: sums.encode()}


def make_place(directory: str) -> None:
    """Make the directory of a bundle, before an hour is spent on what could not be kept.

    Raises:
        FairleadError: FL-S014.
    """
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as refusal:
        raise _unwritable(directory, refusal) from None
    if not os.access(directory, os.W_OK | os.X_OK):
        raise _unwritable(directory, PermissionError(13, "Permission denied"))


def write_bundle(directory: str, evidence: Evidence) -> None:
    """Write the files of *evidence* into *directory*.

    Raises:
        FairleadError: FL-S014.
    """
    try:
        for name, content in bundle_files(evidence).items():
            LocalFiles().write(os.path.join(directory, name), content)
    except OSError as refusal:
        raise _unwritable(directory, refusal) from None


def _unwritable(directory: str, refusal: OSError) -> FairleadError:
    said = f"{path_text(directory)} cannot be written: {refusal.strerror}"
    return error("FL-S014", said, "name another directory with --out", exit_code=NOT_READY)


def read_bundle(directory: str) -> ReadBundle | None:
    """What lies in *directory*, compared with its manifest; None when that is no bundle at all."""
    changes: list[str] = []
    sums = _read(os.path.join(directory, SUMS))
    data = _read(os.path.join(directory, DATA))
    if sums is None and data is None:
        return None
    expected = _expected(sums, changes)
    for name in sorted(set(os.listdir(directory)) - {SUMS, *expected}):
        changes.append(f"{name!a} was added")
    for name, digest in expected.items():
        content = _read(os.path.join(directory, name))
        if content is None:
            changes.append(f"{name} is missing")
        elif sha256(content).hexdigest() != digest:
            changes.append(f"{name} is not what was written")
    evidence = _evidence(data)
    if evidence is None:
        changes.append(f"{DATA} cannot be read")
    elif f">{sha256(data or b'').hexdigest()}<".encode() not in (_read(os.path.join(directory, PAGE)) or b""):
        changes.append(f"{PAGE} was made of another {DATA}")
    is_installed = not changes and evidence is not None and evidence.package == package()
    return ReadBundle(evidence, tuple(changes), is_installed)


def _expected(sums: bytes | None, changes: list[str]) -> dict[str, str]:
    """The digests of the manifest by names; whatever is not as we write it is a change."""
    found: dict[str, str] = {}
    *lines, end = (sums or b"").decode("utf-8", "replace").split("\n")
    if end:
        changes.append(f"{SUMS} was cut")
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None or match[2] in found:
            changes.append(f"a line of {SUMS} is not as it was written")
        else:
            found[match[2]] = match[1]
    if sums is None:
        changes.append(f"{SUMS} is missing")
    elif list(found) != [DATA, PAGE]:
        changes.append(f"{SUMS} does not name {DATA} and {PAGE}")
    return {name: found.get(name, "") for name in (DATA, PAGE)}


def _read(path: str) -> bytes | None:
    """A regular file of a bundle; a link leads out of what the manifest covers, so it is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        return file.read(FILE_BYTES_MAX) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def _evidence(data: bytes | None) -> Evidence | None:
    try:
        found = msgspec.json.decode(data or b"", type=Evidence)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found if found.format == FORMAT else None


def package() -> Package:
    """The files of the package that is loaded, as one digest."""
    root = os.path.dirname(os.path.abspath(fairlead.__file__))
    whole, count = sha256(), 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "__pycache__" and not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".pyc"):
                continue
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                content = sha256(file.read()).hexdigest()
            whole.update(f"{content}  {os.path.relpath(path, root)}\n".encode("utf-8", "surrogateescape"))
            count += 1
    return Package(fairlead.__version__, f"sha256:{whole.hexdigest()}", count)


def machine() -> Machine:
    """What figures depend on. A kernel's name goes on with who built it, so only its number is taken."""
    facts = host_facts()
    kernel = re.match(r"[0-9.]*", platform.release())
    return Machine(
        system=platform.system(),
        kernel=kernel[0].rstrip(".") if kernel else "",
        architecture=str(facts["arch"]),
        cpu=str(facts["cpu_model"]),
        cpus=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        python=f"{platform.python_implementation()} {platform.python_version()}",
    )


def dependencies() -> dict[str, str]:
    """What the package says that it needs, and which version is there."""
    try:
        needed = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # performed from its source: what has been loaded, then
        provided = metadata.packages_distributions()
        needed = [name for module in set(sys.modules) & provided.keys() for name in provided[module]]
    found = {"sqlite": apsw.sqlite_lib_version()}
    for requirement in needed:
        name = _NAME.match(requirement)
        if name is None or "extra ==" in requirement:
            continue
        try:
            found[name[0]] = metadata.version(name[0])
        except metadata.PackageNotFoundError:
            found[name[0]] = "missing"
    return dict(sorted(found.items()))


def utc_text(clock: Clock) -> str:
    """Now, as the evidence writes it."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(clock.now() // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
