"""The program's parts on paper: a real journal, real files and the real agents; a clock that is moved by hand."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from fairlead.agents.adapters.program import ProgramAgent
from fairlead.agents.shipped import workflow_template
from fairlead.core.adoption import Adoption, Manner
from fairlead.core.durability import Durability
from fairlead.core.errors import Diagnostic, FairleadError
from fairlead.core.events import AttemptFailed, AttemptStarted, AttemptSucceeded, Event, RunClaimed, RunEnded, RunQueued
from fairlead.core.findings import Finding, Fingerprints, Severity
from fairlead.core.ids import Place, RunId, WorkerId
from fairlead.core.json import Digest, Json
from fairlead.core.outcomes import Failed
from fairlead.core.ports import AgentCard, Call, Catalog, Clock, EffectCard, Ids, Journal, Setting
from fairlead.core.receipts import Receipt
from fairlead.core.workflow import AgentAction, RunAction, Step, Workflow
from fairlead.env.baselines import LocalRepository
from fairlead.env.files import LocalFiles
from fairlead.env.isolation import Isolation, read_isolation, switch_isolation_off, switch_isolation_on
from fairlead.env.permissions import Permission, read_permissions, write_permissions
from fairlead.gate.levels import level_for
from fairlead.journal import SqliteJournal, open_journal
from fairlead.service.certifying import Certificate, Setup
from fairlead.service.certifying import Tell as TellPoint
from fairlead.service.parts import (
    AdvisoryState,
    Checkout,
    Ending,
    Files,
    Imported,
    Mend,
    OwnAgents,
    Parts,
    Probe,
    Project,
    Repository,
    Tried,
)
from fairlead.service.proofs import Audience, Evidence, Order, ProofRow, ReadBundle
from fairlead.views.reading import Readable
from fairlead.views.rules import RuleText
from fairlead.workflow.building.built import Built
from tests.journal.parts import Deliveries, FakeClock
from tests.views.kept import Keeper

WORKFLOW = Workflow(
    "review",
    (
        Step("inventory", AgentAction("inventory")),
        Step("secrets", AgentAction("secret-scanner")),
        Step("security", AgentAction("security-scanner"), optional=True),
        Step("tests", RunAction(("make", "test")), optional=True),
    ),
    title="Review",
    flow="graph",
)


@cache
def _rules() -> Mapping[str, RuleText]:
    from fairlead.agents.rules import all_rules

    return all_rules()


class PaperIds:
    """Implements `Ids`: counts."""

    def __init__(self) -> None:
        self._count = 0

    def run_id(self) -> RunId:
        self._count += 1
        return RunId(f"r-paper{self._count:03d}")

    def worker_id(self) -> WorkerId:
        return WorkerId("w-paper0000000")


class PaperCatalog:
    """Implements `Catalog` with two cards."""

    def cards(self) -> Sequence[AgentCard]:
        return [self._card("inventory"), self._card("secret-scanner")]

    def find(self, name: str) -> AgentCard | None:
        return next((card for card in self.cards() if card.name == name), None)

    def _card(self, name: str) -> AgentCard:
        return AgentCard(name, name, "Looks.", "tool", "x:y", "1.2.3", Digest("sha256:0"), {}, {}, "here")


class PaperOwnAgents:
    """Implements `OwnAgents` for a project that has none."""

    def names(self) -> Sequence[tuple[str, str]]:
        return ()

    def hiding(self) -> Sequence[tuple[str, str]]:
        return ()

    def check(self, names: Sequence[str]) -> Sequence[Diagnostic]:
        return ()

    def settings(self, name: str) -> Sequence[Setting]:
        return ()

    def mends(self, names: Sequence[str]) -> Sequence[Mend]:
        return ()

    def is_inside(self, path: str) -> bool:
        return True

    def attempt(self, name: str, inputs: dict[str, Json], tree: str) -> Tried:
        raise AssertionError("on paper no agent is tried")


class PaperParts:
    """Implements `Parts`. Runs are not performed here: `record_run` writes down what is said to have happened."""

    def __init__(self, root: Path, environ: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.state = root.parent / "state"
        self.fake_clock = FakeClock()
        self.deliveries = Deliveries()
        self.started: list[RunId] = []
        self.no_sandbox: FairleadError | None = None  # there is one, on paper
        self.cwd = str(root)
        self._environ = dict(environ or {})
        self._ids = PaperIds()
        self._journal: SqliteJournal | None = None

    @property
    def environ(self) -> Mapping[str, str]:
        return self._environ

    @property
    def clock(self) -> Clock:
        return self.fake_clock

    @property
    def ids(self) -> Ids:
        return self._ids

    @property
    def files(self) -> Files:
        return LocalFiles()

    user = "ada"

    def project(self, directory: str) -> Project:
        return Project(str(self.root), str(self.state))

    def checkout(self, project: Project) -> Checkout:
        return Checkout("main", "4f2c1e9", 3)

    def repository(self, project: Project) -> Repository:
        return LocalRepository(project.root, project.is_git)

    def files_between(self, project: Project, before: str, after: str) -> Sequence[str] | None:
        return ["M app/queries.py"]

    def journal(self, project: Project) -> Journal:
        if self._journal is None:
            self._journal = open_journal(str(self.state), clock=self.clock, deliver=self.deliveries)
        return self._journal

    def reader(self, project: Project) -> Readable | None:
        return self._journal

    def catalog(self, project: Project) -> Catalog:
        return PaperCatalog()

    def shipped_catalog(self) -> Catalog:
        return PaperCatalog()

    def own_agents(self, project: Project) -> OwnAgents:
        return PaperOwnAgents()

    def advisories(self) -> AdvisoryState:
        return AdvisoryState("/data", ())

    def import_advisories(self, path: str, source: str, *, is_replacing: bool, tell: Callable[[int], None]) -> Imported:
        raise AssertionError("on paper nothing is imported")

    def build(self, project: Project, path: str, data: bytes) -> Built:
        raise AssertionError("on paper no file is performed")

    def shipped_workflow(self, name: str) -> tuple[str, bytes] | None:
        return None

    def workflow_template(self, file: str) -> bytes:
        return workflow_template(file)

    def rules(self) -> Mapping[str, RuleText]:
        return _rules()

    def probes(self, project: Project | None) -> Sequence[Probe]:
        return [Probe("machine", "ok", "Python"), Probe("state", "warn", "nearly full", "free some room")]

    def isolation(self, project: Project) -> Isolation:
        return read_isolation(str(self.state / "data"), project.state_dir)

    def switch_isolation(self, project: Project, *, is_off: bool, reason: str) -> None:
        if is_off:
            switch_isolation_off(str(self.state / "data"), project.state_dir, self.user, "2026-01-02", reason)
        else:
            switch_isolation_on(str(self.state / "data"), project.state_dir)

    def permissions(self, project: Project) -> Sequence[Permission]:
        return read_permissions(str(self.state / "data"), project.state_dir)

    def change_permission(self, project: Project, what: str, *, is_allowed: bool, reason: str) -> None:
        kept = [one for one in self.permissions(project) if one.what != what]
        new = [Permission(what, self.user, "2026-01-02", reason)] if is_allowed else []
        write_permissions(str(self.state / "data"), project.state_dir, (*kept, *new))

    def effect_cards(self) -> Mapping[str, EffectCard]:
        from fairlead.env.effects import effects

        return {kind: effect.describe() for kind, effect in effects().items()}

    def git_facts(self, project: Project, *, with_changed: bool, with_tree: bool) -> dict[str, Json]:
        raise AssertionError("on paper nothing is started")

    def host_facts(self) -> dict[str, Json]:
        raise AssertionError("on paper nothing is started")

    def level_of(self, project: Project, card: AgentCard | None, call: Call) -> str | Failed:
        return level_for(card or ProgramAgent().describe(), call, is_off=self.isolation(project).is_off)

    def sandbox_problem(self) -> FairleadError | None:
        return self.no_sandbox

    def perform(self, project: Project, run: RunId, on_tick: Callable[[], None]) -> Ending:
        raise AssertionError("nothing is performed on paper")

    def adopt(self, project: Project, manner: Manner, on_tick: Callable[[Adoption], None]) -> Ending:
        raise AssertionError("nothing is performed on paper")

    @property
    def durability(self) -> Durability:
        return "full"

    def use_durability(self, word: str) -> None:
        raise AssertionError("nothing is recorded on paper")

    def log_path(self, project: Project, run: RunId, place: str, attempt: int) -> str:
        return str(self.state / "logs" / f"{run}.{place}.{attempt}.log")

    def live_path(self, project: Project, run: RunId) -> str:
        return str(self.state / "live" / f"{run}.jsonl")

    def start_worker(self, project: Project, run: RunId) -> None:
        self.started.append(run)

    def proofs(self) -> Sequence[ProofRow]:
        return ()

    def new_seed(self) -> int:
        return 1

    def prove(self, order: Order, seed: int, directory: str, audience: Audience) -> Evidence:
        raise AssertionError("nothing is proven on paper")

    def read_bundle(self, directory: str) -> ReadBundle | None:
        return None

    def certify(self, project: Project, setup: Setup, tell: TellPoint) -> Certificate:
        raise AssertionError("nothing is certified on paper")

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    # ------------------------------------------------------------------------------------------- writing down a run

    def record_run(
        self, run: str, events: Sequence[Event], workflow: Workflow = WORKFLOW, *, is_claimed: bool = True
    ) -> RunId:
        """Write *events* of a run that `run.queued` and `run.claimed` begin; without a claim there are none."""
        journal = self.journal(self.project(""))
        assert isinstance(journal, SqliteJournal)
        keeper = Keeper(journal, self.deliveries, workflow, RunId(run))
        keeper.keep([RunQueued(workflow.name, Digest(""), {}, str(self.root), requester="ada")])
        if is_claimed:
            keeper.keep([RunClaimed("w-1"), *events])
        self.fake_clock.move(60)
        return RunId(run)


def _is_parts(parts: PaperParts) -> Parts:
    """The type checker's proof that the paper has every part."""
    return parts


