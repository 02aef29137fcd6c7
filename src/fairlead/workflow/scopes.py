"""Expressions of a workflow: each is well formed, fits its place, and reads what will be there when it is read."""

from collections.abc import Iterator, Mapping

from fairlead.core.expressions import (
    ANY,
    BOOL,
    NUMBER,
    Expression,
    Malformed,
    Problem,
    Reading,
    Type,
    list_of,
    parse,
    typed,
)
from fairlead.core.references import Broken, Part, scan
from fairlead.core.workflow import ChooseAction, LoopAction
from fairlead.workflow.edges import Order
from fairlead.workflow.levels import Level, StepText, Wanted, Written
from fairlead.workflow.mending import add_item, add_key, as_scalar
from fairlead.workflow.offsets import Where, places_in
from fairlead.workflow.reading import Read
from fairlead.workflow.roots import ROUND, Types
from fairlead.workflow.source import Edit, Source
from fairlead.workflow.yaml_tree import Node

# Roots that hold facts, each with one of them.
_FACTS = {"run": "id", "git": "branch", "host": "cpu_model", "data": "advisories.revision", "env": "NAME"}
_LITERAL = "write `$${` for a literal `${`, and `$NAME` for a variable of a shell"

_WANTED: dict[Wanted, Type | None] = {
    "any": ANY,
    "boolean": BOOL,
    "list": list_of(ANY),
    "number": NUMBER,
    "text": ANY,
}


def check_expressions(
    read: Read,
    known: dict[str, StepText],
    order: Order | None,
    types: Types,
    source: Source,
    given: Mapping[int, Type],
) -> None:
    """Note every expression that cannot work. Without an *order*, whether a step is upstream is not asked.

    *given* holds the types that are wanted of single values under `with`, by the identity of their nodes.
    """
    scopes = _Scopes(known, order, types, source, given)
    for level in (read.steps, read.closing):
        for text in level.walk():
            # The list of items first: what follows reads the items.
            for written in sorted(text.written, key=lambda one: one.moment != "before"):
                scopes.check(written, text)
    for written in read.written:
        scopes.check(written, None)


