"""Files that a repository should have: what stands where, by name alone."""

import posixpath
import re
from collections.abc import Iterable
from typing import NamedTuple

from fairlead.agents.builtin.compliance_checker.records import Check, Place, Violation
from fairlead.agents.builtin.compliance_checker.tree import Tree, is_own, shortest
from fairlead.core.findings import Severity

_FOLDERS = r"(\.github/|\.gitlab/|\.gitea/|\.forgejo/|docs/)?"
_SECURITY = rf"{_FOLDERS}(security|security[-_]policy)(\.[^/]+)?|(.*/)?security\.txt"
_OWNERS = rf"{_FOLDERS}(codeowners|owners|maintainers)(\.[^/]+)?"
_CI = (
    r"\.(github|gitea|forgejo)/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml|\.gitlab/ci/.+\.ya?ml|\.circleci/[^/]+\.ya?ml|\.travis\.ya?ml"
    r"|([^/]+/)?Jenkinsfile[^/]*|(\.?azure[^/]*/(.+/)?)?azure-pipelines[^/]*\.ya?ml|bitbucket-pipelines\.ya?ml|\.drone\.(ya?ml|star|jsonnet)"
    r"|\.woodpecker(/[^/]+)?\.ya?ml|\.buildkite/[^/]+\.ya?ml|\.?appveyor\.ya?ml|\.cirrus\.(ya?ml|star)|\.semaphore/[^/]+\.ya?ml"
    r"|\.teamcity/.+|cloudbuild\.(ya?ml|json)|buildspec\.ya?ml|\.build\.ya?ml|\.builds/[^/]+\.ya?ml|codefresh\.ya?ml|\.zuul\.ya?ml|\.ci/.+"
)
_TESTS = (
    r"(.*/)?(test_[^/]*\.py|[^/]*_tests?\.(py|go|rb|exs|cc|cpp|c|dart)|tests\.py|[^/]*[.-](test|spec|cy)\.[cm]?[jt]sx?"
    r"|[^/]*(Test|Tests|IT|Spec)\.(java|kt|kts|scala|cs|groovy|php|swift)|[^/]*_spec\.rb)"
    r"|(.*/)?(tests?|__tests__|specs?|e2e|t)/(.+/)?[^/]+\.(py|[cm]?[jt]sx?|go|rb|rs|java|kt|php|c|cc|cpp|cs|swift|exs?|t|sh|bats)"
)


class _Wanted(NamedTuple):
    """A file that should be there: the control, the rule, how it is called, and where one would put it."""

    check: str
    rule: str
    pattern: re.Pattern[str]
    place: str
    said: str  # of the file that is there
    lacking: str


def _row(check: str, rule: str, pattern: str, place: str, said: str, lacking: str) -> _Wanted:
    return _Wanted(check, rule, re.compile(pattern, re.IGNORECASE), place, said, lacking)