def started(step: str, agent: str = "secret-scanner") -> AttemptStarted:
    return AttemptStarted(Place(step), 1, agent, "1", Digest("sha256:1"))


def succeeded(step: str, findings: Sequence[Finding] = (), **more: object) -> AttemptSucceeded:
    output: Json = {"findings": list(findings)}
    degraded = more.get("degraded", ())
    assert isinstance(degraded, tuple)
    summary = f"{len(findings)} findings"
    return AttemptSucceeded(Place(step), 1, output, summary=summary, degraded=degraded, receipt=Receipt(seconds=0.5))


def failed(step: str, message: str = "2 of 412 failed") -> AttemptFailed:
    receipt = Receipt(seconds=72.0, argv=("make", "test"), exit_code=1)
    return AttemptFailed(Place(step), 1, "result", "FL-R210", message, "look at the tests", receipt=receipt)


def ended(status: str = "succeeded", *reasons: str) -> RunEnded:
    return RunEnded(status, reasons)


def finding(
    rule: str = "security/sql-injection",
    severity: Severity = "high",
    path: str = "app/queries.py",
    line: int = 6,
    excerpt: str = "x",
    **more: object,
) -> Finding:
    fingerprint = Fingerprints().of(rule, path, f"{excerpt}{line}")
    made = {"message": "`name` comes from the request", "fingerprint": fingerprint, "column": 1, **more}
    return Finding(rule=rule, severity=severity, path=path, line=line, excerpt=excerpt, **made)  # type: ignore[arg-type]  # keywords of a test
