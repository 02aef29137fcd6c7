"""What a parser gives has the shape that the checker of expressions was promised, whatever it was fed."""

import random
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest

from fairlead.agents.parsing import coverage, hyperfine, junit, patterns, pytest_benchmark, sarif
from fairlead.agents.parsing.texts import NotParsed
from fairlead.core.json import Json, encode, parse
from fairlead.core.program_outputs import OUTPUTS, schema_of_run
from fairlead.core.workflow import Parsing
from tests.agents.parsing.test_timings import benchmark, command, exported, saved

READERS: dict[str, tuple[Callable[[bytes], Json], str]] = {
    "junit.xml": (junit.parse, "junit"),
    "coverage.json": (coverage.parse, "coverage"),
    "coverage.xml": (coverage.parse, "coverage"),
    "coverage.lcov": (coverage.parse, "coverage"),
    "ruff.sarif": (sarif.parse, "sarif"),
    "hyperfine.json": (hyperfine.parse, "hyperfine"),
    "benchmarks.json": (pytest_benchmark.parse, "pytest_benchmark"),
}
WRITTEN = {
    "hyperfine.json": exported(command("a"), command("b", times=None)),
    "benchmarks.json": saved(benchmark("test_a"), benchmark("test_b", data=[0.1, 0.2])),
}


def report(reports: Path, name: str) -> bytes:
    return WRITTEN.get(name) or (reports / name).read_bytes()


@pytest.mark.parametrize("name", READERS)
def test_a_report_becomes_what_its_schema_says(reports: Path, name: str) -> None:
    reader, parser = READERS[name]
    value = reader(report(reports, name))
    jsonschema_rs.validator_for(OUTPUTS[parser]).validate(value)
    assert parse(encode(value)) == value, "it is strict JSON"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", READERS)
def test_damaged_reports_are_refused_or_keep_their_shape(reports: Path, name: str, seed: int) -> None:
    """Bytes are struck out, doubled and changed: there is never a traceback, and never a value of another shape."""
    chance = random.Random(seed)
    reader, parser = READERS[name]
    whole = report(reports, name)
    validator = jsonschema_rs.validator_for(OUTPUTS[parser])
    refused = 0
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    del data[at : at + chance.randint(1, 40)]
                case 1:
                    data[at:at] = data[max(at - 30, 0) : at]
                case 2:
                    data[at] = chance.randrange(256)
                case _:
                    data[at : at + 1] = chance.choice(
                        [b"null", b"-1", b"{}", b"[]", b'"x"', b"1e999", b"0", b"<", b","]
                    )
            data = data or bytearray(b" ")
        try:
            value = reader(bytes(data))
        except NotParsed:
            refused += 1
            continue
        validator.validate(value)
        encode(value)
    assert refused, "nothing of this was damage"


def test_a_step_gives_the_streams_and_a_field_for_each_parser() -> None:
    pattern = Parsing("speed", "regex", r"p95=(?P<p95>[0-9.]+) (?P<unit>\w+)")
    schema = schema_of_run([Parsing("junit", "junit", "junit.xml"), pattern])
    assert list(schema["properties"]) == ["exit_code", "stdout", "stderr", "junit", "speed"]
    assert schema["properties"]["junit"] == OUTPUTS["junit"]
    assert list(schema["properties"]["speed"]["properties"]) == ["p95", "unit"]
    validator = jsonschema_rs.validator_for(schema["properties"]["speed"])
    validator.validate(patterns.parse(b"p95=3.5 ms\n", pattern.source))
    assert list(schema_of_run()["properties"]) == ["exit_code", "stdout", "stderr"]


@pytest.mark.parametrize("parser", OUTPUTS)
def test_every_schema_is_one(parser: str) -> None:
    jsonschema_rs.meta.validate(OUTPUTS[parser])
