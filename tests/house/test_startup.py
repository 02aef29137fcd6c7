"""`fairlead --help` pays for nothing that it does not use. A check on what is imported, never on time."""

import subprocess
import sys
from pathlib import Path

import pytest

# What costs most, each with what is known to need it.
NOT_AT_START = {
    "asyncio": "only operations that wait are async",
    "rich": "only when something is printed in colour",
    "yaml": "only when a workflow file is read",
    "apsw": "only when the journal is opened",
    "tree_sitter": "only inside a scanner",
    "bandit": "a program of its own",
    "jsonschema_rs": "only when an input or output is judged",
    "importlib.metadata": "the version stands in the package",
    "sqlite3": "never: apsw brings its own",
}


def imported_by(*argv: str, cwd: Path | None = None) -> set[str]:
    """The modules that `python -m …` imports, as the interpreter itself reports them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *argv], capture_output=True, text=True, check=False, timeout=60, cwd=cwd
    )
    rest = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert done.returncode == 0, "\n".join(rest)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.fixture(scope="module")
def at_help() -> set[str]:
    return imported_by("-m", "fairlead", "--help")


@pytest.mark.parametrize("module", NOT_AT_START)
def test_help_does_not_import(module: str, at_help: set[str]) -> None:
    found = sorted(name for name in at_help if name == module or name.startswith(f"{module}."))
    assert found == [], f"{module}: {NOT_AT_START[module]}"


def test_the_package_itself_imports_nothing_of_ours() -> None:
    ours = {name for name in imported_by("-c", "import fairlead") if name.startswith("fairlead")}
    assert ours == {"fairlead"}


def test_an_import_at_start_up_is_found(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import asyncio\n", "utf-8")
    assert "asyncio" in imported_by("-m", "slow", cwd=tmp_path)
