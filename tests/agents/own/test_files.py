"""Agent files: every one is an entry or is said to be wrong, with its place; reading them runs none of them."""

from pathlib import Path

import pytest

from fairlead.core.outcomes import Succeeded
from tests.agents.own.conftest import HEAD, Workshop
from tests.proves import proves

GOOD = '@agent(name="{name}")\ndef find(ctx: Context) -> Findings:\n    """Finds."""\n    return ctx.findings()\n'
ONE = HEAD + GOOD.format(name="one")


def codes(workshop: Workshop, *names: str) -> list[tuple[str, str, int, bool]]:
    """Code, file, line and whether it is a warning, of everything that is wrong."""
    return [
        (one.code, one.file.rpartition("/")[2], one.span.line if one.span else 0, one.is_warning)
        for one in workshop.wrong(*names)
    ]


@proves("C1.5")
def test_a_list_runs_no_code_and_says_what_it_cannot_know(workshop: Workshop, tmp_path: Path) -> None:
    looks = tmp_path / "state/agents"  # what a look at the code told is kept there
    body = "NAME = 'o' + 'ne'\n"
    body += '@agent(name=NAME, version="2", reads=["a/**"], tags=[NAME])\ndef find(ctx: Context) -> Findings:\n'
    workshop.agent("one", body + '    """Finds."""\n    return ctx.findings()\n')
    [card] = workshop.listed().values()
    assert not looks.exists()
    assert (card.name, card.description, card.version, card.reads) == ("one", "Finds.", "2", ("a/**",))
    assert (card.adapter, card.entry) == ("tool", ".fairlead/agents/one.py:find")
    assert card.input_schema == {}
    assert card.notes == (
        "runs at level L2: it reads the tree, sees an allow list of the system, and has no network",
        "what it takes and gives is read from its types when it is shown, checked or called",
        "name, tags: worked out when the file runs",
    )
    assert workshop.found("one").tags == ("one",)
    [look] = looks.iterdir()
    before = look.stat().st_mtime_ns
    [card] = workshop.listed().values()  # remembered by its digest
    assert card.tags == ("one",)
    assert card.input_schema["properties"] == {}
    assert workshop.found("one") == card
    assert [one.stat().st_mtime_ns for one in looks.iterdir()] == [before]


@proves("C1.2")
def test_the_digest_names_the_file_and_the_modules_beside_it_that_it_imports(workshop: Workshop) -> None:
    workshop.write(".fairlead/agents/one.py", ONE.replace("\n\n\n", "\nimport words\n\n\n"))
    workshop.write(".fairlead/agents/words.py", "from deep import X\n")
    workshop.write(".fairlead/agents/deep.py", "X = 1\n")
    workshop.write(".fairlead/agents/other.py", HEAD + GOOD.format(name="other"))

    def digest() -> str:
        return workshop.listed()[".fairlead/agents/one.py"].digest

    before = digest()
    assert set(workshop.listed()) == {".fairlead/agents/one.py", ".fairlead/agents/other.py"}
    workshop.write(".fairlead/agents/other.py", HEAD + GOOD.format(name="other") + "\n")
    assert digest() == before
    for path in ("one.py", "words.py", "deep.py"):
        file = workshop.root / ".fairlead/agents" / path
        file.write_text(file.read_text() + "# x\n")
        assert digest() != before
        before = digest()


def test_what_changed_since_it_was_named_is_not_given(workshop: Workshop) -> None:
    workshop.write(".fairlead/agents/one.py", ONE)
    before = workshop.found("one").digest
    assert workshop.agents.find("one", before) is not None
    workshop.write(".fairlead/agents/one.py", ONE + "# x\n")
    assert workshop.agents.find("one", before) is None
    workshop.write(".fairlead/agents/one.py", ONE)
    assert workshop.agents.find("one", before) is not None
    (workshop.root / ".fairlead/agents/one.py").unlink()
    assert workshop.agents.find("one", before) is None


