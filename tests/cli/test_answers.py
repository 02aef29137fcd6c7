"""Answers on paper: each command's text and JSON come from one record, and foreign text is harmless in all of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.cli.main import main
from fairlead.core.findings import path_text
from tests.service.parts import PaperParts, ended, failed, finding, started, succeeded

EVIL = "a\x1b[2J\u202eb\u200b\nc"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[PaperParts]:
    root = tmp_path / "shop"
    root.mkdir()
    parts = PaperParts(root, {"COLUMNS": "100"})
    found = [
        finding(
            "secrets/aws-access-key", "critical", "deploy/seed.py", 14, 'KEY = "AKIA…XYZ"', column=8, end_column=16
        ),
        finding("security/sql-injection", "high", path_text(EVIL + "\udcff.py"), 87, "\tx = '\x1b[31m' + y", column=2),
        *(finding("security/weak-hash", "low", f"app/file{n}.py", n + 1, f"md5({n})") for n in range(4)),
    ]
    parts.record_run(
        "r-7q2kabcd",
        [
            started("inventory", "inventory"),
            succeeded("inventory"),
            started("secrets"),
            succeeded("secrets", found),
            started("security", "security-scanner"),
            succeeded("security", degraded=(f"ruff is missing {EVIL}",)),
            started("tests", "run"),
            failed("tests", f"2 failed {EVIL}"),
            ended("degraded", f"security: ruff is missing {EVIL}", f"tests: 2 failed {EVIL}"),
        ],
    )
    log = Path(parts.log_path(parts.project(""), "r-7q2kabcd", "tests", 1))  # type: ignore[arg-type]  # a RunId
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"collected 412\n\x1b[31mFAILED\x1b[0m test_tokens\nlast line \xff")
    yield parts
    parts.close()


class Said:
    """What one call wrote."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:  # any document
        return json.loads(self.out)


@pytest.fixture
def say(parts: PaperParts, capsys: pytest.CaptureFixture[str]) -> Any:  # a function of words
    def call(*words: str) -> Said:
        code = main(words, parts)
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return call


READING = [
    (),
    ("runs", "list"),
    ("runs", "show"),
    ("runs", "watch"),
    ("findings", "list"),
    ("findings", "show", "REPLACED"),
    ("findings", "export", "--format", "md"),
    ("agents", "list"),
    ("agents", "show", "inventory"),
    ("explain",),
    ("explain", "FL-S003"),
    ("explain", "security/sql-injection"),
    ("doctor",),
    ("journal", "verify"),
    ("version",),
    ("logs",),
    ("check",),
    ("completion", "bash"),
]


def filled(words: tuple[str, ...], say: Any) -> tuple[str, ...]:
    if "REPLACED" not in words:
        return words
    found = say("findings", "list", "--json").json["findings"][1]["id"]
    return tuple(found if word == "REPLACED" else word for word in words)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_no_answer_carries_what_a_terminal_would_obey(words: tuple[str, ...], say: Any) -> None:
    said = say(*filled(words, say))
    assert said.code == 0, said.err
    for c in "\x1b\u202e\u200b\x9b":
        assert c not in said.out + said.err
    assert max((len(line) for line in said.out.splitlines()), default=0) <= 130


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_every_answer_is_one_json_document_and_lines_of_json(words: tuple[str, ...], say: Any) -> None:
    words = filled(words, say)
    assert isinstance(say(*words, "--json").json, dict)
    for line in say(*words, "--jsonl").out.splitlines():
        assert isinstance(json.loads(line), dict)
    if words[:1] == ("completion",):
        return
    fields = say(*words[:2], "--json?")
    assert fields.code == 0
    assert all(len(line.split()) >= 2 for line in fields.out.splitlines())


def test_ascii_means_ascii(say: Any) -> None:
    for words in (("runs", "show"), ("findings", "list"), ("explain", "FL-S003"), (), ("doctor",)):
        said = say("--ascii", *words)
        assert (said.out + said.err).isascii(), words
    assert "  deg   security" in say("--ascii", "runs", "show").out


def test_a_run_is_shown_with_steps_reasons_failure_and_the_worst_findings(say: Any) -> None:
    text = say("runs", "show").out
    assert "Review r-7q2kabcd · degraded" in text
    assert "▲ security" in text
    assert "✗ tests" in text
    assert "ruff is missing a\\e[2J" in text
    assert "warning[FL-R210]: step `tests`: 2 failed" in text, "an optional step warns"
    assert "command  make test" in text
    assert "│ \\e[31mFAILED\\e[0m test_tokens" in text
    assert "all of it: fairlead logs r-7q2kabcd step:tests" in text
    assert "1 critical   1 high   4 low" in text
    assert "critical  secrets/aws-access-key" in text
    assert "deploy/seed.py:14:8" in text
    assert "… 3 more: fairlead findings list" in text
    assert text.count("ruff is missing") == 1, "a reason is said once"


def test_the_underline_stands_under_what_was_found(say: Any) -> None:
    lines = say("runs", "show").out.splitlines()
    index = next(n for n, line in enumerate(lines) if 'KEY = "AKIA…XYZ"' in line)
    begin = lines[index].index("AKIA")
    assert lines[index + 1][begin : begin + 9] == "^^^^^^^^ "
    tabbed = next(n for n, line in enumerate(lines) if "x = '" in line)
    assert lines[tabbed + 1].index("^") == lines[tabbed].index("x = ")


def test_commands_to_type_fit_where_the_person_stands(say: Any, parts: PaperParts) -> None:
    parts.cwd = "/"
    assert f"fairlead -C {parts.root} findings list" in say("runs", "show").out


