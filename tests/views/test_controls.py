"""Controls of a run: read from any output that has them, and listed with their evidence."""

from types import SimpleNamespace
from typing import cast

import pytest

from fairlead.core.json import Json, encode
from fairlead.core.state import RunState
from fairlead.core.workflow import AgentAction
from fairlead.views.controls import ControlView, EvidenceView, controls_of
from fairlead.views.markdown import markdown
from fairlead.views.reading import Readable
from tests.views.paper import HOSTILE, run

ROW: Json = {"id": "B01", "title": "A", "state": "met", "evidence": [{"path": "a", "line": 1, "what": "b"}], "more": 1}


class _Kept:
    """A journal with one output that is too large for an event."""

    def __init__(self, output: Json) -> None:
        self._output = output

    def get(self, reference: str) -> bytes:
        return encode(self._output)


def read(output: Json, *, is_kept: bool) -> tuple[ControlView, ...]:
    step = SimpleNamespace(
        place="compliance",
        output=None if is_kept else output,
        output_ref="x" if is_kept else "",
        is_block=False,
        planned=SimpleNamespace(step=SimpleNamespace(action=AgentAction("compliance-checker"))),
    )
    return controls_of(cast(RunState, SimpleNamespace(in_order=lambda: [step])), cast(Readable, _Kept(output)))


@pytest.mark.parametrize("is_kept", [True, False])
def test_controls_are_read_wherever_the_output_lies(is_kept: bool) -> None:
    (control,) = read({"controls": [ROW]}, is_kept=is_kept)
    assert control == ControlView("B01", "A", "met", evidence=(EvidenceView("a", 1, "b"),), step="compliance")


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize(
    "output",
    [
        None,
        [],
        "controls",
        {},
        {"controls": 5},
        {"controls": {"a": 1}},
        {"controls": [5, {"id": "a"}, None, {"id": 1}]},
    ],
)
def test_what_a_program_calls_controls_is_passed_over(output: Json, is_kept: bool) -> None:
    assert read(output, is_kept=is_kept) == ()


def test_markdown_lists_open_controls_first_with_their_evidence() -> None:
    view = run(
        controls=(
            ControlView("B01", "One", "met", evidence=(EvidenceView("LICENSE", 1, "MIT"), EvidenceView("b"))),
            ControlView("B02", "Two", "not applicable", reason="There is none."),
            ControlView("B03", "Three", "open", lacking=("No file.",)),
            ControlView("B04", "Four", "met", evidence=(EvidenceView("c"),), evidence_more=2),
        )
    )
    lines = markdown(view).splitlines()
    assert "2 of 3 controls have evidence:" in lines
    assert [line for line in lines if line.startswith("| B")] == [
        "| B03 Three | open | No file. |",
        "| B01 One | met | LICENSE:1: MIT; b |",
        "| B04 Four | met | c; and 2 more |",
        "| B02 Two | not applicable | There is none. |",
    ]


def test_markdown_without_controls_says_nothing_of_them() -> None:
    assert "control" not in markdown(run())


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_stays_in_its_cell(text: str) -> None:
    control = ControlView(text, text, "open", lacking=(text,), evidence=(EvidenceView(text, 1, text),), reason=text)
    rows = [line for line in markdown(run(controls=(control,))).splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows[-3:]} == {4}
