"""What every `Catalog` and every `Ids` promises, kept by those that ship and by those on paper."""

import re
from collections.abc import Callable

import pytest

from fairlead.agents.catalog import FileCatalog
from fairlead.core.json import encode, parse
from fairlead.core.ports import Catalog, Ids
from fairlead.env.ids import RandomIds
from fairlead.workflow import read_values
from tests.service.parts import PaperCatalog, PaperIds

CATALOGS: dict[str, Callable[[], Catalog]] = {
    "files": lambda: FileCatalog(read_values, lambda: ()),
    "paper": PaperCatalog,
}
IDS: dict[str, Callable[[], Ids]] = {"random": RandomIds, "paper": PaperIds}


@pytest.fixture(params=CATALOGS)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    return CATALOGS[request.param]()


@pytest.fixture(params=IDS)
def ids(request: pytest.FixtureRequest) -> Ids:
    return IDS[request.param]()


def test_every_card_is_found_by_its_name_and_is_plain_data(catalog: Catalog) -> None:
    cards = catalog.cards()
    assert len(cards) >= 2
    for card in cards:
        assert catalog.find(card.name) == card
        assert parse(encode(card))["name"] == card.name
        assert all((card.title, card.description, card.adapter, card.entry, card.version, card.source))
        assert card.digest.startswith("sha256:")
        assert card.timeout_s > 0


def test_names_are_unique_and_the_list_is_the_same_each_time(catalog: Catalog) -> None:
    names = [card.name for card in catalog.cards()]
    assert len(set(names)) == len(names)
    assert [card.name for card in catalog.cards()] == names


@pytest.mark.parametrize("name", ["nobody", "", "Inventory", "../inventory", "inventory "])
def test_a_name_that_nobody_has_is_none(catalog: Catalog, name: str) -> None:
    assert catalog.find(name) is None


def test_ids_of_runs_and_workers_have_their_form_and_never_come_twice(ids: Ids) -> None:
    runs = [ids.run_id() for _ in range(200)]
    assert len(set(runs)) == 200
    assert all(re.fullmatch(r"r-[a-z][a-z0-9]{7}", run) for run in runs)
    assert re.fullmatch(r"w-[a-z][a-z0-9]{11}", ids.worker_id())
