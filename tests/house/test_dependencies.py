"""Dependencies are few, explained, locked with hashes, and the wheel holds everything that the source tree holds."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from tests.house.source import SourceFile, plant, source_files

CORE_MAX = 12
_PIN = re.compile(r"^([a-z0-9-]+)==\S+(?: ; [^\\]+)? \\$")
_HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def declared(root: Path, extra: str = "") -> list[str]:
    """The requirements of pyproject.toml: the core's, or those of one extra."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    requirements: list[str] = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return requirements


def name_of(requirement: str) -> str:
    """The normalised name in a requirement: `types-PyYAML>=6,<7` → `types-pyyaml`."""
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


def lock_faults(text: str, requirements: list[str]) -> list[str]:
    """What is wrong with a lock file: a foreign line, a pin without hashes, a name that is missing."""
    faults, pins, hashes = [], set[str](), 1
    for number, line in enumerate(text.splitlines(), start=1):
        if pin := _PIN.match(line):
            faults += [] if hashes else [f"line {number}: the pin before it has no hash"]
            pins.add(pin[1])
            hashes = 0
        elif _HASH.match(line):
            hashes += 1
        else:
            faults.append(f"line {number}: neither a pin nor a hash: {line[:80]}")
    faults += [] if hashes else ["the last pin has no hash"]
    return faults + [f"{name} is not locked" for name in map(name_of, requirements) if name not in pins]


def test_the_core_has_at_most_a_dozen_dependencies_each_below_a_next_major(project: Path) -> None:
    core = declared(project)
    assert len(core) <= CORE_MAX
    assert [text for text in core + declared(project, "dev") if not re.fullmatch(r"[\w-]+>=[\d.]+,<\d+", text)] == []


def test_every_dependency_is_explained(project: Path) -> None:
    explained = re.findall(
        r"^\| \*\*([\w-]+)\*\* \|", (project / "docs/dependencies.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(explained) == sorted(map(name_of, declared(project) + declared(project, "dev")))


def wrongly_placed(text: str, files: list[SourceFile]) -> list[str]:
    """Every line of the page *text* whose second column is not where *files* import the library."""
    wrong = []
    for name, column in re.findall(r"^\| \*\*([\w-]+)\*\* \| ([^|]+) \|", text, re.MULTILINE):
        module = {"pyyaml": "yaml"}.get(name, name.replace("-", "_"))
        rooms = {file.room for file in files if any(found.name.split(".")[0] == module for found in file.imports)}
        said = set(re.findall(r"`(\w+)/`", column))
        if "every room" in column:
            wrong += [] if said <= rooms else [f"{name} is not imported in {', '.join(sorted(said - rooms))}"]
        elif rooms != said:
            wrong.append(f"{name} is imported in {sorted(rooms)}, not in {sorted(said)}")
    return wrong


def test_every_library_is_imported_where_the_page_says(project: Path) -> None:
    found = wrongly_placed((project / "docs/dependencies.md").read_text("utf-8"), source_files(project))
    assert not found, "\n".join(found)


def test_a_library_imported_elsewhere_than_the_page_says_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "src/fairlead/views/cost.py", "def f() -> None:\n    import rich.table\n")
    page = "| **rich** | `cli/` | |\n| **ruff** | *program* | |\n| **msgspec** | `core/` and every room | |\n"
    assert wrongly_placed(page, source_files(tmp_path)) == [
        "rich is imported in ['views'], not in ['cli']",
        "msgspec is not imported in core",
    ]


def test_the_locks_hold_pins_and_hashes_and_nothing_else(project: Path) -> None:
    core = (project / "requirements/core.lock").read_text("utf-8")
    dev = (project / "requirements/dev.lock").read_text("utf-8")
    assert lock_faults(core, [*declared(project), "hatchling"]) == []
    assert lock_faults(dev, [*declared(project), *declared(project, "dev")]) == []
    pins = {line for line in core.splitlines() if _PIN.match(line)}
    assert pins <= set(dev.splitlines()), "the two locks differ on a version"


def test_faults_of_a_lock_are_found() -> None:
    sha = "0" * 64
    text = f"--{'index'}-url https://example.org/simple\nrich==15.0.0 \\\nmsgspec==0.22.0 \\\n    --hash=sha256:{sha}\n"
    assert lock_faults(text, ["rich>=15,<16", "apsw>=3,<4"]) == [
        f"line 1: neither a pin nor a hash: --{'index'}-url https://example.org/simple",
        "line 3: the pin before it has no hash",
        "apsw is not locked",
    ]


def missing_from_wheel(root: Path, out: Path) -> list[str]:
    """Build the wheel of *root* and name each file of the package that is not in it."""
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    package = [path for path in (root / "src").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return sorted({path.relative_to(root / "src").as_posix() for path in package} - inside)


def test_the_wheel_holds_code_and_package_data(project: Path, tmp_path: Path) -> None:
    assert missing_from_wheel(project, tmp_path) == []


def test_package_data_that_the_wheel_would_lose_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "src/fairlead/__init__.py", '__version__ = "1.0"\n')
    plant(tmp_path, "src/fairlead/journal/sql/claim_run.sql", "select 1\n")
    plant(
        tmp_path,
        "pyproject.toml",
        '[project]\nname = "fairlead"\nversion = "1.0"\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["src/fairlead"]\nexclude = ["*.sql"]\n',
    )
    assert missing_from_wheel(tmp_path, tmp_path / "out") == ["fairlead/journal/sql/claim_run.sql"]
