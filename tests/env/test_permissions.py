"""What a person allows is kept for one project, outside of it; what cannot be read allows nothing."""

from pathlib import Path

import pytest

from fairlead.env.permissions import Permission, read_permissions, write_permissions
from tests.proves import proves

ALLOWED = (Permission("git.commit", "ann", "2026-11-21", "mine"), Permission("self", "ann", "2026-11-21", "alone"))


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def test_what_is_written_is_read_and_replaced(data: str, tmp_path: Path) -> None:
    project = str(tmp_path / "one")
    assert read_permissions(data, project) == ()
    write_permissions(data, project, ALLOWED)
    assert read_permissions(data, project) == ALLOWED
    write_permissions(data, project, ALLOWED[:1])
    assert read_permissions(data, project) == ALLOWED[:1]
    assert len(list((tmp_path / "data/permissions").iterdir())) == 1


@proves("E2.14")
def test_another_project_gains_nothing_by_it_not_even_with_a_copied_file(data: str, tmp_path: Path) -> None:
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    write_permissions(data, one, ALLOWED)
    assert read_permissions(data, other) == ()
    (first,) = (tmp_path / "data/permissions").iterdir()
    write_permissions(data, other, ())
    (second,) = set((tmp_path / "data/permissions").iterdir()) - {first}
    second.write_bytes(first.read_bytes())
    assert read_permissions(data, other) == ()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"allowed": 1}', '{"project": 1}', '{"allowed": [{"what": 1}]}', "\x00"]
)
def test_what_cannot_be_read_allows_nothing(text: str, data: str, tmp_path: Path) -> None:
    project = str(tmp_path / "one")
    write_permissions(data, project, ALLOWED)
    (file,) = (tmp_path / "data/permissions").iterdir()
    file.write_text(text)
    assert read_permissions(data, project) == ()
