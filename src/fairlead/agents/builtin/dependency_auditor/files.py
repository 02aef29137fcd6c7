"""Which files of a tree say what a project depends on, and who reads each of them."""

from collections.abc import Callable, Mapping

from fairlead.agents.builtin.dependency_auditor.manifests import read_package_json, read_pyproject
from fairlead.agents.builtin.dependency_auditor.npm_locks import read_package_lock, read_pipfile_lock
from fairlead.agents.builtin.dependency_auditor.reading import PACKAGES_MAX, Broken, Reading, decoded
from fairlead.agents.builtin.dependency_auditor.requirements_files import is_requirements, read_requirements
from fairlead.agents.builtin.dependency_auditor.toml_files import read_pdm, read_poetry, read_pylock, read_uv
from fairlead.agents.builtin.dependency_auditor.yarn_locks import read_pnpm, read_yarn
from fairlead.core.tools import ToolWorld, Unreadable

FILE_BYTES_MAX = 20_000_000  # a lock of 20,000 packages has about 10 MB
FILES_MAX = 2_000

_READERS: Mapping[str, Callable[[str, str], Reading]] = {
    "uv.lock": read_uv,
    "poetry.lock": read_poetry,
    "pdm.lock": read_pdm,
    "pylock.toml": read_pylock,
    "Pipfile.lock": read_pipfile_lock,
    "pyproject.toml": read_pyproject,
    "package.json": read_package_json,
    "package-lock.json": read_package_lock,
    "npm-shrinkwrap.json": read_package_lock,
    "yarn.lock": read_yarn,
    "pnpm-lock.yaml": read_pnpm,
}
# Files of other worlds, which nothing here reads: "not checked", which is not "clean".
NOT_READ = frozenset(
    [
        *("Cargo.lock", "go.sum", "Gemfile.lock", "composer.lock", "bun.lock", "bun.lockb", "pixi.lock", "mix.lock"),
        *("pubspec.lock", "Package.resolved", "packages.lock.json", "gradle.lockfile", "conda-lock.yml", "deno.lock"),
    ]
)
# What lies here is somebody else's, or is there to be wrong.
_FOREIGN = frozenset(["node_modules", "site-packages", ".venv", "venv", "bower_components"])
_PLANTED = frozenset(["fixtures", "__fixtures__", "fixture", "testdata", "test-data", "test_data", "golden", "corpus"])


def name_of(path: str) -> str:
    """The name that chooses the reader; "" for a file that says nothing of dependencies."""
    name = path.rpartition("/")[2]
    if name in _READERS:
        return name
    if name.startswith("pylock.") and name.endswith(".toml"):
        return "pylock.toml"
    return "requirements" if is_requirements(path) else ""


def is_planted(path: str) -> bool:
    """Whether the file lies among the test data of a project: it is left out, and counted."""
    return not _PLANTED.isdisjoint(path.split("/")[:-1])


def is_foreign(path: str) -> bool:
    """Whether the file lies in an installed package."""
    return not _FOREIGN.isdisjoint(path.split("/")[:-1])


def read(world: ToolWorld, path: str, *, is_included: bool = False) -> Reading | None:
    """One file, by the reader for its name; None for a text that only its name makes a requirements file.

    Raises:
        Broken: it cannot be used; the code says in which way.
    """
    try:
        data = world.read(path, FILE_BYTES_MAX)
    except Unreadable as error:
        raise Broken("FL-A134", str(error)) from None
    text = decoded(data)
    name = "requirements" if is_included else name_of(path)
    if name == "requirements":
        reading = read_requirements(path, text, is_included=is_included)
    else:
        reading = _READERS[name](path, text)
    if reading is not None and len(reading.packages) > PACKAGES_MAX:
        raise Broken("FL-A134", f"it holds more than {PACKAGES_MAX:,} packages")
    return reading
