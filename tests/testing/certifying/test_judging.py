"""What is held against a run: effects that happened too often or not at all, and another end."""

import msgspec

from fairlead.testing.certifying.counting import Line
from fairlead.testing.certifying.judging import Count, End, compare, count_requests, effect_lines

BASE = End(
    status="succeeded",
    items={"status": "succeeded", "output x": "1", "step post status": "succeeded", "step tell status": "succeeded"},
    counts={
        "put": Count("http.request", "keyed", 1, "server"),
        "post": Count("http.request", "unkeyed", 1, "server"),
        "tell": Count("notify", "at most once", 1, "process"),
        "get": Count("http.request", "read_only", 1, "server"),
        "pay": Count("run", "outside", 1, "server"),
    },
    attempts={"put": 1, "post": 1, "pay": 1},
    blocks=(),
    undelivered=(),
    is_asked=False,
    answered=0,
    problems=(),
)


def counted(**times: int) -> End:
    counts = {name: msgspec.structs.replace(count, times=times.get(name, 1)) for name, count in BASE.counts.items()}
    return msgspec.structs.replace(BASE, counts=counts)


def problems(end: End) -> tuple[str, ...]:
    line, _ = compare("commit-1-after", BASE, frozenset(), end)
    return () if line is None else line.problems


def test_a_keyed_effect_has_to_happen_exactly_once() -> None:
    assert problems(counted()) == ()
    assert problems(counted(put=2)) == ("put: http.request (keyed) happened 2 times instead of 1",)
    assert problems(counted(put=0)) == ("put: http.request (keyed) happened 0 times instead of 1",)


def test_an_unkeyed_effect_and_a_message_may_happen_once_at_most() -> None:
    assert problems(counted(post=0, tell=0)) == ()
    assert problems(counted(post=2)) == ("post: http.request (unkeyed) happened 2 times instead of 1",)
    assert problems(counted(tell=2)) == ("tell: notify (at most once) happened 2 times instead of 1",)


def test_what_a_program_does_outside_has_to_happen_as_often_as_without_a_crash() -> None:
    assert problems(counted(pay=2)) == ("pay: run (outside) happened 2 times instead of 1",)
    assert len(problems(counted(pay=0))) == 1


def test_reading_may_be_repeated() -> None:
    assert problems(counted(get=7)) == ()


def test_another_end_is_named_with_the_steps_that_were_performed_again() -> None:
    end = msgspec.structs.replace(BASE, items={**BASE.items, "output x": "2"}, attempts={**BASE.attempts, "pay": 2})
    line, is_different = compare("commit-1-after", BASE, frozenset(), end)
    assert is_different
    assert line is not None
    assert (line.problems, line.repeated) == (("output x: 2 instead of 1",), ("pay",))
    assert compare("commit-1-after", BASE, frozenset({"output x"}), end) == (None, False)


def test_when_a_person_has_ended_the_run_only_its_effects_are_judged() -> None:
    items = {**BASE.items, "status": "rejected"}
    left = msgspec.structs.replace(counted(put=0), status="rejected", is_asked=True, items=items)
    assert problems(left) == ()
    assert len(problems(msgspec.structs.replace(left, is_asked=False))) == 2
    twice = msgspec.structs.replace(left, counts=counted(post=2).counts)
    assert problems(twice) == ("post: http.request (unkeyed) happened 2 times instead of 1",)


def test_a_message_of_unknown_end_excuses_its_step_and_the_run_and_nothing_else() -> None:
    items = {**BASE.items, "status": "degraded", "step tell status": "degraded"}
    end = msgspec.structs.replace(BASE, items=items, status="degraded", undelivered=("tell",))
    assert problems(end) == ()
    assert len(problems(msgspec.structs.replace(end, undelivered=()))) == 2
    worse = msgspec.structs.replace(end, items={**items, "step post status": "degraded"})
    assert problems(worse) == ("step post status: degraded instead of succeeded",)


def test_a_request_with_a_key_that_the_server_knows_is_not_done_again() -> None:
    twice = [Line("request", "r/put", "k"), Line("request", "r/put", "k")]
    assert count_requests(twice) == 1
    assert count_requests([*twice, Line("request", "r/put", "other")]) == 2
    assert count_requests([Line("request", "r/post"), Line("request", "r/post"), Line("done", "r/post")]) == 2


def test_an_effect_is_counted_over_all_points() -> None:
    lines = {one.step: one for one in effect_lines(BASE, [counted(), counted(put=2, post=0), counted(post=3)], [])}
    assert lines["put"].times == {"0": 0, "1": 2, "2+": 1}
    assert lines["post"].times == {"0": 1, "1": 1, "2+": 1}
    assert (lines["put"].problem, lines["post"].problem) == ("happened 2 times", "happened 3 times")
    assert lines["tell"].problem == ""
