"""`Workflow`: every call records one step; what was recorded is the same tree as that of a YAML file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Literal, overload

from fairlead.core.errors import Diagnostic, FairleadError
from fairlead.core.json import Digest, Json, encode
from fairlead.workflow.building.calls import calling_place, refuse
from fairlead.workflow.building.functions import field
from fairlead.workflow.building.recorder import Recorder, extra
from fairlead.workflow.building.recording import Recorded, bare_name, plain, unknown_names
from fairlead.workflow.building.symbols import Symbol, Value
from fairlead.workflow.keys import APPROVE, INPUT, LOOP, NOTIFY, PARALLEL, WAIT

if TYPE_CHECKING:
    from typing import Unpack

    from fairlead.workflow.building.keywords import (
        Agents,
        Approvals,
        Blocks,
        Children,
        Condition,
        Effects,
        Given,
        Loops,
        Messages,
        Modifiers,
        Runs,
        Text,
    )

_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def expect(
    that: "Condition", say: "Text", satisfies: Sequence[str] = (), level: "Literal['fail', 'warn'] | None" = None
) -> dict[str, Json]:
    """What must hold of a step's output, and what to say when it does not.

    >>> from fairlead import expect, output
    >>> expect(output.exit_code == 0, f"exit code {output.exit_code}")
    {'that': 'output.exit_code == 0', 'say': 'exit code ${ output.exit_code }'}
    """
    found: dict[str, Json] = {"that": plain(that, "that"), "say": plain(say)}
    if satisfies:
        found["satisfies"] = [*satisfies]
    if level is not None:
        found["level"] = level
    return Recorded(calling_place(), found)


class Workflow:
    """A workflow, written down in Python. Nothing is performed: `fairlead run flow.py` does that.

    Each call adds one step below the last one, and answers a symbol for it: `scan.output.findings` stands for what
    the step will give. `parallel`, `loop`, `choose` and `steps` are blocks, filled in a `with` statement.

        >>> from fairlead import Workflow
        >>> wf = Workflow("look")
        >>> scan = wf.agent("scan", "security-scanner")
        >>> wf.outputs(found=scan.output.findings.size())
        >>> wf.to_json()
        '{"fairlead":1,"name":"look","outputs":{"found":"${ steps.scan.output.findings.size() }"},\
"steps":[{"agent":"security-scanner","id":"scan"}]}'
    """

    def __init__(
        self,
        name: str,
        *,
        title: str | None = None,
        description: str | None = None,
        flow: Literal["sequence", "graph"] | None = None,
        requirements: str | None = None,
        policies: Sequence[str] | None = None,
        budget: "Given | None" = None,
        defaults: "Given | None" = None,
        limits: "Given | None" = None,
        concurrency: "Given | None" = None,
        triggers: "Sequence[str | Given] | None" = None,
        env: Sequence[str] | None = None,
        x: Mapping[str, Value] | None = None,
    ) -> None:
        top = {
            "title": title,
            "description": description,
            "flow": flow,
            "requirements": requirements,
            "policies": policies,
            "budget": budget,
            "defaults": defaults,
            "limits": limits,
            "concurrency": concurrency,
            "triggers": triggers,
            "env": env,
        }
        self._place = calling_place()
        self._top: dict[str, Json] = {"fairlead": 1, "name": plain(name)}
        self._top.update({key: plain(value, key) for key, value in top.items() if value is not None})
        self._top.update(extra(x))
        self._inputs: dict[str, Json] = {}
        self._vars: dict[str, Json] = {}
        self._outputs: dict[str, Json] = {}
        self._recorder = Recorder()

    # — what a run is given and gives —

    def input(self, name: str, type: str | None = None, **rules: Value) -> Symbol:
        """Declare an input; without *type* it has the type of its default, or of what is allowed.

        >>> from fairlead import Workflow
        >>> Workflow("look").input("days", default=7, maximum=30)
        Symbol(inputs.days)
        """
        keys = {bare_name(key): plain(value, "default") for key, value in rules.items() if key != "x"}
        unknown_names(keys, INPUT.names, "an input")
        chosen = keys.get("enum")
        sample = keys.get("default", chosen[0] if isinstance(chosen, list) and chosen else "")
        kind = type or next((word for kind, word in _TYPES if isinstance(sample, kind)), "string")
        self._inputs[name] = Recorded(calling_place(), {"type": kind, **keys, **extra(rules.get("x"))})
        return field("inputs", name)

    def var(self, name: str, value: Value) -> Symbol:
        """A value that is worked out when the run begins.

        >>> from fairlead import Workflow, git
        >>> Workflow("look").var("where", f"branch {git.branch}")
        Symbol(vars.where)
        """
        self._vars[name] = plain(value, "vars")
        return field("vars", name)

    def outputs(self, **values: Value) -> None:
        """What the run gives, by name.

        >>> from fairlead import Workflow, run
        >>> Workflow("look").outputs(status=run.status)
        """
        self._outputs.update({name: plain(value, "outputs") for name, value in values.items()})

    # — steps —

    def agent(self, id: str, agent: str, **modifiers: "Unpack[Agents]") -> Symbol:
        """Call an agent.

        >>> from fairlead import Workflow
        >>> Workflow("look").agent("scan", "security-scanner", with_={"min_severity": "high"}, timeout="5m")
        Symbol(steps.scan)
        """
        return self._recorder.step("agent", id, plain(agent), modifiers)

    def run(self, id: str, command: "str | Sequence[Text]", **modifiers: "Unpack[Runs]") -> Symbol:
        """Perform a program with its arguments, without a shell.

        >>> from fairlead import Workflow
        >>> Workflow("look").run("tests", "pytest -q", parse={"junit": "junit.xml"})
        Symbol(steps.tests)
        """
        return self._recorder.step("run", id, plain(command), modifiers)

    def approve(self, id: str, title: "Text", **modifiers: "Unpack[Approvals]") -> Symbol:
        """Ask a person.

        >>> from fairlead import Workflow
        >>> Workflow("look").approve("sign_off", "Go on?", from_=[{"team": "security", "min": 1}])
        Symbol(steps.sign_off)
        """
        return self._recorder.step("approve", id, {"title": plain(title)}, modifiers, APPROVE.names)

    def effect(self, id: str, kind: str, **modifiers: "Unpack[Effects]") -> Symbol:
        """Change the world outside.

        >>> from fairlead import Workflow
        >>> Workflow("look").effect("keep", "git.branch", with_={"name": "kept"})
        Symbol(steps.keep)
        """
        return self._recorder.step("effect", id, plain(kind), modifiers)

    def notify(self, id: str, to: "str | Sequence[Text]", title: "Text", **modifiers: "Unpack[Messages]") -> Symbol:
        """Tell somebody.

        >>> from fairlead import Workflow, run
        >>> Workflow("look").notify("tell", "console", f"{run.id} has ended", body="All is well.")
        Symbol(steps.tell)
        """
        targets = [to] if isinstance(to, str) else to
        return self._recorder.step("notify", id, {"to": plain(targets), "title": plain(title)}, modifiers, NOTIFY.names)

    def wait(
        self,
        id: str,
        *,
        for_: "Text | None" = None,
        until: "Text | None" = None,
        event: str | None = None,
        **modifiers: "Unpack[Modifiers]",
    ) -> Symbol:
        """Wait for a time, a moment or a signal.

        >>> from fairlead import Workflow
        >>> Workflow("look").wait("pause", for_="10m")
        Symbol(steps.pause)
        """
        given = {"for": for_, "until": until, "event": event}
        action = {key: plain(value) for key, value in given.items() if value is not None}
        return self._recorder.step("wait", id, action, modifiers, WAIT.names)

    def workflow(self, id: str, workflow: str, **modifiers: "Unpack[Children]") -> Symbol:
        """Perform another workflow as a run of its own.

        >>> from fairlead import Workflow
        >>> Workflow("look").workflow("inner", "repo-health")
        Symbol(steps.inner)
        """
        return self._recorder.step("workflow", id, plain(workflow), modifiers)

    # — blocks —

    def parallel(
        self, id: str, *, max: int | None = None, fail_fast: bool | None = None, **modifiers: "Unpack[Blocks]"
    ) -> AbstractContextManager[Symbol]:
        """Steps side by side.

        >>> from fairlead import Workflow
        >>> wf = Workflow("look")
        >>> with wf.parallel("checks", max=2) as checks:
        ...     scan = wf.agent("scan", "security-scanner")
        ...     audit = wf.agent("audit", "dependency-auditor")
        >>> checks.degraded
        Symbol(steps.checks.degraded)
        """
        given = {key: value for key, value in (("max", max), ("fail_fast", fail_fast)) if value is not None}
        names = PARALLEL.names if "each" not in modifiers else tuple(n for n in PARALLEL.names if n != "join")
        return self._recorder.block("parallel", id, given, modifiers, names)

    def loop(self, id: str, *, max: "int | Text", **modifiers: "Unpack[Loops]") -> AbstractContextManager[Symbol]:
        """Steps again and again.

        >>> from fairlead import Workflow, round_
        >>> wf = Workflow("look")
        >>> with wf.loop("tune", max=5, until=round_.best < 100) as tune:
        ...     bench = wf.agent("bench", "benchmark")
        >>> tune.output.best
        Symbol(steps.tune.output.best)
        """
        return self._recorder.block("loop", id, {"max": plain(max)}, modifiers, LOOP.names)

    def steps(self, id: str, **modifiers: "Unpack[Blocks]") -> AbstractContextManager[Symbol]:
        """Steps one after the other, as one step; mostly with `each`.

        >>> from fairlead import Workflow, inputs, item
        >>> wf = Workflow("look")
        >>> with wf.steps("every", each=inputs.paths):
        ...     scan = wf.agent("scan", "security-scanner", with_={"paths": [item()]})
        """
        return self._recorder.block("steps", id, None, modifiers)

    def choose(self, id: str, **modifiers: "Unpack[Blocks]") -> AbstractContextManager[Symbol]:
        """The first branch whose condition holds; `when` and `otherwise` are its branches.

        >>> from fairlead import Workflow, git
        >>> wf = Workflow("look")
        >>> with wf.choose("where"):
        ...     with wf.when(git.branch == "main"):
        ...         whole = wf.agent("whole", "security-scanner")
        ...     with wf.otherwise():
        ...         part = wf.agent("part", "secret-scanner")
        """
        return self._recorder.block("choose", id, None, modifiers)

    @contextmanager
    def when(self, condition: "Condition") -> Iterator[None]:
        """A branch of `choose`."""
        with self._recorder.branch({"if": plain(condition, "if")}):
            yield

    @contextmanager
    def otherwise(self) -> Iterator[None]:
        """The branch of `choose` that is taken when no other is."""
        with self._recorder.branch({}):
            yield

    @overload
    def finally_(self) -> AbstractContextManager[None]: ...
    @overload
    def finally_(self, id: str, agent: str, **modifiers: "Unpack[Agents]") -> Symbol: ...
    def finally_(
        self, id: str | None = None, agent: str | None = None, **modifiers: "Unpack[Agents]"
    ) -> AbstractContextManager[None] | Symbol:
        """What runs at the end whatever happened: an agent, or without arguments a block of any steps.

        >>> from fairlead import Workflow
        >>> wf = Workflow("look")
        >>> wf.finally_("evidence", "evidence-bundle", with_={"formats": ["html"]})
        Symbol(steps.evidence)
        >>> with wf.finally_():
        ...     gone = wf.run("clean", "make clean")
        """
        if id is None:
            return self._recorder.inside(self._recorder.closing)
        if agent is None:
            refuse("FL-W320", "`finally_` needs an agent beside the id", "write wf.finally_(id, agent), or a block")
        with self._recorder.inside(self._recorder.closing):
            return self.agent(id, agent, **modifiers)

    # — what was recorded —

    @property
    def tree(self) -> dict[str, Json]:
        """The tree of the file, as YAML and JSON hold it; mappings of calls know their places."""
        parts: tuple[tuple[str, Json], ...] = (
            ("inputs", self._inputs),
            ("vars", self._vars),
            ("steps", self._recorder.steps),
            ("finally", self._recorder.closing),
            ("outputs", self._outputs),
        )
        found = {key: value for key, value in parts if value or key == "steps"}
        return Recorded(self._place, {**self._top, **found})

    def to_json(self) -> str:
        """The canonical JSON: equal to that of a YAML file with the same tree."""
        return encode(self.tree).decode()

    def to_yaml(self) -> str:
        """The same as a YAML file, which `fairlead check` reads.

        >>> from fairlead import Workflow
        >>> wf = Workflow("look")
        >>> scan = wf.agent("scan", "security-scanner")
        >>> print(wf.to_yaml(), end="")
        fairlead: 1
        name: look
        steps:
          - id: scan
            agent: security-scanner
        """
        from fairlead.workflow.building.yaml_text import yaml_text

        return yaml_text(self.tree)

    @property
    def digest(self) -> Digest:
        """The name of the definition, whatever it was written in: `fairlead plan` shows it too.

        Raises:
            FairleadError: it is wrong, so that there is no definition.
        """
        from fairlead.workflow.building.checked import read_in_place

        read = read_in_place(self.tree, self._place)
        if read.workflow is None:
            raise FairleadError(*read.diagnostics)
        return read.workflow.digest

    def check(self) -> "tuple[Diagnostic, ...]":
        """What is wrong with it, as `fairlead check` says, but for what only a project knows.

        >>> from fairlead import Workflow
        >>> wf = Workflow("look")
        >>> scan = wf.agent("scan", "security-scanner", timeout="soon")
        >>> [found.code for found in wf.check()]
        ['FL-W026']
        """
        from fairlead.workflow.building.checked import read_in_place

        return read_in_place(self.tree, self._place).diagnostics