def test_modules_beside_it_are_imported_and_none_takes_the_place_of_another(workshop: Workshop) -> None:
    evil = "raise AssertionError('taken')\n"
    for name in ("json", "fairlead", "msgspec", "colorsys"):
        workshop.write(f".fairlead/agents/{name}.py", evil)
    workshop.write(".fairlead/agents/own_words.py", "WORDS = ['a']\n")
    body = "import colorsys\nimport json\nimport fairlead\nimport own_words\n"
    body += '@agent(name="one")\ndef find(ctx: Context) -> dict:\n'
    body += "    import own_words as again\n"
    body += "    grey = colorsys.rgb_to_hsv(0, 0, 0) == (0, 0, 0)\n"
    body += '    return {"words": again.WORDS, "json": json.dumps(grey), "v": fairlead.__version__}\n'
    workshop.agent("one", body)
    assert workshop.output("one")["words"] == ["a"]
    assert workshop.output("one")["json"] == "true"
    assert codes(workshop, "one") == [("FL-A019", f"{name}.py", 1, True) for name in ("colorsys", "fairlead", "json")]


def test_an_agent_may_have_the_name_of_a_module(workshop: Workshop) -> None:
    body = 'import json\n@agent(name="json")\ndef find(ctx: Context) -> dict:\n    return {"a": json.dumps([1])}\n'
    workshop.agent("json", body)
    assert workshop.output("json") == {"a": "[1]"}


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (b"def find(:\n", "FL-A010", 1),
        (b"x = 1\n\ndef f()\n    pass\n", "FL-A010", 3),
        (b"x = '\xff'\n", "FL-A018", 1),
        (b"x = 1\0\n", "FL-A010", 1),
        (b"(" * 100_000, "FL-A010", 1),
        (b"x" * 300_000, "FL-A018", 0),
        (b"x = 1\n", "FL-A011", 1),
        ((HEAD + GOOD.format(name="two")).encode(), "FL-A014", 4),
        ((HEAD + GOOD.format(name="One Two")).encode(), "FL-A014", 4),
        ((HEAD + GOOD.replace("name=", "nme=").format(name="one")).encode(), "FL-A013", 4),
        ((HEAD + GOOD.replace("name=", 'reads="x", name=').format(name="one")).encode(), "FL-A013", 4),
        ((HEAD + GOOD.replace("name=", 'timeout="2h", name=').format(name="one")).encode(), "FL-A013", 4),
        ((HEAD + GOOD.replace('(name="{name}")', "")).encode(), "FL-A013", 5),
        ((ONE + "\n\n" + GOOD.format(name="one").replace("find", "again")).encode(), "FL-A011", 11),
        ((HEAD + "import nobody_has_this\n" + GOOD.format(name="one")).encode(), "FL-A153", 4),
        ((HEAD + "raise SystemExit(0)\n" + GOOD.format(name="one")).encode(), "FL-A153", 4),
        ((HEAD + "import os; os._exit(0)\n" + GOOD.format(name="one")).encode(), "FL-A154", 6),
        ((ONE + "find = 3\n").encode(), "FL-A011", 5),
    ],
)
def test_a_broken_file_is_an_entry_and_is_said_with_its_line(
    workshop: Workshop, text: bytes, code: str, line: int
) -> None:
    workshop.write(".fairlead/agents/one.py", text)
    found = workshop.wrong("one")
    first = found[0]
    assert (first.code, first.file, first.is_warning) == (code, ".fairlead/agents/one.py", False)
    span = first.span
    assert (span.line if span else 0) == line
    assert workshop.found("one").problem.startswith(f"{code}: ")
    assert len(workshop.listed()) == 1


def test_an_import_that_fails_is_not_sent_to_a_log_that_no_check_keeps(workshop: Workshop) -> None:
    workshop.write(".fairlead/agents/one.py", HEAD + "raise ValueError('no')\n" + GOOD.format(name="one"))
    [found] = workshop.wrong("one")
    assert (found.code, found.hints) == ("FL-A153", ("mend that line, then: fairlead agents check one",))


