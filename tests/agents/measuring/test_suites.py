"""Suites that are measured and profiled, in real processes; and all that can be wrong with one."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from fairlead.agents.builtin.measuring import suites
from fairlead.agents.builtin.measuring.benchmark import measure
from fairlead.agents.builtin.measuring.profiler import _order, profile
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.env.tool_world import LocalToolWorld
from tests.agents.cards import schemas_of
from tests.agents.conftest import DirectoryWorld
from tests.proves import proves

SHOP = {
    "src/shop/__init__.py": "",
    "src/shop/search.py": (
        "def search(words, many):\n"
        "    return [one for one in range(many) if matches(words, one)]\n\n\n"
        "def matches(words, one):\n"
        "    return sum(len(word) for word in words) * one % 7 == 3\n"
    ),
    "benchmarks/books.py": 'WORDS = ["sea", "stories"]\n',
    "benchmarks/api.py": (
        "from books import WORDS\n"
        "from shop.search import search\n\n"
        "calls = 0\n"
        'print("noise on stdout")\n\n\n'
        "def bench_much():\n    search(WORDS, 6000)\n\n\n"
        "def bench_little():\n    search(WORDS, 2)\n\n\n"
        "async def bench_waiting():\n    search(WORDS, 1)\n\n\n"
        "def helper(needed):\n    raise AssertionError\n"
    ),
}

LONG = """\
import time


def bench_long():
    with open("count", "a") as file:
        file.write("x")
    end = time.monotonic() + 0.06
    while time.monotonic() < end:
        pass
"""


@pytest.fixture(autouse=True)
def _python_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """What performs these suites is the Python that performs the tests, whatever else is installed."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def write(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return root


def measured(root: Path, text: str, **inputs: Json) -> Outcome:
    write(root, {"suite.py": text})
    return measure({"suite": "suite.py", "repeats": 3, **inputs}, DirectoryWorld(root))


def refused(outcome: Outcome) -> tuple[str, str, str]:
    assert isinstance(outcome, Failed), outcome
    assert outcome.hint
    return outcome.fault, outcome.code, outcome.message


@proves("C8.13")
def test_a_suite_is_measured_function_by_function(tmp_path: Path) -> None:
    outcome = measure({"suite": "./benchmarks/api.py", "repeats": 3}, DirectoryWorld(write(tmp_path, SHOP)))
    assert isinstance(outcome, Succeeded), outcome
    jsonschema_rs.validator_for(schemas_of("benchmark").output).validate(outcome.output)
    per = outcome.output["per"]
    assert list(per) == ["bench_much", "bench_little", "bench_waiting"]
    assert (outcome.output["slowest"], outcome.output["repeats"]) == ("bench_much", 3)
    assert {name: outcome.output[name] for name in ("p50_ms", "p95_ms", "mean_ms", "variation", "samples")} == {
        name: per["bench_much"][name] for name in ("p50_ms", "p95_ms", "mean_ms", "variation", "samples")
    }
    assert per["bench_little"]["calls"] > 1
    assert all(3 <= figures["samples"] <= 60 for figures in per.values())
    assert outcome.output["python"].startswith("cpython 3.")
    assert not list(tmp_path.rglob("__pycache__")), "measuring leaves no file behind"


def test_without_a_bench_function_main_is_measured(tmp_path: Path) -> None:
    outcome = measured(tmp_path, "def main():\n    pass\n")
    assert isinstance(outcome, Succeeded), outcome
    assert list(outcome.output["per"]) == ["main"]


def test_each_round_calls_each_function(tmp_path: Path) -> None:
    """A call of 60 ms and more is one sample of its round: two warm-ups at most, then one a round."""
    outcome = measured(tmp_path, LONG, repeats=4)
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.output["samples"] == 4
    assert len((tmp_path / "count").read_text()) in (5, 6)


