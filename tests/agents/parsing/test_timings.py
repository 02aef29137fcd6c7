"""hyperfine and pytest-benchmark: their exports, as their documentation describes them, become milliseconds."""

import json
import statistics
from typing import Any

import pytest

from fairlead.agents.parsing import hyperfine, pytest_benchmark
from fairlead.agents.parsing.texts import NotParsed

TIMES = [0.010, 0.012, 0.011, 0.050, 0.013]


def exported(*results: dict[str, Any]) -> bytes:
    return json.dumps({"results": list(results)}).encode()


def command(name: str = "sleep 1", **more: Any) -> dict[str, Any]:
    worked_out = {"mean": 0.02, "stddev": 0.001, "median": 0.012, "user": 0.0, "system": 0.0, "min": 0.01, "max": 0.05}
    return {"command": name, **worked_out, "times": TIMES, "exit_codes": [0] * len(TIMES), **more}


def saved(*benchmarks: dict[str, Any]) -> bytes:
    return json.dumps({"machine_info": {}, "benchmarks": list(benchmarks), "version": "5.1.0"}).encode()


def benchmark(name: str = "test_a", **stats: Any) -> dict[str, Any]:
    worked_out = {"min": 0.01, "max": 0.05, "mean": 0.02, "stddev": 0.001, "median": 0.012, "rounds": 5}
    return {"name": name, "fullname": f"tests/test_it.py::{name}", "stats": {**worked_out, **stats}}


def test_single_times_give_percentiles() -> None:
    found = hyperfine.parse(exported(command()))
    assert found["mean_ms"] == pytest.approx(statistics.mean(TIMES) * 1000)
    assert found["stddev_ms"] == pytest.approx(statistics.stdev(TIMES) * 1000)
    cuts = statistics.quantiles(TIMES, n=100, method="inclusive")
    assert found["p50_ms"] == pytest.approx(cuts[49] * 1000)
    assert found["p95_ms"] == pytest.approx(cuts[94] * 1000)
    assert found["p99_ms"] == pytest.approx(cuts[98] * 1000)
    assert (found["min_ms"], found["max_ms"], found["runs"], found["failed_runs"]) == (10, 50, 5, 0)


def test_the_first_command_stands_at_the_top_and_each_under_its_name() -> None:
    found = hyperfine.parse(
        exported(command("a", times=[1.0]), command("b", times=[2.0, 3.0]), command("b", times=[4]))
    )
    assert found["mean_ms"] == 1000
    assert {name: row["mean_ms"] for name, row in found["per"].items()} == {"a": 1000, "b": 2500, "b #2": 4000}


def test_without_single_times_only_what_was_worked_out_is_known() -> None:
    found = hyperfine.parse(exported(command(times=None, exit_codes=[0, 1, 0])))
    assert (found["mean_ms"], found["p50_ms"], found["p95_ms"], found["p99_ms"]) == (20, 12, None, None)
    assert (found["runs"], found["failed_runs"]) == (3, 1)


def test_benchmarks_stand_under_their_names_and_equal_names_under_their_full_ones() -> None:
    other = {**benchmark("test_a"), "fullname": "tests/test_other.py::test_a"}
    found = pytest_benchmark.parse(saved(benchmark("test_a"), other, benchmark("test_b", data=TIMES)))
    assert list(found["per"]) == ["tests/test_it.py::test_a", "tests/test_other.py::test_a", "test_b"]
    assert (found["benchmarks"], found["slowest"]) == (3, "tests/test_other.py::test_a")
    assert found["per"]["test_b"]["mean_ms"] == pytest.approx(19.2)
    assert found["per"]["tests/test_it.py::test_a"]["p95_ms"] is None
    assert found["per"]["tests/test_it.py::test_a"]["runs"] == 5


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"[1]", "is no report that hyperfine writes with `--export-json`: it holds a list, not an object"),
        (exported(), "is no report that hyperfine writes with `--export-json`: it has no `results`"),
        (saved(benchmark()), "is no report that hyperfine writes with `--export-json`: it has no `results`"),
        (b'{"results": [1]}', "is no report that hyperfine writes with `--export-json`: a command has no name"),
        (exported(command(times=[1, "x"])), "has a time of `sleep 1` that is text, not a number"),
        (exported(command(times=[], mean=None)), "has no times for `sleep 1`"),
        (b'{"results": [{"command": "a", "mean": NaN}]}', "is not strict JSON: NaN is not JSON"),
        (exported(*[command()] * 1001), "holds 1,001 commands; at most 1,000 are read"),
    ],
)
def test_what_hyperfine_does_not_write_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(NotParsed) as refused:
        hyperfine.parse(data)
    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (saved(), "is no report that pytest-benchmark writes with `--benchmark-json`, or no benchmark ran"),
        (exported(command()), "is no report that pytest-benchmark writes with `--benchmark-json`, or no benchmark ran"),
        (saved({"name": "a"}), "has no `stats` for `a`"),
        (saved({"stats": {}}), "is no report that pytest-benchmark writes with `--benchmark-json`: a benchmark has no"),
        (saved(benchmark(data=["x"])), "has a time of `test_a` that is no number"),
        (saved(benchmark(median=None)), "has no times for `test_a`"),
        (saved(benchmark(), benchmark()), "holds `tests/test_it.py::test_a` twice"),
        (saved(*[benchmark()] * 1001), "holds 1,001 benchmarks; at most 1,000 are read"),
    ],
)
def test_what_pytest_benchmark_does_not_write_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(NotParsed) as refused:
        pytest_benchmark.parse(data)
    assert refused.value.reason.startswith(reason)