CARD = """\
---
name: one
description: Finds.
fairlead:
  adapter: tool
  python: ./code.py:find
---
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("adapter: tool", "adapter: tool\n  riks: low", [("FL-A003", 6, "`fairlead` has no key `riks`")]),
        ("./code.py", "./gone.py", [("FL-A007", 6, "there is no gone.py beside the card")]),
        ("./code.py", "../code.py", [("FL-A003", 6, "`python` must be written as `./file.py:function`")]),
        ("./code.py", "fairlead.agents.own.calling", [("FL-A003", 6, "`python` must be written as")]),
        (":find", ":fnd", [("FL-A011", 6, "there is no function `fnd` in .fairlead/agents/code.py")]),
        ("name: one", "name: two", [("FL-A014", 2, "the agent is called `two`, its file one.md")]),
        ("adapter: tool", "adapter: a: b", [("FL-A002", 5, "`fairlead:` cannot be read: a colon followed by a space")]),
        ("---\nname: one\n", "# one\n", [("FL-A001", 1, "the file has no front matter between two lines `---`")]),
        (
            "adapter: tool",
            "adapter: tool\n  riks: low\n  tags: 3\n  limits: {timeout: 5h}",
            [
                ("FL-A003", 6, "`fairlead` has no key `riks`"),
                ("FL-A003", 7, "`tags` must be a list of texts"),
                ("FL-A003", 8, "`limits.timeout` must be a duration of at most 1h, such as `10m`"),
            ],
        ),
        ("adapter: tool", "adapter: tool\n  input: {type: strng}", [("FL-A017", 6, "`input` is no schema: ")]),
        (
            "adapter: tool",
            'adapter: tool\n  output_schema: {$ref: "http://127.0.0.1:9/x.json"}',
            [("FL-A017", 6, "`output_schema` is no schema: `$ref` may only point into the schema itself")],
        ),
    ],
)
def test_everything_that_is_wrong_with_a_card_is_said_at_once(
    workshop: Workshop, old: str, new: str, said: list[tuple[str, int, str]]
) -> None:
    assert old in CARD
    workshop.write(".fairlead/agents/one.md", CARD.replace(old, new, 1))
    workshop.write(".fairlead/agents/code.py", ONE)
    found = [one for one in workshop.wrong() if one.file.endswith("one.md")]
    assert [(one.code, one.span.line if one.span else 0) for one in found] == [(code, line) for code, line, _ in said]
    for one, (_, _, text) in zip(found, said, strict=True):
        assert one.message.startswith(text)
        assert one.source
        assert not one.is_warning


def test_an_unknown_key_has_its_nearest(workshop: Workshop) -> None:
    workshop.write(".fairlead/agents/one.md", CARD.replace("python:", "pyton:"))
    assert ("did you mean `python`?",) in [one.hints for one in workshop.wrong()]


def test_a_card_may_speak_for_a_function_beside_it(workshop: Workshop) -> None:
    workshop.write(".fairlead/agents/one.md", CARD.replace("adapter: tool", "adapter: tool\n  reads: [b.py]"))
    workshop.write(".fairlead/agents/code.py", ONE.replace('@agent(name="one")\n', "").replace("agent\n", "agent  #\n"))
    (workshop.tree / "a.py").write_text("")
    assert workshop.wrong() == []
    assert set(workshop.listed()) == {".fairlead/agents/one.md"}
    assert workshop.output("one")["findings"] == []


def test_two_files_with_one_name_and_one_that_hides_what_ships(workshop: Workshop) -> None:
    workshop.write(".fairlead/agents/one.py", ONE)
    workshop.write(".fairlead/agents/one.md", CARD.replace("code.py", "words.py"))
    workshop.write(".fairlead/agents/words.py", ONE)
    workshop.write(".claude/agents/one.md", "---\nname: one\ndescription: x\n---\nYou.\n")
    workshop.write(".claude/agents/inventory.md", "---\nname: inventory\ndescription: x\n---\nYou.\n")
    workshop.write(".fairlead/agents/secret-scanner.py", HEAD + GOOD.format(name="secret-scanner"))
    assert codes(workshop) == [
        ("FL-A015", "one.py", 4, False),
        ("FL-A016", "secret-scanner.py", 4, True),
    ]
    cards = workshop.listed()
    hides = "hides the agent of this name that ships, except in `fairlead review`"
    assert cards[".fairlead/agents/secret-scanner.py"].shadowed == (hides,)
    hidden = ".fairlead/agents/one.py, .claude/agents/one.md"
    assert cards[".fairlead/agents/one.md"].shadowed == (f"hides {hidden}",)
    assert cards[".fairlead/agents/one.py"].shadowed == (".fairlead/agents/one.md has the same name and comes first",)
    assert workshop.found("one").source == ".fairlead/agents/one.md"
    assert workshop.found("inventory").source == "builtin/inventory.md"
    assert workshop.found("secret-scanner").source == ".fairlead/agents/secret-scanner.py"
    shipped = {card.name: card for card in workshop.agents.catalog().cards() if card.source.startswith("builtin/")}
    said = "hidden by .fairlead/agents/secret-scanner.py; `fairlead review` goes on calling this one"
    assert shipped["secret-scanner"].shadowed == (said,)


def test_what_lies_outside_of_the_project_is_not_read(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text(ONE)
    (tmp_path / "secret.md").write_text(CARD)
    agents = workshop.root / ".fairlead/agents"
    workshop.write(".fairlead/agents/inside.txt", ONE)
    (agents / "one.py").symlink_to(tmp_path / "outside.py")
    (agents / "two.md").symlink_to("../../../secret.md")
    (agents / "gone.py").symlink_to("nowhere")
    (agents / "folder.py").mkdir()
    assert codes(workshop) == [
        ("FL-A018", "gone.py", 0, False),
        ("FL-A018", "one.py", 0, False),
        ("FL-A018", "two.md", 0, False),
    ]
    assert "it is a link that leads out of the project" in workshop.found("one").problem
    (agents / "one.py").unlink()
    (agents / "one.py").symlink_to("inside.txt")
    assert isinstance(workshop.call("one"), Succeeded)


def test_a_folder_that_lies_outside_gives_nothing_to_call(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "one.py").write_text(ONE)
    (workshop.root / ".fairlead").mkdir()
    (workshop.root / ".fairlead/agents").symlink_to(tmp_path / "elsewhere")
    assert "a link that leads out of the project" in workshop.found("one").problem


@pytest.mark.parametrize("name", ["x\ny.py", "-rf.py", "a b.md", "é.py", "%s.py", "a;b.md", "*.py"])
def test_a_strange_name_of_a_file_is_an_entry(workshop: Workshop, name: str) -> None:
    workshop.write(f".fairlead/agents/{name}", ONE)
    [card] = workshop.listed().values()
    assert card.source == f".fairlead/agents/{name}"
    assert card.problem.startswith("FL-A0")


def test_the_code_sees_nothing_of_the_one_who_calls(workshop: Workshop) -> None:
    body = '@agent(name="w")\ndef w(ctx: Context) -> dict:\n    import os, sys\n    fds = os.listdir("/proc/self/fd")\n'
    body += '    return {"names": sorted(os.environ), "cwd": os.getcwd(), "path": sys.path, "fds": fds}\n'
    workshop.agent("w", body)
    output = workshop.output("w")
    assert set(output["names"]) <= {"PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME", "LANG", "LC_ALL"}
    assert output["cwd"] == "/"
    assert not [entry for entry in output["path"] if entry.startswith(str(workshop.root)) or not entry]
    assert set(output["fds"]) - {"0", "1", "2", "3"} <= {"4"}  # the last one is the list's own
