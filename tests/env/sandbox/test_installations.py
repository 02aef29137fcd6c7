"""Which directories of PATH a confined program gets, and what is mounted for them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fairlead.env.sandbox.installations import base_of_environment, find_installations


def _python(prefix: Path) -> None:
    (prefix / "lib/python3.12").mkdir(parents=True)
    (prefix / "lib/python3.12/os.py").touch()


def _environment(prefix: Path) -> None:
    prefix.mkdir(parents=True, exist_ok=True)
    (prefix / "pyvenv.cfg").write_text("home = /usr/bin\n")


def _node(prefix: Path) -> None:
    (prefix / "lib/node_modules/npm").mkdir(parents=True)


def _rust(prefix: Path) -> None:
    (prefix / "lib/rustlib").mkdir(parents=True)


def _go(prefix: Path) -> None:
    (prefix / "pkg/tool").mkdir(parents=True)


def _nothing(prefix: Path) -> None:
    (prefix / "lib").mkdir(parents=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def place(home: Path) -> str:
    made = home / "shop"
    made.mkdir()
    return str(made)


def _with_bin(prefix: Path, make: Callable[[Path], None]) -> str:
    make(prefix)
    (prefix / "bin").mkdir(exist_ok=True)
    return str(prefix / "bin")


@pytest.mark.parametrize("make", [_python, _environment, _node, _rust, _go], ids=lambda make: make.__name__)
def test_an_installation_is_known_by_its_shape_and_mounted(
    home: Path, place: str, make: Callable[[Path], None]
) -> None:
    path = _with_bin(home / "tools/one", make)
    found = find_installations([path], (), place, (str(home),))
    assert found.path == (path,)
    assert found.mounts == ((str(home / "tools/one"), str(home / "tools/one")),)


def test_a_folder_of_loose_programs_is_left_out(home: Path, place: str) -> None:
    path = _with_bin(home / ".local", _nothing)
    shims = home / "shims"
    shims.mkdir()
    assert find_installations([path, str(shims)], (), place, (str(home),)) == ((), ())


@pytest.mark.parametrize("wide", ["", "shop"])
def test_what_holds_the_home_or_the_checkout_is_no_installation(home: Path, place: str, wide: str) -> None:
    # Somebody made the home, or the checkout's own parent, look like one.
    prefix = home if not wide else Path(place).parent
    path = _with_bin(prefix, _python)
    assert find_installations([path], (), place, (str(home),)) == ((), ())


def test_the_system_and_the_checkout_need_no_mount(place: str) -> None:
    found = find_installations(["/usr/bin", "/usr/local/bin", f"{place}/.venv/bin", "bin", "."], (), place, ())
    assert found == (("/usr/bin", "/usr/local/bin", f"{place}/.venv/bin"), ())


def test_an_environment_brings_the_installation_that_it_borrows_from(home: Path, place: str) -> None:
    base = home / "pythons/3.12"
    _with_bin(base, _python)
    venv = home / "venvs/shop"
    path = _with_bin(venv, _environment)
    (venv / "pyvenv.cfg").write_text(f"version = 3.12\nhome = {base}/bin\n")
    assert dict(find_installations([path], (), place, (str(home),)).mounts) == {
        str(base): str(base),
        str(venv): str(venv),
    }
    assert base_of_environment(str(venv), place, (str(home),)) == {str(base): str(base)}


def test_an_environment_cannot_name_what_is_no_installation(home: Path, place: str) -> None:
    (home / ".ssh/bin").mkdir(parents=True)
    venv = Path(place) / ".venv"
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text(f"home = {home}/.ssh/bin\n")
    assert base_of_environment(str(venv), place, (str(home),)) == {}


def test_a_link_is_mounted_where_it_is_named_and_where_it_leads(home: Path, place: str) -> None:
    real, link = home / "real", home / "link"
    _with_bin(real, _node)
    link.symlink_to(real)
    found = find_installations([f"{link}/bin"], (), place, (str(home),))
    assert dict(found.mounts) == {str(real): str(real), str(link): str(real)}
