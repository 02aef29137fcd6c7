"""Ids and edges: every id once, every edge to a step of the same list, no circle; and who comes before whom."""

from typing import NamedTuple

from fairlead.core.expressions.lexer import RESERVED
from fairlead.workflow.declared import nearest_name, propose_name
from fairlead.workflow.keys import RESERVED_IDS, ROOTS
from fairlead.workflow.levels import Level, StepText
from fairlead.workflow.mending import remove_entry
from fairlead.workflow.reading import Read
from fairlead.workflow.source import Source
from fairlead.workflow.steps import ID
from fairlead.workflow.yaml_tree import Node

CYCLE_SHOWN_MAX = 20  # steps of a circle that a message names


class Edges(NamedTuple):
    """The step of each id, and whether it is known what comes before what: ids and edges are right, without a circle.

    An edge where there can be none, in a sequence, leaves the order known.
    """

    known: dict[str, StepText]
    are_sound: bool


def check_edges(read: Read, source: Source) -> Edges:
    """Note what is wrong with ids and edges."""
    before = source.count
    known = _check_ids(read, source)
    are_ids_right = source.count == before
    is_order_known = True
    for level in (read.steps, read.closing):
        is_order_known &= _check_level(level, known, source)
        for text in level.walk():
            _check_alias(text, source)
    has_all_ids = all(text.step.id for level in (read.steps, read.closing) for text in level.walk())
    return Edges(known, has_all_ids and are_ids_right and is_order_known)


def _check_ids(read: Read, source: Source) -> dict[str, StepText]:
    known: dict[str, StepText] = {}
    for level in (read.steps, read.closing):
        for text in level.walk():
            name = text.step.id
            node = text.id_node
            if not name:
                continue
            if name in RESERVED_IDS:
                said = f"`{name}` is a reserved word and cannot be an id"
                source.add("FL-W103", said, node.start, node.end, f"write for example `{name}_step`")
            elif not ID.fullmatch(name):
                said = f"`{name[:70]}` is no id for a step"
                label = "small letters, digits and `_`, at most 63, a letter first"
                source.add("FL-W101", said, node.start, node.end, propose_name(name, "_"), label=label)
            elif name in known:
                where = source.where(known[name].id_node.start)
                said = f"the id `{name}` stands twice: at {where} and here"
                hint = "give one of them another id; ids are unique in the whole file, also inside blocks"
                source.add("FL-W102", said, node.start, node.end, hint, label="here again")
                continue
            known[name] = text
    return known


def _check_alias(text: StepText, source: Source) -> None:
    """Note the name of an item that would hide a root, or the item of a block around it."""
    if text.step.each is None:
        return
    alias = text.step.each.alias
    node = (text.keys.get("as") or text.keys["each"]).value
    said = ""
    if alias in ROOTS:
        said = f"`{alias}` is a word with which expressions begin, and cannot be the name of an item"
    elif alias in RESERVED:
        said = f"`{alias}` is a reserved word of the expression language, and cannot be the name of an item"
    block = text.level.parent
    while block is not None and not said:
        if block.step.each is not None and block.step.each.alias == alias:
            said = f"`{alias}` is already an item of `{block.step.id}`, the block around this step"
        block = block.level.parent
    if said:
        source.add("FL-W126", said, node.start, node.end, "choose another name, for example `as: part`")


def _check_level(level: Level, known: dict[str, StepText], source: Source) -> bool:
    """Check the edges of one list and of those inside; gives whether it is known then what comes before what."""
    is_known = True
    here: dict[str, StepText] = {}
    for text in level.texts:
        if text.step.id:
            here.setdefault(text.step.id, text)  # of two with one id, the first: the second is refused already
    # What an id that is refused should be: a reference that has it right already is not sent back to the wrong one.
    meant = {nearest_name(name, "_") for name in here if not ID.fullmatch(name)}
    for text in level.texts:
        for key, names in (("needs", text.step.needs), ("after", text.step.after)):
            if names and level.is_sequence:
                _refuse_in_sequence(level, text, key, source)
            elif names:
                for name, node in zip(names, _name_nodes(text, key), strict=False):
                    if name not in here:
                        is_known = False
                        if name not in meant:
                            _refuse_name(name, node, text, key, here, known, source)
    are_inner_known = [_check_level(inner, known, source) for text in level.texts for inner in text.inner]
    has_circle = not level.is_sequence and _check_circles(level, here, source)
    return is_known and all(are_inner_known) and not has_circle


def _name_nodes(text: StepText, key: str) -> list[Node]:
    """The nodes of the names that were read, in the same order: texts that are not empty, each once."""
    found: dict[str, Node] = {}
    for item in text.keys[key].value.items:
        if item.is_text and str(item.value).strip():
            found.setdefault(str(item.value), item)
    return list(found.values())


def _refuse_in_sequence(level: Level, text: StepText, key: str, source: Source) -> None:
    entry = text.keys[key]
    where = {
        "steps": "under `flow: sequence`",
        "finally": "under `finally`",
        "block": "in a list of steps inside a block",
    }
    hints = {
        "steps": "remove it, or write `flow: graph` at the top of the file",
        "finally": "remove it: these steps follow one another",
        "block": "remove it, or use `parallel` for steps that do not follow one another",
    }
    said = f"`{key}` has no place {where[level.kind]}: each step follows the one above"
    edit = remove_entry(source, entry)
    source.add("FL-W106", said, entry.key.start, entry.key.end, hints[level.kind], edit=edit)


