"""Random workflows of every shape that the format has: blocks in blocks, graphs, fan-outs in loops in fan-outs.

What an expression reads has always ended before it is read, so that nothing in a workflow depends on who was faster;
only `is_racing` workflows have shapes whose meaning is the order of ends.
"""

import random
from collections.abc import Iterator
from typing import Any

from fairlead.core.json import digest, encode
from fairlead.core.workflow import (
    Action,
    AgentAction,
    ApproveAction,
    Approvers,
    Branch,
    ChooseAction,
    Each,
    EffectAction,
    ErrorClass,
    Expectation,
    GroupAction,
    Input,
    Join,
    LoopAction,
    NotifyAction,
    ParallelAction,
    Retry,
    RunAction,
    Stall,
    Step,
    WaitAction,
    Workflow,
    WorkflowAction,
)

CHILD = Workflow("child", (Step("inner", AgentAction("scripted")),), outputs={"n": "${ steps.inner.output.n }"})
ASKING_CHILD = Workflow(
    "asking child",
    (
        Step("first", AgentAction("scripted")),
        Step("may", ApproveAction("Go on?")),
        Step("put", EffectAction("world.put")),
    ),
    outputs={"n": "${ steps.first.output.n }"},
)
SIGNALS = ("go", "stop")
EFFECTS = ("world.look", "world.put", "world.post", "world.drop")  # read_only, keyed, unkeyed, irreversible
_STEPS_MAX = 30
_CLASSES: tuple[ErrorClass, ...] = ("transient", "timeout", "invalid_output", "rate_limit", "expectation")


def any_workflow(rng: random.Random, *, is_racing: bool = True, effects: float = 0.0) -> Workflow:
    """A workflow of 1 to 30 steps; so large a share of its leaves more than else change the world outside."""
    return _Grammar(rng, is_racing, effects).workflow()


def inputs_for(rng: random.Random) -> dict[str, Any]:  # values of several types
    """Inputs that such a workflow takes."""
    return {
        "k": rng.randint(0, 4),
        "lists": [[rng.randint(0, 9) for _ in range(rng.randint(0, 3))] for _ in range(3)],
        "yes": rng.random() < 0.7,
    }