def test_json_errors_are_a_document_too(say: Any) -> None:
    said = say("runs", "show", "zzz", "--json")
    assert said.code == 2
    assert said.json["exit_code"] == 2
    assert said.json["errors"][0]["code"] == "FL-R101"
    assert "error[FL-R101]" in said.err
    assert say("rnus", "--json").json["errors"][0]["code"] == "FL-S001"


def test_logs_can_be_narrowed_to_a_step_and_refuse_one_that_is_not_there(say: Any) -> None:
    text = say("logs", "r-7q", "step:tests").out
    assert text.splitlines() == [
        "tests  collected 412",
        "tests  \\e[31mFAILED\\e[0m test_tokens",
        "tests  last line \\xff",
    ]
    assert say("logs", "last", "tests").out == text, "behind a run only a step can stand"
    assert say("logs", "step:tests", "last").out == text
    refused = say("logs", "step:nothing")
    assert refused.code == 2
    assert "its steps: inventory" in say("logs", "last", "nothing").err
    assert "its steps: inventory, secrets, security, tests" in refused.err


def test_quiet_leaves_the_answer_and_the_errors(say: Any) -> None:
    assert say("-q", "findings", "list").out
    assert "error[FL-S001]" in say("-q", "nonsense").err


def test_a_detached_review_is_left_to_a_worker(say: Any, parts: PaperParts) -> None:
    refused = say("run", "nothing", "--detach")
    assert refused.code == 2
    parts.root.joinpath("w.yaml").write_text("fairlead: 1\nname: w\nsteps:\n  - id: a\n    run: 'true'\n")
    said = say("run", "w.yaml", "--detach")
    assert said.code == 0, said.err
    assert parts.started == ["r-paper001"]
    assert "r-paper001 is left to a worker; fairlead runs watch r-paper001" in said.out


def test_explain_lists_families_and_knows_the_nearest(say: Any) -> None:
    everything = say("explain").out
    assert "S  requests and services" in everything
    assert "security  rules" in everything
    near = say("explain", "sql-injektion")
    assert near.code == 2
    assert "fairlead explain security/sql-injection" in near.err
    assert say("explain", "s003").out == say("explain", "FL-S003").out


def test_every_code_and_rule_explains_itself_within_the_width(say: Any) -> None:
    topics = [topic["name"] for family in say("explain", "--json").json["families"] for topic in family["topics"]]
    assert len(topics) > 100
    for name in topics:
        said = say("explain", name)
        assert said.code == 0
        assert said.out.startswith(name)
        # Examples stand as they are written; everything else is broken into lines.
        assert max(len(line) for line in said.out.splitlines() if not line.startswith("    ")) <= 100, name


def test_verbose_shows_more_findings(say: Any) -> None:
    assert say("runs", "show").out.count("security/weak-hash") == 1
    assert say("runs", "show", "-v").out.count("security/weak-hash") == 4


def test_init_writes_once_and_never_over_what_is_there(say: Any, parts: PaperParts) -> None:
    place = parts.root / ".fairlead" / "workflows" / "my-review.yaml"
    assert "wrote .fairlead/workflows/my-review.yaml" in say("init").out
    place.write_text("mine")
    assert "is there already; nothing was changed" in say("init").out
    assert place.read_text() == "mine"


def test_the_home_screen_says_where_things_stand_and_three_things_to_do(say: Any, parts: PaperParts) -> None:
    parts.record_run("r-open0000", [started("secrets")])
    text = say().out
    assert "shop · main @ 4f2c1e9 + 3 changed files" in text
    assert "r-open0000  review  running · no worker since" in text
    assert "Next   fairlead resume r-open0000" in text
    assert text.count("\n         fairlead ") == 2


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (("-o", "out.md"), "# Review"),
        (("-o", "OUT.MD"), "# Review"),
        (("-o", "out.json"), '{\n  "run"'),
        (("-o", "out.sarif"), '{\n  "$schema"'),
        (("-o", "out"), '{\n  "$schema"'),
        (("--format", "sarif", "-o", "out.txt"), '{\n  "$schema"'),
        (("--format", "sarif", "-o", "out.md"), '{\n  "$schema"'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_ending_of_a_file_decides_its_format_unless_one_is_named(
    words: tuple[str, ...], begins: str, say: Any, parts: PaperParts
) -> None:
    assert say("findings", "export", *words).code == 0
    assert (parts.root / words[-1]).read_text().startswith(begins)


def test_an_ending_that_no_format_has_is_refused_and_nothing_written(say: Any, parts: PaperParts) -> None:
    said = say("findings", "export", "-o", "out.pdf")
    assert (said.code, "FL-S034" in said.err, "--format md" in said.err) == (2, True, True)
    assert not (parts.root / "out.pdf").exists()


@pytest.mark.parametrize(
    ("word", "hints"),
    [
        ("f-31a0c2", ["fairlead findings show f-31a0c2"]),
        ("FL-W10", ["fairlead explain FL-W1"]),
        ("FL-W1O9", ["fairlead explain FL-W109"]),
        ("w1099", ["fairlead explain FL-W109"]),
        ("pickle", ["fairlead explain security/unsafe-deserialisation"]),
        ("indentation", ["fairlead explain FL-W004"]),
        ("qqqqqq", ["fairlead explain"]),
    ],
)
def test_explain_leads_on_from_a_finding_a_slip_and_a_plain_word(word: str, hints: list[str], say: Any) -> None:
    said = say("explain", word, "--json")
    assert said.code == 2
    given = said.json["errors"][0]["hints"]
    for hint in hints:
        assert any(one.startswith(hint) for one in given), given
    assert "FL-N033" not in said.err
