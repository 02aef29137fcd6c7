"""Names that are not UTF-8, break lines, move the cursor or turn text round: read, told apart, and shown tame."""

import json
import os
import random
from pathlib import Path

import pytest

from tests.journeys.door import Door
from tests.journeys.repositories import FAULTS, FAULTY, commit, git, make_repository
from tests.journeys.reviews import SCANNERS, assert_complete, found, header, review_untouched

NAMES = {
    b"caf\xe9.py": "caf\\xe9.py",
    b"line\nfeed.py": "line\nfeed.py",
    b"tab\there.py": "tab\there.py",
    b"q\"uote's.py": "q\"uote's.py",
    b"es\x1b[31mcape.py": "es\x1b[31mcape.py",
    "bidi\u202egnp.py".encode(): "bidi\u202egnp.py",
    b"back\\slash.py": "back\\\\slash.py",
    b"two words.py": "two words.py",
    b"-dash.py": "-dash.py",
    b"\xff\xfe/bell\x07.py": "\\xff\\xfe/bell\x07.py",
    b":(top)magic*.py": ":(top)magic*.py",
}
SHOWN = {
    *("caf\\xe9.py", "line\\nfeed.py", "tab\\there.py", "q\"uote's.py", "es\\e[31mcape.py", "bidi\\u202egnp.py"),
    *("back\\\\slash.py", "two words.py", "-dash.py", "\\xff\\xfe/bell\\x07.py", ":(top)magic*.py"),
}
URIS = {
    *("caf%E9.py", "line%0Afeed.py", "tab%09here.py", "q%22uote's.py", "es%1B%5B31mcape.py", "bidi%E2%80%AEgnp.py"),
    *("back%5Cslash.py", "two%20words.py", "-dash.py", "%FF%FE/bell%07.py", "%3A(top)magic*.py"),
}


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A repository of files with names that no tool expects."""
    directory = make_repository(tmp_path / "strange")
    git(directory, "rm", "-q", "app.py", "readme.md")
    for name in NAMES:
        path = os.path.join(os.fsencode(directory), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(FAULTY)
    commit(directory, "Strange names")
    return directory


def assert_tame(data: bytes) -> str:
    """Nothing that a terminal would obey, and no text that turns round; gives the text."""
    text = data.decode("utf-8")
    assert [c for c in text if (c < " " and c != "\n") or c == "\x7f" or "\u202a" <= c <= "\u202e"] == []
    return text


def test_strange_names(door: Door, strange: Path) -> None:
    sarif = strange.parent / "out.sarif"
    view = review_untouched(door, strange, "--sarif", str(sarif))
    assert_complete(view, dict.fromkeys(NAMES.values(), FAULTS))
    listed = door.call(strange, "findings", "list")
    shown = assert_tame(listed.out)
    assert [name for name in sorted(SHOWN) if f" {name}:8:" not in shown or f" {name}:12:" not in shown] == []
    document = json.loads(sarif.read_bytes())
    results = [result for run in document["runs"] for result in run["results"]]
    results = [result for result in results if result["ruleId"].startswith(SCANNERS)]
    uris = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results}
    assert uris == URIS
    assert all(all("!" <= c <= "~" for c in uri) for uri in uris)


def test_strange_names_never_reach_a_terminal(door: Door, strange: Path) -> None:
    for exit_code, *words in (
        (1, "review"),  # something is high
        (0, "findings", "list"),
        (0, "findings", "export", "--format", "md"),
        (0, "runs", "show"),
        (0, "logs"),
    ):
        answer = door.call(strange, *map(str, words))
        assert answer.exit_code == exit_code, answer.said
        assert_tame(answer.out)
        assert_tame(answer.err)
    for words in (["runs", "watch"], ["findings", "list"], ["runs", "show"], ["logs"]):
        answer = door.call(strange, *words, "--ascii")
        assert answer.exit_code == 0, answer.said
        assert assert_tame(answer.out + answer.err).isascii()
    finding = door.call(strange, "findings", "list", "--json").json["findings"][0]
    assert_tame(door.call(strange, "findings", "show", finding["id"]).out)


@pytest.mark.parametrize("name", [b"caf\xe9.py", b"back\\slash.py", b"-dash.py", b":(top)magic*.py"], ids=repr)
def test_one_file_with_a_strange_name(door: Door, strange: Path, name: bytes) -> None:
    answer = door.call(strange, b"review", b"--no-history", b"--json", b"--", name)
    assert answer.exit_code == 1, answer.said
    assert found(answer.json) == {NAMES[name]: FAULTS}


def test_a_root_whose_name_is_not_utf8(door: Door, tmp_path: Path) -> None:
    directory = make_repository(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n\x1b[2J")))
    first = door.call(directory, "review")
    assert "/caf\\xe9\\n\\e[2J/.git has a name that is not UTF-8, so the record is kept in " in header(first)[1]
    assert_complete(review_untouched(door, directory), {"app.py": FAULTS})
    assert not (directory / ".git/fairlead").exists()
    for words in (["review"], [], ["doctor"], ["runs", "show"]):
        answer = door.call(directory, *words)
        assert_tame(answer.out)
        assert_tame(answer.err)
    (directory / "step.yaml").write_text("fairlead: 1\nname: one\nsteps:\n  - id: a\n    run: cat app.py\n")
    assert door.call(directory, "run", "step.yaml").exit_code == 0
    door.verify(directory)


@pytest.mark.parametrize("name", [b"caf\xe9.py", b"back\\slash.py", b":(top)magic*.py"], ids=repr)
def test_the_history_of_one_file_with_a_strange_name(door: Door, strange: Path, name: bytes) -> None:
    letters = random.Random(20261121)
    key = "AKIA" + "".join(letters.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))
    path = os.path.join(os.fsencode(strange), name)
    for text in (f'KEY = "{key}"\n', "x = 1\n"):
        with open(path, "w") as file:
            file.write(text)
        commit(strange, "Change it")
    answer = door.call(strange, b"review", b"--json", b"--", name)
    assert answer.exit_code == 1, answer.said
    assert found(answer.json) == {NAMES[name]: {("secrets/aws-access-key", 1)}}
    assert key.encode() not in answer.out + answer.err