_WANTED = (
    _row("readme", "compliance/no-readme", r"(\.github/|docs/)?readme([-._][^/]*)?", "README.md", "the first page",
         "There is no README at the top of the tree."),
    _row("security-policy", "compliance/no-security-policy", _SECURITY,
         "SECURITY.md", "how to report a weakness", "Nothing says how to report a weakness: there is no such file."),
    _row("code-owners", "compliance/no-code-owners", _OWNERS, "CODEOWNERS",
         "who must look at a change", "Nothing says who must look at a change: there is no CODEOWNERS file."),
    _row("ci", "compliance/no-ci", _CI, ".github/workflows", "what runs on a change",
         "Nothing runs on a change: there is no file of a CI system."),
    _row("tests", "compliance/no-tests", _TESTS, "tests", "a test", "There are no tests."),
)  # fmt: skip
_UPDATES = re.compile(
    r"\.github/(dependabot\.ya?ml|renovate\.json5?)|(\.gitlab/)?renovate\.json5?|\.renovaterc(\.json5?)?|\.renovate\.json5?"
    r"|\.pyup\.ya?ml|\.scala-steward\.conf|\.github/workflows/[^/]*(renovate|update[-_]dep|dep[a-z]*[-_]update|pip-tools)[^/]*\.ya?ml",
    re.IGNORECASE,
)
_LOCK = re.compile(
    r"(.*/)?(uv\.lock|poetry\.lock|pdm\.lock|Pipfile\.lock|pixi\.lock|pylock(\.[^/]+)?\.toml|conda-lock\.ya?ml|package-lock\.json|npm-shrinkwrap\.json"
    r"|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|Cargo\.lock|go\.sum|composer\.lock|Gemfile\.lock|mix\.lock|gradle\.lockfile"
    r"|packages\.lock\.json|pubspec\.lock|Podfile\.lock|Package\.resolved|flake\.lock|[^/]*requirements[^/]*\.lock|requirements[^/]*/[^/]*\.(lock|txt))"
)
_LOCKED_BY: dict[str, tuple[str, ...]] = {
    "package.json": (
        *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"),
    ),
    "pyproject.toml": ("uv.lock", "poetry.lock", "pdm.lock", "pixi.lock", "pylock.toml", "conda-lock.yml"),
    "setup.cfg": ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml"),
    "setup.py": ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml"),
    "Pipfile": ("Pipfile.lock",),
    "Cargo.toml": ("Cargo.lock",),
    "go.mod": ("go.sum",),
    "composer.json": ("composer.lock",),
    "Gemfile": ("Gemfile.lock",),
    "mix.exs": ("mix.lock",),
}  # fmt: skip
_MANIFESTS = frozenset(_LOCKED_BY) | {"requirements.txt", "pom.xml", "build.gradle", "build.gradle.kts"}
# Requirements of those who work on the project.
_FOR_WORK = re.compile(r"(dev|develop|tests?|testing|docs?|lint|typing|build|ci)[^/]*\.txt$")
# `name==version`, with whatever follows, is what a lock holds; `-r other.txt` says nothing.
_PIN = re.compile(r"^[A-Za-z0-9][\w.-]*(\[[^\]]*\])?\s*(===?|@)\s*\S")


