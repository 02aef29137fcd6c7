"""Steps that write hand their tree on; two that wrote side by side are not chosen between."""

import random

import pytest

from fairlead.core.events import AttemptSucceeded
from fairlead.core.ids import Place
from fairlead.core.lineage import SideBySide, tree_after, tree_before
from fairlead.core.workflow import AgentAction, GroupAction, ParallelAction, Step, Workflow
from tests.core.runs import PaperRun


def leaf(name: str, *needs: str) -> Step:
    return Step(name, AgentAction("scripted"), needs=needs)


def writes(run: PaperRun, place: str, tree: str) -> None:
    run.obey()
    run.record(AttemptSucceeded(Place(place), 1, {}, tree=tree))
    run.obey()


def begun(*steps: Step, flow: str = "sequence", closing: tuple[Step, ...] = ()) -> PaperRun:
    workflow = Workflow("w", steps, flow="graph" if flow == "graph" else "sequence", finally_=closing)
    run = PaperRun(workflow, random.Random(1))
    run.begin()
    return run


def test_a_step_starts_from_the_tree_of_the_step_above() -> None:
    run = begun(leaf("a"), leaf("b"), leaf("c"))
    assert tree_before(run.state, Place("a")) == ""
    writes(run, "a", "t1")
    assert tree_before(run.state, Place("b")) == "t1"
    writes(run, "b", "t1")  # it changed nothing
    assert tree_before(run.state, Place("c")) == "t1"


def test_the_newer_of_two_trees_in_one_line_is_taken() -> None:
    run = begun(leaf("a"), leaf("b", "a"), leaf("c", "a", "b"), flow="graph")
    writes(run, "a", "t1")
    run.state.steps[Place("b")].tree = "t1"  # what the loop hands over when it starts
    run.obey()
    run.record(AttemptSucceeded(Place("b"), 1, {}, tree="t2"))
    run.state.lineage["t2"] = "t1"
    assert tree_before(run.state, Place("c")) == "t2"


def test_two_trees_side_by_side_are_the_authors_to_order() -> None:
    block = Step("p", ParallelAction((leaf("a"), leaf("b"))))
    run = begun(block, leaf("c"))
    writes(run, "a", "t1")
    writes(run, "b", "t2")
    with pytest.raises(SideBySide, match="c follows steps that changed the tree side by side"):
        tree_before(run.state, Place("c"))


def test_one_writer_in_a_block_hands_its_tree_on() -> None:
    block = Step("p", ParallelAction((leaf("a"), leaf("b"))))
    run = begun(block, leaf("c"), closing=(leaf("close"),))
    writes(run, "a", "t1")
    writes(run, "b", "")
    assert tree_before(run.state, Place("c")) == "t1"
    assert tree_before(run.state, Place("close")) == "t1"


def test_a_step_that_looks_at_a_commit_does_not_hand_that_on() -> None:
    run = begun(leaf("a"), leaf("look"), leaf("c"), closing=(leaf("close"),))
    writes(run, "a", "t1")
    run.state.steps[Place("look")].tree = "a commit"  # its agent works at what an input names
    writes(run, "look", "")
    assert tree_before(run.state, Place("c")) == "t1"
    assert tree_before(run.state, Place("close")) == "t1"


def test_a_step_that_changed_nothing_is_not_the_origin_of_its_tree() -> None:
    block = Step("p", GroupAction((leaf("look"), leaf("a"), leaf("same"))))
    run = begun(leaf("first"), block, leaf("c"))
    writes(run, "first", "t1")
    for name, tree in (("look", ""), ("a", "t2"), ("same", "t2")):
        run.state.steps[Place(name)].tree = "t2" if name == "same" else "t1"  # what the loop hands over
        writes(run, name, tree)
    assert run.state.lineage == {"t1": "", "t2": "t1"}
    assert tree_after(run.state, Place("p")) == "t2"


def test_a_change_that_was_taken_back_leaves_the_tree_that_was_left_last() -> None:
    block = Step("p", GroupAction((leaf("a"), leaf("b"), leaf("back"))))
    run = begun(block, leaf("c"))
    for name, before, tree in (("a", "", "t1"), ("b", "t1", "t2"), ("back", "t2", "t1")):
        run.state.steps[Place(name)].tree = before
        writes(run, name, tree)
    assert tree_after(run.state, Place("p")) == "t1"
