"""Ids, edges, circles, and which references are upstream: against a plain model of what comes before what."""

import random
from collections.abc import Iterator

import pytest

from fairlead.core.workflow import GroupAction, ParallelAction, Step, Workflow
from tests.workflow.samples import HEAD, check, codes, underlined


def graph(*lines: str) -> str:
    return HEAD + "flow: graph\nsteps:\n" + "".join(f"  - {{{line}}}\n" for line in lines)


@pytest.mark.parametrize(
    ("edges", "circle"),
    [
        (["a:b", "b:a"], "a → b → a"),
        (["a:a"], "a → a"),
        (["a:b", "b:c", "c:d", "d:b"], "b → c → d → b"),
        (["c:a", "a:b", "b:c"], "c → a → b → c"),
    ],
)
@pytest.mark.parametrize("key", ["needs", "after"])
def test_a_circle_is_named_in_full_from_its_first_step(edges: list[str], circle: str, key: str) -> None:
    lines = [f"id: {name}, {key}: [{other}], run: date" for name, other in (edge.split(":") for edge in edges)]
    (found,) = check(graph(*lines)).diagnostics
    assert found.code == "FL-W109"
    assert found.message == f"these steps wait for one another: {circle}"
    assert underlined(found) == circle.split(" → ")[1]


def test_a_circle_through_both_kinds_of_edges_is_one_circle() -> None:
    read = check(graph("id: a, needs: [b], run: date", "id: b, after: [a], run: date"))
    assert [found.message for found in read.diagnostics] == ["these steps wait for one another: a → b → a"]


def test_two_circles_apart_are_told_apart_and_two_that_share_a_step_once() -> None:
    apart = graph(
        "id: a, needs: [b], run: x",
        "id: b, needs: [a], run: x",
        "id: c, needs: [d], run: x",
        "id: d, needs: [c], run: x",
    )
    assert codes(check(apart)) == ["FL-W109", "FL-W109"]
    shared = graph("id: a, needs: [b, c], run: x", "id: b, needs: [a], run: x", "id: c, needs: [a], run: x")
    assert codes(check(shared)) == ["FL-W109"]


def test_a_long_circle_is_named_by_its_first_steps() -> None:
    lines = [f"id: s{n}, needs: [s{(n + 1) % 1000}], run: x" for n in range(1000)]
    (found,) = check(graph(*lines)).diagnostics
    assert found.message.endswith("s18 → s19 → … 1000 steps … → s0")


def test_a_circle_inside_a_block_is_found() -> None:
    block = "id: p, parallel: {steps: [{id: a, needs: [b], run: x}, {id: b, needs: [a], run: x}]}"
    assert codes(check(HEAD + f"steps:\n  - {{{block}}}\n")) == ["FL-W109"]


def test_a_chain_of_a_thousand_edges_is_no_circle() -> None:
    lines = [f"id: s{n}, needs: [s{n + 1}], run: 'echo ${{ steps.s999.status }}'" for n in range(999)]
    assert codes(check(graph(*lines, "id: s999, run: x"))) == []


@pytest.mark.parametrize("place", ["steps", "block", "finally"])
def test_an_id_is_unique_in_the_whole_file(place: str) -> None:
    extra = {
        "steps": "  - {id: a, run: x}\n",
        "block": "  - {id: p, parallel: {steps: [{id: a, run: x}]}}\n",
        "finally": "finally:\n  - {id: a, run: x}\n",
    }[place]
    (found,) = check(HEAD + "steps:\n  - {id: a, run: x}\n" + extra).diagnostics
    assert found.code == "FL-W102"
    assert found.message == "the id `a` stands twice: at line 4, column 10 and here"
    assert underlined(found) == "a"
    assert found.span
    assert found.span.line > 4


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ("steps:\n  - id: a\n    run: echo ${ steps.b.output }\n  - id: b\n    run: x\n", "move `b` above `a`"),
        (
            "flow: graph\nsteps:\n  - id: a\n    run: echo ${ steps.b.output }\n  - id: b\n    run: x\n",
            "add `needs: [b]` to `a`",
        ),
        (
            "flow: graph\nsteps:\n  - id: a\n    run: echo ${ steps.c.output }\n"
            "  - id: b\n    steps: [{id: c, run: x}]\n",
            "add `needs: [b]` to `a`",
        ),
        (
            "flow: graph\nsteps:\n  - id: a\n    run: x\n"
            "  - id: b\n    steps: [{id: c, run: 'echo ${ steps.a.output }'}]\n",
            "add `needs: [a]` to `b`",
        ),
        (
            "steps:\n  - id: b\n    steps:\n      - id: c\n        run: echo ${ steps.b.status }\n",
            "move one of them out of `b`",
        ),
        (
            "steps:\n  - id: a\n    run: echo ${ steps.z.output }\nfinally:\n  - id: z\n    run: x\n",
            "steps under `finally` come last: read a step above `a`",
        ),
    ],
)
def test_a_reference_that_is_not_upstream_says_what_would_help(where: str, hint: str) -> None:
    (found,) = check(HEAD + where).diagnostics
    assert (found.code, found.hints) == ("FL-W113", (hint,))


