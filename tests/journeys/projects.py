"""Projects that the example workflows are performed on: small ones, with the files of `examples/` beside them.

`uv` stands in for the program of that name where the environment of a project is complete: it performs what follows
`run` with the interpreter of this installation, without the plugins that only our own tests need, and measures coverage
with the library behind pytest-cov.
"""

import shutil
from pathlib import Path

from tests.journeys.door import Door
from tests.journeys.planted import plant
from tests.journeys.repositories import commit, git

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
NAMES = ("feature-validation", "perf-tune", "repo-health", "secure-patch")
UV = """\
#!/bin/sh
test "$1" = run || exit 2
shift
export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
case " $* " in
*" --cov "*)
    python -m coverage run -m pytest -q --junitxml=junit.xml
    code=$?
    python -m coverage json -q -o coverage.json && exit $code
    ;;
*) exec python -m "$@" ;;
esac
"""
# Its time is what it says, so that a measurement is the same on every machine and costs none.
SUITE = """\
import sys

from shop.search import COST_MS, find

sys.modules["__main__"].CLOCK = lambda: spent[0] / 1000
spent = [0.0]


def bench_find():
    find(["a", "b"], "b")
    spent[0] += COST_MS
"""
SEARCH = '''"""Search."""

COST_MS = 90


def find(words, wanted):
    return [word for word in words if word == wanted]
'''
SEARCH_TEST = """\
import sys

sys.path.insert(0, "src")

from shop.search import find


def test_find():
    assert find(["a", "b"], "b") == ["b"]
"""


def with_examples(directory: Path) -> Path:
    """*directory* with the four workflows, the agents that need a model and the requirements, all committed."""
    shutil.copytree(EXAMPLES / "agents", directory / ".fairlead/agents")
    (directory / ".fairlead/workflows").mkdir()
    for name in NAMES:
        shutil.copy(EXAMPLES / f"{name}.yaml", directory / ".fairlead/workflows")
    (directory / "docs").mkdir(exist_ok=True)
    shutil.copy(ROOT / "docs/requirements.yaml", directory / "docs")
    git(directory, "init", "-q", "-b", "main")
    commit(directory)
    return directory


def make_shop(directory: Path, *left_out: str) -> Path:
    """The shop with faults, without the files *left_out*."""
    plant(directory)
    for path in left_out:
        (directory / path).unlink()
    with (directory / ".gitignore").open("a") as file:
        file.write("coverage.json\n.coverage\n")
    return with_examples(directory)


def make_slow_shop(directory: Path) -> Path:
    """A search that costs 90 ms, its test and its benchmark."""
    files = {"src/shop/__init__.py": "", "src/shop/search.py": SEARCH, "benchmarks/api.py": SUITE}
    for path, text in {**files, "tests/test_search.py": SEARCH_TEST, ".gitignore": "__pycache__/\n"}.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    return with_examples(directory)


def give_uv(door: Door, tools: Path) -> Door:
    """*door* for a person who has `uv`, installed like a tool of Python: in a directory that the sandbox shows."""
    (tools / "bin").mkdir(parents=True)
    (tools / "pyvenv.cfg").touch()
    (tools / "bin/uv").write_text(UV)
    (tools / "bin/uv").chmod(0o755)
    door.environ["PATH"] = f"{tools / 'bin'}:{door.environ['PATH']}"
    return door
