"""Stages and the longest chain, against a computation of its own on random graphs."""

import random

from fairlead.core.shapes import shapes_of
from fairlead.core.stages import isolated_steps, longest_chain, stages_of
from fairlead.core.workflow import AgentAction, Step, Workflow
from fairlead.testing.simulation.grammar import any_workflow
from tests.proves import proves


def graph(rng: random.Random) -> tuple[Workflow, dict[str, tuple[str, ...]], dict[str, float]]:
    """A graph of up to 25 steps in any file order, its edges, and a weight for each."""
    names = [f"s{number}" for number in range(rng.randint(1, 25))]
    edges = {name: tuple(rng.sample(names[:at], rng.randint(0, min(3, at)))) for at, name in enumerate(names)}
    order = rng.sample(names, len(names))
    steps = tuple(Step(name, AgentAction("a"), needs=edges[name][:1], after=edges[name][1:]) for name in order)
    return Workflow("g", steps, flow="graph"), edges, {name: rng.choice((0.5, 1.0, 2.0, 3.25)) for name in names}


@proves("A4.3")
def test_the_critical_path_is_the_longest_one() -> None:
    for seed in range(1_000):
        workflow, edges, weights = graph(random.Random(seed))

        lengths: dict[str, float] = {}
        for name in edges:  # made in an order in which each comes after those before it
            lengths[name] = weights[name] + max((lengths[one] for one in edges[name]), default=0.0)
        chain = longest_chain(workflow, weights.__getitem__)
        assert chain.length == max(lengths.values()), f"seed {seed}"
        assert sum(weights[name] for name in chain.steps) == chain.length, f"seed {seed}"
        for before, after in zip(chain.steps, chain.steps[1:], strict=False):
            assert before in edges[after], f"seed {seed}: {before} is no step before {after}"


def test_each_stage_comes_after_what_it_waits_for() -> None:
    for seed in range(300):
        workflow, edges, _ = graph(random.Random(seed))
        stage_of = {name: number for number, names in enumerate(stages_of(workflow)) for name in names}
        for name, earlier in edges.items():
            assert stage_of[name] == 1 + max((stage_of[one] for one in earlier), default=-1), f"seed {seed}"


def test_every_step_of_any_shape_has_one_stage() -> None:
    for seed in range(200):
        workflow = any_workflow(random.Random(seed))
        leaves = sorted(name for name, planned in workflow.plan.items() if not planned.is_block)
        assert sorted(name for names in stages_of(workflow) for name in names) == leaves, f"seed {seed}"
        assert shapes_of(workflow), f"seed {seed}"


def test_two_thousand_steps_in_a_row_are_no_deep_recursion() -> None:
    steps = tuple(Step(f"s{n}", AgentAction("a")) for n in range(2_000))
    assert len(stages_of(Workflow("w", steps))) == 2_000
    assert longest_chain(Workflow("w", steps), lambda name: 1.0).length == 2_000


def test_a_step_of_a_graph_without_edges_is_isolated() -> None:
    steps = (Step("a", AgentAction("x")), Step("b", AgentAction("x"), needs=("a",)), Step("c", AgentAction("x")))
    assert isolated_steps(Workflow("w", steps, flow="graph")) == ("c",)
    assert isolated_steps(Workflow("w", steps[:1], flow="graph")) == ()
