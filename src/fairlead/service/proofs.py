"""`prove`: the engine's promises, tried on this machine, and the evidence that is kept of it."""

import os.path
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from fairlead.core.errors import error
from fairlead.core.findings import path_text
from fairlead.core.proofs import Lane
from fairlead.service.endings import BROKEN, INTERRUPTED, NOT_READY, OK, TERMINATED

if TYPE_CHECKING:
    from fairlead.service.parts import Parts

SEED_MAX = 2**63 - 1
_DIRECTORY = "fairlead-proof"  # and the seed, where nobody names another one
_NOT_HELD = 1
_SAME_SEED_MAX = 1_000  # bundles of one seed in one directory

Verdict = Literal["held", "broken", "skipped"]
Stopped = Literal["", "interrupted", "terminated"]


class ProofRow(msgspec.Struct, frozen=True):
    """One proof, before it is tried."""

    name: str
    title: str  # what is done to the engine


class ProofList(msgspec.Struct, frozen=True):
    """Every proof that this version has, in the order in which they are performed."""

    proofs: tuple[ProofRow, ...]


class ProvenFigure(msgspec.Struct, frozen=True):
    """One figure of the evidence: what was promised, how often it was tried, and what was found against it."""

    name: str
    title: str
    verdict: Verdict
    promise: str
    seed: int
    counts: dict[str, int]
    problems: tuple[str, ...]
    seconds: float
    skipped: str = ""  # why it could not be tried here
    trace: str = ""  # where a proof itself broke down
    again: str = ""  # what to type to see this line again


class Package(msgspec.Struct, frozen=True):
    """Exactly what was tested."""

    version: str
    digest: str  # of all files of the package: names and contents
    files: int


class Machine(msgspec.Struct, frozen=True):
    """What the figures depend on; nothing by which the machine or its owner could be told."""

    system: str
    kernel: str
    architecture: str
    cpu: str
    cpus: int
    memory_bytes: int
    python: str


class Evidence(msgspec.Struct, frozen=True):
    """All of `proof.json`."""

    format: int  # of this document: 1
    package: Package
    machine: Machine
    dependencies: dict[str, str]  # what the package needs and which version was there, and SQLite's
    lane: Lane
    seed: int
    began: str  # 2026-11-21T14:02:11Z
    ended: str
    verdict: Verdict  # skipped: nothing was found, but not all was tried
    stopped: Stopped  # by a person or the system, before all were tried
    figures: tuple[ProvenFigure, ...]
    not_asked: tuple[str, ...]  # proofs that --only left out
    not_reached: tuple[str, ...]  # proofs that were to come when it was stopped
    signed: bool
    note: str

    @property
    def sentence(self) -> str:
        """What it came to, in one line."""
        counted = {verdict: sum(one.verdict == verdict for one in self.figures) for verdict in ("held", "broken")}
        parts = [f"{counted['held']} of {len(self.figures)} figures hold" if self.figures else "nothing was tried"]
        if counted["broken"]:
            parts.append(f"{counted['broken']} {'does' if counted['broken'] == 1 else 'do'} not")
        skipped = len(self.figures) - sum(counted.values())
        if skipped:
            parts.append(f"{skipped} could not be tried here")
        if self.not_reached:
            parts.append(f"{len(self.not_reached)} not reached")
        if self.not_asked:
            parts.append(f"{len(self.not_asked)} not asked for")
        return ", ".join(parts)


class Proved(msgspec.Struct, frozen=True):
    """What `prove` answers."""

    directory: str  # where the bundle lies
    exit_code: int
    sentence: str
    evidence: Evidence


class ReadBundle(msgspec.Struct, frozen=True):
    """A bundle as it lies on the disk."""

    evidence: Evidence | None  # None where proof.json cannot be read
    changes: tuple[str, ...]  # everything that is not as the manifest says
    is_installed: bool  # whether the package that is installed here is the one that was tested


class CheckedBundle(msgspec.Struct, frozen=True):
    """What `prove --check` answers for a bundle that nobody changed."""

    directory: str
    exit_code: int
    sentence: str
    note: str
    evidence: Evidence


class Order(msgspec.Struct, frozen=True):
    """What shall be proven."""

    lane: Lane
    seed: int | None  # None: a new one
    names: tuple[str, ...]  # none: all


