"""Where agent files are looked for, in which order, and what is said of those that nobody calls."""

from pathlib import Path

import pytest

from fairlead.agents.adapters.command import CommandAgent
from fairlead.agents.adapters.own_tool import OwnToolAgent
from fairlead.agents.adapters.tool import ToolAgent
from fairlead.agents.adapters.unavailable import UnavailableAgent
from fairlead.app_agents import Around, ProjectAgents
from fairlead.core.ports import AgentCard
from fairlead.env.agent_files import FILES_MAX, FOLDERS_MAX, installed_agent_folders, read_agent_folder
from fairlead.env.files import LocalFiles
from fairlead.env.spawner import LocalSpawner
from fairlead.service.parts import Project
from tests.proves import proves

CARD = "---\nname: {name}\ndescription: From {place}.\n---\nYou look.\n"
TOOL = """\
from fairlead import Context, Findings, agent


@agent(name={name!r})
def find(ctx: Context) -> Findings:
    return ctx.findings()
"""
COMMAND = """\
---
name: {name}
description: x
fairlead:
  command: [sh, {name}.sh]
  output: report
---
It is a program.
"""
# The order of the search, the first wins. The directory at hand is a/b.
ORDER = (
    "project/.fairlead/agents/x.md",
    "project/a/b/.claude/agents/x.md",
    "project/a/.claude/agents/x.md",
    "project/.claude/agents/x.md",
    "project/.claude/agents/inner/x.md",
    "project/.github/agents/x.agent.md",
    "project/.gemini/agents/x.md",
    "project/.opencode/agents/x.md",
    "home/.config/fairlead/agents/x.md",
    "home/.config/opencode/agents/x.md",
    "home/.claude/agents/x.md",
    "home/.gemini/agents/x.md",
    "site-packages/acme/cards/x.md",
)


class Place:
    """A project, a home and a folder of installed packages."""

    def __init__(self, root: Path, spawner: LocalSpawner) -> None:
        self.root = root
        self.spawner = spawner
        for folder in ("project/a/b", "home", "site-packages/acme_cards-1.2.dist-info"):
            (root / folder).mkdir(parents=True)
        entry = "[fairlead.agents]\nmine = acme.cards\n"
        (root / "site-packages/acme_cards-1.2.dist-info/entry_points.txt").write_text(entry)

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def agents(self, directory: str = "a/b") -> ProjectAgents:
        home = self.root / "home"
        project = Project(
            str(self.root / "project"), str(self.root / "state"), directory=str(self.root / "project" / directory)
        )
        around = Around(str(home), str(home / ".config"), has_installed=True)
        return ProjectAgents(project, LocalFiles(), lambda: self.spawner, around)

    def found(self, name: str, directory: str = "a/b") -> AgentCard:
        card = self.agents(directory).catalog().find(name)
        assert card is not None
        return card


@pytest.fixture
def place(tmp_path: Path, spawner: LocalSpawner, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))
    return Place(tmp_path, spawner)


@proves("C2")
def test_the_first_of_a_name_wins_in_the_order_of_the_search(place: Place) -> None:
    for path in reversed(ORDER):
        place.write(path, CARD.format(name="x", place=path))
        assert place.found("x").description == f"From {path}."
    cards = [card for card in place.agents().catalog().cards() if card.name == "x"]
    assert len(cards) == len(ORDER)
    winner = place.found("x")
    [hides] = winner.shadowed
    assert hides.startswith("hides ")
    assert len(hides.split(", ")) == len(ORDER) - 1
    for card in cards:
        if card.source != winner.source:
            assert card.shadowed == (".fairlead/agents/x.md has the same name and comes first",)


def test_the_nearest_folder_is_that_of_the_directory_at_hand(place: Place) -> None:
    for path in ORDER[1:4]:
        place.write(path, CARD.format(name="x", place=path))
    assert place.found("x", "a/b").source == "a/b/.claude/agents/x.md"
    assert place.found("x", "a").source == "a/.claude/agents/x.md"
    assert place.found("x", "").source == ".claude/agents/x.md"
    assert {card.source for card in place.agents("").catalog().cards() if card.name == "x"} == {".claude/agents/x.md"}


def test_a_file_for_another_program_hides_nothing_that_can_be_called(place: Place) -> None:
    place.write("project/.claude/agents/x.md", CARD.format(name="x", place="claude"))
    place.write("home/.config/fairlead/agents/x.md", COMMAND.format(name="x"))
    place.write("home/.config/fairlead/agents/x.sh", "echo '{}'\n")
    place.write("project/.claude/agents/inventory.md", CARD.format(name="inventory", place="claude"))
    assert place.found("x").source == "~/.config/fairlead/agents/x.md"
    assert place.found("inventory").source == "builtin/inventory.md"
    notes = {card.source: card.shadowed for card in place.agents().catalog().cards() if card.shadowed}
    assert notes == {
        ".claude/agents/x.md": ("~/.config/fairlead/agents/x.md has the same name and can be called here",),
        "~/.config/fairlead/agents/x.md": ("hides .claude/agents/x.md",),
        ".claude/agents/inventory.md": ("the agent of this name that ships is used",),
    }
    # Whoever writes into our own folder means it.
    place.write("project/.fairlead/agents/inventory.md", CARD.format(name="inventory", place="ours"))
    assert place.found("inventory").source == ".fairlead/agents/inventory.md"


