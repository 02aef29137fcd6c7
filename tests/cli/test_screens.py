"""Both screens carry the same facts, the region never eats the record, and a third of the terminal is its limit."""

import random
import re

import msgspec
import pytest

from fairlead.cli.fact_text import IS_SAID_AROUND, Telling, duration, first_line
from fairlead.cli.live import DRAW_SECONDS_MIN, LiveScreen
from fairlead.cli.plain import QUIET_SECONDS_MAX, PlainScreen
from fairlead.cli.terminal_text import safe
from fairlead.core.ids import Micros, RunId, Seq
from fairlead.core.state import RunState
from fairlead.views.facts import Fact, Projection
from fairlead.views.watch import Watch
from tests.cli.screens import PaperLook, PaperTerminal
from tests.core.runs import RUN, PaperRun, random_workflow
from tests.journal.parts import FakeClock

NASTY = ("plain words", "größe 漢字", "a\x1b[2Jb", "new\nline", "\u202eturned", "x" * 300, "", "two  words · three")


class FactsWatch(Watch):
    """What a screen sees of a watch: the state, moved on by hand."""

    def __init__(self, projection: Projection) -> None:
        self._held = projection

    @property
    def state(self) -> RunState | None:
        return self._held.state

    @property
    def is_ended(self) -> bool:
        return self._held.state.ended is not None


def embellished(fact: Fact, rng: random.Random) -> Fact:
    """The fact with foreign text in it."""
    if not fact.step or fact.type == "step.started":
        return fact
    return msgspec.structs.replace(
        fact,
        summary=rng.choice(NASTY),
        message=rng.choice(NASTY[:-2]) + "!" if fact.message else "",
        reasons=tuple(rng.choice(NASTY[:6]) for _ in fact.reasons),
        seconds=rng.choice((0.04, 3.2, 75.0, 4000.0)),
    )


def folded(text: str) -> str:
    """Without colour, without white space and without line drawing: what is said, not where."""
    return "".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def said_by(fact: Fact, telling: Telling) -> list[str]:
    """Every piece that a screen must carry for *fact*."""
    pieces = [safe(fact.step), safe(first_line(fact)), duration(fact)]
    return [folded(piece) for piece in [*pieces, *map(safe, telling.further_lines(fact))] if piece]


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("columns", [80, 200])
def test_both_screens_carry_the_same_facts(seed: int, columns: int) -> None:
    rng = random.Random(seed)
    run = PaperRun(random_workflow(rng), rng)
    run.perform(cancels=seed % 2, deaths=seed % 3)
    clock = FakeClock()
    projection = Projection(run.workflow, RUN)
    watch = FactsWatch(projection)
    paper, lines = PaperTerminal(columns), list[str]()
    live = LiveScreen(PaperLook(columns, 60), paper.write, clock.monotonic, "Ctrl-C stops")
    plain = PlainScreen(lines.extend, clock.monotonic, clock.now)
    telling = Telling()
    for record in run.records:
        facts = [embellished(fact, rng) for fact in projection.take(record)]
        clock.move(DRAW_SECONDS_MIN)
        drawn, appended = len(paper.frames), len(lines)
        live.show(facts, watch)
        plain.show(facts, watch)
        on_terminal = folded("\n".join(paper.frames[drawn:]))
        on_paper = folded("\n".join(lines[appended:]))
        for fact in facts:
            pieces = said_by(fact, telling)
            assert [piece for piece in pieces if piece not in on_paper] == []
            if fact.type not in IS_SAID_AROUND and not (fact.type == "step.started" and watch.is_ended):
                assert [piece for piece in pieces if piece not in on_terminal] == [], fact
    live.close()
    # What is permanent stands there at the end, in order, and nothing of the region does.
    assert "── running" not in paper.text
    telling = Telling()
    fresh = Projection(run.workflow, RUN)
    ends = [fact.step for record in run.records for fact in fresh.take(record) if fact.type == "step.succeeded"]
    position = 0
    for name in ends:
        position = paper.text.index(f"✓ {name}", position) + 1