class Required:
    """Looks for files by name, and into manifests only to see whether they ask for anything."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def checks(self, tree: Tree) -> dict[str, Check]:
        """What was learnt for the controls about files."""
        checks = {wanted.check: self._named(wanted, tree) for wanted in _WANTED}
        asking = self._asking(tree)
        checks["lock-file"] = self._locks(tree, asking)
        checks["dependency-updates"] = self._updates(tree, asking)
        return checks

    def _named(self, wanted: _Wanted, tree: Tree) -> Check:
        check = Check()
        found = shortest(path for path in tree.names if wanted.pattern.fullmatch(path))
        if wanted.check == "tests":
            found = [path for path in found if not re.search(r"(^|/)(node_modules|vendor|site-packages)/", path)]
        if found:
            more = f", and {len(found) - 1} more" if len(found) > 1 else ""
            check.evidence.append(Place(found[0], 0, wanted.said + more))
        elif tree.is_whole:
            check.lacking.append(wanted.lacking)
            self.violations.append(Violation(wanted.rule, wanted.place, 0, wanted.lacking, ""))
        return check

    def _asking(self, tree: Tree) -> dict[str, bool]:
        """Manifests of the project that ask for packages, and whether they are of a kind that is locked beside."""
        found: dict[str, bool] = {}
        for path in shortest(tree.names):
            name = path.rpartition("/")[2]
            if not is_own(path):
                continue
            if name in _MANIFESTS or (name.endswith(".txt") and "requirements" in path):
                file = tree.read(path)
                if file is not None and _asks(name, file.text):
                    found[path] = name in _LOCKED_BY
        return found

    def _locks(self, tree: Tree, asking: dict[str, bool]) -> Check:
        check = Check()
        for path in shortest(path for path in tree.names if _LOCK.fullmatch(path) and is_own(path)):
            if not path.endswith(".txt") or self._is_pinned(tree, path):
                check.evidence.append(Place(path, 0, "exact versions"))
        check.evidence = check.evidence[:20]
        if not asking:
            check.not_applicable = "The project asks for no packages."
            return check
        # Tools of those who work on the project come last: exact versions of what runs are enough for them.
        for path, is_locked_beside in sorted(asking.items(), key=lambda one: _FOR_WORK.search(one[0]) is not None):
            if self._is_locked(tree, path, is_locked_beside, bool(check.evidence)):
                if not check.evidence:
                    check.evidence.append(Place(path, 0, "exact versions"))
                continue
            if not tree.is_whole:
                continue
            message = f"`{path}` asks for packages, and no lock file holds their exact versions."
            check.lacking.append(message)
            severity, reason = self._how_severe(tree, path)
            self.violations.append(Violation("compliance/no-lock-file", path, 0, message, "", severity, reason))
        return check

    def _how_severe(self, tree: Tree, path: str) -> tuple[Severity | None, str]:
        """Milder for what is published as a package, and for tools of those who work on the project."""
        file = tree.read(path)
        text = file.text if file is not None else ""
        if _FOR_WORK.search(path):
            return "info", "The packages are needed only to work on the project."
        is_published = (
            ("[build-system]" in text and '"Private ::' not in text)
            or path.endswith(("setup.py", "setup.cfg"))
            or (
                path.endswith("package.json")
                and '"version"' in text
                and re.search(r'"private"\s*:\s*true', text) is None
            )
        )
        if is_published:
            return "info", "It describes a package, and those leave the choice of versions to who installs them."
        return None, ""

    def _is_locked(self, tree: Tree, path: str, is_locked_beside: bool, has_lock: bool) -> bool:
        if not is_locked_beside:
            # Requirements in text form: pinned themselves, or the loose form of a lock that stands elsewhere.
            return has_lock or not path.endswith(".txt") or self._is_pinned(tree, path)
        folder, name = posixpath.split(path)
        while True:  # a workspace has one lock at its top
            if any(posixpath.join(folder, lock) in tree.names for lock in _LOCKED_BY[name]):
                return True
            if not folder:
                break
            folder = posixpath.dirname(folder)
        is_python = name in ("pyproject.toml", "setup.cfg", "setup.py")
        return is_python and any(
            self._is_pinned(tree, one)
            for one in tree.names
            if re.search(r"requirements[^/]*(/[^/]*)?\.(txt|lock)$", one) and is_own(one)
        )

    def _is_pinned(self, tree: Tree, path: str) -> bool:
        file = tree.read(path)
        lines = [line.strip() for line in file.lines] if file is not None else []
        wanted = [line for line in lines if line and not line.startswith(("#", "-"))]
        return bool(wanted) and all(_PIN.match(line) for line in wanted)

    def _updates(self, tree: Tree, asking: dict[str, bool]) -> Check:
        check = Check()
        found = shortest(path for path in tree.names if _UPDATES.fullmatch(path))
        check.evidence += [Place(path, 0, "keeps dependencies up to date") for path in found[:3]]
        if not found and "package.json" in tree.names:
            file = tree.read("package.json")
            if file is not None and (line := file.line_of(r'^\s*"renovate"\s*:')):
                check.evidence.append(Place("package.json", line, "keeps dependencies up to date"))
        workflows = any(path.startswith(".github/workflows/") for path in tree.names)
        if check.evidence or not tree.is_whole:
            return check
        if not asking and not workflows:
            check.not_applicable = "The project asks for no packages and no actions."
            return check
        check.lacking.append("Nothing proposes newer versions of what the project takes in.")
        message = f"{check.lacking[0]} Neither Dependabot nor Renovate is set up."
        self.violations.append(Violation("compliance/no-dependency-updates", ".github/dependabot.yml", 0, message, ""))
        return check


def _asks(name: str, text: str) -> bool:
    """Whether a manifest asks for at least one package. A broken one is told of elsewhere."""
    import json
    import tomllib

    try:
        if name in ("package.json", "composer.json"):
            data = json.loads(text)
            keys = ("dependencies", "devDependencies", "optionalDependencies", "require", "require-dev")
            groups: Iterable[object] = [data.get(key) for key in keys] if isinstance(data, dict) else []
            return any(isinstance(group, dict) and set(group) - {"php"} for group in groups)
        if name in ("pyproject.toml", "Cargo.toml", "Pipfile"):
            data = tomllib.loads(text)
            project, poetry = data.get("project", {}), data.get("tool", {}).get("poetry", {})
            python = bool(project.get("dependencies")) or bool(set(poetry.get("dependencies", {})) - {"python"})
            return python or any(data.get(key) for key in ("dependencies", "packages"))
    except (ValueError, RecursionError, AttributeError, TypeError):
        return False
    wanted = {
        "setup.cfg": r"(?m)^install_requires\s*=\s*\S|^install_requires\s*=\s*\n\s+\S",
        "setup.py": r"install_requires\s*=\s*(?!\[\s*\])",
        "go.mod": r"(?m)^\s*require\b",
        "Gemfile": r"(?m)^\s*gem\s",
        "pom.xml": r"<dependency>",
        "mix.exs": r"\{:\w+,",
    }.get(name, r"(?m)^\s*(implementation|api|compile)\b" if "gradle" in name else r"(?m)^\s*[A-Za-z0-9]")
    return re.search(wanted, text) is not None
