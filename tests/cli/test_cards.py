"""The card of a question: what a person sees, what cannot hide in it, and the keys that answer it."""

import re
from typing import cast

import pytest

from fairlead.cli.card import LINES_MAX, card_lines
from fairlead.cli.command import Invocation
from fairlead.cli.look import Look
from fairlead.cli.terminal_text import mixed_words
from fairlead.core.ids import Micros, Place, RunId
from fairlead.core.json import Digest, Json
from fairlead.service.approvals import Approval, Shown
from tests.cli.door import AttendedDoor, Door
from tests.cli.screens import PaperLook
from tests.proves import proves

ASKING = """\
fairlead: 1
name: asking
flow: graph
steps:
  - id: one
    approve:
      title: First?
      body: "Look\\nclosely"
      choices: [approve, request_changes, reject]
  - id: two
    needs: [one]
    approve:
      title: Second?
      choices: [approve, approve_subset, reject]
      select: "['x', 'y']"
"""


class _Call:
    def typed(self, rest: str) -> str:
        return f"fairlead {rest}"


def lines(value: Json, *, is_whole: bool = False, **more: object) -> list[str]:
    one = Approval(
        **{  # type: ignore[arg-type]  # keywords of one test each
            "id": "a-00aa11",
            "run": RunId("r-1"),
            "workflow": "ship",
            "step": Place("ok"),
            "about": "approve",
            "title": "Ship?",
            "choices": ("approve", "reject"),
            "asked_by": "ann",
            "asked_at": Micros(0),
            "digest": Digest("sha256:0123456789abcdef"),
            "asks": "anybody",
            "shown": (Shown("it", value),),
            **more,
        }
    )
    look = cast(Look, PaperLook(80, 40))
    drawn = card_lines(cast(Invocation, _Call()), one, look, is_whole=is_whole)
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in drawn]


@proves("E2.8")
@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("safe\x1b[2K\rharmless", "\\e[2K\\rharmless"),
        ("a\u202etxt.exe", "\\u202etxt.exe"),
        ("a\u200bb", "a\\u200bb"),
        ({"argv": ["rm", "-rf", "\x1b[8m/"]}, "\\e[8m/"),
    ],
)
def test_nothing_that_is_shown_can_move_the_cursor_or_hide(value: Json, seen: str) -> None:
    drawn = "\n".join(lines(value))
    assert seen.replace("\\e", "\\u001b") in drawn or seen in drawn
    assert not any(c in drawn for c in "\x1b\r\u202e\u200b")


@proves("E2.8")
def test_the_end_of_a_long_line_is_folded_into_sight() -> None:
    drawn = lines("ls" + " " * 500 + "; rm -rf /")
    assert any(line.rstrip().endswith("; rm -rf /") for line in drawn)
    assert max(map(len, drawn)) <= 80


@proves("E2.8")
def test_empty_lines_cannot_push_the_rest_away() -> None:
    drawn = lines("first" + "\n" * 10_000 + "last")
    at = next(number for number, line in enumerate(drawn) if "first" in line)
    assert "9,999 empty lines" in drawn[at + 1]
    assert "last" in drawn[at + 2]


@proves("E2.8")
def test_what_is_cut_is_counted_and_can_be_seen_whole() -> None:
    text = "\n".join(f"line {number}" for number in range(100))
    cut = lines(text)
    assert any(f"… {100 - LINES_MAX} more lines: fairlead approvals show a-00aa11" in line for line in cut)
    assert not any("line 99" in line for line in cut)
    assert any("line 99" in line for line in lines(text, is_whole=True))


@proves("E2.8")
def test_words_of_mixed_alphabets_are_pointed_out() -> None:
    assert mixed_words("p\u0430ypal.com paypal.com") == [
        "a word mixes letters of Cyrillic and Latin, which look alike: p\\u0430ypal.com"
    ]
    assert mixed_words("\u043f\u0440\u0438\u0432\u0435\u0442 na\u00efve \u65e5\u672c") == []
    assert len(mixed_words(" ".join(f"\u0430a{number}" for number in range(9)))) == 6
    assert any("look alike" in line for line in lines("x", title="Ship to p\u0430ypal?"))


def test_the_list_has_its_numbers_and_fields() -> None:
    drawn = lines(
        "x", selectable=({"file": "a.py", "added": 3}, {"file": "b.py"}, "plain"), choices=("approve_subset",)
    )
    assert any(line.split() == ["1", "a.py", "3"] for line in drawn)
    assert any(line.split()[:2] == ["2", "b.py"] for line in drawn)
    assert any(line.split() == ["3", "plain"] for line in drawn)


def test_what_a_yes_a_no_and_silence_lead_to_is_said() -> None:
    told = lines("x", about="effect", lacking=("1 of team ops must decide, and nobody here can",), own="refused")
    assert any("yes: exactly this is performed · no: nothing new begins" in line for line in told)
    assert any("1 of team ops must decide" in line for line in told)
    assert any("you asked for this run, so somebody else has to decide" in line for line in told)


@proves("E2")
def test_a_person_answers_on_the_terminal_that_follows_the_run(door: Door) -> None:
    door.write(".fairlead/workflows/asking.yaml", ASKING)
    person = AttendedDoor(door, "run", "asking")
    person.read_until("a approve · c request changes · r reject · l later")
    assert "First?" in person.text
    person.type(b"a")
    person.read_until("s approve some")
    assert "Second?" in person.text
    person.type(b"s")
    person.read_until("Numbers: ")
    person.type(b"9\n")
    person.read_until("Reason (kept in the record): ")
    person.type(b"no\n")
    person.read_until("the list has the numbers 1 to 2")
    person.type(b"l")  # also when it comes before the keys are named again
    person.read_until("Later, then: fairlead approve a-")
    assert person.end() == 4
    run = door.call("runs", "show", "--json").json
    assert [step["status"] for step in run["steps"]] == ["succeeded", "waiting"]
    person = AttendedDoor(door, "resume", "last")
    person.read_until("s approve some")
    person.type(b"r")
    person.read_until("Reason (kept in the record): ")
    person.type(b"enough\n")
    assert person.end() == 1
    assert door.call("runs", "show", "--json").json["reasons"][0].endswith("rejected it: enough")


def test_in_ci_nobody_is_asked_for_a_key_even_with_a_terminal(door: Door) -> None:
    door.write(".fairlead/workflows/asking.yaml", ASKING)
    person = AttendedDoor(door, "run", "asking", GITHUB_ACTIONS="true")
    assert person.end() == 4
    assert "First?" in person.text
    assert "fairlead request-changes a-" in person.text
    assert "l later" not in person.text