@proves("C8.13")
@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("raise ValueError('no  data')\n", "FL-R800", "the suite suite.py raised ValueError at suite.py:1: no data"),
        ("import nothing_of_this_name\n", "FL-R800", "raised ModuleNotFoundError at suite.py:1: No module named"),
        ("def bench_a(:\n", "FL-R800", "the suite suite.py raised SyntaxError at suite.py:1: "),
        ("def bench_a():\n    return 1 / 0\n", "FL-R800", "bench_a in suite.py raised ZeroDivisionError at suite.py:2"),
        (
            "n = []\n\n\ndef bench_late():\n    n.append(1)\n    if len(n) > 40:\n        raise OSError('late')\n",
            "FL-R800",
            "bench_late in suite.py raised OSError at suite.py:7: late",
        ),
        ("import sys\n\n\ndef bench_a():\n    sys.exit(2)\n", "FL-R800", "bench_a in suite.py raised SystemExit"),
        (
            "async def bench_a():\n    raise OSError('x')\n",
            "FL-R800",
            "bench_a in suite.py raised OSError at suite.py:2",
        ),
        ("def bench_a(size):\n    pass\n", "FL-R800", "bench_a takes arguments (size)"),
        ("bench_a = lambda: 1 / 0\n", "FL-R800", "raised ZeroDivisionError at suite.py:1"),
        (
            "import os, sys\nprint('bye', file=sys.stderr, flush=True)\nos._exit(3)\n",
            "FL-R801",
            "the suite suite.py ended its process with exit code 3 before it was measured: bye",
        ),
        ("import os\nos._exit(0)\n", "FL-R801", "ended its process with exit code 0"),
        ("import os\nos.kill(os.getpid(), 9)\n", "FL-R801", "the suite suite.py was killed by signal 9"),
    ],
)
def test_a_suite_that_fails_gives_no_figures(tmp_path: Path, text: str, code: str, said: str) -> None:
    fault, given, message = refused(measured(tmp_path, text))
    assert (fault, given) == ("result", code)
    assert said in message
    assert str(tmp_path) not in message


@proves("C8.14")
def test_a_suite_that_fails_gives_no_profile(tmp_path: Path) -> None:
    outcome = profile({"suite": "suite.py"}, written(tmp_path, "def bench_a():\n    return 1 / 0\n"))
    assert refused(outcome)[:2] == ("result", "FL-R800")


def written(root: Path, text: str) -> DirectoryWorld:
    return DirectoryWorld(write(root, {"suite.py": text}))


@pytest.mark.parametrize("perform", [measure, profile])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n\n\ndef benchmark(): ...\n\n\nmain = 3\n", "the suite suite.py has nothing to measure"),
        ("", "the suite suite.py has nothing to measure"),
        (
            "".join(f"def bench_{n}(): ...\n" for n in range(suites.FUNCTIONS_MAX + 1)),
            "has 101 functions to measure; at most 100 are",
        ),
    ],
)
def test_a_suite_with_nothing_or_too_much_to_measure_is_refused(
    tmp_path: Path, perform: Any, text: str, said: str
) -> None:
    fault, code, message = refused(perform({"suite": "suite.py"}, written(tmp_path, text)))
    assert (fault, code) == ("author", "FL-A181")
    assert said in message


@pytest.mark.parametrize(
    "suite", ["gone.py", "../outside.py", "/etc/passwd", "folder", "link.py", "a/../../x.py", "\0"]
)
def test_a_suite_that_is_no_file_of_the_tree_is_refused(tmp_path: Path, suite: str) -> None:
    root = write(tmp_path / "tree", {"folder/a.py": ""})
    write(tmp_path, {"outside.py": "def main(): ...\n"})
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    fault, code, _ = refused(measure({"suite": suite}, LocalToolWorld(str(root))))
    assert (fault, code) == ("author", "FL-A180")


def test_an_answer_that_is_longer_than_is_read_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "ANSWER_BYTES_MAX", 100)
    _, code, message = refused(measured(tmp_path, "def main(): ...\n"))
    assert (code, "answered with more than is read" in message) == ("FL-R801", True)