def running_many(count: int) -> tuple[FactsWatch, list[Fact]]:
    from fairlead.core.workflow import AgentAction, Step, Workflow

    steps = tuple(Step(f"step-{n}", AgentAction("scripted")) for n in range(count))
    run = PaperRun(Workflow("wide", steps, flow="graph", parallel_max=count), random.Random(1))
    run.begin()
    for _ in range(count):
        run.obey()
    projection = Projection(run.workflow, RUN)
    facts = projection.take_all(run.records)
    return FactsWatch(projection), facts


@pytest.mark.parametrize("rows", [12, 24, 60])
def test_the_region_takes_at_most_a_third_of_the_terminal(rows: int) -> None:
    watch, facts = running_many(30)
    clock, paper = FakeClock(), PaperTerminal(80)
    live = LiveScreen(PaperLook(80, rows), paper.write, clock.monotonic, "Ctrl-C stops")
    live.show(facts, watch)
    region = [""] * (rows >= 18) + paper.text[paper.text.index("  ── running") :].rstrip("\n").split("\n")
    assert len(region) <= rows // 3
    assert "more running" in paper.text


def test_the_region_is_drawn_at_most_ten_times_a_second() -> None:
    watch, facts = running_many(2)
    clock, paper = FakeClock(), PaperTerminal(80)
    live = LiveScreen(PaperLook(80, 24), paper.write, clock.monotonic, "")
    live.show(facts, watch)
    for _ in range(99):
        clock.move(0.01)
        live.show([Fact("step.progress", RUN, Micros(0), step="step-0", summary="x")], watch)
    assert len(paper.frames) <= 11


@pytest.mark.parametrize(("before", "after"), [(200, 80), (80, 200), (120, 41)])
def test_a_change_of_size_leaves_nothing_behind(before: int, after: int) -> None:
    watch, facts = running_many(4)
    clock, paper, look = FakeClock(), PaperTerminal(before), PaperLook(before, 40)
    live = LiveScreen(look, paper.write, clock.monotonic, "Ctrl-C stops")
    live.show(facts, watch)
    # A terminal that becomes narrower breaks the lines that are too long now.
    old = paper.rows
    paper.columns = after
    paper.rows = [line[at : at + after] for line in old for at in range(0, max(1, len(line)), after)]
    paper.row = len(paper.rows) - 1
    look.size = (after, 40)
    clock.move(1)
    live.show([], watch)
    live.close()
    assert paper.text.strip() == ""


def test_colour_is_never_the_only_sign_and_can_be_left_out() -> None:
    written: list[str] = []
    for environ in ({}, {"NO_COLOR": "1"}):
        paper: list[str] = []
        live = LiveScreen(PaperLook(80, 24, environ), paper.append, FakeClock().monotonic, "")
        live.show(
            [Fact("step.failed", RUN, Micros(0), step="tests", message="2 failed", code="FL-R210", fault="result")]
        )
        written.append("".join(paper))
    assert "\x1b[31m" in written[0]
    assert "\x1b[" not in written[1]
    assert "✗ tests" in written[1]


def test_ascii_draws_words_for_symbols() -> None:
    paper: list[str] = []
    look = PaperLook(80, 24, {"NO_COLOR": "1"}, is_ascii=True)
    live = LiveScreen(look, paper.append, FakeClock().monotonic, "")
    live.show([Fact("step.degraded", RUN, Micros(0), step="deps", summary="2", reasons=("old data",))])
    assert "  deg   deps" in "".join(paper)


def test_without_news_a_heartbeat_comes_every_thirty_seconds_and_says_what_is_done() -> None:
    watch, facts = running_many(3)
    clock, lines = FakeClock(), list[str]()
    plain = PlainScreen(lines.extend, clock.monotonic, clock.now)
    plain.show(facts, watch)
    lines.clear()
    plain.show([Fact("step.progress", RUN, Micros(0), step="step-1", summary="src/app.py")], watch)
    assert lines == []
    clock.move(QUIET_SECONDS_MAX - 1)
    plain.show([], watch)
    assert lines == []
    clock.move(1)
    plain.show([], watch)
    assert len(lines) == 1
    assert "beat     running=3 done=0 pending=0  step-1: src/app.py" in lines[0]
    plain.show([], watch)
    assert len(lines) == 1


def test_a_fact_needs_a_sequence_number_only_when_it_is_recorded() -> None:
    assert Fact("step.progress", RunId("r-1"), Micros(0)).seq == Seq(0)
