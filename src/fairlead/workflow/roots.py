"""What the words are that an expression can begin with, and the types of what they hold.

The table of facts (`git`, `host`, `data`) is what a run records about its surroundings when it is queued; the other
types follow from the workflow itself: its inputs, the cards of its agents, the actions of its steps.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from fairlead.core.expressions import (
    ANY,
    BOOL,
    INT,
    NULL,
    NUMBER,
    STRING,
    Type,
    joined,
    list_of,
    record,
    type_of,
)
from fairlead.core.json import Json
from fairlead.core.ports import AgentCard, EffectCard
from fairlead.core.program_outputs import schema_of_run
from fairlead.core.transitions import STEP
from fairlead.core.workflow import (
    AgentAction,
    ApproveAction,
    ChooseAction,
    EffectAction,
    GroupAction,
    Input,
    LoopAction,
    NotifyAction,
    ParallelAction,
    Parsing,
    RunAction,
    WaitAction,
    Workflow,
    WorkflowAction,
)
from fairlead.workflow.levels import StepText

_TEXTS = list_of(STRING)


def _facts(root: str, fields: dict[str, Type]) -> Type:
    return record(fields, code="FL-E005", message=f"`{root}` has no field `{{name}}`")


_STATUSES = tuple(sorted({*STEP, *(after for changes in STEP.values() for after in changes.values())} - {""}))
_STOPS = ("until", "stall", "max", "budget", "failure")

_GIT = _facts(
    "git",
    {
        "repo": STRING,
        "branch": STRING,
        "base": STRING,
        "commit": STRING,
        "remote": record({"kind": STRING, "url": STRING}),
    },
)
_HOST = _facts(
    "host", {"os": STRING, "arch": STRING, "name": STRING, "cpus": INT, "cpu_model": STRING, "python": STRING}
)
_DATA = _facts("data", {"advisories": record({"revision": STRING})})
_RUN = _facts(
    "run",
    {
        "id": STRING,
        "short_id": STRING,
        "workflow": STRING,
        "requester": STRING,
        "status": STRING,
        "reasons": _TEXTS,
        "evidence": ANY,
    },
)
_PAST_ROUND = record(
    {"number": INT, "status": STRING, "kept": BOOL, "metric": NUMBER, "summary": STRING, "commit": STRING}
)
ROUND = _facts("round", {"number": INT, "best": NUMBER, "history": list_of(_PAST_ROUND), "commit": STRING})
_LOOP_OUTPUT = record(
    {
        "best": NUMBER,
        "best_commit": STRING,
        "rounds": INT,
        "stopped_because": Type("string", values=_STOPS),
        "summary": STRING,
        "history": list_of(_PAST_ROUND),
    }
)
_SECRET = record({"secret": STRING})

_KNOWN_MAX = 1_000  # schemas whose types are kept; a catalog has at most so many cards
_known: dict[int, tuple[Json, Type]] = {}


def known_type(schema: Json) -> Type:
    """`type_of`, worked out once for the schema of a card: cards are read once, and many files name them."""
    kept = _known.get(id(schema))
    if kept is not None and kept[0] is schema:  # an id may be that of an earlier object which is gone
        return kept[1]
    if len(_known) >= _KNOWN_MAX:
        _known.clear()
    found = type_of(schema)
    _known[id(schema)] = (schema, found)
    return found


@lru_cache(maxsize=256)
def _type_of_run(parse: tuple[Parsing, ...]) -> Type:
    return type_of(schema_of_run(parse))


CardOf = Callable[[str], AgentCard | None]
EffectOf = Callable[[str], EffectCard | None]
WorkflowOf = Callable[[str], Workflow | None]


def type_of_input(declared: Input) -> Type:
    """What an input holds."""
    if declared.type == "secret":
        return _SECRET
    kind = "string" if declared.type == "path" else declared.type
    return type_of({"type": kind, **declared.rules})


def _type_of_value(value: Json) -> Type:
    """What a value of the file is; a text with `${ }` in it may become anything."""
    match value:
        case None:
            return NULL
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return NUMBER
        case str():
            return ANY if "${" in value else STRING
        case list():
            whole = _type_of_value(value[0]) if value else ANY
            for item in value[1:]:
                whole = joined(whole, _type_of_value(item))
            return list_of(whole)
        case _:
            return Type("object", None, {name: _type_of_value(item) for name, item in value.items()}, True)


class _Fields(Mapping[str, Type]):
    """Types by name, each worked out when it is first read: a workflow may have 2,000 steps."""

    def __init__(self, names: Mapping[str, StepText], make: Callable[[StepText], Type]) -> None:
        self._names = names
        self._make = make
        self._made: dict[str, Type] = {}

    def __getitem__(self, name: str) -> Type:
        if name not in self._made:
            self._made[name] = ANY  # a step that is read while its own type is worked out
            self._made[name] = self._make(self._names[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Types:
    """The types of one workflow."""

    def __init__(
        self,
        workflow: Workflow,
        known: Mapping[str, StepText],
        card_of: CardOf,
        effect_of: EffectOf,
        workflow_of: WorkflowOf,
    ) -> None:
        self.workflow = workflow
        self._known = known
        self.card_of = card_of
        self.effect_of = effect_of
        self.workflow_of = workflow_of
        self.items: dict[str, Type] = {}  # of each step with `each`, once its list has been checked
        self.selected: dict[str, Type] = {}  # of each `approve` with `select`
        inputs = {name: type_of_input(declared) for name, declared in workflow.inputs.items()}
        steps = _Fields(known, self._step)
        self.start: dict[str, Type] = {
            "inputs": record(
                inputs,
                code="FL-E004",
                message="the workflow has no input `{name}`",
                hint="declare it under `inputs:`" if not inputs else f"its inputs: {', '.join(inputs)}",
            ),
            "run": _RUN,
            "git": _GIT,
            "host": _HOST,
            "env": record(
                dict.fromkeys(workflow.env, STRING),
                code="FL-E004",
                message="the workflow does not read `{name}` from the environment",
                hint="list it at the top of the file: `env: [NAME]`",
            ),
        }
        self.all: dict[str, Type] = {
            **self.start,
            "data": _DATA,
            "vars": record(
                {name: _type_of_value(value) for name, value in workflow.vars.items()},
                code="FL-E004",
                message="the workflow has no variable `{name}`",
                hint="write it under `vars:`",
            ),
            "steps": record(
                steps,
                code="FL-E006",
                message="no step has the id `{name}`",
                hint="name the id of a step above",
            ),
        }
        self._outputs = _Fields(known, self._output)

    def output(self, text: StepText) -> Type:
        """What one performance of the step gives: its output, or that of one of its items."""
        # A step without an id, or with that of another one, is refused already; it has types all the same.
        return self._outputs[text.step.id] if self._known.get(text.step.id) is text else self._output(text)

    def item(self, text: StepText) -> Type:
        return self.items.get(text.step.id, ANY)

    def _step(self, text: StepText) -> Type:
        """The facts of a step."""
        step = text.step
        output = self.output(text)
        fields = {
            "status": Type("string", values=_STATUSES),
            "ok": BOOL,
            "ran": BOOL,
            "cached": BOOL,
            "attempts": INT,
            "cost": record({"usd": NUMBER}),
            "summary": STRING,
            "degraded": _TEXTS,
            "previous": ANY if step.each else output,
        }
        hint = "write `.output`"
        if step.each:
            fields["outputs"] = list_of(output)
            fields["items"] = list_of(
                record({"key": STRING, "status": Type("string", values=_STATUSES), "output": output, "error": STRING})
            )
            hint = f"`{step.id}` is performed for each item: write `.outputs`, or `.items`"
        elif isinstance(step.action, ParallelAction | ChooseAction):
            return record(
                fields,
                code="FL-E008",
                message=f"`{step.id}` is a block and has no `{{name}}` of its own",
                hint="name a step inside it",
            )
        else:
            fields["output"] = output
        return record(fields, code="FL-E005", message=f"the step `{step.id}` has no fact `{{name}}`", hint=hint)

    def _output(self, text: StepText) -> Type:
        step = text.step
        found = self._output_of_action(text)
        return joined(found, _type_of_value(step.default)) if step.optional and step.has_default else found

    def _output_of_action(self, text: StepText) -> Type:
        step = text.step
        match step.action:
            case AgentAction(name=name):
                card = self.card_of(name)
                if card is None or card.problem or not card.output_schema:
                    return ANY
                found = known_type(card.output_schema)
                message = f"`{name}` has no output named `{{name}}`"
                return record(found.fields, message=message) if found.is_closed else found
            case RunAction(parse=parse):
                found = _type_of_run(parse)
                message = f"`{step.id}` performs a program and has no output named `{{name}}`"
                return record(found.fields, message=message)
            case ApproveAction(choices=choices):
                return record(
                    {
                        "decision": Type("string", values=choices),
                        "selected": list_of(self.selected.get(step.id, ANY)),
                        "by": _TEXTS,
                        "comment": STRING,
                    }
                )
            case EffectAction(kind=kind):
                effect = self.effect_of(kind)
                return known_type(effect.output_schema) if effect is not None else ANY
            case NotifyAction():
                return record({"delivered": ANY, "failed": ANY})
            case WaitAction():
                return record({"data": ANY})
            case WorkflowAction(name=name):
                child = self.workflow_of(name)
                if child is None:
                    return ANY
                message = f"the workflow `{name}` has no output `{{name}}`"
                return record({key: _type_of_value(value) for key, value in child.outputs.items()}, message=message)
            case LoopAction():
                return _LOOP_OUTPUT
            case GroupAction():
                inner = text.inner[0].texts if text.inner else []
                return self.output(inner[-1]) if inner and inner[-1].step.id and not inner[-1].step.each else ANY
            case _:
                return NULL


def described() -> Iterator[tuple[str, str, str]]:
    """Every word that an expression can begin with: where it can be read, and what it holds; for the reference."""
    everywhere, steps = "everywhere", "everywhere but in `vars`, `concurrency` and triggers"
    yield "inputs.NAME", everywhere, "what the run was given"
    yield "vars.NAME", steps, "what stands under `vars`"
    yield "env.NAME", everywhere, "a name that stands under `env` at the top of the file"
    for root, fields in (("run", _RUN), ("git", _GIT), ("host", _HOST), ("data", _DATA)):
        where = steps if root == "data" else everywhere
        yield root, where, ", ".join(f"`{path}`" for path in _paths(fields))
    yield "git.changed('glob')", everywhere, "the paths that differ from `git.base`"
    yield "git.tree('glob')", everywhere, "a digest of the files that match"
    yield (
        "steps.ID",
        steps,
        "`status`, `ok`, `ran`, `cached`, `attempts`, `cost.usd`, `summary`, `degraded`, `previous`",
    )
    for action, holds in (
        ("agent", "what its card says"),
        ("run", "`exit_code`, `stdout`, `stderr`, and each entry of `parse`"),
        ("approve", "`decision`, `selected`, `by`, `comment`"),
        ("effect", "what its kind gives"),
        ("notify", "`delivered`, `failed`"),
        ("wait", "`data`: of the signal"),
        ("workflow", "the outputs of that workflow"),
        ("loop", ", ".join(f"`{path}`" for path in _paths(_LOOP_OUTPUT))),
        ("steps", "the output of its last step"),
    ):
        yield "steps.ID.output", f"of a step with `{action}`", holds
    yield "steps.ID.outputs", "of a step with `each`", "the output of each item, in the order of the list"
    yield "steps.ID.items", "of a step with `each`", "`key`, `status`, `output`, `error` of each item"
    yield "output", "in the step's own `expect`", "what the step has just given"
    yield "item", "under `each`, or the name after `as`", "the item"
    yield "round", "inside a `loop`", ", ".join(f"`{path}`" for path in _paths(ROUND))


def _paths(of: Type, before: str = "") -> Iterator[str]:
    for name, found in of.fields.items():
        if found.kind == "object" and found.fields:
            yield from _paths(found, f"{before}{name}.")
        else:
            yield before + name