class _Grammar:
    """One draw."""

    def __init__(self, rng: random.Random, is_racing: bool, effects: float) -> None:
        self.rng = rng
        self.is_racing = is_racing
        self.effects = effects
        self.left = rng.randint(1, _STEPS_MAX)
        self.names: Iterator[str] = iter(f"s{number}" for number in range(10_000))

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def workflow(self) -> Workflow:
        is_graph = self.chance(0.4)
        steps = self.steps(0, (), is_graph=is_graph)
        self.left += 2
        closing = self.steps(3, (), is_graph=False) if self.chance(0.5) else ()
        outputs = {f"of_{step.id}": f"${{ steps.{step.id}.?{_output(step)} }}" for step in steps}
        return Workflow(
            "random",
            steps,
            flow="graph" if is_graph else "sequence",
            inputs={"k": Input("integer"), "lists": Input("array"), "yes": Input("boolean")},
            finally_=closing,
            outputs=outputs,
            parallel_max=self.rng.randint(1, 4),
        )

    def steps(self, depth: int, around: tuple[str, ...], *, is_graph: bool) -> tuple[Step, ...]:
        """Some steps beside or after each other; *around* are the ended steps that they may read."""
        steps: list[Step] = []
        for _ in range(self.rng.randint(1, max(1, 5 - depth))):
            if steps and self.left <= 0:
                break
            earlier = [step.id for step in steps]
            needs: tuple[str, ...] = ()
            after: tuple[str, ...] = ()
            read = around + (() if is_graph else tuple(earlier))
            if is_graph:
                needs = tuple(sorted(self.rng.sample(earlier, self.rng.randint(0, min(2, len(earlier))))))
                after = tuple(name for name in earlier if name not in needs and self.chance(0.2))
                read = (*around, *needs, *after)
            steps.append(self.step(depth, read, needs, after))
        return tuple(steps)

    def step(self, depth: int, read: tuple[str, ...], needs: tuple[str, ...], after: tuple[str, ...]) -> Step:
        self.left -= 1
        name = next(self.names)
        each = self.each(read) if depth < 3 and self.chance(0.2) else None
        action = self.block(depth, read) if depth < 3 and self.left > 0 and self.chance(0.4) else self.leaf(read)
        optional = self.chance(0.3)
        more: dict[str, Any] = {}  # keyword arguments of several types
        if each is not None and self.chance(0.4):
            more["join"] = self.join()
        if isinstance(action, AgentAction):
            more |= self.of_agent(read, has_item=each is not None)
        return Step(
            name,
            action,
            condition=self.condition(read) if self.chance(0.2) else "",
            each=each,
            needs=needs,
            after=after,
            optional=optional,
            has_default=optional and self.chance(0.5),
            **more,
        )

    def of_agent(self, read: tuple[str, ...], *, has_item: bool) -> dict[str, Any]:  # as above
        more: dict[str, Any] = {"given": {"from": f"${{ {self.value(read)} }}", "k": "${ inputs.k }"}}
        if has_item:
            more["given"]["item"] = "${ item }"
        if self.chance(0.3):
            more["retry"] = Retry(
                self.rng.randint(0, 3),
                tuple(self.rng.sample(_CLASSES, 3)),
                self.rng.choice(("schedule", "constant", "linear", "exponential")),
                jitter=self.chance(0.3),
            )
        if self.chance(0.3):
            more["fallback"] = ("second", "third")[: self.rng.randint(1, 2)]
        if self.chance(0.2):
            more["expect"] = (Expectation("output.n >= 2", "too few", is_warning=self.chance(0.5)),)
        return more

    def value(self, read: tuple[str, ...]) -> str:
        return f"steps.{self.rng.choice(read)}.status" if read and self.chance(0.7) else "inputs.k"

    def condition(self, read: tuple[str, ...]) -> str:
        known = ["inputs.yes", "inputs.k > 1", "!inputs.yes", "inputs.k in [0, 2, 4]"]
        return self.rng.choice([*known, *(f"steps.{name}.ok" for name in read), *(f"steps.{n}.ran" for n in read)])

    def each(self, read: tuple[str, ...]) -> Each:
        over = self.rng.choice(("inputs.lists[0]", "inputs.lists[1]", "inputs.lists[2]", "[3, 1, 2]", "inputs.k"))
        return Each(over, key="", max_parallel=self.rng.randint(0, 2))

    def join(self) -> Join:
        kinds = [
            Join(tolerate_count=self.rng.randint(0, 2)),
            Join(tolerate_share=self.rng.random()),
            Join("any"),
            Join("quorum", count=self.rng.randint(1, 3)),
            Join("at_least", share=self.rng.random()),
        ]
        return self.rng.choice(kinds if self.is_racing else kinds[:2])

    def leaf(self, read: tuple[str, ...]) -> Action:
        if self.effects and self.chance(self.effects):
            changes: list[Action] = [*map(EffectAction, EFFECTS[1:]), NotifyAction(("console",), "done")]
            return self.rng.choice(changes)
        draw = self.rng.random()
        if draw < 0.6:
            return AgentAction("scripted")
        kinds: list[Action] = [
            RunAction(("true", "${ inputs.k }")),
            EffectAction(EFFECTS[self.left % len(EFFECTS)]),
            NotifyAction(("console",), "done"),
            ApproveAction("Go on?", approvers=self.rng.choice(((), (Approvers(min=2),), (Approvers(user="ann"),)))),
            ApproveAction(
                "Which?", choices=("approve", "approve_subset", "request_changes", "reject"), select="[1, 2]"
            ),
            ApproveAction("In time?", timeout_s=60, on_timeout="reject"),
            WaitAction(for_=f"{self.rng.randint(0, 40)}s"),
            WaitAction(event=self.rng.choice(SIGNALS)),
            WaitAction(for_="1m", event=self.rng.choice(SIGNALS)),
            self.child(),
        ]
        return self.rng.choice(kinds)

    def child(self) -> WorkflowAction:
        child = ASKING_CHILD if self.effects and self.left % 2 else CHILD
        return WorkflowAction(child.name, digest(encode(child)) if self.effects else child.digest)

    def block(self, depth: int, read: tuple[str, ...]) -> Action:
        inner = depth + 1
        match self.rng.randrange(4):
            case 0:
                join = self.join() if self.chance(0.3) else Join()
                fail_fast = self.is_racing and self.chance(0.5)
                steps = self.steps(inner, read, is_graph=True)
                return ParallelAction(steps, self.rng.randint(0, 3), fail_fast, join)
            case 1:
                return GroupAction(self.steps(inner, read, is_graph=False))
            case 2:
                branches = [
                    Branch(self.steps(inner, read, is_graph=False), self.condition(read))
                    for _ in range(self.rng.randint(1, 2))
                ]
                if self.chance(0.5):
                    branches.append(Branch(self.steps(inner, read, is_graph=False)))
                return ChooseAction(tuple(branches))
            case _:
                return self.loop(self.steps(inner, read, is_graph=False))

    def loop(self, steps: tuple[Step, ...]) -> LoopAction:
        last = steps[-1].id
        return LoopAction(
            steps,
            self.rng.randint(1, 3),
            until=self.rng.choice(("", "round.number >= 2", f"steps.{last}.ok", "round.?best.orValue(0) > 3")),
            metric=self.rng.choice(("", "inputs.k + round.number", "10 - round.number")),
            goal=self.rng.choice(("minimize", "maximize")),
            start=self.rng.choice(("", "3")),
            stall=self.rng.choice((None, Stall(1, 0.1), Stall(2))),
            keep=self.rng.choice(("best", "last")),
            on_round_failure=self.rng.choice(("discard", "stop", "fail")),
        )


def _output(step: Step) -> str:
    return "outputs" if step.each is not None else "output"
