"""Agents that are programs: JSON on stdin, one JSON document on stdout, and everything that can go wrong with that."""

import json
import os
import sys

import pytest

from fairlead.core.outcomes import Succeeded
from tests.agents.own.conftest import Workshop
from tests.proves import proves

REPORT = "adapter: command\ncommand: [sh, run.sh{words}]\noutput: report\n"
TAKES = "input: {type: object, properties: {paths: {type: array}, n: {type: integer}}}\n"


def program(workshop: Workshop, script: str, settings: str = TAKES, words: str = "") -> None:
    """The agent `p`, whose program is a shell script."""
    workshop.write(".fairlead/agents/run.sh", script)
    workshop.card("p", REPORT.format(words=words) + settings)


def test_it_is_given_its_inputs_and_works_in_the_tree(workshop: Workshop) -> None:
    (workshop.tree / "a.txt").write_text("x")
    program(workshop, """printf '{"in": %s, "ls": "%s"}' "$(cat)" "$(ls)"\n""")
    assert workshop.wrong() == []
    assert workshop.output("p", n=3) == {"in": {"n": 3}, "ls": "a.txt"}
    card = workshop.found("p")
    assert (card.adapter, card.entry, card.risk) == ("command", "sh run.sh", "low")


def test_stderr_is_the_log_and_exit_1_is_an_answer(workshop: Workshop) -> None:
    program(workshop, "echo said >&2; echo '{}'; exit 1\n")
    assert workshop.output("p") == {}
    assert "said\n" in workshop.log.read_text()


def test_the_environment_is_empty_but_for_what_is_declared(workshop: Workshop) -> None:
    assert os.environ["PYTEST_VERSION"]  # the worker has it
    program(workshop, f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'\n")
    names = set(workshop.output("p")) - {"FAIRLEAD_IDEMPOTENCY_KEY"}  # which every program is given
    assert names <= {"PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME", "LANG", "LC_ALL", "PWD", "_", "SHLVL", "OLDPWD"}
    program(workshop, 'printf \'{"is": "%s"}\' "${PYTEST_VERSION:+set}"\n', TAKES + "env: [PYTEST_VERSION]\n")
    assert workshop.output("p") == {"is": "set"}
    assert workshop.found("p").risk == "high"


def test_words_in_braces_stand_for_inputs_and_never_become_options(workshop: Workshop) -> None:
    show = f'cat >/dev/null; {sys.executable} -c \'import json, sys; print(json.dumps({{"a": sys.argv[1:]}}))\' "$@"\n'
    program(workshop, show, words=', "{paths}", "{n}", "{nobody}x", "{missing}"')
    given = workshop.output("p", paths=["a b", "-rf", "$(id)", "; ls"], n=3)
    assert given == {"a": ["a b", "./-rf", "$(id)", "; ls", "3", "{nobody}x"]}


def test_findings_are_completed(workshop: Workshop) -> None:
    row = {"rule": "a/b", "severity": "low", "path": "a.py", "line": 3, "message": "x"}
    settings = "adapter: command\ncommand: [sh, run.sh]\noutput: findings\n"
    workshop.card("p", settings)
    workshop.write(".fairlead/agents/run.sh", f"echo '{json.dumps({'findings': [row, row]})}'\n")
    outcome = workshop.call("p")
    assert isinstance(outcome, Succeeded)
    assert outcome.summary == "2 findings"
    first, second = outcome.output["findings"]
    assert {**row, "column": 0, "origin": ["p"]}.items() <= first.items()
    assert first["fingerprint"] != second["fingerprint"]
    workshop.write(".fairlead/agents/run.sh", 'echo \'{"findings": [{"rule": "a/b"}]}\'\n')
    assert workshop.failure("p").code == "FL-R220"
    workshop.write(".fairlead/agents/run.sh", "echo '{}'\n")
    assert workshop.failure("p").code == "FL-R220"


@pytest.mark.parametrize("path", ["/etc/passwd", "../other/a.py", "src/../../a.py"])
def test_a_finding_outside_the_tree_is_a_failure(workshop: Workshop, path: str) -> None:
    row = {"rule": "a/b", "severity": "low", "path": path, "line": 3, "message": "x"}
    workshop.card("p", "adapter: command\ncommand: [sh, run.sh]\noutput: findings\n")
    workshop.write(".fairlead/agents/run.sh", f"echo '{json.dumps({'findings': [row]})}'\n")
    failed = workshop.failure("p")
    assert (failed.fault, failed.code) == ("agent", "FL-R247")
    assert repr(path) in failed.message
    inside = row | {"path": "./src/a.py"}
    workshop.write(".fairlead/agents/run.sh", f"echo '{json.dumps({'findings': [inside]})}'\n")
    found = workshop.call("p")
    assert isinstance(found, Succeeded)
    assert [one["path"] for one in found.output["findings"]] == ["src/a.py"]


@proves("C13.1")
@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("echo hello; echo '{}'", "FL-R240", "one JSON document: line 1, column 1: Expecting value; it begins 'hello"),
        ("echo '{}'; echo '{}'", "FL-R240", "one JSON document: line 2, column 1: Extra data"),
        ("true", "FL-R240", "one JSON document: line 1, column 1: Expecting value; it wrote nothing"),
        ("exit 1", "FL-R241", "sh ended with exit code 1 and wrote no answer"),
        ("echo '[]'", "FL-R240", "gave list where a JSON object is expected"),
        ("echo '{\"a\": NaN}'", "FL-R240", "NaN is not JSON"),
        ('echo \'{"a": 1, "a": 2}\'', "FL-R240", "the key 'a' stands twice"),
        ('printf \'{"a": "\\377"}\'', "FL-R240", "byte 7 is not UTF-8"),
        ("echo '{}'; exit 2", "FL-R241", "sh ended with exit code 2; 0 and 1 mean that it is done"),
        ("kill -9 $$", "FL-R242", "sh was ended by signal 9"),
        ("yes", "FL-R243", "sh wrote more than is kept of an output and was stopped"),
        ("echo '{\"success\": false}'", "FL-R245", "the agent's own answer says `success: false`"),
    ],
)
def test_what_is_no_answer_is_a_coded_failure(workshop: Workshop, script: str, code: str, said: str) -> None:
    program(workshop, script + "\n")
    failed = workshop.failure("p")
    assert (failed.fault, failed.code) == ("agent", code)
    assert said in failed.message


