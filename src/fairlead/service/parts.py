"""What the operations need from the rest of the program, as Protocols. `fairlead.app` joins the real ones.

Everything is made when it is first asked for: a command pays only for what it uses.
"""

import os.path
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from fairlead.core.adoption import Adoption, Manner
from fairlead.core.durability import Durability
from fairlead.core.errors import Diagnostic, FairleadError
from fairlead.core.findings import path_text
from fairlead.core.ids import RunId
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome
from fairlead.core.ports import AgentCard, Call, Catalog, Clock, EffectCard, Ids, Journal, Setting
from fairlead.views.reading import Readable
from fairlead.views.rules import RuleText

if TYPE_CHECKING:
    from fairlead.service.certifying import Certificate, Setup
    from fairlead.service.certifying import Tell as TellPoint
    from fairlead.service.proofs import Audience, Evidence, Order, ProofRow, ReadBundle
    from fairlead.workflow.building.built import Built


class Project(msgspec.Struct, frozen=True):
    """Where a command was called, and where its state lies. Paths are as `os.fsdecode` gives them."""

    root: str  # absolute path of the checkout, or of the directory when it is not under git
    state_dir: str  # absolute; it may not exist yet
    is_git: bool = True
    notes: tuple[str, ...] = ()  # what a person should know: "not a git repository"
    directory: str = ""  # where the command was called; "" for the root

    @property
    def name(self) -> str:
        """The last part of the root, for people."""
        return path_text(os.path.basename(self.root) or self.root)


class Checkout(msgspec.Struct, frozen=True):
    """What lies in the project just now. Looking costs a `git status`, so only headers ask for it."""

    branch: str = ""  # "" for a detached head, and without git
    head: str = ""  # the first 7 digits of the commit; "" before the first commit
    changed: int = 0  # files that differ from HEAD or are unknown to git, ignored ones not counted
    notes: tuple[str, ...] = ()  # "no commits yet"
    commit: str = ""  # all of it


class Probe(msgspec.Struct, frozen=True):
    """One line of `fairlead doctor`. Only `bad` means that a run could not start."""

    area: str  # machine, sandbox, repository, state, agents
    status: Literal["ok", "warn", "bad", "none"]
    text: str  # "Python 3.11.9"
    fix: str = ""  # what to type; "" when nothing need be done


class CommonCommit(Protocol):
    """What findings are compared with."""

    @property
    def name(self) -> str:
        """`origin/main @ 4f2c1e9`."""
        ...

    @property
    def commit(self) -> str: ...
    @property
    def is_merge_base(self) -> bool:
        """Whether it is where HEAD and the asked-for commit part; else they have nothing in common."""
        ...


class Repository(Protocol):
    """The commits of a project. The repository itself is only read."""

    def common_commit(self, ref: str) -> CommonCommit:
        """The merge base of *ref* and HEAD, or *ref* itself where there is none.

        Raises:
            FairleadError: FL-S056 no repository, FL-S057 *ref* is unknown, FL-S058 the clone is too shallow.
        """
        ...

    def reachable(self, commits: Iterable[str], last: str) -> frozenset[str]:
        """Those of *commits* that are in the history of *last*."""
        ...

    def export(self, commit: str, path: str, tell: Callable[[str], None]) -> None:
        """Make *path* a checkout of *commit*, unless it is there; *tell* hears of one that takes long.

        Raises:
            FairleadError: FL-S059.
        """
        ...

    def drop(self, path: str) -> None:
        """Remove an exported tree."""
        ...


class Files(Protocol):
    """The few files that a door reads and writes on behalf of a person."""

    def read(self, path: str, *, offset: int = 0, limit: int = 10_000_000) -> bytes | None:
        """Bytes of a regular file; None when there is none, or it may not be read."""
        ...

    def write(self, path: str, data: bytes, *, is_new: bool = False) -> None:
        """Write the whole file or nothing; directories above it are made.

        Raises:
            FileExistsError: *is_new*, and something is there already.
            OSError: the place cannot be written.
        """
        ...

    def append(self, path: str, data: bytes) -> None:
        """Add to the end of a file that somebody else has made, or make it.

        Raises:
            OSError: the place cannot be written.
        """
        ...

    def exists(self, path: str) -> bool: ...
    def is_directory(self, path: str) -> bool: ...
    def names(self, path: str) -> Sequence[str]:
        """The names in a directory in alphabetical order; none when there is no such directory."""
        ...


class Tried(msgspec.Struct, frozen=True):
    """One call of an agent outside of any run."""

    outcome: Outcome
    log: str = ""  # the end of what it wrote


class Mend(msgspec.Struct, frozen=True):
    """An agent file that is read by recovery only, and what it should be."""

    name: str  # of the agent
    path: str  # as lists name it
    full: str  # where it lies
    before: bytes
    after: bytes


