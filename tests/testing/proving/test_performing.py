"""Proofs are performed one after the other; whatever one of them does, the others go on and nothing is forgotten."""

import os
import signal
from collections.abc import Iterator

import pytest

from fairlead.core.proofs import Figure, Lane, Tell
from fairlead.env.clock import SystemClock
from fairlead.service.proofs import ProofRow, ProvenFigure
from fairlead.testing.proving import PROOFS, Proof, load
from fairlead.testing.proving.performing import perform, without_surroundings

HERE = "tests.testing.proving.test_performing"


class Listener:
    """An `Audience` that keeps everything."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def begins(self, seed: int, directory: str, rows: tuple[ProofRow, ...]) -> None:
        self.heard.append(f"begins {seed}")

    def tries(self, row: ProofRow) -> None:
        self.heard.append(f"tries {row.name}")

    def hears(self, text: str, seconds: float) -> None:
        self.heard.append(text)

    def tested(self, figure: ProvenFigure) -> None:
        self.heard.append(f"{figure.name} {figure.verdict}")


def holds(lane: Lane, seed: int, tell: Tell) -> Figure:
    tell(f"lane {lane}")
    return Figure("holds", "It holds.", seed, {"tries": 3, "lost": 0}, ())


def breaks(lane: Lane, seed: int, tell: Tell) -> Figure:
    return Figure("breaks", "It does not.", seed, {"tries": 3, "lost": 1}, ("one was lost",))


def cannot(lane: Lane, seed: int, tell: Tell) -> Figure:
    return Figure("cannot", "Unknown.", seed, {}, (), skipped="there is no tmpfs here")


def counts_nothing(lane: Lane, seed: int, tell: Tell) -> Figure:
    return Figure("empty", "It holds.", seed, {"tries": 0, "lost": 0}, ())


def explodes(lane: Lane, seed: int, tell: Tell) -> Figure:
    raise ValueError(f"nobody expected {os.getcwd()}/this")


def hangs(lane: Lane, seed: int, tell: Tell) -> Figure:
    while True:
        signal.pause()


def is_interrupted(lane: Lane, seed: int, tell: Tell) -> Figure:
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()
    raise AssertionError("a signal ends this")


def is_terminated(lane: Lane, seed: int, tell: Tell) -> Figure:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
    raise AssertionError("a signal ends this")


def proof(name: str) -> Proof:
    return Proof(name.replace("_", "-"), f"what {name} does", f"{HERE}:{name}")


@pytest.fixture(autouse=True)
def handlers_stay_as_they_were() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_each_figure_has_its_verdict() -> None:
    audience = Listener()
    proofs = [proof(name) for name in ("holds", "breaks", "cannot", "counts_nothing")]
    figures, stopped = perform(proofs, "full", 7, "", audience, SystemClock())
    assert stopped == ""
    assert [one.verdict for one in figures] == ["held", "broken", "skipped", "broken"]
    assert figures[1].problems == ("one was lost",)
    assert figures[2].skipped == "there is no tmpfs here"
    assert figures[3].problems == ("it counted nothing, so nothing was tried",)
    assert figures[0].again == "fairlead prove --full --only holds --seed 7"
    assert audience.heard[:4] == ["begins 7", "tries holds", "lane full", "holds held"]


def test_a_proof_that_breaks_down_is_a_problem_of_its_figure_and_the_others_go_on() -> None:
    figures, _ = perform([proof("explodes"), proof("holds")], "fast", 7, "", Listener(), SystemClock())
    broken, held = figures
    assert (broken.verdict, held.verdict) == ("broken", "held")
    assert broken.problems == ("the proof itself broke down: ValueError: nobody expected ./this",)
    assert f"{HERE}:" in broken.trace
    assert "in explodes" in broken.trace
    assert os.getcwd() not in broken.trace


def test_a_proof_whose_time_is_up_is_stopped_and_the_others_go_on() -> None:
    figures, stopped = perform([proof("hangs"), proof("holds")], "fast", 7, "", Listener(), SystemClock(), 0.05)
    assert stopped == ""
    assert [one.verdict for one in figures] == ["broken", "held"]
    assert figures[0].problems == ("it did not end within 0 s and was stopped",)


def test_a_proof_that_is_not_there_is_a_problem() -> None:
    figures, _ = perform(
        [Proof("gone", "nothing", "fairlead.testing.proving.gone:prove")], "fast", 7, "", Listener(), SystemClock()
    )
    assert figures[0].verdict == "broken"
    assert "ModuleNotFoundError" in figures[0].problems[0]


@pytest.mark.parametrize(("name", "said"), [("is_interrupted", "interrupted"), ("is_terminated", "terminated")])
def test_a_signal_ends_it_and_what_was_proven_is_kept(name: str, said: str) -> None:
    figures, stopped = perform([proof("holds"), proof(name), proof("holds")], "fast", 7, "", Listener(), SystemClock())
    assert stopped == said
    assert [one.name for one in figures] == ["holds"]


def test_what_tells_whose_machine_it_was_is_left_out() -> None:
    host = os.uname().nodename
    text = without_surroundings(f"{os.path.expanduser('~')}/x on {host} in {os.getcwd()}/y")
    assert os.getcwd() not in text
    assert os.path.expanduser("~") not in text


def test_every_row_of_the_table_names_a_proof() -> None:
    assert len({one.name for one in PROOFS}) == len(PROOFS)
    for one in PROOFS:
        assert callable(load(one)), one.name
        assert one.title[:1].islower(), one.name
        assert not one.title.endswith("."), one.name
