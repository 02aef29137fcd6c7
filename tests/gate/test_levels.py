"""Which level a call gets, and that what was asked for is what is given, or nothing."""

import msgspec
import pytest

from fairlead.core.events import AttemptFailed, AttemptSucceeded
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Digest
from fairlead.core.outcomes import Failed
from fairlead.core.ports import AgentCard, Call
from fairlead.gate.levels import level_for
from tests.gate.conftest import World
from tests.proves import proves

SHIPS = Digest("")
OWN = Digest("sha256:own")


def card(adapter: str, level: str = "") -> AgentCard:
    return AgentCard("a", "A", "Does.", adapter, "x:y", "1", Digest("sha256:a"), {}, {}, "here", level=level)


def call(*argv: str, definition: Digest = SHIPS, sandbox: str = "") -> Call:
    made = Call(RunId("r-abcdefgh"), Place("step"), 1, "a", {}, "/checkout", argv, definition=definition)
    return msgspec.structs.replace(made, sandbox=sandbox)


@proves("E4")
@pytest.mark.parametrize(
    ("adapter", "words", "definition", "on", "off"),
    [
        ("tool", (), SHIPS, "L1", "L1"),  # it ships
        ("tool", (), OWN, "L2", "L1"),
        ("command", (), OWN, "L2", "L0"),
        ("program", ("make",), SHIPS, "L2", "L0"),
    ],
)
def test_each_kind_of_call_has_its_level(
    adapter: str, words: tuple[str, ...], definition: Digest, on: str, off: str
) -> None:
    asked = call(*words, definition=definition)
    assert level_for(card(adapter), asked, is_off=False) == on
    assert level_for(card(adapter), asked, is_off=True) == off


@proves("E4.4")
@pytest.mark.parametrize(
    ("sandbox", "is_off", "given"),
    [
        ("L0", False, "L2"),  # asking for less changes nothing
        ("L1", False, "L2"),
        ("L2", False, "L2"),
        ("L3", False, "FL-N114"),
        ("L0", True, "L0"),
        ("L2", True, "FL-P300"),
        ("L3", True, "FL-N114"),
    ],
)
def test_a_step_gets_at_least_what_it_asks_for_or_nothing(sandbox: str, is_off: bool, given: str) -> None:
    answer = level_for(card("program"), call("make", sandbox=sandbox), is_off=is_off)
    assert (answer.code if isinstance(answer, Failed) else answer) == given


def test_an_agent_that_ships_is_not_raised_silently() -> None:
    answer = level_for(card("tool"), call(sandbox="L2"), is_off=False)
    assert isinstance(answer, Failed)
    assert answer.code == "FL-N114"


def test_the_receipt_says_the_level_and_the_limits_that_were_in_force(world: World) -> None:
    world.is_off = False
    shut_in = world.perform(world.program("test ! -e /etc/shadow && touch made"))
    world.is_off = True
    open_ = world.perform(world.program("touch made"))
    assert isinstance(shut_in, AttemptSucceeded)
    assert isinstance(open_, AttemptSucceeded)
    assert (shut_in.receipt.isolation, open_.receipt.isolation) == ("L2", "L0")
    assert "no network" in shut_in.receipt.limits
    assert open_.receipt.limits == ()
    assert shut_in.tree == open_.tree != ""  # what it wrote is recorded all the same


def test_a_limit_that_ended_a_program_is_its_outcome(world: World) -> None:
    world.is_off = False
    ended = world.perform(world.program("i=0; while test $i -lt 300; do sleep 60 & i=$((i+1)); done; wait"))
    assert isinstance(ended, AttemptFailed)
    assert (ended.code, ended.fault) == ("FL-R300", "result")
    assert ended.receipt.bounds == ("256 processes",)


def test_below_isolation_a_change_of_the_checkout_is_in_the_receipt(world: World) -> None:
    world.is_off = True
    quiet = world.perform(world.program("echo mine > a.py"))
    loud = world.perform(world.program(f"echo more >> {world.root}/a.py"))
    assert isinstance(quiet, AttemptSucceeded)
    assert isinstance(loud, AttemptSucceeded)
    assert quiet.receipt.violations == ()
    assert loud.receipt.violations == ("the checkout changed while it ran: a.py",)
