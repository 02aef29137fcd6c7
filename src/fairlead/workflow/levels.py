"""Steps and lists of steps as the file has them: the record beside its text, so that later checks can show places."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from fairlead.core.workflow import Step
from fairlead.workflow.yaml_tree import Entry, Node

# When an expression is evaluated, which says what it can read:
#   start   when the run begins: inputs, no steps
#   before  before the step: not yet its items
#   item    for each item of the step, before it is performed
#   after   when the step has an output: its own `expect`
#   round   after each round of a loop: the steps inside it
#   end     when the run has ended
Moment = Literal["start", "before", "item", "after", "round", "end"]
# What the place of an expression takes; "any" is a value of every type, "text" one that becomes part of a text.
Wanted = Literal["any", "boolean", "list", "number", "text"]


class Written(NamedTuple):
    """One value of the file that is an expression, or a text with `${ }` in it."""

    node: Node
    place: str  # as a sentence names it: "loop.until"
    moment: Moment
    wanted: Wanted
    is_bare: bool  # the value is the expression itself; otherwise a text with `${ }` parts


class StepText:
    """One step as the file has it."""

    def __init__(self, step: Step, node: Node, keys: dict[str, Entry], level: "Level") -> None:
        self.step = step
        self.node = node
        self.keys = keys  # of the step, those that are known
        self.level = level  # the list that it stands in
        self.inner: list[Level] = []  # the lists inside, if it is a block: one, and of `choose` one for each branch
        self.written: list[Written] = []  # its own expressions, without those of the steps inside

    @property
    def id_node(self) -> Node:
        return self.keys["id"].value if "id" in self.keys else self.node

    def key_node(self, name: str) -> Node:
        return self.keys[name].key

    def inside(self) -> Iterator["StepText"]:
        """All steps inside it, in file order."""
        for level in self.inner:
            yield from level.walk()


class Level:
    """One list of steps. Names in `needs` and `after` are those of the same list."""

    def __init__(
        self, kind: Literal["steps", "finally", "block"], is_sequence: bool, parent: StepText | None, branch: int = 0
    ) -> None:
        self.kind = kind
        self.is_sequence = is_sequence
        self.parent = parent
        self.branch = branch  # of the `choose` around it
        self.texts: list[StepText] = []

    def walk(self) -> Iterator[StepText]:
        """All steps of this list and of the lists inside, in file order."""
        for text in self.texts:
            yield text
            yield from text.inside()