class OwnAgents(Protocol):
    """The agent files of a project, for those who write them."""

    def names(self) -> Sequence[tuple[str, str]]:
        """Name and file of each agent of the project; a name may come twice."""
        ...

    def hiding(self) -> Sequence[tuple[str, str]]:
        """Name and file of those that have the name of an agent that ships."""
        ...

    def check(self, names: Sequence[str]) -> Sequence[Diagnostic]:
        """Everything that is wrong with the agents of these names, or with all. Their code runs in child processes."""
        ...

    def settings(self, name: str) -> Sequence[Setting]:
        """What holds for an agent, whether or not it ships, and why each line is what it is."""
        ...

    def mends(self, names: Sequence[str]) -> Sequence[Mend]:
        """The agent files of these names, or all of the project's, that are read by recovery only."""
        ...

    def is_inside(self, path: str) -> bool:
        """Whether what is written to *path* stays in the project, also where links lie on the way."""
        ...

    def attempt(self, name: str, inputs: dict[str, Json], tree: str) -> Tried:
        """Call the agent *name* over a copy of the directory *tree*, as a step would, and keep no record of it."""
        ...


class AdvisoryData(msgspec.Struct, frozen=True):
    """What the dependency-auditor asks for one ecosystem."""

    ecosystem: str  # "PyPI", "npm"
    advisories: int
    packages: int
    date: str  # the day of the newest change in it
    source: str
    imported: str  # the day of the import; "" for the small set that ships
    note: str  # what is less than it should be: its age, or that it is only the small set; "" when it is fresh


class AdvisoryState(msgspec.Struct, frozen=True):
    """The advisory data of this machine."""

    directory: str
    ecosystems: tuple[AdvisoryData, ...]
    problem: str = ""  # why what lies there cannot be used


class Imported(msgspec.Struct, frozen=True):
    """What one import did."""

    entries: int
    ecosystems: tuple[AdvisoryData, ...]
    broken: int
    broken_names: tuple[str, ...]  # the first ten, each with its reason
    left_out: dict[str, int]  # entries about ecosystems that no agent reads


