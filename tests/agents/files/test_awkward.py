"""Agent files as people leave them: all listed, nearly all usable, none of them silently changed."""

import pytest

from fairlead.agents.catalog import FileCatalog
from fairlead.agents.files.opening import open_card
from fairlead.core.agent_format import NEEDS
from fairlead.core.ports import AgentCard
from fairlead.workflow import read_values
from tests.agents.own.conftest import Workshop
from tests.corpora.agent_files import CASES, HOPELESS, MENDED, Case, file_of
from tests.proves import proves

FOLDER = ".claude/agents"


def read(case: Case) -> AgentCard:
    """The only card that the file of *case* gives."""
    catalog = FileCatalog(read_values, lambda: [(f"{FOLDER}/{file_of(case)}", case.data)])
    [card] = [card for card in catalog.cards() if not card.source.startswith("builtin/")]
    return card


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_what_an_awkward_file_says_is_read(case: Case) -> None:
    card = read(case)
    assert card.problem == ""
    assert card.name == case.name
    assert {warning.partition(":")[0] for warning in card.warnings} == case.codes, card.warnings
    assert card.adapter == case.adapter
    assert card.needs == NEEDS.get(case.adapter, "")
    for wanted, found in (
        (case.title, card.title),
        (case.description, card.description),
        (case.tools, card.tools),
        (case.body, card.body),
    ):
        assert wanted is None or found == wanted
    assert set(case.fields) <= set(card.fields)


@proves("C2.1")
def test_all_awkward_files_are_listed_nearly_all_are_usable_and_none_is_silent(workshop: Workshop) -> None:
    names = [file_of(case) for case in CASES] + [f"{name}.md" for name, _, _ in HOPELESS]
    assert len(names) == len(set(map(str.lower, names)))
    for case in CASES:
        workshop.write(f"{FOLDER}/{file_of(case)}", case.data)
    for name, data, _ in HOPELESS:
        workshop.write(f"{FOLDER}/{name}.md", data)
    listed = workshop.listed()
    assert set(listed) == {f"{FOLDER}/{name}" for name in names}
    assert len(CASES) == 107
    usable = [case for case in CASES if not listed[f"{FOLDER}/{file_of(case)}"].problem]
    assert len(usable) == 107
    told = {one.file for one in workshop.wrong()}
    changed = {f"{FOLDER}/{file_of(case)}" for case in CASES if case.codes}
    red = {f"{FOLDER}/{name}.md" for name, _, _ in HOPELESS}
    assert told == changed | red
    assert {path for path, card in listed.items() if card.problem} == red


@pytest.mark.parametrize(("name", "data", "code"), HOPELESS, ids=[name for name, _, _ in HOPELESS])
def test_what_cannot_be_used_is_an_entry_with_its_reason(workshop: Workshop, name: str, data: bytes, code: str) -> None:
    workshop.write(f"{FOLDER}/{name}.md", data)
    [card] = workshop.listed().values()
    assert card.source == f"{FOLDER}/{name}.md"
    assert card.problem.startswith(f"{code}: ")
    assert "\n" not in card.problem


@pytest.mark.parametrize("case", [case for case in CASES if case.codes & MENDED], ids=lambda case: case.what)
def test_a_mended_file_is_strict_and_says_the_same(case: Case) -> None:
    opened = open_card(case.data, read_values)
    assert opened.notes
    assert opened.mended
    assert opened.mended != case.data
    again = open_card(opened.mended, read_values)
    assert (again.notes, again.mended) == ((), b"")
    assert again.front.fields == opened.front.fields
    assert again.front.body.replace("\r\n", "\n") == opened.front.body
