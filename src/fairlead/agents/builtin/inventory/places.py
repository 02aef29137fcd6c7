"""What the place and name of a file tell: packaging tools, CI systems, containers, tests, other people's code."""

import re
from functools import cache

from fairlead.agents.builtin.inventory.tables import table

# Folders whose files were copied in from elsewhere or made by a tool: they say nothing about the project.
_FOREIGN = re.compile(
    r"(^|/)(node_modules|bower_components|vendor|vendored|_vendor|third[_-]party|site-packages|\.venv|venv)/"
)
# Folders whose manifests belong to something around the project. They count, but never come first.
_AROUND = re.compile(
    r"(^|/)(tests?|testing|__tests__|spec|specs|fixtures?|testdata|examples?|samples?|demos?|docs?|benchmarks?|golden|corpora|corpus)/",
    re.IGNORECASE,
)
_EXTRA_REQUIREMENTS = re.compile(
    r"(?i)(?=.*require)(^|.*[/_.-])(dev|develop|development|tests?|testing|docs?|lint|ci|style|typing|build)[_.-][^/]*"
)
_TEST_FILE = re.compile(
    r"(^|/)(test_[^/]*\.py|[^/]*_tests?\.(py|go|rb|exs|cc|cpp|c)|conftest\.py|tests?\.py"
    r"|[^/]*\.(test|spec|cy)\.[cm]?[jt]sx?|[^/]*(Test|Tests|IT|Spec)\.(java|kt|kts|scala|cs|groovy|php|swift)|[^/]*_spec\.rb)$"
)
_TEST_FOLDER = re.compile(r"(^|/)((?:tests?|__tests__|specs?)(?=/))")
_KUBERNETES = re.compile(r"(?m)^apiVersion:[ \t]*\S+[ \t]*$")
_KUBERNETES_KIND = re.compile(r"(?m)^kind:[ \t]*[A-Z]\w+[ \t]*$")


def is_foreign(path: str) -> bool:
    """Whether *path* lies among copied or made files."""
    return _FOREIGN.search(path) is not None


def is_around(path: str) -> bool:
    """Whether *path* belongs to tests, examples, documentation, or tools of those who work on the project."""
    return _AROUND.search(path) is not None or _EXTRA_REQUIREMENTS.fullmatch(path) is not None


def is_test(path: str, is_code: bool) -> bool:
    """Whether *path* is a test: by its name, or code in a folder of tests."""
    return _TEST_FILE.search(path) is not None or (is_code and _TEST_FOLDER.search(path) is not None)


def named(part: str, path: str) -> list[str]:
    """The things of *part* (packaging, ci, containers) that *path* is a sign of."""
    return [name for name, pattern in _patterns(part) if pattern.fullmatch(path)]


def is_kubernetes(path: str, text: str) -> bool:
    """Whether a YAML file is a manifest for Kubernetes: some document has both keys at its top."""
    return (
        path.endswith((".yml", ".yaml"))
        and _KUBERNETES.search(text) is not None
        and _KUBERNETES_KIND.search(text) is not None
    )


@cache
def _patterns(part: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = table("places")[part]
    return tuple((name, re.compile("|".join(_expression(p) for p in patterns))) for name, patterns in rows.items())


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
