"""What a call of an agent of one's own gives: whole findings, files that are counted, failures with their code."""

import os
from pathlib import Path

import msgspec
import pytest

from fairlead.core.findings import Finding, Fingerprints
from fairlead.core.outcomes import Failed, Succeeded
from tests.agents.conftest import commit_all
from tests.agents.own.conftest import HEAD, Workshop
from tests.proves import proves

WORDS = '''
@agent(name="words", reads=["**/*.py", "*.txt"], deterministic=True)
def words(ctx: Context, *, word: str = "print", glob: str = "**") -> Findings:
    """Finds a word."""
    out = ctx.findings()
    for file in ctx.files(glob):
        ctx.progress(file.path)
        for number, line in enumerate(file.lines(), 1):
            if word in line:
                column = line.index(word) + 1
                out.add("words/found", "low", file, number, column, title=f"{word} is there", remedy="Go.")
    return out
'''


def test_findings_are_whole(workshop: Workshop) -> None:
    (workshop.tree / "in").mkdir()
    (workshop.tree / "in" / "b.py").write_text("\n  print(1)\r\n  print(1)\n")
    (workshop.tree / "a.txt").write_text("say print_all\n")
    (workshop.tree / "c.js").write_text("print\n")
    workshop.agent("words", WORDS)
    outcome = workshop.call("words")
    assert isinstance(outcome, Succeeded)
    assert (outcome.summary, outcome.degraded) == ("3 findings in 2 files", ())
    assert outcome.output["stats"] == {"files": 2, "unread": 0, "binary": 0, "left_out": 0}
    prints = Fingerprints()
    first = prints.of("words/found", "a.txt", "say print_all")
    second = prints.of("words/found", "in/b.py", "print(1)")
    third = prints.of("words/found", "in/b.py", "print(1)")
    same = {"rule": "words/found", "severity": "low", "message": "print is there", "remedy": "Go.", "origin": ["words"]}
    assert outcome.output["findings"] == [
        {**same, "path": "a.txt", "line": 1, "column": 5, "end_line": 1, "end_column": 14}
        | {"fingerprint": first, "excerpt": "say print_all"},
        {**same, "path": "in/b.py", "line": 2, "column": 3, "end_line": 2, "end_column": 8}
        | {"fingerprint": second, "excerpt": "print(1)"},
        {**same, "path": "in/b.py", "line": 3, "column": 3, "end_line": 3, "end_column": 8}
        | {"fingerprint": third, "excerpt": "print(1)"},
    ]
    assert msgspec.convert(outcome.output["findings"], list[Finding])
    assert second != third


@proves("C8.6")
def test_two_calls_are_equal(workshop: Workshop) -> None:
    (workshop.tree / "b.py").write_text("print(1)\n" * 5)
    workshop.agent("words", WORDS)
    assert workshop.call("words") == workshop.call("words")


def test_what_cannot_be_read_is_reported_and_what_is_binary_counted(workshop: Workshop) -> None:
    (workshop.tree / "big.py").write_bytes(b"print\n" * 400_000)
    (workshop.tree / "blob.py").write_bytes(b"print\0\n")
    (workshop.tree / "latin.py").write_bytes(b"caf\xe9 print\n")
    (workshop.tree / os.fsdecode(b"odd\xff.py")).write_bytes(b"print\n")
    workshop.agent("words", WORDS)
    output = workshop.output("words")
    assert output["stats"] == {"files": 3, "unread": 1, "binary": 1, "left_out": 0}
    rows = [(row["rule"], row["severity"], row["path"], row["line"]) for row in output["findings"]]
    assert rows == [
        ("words/found", "low", "latin.py", 1),
        ("words/found", "low", r"odd\xff.py", 1),
        ("words/unread-file", "info", "big.py", 0),
    ]
    assert output["findings"][2]["message"] == "The file was not read: it is larger than 2,000,000 bytes."


def test_only_what_it_says_that_it_reads_is_given(workshop: Workshop) -> None:
    for name in ("a.py", "a.txt", "in/b.txt", "c.js"):
        (workshop.tree / name).parent.mkdir(exist_ok=True)
        (workshop.tree / name).write_text("print\n")
    workshop.agent("words", WORDS)
    paths = {glob: [row["path"] for row in workshop.output("words", glob=glob)["findings"]] for glob in ("**", "*.t?t")}
    assert paths == {"**": ["a.py", "a.txt"], "*.t?t": ["a.txt"]}
    assert workshop.output("words", glob="*.nothing")["findings"] == []
    failed = workshop.failure("words", glob="**/*.js")
    assert failed.code == "FL-R246"
    assert failed.message.startswith("ctx.files('**/*.js'): the agent's `reads` names none of these files")


