"""What the documents show is what happens: each page's `console` blocks are performed in a fresh repository.

How a block is written stands in `blocks.py`. Commands of the Makefile are no console blocks: the gate performs them.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.blocks import BadBlock, Command, prints, read_commands
from tests.proves import proves

ROOT = Path(__file__).resolve().parents[2]
PAGES = [path for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if path.exists()]
COMMAND_SECONDS_MAX = 60


def make_repository(kind: str, folder: Path) -> None:
    """Make one of the repositories that a block can name.

    `small` holds one commit with a few files, of which `app.py` has problems that every review finds; `empty` is a git
    repository without a commit; `none` is a directory that git does not know.
    """
    folder.mkdir()
    if kind == "none":
        return
    git(folder, "init", "-q", "-b", "main")
    if kind == "empty":
        return
    if kind != "small":
        raise BadBlock(f"there is no repository `{kind}`; there are small, empty and none")
    (folder / "app.py").write_text(
        "import subprocess\n\n\ndef ping(host: str) -> int:\n"
        '    return subprocess.call(f"ping -c 1 {host}", shell=True)\n\n\n'
        "def load(data: bytes) -> object:\n    import pickle\n\n    return pickle.loads(data)\n",
        "utf-8",
    )
    (folder / "pyproject.toml").write_text('[project]\nname = "small"\nversion = "1.0"\n', "utf-8")
    (folder / "README.md").write_text("# small\n", "utf-8")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-m", "Begin")


def git(folder: Path, *argv: str) -> None:
    """Git as on a machine where nobody configured it."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *argv], cwd=folder, env=environment, check=True, capture_output=True)


def perform(commands: list[Command], folder: Path) -> list[str]:
    """Perform the commands of one page under *folder*; each complaint names line, command and what happened."""
    complaints = []
    home = folder / "home"
    home.mkdir()
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }
    here = folder / "0"
    for number, command in enumerate(commands):
        if command.repository or number == 0:
            here = folder / str(number)
            make_repository(command.repository or "small", here)
        done = subprocess.run(
            ["bash", "-c", command.text],
            cwd=here,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_SECONDS_MAX,
            check=False,
        )
        printed = done.stdout.decode("utf-8", "replace")
        if done.returncode != command.exit_code:
            ending = f"ended with {done.returncode}, not {command.exit_code}"
            complaints.append(f"line {command.line}: `{command.text}` {ending}:\n{printed}")
        elif command.printed and not prints(command.printed, printed):
            complaints.append(f"line {command.line}: `{command.text}` printed something else:\n{printed}")
    return complaints


@proves("J1")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_of_a_page_does_what_the_page_says(page: Path, tmp_path: Path) -> None:
    complaints = perform(read_commands(page), tmp_path)
    assert not complaints, "\n".join(complaints)


def test_the_readme_shows_commands_that_are_performed() -> None:
    commands = [command.text for command in read_commands(ROOT / "README.md")]
    assert [text for text in commands if text.startswith("fairlead review")], "a README without a performed review"


def test_commands_are_performed_in_order_and_compared(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n```console\n$ git log --format=%s\nBegin\n"
        "$ echo one; echo two \\\n>   three; touch kept\none\n…ree\n```\n"
        "```sh\n$ exit 9\n```\n```console exit=3\n$ test -e kept && exit 3\n```\n"
        "```console in=none\n$ ls -A\n$ git status 2>/dev/null || echo 'no repository'\nno repo…\n```\n",
        "utf-8",
    )
    commands = read_commands(page)
    assert [(command.line, command.exit_code, command.repository) for command in commands] == [
        (3, 0, ""),
        (5, 0, ""),
        (14, 3, ""),
        (17, 0, "none"),
        (18, 0, ""),
    ]
    assert perform(commands, tmp_path) == []


def test_a_wrong_exit_code_and_a_wrong_output_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ false\n$ echo one\ntwo\n```\n", "utf-8")
    assert perform(read_commands(page), tmp_path) == [
        "line 2: `false` ended with 1, not 0:\n",
        "line 3: `echo one` printed something else:\none\n",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("```console exits=1\n$ true\n```\n", "page.md:1: `exits=1` is no option"),
        ("```console\ntrue\n```\n", "page.md:2: a console block begins with"),
        ("```console\n$ true\n", "page.md: the last fence is never closed"),
    ],
)
def test_a_block_that_cannot_be_read_is_refused(text: str, says: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    with pytest.raises(BadBlock) as caught:
        read_commands(page)
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize(
    ("expected", "actual", "fits"),
    [
        (["a … c"], "a b c\n", True),
        (["a … c"], "a b d\n", False),
        (["a", "…", "c"], "a\nb\nb\nc\n", True),
        (["a", "…", "c"], "a\nc\n", True),
        (["a", "c"], "a\nb\nc\n", False),
        (["a.c", ""], "abc\n", False),
        (["", "a", ""], "a  \n\n", True),
    ],
)
def test_output_is_compared_with_wildcards(expected: list[str], actual: str, fits: bool) -> None:
    assert prints(expected, actual) is fits