def test_a_missing_program_is_named(workshop: Workshop) -> None:
    workshop.card("p", "adapter: command\ncommand: [no-such-program-anywhere]\noutput: report\n")
    failed = workshop.failure("p")
    assert (failed.fault, failed.code) == ("platform", "FL-R244")
    assert failed.message == (
        "no-such-program-anywhere could not be started: cannot start no-such-program-anywhere: there is no such program"
    )


def test_no_shell_reads_the_words(workshop: Workshop) -> None:
    workshop.card(
        "p", 'adapter: command\ncommand: [printf, "%s", "{\\"a\\": \\"$(id); `id` > x\\"}"]\noutput: report\n'
    )
    assert workshop.output("p") == {"a": "$(id); `id` > x"}
    assert os.listdir(workshop.tree) == []


def test_the_program_beside_the_card_belongs_to_its_digest(workshop: Workshop) -> None:
    program(workshop, "echo '{}'\n")
    before = workshop.found("p").digest
    workshop.write(".fairlead/agents/run.sh", "echo '{}' # x\n")
    assert workshop.found("p").digest != before
    assert workshop.agents.find("p", before) is None


@pytest.mark.parametrize(
    ("settings", "line", "said"),
    [
        ("command: node check.js\noutput: report", 6, "`command` must be a list of texts"),
        ("command: []\noutput: report", 6, "`command` must be a list of words, such as [node, check.js]"),
        ("command: [a]", 4, "nothing says what the program gives: `output: findings`, `output: report`"),
        ("command: [a]\noutput: patches", 7, "`output` cannot be `patches`; it is one of: findings, patch, report"),
        ("command: [a]\noutput: report\nenv: [A B]", 8, "`env` names variables, and `A B` cannot be one"),
    ],
)
def test_a_card_that_is_wrong_is_said_with_its_place(workshop: Workshop, settings: str, line: int, said: str) -> None:
    workshop.card("p", f"adapter: command\n{settings}\n")
    [wrong] = workshop.wrong()
    assert (wrong.code, wrong.span.line if wrong.span else 0) == ("FL-A003", line)
    assert wrong.message.startswith(said)


def test_tool_with_a_command_is_read_as_command(workshop: Workshop) -> None:
    workshop.card("p", "kind: tool\ncommand: [echo, '{}']\noutput: report\n")
    assert workshop.found("p").adapter == "command"
    assert workshop.output("p") == {}