def test_each_kind_of_file_is_called_by_its_adapter(place: Place) -> None:
    place.write("project/.fairlead/agents/tool.py", TOOL.format(name="tool"))
    place.write("home/.config/fairlead/agents/program.md", COMMAND.format(name="program"))
    place.write("home/.config/fairlead/agents/program.sh", "echo '{}'\n")
    place.write("project/.github/agents/model.agent.md", CARD.format(name="model", place="github"))
    entry = "fairlead:\n  adapter: tool\n  python: acme.scan:scan\n  output: report\n---\nIt scans.\n"
    place.write("site-packages/acme/cards/package.md", f"---\nname: package\ndescription: x\n{entry}")
    place.write("site-packages/acme/__init__.py", "raise AssertionError('never imported')\n")
    kinds = {"tool": OwnToolAgent, "program": CommandAgent, "model": UnavailableAgent, "package": ToolAgent}
    for name, kind in kinds.items():
        agents = place.agents()
        card = place.found(name)
        assert card.problem == ""
        assert isinstance(agents.find(name, card.digest), kind), name
    assert place.found("package").source == "acme_cards-1.2:acme/cards/package.md"


def test_what_was_found_from_an_inner_directory_is_found_again_from_the_root(place: Place) -> None:
    place.write("project/a/b/.claude/agents/x.md", COMMAND.format(name="x"))
    place.write("project/a/b/.claude/agents/x.sh", "echo '{}'\n")
    named = place.found("x").digest
    assert place.agents("").catalog().find("x") is None
    assert place.agents("").find("x", named) is not None
    place.write("project/a/b/.claude/agents/x.sh", "echo '{\"a\": 1}'\n")
    assert place.agents("").find("x", named) is None


def test_no_folder_of_the_project_counts_as_an_installed_package(tmp_path: Path) -> None:
    for folder in ("site-packages", "elsewhere"):
        (tmp_path / folder / "acme-1.dist-info").mkdir(parents=True)
        (tmp_path / folder / "acme").mkdir()
        (tmp_path / folder / "acme-1.dist-info/entry_points.txt").write_text("[fairlead.agents]\nx = acme:thing\n")
    search = [str(tmp_path / "elsewhere"), str(tmp_path / "gone"), ""]
    assert installed_agent_folders("fairlead.agents", search) == []
    [found] = installed_agent_folders("fairlead.agents", [*search, str(tmp_path / "site-packages")])
    # An editable installation: the folder lies elsewhere, and the entry point in site-packages names it.
    assert (found.package, found.folder) == ("acme-1", "acme")
    (tmp_path / "site-packages/acme-1.dist-info/entry_points.txt").write_text("[console_scripts]\nx = acme\n")
    assert installed_agent_folders("fairlead.agents", [str(tmp_path / "site-packages")]) == []


@pytest.mark.parametrize("module", ["../x", "a b", "", "acme.gone", "1.2"])
def test_an_entry_point_that_names_no_folder_is_none(tmp_path: Path, module: str) -> None:
    (tmp_path / "site-packages/acme-1.dist-info").mkdir(parents=True)
    entry = f"[fairlead.agents]\nx = {module}\n"
    (tmp_path / "site-packages/acme-1.dist-info/entry_points.txt").write_text(entry)
    assert installed_agent_folders("fairlead.agents", [str(tmp_path / "site-packages")]) == []


def test_a_folder_with_too_much_in_it_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "agents"
    folder.mkdir()
    for number in range(FILES_MAX + 2):
        (folder / f"{number:05}.md").touch()
    found = list(read_agent_folder(str(tmp_path), "agents"))
    assert len(found) == FILES_MAX + 1
    assert found[-1][2].startswith("the folder holds more than 2,000 files")


def test_folders_without_end_are_not_followed(tmp_path: Path) -> None:
    inner = tmp_path / "agents"
    for _ in range(FOLDERS_MAX + 5):
        inner = inner / "d"
    inner.mkdir(parents=True)
    (inner / "x.md").touch()
    (tmp_path / "agents/loop").symlink_to(tmp_path / "agents")
    found = list(read_agent_folder(str(tmp_path), "agents", is_deep=True))
    assert [problem for _, _, problem in found] == ["the folder holds more than 2,000 files or 20,000,000 bytes"]


def test_a_link_out_of_the_home_is_an_entry_with_its_reason(place: Place) -> None:
    (place.root / "outside.md").write_text(CARD.format(name="x", place="outside"))
    folder = place.root / "home/.claude/agents"
    folder.mkdir(parents=True)
    (folder / "x.md").symlink_to(place.root / "outside.md")
    assert "it is a link that leads out" in place.found("x").problem
