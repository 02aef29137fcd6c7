"""The world is touched only in the rooms that own it: clock, randomness, files, sockets, processes, terminal, SQLite.

A reference counts, not only a call: `clock=time.time` hands the clock on as surely as calling it does.
"""

import fnmatch
from functools import cache
from pathlib import Path

from tests.house.source import SourceFile, plant, source_files

# What may be owned → the names that belong to it. `*` stands for anything, `*.` at the start for any object's method.
OWNED: dict[str, tuple[str, ...]] = {
    "clock": (
        "time.time",
        "time.time_ns",
        "time.monotonic*",
        "time.perf_counter*",
        "time.process_time*",
        "time.sleep",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
    ),
    "randomness": ("random.*", "secrets.*", "uuid.*", "os.urandom", "os.getrandom"),
    "files": (
        "open",
        "io.open",
        "os.open",
        "os.fdopen",
        "os.fsync",
        "os.fdatasync",
        "os.listdir",
        "os.scandir",
        "os.walk",
        "os.stat",
        "os.lstat",
        "os.remove",
        "os.unlink",
        "os.rename",
        "os.replace",
        "os.mkdir",
        "os.makedirs",
        "os.rmdir",
        "os.symlink",
        "os.link",
        "os.readlink",
        "os.chmod",
        "os.truncate",
        "os.access",
        "os.getcwd",
        "os.chdir",
        "os.path.exists",
        "os.path.lexists",
        "os.path.is*",
        "os.path.getsize",
        "os.path.getmtime",
        "os.path.realpath",
        "os.path.abspath",
        "os.path.expanduser",
        "os.path.samefile",
        "shutil.*",
        "tempfile.*",
        "glob.*",
        "fcntl.*",
        "mmap.*",
        "pathlib.Path*",
        "*.read_text",
        "*.read_bytes",
        "*.write_text",
        "*.write_bytes",
    ),
    "package data": ("importlib.resources.*", "pkgutil.get_data"),
    "processes": (
        "subprocess.*",
        "multiprocessing.*",
        "asyncio.create_subprocess_*",
        "pty.*",
        "os.system",
        "os.popen",
        "os.exec*",
        "os.spawn*",
        "os.posix_spawn*",
        "os.fork*",
        "os.kill",
        "os.killpg",
        "os.wait*",
    ),
    "sockets": (
        "socket.*",
        "socketserver.*",
        "ssl.*",
        "http.client.*",
        "http.server.*",
        "urllib.request.*",
        "smtplib.*",
        "ftplib.*",
        "asyncio.open_connection",
        "asyncio.open_unix_connection",
        "asyncio.start_server",
        "asyncio.start_unix_server",
    ),
    "surroundings": ("os.environ*", "os.getenv*", "os.putenv", "os.unsetenv"),
    "terminal": ("print", "input", "sys.stdin*", "sys.stdout*", "sys.stderr*", "sys.__std*", "getpass.*", "curses.*"),
    "database": ("sqlite3.*", "apsw.*"),
}

# Room → what it owns. Every other room asks through a Protocol of core.
OWNERS: dict[str, frozenset[str]] = {
    "env": frozenset({"clock", "randomness", "files", "processes", "sockets", "surroundings"}),
    "journal": frozenset({"files", "database", "package data"}),
    "cli": frozenset({"terminal"}),
    "agents": frozenset({"package data"}),
    "views": frozenset({"package data"}),
    "testing": frozenset(OWNED),
}

# Names that match a pattern and touch nothing.
HARMLESS = frozenset({"pathlib.PurePath", "pathlib.PurePosixPath"})

# (file, name) → why it may stand there all the same.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("src/fairlead/app.py", "os.environ"): "the one place where the process's surroundings come in",
    ("src/fairlead/app.py", "os.getcwd"): "as above",
    ("src/fairlead/agents/catalog.py", "pathlib.Path"): "the cards that ship, which are package data",
    (
        "src/fairlead/agents/shipped.py",
        "pathlib.Path",
    ): "package data by its path: importlib.resources slows every start",
    (
        "src/fairlead/journal/chain.py",
        "os.urandom",
    ): "the salt of a payload: nothing may foresee it, nothing depends on it",
}

# Text methods that package data needs once `importlib.resources` has found it.
_READS_PACKAGE_DATA = frozenset({"*.read_text", "*.read_bytes"})


def misplaced_calls(root: Path) -> list[str]:
    """Every use under *root* of something that the file's room does not own."""
    return sorted({line for file in source_files(root) for line in _misplaced_in(file)})