class Audience(Protocol):
    """Who hears what goes on. It is called in the thread that asked."""

    def begins(self, seed: int, directory: str, rows: tuple[ProofRow, ...]) -> None:
        """Before the first one."""
        ...

    def tries(self, row: ProofRow) -> None: ...
    def hears(self, text: str, seconds: float) -> None:
        """Progress of the one that is tried, and since when."""
        ...

    def tested(self, figure: ProvenFigure) -> None: ...


def list_proofs(parts: "Parts") -> ProofList:
    """What can be proven."""
    return ProofList(tuple(parts.proofs()))


def prove(parts: "Parts", cwd: str, order: Order, out: str, audience: Audience) -> Proved:
    """Try what *order* says, and keep the evidence in the directory *out*, or in a new one under *cwd*.

    Raises:
        FairleadError: FL-S100 no such proof, FL-S101 no seed, FL-S102 something is there already, FL-S014.
    """
    rows = tuple(parts.proofs())
    _must_be_known(order.names, rows)
    if order.seed is not None and not 0 <= order.seed <= SEED_MAX:
        raise error("FL-S101", f"{order.seed} is no seed", f"take a number from 0 to {SEED_MAX}")
    seed = parts.new_seed() if order.seed is None else order.seed
    directory = _place(parts, cwd, out, seed)
    evidence = parts.prove(order, seed, directory, audience)
    return Proved(path_text(directory), _exit_code_of(evidence), evidence.sentence, evidence)


def check_bundle(parts: "Parts", cwd: str, directory: str) -> CheckedBundle:
    """Whether a bundle is as it was written, and what it says.

    Raises:
        FairleadError: FL-S103 there is none, FL-S104 it was changed (exit code 9).
    """
    full = os.path.normpath(os.path.join(cwd, directory))
    read = parts.read_bundle(full)
    shown = path_text(directory)
    if read is None:
        raise error("FL-S103", f"{shown} is no evidence bundle", "name the directory that `fairlead prove` wrote")
    if read.evidence is None or read.changes:
        said = "; ".join(read.changes[:5]) or "proof.json cannot be read"
        more = f"; and {len(read.changes) - 5} more" if len(read.changes) > 5 else ""
        hint = f"prove it again with the seed that the bundle names: fairlead prove --seed {_seed_of(read)}"
        raise error("FL-S104", f"the bundle {shown} was changed: {said}{more}", hint, exit_code=BROKEN)
    same = "the files that are installed here" if read.is_installed else "other files than are installed here"
    evidence = read.evidence
    sentence = f"nothing was changed: {evidence.sentence}; fairlead {evidence.package.version}, {same}"
    code = NOT_READY if evidence.stopped else _exit_code_of(evidence)
    return CheckedBundle(path_text(full), code, sentence, evidence.note, evidence)


def _exit_code_of(evidence: Evidence) -> int:
    """0 only where every figure holds that was asked for; 8 where one could not be tried on this machine."""
    match evidence.stopped:
        case "interrupted":
            return INTERRUPTED
        case "terminated":
            return TERMINATED
        case "":
            return {"held": OK, "broken": _NOT_HELD, "skipped": NOT_READY}[evidence.verdict]


def _must_be_known(names: tuple[str, ...], rows: tuple[ProofRow, ...]) -> None:
    known = [row.name for row in rows]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            raise error("FL-S100", f"there is no proof {path_text(name)}", hint, "fairlead prove --list")


def _place(parts: "Parts", cwd: str, out: str, seed: int) -> str:
    """Where the bundle will lie; nothing that is there is overwritten."""
    if out:
        directory = os.path.normpath(os.path.join(cwd, out))
        is_free = not parts.files.exists(directory)
        if not is_free and (not parts.files.is_directory(directory) or parts.files.names(directory)):
            raise error("FL-S102", f"{path_text(out)} is there already", "name a directory that is new or empty")
        return directory
    for number in range(1, _SAME_SEED_MAX):
        directory = os.path.join(cwd, f"{_DIRECTORY}-{seed}" + (f"-{number}" if number > 1 else ""))
        if not parts.files.exists(directory):
            return directory
    raise error("FL-S102", f"{_DIRECTORY}-{seed} is there {_SAME_SEED_MAX:,} times", "name another one with --out")


def _seed_of(read: ReadBundle) -> str:
    return "SEED" if read.evidence is None else str(read.evidence.seed)