NAMES = """
@agent(name="names", reads=["{reads}"])
def names(ctx: Context) -> dict:
    return {{"names": [file.path for file in ctx.files()]}}
"""


def test_all_that_it_reads_may_be_nothing(workshop: Workshop) -> None:
    (workshop.tree / "a.py").write_text("x\n")
    workshop.agent("names", NAMES.format(reads="**/*.md"))
    assert workshop.output("names") == {"names": []}


def test_what_was_planted_in_its_golden_folders_is_left_out(workshop: Workshop) -> None:
    for path in ("a.py", "tests/agents/names/one/repo/a.py", "tests/agents/other/one/repo/a.py"):
        (workshop.tree / path).parent.mkdir(parents=True, exist_ok=True)
        (workshop.tree / path).write_text("x\n")
    workshop.agent("names", NAMES.format(reads="**"))
    assert workshop.output("names") == {"names": ["a.py", "tests/agents/other/one/repo/a.py"]}


def test_paths_limit_the_files_when_they_are_an_input(workshop: Workshop) -> None:
    for name in ("a.py", "b.py"):
        (workshop.tree / name).write_text("x\n")
    workshop.agent(
        "names",
        """
        @agent(name="names")
        def names(ctx: Context, *, paths: list[str] = []) -> dict:
            return {"names": [file.path for file in ctx.files()]}
        """,
    )
    assert workshop.output("names", paths=["b.py"]) == {"names": ["b.py"]}
    assert workshop.output("names") == {"names": ["a.py", "b.py"]}
    assert workshop.failure("names", paths=["gone.py"]).code == "FL-S008"


def test_programs_and_git_are_asked_through_the_context(workshop: Workshop) -> None:
    (workshop.tree / "a.py").write_text("x\n")
    commit_all(workshop.tree, "First")
    workshop.agent(
        "asks",
        """
        @agent(name="asks")
        def asks(ctx: Context) -> dict[str, str]:
            file = next(ctx.files("a.py"))
            seen = ctx.run(["cat", file, "-"], stdin="in\\n")
            gone = ctx.run(["no-such-program-anywhere"])
            wrong = ctx.git("commit", "-m", "x")
            return {
                "out": seen.stdout, "gone": str(gone.exit_code), "log": ctx.git("log", "--format=%s").stdout,
                "wrong": str(wrong.exit_code), "changed": str(file.is_changed), "size": str(file.size),
            }
        """,
    )
    assert workshop.output("asks") == {
        "out": "x\nin\n",
        "gone": "127",
        "log": "First\n",
        "wrong": "129",
        "changed": "False",
        "size": "2",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('"found", "low", "a.py", title="x"', "`rule` is 'found'; it must be a family and a name: \"todo/marker\""),
        ('"a/b", "minor", "a.py", title="x"', "`severity` is 'minor'; it must be one of info, low, medium, high"),
        ('"a/b", "low", "/etc/passwd", title="x"', "`path` is '/etc/passwd'; it must be a path from the root"),
        ('"a/b", "low", "../a", title="x"', "`path` is '../a'; it must be a path from the root of the tree"),
        ('"a/b", "low", 3, title="x"', "`path` is ''; it must be a path from the root of the tree"),
        ('"a/b", "low", "a.py", -1, title="x"', "`line` is -1; it must be a number that counts from 1"),
        ('"a/b", "low", "a.py", 0, 3, title="x"', "`line` is 0; it must be given when there is a column"),
        ('"a/b", "low", "a.py"', "`title` is ''; it must be a sentence for people"),
        ('"a/b", "low", "a.py", title="x", message="y"', "`message` is 'y'; it must be left out when there is a title"),
    ],
)
def test_a_wrong_argument_is_named_with_what_was_expected_and_where(
    workshop: Workshop, arguments: str, said: str
) -> None:
    body = f'@agent(name="w")\ndef w(ctx: Context) -> Findings:\n    out = ctx.findings()\n    out.add({arguments})\n'
    workshop.agent("w", body + "    return out\n")
    failed = workshop.failure("w")
    assert (failed.fault, failed.code) == ("agent", "FL-R246")
    assert failed.message.startswith(f"findings.add: {said}")
    assert failed.message.endswith("(.fairlead/agents/w.py, line 7)")


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (
            "secret = 'tiger'\n    raise ValueError('no such thing')",
            "FL-R230",
            "raised ValueError: no such thing (.fair",
        ),
        ("raise SystemExit(0)", "FL-R230", "the agent raised SystemExit: 0 (.fairlead/agents/w.py, line 6)"),
        ("return 3", "FL-R246", "the function gave int instead of its findings"),
        ("import os; os.kill(os.getpid(), 9)", "FL-R232", "the agent was ended by SIGKILL"),
        ("import os; os._exit(3)", "FL-R234", "the agent ended with exit code 3 and without an outcome"),
        ("return bytearray(900_000_000)", "FL-R233", "the agent reached its memory limit of 512 MB"),
        ("return w(ctx)", "FL-R230", "the agent raised RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_a_failure_of_the_code_is_the_agents_and_says_where(
    workshop: Workshop, body: str, code: str, said: str
) -> None:
    workshop.agent("w", f'@agent(name="w")\ndef w(ctx: Context) -> Findings:\n    {body}\n')
    failed = workshop.failure("w")
    assert (failed.fault, failed.code) == ("agent", code)
    assert said in failed.message
    assert "tiger" not in failed.message
    if "secret" in body:
        log = workshop.log.read_text()
        assert 'agents/w.py", line 7, in w' in log
        assert "raise ValueError('no such thing')" in log


