"""Pictures of workflows: Mermaid that its grammar takes, SVG that is well formed and holds nothing that runs."""

import random
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fairlead.core.workflow import RunAction, Step, Workflow
from fairlead.testing.simulation.grammar import any_workflow
from fairlead.views.graph_picture import svg_graph
from fairlead.views.graphs import arrows_of, mermaid_graph, text_graph
from fairlead.workflow import read_workflow
from tests.proves import proves

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("src/fairlead/agents/workflows/**/*.yaml")])
NASTY = 'a "b" ]) --> | # ; `c` <b> & \x07\n</title><script>alert(1)</script> %% end'
# What a line of a flowchart may be, as Mermaid's grammar has it; a label holds none of the characters that end it.
_ID = r"s_[a-z][a-z0-9_]*"
_LABEL = r'"[^"`<>;&\\\x00-\x1f]*(?:#\d+;[^"`<>;&\\\x00-\x1f]*)*"'
_LINES = (
    re.compile(rf"subgraph {_ID}\[{_LABEL}\]"),
    re.compile(r"end"),
    re.compile(
        rf"{_ID}(?:\[{_LABEL}\]|\[\[{_LABEL}\]\]|\[/{_LABEL}/\]|\(\[{_LABEL}\]\)|\{{\{{{_LABEL}\}}\}}|>{_LABEL}\])"
    ),
    re.compile(rf"({_ID}) (?:-->|-\.->)(?:\|{_LABEL}\|)? ({_ID})"),
)


def parsed(lines: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Boxes and arrows of a flowchart; fails on a line that the grammar does not have, and on an open block."""
    assert lines[0] == "flowchart TD"
    boxes: list[str] = []
    arrows: list[tuple[str, str]] = []
    depth = 0
    for line in lines[1:]:
        text = line.strip()
        kind, found = next(((n, m) for n, one in enumerate(_LINES) if (m := one.fullmatch(text))), (9, None))
        assert found is not None, line
        depth += (kind == 0) - (kind == 1)
        assert depth >= 0
        if kind in (0, 2):
            boxes.append(re.findall(_ID, text)[0])
        elif kind == 3:
            arrows.append((found[1], found[2]))
    assert depth == 0
    return boxes, arrows


def drawn(workflow: Workflow) -> None:
    boxes, arrows = parsed(list(mermaid_graph(workflow)))
    assert boxes == [f"s_{name}" for name in workflow.plan]
    assert arrows == [(f"s_{one.before}", f"s_{one.to}") for one in arrows_of(workflow)]
    root = ElementTree.fromstring("\n".join(svg_graph(workflow)))
    tags = [one.tag.rpartition("}")[2] for one in root.iter()]
    assert tags.count("rect") == 1 + len(workflow.plan)
    assert tags.count("path") == 1 + len(arrows)
    assert set(tags) <= {"svg", "title", "style", "defs", "marker", "path", "rect", "text"}
    assert len(list(text_graph(workflow))) == len(workflow.plan)


@proves("A4.3")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_examples_can_be_drawn(path: Path) -> None:
    workflow = read_workflow("", path.read_bytes()).workflow
    if workflow is None:  # a template whose name is not filled in yet
        workflow = read_workflow("", path.read_bytes().replace(b"NAME", b"name")).workflow
    assert workflow is not None
    drawn(workflow)


@proves("A4.3")
def test_random_workflows_can_be_drawn() -> None:
    for seed in range(150):
        drawn(any_workflow(random.Random(seed)))


def test_foreign_text_stays_text() -> None:
    steps = (Step("end", RunAction(("echo", NASTY))), Step("graph", RunAction(("true",)), condition=f'"{NASTY}" == ""'))
    workflow = Workflow("w", steps, title=NASTY)
    drawn(workflow)
    assert "<script" not in "\n".join(svg_graph(workflow))


def test_boxes_of_one_list_do_not_lie_on_each_other() -> None:
    for seed in range(60):
        workflow = any_workflow(random.Random(seed))
        root = ElementTree.fromstring("\n".join(svg_graph(workflow)))
        texts = {one.text: one for one in root.iter() if one.get("class") == "i"}
        rects = [one for one in root.iter() if one.tag.endswith("rect")][1:]
        places = [tuple(float(one.get(key, "0")) for key in ("x", "y", "width", "height")) for one in rects]
        assert len(texts) == len(places)
        for at, one in enumerate(places):
            for other in places[at + 1 :]:
                apart_x = one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
                apart_y = one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1]
                inside = [_is_inside(one, other), _is_inside(other, one)]
                assert apart_x or apart_y or any(inside), f"seed {seed}: {one} and {other}"


def _is_inside(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return (
        other[0] <= one[0]
        and other[1] <= one[1]
        and one[0] + one[2] <= other[0] + other[2]
        and one[1] + one[3] <= other[1] + other[3]
    )
