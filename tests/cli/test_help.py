"""Help is short, cheap and true: it fits a terminal, imports nothing heavy, and every example in it can be parsed."""

import subprocess
import sys

import pytest

from fairlead.cli.table import COMMANDS, GROUPS, full_help
from fairlead.cli.words import Misused, help_of, parse

HEAVY = ("asyncio", "rich", "yaml", "apsw", "msgspec", "jsonschema_rs", "tree_sitter", "subprocess", "inspect")
VISIBLE = [command for command in COMMANDS if not command.is_hidden]


def test_the_help_fits_a_terminal_and_names_every_command() -> None:
    lines = full_help()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 105
    text = "\n".join(lines)
    for command in VISIBLE:
        assert command.name.split()[0] in text


@pytest.mark.parametrize("argv", [["--help"], ["-h"], ["help"], ["review", "--help"], ["runs", "list", "-h"]])
def test_help_imports_nothing_heavy(argv: list[str]) -> None:
    program = (
        "import sys\n"
        "from fairlead.app import main\n"
        f"code = main({argv!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], code, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, env=_environ())
    allowed = ["msgspec", "inspect"]  # the parts' Protocols stand beside records
    loaded, code = done.stderr.strip().rsplit(" ", 1)
    assert code == "0"
    assert [name for name in HEAVY if f"'{name}'" in loaded and name not in allowed] == []
    assert "fairlead" in done.stdout


def _environ() -> dict[str, str]:
    import os

    paths = [path for path in sys.path if path]
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(paths)}


@pytest.mark.parametrize("command", VISIBLE, ids=lambda command: command.name)
def test_each_help_ends_with_three_examples_that_can_be_parsed(command: object) -> None:
    from fairlead.cli.table import Command

    assert isinstance(command, Command)
    text = help_of(command)
    tail = text.rstrip("\n").split("\n")[-4:]
    assert tail[0] == "examples:"
    examples = [line.strip() for line in tail[1:]]
    assert len(set(examples)) == 3
    for example in examples:
        if "eval" in example or "|" in example:
            continue
        import shlex

        words = shlex.split(example)
        assert words[0] == "fairlead"
        assert parse(words[1:]).command.name in (command.name, "version")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["reveiw"], "fairlead review"),
        (["run", "x", "--detahc"], "did you mean --detach?"),
        (["runs", "lits"], "fairlead runs list"),
        (["journal"], "fairlead journal verify"),
        (["--colour"], "fairlead --help"),
        (["findings", "list", "--severity", "bad"], "fairlead findings list --help"),
        (["cancel"], "fairlead cancel --help"),
        (["version", "now"], "fairlead version --help"),
    ],
)
def test_a_slip_is_answered_with_the_nearest_word(words: list[str], hint: str) -> None:
    with pytest.raises(Misused) as caught:
        parse(words)
    assert hint in caught.value.hints


def test_shared_options_stand_before_or_after_the_command() -> None:
    for words in (["--json", "-q", "runs", "list"], ["runs", "list", "--json", "-q"], ["runs", "--json", "-q"]):
        parsed = parse(words)
        assert parsed.command.name == "runs list"
        assert (parsed.options.json, parsed.options.quiet) == (True, 1)
    assert parse(["-C", "x", "review"]).directory == "x"
    assert parse(["runs", "show", "--json?"]).wants_fields
    assert set(GROUPS) == {"runs", "findings", "agents", "approvals", "data", "journal", "sandbox", "workflows"}
