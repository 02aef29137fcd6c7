"""From a program to its profile: what is mounted where, and what a hostile copy cannot make of it."""

import asyncio
import importlib
import os
from pathlib import Path

import pytest

from fairlead.core.ports import Confinement, Program
from fairlead.env.sandbox.plan import Machine, find_program, plan_sandbox
from fairlead.env.sandbox.profile import Mount, Profile, words
from fairlead.env.sandbox.seccomp import seccomp_program
from fairlead.env.spawner import start_spawner
from tests.env.conftest import NOBODY, as_nobody
from tests.env.sandbox.conftest import Cell, said


def plan(cell: Cell, **machine: tuple[str, ...]) -> Profile:
    program = Program(("true",), str(cell.copy))
    return plan_sandbox(program, cell.limits, Machine({"PATH": "/usr/bin", "HOME": "/home/ada"}, **machine))


def places(profile: Profile, kind: str) -> list[str]:
    return [mount.place for mount in profile.mounts if mount.kind == kind]


def test_what_is_written_to_is_the_copy_and_memory_and_nothing_else(cell: Cell) -> None:
    profile = plan(cell)
    assert [mount for mount in profile.mounts if mount.kind == "write"] == [
        Mount("write", str(cell.place), str(cell.copy))
    ]
    assert places(profile, "memory") == ["/dev/shm", "/tmp"]
    assert places(profile, "seal") == ["/dev", "/"]
    allowed = ("/usr", "/bin", "/sbin", "/lib", "/etc/", "/proc/", "/nix/store", "/gnu/store")
    assert [place for place in places(profile, "read") if not place.startswith(allowed)] == []


def test_what_is_installed_is_found_two_levels_down_and_no_further(cell: Cell) -> None:
    for folder in (".venv", "web/node_modules", "packages/a/node_modules", "a/b/c/node_modules"):
        (cell.place / folder).mkdir(parents=True)
        (cell.copy / folder).parent.mkdir(parents=True, exist_ok=True)
    found = [place.removeprefix(f"{cell.place}/") for place in places(plan(cell), "read") if cell.place.name in place]
    assert sorted(found) == [".venv", "packages/a/node_modules", "web/node_modules"]


@pytest.mark.parametrize("there", ["folder", "link", "file", "link above", "no folder above"])
def test_nothing_is_mounted_over_what_the_copy_brings_or_through_a_link_in_it(cell: Cell, there: str) -> None:
    (cell.place / "web/node_modules").mkdir(parents=True)
    inside = cell.copy / "web/node_modules"
    if there == "link above":
        (cell.copy / "web").symlink_to("/usr/share")
    elif there != "no folder above":
        inside.parent.mkdir()
        match there:
            case "folder":
                inside.mkdir()
            case "link":
                inside.symlink_to("/etc")
            case "file":
                inside.touch()
    assert [place for place in places(plan(cell), "read") if "node_modules" in place] == []


def test_a_file_of_an_agent_is_shown_over_what_the_copy_has_but_through_no_link(cell: Cell, tmp_path: Path) -> None:
    script, other = cell.place / "agents/tool.sh", tmp_path / "home/agent.sh"
    for path in (script, other):
        path.parent.mkdir()
        path.write_text("echo its own")
    cell.limits = Confinement(str(cell.place), shown=(str(script), str(other), "/etc/passwd.not"))
    (cell.copy / "agents").mkdir()
    assert [said(cell.perform("sh", str(path))) for path in (script, other)] == ["its own", "its own"]
    inside = cell.copy / "agents/tool.sh"
    inside.write_text("echo changed by an earlier step")
    assert said(cell.perform("sh", str(script))) == "its own"
    inside.unlink()
    inside.symlink_to(tmp_path / "home/agent.sh")
    assert str(script) not in places(plan(cell), "read")


