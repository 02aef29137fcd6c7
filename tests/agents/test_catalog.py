"""The catalog: cards that ship, files of the project, what is wrong with them, and digests that follow the code."""

import ast
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import jsonschema_rs
import pytest

import fairlead.agents.builtin
from fairlead.agents import catalog
from fairlead.agents.catalog import FileCatalog
from fairlead.core.agent_format import NEEDS
from fairlead.core.json import Json
from fairlead.workflow import read_values
from tests.proves import proves

BUILTIN = Path(fairlead.agents.builtin.__path__[0])
CARDS = sorted(file.stem for file in (BUILTIN / "cards").glob("*.md"))

CARD = """\
---
name: scanner
description: Finds insecure code.
fairlead:
  adapter: tool
  python: "fairlead.agents.builtin.scanner.main:scan"
  title: Scanner
  version: 1.2
  output: findings
  deterministic: true
  reads: ["**"]
  writes: []
  network: none
  risk: medium
  effect_class: pure
  tags: [security]
  capabilities: [scan]
  limits: {timeout: 10m, memory: 1 GB}
  input: {type: object, properties: {paths: {type: array}}}
  output_schema: {type: object}
---

## What it checks

Things.
"""


@pytest.fixture
def builtin(tmp_path: Path) -> Path:
    """A folder as `fairlead/agents/builtin`: one card, its package, a shared module and a rule table."""
    for path, text in {
        "cards/scanner.md": CARD,
        "scanner/__init__.py": "raise AssertionError('never imported')\n",
        "scanner/main.py": "def scan() -> None: ...\n",
        "scanner/words.txt": "a\n",
        "other/__init__.py": "x = 1\n",
        "shared.py": "y = 1\n",
        "rules/scan.toml": "",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def digest_of(builtin: Path) -> str:
    card = FileCatalog(read_values, tuple, builtin).find("scanner")
    assert card is not None
    assert card.problem == ""
    return card.digest


def test_a_card_says_everything_that_is_known_of_an_agent(builtin: Path) -> None:
    card = FileCatalog(read_values, tuple, builtin).find("scanner")
    assert card is not None
    assert (card.name, card.title, card.description) == ("scanner", "Scanner", "Finds insecure code.")
    assert (card.adapter, card.entry) == ("tool", "fairlead.agents.builtin.scanner.main:scan")
    assert (card.version, card.risk, card.effect_class, card.network) == ("1.2", "medium", "pure", "none")
    assert (card.reads, card.writes, card.tags) == (("**",), (), ("security",))
    assert (card.timeout_s, card.memory_max, card.is_deterministic) == (600.0, 1_000_000_000, True)
    assert card.input_schema == {"type": "object", "properties": {"paths": {"type": "array"}}}
    assert card.output_schema == {"type": "object"}
    assert card.body == "## What it checks\n\nThings."
    assert card.source == "builtin/scanner.md"
    assert card.problem == ""


@proves("C1.2")
@pytest.mark.parametrize(
    "path",
    ["cards/scanner.md", "scanner/__init__.py", "scanner/main.py", "scanner/words.txt", "shared.py", "rules/scan.toml"],
)
def test_a_changed_file_is_a_new_digest(builtin: Path, path: str) -> None:
    before = digest_of(builtin)
    assert digest_of(builtin) == before
    with (builtin / path).open("a") as file:
        file.write("\n")
    assert digest_of(builtin) != before


def test_a_new_file_of_the_agent_is_a_new_digest(builtin: Path) -> None:
    before = digest_of(builtin)
    (builtin / "scanner" / "more.py").write_text("")
    assert digest_of(builtin) != before


def test_the_code_of_another_agent_and_compiled_files_leave_the_digest(builtin: Path) -> None:
    before = digest_of(builtin)
    (builtin / "other" / "__init__.py").write_text("x = 2\n")
    (builtin / "scanner" / "__pycache__").mkdir()
    (builtin / "scanner" / "__pycache__" / "main.pyc").write_bytes(b"x")
    assert digest_of(builtin) == before


def test_moving_bytes_from_one_file_to_the_next_is_a_new_digest(builtin: Path) -> None:
    (builtin / "scanner" / "a.py").write_text("ab")
    (builtin / "scanner" / "b.py").write_text("c")
    before = digest_of(builtin)
    (builtin / "scanner" / "a.py").write_text("a")
    (builtin / "scanner" / "b.py").write_text("bc")
    assert digest_of(builtin) != before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("---\nname", "name", "FL-A001: the file has no front matter"),
        ("description: Finds", "description: Finds: x", "FL-A002: the front matter cannot be read: line 2, column "),
        ("version: 1.2", "version: 1.2\n  version: 2", "FL-A002: the front matter cannot be read: line 8, column 3: "),
        ("name: scanner\n", "", "FL-A003: `name` is missing or no text"),
        ("name: scanner", "name: other", "FL-A003: the file is called `scanner`, the agent `other`"),
        ("description: Finds insecure code.", "description: 3", "FL-A003: `description` is missing or no text"),
        ("title: Scanner", "title: [x]", "FL-A003: `title` must be text"),
        ("version: 1.2", "version: true", "FL-A003: `version` must be text or a number"),
        ("output: findings", "outputs: findings", "FL-A003: `fairlead` has no key `outputs`"),
        ("risk: medium", "risk: huge", "FL-A003: `risk` cannot be `huge`; it is one of: low, medium, high"),
        ("effect_class: pure", "effect_class: x", "FL-A003: `effect_class` cannot be `x`"),
        ("adapter: tool", "adapter: claude", "FL-A003: `adapter` cannot be `claude`; it is one of: tool, llm"),
        (".main:scan", ".main", "FL-A003: `python` must be written as `package.module:function`"),
        (".scanner.main:", ".gone:", "FL-A007: there is no module `fairlead.agents.builtin.gone` behind it"),
        ("fairlead.agents.builtin.scanner.main", "os", "FL-A007: there is no module `os` behind it"),
        ("deterministic: true", "deterministic: 1", "FL-A003: `deterministic` must be true or false"),
        ('reads: ["**"]', "reads: '**'", "FL-A003: `reads` must be a list of texts"),
        ("timeout: 10m", "timeout: 2h", "FL-A003: `limits.timeout` must be a duration of at most 1h"),
        ("memory: 1 GB", "memory: lots", "FL-A003: `limits.memory` must be written as `512 MB`"),
        ("output_schema: {type: object}", "output_schema: x", "FL-A003: `output_schema` must be a mapping"),
    ],
)
def test_a_broken_card_is_an_entry_that_says_why(builtin: Path, old: str, new: str, said: str) -> None:
    assert old in CARD
    (builtin / "cards" / "scanner.md").write_text(CARD.replace(old, new, 1))
    catalog = FileCatalog(read_values, tuple, builtin)
    card = catalog.find("scanner")
    assert card is not None
    assert card.name == "scanner"
    assert card.problem.startswith(said)
    assert "\n" not in card.problem
    assert list(catalog.cards()) == [card]


