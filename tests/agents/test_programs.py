"""A program whose reports are read: real child processes, real files, and every way to leave nothing to read."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.agents.adapters.program import ProgramAgent
from fairlead.core.events import INLINE_BYTES_MAX
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Json, encode
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Call
from fairlead.core.workflow import Parsing
from fairlead.env.spawner import LocalSpawner, start_spawner
from fairlead.gate.world import CallWorld

JUNIT = Parsing("junit", "junit", "junit.xml")
GREEN = "<testsuite><testcase name='a'/></testsuite>"
RED = "<testsuite><testcase name='a'/><testcase name='b'><failure message='no'/></testcase></testsuite>"


@pytest.fixture(scope="module")
def spawner() -> Iterator[LocalSpawner]:
    started = start_spawner()
    yield started
    started.close()


class Copy:
    """A working copy in which programs are performed."""

    def __init__(self, root: Path, spawner: LocalSpawner) -> None:
        self.root = root
        self._spawner = spawner
        self.world: CallWorld | None = None

    def perform(self, script: str, *parse: Parsing) -> Outcome:
        return self.perform_program(("sh", "-c", script), *parse)

    def perform_program(self, argv: tuple[str, ...], *parse: Parsing) -> Outcome:
        call = Call(RunId("r-abcdefgh"), Place("a"), 1, "run", {}, "/checkout", argv, 30.0, parse=parse)
        self.world = CallWorld(call, str(self.root), self._spawner, "", lambda text, found: None)
        return asyncio.run(ProgramAgent().perform(call, self.world))


@pytest.fixture
def copy(tmp_path: Path, spawner: LocalSpawner) -> Copy:
    return Copy(tmp_path, spawner)


def writing(text: str, name: str = "junit.xml") -> str:
    return f'cat > {name} <<"END"\n{text}\nEND\n'


def test_what_parse_names_becomes_fields_of_the_output(copy: Copy) -> None:
    parse = (
        Parsing("unit", "junit", "reports/unit.xml"),
        Parsing("more", "junit", "more.xml"),
        Parsing("facts", "json", "facts.json"),
        Parsing("speed", "regex", r"p95=(?P<p95>[0-9.]+)"),
    )
    script = "mkdir reports; " + writing(GREEN, "reports/unit.xml") + writing(RED, "more.xml")
    outcome = copy.perform(script + writing('{"a": [1]}', "facts.json") + "echo p95=12.5; echo aside >&2", *parse)
    assert isinstance(outcome, Succeeded), outcome
    output = outcome.output
    assert (output["exit_code"], output["stdout"], output["stderr"]) == (0, "p95=12.5\n", "aside\n")
    assert (output["unit"]["passed"], output["more"]["failed"]) == (1, 1)
    assert (output["facts"], output["speed"]) == ({"a": [1]}, {"p95": 12.5})
    assert (outcome.summary, outcome.degraded) == ("1 passed · 1 passed, 1 failed", ())


def test_the_receipt_stays_that_of_the_program(copy: Copy) -> None:
    copy.perform(writing(GREEN), JUNIT)
    assert copy.world is not None
    receipt = copy.world.receipt(1.0)
    assert (receipt.argv[:2], receipt.exit_code) == (("sh", "-c"), 0)


def test_a_program_that_fails_keeps_its_story_and_what_could_be_read(copy: Copy) -> None:
    parse = (JUNIT, Parsing("coverage", "coverage", "coverage.json"))
    outcome = copy.perform(writing(RED) + "echo last words; exit 1", *parse)
    assert isinstance(outcome, Failed), outcome
    assert (outcome.fault, outcome.code) == ("result", "FL-R210")
    assert outcome.message == "sh ended with exit code 1: 1 passed, 1 failed"
    assert outcome.output is not None
    assert (outcome.output["exit_code"], outcome.output["stdout"]) == (1, "last words\n")
    assert outcome.output["junit"]["failed"] == 1
    assert "coverage" not in outcome.output


def test_a_failure_keeps_what_the_record_has_room_for_and_says_what_it_leaves_out(copy: Copy) -> None:
    cases = "".join(f"<testcase name='{'n' * 90}{n}'/>" for n in range(8_000))
    (copy.root / "report.txt").write_text(f"<testsuite>{cases}<testcase name='b'><failure/></testcase></testsuite>")
    (copy.root / "large.json").write_text(json.dumps(["x" * 100] * 4_000))
    parse = (JUNIT, Parsing("large", "json", "large.json"), Parsing("small", "regex", r"n=(?P<n>\d)"))
    outcome = copy.perform("cp report.txt junit.xml; echo n=7; exit 1", *parse)
    assert isinstance(outcome, Failed), outcome
    assert outcome.output is not None
    assert len(encode(outcome.output)) <= INLINE_BYTES_MAX
    junit = outcome.output["junit"]
    assert (junit["total"], junit["failed"], len(junit["failures"])) == (8_001, 1, 1)
    assert len(junit["names"]) > 1_000
    assert len(junit["names"]) + junit["names_left_out"] == 8_001
    assert outcome.output["small"] == {"n": 7}
    assert "large" not in outcome.output


def test_a_program_that_floods_keeps_what_it_wrote_into_files(copy: Copy) -> None:
    outcome = copy.perform(writing(RED) + "yes; true", JUNIT)
    assert isinstance(outcome, Failed), outcome
    assert outcome.code == "FL-R203"
    assert outcome.output is not None
    assert outcome.output["junit"]["failed"] == 1


def refused(copy: Copy, script: str, *parse: Parsing) -> tuple[str, str, dict[str, Json]]:
    outcome = copy.perform(script, *parse)
    assert isinstance(outcome, Failed), outcome
    assert outcome.fault == "result"
    assert outcome.hint
    assert outcome.output is not None
    return outcome.code, outcome.message, outcome.output


def test_a_report_that_is_not_written_fails_the_step(copy: Copy) -> None:
    code, message, output = refused(copy, "echo fine", JUNIT)
    assert (code, message) == ("FL-R250", "sh did not write junit.xml")
    assert (output["exit_code"], output["stdout"]) == (0, "fine\n")


def test_a_report_that_lay_there_before_is_not_the_programs(copy: Copy) -> None:
    (copy.root / "junit.xml").write_text(GREEN)
    code, message, _ = refused(copy, "true", JUNIT)
    assert (code, message) == ("FL-R250", "sh did not write junit.xml: it is still the one that lay there before")
    outcome = copy.perform("cp junit.xml other.xml && cp other.xml junit.xml", JUNIT)
    assert isinstance(outcome, Succeeded), "it was written anew, with the same bytes"


def test_a_document_of_the_repository_may_be_read_as_it_lies_there(copy: Copy) -> None:
    (copy.root / "package.json").write_text('{"version": "1.2"}')
    outcome = copy.perform("true", Parsing("package", "json", "package.json"))
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.output["package"] == {"version": "1.2"}


@pytest.mark.parametrize(
    ("script", "source", "reason"),
    [
        ("ln -s {outside}/junit.xml junit.xml", "junit.xml", "it is a link"),
        ("ln -s {outside} reports", "reports/junit.xml", "a link lies on the way to it"),
        ("mkdir junit.xml", "junit.xml", "it is a folder"),
        ("mkfifo junit.xml", "junit.xml", "it is no regular file"),
        ("true", "../{name}/junit.xml", "it leads out of the tree"),
        ("true", "{outside}/junit.xml", "it leads out of the tree"),
        ("head -c 10000001 /dev/zero > junit.xml", "junit.xml", "it is larger than 10,000,000 bytes"),
    ],
)
def test_no_report_is_read_from_outside_of_the_copy(
    copy: Copy, tmp_path_factory: pytest.TempPathFactory, script: str, source: str, reason: str
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "junit.xml").write_text(GREEN)
    names = {"outside": outside, "name": os.path.relpath(outside, copy.root.parent)}
    source = source.format(**names)
    code, message, output = refused(copy, script.format(**names), Parsing("junit", "junit", source))
    assert (code, message) == ("FL-R251", f"{source} cannot be read: {reason}")
    assert "junit" not in output


def test_a_broken_report_is_named_with_its_line_and_the_whole_one_is_kept(copy: Copy) -> None:
    parse = (
        Parsing("whole", "junit", "whole.xml"),
        Parsing("cut", "junit", "cut.xml"),
        Parsing("no", "json", "no.json"),
    )
    code, message, output = refused(copy, writing(GREEN, "whole.xml") + writing("<testsuite>\n<a>", "cut.xml"), *parse)
    assert code == "FL-R252"
    assert message == "cut.xml:3 is not well-formed XML: no element found; sh did not write no.json"
    assert output["whole"]["passed"] == 1


def test_a_pattern_that_matches_nothing_fails_the_step(copy: Copy) -> None:
    code, message, _ = refused(copy, "echo p96=1", Parsing("speed", "regex", r"p95=(?P<p95>\d+)"))
    assert (code, message) == ("FL-R253", r"the standard output of sh has no line that matches p95=(?P<p95>\d+)")


def test_values_have_room_for_eight_megabytes_together(copy: Copy) -> None:
    script = "for n in 1 2; do (printf '\"'; head -c 5000000 /dev/zero | tr '\\0' a; printf '\"') > $n.json; done"
    code, message, output = refused(copy, script, Parsing("one", "json", "1.json"), Parsing("two", "json", "2.json"))
    assert (code, message) == ("FL-R255", "what two holds is more than an output has room for, 8,000,000 bytes")
    assert "two" not in output


def test_a_scanner_that_did_not_finish_degrades_the_step(copy: Copy) -> None:
    run = {"tool": {"driver": {"name": "lint"}}, "invocations": [{"executionSuccessful": False}], "results": []}
    place = {"physicalLocation": {"artifactLocation": {"uri": "file:///other/a.py"}}}
    inside = {"physicalLocation": {"artifactLocation": {"uri": "file:///checkout/a.py"}}}
    run["results"] = [{"message": {"text": "m"}, "locations": [one]} for one in (place, inside)]
    log = json.dumps({"version": "2.1.0", "runs": [run]})
    outcome = copy.perform(writing(log, "out.sarif"), Parsing("sarif", "sarif", "out.sarif"))
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.degraded == (
        "lint says in out.sarif that it did not finish",
        "out.sarif speaks of 1 place outside of the tree, which is left out",
    )
    assert [one["path"] for one in outcome.output["sarif"]["findings"]] == ["a.py"], "the checkout's own path is known"


def test_a_program_that_cannot_be_started_keeps_its_code(copy: Copy) -> None:
    outcome = copy.perform_program(("no-such-program",), JUNIT)
    assert isinstance(outcome, Failed)
    assert outcome.code == "FL-R204"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'curl: (6) Could not resolve host: example.org' >&2; exit 6", "has no network"),
        ("echo \"E   ModuleNotFoundError: No module named 'freezegun'\"; exit 2", ".venv/bin/python -m pytest"),
        (
            "echo 'touch: cannot touch: Read-only file system' >&2; exit 1",
            "in its copy of your files and in its own /tmp",
        ),
        ("cat ../../nothing/of/this", "of what git ignores only .venv and node_modules are there"),
        ("exit 1", "of what git ignores only .venv and node_modules are there"),
    ],
)
def test_the_hint_of_a_failure_follows_from_what_the_program_said(copy: Copy, script: str, said: str) -> None:
    outcome = copy.perform(script)
    assert isinstance(outcome, Failed)
    assert outcome.code == "FL-R210"
    assert said in outcome.hint
    assert outcome.hint.count("has no network") == said.count("has no network")


def test_what_was_said_long_before_the_end_is_no_symptom(copy: Copy) -> None:
    outcome = copy.perform("echo Could not resolve host; yes tests pass | head -n 4000; exit 1")
    assert isinstance(outcome, Failed)
    assert "network" not in outcome.hint


@pytest.mark.parametrize(
    ("program", "said"),
    [("pytset", "`.venv/bin/pytset`"), ("./build/tool", "of what git ignores only .venv and node_modules are there")],
)
def test_a_program_that_is_not_there_is_told_where_it_was_looked_for(copy: Copy, program: str, said: str) -> None:
    outcome = copy.perform_program((program,))
    assert isinstance(outcome, Failed)
    assert outcome.code == "FL-R204"
    assert said in outcome.hint