def test_a_link_in_the_checkout_is_not_followed(cell: Cell, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (cell.place / ".venv").symlink_to(tmp_path / "keys")
    assert [place for place in places(plan(cell), "read") if ".venv" in place] == []


def test_objects_are_named_anew_and_the_repositorys_own_list_is_not_followed(cell: Cell, tmp_path: Path) -> None:
    stores = {name: tmp_path / name for name in ("run", "added", "repository", "elsewhere")}
    for store in stores.values():
        (store / "info").mkdir(parents=True)
    own = cell.copy / ".git/objects"
    (own / "info").mkdir(parents=True)
    for at, names in ((own, ["run"]), (stores["run"], ["added", "repository"]), (stores["repository"], ["elsewhere"])):
        (at / "info/alternates").write_text("".join(f'"{stores[name]}"\n' for name in names))
    mounts = {mount.place: mount for mount in plan(cell).mounts}
    shown = [mount.source for place, mount in mounts.items() if place.startswith("/run/") and mount.kind == "read"]
    assert shown == [str(stores[name]) for name in ("run", "added", "repository")]
    listed = mounts[f"{cell.place}/.git/objects/info/alternates"]
    assert listed.source == "".join(f"/run/fairlead/objects/{nth}\n" for nth in range(3))
    assert mounts["/run/fairlead/objects/2/info/alternates"].source == ""


def test_the_record_is_veiled_where_it_lies_in_what_is_shown(cell: Cell) -> None:
    state = cell.copy / ".fairlead/state"
    state.mkdir(parents=True)
    (state / "journal.db").write_text("x")
    place = str(cell.copy)
    cell.limits = Confinement(place, is_copy=False)
    assert places(plan(cell, hidden=(str(state),)), "memory")[-1] == str(state)
    cell.spawner.leave_out = (str(state),)
    try:
        assert said(cell.perform("ls", "-A", ".fairlead/state")) == ""
    finally:
        cell.spawner.leave_out = ()


def test_a_program_is_looked_for_as_it_is_inside(cell: Cell) -> None:
    (cell.copy / "tool").write_text("#!/bin/sh\n")
    profile = plan(cell)
    assert find_program("sh", profile) == find_program("/bin/sh", profile) == ""
    assert find_program("./tool", profile) == "Permission denied"
    for name in ("no-such-thing", "/etc/shadow", str(cell.copy / "tool"), "../tool"):
        assert find_program(name, profile) == "there is no such program in the sandbox"


def test_no_word_of_the_profile_stands_on_the_command_line(cell: Cell) -> None:
    assert str(cell.copy) not in said(cell.perform("sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline; cat /proc/1/environ"))


def test_each_namespace_is_asked_for_by_name(cell: Cell) -> None:
    given = words(plan(cell), lambda text: 9)
    needed = {"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--disable-userns"}
    assert needed <= set(given)
    assert "--unshare-all" not in given  # it goes on without a namespace for users where there is none


def test_the_filter_is_made_for_two_machines_and_no_other() -> None:
    for machine in ("x86_64", "aarch64"):
        program = seccomp_program(machine)
        assert len(program) % 8 == 0
        assert 100 < len(program) // 8 < 256  # jumps reach no further than 255 instructions
    assert seccomp_program("riscv64") == b""


FORKING = "import os, time\nfor n in range(300):\n if os.fork() == 0: time.sleep(60); os._exit(0)\ntime.sleep(60)"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_user_without_rights_is_confined_all_the_same(open_folder: Path) -> None:
    """The launcher needs no rights: neither root's, nor a bit on its file."""
    # Whoever has no rights may not be able to read the interpreter of these tests: what is needed is loaded before.
    for name in ("asyncio", "ctypes", "fairlead.env.connection", "fairlead.env.keeper", "fairlead.env.sandbox.keeping"):
        importlib.import_module(name)
    copy, place = open_folder / "copy", open_folder / "place"
    for folder in (copy, place):
        folder.mkdir()
        os.chown(folder, NOBODY, -1)

    def perform() -> str:
        spawner = start_spawner()
        try:
            confined = Confinement(str(place))
            script = "id -u; echo made > made; test ! -e /etc/shadow && ls -A / | grep -c home"
            first = asyncio.run(spawner.perform_program(Program(("sh", "-c", script), str(copy), confinement=confined)))
            forking = Program(("python3", "-c", FORKING), str(copy), confinement=confined)
            second = asyncio.run(spawner.perform_program(forking))
        finally:
            spawner.close()
        return f"{first.process.stdout!r} {first.process.stderr!r} {second.process.reached}"

    assert as_nobody(perform) == r"b'1000\n0\n' b'' 256 processes"
    assert (copy / "made").stat().st_uid == NOBODY
