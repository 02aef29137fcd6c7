"""Two kills of the real program, and what the proof says of a program that does not keep its promises."""

import random
from collections import Counter
from pathlib import Path

import pytest

from fairlead.testing.proving.kills import try_kills
from fairlead.testing.proving.scene import Broken, Scene, Started, adopting
from fairlead.testing.proving.tries import tried, try_one
from tests.proves import proves

TRIES = 2


def quiet(text: str) -> None:
    """Nobody reads along."""


@proves("B1.1")
def test_two_runs_that_are_killed_go_on_where_they_stopped() -> None:
    figure = try_kills(TRIES, 12, quiet)
    assert figure.problems == ()
    assert figure.counts["killed"] >= TRIES


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "scene", {"one.yaml": "fairlead: 1\nname: one\nsteps:\n  - {id: a, run: 'true'}\n"})


def test_what_is_lost_left_behind_or_damaged_is_noticed(scene: Scene) -> None:
    told = scene.start("run", "one.yaml", "--jsonl")
    assert told.end().exit_code == 0
    assert scene.check_acknowledged(told) == 1
    whole = told.out
    told.out = whole.replace(b'"step":"a"', b'"step":"b"')
    with pytest.raises(Broken, match="acknowledged is b, recorded is a"):
        scene.check_acknowledged(told)
    told.out = whole.replace(b'"seq":4', b'"seq":9')
    with pytest.raises(Broken, match="acknowledged and lost"):
        scene.check_acknowledged(told)

    scene.check_nothing_left()
    (run,) = scene.runs()
    (scene.state / "trees" / run / "a.1").mkdir(parents=True)
    with pytest.raises(Broken, match=r"trees/.*/a\.1"):
        scene.check_nothing_left()

    scene.check_record()
    with (scene.state / "journal.db").open("r+b") as file:
        at = file.read().index(b'"receipt":')
        file.seek(at)
        file.write(b'"receipT":')
    with pytest.raises(Broken, match="does not verify"):
        scene.check_record()
    scene.close()


def test_a_daemon_is_noticed_and_ended(scene: Scene) -> None:
    import subprocess

    with adopting():
        subprocess.run(["sh", "-c", "setsid sleep 600 > /dev/null 2>&1 &"], check=True)
        with pytest.raises(Broken, match="sleep 600"):
            scene.check_gone(0.0)
        scene.close()
        assert scene.processes() == []


def test_each_try_is_named_by_its_seed_and_done_again_as_it_was() -> None:
    def fails_at_times(directory: Path, rng: random.Random) -> Counter[str]:
        assert directory.is_dir()
        if (drawn := rng.randrange(4)) == 0:
            raise Broken("no")
        return Counter({"drawn": drawn})

    figure = tried("some", "it holds", fails_at_times, 30, 5, quiet, what="tries")
    assert figure == tried("some", "it holds", fails_at_times, 30, 5, quiet, what="tries")
    assert 0 < figure.counts["bad"] < 30
    number = int(figure.problems[0].split("try ")[1].split(":")[0])
    assert try_one(fails_at_times, 5, number)[1] == figure.problems[0]


def test_a_program_that_hangs_is_ended_and_named(scene: Scene) -> None:
    import subprocess

    hangs = Started(subprocess.Popen(["sleep", "600"], stdout=subprocess.PIPE, stderr=subprocess.PIPE), ["review"])
    with pytest.raises(Broken, match="review does not end"):
        hangs.end(0.0)
    assert hangs.process.returncode == -9
    scene.close()
