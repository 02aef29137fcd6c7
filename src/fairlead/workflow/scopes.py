"""References of a workflow: each names a value that will be there when it is read."""

from collections.abc import Iterator
from typing import NamedTuple

from fairlead.core.expressions import Reading
from fairlead.core.references import ROOTS, Broken, Part, scan
from fairlead.core.workflow import GroupAction, InputType, ParallelAction, RunAction
from fairlead.workflow.edges import Order
from fairlead.workflow.reading import Read
from fairlead.workflow.source import Source
from fairlead.workflow.steps import Level, StepText
from fairlead.workflow.yaml_tree import Node, texts_of

_STEP_FIELDS = ("output", "status")
_RUN_FIELDS = ("id",)
_PROGRAM_OUTPUT = ("exit_code", "stdout", "stderr")  # of a `run` step


def check_references(read: Read, known: dict[str, StepText], order: Order | None, source: Source) -> None:
    """Note every reference that names nothing. Without an *order*, whether a step is upstream is not asked."""
    scopes = _Scopes(read, known, order, source)
    for level in (read.steps, read.closing):
        for text in level.walk():
            for key in ("with", "run"):
                if key in text.keys:
                    scopes.check(text.keys[key].value, text)
    if "outputs" in read.keys:
        scopes.check(read.keys["outputs"].value, None)


class Reference(NamedTuple):
    """One value that a `${ }` reads; `marks` count from the beginning of `text`."""

    root: str
    path: tuple[str | int, ...]
    text: str  # the whole `${ … }`
    marks: tuple[tuple[int, int], ...]  # where the root and each key of `path` stand


def places_of(source: Source, node: Node) -> Iterator[tuple[Reference | Broken, int, int]]:
    """What each `${ }` of a text reads, with the place of the `${ }` in the file.

    The place is the whole text when it is written differently in the file.
    """
    cursor = node.start
    for part in scan(str(node.value)):
        if isinstance(part, str):
            continue
        at = source.text.find(part.text, cursor, node.end)
        start, end = (node.start, node.end) if at < 0 else (at, at + len(part.text))
        cursor = cursor if at < 0 else end
        if isinstance(part, Broken):
            yield part, start, end
            continue
        for reading in part.expression.reads:
            yield _reference(part, reading), start, end


def _reference(part: Part, reading: Reading) -> Reference:
    by = part.offset - part.start
    marks = tuple((first + by, last + by) for first, last in reading.marks)
    return Reference(reading.root, reading.path, part.text, marks)