def _refuse_name(
    name: str,
    node: Node,
    text: StepText,
    key: str,
    here: dict[str, StepText],
    known: dict[str, StepText],
    source: Source,
) -> None:
    others = [other for other in here if other != text.step.id]
    if name in known:
        said = f"`{key}` of `{text.step.id}` names `{name}`, which stands in another list of steps"
        block = _beside(known[name], text.level)
        hint = f"name its block: `{block}`" if block else "name a step of the same list; a block waits as a whole"
        source.add("FL-W108", said, node.start, node.end, hint)
        return
    listed = f"the steps of this list: {', '.join(others[:10])}" if others else "this list has no other step"
    said = f"`{key}` of `{text.step.id}` names `{name[:63]}`, and no step has that id"
    source.add("FL-W107", said, node.start, node.end, source.did_you_mean(name, others, listed))


def _beside(text: StepText, level: Level) -> str:
    """The id of the block of *level* that holds *text*, if there is one."""
    while text.level is not level:
        if text.level.parent is None:
            return ""
        text = text.level.parent
    return text.step.id


def _check_circles(level: Level, here: dict[str, StepText], source: Source) -> bool:
    """Note each circle of `needs` and `after`, with all its steps; a step that stands in several is told once."""
    state: dict[str, int] = {}  # 1: on the way, 2: done
    told: set[str] = set()
    for first in here:
        if first in state:
            continue
        way = [(first, iter(_edges(here[first], here)))]
        state[first] = 1
        while way:
            name, rest = way[-1]
            earlier = next(rest, None)
            if earlier is None:
                state[name] = 2
                way.pop()
            elif earlier not in state:
                state[earlier] = 1
                way.append((earlier, iter(_edges(here[earlier], here))))
            elif state[earlier] == 1:
                names = [step for step, _ in way]
                circle = names[names.index(earlier) :]
                if not told.intersection(circle):
                    told.update(circle)
                    _refuse_circle(circle, here, source)
    return bool(told)


def _edges(text: StepText, here: dict[str, StepText]) -> list[str]:
    return [name for name in (*text.step.needs, *text.step.after) if name in here]


def _refuse_circle(circle: list[str], here: dict[str, StepText], source: Source) -> None:
    # Told from the step that stands first in the file, at its own edge into the circle.
    order = list(here)
    first = min(range(len(circle)), key=lambda index: order.index(circle[index]))
    names = [*circle[first:], *circle[:first]]
    text, into = here[names[0]], names[1 % len(names)]
    key = "needs" if into in text.step.needs else "after"
    node = next(node for node in _name_nodes(text, key) if node.value == into)
    shown = names if len(names) <= CYCLE_SHOWN_MAX else [*names[:CYCLE_SHOWN_MAX], f"… {len(names)} steps …"]
    said = f"these steps wait for one another: {' → '.join([*shown, names[0]])}"
    source.add("FL-W109", said, node.start, node.end, "remove one of these edges", label="one edge of the circle")


class Order:
    """Which steps have ended, for certain, before a step begins. Only for files of which `Edges.are_sound`."""

    def __init__(self, read: Read) -> None:
        self.names: list[str] = []  # a step is a bit: its position here
        self._before: dict[str, int] = {}
        self._bit: dict[str, int] = {}
        self._number(read.steps)
        everything = (1 << len(self.names)) - 1
        self._number(read.closing)
        self._lay(read.steps, 0)
        self._lay(read.closing, everything)

    def is_before(self, earlier: str, step: str) -> bool:
        """Whether *earlier* has ended before *step* begins."""
        return bool(self._bit[earlier] & self._before[step])

    def _number(self, level: Level) -> None:
        for text in level.texts:
            bit = 1 << len(self.names)
            self.names.append(text.step.id)
            self._bit[text.step.id] = bit
            for inner in text.inner:
                self._number(inner)

    def _lay(self, level: Level, before: int) -> None:
        whole = {text.step.id: self._whole(text) for text in level.texts}
        by_id = {text.step.id: text for text in level.texts}
        if level.is_sequence:
            for text in level.texts:
                self._before[text.step.id] = before
                before |= whole[text.step.id]
        else:
            for text in level.texts:
                self._settle(text, by_id, whole, before)
        for text in level.texts:
            for inner in text.inner:
                self._lay(inner, self._before[text.step.id])

    def _settle(self, text: StepText, by_id: dict[str, StepText], whole: dict[str, int], before: int) -> None:
        """Everything before *text*: its edges, and what lies before those. Without recursion: chains may be long."""
        waiting = [text]
        while waiting:
            top = waiting[-1]
            edges = [name for name in (*top.step.needs, *top.step.after) if name in by_id]
            open_edges = [by_id[name] for name in edges if name not in self._before]
            if open_edges:
                waiting.extend(open_edges)
                continue
            waiting.pop()
            bits = before
            for name in edges:
                bits |= whole[name] | self._before[name]
            self._before[top.step.id] = bits

    def _whole(self, text: StepText) -> int:
        """The bits of a step and of everything inside it: all of that has ended when the step has."""
        bits = self._bit[text.step.id]
        for inner in text.inside():
            bits |= self._bit[inner.step.id]
        return bits