def test_a_loop_is_ended_with_the_call_and_what_it_started_too(workshop: Workshop, tmp_path: Path) -> None:
    import asyncio

    from fairlead.core.ids import Place, RunId
    from fairlead.core.ports import Call
    from fairlead.gate.world import CallWorld

    workshop.agent(
        "w",
        """
        @agent(name="w")
        def w(ctx: Context) -> Findings:
            import os, subprocess
            child = subprocess.Popen(["sleep", "600"], start_new_session=True)
            ctx.progress(f"{child.pid}")
            while True:
                pass
        """,
    )
    card = workshop.found("w")
    agent = workshop.agents.find("w", card.digest)
    assert agent is not None
    told: list[str] = []

    async def cancel() -> None:
        call = Call(RunId("r-abcdefgh"), Place("a"), 1, "w", {}, str(workshop.tree), definition=card.digest)
        came = asyncio.Event()

        def tell(text: str, found: int) -> None:
            told.append(text)
            came.set()

        world = CallWorld(call, str(workshop.tree), workshop.agents._spawner(), "", tell)
        performing = asyncio.create_task(agent.perform(call, world))
        await came.wait()
        performing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await performing

    asyncio.run(asyncio.wait_for(cancel(), 30))
    assert not Path(f"/proc/{told[0]}").exists()


def test_too_many_findings_are_counted_and_said(workshop: Workshop) -> None:
    (workshop.tree / "a.py").write_text("x\n")
    workshop.agent(
        "w",
        """
        @agent(name="w")
        def w(ctx: Context) -> Findings:
            out = ctx.findings()
            for number in range(10_003):
                out.add("a/b", "info", "a.py", 1, title=f"number {number}")
            return out
        """,
    )
    outcome = workshop.call("w")
    assert isinstance(outcome, Succeeded)
    assert len(outcome.output["findings"]) == 10_000
    assert outcome.degraded == ("It found 10,003 problems; only the first 10,000 are kept.",)
    assert len({row["fingerprint"] for row in outcome.output["findings"]}) == 10_000


def test_an_answer_that_says_it_failed_has_failed(workshop: Workshop) -> None:
    workshop.agent("w", '@agent(name="w")\ndef w(ctx: Context) -> dict:\n    return {"success": False, "why": "x"}\n')
    outcome = workshop.call("w")
    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.output) == ("FL-R245", {"success": False, "why": "x"})


def test_an_answer_of_another_type_than_promised_is_refused(workshop: Workshop) -> None:
    workshop.agent("w", '@agent(name="w")\ndef w(ctx: Context) -> dict[str, int]:\n    return {"a": "b"}\n')
    assert workshop.failure("w").code == "FL-R246"


def test_what_the_agent_prints_goes_to_the_log(workshop: Workshop) -> None:
    body = '@agent(name="w")\ndef w(ctx: Context) -> dict:\n    print("hello")\n    return {}\n'
    workshop.agent("w", body, head=HEAD + "print('loaded')\n")
    assert workshop.output("w") == {}
    assert workshop.log.read_text() == "loaded\nhello\n"


def test_the_receipt_says_at_which_level_the_code_ran(workshop: Workshop) -> None:
    from fairlead.core.ids import Place, RunId
    from fairlead.core.json import Digest
    from fairlead.core.ports import Call
    from fairlead.gate.world import CallWorld

    def level(definition: str) -> str:
        call = Call(RunId("r-abcdefgh"), Place("a"), 1, "w", {}, "/", definition=Digest(definition))
        return CallWorld(call, "/", workshop.agents._spawner(), "", lambda text, n: None).receipt(0.0).isolation

    assert (level("sha256:0"), level("")) == ("L1", "")
