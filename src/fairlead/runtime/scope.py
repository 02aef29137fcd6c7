"""What an expression may read at one place of a run. Everything is looked up when it is read, nothing before."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial

from fairlead.core.advance import history
from fairlead.core.decide import status_so_far
from fairlead.core.ids import Place
from fairlead.core.json import Digest, Json
from fairlead.core.references import resolve
from fairlead.core.standing import RunState, StepRun
from fairlead.core.transitions import STEP_ENDED
from fairlead.core.workflow import ApproveAction, GroupAction, place_of
from fairlead.runtime.evidence import evidence_of

Load = Callable[[Digest], Json]
Makers = dict[str, Callable[[], Json]]


class _Lazy(Mapping[str, Json]):
    """A mapping whose values are made when they are read."""

    def __init__(self, makers: Makers) -> None:
        self._makers = makers
        self._made: dict[str, Json] = {}

    @cached_property
    def _makers(self) -> Makers:
        return {}

    def __getitem__(self, name: str) -> Json:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class Scope(_Lazy):
    """The roots that can be read at the step, item or round *at*; None is the workflow as a whole."""

    def __init__(self, state: RunState, load: Load, at: StepRun | None = None) -> None:
        self._state = state
        self._load = load
        self._at = at
        self._made = {}

    @cached_property
    def _makers(self) -> Makers:
        # Only when something is read: most calls read nothing, and there are many of them.
        state, load, at = self._state, self._load, self._at
        makers: Makers = {
            "inputs": lambda: state.inputs,
            "vars": self._vars,
            "steps": lambda: _Steps(state, load, at.suffix if at is not None else (), self._previous),
            "run": self._run,
        }
        for root in ("git", "host", "data", "env"):
            makers[root] = partial(self._fact, root)
        if at is not None:
            makers.update(self._around(at))
        return makers

    def plus(self, **values: Json) -> Mapping[str, Json]:
        """The same roots, and *values* over them."""
        return _Lazy({**self._makers, **{name: partial(_itself, value) for name, value in values.items()}})

    @cached_property
    def _facts(self) -> dict[str, Json]:
        queued = self._state.queued
        if queued is None or not queued.facts:
            return {}
        facts: dict[str, Json] = self._load(queued.facts)
        return facts

    def _fact(self, root: str) -> Json:
        return self._facts.get(root, {})

    def _previous(self, name: str) -> Json:
        return self._facts.get("previous", {}).get(name)

    def _vars(self) -> Json:
        around = {name: self[name] for name in ("inputs", "git", "run", "env", "host")}
        return resolve(self._state.workflow.vars, around)

    def _run(self) -> Json:
        state = self._state
        queued = state.queued
        return _Lazy(
            {
                "id": lambda: state.run,
                "short_id": lambda: state.run.removeprefix("r-"),
                "workflow": lambda: state.workflow.name,
                "requester": lambda: queued.requester if queued else "",
                "status": lambda: status_so_far(state).status,
                "reasons": lambda: list(status_so_far(state).reasons),
                "evidence": lambda: evidence_of(state, self._load),
            }
        )

    def _around(self, at: StepRun) -> dict[str, Callable[[], Json]]:
        """The items and the round that *at* stands in, innermost winning."""
        state = self._state
        found: dict[str, Callable[[], Json]] = {}
        step: StepRun | None = at
        while step is not None:
            parent = state.steps[step.parent] if step.parent is not None else None
            if step.kind == "item" and parent is not None and (each := step.planned.step.each) is not None:
                found.setdefault(each.alias, partial(_item_of, parent, step.number, self._load))
            if step.kind == "round" and parent is not None:
                found.setdefault("round", partial(_round, parent, step.number))
            step = parent
        return found


def _itself(value: Json) -> Json:
    return value


def _item_of(block: StepRun, number: int, load: Load) -> Json:
    return _items_of(block, load)[number]


def _items_of(block: StepRun, load: Load) -> list[Json]:
    """The list of a fan-out that has opened."""
    items: list[Json] = load(block.opened_ref) if block.opened_ref else block.item
    return items


def _round(loop: StepRun, number: int) -> Json:
    rounds = loop.rounds
    assert rounds is not None  # a round is in a loop that has opened
    return {"number": number, "best": rounds.best, "history": history(rounds), "commit": rounds.tree}


class _Steps(Mapping[str, Json]):
    """`steps`: the facts of every step that can be seen from one place."""

    def __init__(
        self, state: RunState, load: Load, suffix: tuple[str, ...], previous: Callable[[str], Json] = lambda name: None
    ) -> None:
        self._state = state
        self._load = load
        self._suffix = suffix
        self._previous = previous

    def __getitem__(self, name: str) -> Json:
        planned = self._state.workflow.plan[name]
        place = place_of(name, self._suffix[: planned.depth])
        step = self._state.steps.get(place)
        if step is None:
            raise KeyError(name)
        return _Lazy(self._facts(step))

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.workflow.plan)

    def __len__(self) -> int:
        return len(self._state.workflow.plan)

    def _facts(self, step: StepRun) -> dict[str, Callable[[], Json]]:
        facts: dict[str, Callable[[], Json]] = {
            "status": lambda: step.status,
            "ok": lambda: step.status == "succeeded",
            "ran": lambda: step.status in STEP_ENDED and step.status != "skipped",
            "cached": lambda: False,
            "attempts": lambda: step.attempts,
            "cost": lambda: {"usd": 0.0},
            "summary": lambda: step.summary,
            "tree": lambda: step.tree if step.tree in self._state.lineage else "",
            "degraded": lambda: self._degraded(step),
            "previous": lambda: self._previous(step.planned.step.id),
        }
        if step.is_each:
            if step.status in STEP_ENDED and step.status != "skipped":
                facts["outputs"] = lambda: [output_of(self._state, place, self._load) for place in step.children]
                facts["items"] = lambda: [self._item(self._state.steps[place]) for place in step.children]
            elif step.is_usable:
                facts["outputs"] = lambda: step.planned.step.default
        elif step.is_usable or (step.code == "FL-P001" and step.output is not None):
            facts["output"] = lambda: output_of(self._state, step.place, self._load)
        return facts

    def _item(self, item: StepRun) -> Json:
        return {
            "key": item.key,
            "status": item.status,
            "output": output_of(self._state, item.place, self._load),
            "error": item.message,
        }

    def _degraded(self, step: StepRun) -> list[str]:
        if not step.is_block:
            if step.status == "failed":
                return [f"{step.place} failed: {step.message}"]
            return [f"{step.place}: {reason}" for reason in step.degraded]
        below = [reason for place in step.children for reason in self._degraded(self._state.steps[place])]
        return below or [f"{step.place}: {reason}" for reason in step.degraded]


def output_of(state: RunState, place: Place, load: Load) -> Json:
    """The whole output of a step, wherever it lies; None where it has none."""
    step = state.steps[place]
    if not step.is_usable and not (isinstance(step.planned.step.action, ApproveAction) and step.decisions):
        return None
    if step.status not in ("succeeded", "degraded") and step.kind == "step" and step.planned.step.has_default:
        return step.planned.step.default
    if isinstance(step.planned.step.action, GroupAction) and not step.is_each and step.children:
        return output_of(state, step.children[-1], load)
    if isinstance(step.planned.step.action, ApproveAction) and step.asked is not None:
        return _decision(step, load)
    if step.output_ref:
        return load(step.output_ref)
    return step.output


def _decision(step: StepRun, load: Load) -> Json:
    asked, output = step.asked, dict(step.output or {})
    positions = output.pop("positions", None)
    everything: list[Json] = []
    if asked is not None and asked.selectable_ref:
        everything = load(asked.selectable_ref)
    output["selected"] = everything if positions is None else [everything[number] for number in positions]
    return output