# --------------------------------------------------------------------------------------------------- files of a project

CLAUDE = b"---\nname: Code Reviewer\ndescription: Reads a change.\ntools: Read, Grep\nmodel: sonnet\n---\nYou read.\n"


@proves("C1.5")
def test_every_agent_file_of_a_project_is_an_entry_with_its_reason(builtin: Path) -> None:
    files = [
        (".fairlead/agents/mine.md", b"---\nname: mine\ndescription: x\nfairlead: {adapter: command}\n---\n"),
        (".claude/agents/code-reviewer.md", CLAUDE),
        (".claude/agents/broken.md", b"---\nname: broken\ndescription: a: b\n---\n"),
        (".claude/agents/Empty File.md", b""),
        (".claude/agents/binary.md", b"\xff\xfe\x00"),
        (".claude/agents/latin.md", b"---\nname: caf\xe9\n---\n"),
        (".claude/agents/deep/mine.md", b"---\nname: mine\ndescription: y\n---\n"),
        (".claude/agents/scanner.md", b"---\nname: scanner\ndescription: z\n---\n"),
    ]
    catalog = FileCatalog(read_values, lambda: files, builtin)
    assert {card.source: (card.name, card.problem, card.needs) for card in catalog.cards()} == {
        "builtin/scanner.md": ("scanner", "", ""),
        ".fairlead/agents/mine.md": (
            "mine",
            "FL-A003: `command` must be a list of words, such as [node, check.js]",
            "",
        ),
        ".claude/agents/code-reviewer.md": ("code-reviewer", "", NEEDS["claude"]),
        ".claude/agents/broken.md": ("broken", "", NEEDS["claude"]),
        ".claude/agents/Empty File.md": ("empty-file", "FL-A001: the file is empty", ""),
        ".claude/agents/binary.md": ("binary", "FL-A018: the file begins as UTF-16 and does not go on so", ""),
        ".claude/agents/latin.md": ("cafe", "", NEEDS["claude"]),
        ".claude/agents/deep/mine.md": ("mine", "", NEEDS["claude"]),
        ".claude/agents/scanner.md": ("scanner", "", NEEDS["claude"]),
    }
    shadowed = {card.source: card.shadowed for card in catalog.cards() if card.shadowed}
    assert shadowed == {
        ".fairlead/agents/mine.md": ("hides .claude/agents/deep/mine.md",),
        ".claude/agents/deep/mine.md": (".fairlead/agents/mine.md has the same name and comes first",),
        ".claude/agents/scanner.md": ("the agent of this name that ships is used",),
    }