def test_the_projects_own_interpreter_performs_its_suite(tmp_path: Path) -> None:
    own = tmp_path / ".venv/bin/python"
    own.parent.mkdir(parents=True)
    own.write_text(f'#!/bin/sh\ntouch "$PWD/own"\nexec {sys.executable} "$@"\n')
    own.chmod(0o755)
    assert isinstance(measured(tmp_path, "def main(): ...\n"), Succeeded)
    assert (tmp_path / "own").exists()


def test_without_any_python_the_platform_is_at_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    fault, code, _ = refused(measured(tmp_path, "def main(): ...\n"))
    assert (fault, code) == ("platform", "FL-R802")


def test_no_file_of_the_tree_takes_the_place_of_what_measures(tmp_path: Path) -> None:
    write(tmp_path, {f"{name}.py": "raise AssertionError('taken')\n" for name in ("json", "gc", "inspect", "time")})
    assert isinstance(measured(tmp_path, "def main(): ...\n"), Succeeded)


def test_a_suite_cannot_spoil_the_answer_by_writing_or_by_changing_the_clock(tmp_path: Path) -> None:
    text = (
        "import os\nimport sys\nimport time\n\ntime.perf_counter = lambda: 0.0\nos.write(1, b'{}')\n"
        "sys.stdout.close()\nsys.stdout = None\n\n\ndef main():\n    os.write(1, b'[1]')\n"
    )
    outcome = measured(tmp_path, text)
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.output["p50_ms"] > 0


@proves("C8.14")
def test_a_profile_names_where_the_time_goes(tmp_path: Path) -> None:
    outcome = profile({"suite": "benchmarks/api.py", "calls": 2}, DirectoryWorld(write(tmp_path, SHOP)))
    assert isinstance(outcome, Succeeded), outcome
    jsonschema_rs.validator_for(schemas_of("profiler").output).validate(outcome.output)
    spots = outcome.output["hot_spots"]
    found = {spot["function"]: spot for spot in spots}
    matches = found["matches"]
    assert (matches["file"], matches["line"], matches["is_in_tree"]) == ("src/shop/search.py", 5, True)
    assert matches["calls"] == 2 * (6000 + 2 + 1)
    assert found["search"]["calls"] == 2 * 3
    assert (found["bench_much"]["file"], found["bench_much"]["calls"]) == ("benchmarks/api.py", 2)
    assert matches["total_ms"] >= matches["own_ms"]
    assert found["search"]["total_ms"] >= matches["total_ms"]
    assert not found["<built-in method builtins.sum>"]["is_in_tree"]
    assert [spot["own_ms"] for spot in spots] == sorted((spot["own_ms"] for spot in spots), reverse=True)
    assert str(tmp_path) not in str(outcome)
    assert os.path.dirname(os.__file__) not in str(outcome)


@proves("C8.14")
def test_what_a_profile_does_not_name_is_summed_up(tmp_path: Path) -> None:
    outcome = profile({"suite": "benchmarks/api.py", "top": 1}, DirectoryWorld(write(tmp_path, SHOP)))
    assert isinstance(outcome, Succeeded), outcome
    output = outcome.output
    assert len(output["hot_spots"]) == 1
    assert output["left_out"] > 3
    shown = output["hot_spots"][0]["own_ms"]
    assert shown + output["left_out_ms"] == pytest.approx(output["total_ms"], abs=0.01)
    assert output["hot_spots"][0]["share"] == pytest.approx(shown / output["total_ms"], abs=0.001)


def test_functions_that_cost_the_same_are_ordered_by_their_place(tmp_path: Path) -> None:
    rows = [
        ["b.py", 1, "f", 1, 2.0001, 2.0, True],
        ["a.py", 9, "f", 1, 2.0, 2.0, True],
        ["a.py", 1, "g", 9, 7.0, 7.0, True],
    ]
    assert [row[:2] for row in sorted(rows, key=_order)] == [["a.py", 1], ["a.py", 9], ["b.py", 1]]