class _Scopes:
    def __init__(
        self,
        known: dict[str, StepText],
        order: Order | None,
        types: Types,
        source: Source,
        given: Mapping[int, Type],
    ) -> None:
        self.known = known
        self.order = order
        self.types = types
        self.source = source
        self.given = given

    def check(self, written: Written, text: StepText | None) -> None:
        """Check one value, which belongs to the step *text* or to the workflow as a whole."""
        where = places_in(self.source, written.node)
        value = str(written.node.value)
        if written.is_bare:
            try:
                expression = parse(value)
            except Malformed as error:
                for problem in error.problems:
                    edit = self._bare(written.node, value) if problem.code == "FL-E013" else None
                    self._note(problem, where, 0, edit=edit)
                return
            found = self._expression(expression, written, text, where, 0, _WANTED[written.wanted])
            self._keep_items(written, text, found)
            return
        parts = list(scan(value))
        for part in parts:
            if isinstance(part, Broken):
                self._broken(part, written.node, where)
            elif isinstance(part, Part):
                is_alone = len(parts) == 1
                wanted = self.given.get(id(written.node)) if is_alone else None
                if wanted is None:
                    wanted = _WANTED[written.wanted] if is_alone else ANY
                if not is_alone or written.wanted == "text":
                    self._refuse_secrets(part, where)
                self._expression(part.expression, written, text, where, part.offset, wanted)

    # ------------------------------------------------------------------------------------------------------ the whole

    def _expression(
        self,
        expression: Expression,
        written: Written,
        text: StepText | None,
        where: Where,
        offset: int,
        wanted: Type | None,
    ) -> Type:
        roots = self.types.start if written.moment == "start" else self.types.all
        variables = self._around(written, text)
        unknown: dict[str, Type] = {}
        for reading in expression.reads:
            if self._refuse_whole(reading, where, offset):
                unknown[reading.root] = ANY
            elif reading.root == "steps" and written.moment != "start":
                self._step(reading, written, text, where, offset)
            elif reading.root in roots or reading.root in variables:
                continue
            elif self._refuse_root(reading, written, text, where, offset):
                unknown[reading.root] = ANY
        found = typed(expression, roots, variables={**variables, **unknown}, expected=wanted)
        for problem in found.problems:
            is_shell = problem.code == "FL-E003" and not written.is_bare
            self._note(problem, where, offset, *([_LITERAL] if is_shell else []))
        return found.type

    def _refuse_whole(self, reading: Reading, where: Where, offset: int) -> bool:
        """Note a root that is read as a whole, or by a computed name: nobody could say then what must come before."""
        start, end = where(reading.start + offset, reading.end + offset)
        if reading.root == "steps" and len(reading.path) < 2:
            target = reading.path[0] if reading.path else ""
            if target and target not in self.known:
                return False  # noted with the types
            said = (
                f"`steps.{target}` is no value: name one of its facts" if target else "`steps` needs the id of a step"
            )
            hint = f"write `steps.{target or 'id'}.output`"
            self.source.add("FL-E005" if target else "FL-E006", said, start, end, hint)
            return True
        if reading.root in _FACTS and not reading.path:
            said = f"`{reading.root}` is no value: name one of its fields"
            hint = f"write for example `{reading.root}.{_FACTS[reading.root]}`"
            self.source.add("FL-E005", said, start, end, hint)
            return True
        return False

    def _keep_items(self, written: Written, text: StepText | None, found: Type) -> None:
        """Remember what the items of a list are: the step's own expressions read them."""
        if text is None or found.kind != "list" or found.item is None:
            return
        if written.place == "each":
            self.types.items[text.step.id] = found.item
        elif written.place == "approve.select":
            self.types.selected[text.step.id] = found.item

    def _around(self, written: Written, text: StepText | None) -> dict[str, Type]:
        """The names that only this place has: items, the round, the step's own output."""
        found: dict[str, Type] = {}
        for step, is_inside in _containers(text, written):
            if step.step.each is not None and (is_inside or written.moment != "before"):
                found.setdefault(step.step.each.alias, self.types.item(step))
            if isinstance(step.step.action, LoopAction) and (is_inside or written.moment == "round"):
                found.setdefault("round", ROUND)
        if written.moment == "after" and text is not None:
            found["output"] = self.types.output(text)
        return found

    def _refuse_root(
        self, reading: Reading, written: Written, text: StepText | None, where: Where, offset: int
    ) -> bool:
        """Note a word that means something elsewhere; an entirely unknown one is noted with the types."""
        name = reading.root
        owner = next((one for one in self.known.values() if one.step.each and one.step.each.alias == name), None)
        if name == "round":
            said, code = "`round` is read outside of a loop", "FL-W130"
            hint = "read `steps.id.output` of the loop: best, rounds, history"
        elif name == "output":
            said, code = "`output` is read outside of `expect`", "FL-W136"
            hint = "write `steps.id.output` with the id of a step"
        elif owner is not None:
            said, code = f"`{name}` is an item of `{owner.step.id}` and is read outside of it", "FL-W129"
            hint = f"read `steps.{owner.step.id}.outputs`"
            if owner is text:
                hint = f"`{written.place}` is looked at once, before there are items: filter the list under `each`"
        elif name == "secrets":
            said, code = "there is no `secrets`: no expression can read a secret", "FL-W128"
            hint = "hand it over as a value: `token: {secret: NAME}`"
        elif written.moment == "start" and name in self.types.all:
            said, code = f"`{name}` is not there yet when the run begins", "FL-W113"
            hint = f"`{written.place}` can read {', '.join(self.types.start)}"
        else:
            return False
        start, end = where(reading.marks[0][0] + offset, reading.marks[0][1] + offset)
        self.source.add(code, said, start, end, hint)
        return True

    # ----------------------------------------------------------------------------------------------------- single ones

    def _step(self, reading: Reading, written: Written, text: StepText | None, where: Where, offset: int) -> None:
        """Note a step that cannot be seen from here, or that may not have ended."""
        name = reading.path[0] if reading.path else ""
        target = self.known.get(name) if isinstance(name, str) else None
        if target is None:
            return  # noted with the types
        if len(reading.path) > 1 and reading.path[1] == "previous":
            return  # of an earlier run
        start, end = where(reading.marks[1][0] + offset, reading.marks[1][1] + offset)
        containers = {step for step, is_inside in _containers(text, written) if is_inside}
        hidden = next((one for one in _blocks_around(target) if one not in containers and _hides(one)), None)
        if hidden is not None and hidden is not text:
            block = hidden.step.id
            what = "each round of" if isinstance(hidden.step.action, LoopAction) else "each item of"
            said = f"`{target.step.id}` is performed for {what} `{block}` and can be read only inside it"
            self.source.add("FL-W134", said, start, end, f"read `steps.{block}` instead")
            return
        if text is None or self.order is None or self.order.is_before(target.step.id, text.step.id):
            return
        if written.moment in ("round", "after") and text in _blocks_around(target):
            return
        said = f"`{text.step.id}` reads `{target.step.id}`, which may not have ended by then"
        if text is target:
            said = f"`{text.step.id}` reads its own output"
        hint = _edge_hint(text, target, written)
        self.source.add("FL-W113", said, start, end, hint, edit=self._edge(text, target))

    def _edge(self, text: StepText, target: StepText) -> Edit | None:
        """The edge that is missing, where there can be one: `needs` of a step of a graph, without closing a circle."""
        if self.order is None or text is target:
            return None
        shared = {level: step for step, level in _ancestry(target)}
        for step, level in _ancestry(text):
            if level not in shared:
                continue
            before = shared[level]
            if level.is_sequence or before is step or self.order.is_before(step.step.id, before.step.id):
                return None
            if "needs" in step.keys:
                return add_item(self.source, step.keys["needs"].value, before.step.id)
            return add_key(self.source, step.node, step.keys["id"], "needs", f"[{before.step.id}]")
        return None

    def _refuse_secrets(self, part: Part, where: Where) -> None:
        inputs = self.types.workflow.inputs
        for reading in part.expression.reads:
            name = reading.path[0] if reading.path else ""
            if reading.root == "inputs" and name in inputs and inputs[str(name)].type == "secret":
                start, end = where(reading.start + part.offset, reading.end + part.offset)
                said = f"the secret `{name}` cannot become part of a text: it would be recorded"
                hint = f"hand it over as a value of its own: `token: ${{ inputs.{name} }}`"
                self.source.add("FL-W128", said, start, end, hint)

    def _broken(self, part: Broken, node: Node, where: Where) -> None:
        if part.is_open:
            start, end = where(part.start, part.end)
            hint = "add the `}`; write `$${` for a literal `${`"
            is_simple = node.is_plain and "\n" not in self.source.text[node.start : node.end]
            edit = Edit(node.end, node.end, " }") if is_simple else None
            self.source.add("FL-E001", "`${` has no `}`", start, end, hint, edit=edit)
            return
        for problem in part.problems:
            self._note(problem, where, 0, "write `$${` for a literal `${`")

    def _bare(self, node: Node, value: str) -> Edit | None:
        """The expression without the `${ }` around it."""
        inner = value.strip().removeprefix("${").removesuffix("}").strip()
        try:
            parse(inner)
        except Malformed:
            return None
        return None if node.style in ("|", ">") else Edit(node.start, node.end, as_scalar(inner, node))

    def _note(self, problem: Problem, where: Where, offset: int, *hints: str, edit: Edit | None = None) -> None:
        start, end = where(problem.start + offset, problem.end + offset)
        first = problem.hint or ("" if hints else "the reference page of expressions shows the language")
        said = tuple(hint for hint in (first, *hints) if hint)
        self.source.add(problem.code, problem.message, start, end, *said, edit=edit)