class _Scopes:
    def __init__(self, read: Read, known: dict[str, StepText], order: Order | None, source: Source) -> None:
        self.read = read
        self.known = known
        self.order = order
        self.source = source

    def check(self, node: Node, text: StepText | None) -> None:
        """Check all references in *node*, which belongs to the step *text* or to the workflow's outputs."""
        for piece in texts_of(node):
            if "${" not in str(piece.value):
                continue
            for part, start, end in places_of(self.source, piece):
                if isinstance(part, Broken):
                    self._broken(part, start, end)
                else:
                    self._reference(part, start, end, text)

    def _broken(self, part: Broken, start: int, end: int) -> None:
        if part.is_open:
            hint = "add the `}`; write `$${` for a literal `${`"
            self.source.add("FL-E001", "`${` has no `}`", start, end, hint)
            return
        for problem in part.problems:
            first, last = start, end
            if end - start == len(part.text):
                first, last = start + problem.start - part.start, start + problem.end - part.start
            hint = problem.hint or "write an expression, as in ${ inputs.name } or ${ steps.id.output.field }"
            self.source.add(problem.code, problem.message, first, last, hint, "write `$${` for a literal `${`")

    def _reference(self, part: Reference, start: int, end: int, text: StepText | None) -> None:
        match part.root:
            case "inputs":
                self._input(part, start, end)
            case "run":
                self._run(part, start, end)
            case "steps":
                self._step(part, start, end, text)
            case _:
                close = self.source.did_you_mean(part.root, ROOTS, f"a reference begins with {', '.join(ROOTS)}")
                literal = "write `$${` for a literal `${`, and `$NAME` for a variable of a shell"
                self._add("FL-E003", f"there is no `{part.root}` here", part, 0, start, end, close, literal)

    def _input(self, part: Reference, start: int, end: int) -> None:
        if not part.path:
            return
        inputs = self.read.workflow.inputs
        name = part.path[0]
        declared = inputs.get(name) if isinstance(name, str) else None
        if declared is None:
            names = f"its inputs: {', '.join(inputs)}" if inputs else "declare it under `inputs:`"
            hint = self.source.did_you_mean(str(name), inputs, names)
            self._add("FL-E004", f"the workflow has no input `{name}`", part, 1, start, end, hint)
        elif len(part.path) > 1:
            said = _unfit(declared.type, part.path[1])
            if said:
                self._add("FL-E009", f"input `{name}` is {said}", part, 2, start, end, "end the reference before it")

    def _run(self, part: Reference, start: int, end: int) -> None:
        if part.path != _RUN_FIELDS:
            mark = min(1, len(part.path))
            self._add("FL-E005", "of `run`, only `run.id` can be read", part, mark, start, end, "write ${ run.id }")

    def _step(self, part: Reference, start: int, end: int, text: StepText | None) -> None:
        name = part.path[0] if part.path else ""
        target = self.known.get(name) if isinstance(name, str) else None
        if target is None:
            otherwise = "write ${ steps.id.output } with the id of a step above"
            hint = self.source.did_you_mean(str(name), self.known, otherwise)
            said = f"no step has the id `{name}`" if name else "`steps` needs the id of a step"
            self._add("FL-E006", said, part, min(1, len(part.path)), start, end, hint)
            return
        self._field(part, start, end, target)
        if text is None or self.order is None:
            return
        if not self.order.is_before(target.step.id, text.step.id):
            said = f"`{text.step.id}` reads `{target.step.id}`, which may not have ended by then"
            if text is target:
                said = f"`{text.step.id}` reads its own output"
            self._add("FL-W113", said, part, 1, start, end, _edge_hint(text, target))

    def _field(self, part: Reference, start: int, end: int, target: StepText) -> None:
        name = target.step.id
        is_block = isinstance(target.step.action, ParallelAction | GroupAction)
        field = part.path[1] if len(part.path) > 1 else ""
        if field not in _STEP_FIELDS:
            said = f"of a step, {' or '.join(f'`{one}`' for one in _STEP_FIELDS)} can be read"
            hint = self.source.did_you_mean(str(field), _STEP_FIELDS, f"write ${{ steps.{name}.output }}")
            self._add("FL-E005", said, part, min(2, len(part.path)), start, end, hint)
        elif field == "status" and len(part.path) > 2:
            hint = f"write ${{ steps.{name}.status }}"
            self._add("FL-E009", "a status is text: it has no fields", part, 3, start, end, hint)
        elif field == "output" and is_block:
            hint = "name a step inside it"
            self._add("FL-E008", f"`{name}` is a block and has no output of its own", part, 2, start, end, hint)
        elif isinstance(target.step.action, RunAction) and len(part.path) > 2 and part.path[2] not in _PROGRAM_OUTPUT:
            said = f"`{name}` performs a program and has no output named `{part.path[2]}`"
            label = f"it gives: {', '.join(_PROGRAM_OUTPUT)}"
            hint = self.source.did_you_mean(str(part.path[2]), _PROGRAM_OUTPUT, label)
            self._add("FL-E014", said, part, 3, start, end, hint, label=label)

    def _add(
        self,
        code: str,
        message: str,
        part: Reference,
        mark: int,
        start: int,
        end: int,
        *hints: str,
        label: str = "",
    ) -> None:
        add_at(self.source, code, message, part, mark, start, end, *hints, label=label)


def add_at(
    source: Source,
    code: str,
    message: str,
    part: Reference,
    mark: int,
    start: int,
    end: int,
    *hints: str,
    label: str = "",
) -> None:
    """Note something at one name of a reference (0: its root) that stands at [*start*, *end*) of the file."""
    if end - start == len(part.text):
        first, last = part.marks[mark]
        start, end = start + first, start + last
    source.add(code, message, start, end, *hints, label=label)


def _unfit(kind: InputType, key: str | int) -> str:
    """Why a value of type *kind* cannot have *key*; "" when it can."""
    if kind == "array":
        return "" if isinstance(key, int) else "a list: its items are named by position, as in `[0]`"
    if kind == "object":
        return "" if isinstance(key, str) else "an object: its fields are named, not numbered"
    return f"of type {kind}: it has no fields"


def _edge_hint(text: StepText, target: StepText) -> str:
    """What makes *target* come before *text*."""
    if text is target:
        return "read a step above it"
    shared = {level: step for step, level in _ancestry(target)}
    for step, level in _ancestry(text):
        if level in shared:
            block = shared[level].step.id
            if shared[level] is step:
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