def test_the_original_name_of_a_file_is_kept_as_its_title(builtin: Path) -> None:
    card = FileCatalog(read_values, lambda: [("f.md", CLAUDE)], builtin).find("code-reviewer")
    assert card is not None
    assert (card.title, card.description, card.body) == ("Code Reviewer", "Reads a change.", "You read.")


def test_the_first_of_two_files_with_one_name_is_found(builtin: Path) -> None:
    files = [(f"{place}.md", b"---\nname: twin\ndescription: %s\n---\n" % place.encode()) for place in ("one", "two")]
    card = FileCatalog(read_values, lambda: files, builtin).find("twin")
    assert card is not None
    assert card.source == "one.md"


# ---------------------------------------------------------------------------------------------------------------- lazy


def test_finding_an_agent_that_ships_reads_one_card_and_no_file_of_the_project(builtin: Path) -> None:
    (builtin / "cards" / "broken.md").write_text("broken")
    read: list[bytes] = []

    def read_yaml(data: bytes) -> Json:
        read.append(data)
        return read_values(data)

    def project_files() -> Iterable[tuple[str, bytes]]:
        raise AssertionError("nobody asked for the project's agents")

    catalog = FileCatalog(read_yaml, project_files, builtin)
    assert catalog.shipped("scanner") is catalog.shipped("scanner")
    assert len(read) == 1


@pytest.mark.parametrize("name", ["", "nobody", "../cards/scanner", "scanner.md", "Scanner", "a" * 5000, "x\0y", "-"])
def test_a_name_that_nobody_has_is_none(builtin: Path, name: str) -> None:
    assert FileCatalog(read_values, tuple, builtin).find(name) is None


def test_no_code_of_an_agent_is_imported() -> None:
    program = (
        "import sys; from fairlead.agents.catalog import FileCatalog; from fairlead.workflow import read_values\n"
        "names = [card.name for card in FileCatalog(read_values).cards()]\n"
        "print([name for name in sys.modules if name.startswith('fairlead.agents.builtin')], len(names))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"[] {len(CARDS)}"


# ------------------------------------------------------------------------------------------------- the cards that ship


@pytest.mark.parametrize("name", CARDS)
def test_a_card_that_ships_can_be_used(name: str) -> None:
    card = FileCatalog(read_values).find(name)
    assert card is not None
    assert card.problem == ""
    assert card.body
    assert card.version
    for schema in (card.input_schema, card.output_schema):
        assert jsonschema_rs.meta.is_valid(schema)
        assert schema["type"] == "object"


@pytest.mark.parametrize("name", CARDS)
def test_an_agent_imports_of_the_others_only_what_its_digest_covers(name: str) -> None:
    card = FileCatalog(read_values).find(name)
    assert card is not None
    covered = set(catalog._Code(BUILTIN).behind(card.entry))
    for file in [file for file in covered if file.suffix == ".py"]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.ImportFrom):
                modules += [f"{node.module}.{alias.name}" for alias in node.names]
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            for module in modules:
                if module.startswith("fairlead.agents.builtin."):
                    path = BUILTIN.joinpath(*module.split(".")[3:])
                    files = {path.with_suffix(".py"), path / "__init__.py", path.parent.with_suffix(".py")}
                    assert files & covered, f"{file}: {module} is not part of {name}'s digest"