def _containers(text: StepText | None, written: Written) -> Iterator[tuple[StepText, bool]]:
    """The step and the blocks around it, innermost first, each with whether the place lies inside it."""
    if text is None:
        return
    # Of its own step, a place lies inside: the end of a round, in the round; what is asked of an item, in the item.
    is_inside = written.moment == "round" or (
        written.moment in ("item", "after") and text.step.each is not None and not _is_loop(text)
    )
    yield text, is_inside
    for block in _blocks_around(text):
        yield block, True


def _blocks_around(text: StepText) -> Iterator[StepText]:
    """The blocks that hold *text*, innermost first."""
    block = text.level.parent
    while block is not None:
        yield block
        block = block.level.parent


def _is_loop(text: StepText) -> bool:
    return isinstance(text.step.action, LoopAction)


def _hides(block: StepText) -> bool:
    """Whether the steps inside it are performed several times, so that from outside none of them is meant."""
    return block.step.each is not None or _is_loop(block)


def _edge_hint(text: StepText, target: StepText, written: Written) -> str:
    """What makes *target* come before *text*."""
    if text is target:
        return "write `output`" if written.moment == "after" else "read a step above it"
    shared: dict[Level, StepText] = {level: step for step, level in _ancestry(target)}
    for step, level in _ancestry(text):
        if level in shared:
            block = shared[level].step.id
            if shared[level] is step:
                if isinstance(step.step.action, ChooseAction):
                    return f"only one branch of `{block}` is performed: move what both need above `{block}`"
                return f"move one of them out of `{block}`"
            if level.is_sequence:
                return f"move `{block}` above `{step.step.id}`"
            return f"add `needs: [{block}]` to `{step.step.id}`"
    return f"steps under `finally` come last: read a step above `{text.step.id}`"


def _ancestry(text: StepText | None) -> Iterator[tuple[StepText, Level]]:
    """The step and the blocks around it, innermost first, each with the list that it stands in."""
    while text is not None:
        yield text, text.level
        text = text.level.parent
