"""Rows of steps: a small run stands there whole, ten thousand items are one row with its first failures."""

import io

import msgspec
import pytest

from fairlead.cli.fact_text import Folding
from fairlead.cli.look import Look
from fairlead.cli.run_screen import steps_lines
from fairlead.core.ids import Micros, RunId
from fairlead.views.facts import Fact
from fairlead.views.html import html_text
from fairlead.views.junit import junit_text
from fairlead.views.markdown import markdown
from fairlead.views.rows import FOLDED_OVER, NAMED_MAX, calls_of, rows_of
from fairlead.views.runs import RoundView, RunView, StepView
from fairlead.views.sarif import sarif_text
from fairlead.views.summary import BYTES_MAX, summary_text
from tests.proves import proves
from tests.views.paper import finding, run

MANY = 10_000


def fan(count: int, failed: int = 0) -> tuple[StepView, ...]:
    items = tuple(
        StepView(
            f"fan[{number}]",
            "failed" if number < failed else "succeeded",
            parent="fan",
            kind="item",
            agent="security-scanner",
            attempts=1,
            fault="result" if number < failed else "",
            code="FL-R210" if number < failed else "",
            message=f"no {number}" if number < failed else "",
        )
        for number in range(count)
    )
    counts = {"failed": failed, "succeeded": count - failed}
    block = StepView(
        "fan",
        "failed" if failed else "succeeded",
        kind="each",
        items={name: many for name, many in counts.items() if many},
        message=f"{failed} of {count} failed" if failed else "",
    )
    return (block, *items)


def loop(rounds: int) -> tuple[StepView, ...]:
    done = tuple(RoundView(number, "succeeded", 1.0 / number, True) for number in range(1, rounds + 1))
    block = StepView("tune", "succeeded", kind="loop", rounds=done, rounds_max=rounds, best=0.5, stopped_because="max")
    steps = [block]
    for number in range(1, rounds + 1):
        steps.append(StepView(f"tune#{number}", "succeeded", parent="tune", kind="round"))
        steps.append(StepView(f"body#{number}", "succeeded", parent=f"tune#{number}", kind="run", agent="run"))
    return tuple(steps)


def names(view: RunView, **how: object) -> list[str]:
    return ["  " * row.depth + row.step.step for row in rows_of(view, **how)]  # type: ignore[arg-type]  # keywords of a test


@proves("A8.4")
def test_what_is_small_stands_below_its_block_in_the_order_of_the_file() -> None:
    last = StepView("last", "pending")
    view = run(steps=(*fan(3), *loop(2), last))
    assert names(view) == ["fan", "  fan[0]", "  fan[1]", "  fan[2]", "tune", "  tune#1", "  tune#2", "last"]
    assert names(view, is_whole=True)[4:8] == ["tune", "  tune#1", "    body#1", "  tune#2"]
    assert names(view, at="tune#2") == ["tune#2"]
    # A block that only holds everything else is not worth a row.
    inside = tuple(msgspec.structs.replace(one, parent=one.parent or "all") for one in (*fan(3), last))
    assert names(run(steps=(StepView("all", "running", kind="parallel"), *inside)))[0] == "fan"


@proves("A8.4")
@pytest.mark.parametrize(
    ("count", "failed", "shown"), [(FOLDED_OVER, 2, FOLDED_OVER), (FOLDED_OVER + 1, 2, 2), (MANY, 9, NAMED_MAX)]
)
def test_a_large_fan_out_is_one_row_with_its_first_failures(count: int, failed: int, shown: int) -> None:
    view = run(steps=fan(count, failed), status="failed")
    rows = rows_of(view)
    assert len(rows) == 1 + shown
    assert {place for row in rows for place in row.places} == {step.step for step in view.steps}
    assert len(rows_of(view, is_whole=True)) == count + 1
    if shown < count:
        told = next(row.step for row in calls_of(view) if row.step.step == "fan")
        assert told.summary == f"{count:,} items: {failed:,} failed, {count - failed:,} succeeded"


@proves("A8.4")
def test_every_report_of_ten_thousand_items_is_bounded_and_says_what_is_left_out() -> None:
    found = tuple(finding(number, step=f"fan[{number}]") for number in range(3))
    view = run(*found, steps=fan(MANY, 700), status="failed", reasons=("fan failed: 700 of 10000 failed",))
    counts = "10,000 items: 700 failed, 9,300 succeeded"
    texts = {
        "markdown": markdown(view),
        "summary": summary_text(view, 0),
        "junit": junit_text(view, lambda one: True),
        "html": html_text(view, "0", {}, {}),
        "sarif": sarif_text(view, "0", {}, {}),
    }
    for name, text in texts.items():
        assert len(text) < 400_000, name
        if name != "sarif":
            assert counts in text, name
    assert len(texts["summary"].encode()) < BYTES_MAX
    assert "finding 2" in texts["junit"]  # of an item without a row: told by its block
    lines = list(steps_lines(view, Look(io.StringIO(), {"COLUMNS": "100"})))
    assert any(counts in line for line in lines)
    assert len(lines) < 60


def fact(place: str, kind: str = "step.succeeded", **more: object) -> Fact:
    return Fact(kind, RunId("r-paper"), Micros(1), step=place, **more)  # type: ignore[arg-type]  # keywords of a test


@proves("A8.4")
def test_while_it_runs_a_large_fan_out_is_told_by_its_end_and_its_first_failures() -> None:
    folding = Folding()
    small = [fact(f"fan[{n}]", items=FOLDED_OVER) for n in range(FOLDED_OVER)]
    assert not any(map(folding.hides, small))
    large = [fact(f"wide[{n}]", "step.failed" if n % 2 else "step.succeeded", items=MANY) for n in range(100)]
    assert [one.step for one in large if not folding.hides(one)] == [
        "wide[1]",
        "wide[3]",
        "wide[5]",
        "wide[7]",
        "wide[9]",
    ]
    assert not folding.hides(msgspec.structs.replace(fact("wide", "step.failed", items=MANY), kind="each"))
    assert folding.hides(fact("a", "step.started", kept_from="r-before"))
