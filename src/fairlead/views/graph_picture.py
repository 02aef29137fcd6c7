"""A workflow as SVG: boxes in rows from top to bottom, blocks as boxes around boxes. Nothing in it can be executed."""

from collections.abc import Iterator
from html import escape

from fairlead.core.printable import printable
from fairlead.core.workflow import ApproveAction, EffectAction, NotifyAction, WaitAction, Workflow
from fairlead.views.graphs import Arrow, arrows_of, condition_of, label_of

_BOX_HEIGHT = 52
_CHARACTER = 7.3  # of the font that is asked for, at 12 pixels
_GAP_X, _GAP_Y, _PAD, _HEAD = 24, 44, 16, 40
_ROW_MAX = 6  # boxes in one row
# Colours that can be told apart by everybody, and read when printed without colour.
_FILLS = {ApproveAction: "#fff3d6", EffectAction: "#ffe1dc", NotifyAction: "#e6f0ff", WaitAction: "#eeeeee"}


class _Box:
    """One step with its place; those of its block are relative to it until all is laid out."""

    def __init__(self, name: str, lines: tuple[str, ...]) -> None:
        self.name = name
        self.lines = lines
        self.x = self.y = 0.0
        self.width = max((len(line) for line in lines), default=4) * _CHARACTER + 2 * _PAD
        self.height: float = _BOX_HEIGHT if len(lines) < 3 else _BOX_HEIGHT + 16
        self.inside: list[_Box] = []


def svg_graph(workflow: Workflow) -> Iterator[str]:
    """The picture, line by line: one file that needs no other."""
    arrows = arrows_of(workflow)
    boxes: list[_Box] = []
    width = height = 0.0
    for is_closing in (False, True):  # what is always done at the end stands below all else
        roots = [name for name, one in workflow.plan.items() if one.parent is None and one.is_closing == is_closing]
        below, wide_below, high_below = _laid(roots, workflow, arrows)
        for box in below:
            box.y += height + (_GAP_Y if height and below else 0.0)
        boxes += below
        height += high_below + (_GAP_Y if height and below else 0.0)
        width = max(width, wide_below)
    size = f"{width + 2 * _PAD:.0f} {height + 2 * _PAD:.0f}"
    wide, high = size.split()
    title = escape(printable(workflow.title or workflow.name))
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {size}" role="img">'
    yield f"<title>{title}</title>"
    yield "<style>text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1b1b1b}.i{font-weight:bold}</style>"
    yield '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    yield '<path d="M0 0L8 4L0 8z" fill="#444"/></marker></defs>'
    yield f'<rect width="{wide}" height="{high}" fill="#ffffff"/>'
    places: dict[str, _Box] = {}
    for box in boxes:
        _move(box, _PAD, _PAD, places)
    # Lines that pass a box lie under it, and those inside a block over the block.
    for name, one in workflow.plan.items():
        if one.is_block:
            yield from _drawn(places[name], workflow)
    for arrow in arrows:
        yield _line(places[arrow.before], places[arrow.to], is_dashed=arrow.is_order_only)
    for name, one in workflow.plan.items():
        if not one.is_block:
            yield from _drawn(places[name], workflow)
    yield "</svg>"


def _laid(names: list[str], workflow: Workflow, arrows: list[Arrow]) -> tuple[list[_Box], float, float]:
    """Boxes of one list of steps in rows; each row comes after what it waits for."""
    ranks: dict[str, int] = {}
    known = set(names)
    for name in _in_order(names, arrows):
        ranks[name] = max(
            (ranks[one.before] + 1 for one in arrows if one.to == name and one.before in known), default=0
        )
    rows: list[list[_Box]] = []
    for rank in range(max(ranks.values(), default=-1) + 1):
        row = [_box(name, workflow, arrows) for name in names if ranks[name] == rank]
        rows += [row[start : start + _ROW_MAX] for start in range(0, len(row), _ROW_MAX)]
    widths = [sum(box.width for box in row) + _GAP_X * (len(row) - 1) for row in rows]
    width, y = max(widths, default=0.0), 0.0
    for row, own in zip(rows, widths, strict=True):
        x = (width - own) / 2
        for box in row:
            box.x, box.y = x, y
            x += box.width + _GAP_X
        y += max(box.height for box in row) + _GAP_Y
    return [box for row in rows for box in row], width, max(0.0, y - _GAP_Y)


def _in_order(names: list[str], arrows: list[Arrow]) -> list[str]:
    left, found = list(names), list[str]()
    done: set[str] = set()
    known = set(names)
    waits = {name: {one.before for one in arrows if one.to == name and one.before in known} for name in names}
    while left:
        ready = [name for name in left if waits[name] <= done]
        found += ready
        done |= set(ready)
        left = [name for name in left if name not in done]
    return found


def _box(name: str, workflow: Workflow, arrows: list[Arrow]) -> _Box:
    planned = workflow.plan[name]
    condition = condition_of(planned, workflow)
    box = _Box(name, tuple(map(printable, filter(None, (name, label_of(planned), condition)))))
    if planned.is_block:
        box.inside, width, height = _laid(planned.children, workflow, arrows)
        head = _HEAD + 16 * (bool(condition))
        box.width = max(box.width, width + 2 * _PAD)
        for inner in box.inside:
            inner.x += (box.width - width) / 2
            inner.y += head + 8
        box.height = head + 8 + height + _PAD
    return box


def _move(box: _Box, x: float, y: float, places: dict[str, _Box]) -> None:
    box.x += x
    box.y += y
    places[box.name] = box
    for inner in box.inside:
        _move(inner, box.x, box.y, places)


def _drawn(box: _Box, workflow: Workflow) -> Iterator[str]:
    fill = _FILLS.get(type(workflow.plan[box.name].step.action), "#f7f9fb" if box.inside else "#e8f4ea")
    yield (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="6" '
        f'fill="{fill}" stroke="#444"/>'
    )
    for number, line in enumerate(box.lines):
        y = box.y + 20 + 17 * number
        look = ' class="i"' if not number else ""
        text = escape(line)
        yield f'<text x="{box.x + box.width / 2:.1f}" y="{y:.1f}" text-anchor="middle"{look}>{text}</text>'


def _line(before: _Box, to: _Box, *, is_dashed: bool) -> str:
    x1, y1 = before.x + before.width / 2, before.y + before.height
    x2, y2 = to.x + to.width / 2, to.y
    bend = max(20.0, (y2 - y1) / 2)
    dashes = ' stroke-dasharray="5 4"' if is_dashed else ""
    path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
    return f'<path d="{path}" fill="none" stroke="#444" marker-end="url(#a)"{dashes}/>'