class IsolationSetting(Protocol):
    """What a person has set for one project's programs."""

    @property
    def is_off(self) -> bool: ...
    @property
    def by(self) -> str: ...
    @property
    def since(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def path(self) -> str:
        """Of the file that says so; it need not exist."""
        ...

    @property
    def problem(self) -> str:
        """Why that file says nothing; isolation is then on."""
        ...


class PermissionSetting(Protocol):
    """One thing that a person lets happen unasked in one project."""

    @property
    def what(self) -> str: ...
    @property
    def by(self) -> str: ...
    @property
    def since(self) -> str: ...
    @property
    def reason(self) -> str: ...


Ending = Literal["ended", "interrupted", "terminated"]  # nothing left to do; SIGINT; SIGTERM


class Parts(Protocol):
    """The joined program. Attributes may be lazy properties."""

    @property
    def environ(self) -> Mapping[str, str]: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def files(self) -> Files: ...
    @property
    def cwd(self) -> str: ...
    @property
    def durability(self) -> Durability:
        """What acknowledged work survives.

        Raises:
            FairleadError: FL-N025 the setting is no such word.
        """
        ...

    def use_durability(self, word: str) -> None:
        """What the command line says, before anything is recorded.

        Raises:
            FairleadError: FL-N025.
        """
        ...

    @property
    def user(self) -> str:
        """The operating-system user's name, for the record."""
        ...

    def project(self, directory: str) -> Project:
        """What stands around *directory*.

        Raises:
            FairleadError: FL-N0xx when it cannot be used at all, FL-S0xx when there is no such directory.
        """
        ...

    def checkout(self, project: Project) -> Checkout:
        """What lies in the project just now, for display.

        Raises:
            FairleadError: FL-N0xx when git cannot say.
        """
        ...

    def repository(self, project: Project) -> Repository: ...

    def git_facts(self, project: Project, *, with_changed: bool, with_tree: bool) -> dict[str, Json]:
        """`git` as expressions read it; the lists behind its two functions only where they are asked for."""
        ...

    def permissions(self, project: Project) -> Sequence[PermissionSetting]:
        """What the person lets happen unasked in this project: kinds of effects, and `self`."""
        ...

    def change_permission(self, project: Project, what: str, *, is_allowed: bool, reason: str) -> None:
        """Write that down for this person, outside of the project.

        Raises:
            OSError: it cannot be written.
        """
        ...

    def host_facts(self) -> dict[str, Json]:
        """`host` as expressions read it."""
        ...

    def files_between(self, project: Project, before: str, after: str) -> Sequence[str] | None:
        """What differs between two commits, "M app/orders.py" each; None when one of them is unknown here."""
        ...

    def journal(self, project: Project) -> Journal:
        """The project's journal, for requests and reading; made when there is none. Opened once per process.

        Raises:
            FairleadError: FL-N0xx or FL-L0xx when it cannot be opened.
        """
        ...

    def reader(self, project: Project) -> Readable | None:
        """The project's journal for reading only; None when nothing was ever recorded here.

        Raises:
            FairleadError: as `journal`.
        """
        ...

    def catalog(self, project: Project) -> Catalog: ...
    def shipped_catalog(self) -> Catalog:
        """The agents that ship, whatever lies in a project: those that the workflows that ship call."""
        ...

    def own_agents(self, project: Project) -> OwnAgents: ...

    def effect_cards(self) -> Mapping[str, EffectCard]:
        """What is known of the effects that this build performs, by their kinds."""
        ...

    def build(self, project: Project, path: str, data: bytes) -> "Built":
        """Perform a Python file in a child process, and give the workflow that it writes down, or why there is none.

        Raises:
            FairleadError: FL-P3xx, FL-N0xx: nothing can be performed here.
        """
        ...

    def shipped_workflow(self, name: str) -> tuple[str, bytes] | None:
        """A workflow that ships with Fairlead: its path for diagnostics, and its text. "review" is one."""
        ...

    def workflow_template(self, file: str) -> bytes:
        """One file of the templates that ship."""
        ...

    def rules(self) -> Mapping[str, RuleText]:
        """The rules of all scanners that ship, by id."""
        ...

    def advisories(self) -> AdvisoryState:
        """What the advisory data of this machine are, and how old."""
        ...

    def import_advisories(self, path: str, source: str, *, is_replacing: bool, tell: Callable[[int], None]) -> Imported:
        """Take a dump of advisories over; *tell* hears how many entries were read so far.

        Raises:
            FairleadError: FL-S040, FL-N040 to FL-N046; the data that were there are still there.
        """
        ...

    def probes(self, project: Project | None) -> Sequence[Probe]:
        """Look at machine, repository and state for `doctor`; without *project*, at the machine only."""
        ...

    def isolation(self, project: Project) -> IsolationSetting:
        """Whether this person has switched isolation off for *project*."""
        ...

    def switch_isolation(self, project: Project, *, is_off: bool, reason: str) -> None:
        """Write that down for this person, outside of the project.

        Raises:
            OSError: it cannot be written.
        """
        ...

    def level_of(self, project: Project, card: AgentCard | None, call: Call) -> str | Failed:
        """The isolation level that *call* would get, or why it would be refused; without a *card* it is a program's."""
        ...

    def sandbox_problem(self) -> FairleadError | None:
        """Why no program can be isolated here, found out by building a sandbox; None when it can."""
        ...

    def proofs(self) -> "Sequence[ProofRow]":
        """What can be proven, in the order in which it is."""
        ...

    def new_seed(self) -> int:
        """A seed that nobody has chosen."""
        ...

    def prove(self, order: "Order", seed: int, directory: str, audience: "Audience") -> "Evidence":
        """Try what *order* says, and write the evidence into *directory*.

        Raises:
            FairleadError: FL-S014 it cannot be written.
        """
        ...

    def read_bundle(self, directory: str) -> "ReadBundle | None":
        """The evidence in *directory*, compared with its manifest; None when there is none."""
        ...

    def perform(self, project: Project, run: RunId, on_tick: Callable[[], None]) -> Ending:
        """Perform the run in this process, until it has ended or a signal asks to stop; *on_tick* comes every 50 ms.

        Raises:
            FairleadError: FL-R101 unknown, FL-R102 ended, FL-R401 owned by another living worker, FL-L0xx.
        """
        ...

    def adopt(self, project: Project, manner: Manner, on_tick: Callable[[Adoption], None]) -> Ending:
        """Go on in this process with every open run of the checkout that nobody living performs, or until a signal.

        *on_tick* comes every 50 ms with the counts as they stand, and once at the end.

        Raises:
            FairleadError: FL-L0xx, nothing more can be recorded.
        """
        ...

    def log_path(self, project: Project, run: RunId, place: str, attempt: int) -> str:
        """Where the gate keeps what a call wrote: stderr and stdout as they came, secrets masked."""
        ...

    def live_path(self, project: Project, run: RunId) -> str:
        """Where the owner of a run writes its progress."""
        ...

    def certify(self, project: Project, setup: "Setup", tell: "TellPoint") -> "Certificate":
        """Perform a workflow in disposable copies of *project*, and disturb it at every point.

        Raises:
            FairleadError: FL-R813, FL-R814, FL-R818: nothing can be tried.
        """
        ...

    def start_worker(self, project: Project, run: RunId) -> None:
        """Start `python -m fairlead worker --run ID` in a process group of its own, in the project's root."""
        ...