def test_while_edges_are_wrong_nobody_is_told_about_the_order() -> None:
    text = graph("id: a, needs: [bb], run: 'echo ${ steps.b.output }'", "id: b, run: x")
    assert codes(check(text)) == ["FL-W107"]


def test_steps_inside_an_earlier_block_can_be_read_from_outside() -> None:
    text = HEAD + (
        "steps:\n  - id: p\n    parallel: {steps: [{id: q, steps: [{id: r, run: x}]}]}\n"
        "  - id: s\n    run: echo ${ steps.r.output.stdout } ${ steps.q.status } ${ steps.p.status }\n"
    )
    assert codes(check(text)) == []


# ------------------------------------------------------------------------------------------------------------- a model


def random_file(rng: random.Random) -> str:
    """A file with blocks in blocks and graphs, without circles: edges go to steps above in the same list."""
    count = iter(range(1000))

    def steps(indent: int, is_sequence: bool, depth: int) -> Iterator[str]:
        pad = " " * indent
        above: list[str] = []
        for _ in range(rng.randrange(1, 5)):
            name = f"s{next(count)}"
            yield f"{pad}- id: {name}\n"
            if not is_sequence and above:
                for key in ("needs", "after"):
                    if chosen := [other for other in above if rng.random() < 0.3]:
                        yield f"{pad}  {key}: [{', '.join(chosen)}]\n"
            kind = rng.randrange(4) if depth else 0
            if kind == 1:
                yield f"{pad}  parallel:\n{pad}    steps:\n"
                yield from steps(indent + 6, False, depth - 1)
            elif kind == 2:
                yield f"{pad}  steps:\n"
                yield from steps(indent + 4, True, depth - 1)
            else:
                yield f"{pad}  run: date\n"
            above.append(name)

    flow = rng.choice(["sequence", "graph"])
    text = HEAD + f"flow: {flow}\nsteps:\n" + "".join(steps(2, flow == "sequence", 3))
    return text + "finally:\n" + "".join(steps(2, True, 1))


def before(workflow: Workflow) -> dict[str, set[str]]:
    """What has ended before each step begins, by following the engine's own edges as far as they go."""
    plan = workflow.plan
    inside: dict[str, set[str]] = {name: {name} for name in plan}

    def fill(steps: tuple[Step, ...]) -> set[str]:
        found: set[str] = set()
        for step in steps:
            if isinstance(step.action, ParallelAction | GroupAction):
                inside[step.id] |= fill(step.action.steps)
            found |= inside[step.id]
        return found

    everything = fill(workflow.steps)
    fill(workflow.finally_)

    def ended(name: str) -> set[str]:
        planned = plan[name]
        found = set(everything) if planned.is_closing else set()
        for earlier in (*planned.needs, *planned.after):
            found |= inside[earlier] | ended(earlier)
        return found | (ended(planned.parent) if planned.parent else set())

    return {name: ended(name) for name in plan}


@pytest.mark.parametrize("seed", range(30))
def test_exactly_the_references_that_lie_upstream_are_allowed(seed: int) -> None:
    rng = random.Random(seed)
    text = random_file(rng)
    workflow = check(text).workflow
    assert workflow is not None
    ended = before(workflow)
    names = list(workflow.plan)
    for _ in range(20):
        reader, read = rng.choice(names), rng.choice(names)
        if "run: date" not in text.split(f"- id: {reader}\n")[1].split("- id:")[0]:
            continue
        head, tail = text.split(f"- id: {reader}\n")
        changed = f"{head}- id: {reader}\n{tail.replace('run: date', f'run: echo ${{ steps.{read}.status }}', 1)}"
        expected = [] if read in ended[reader] else ["FL-W113"]
        assert codes(check(changed)) == expected, (reader, read, text)