def _misplaced_in(file: SourceFile) -> list[str]:
    owned = OWNERS.get(file.room, frozenset())
    found = []
    for use in file.references:
        thing = _thing(use.name)
        if thing is None or thing in owned or (file.path, use.name) in EXCEPTIONS:
            continue
        if use.name in _READS_PACKAGE_DATA and "package data" in owned:
            continue
        found.append(f"{file.at(use.line)}: {use.name} ({thing}) in {file.room}")
    if file.room == "core":
        found += [
            f"{file.at(imported.line)}: core may not import {imported.name}"
            for imported in file.imports
            if imported.name.split(".")[0] in _NOT_IN_CORE
        ]
    return found


# A pure room has no use for these at all, whatever it would call.
_NOT_IN_CORE = frozenset(
    {
        *("asyncio", "multiprocessing", "signal", "socket", "subprocess", "threading"),
        *("random", "secrets", "time", "uuid"),
        *("shutil", "sqlite3", "tempfile"),
    }
)


@cache  # the same names are used again and again
def _thing(name: str) -> str | None:
    if name in HARMLESS:
        return None
    return _PLAIN.get(name) or next((thing for pattern, thing in _PATTERNS if fnmatch.fnmatchcase(name, pattern)), None)


_PLAIN = {name: thing for thing, names in OWNED.items() for name in names if not name.endswith("*")}
_PATTERNS = [(name, thing) for thing, names in OWNED.items() for name in names if name.endswith("*")]


def test_the_world_is_touched_only_where_it_is_owned(project: Path) -> None:
    found = misplaced_calls(project)
    assert not found, "\n".join(found)


def test_a_call_in_the_wrong_room_is_found(tmp_path: Path) -> None:
    plant(
        tmp_path,
        "src/fairlead/gate/door.py",
        "import os\nimport subprocess as sp\nfrom datetime import datetime\nfrom time import monotonic as tick\n"
        "def f(path):\n"
        "    open(path)\n"
        "    sp.run(['true'])\n"
        "    os.environ.get('HOME')\n"
        "    print(datetime.now(), tick)\n"
        "    os.execvp('a', ['a'])\n"
        "    path.joinpath('x').read_text()\n",
    )
    assert misplaced_calls(tmp_path) == [
        "src/fairlead/gate/door.py:10: os.execvp (processes) in gate",
        "src/fairlead/gate/door.py:11: *.read_text (files) in gate",
        "src/fairlead/gate/door.py:4: time.monotonic (clock) in gate",
        "src/fairlead/gate/door.py:6: open (files) in gate",
        "src/fairlead/gate/door.py:7: subprocess.run (processes) in gate",
        "src/fairlead/gate/door.py:8: os.environ.get (surroundings) in gate",
        "src/fairlead/gate/door.py:9: datetime.datetime.now (clock) in gate",
        "src/fairlead/gate/door.py:9: print (terminal) in gate",
        "src/fairlead/gate/door.py:9: time.monotonic (clock) in gate",
    ]


def test_the_owner_may_and_a_namesake_is_not_mistaken(tmp_path: Path) -> None:
    plant(tmp_path, "src/fairlead/env/clock.py", "import time\ndef now() -> float:\n    return time.time()\n")
    plant(tmp_path, "src/fairlead/cli/say.py", "def say(text: str) -> None:\n    print(text)\n")
    plant(
        tmp_path,
        "src/fairlead/gate/door.py",
        "from pathlib import PurePosixPath\n"
        "def open(place: str) -> str:\n    return PurePosixPath(place).name\n"
        "def enter(world, time) -> str:\n    return open(world.open('a')) + time.time()\n",
    )
    assert misplaced_calls(tmp_path) == []


def test_a_method_of_the_same_name_hides_nothing(tmp_path: Path) -> None:
    plant(
        tmp_path,
        "src/fairlead/gate/door.py",
        "class Door:\n    def open(self) -> None:\n        open('/etc/passwd')\n",
    )
    assert misplaced_calls(tmp_path) == ["src/fairlead/gate/door.py:3: open (files) in gate"]


def test_core_may_not_even_import_what_it_could_misuse(tmp_path: Path) -> None:
    plant(tmp_path, "src/fairlead/core/ids.py", "import uuid\nfrom datetime import timedelta\n")
    assert misplaced_calls(tmp_path) == ["src/fairlead/core/ids.py:1: core may not import uuid"]


def test_every_exception_is_still_needed(project: Path) -> None:
    uses = {(file.path, use.name) for file in source_files(project) for use in file.references}
    assert [key for key in EXCEPTIONS if key not in uses] == []
