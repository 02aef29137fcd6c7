"""All planted corpora in one form: files, what must be reported in them, and that nothing else may be.

The benchmark measures recall and false alarms with them, and a test sees that no rule is without a case.
"""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from tests import corpora
from tests.corpora import compliance, dependencies, marks, secrets, security_python, security_tools

UNREAD_BYTES = 2_000_001  # one more than is read of a source file
# Modules with tables of marked files, by the begin of their names: the agent, and the family of its rules.
_MARKED = {"security_": ("security-scanner", "security"), "review_": ("code-reviewer", "review")}
_NOT_PARSED = {"review_javascript": "review/js-not-parsed"}
_PYTHON = ("security_python", "security_tools")  # read in another way


class Place(NamedTuple):
    """Where a finding must stand. Line 0: the finding is about the file, wherever it is shown."""

    path: str
    rule: str
    line: int


class Corpus(NamedTuple):
    """One directory for one agent."""

    name: str
    agent: str
    files: dict[str, bytes]
    wanted: Counter[Place]
    # Tools that read along may report what no rule of ours judges; such reports are counted apart.
    is_judged_whole: bool = True
    is_git: bool = False  # whether the files lie in a repository that knows none of them
    reasons: tuple[str, ...] = ()  # codes that the degraded reasons must name: one for each reason

    def negatives(self, rule: str) -> int:
        """How many files hold no case of *rule*."""
        return len(self.files.keys() - {place.path for place in self.wanted if place.rule == rule})


def all_corpora() -> list[Corpus]:
    """Every corpus, agent by agent. A new module with marked files is found by its name."""
    scanners = [_secrets(), _clean_secrets(), _python(), _python_tools(), *_marked(), _unreadable()]
    return [*scanners, *_compliance(), *_dependencies()]


def _secrets() -> Corpus:
    files: dict[str, bytes] = {}
    wanted: Counter[Place] = Counter()
    for number, plant in enumerate(secrets.planted()):
        path = f"{number}/{plant.path}"
        files[path] = f"# first\n{plant.text}\n# last\n".encode()
        # A credential of several lines is shown where its header stands, another where it begins.
        before = plant.text.partition(plant.secret)[0]
        line = 2 if "\n" in plant.secret else 2 + before.count("\n")
        wanted[Place(path, plant.rule, line)] += 1
    files["dump.sql"] = b"x\n" * (UNREAD_BYTES // 2 + 1)
    wanted[Place("dump.sql", "secrets/unread-file", 0)] += 1
    return Corpus("credentials", "secret-scanner", files, wanted)


def _clean_secrets() -> Corpus:
    lines = [*secrets.placeholders(), *secrets.CLEAN_LINES]
    files = {f"{number}/{path}": (text + "\n").encode() for number, (path, text) in enumerate(lines)}
    return Corpus("look-alikes of credentials", "secret-scanner", files, Counter())


def _python() -> Corpus:
    planted = security_python.planted()
    wanted = Counter(
        Place(path, rule, line) for path, text in planted.items() for rule, line, _ in security_python.expected(text)
    )
    files = {path: text.encode() for path, text in planted.items()}
    return Corpus("Python", "security-scanner", files, wanted, is_judged_whole=False)


def _python_tools() -> Corpus:
    text = security_tools.planted()
    wanted = Counter(Place("a.py", rule, line) for rule, line, _ in security_python.expected(text))
    return Corpus("Python, by bandit and ruff", "security-scanner", {"a.py": text.encode()}, wanted)


def _marked() -> Iterator[Corpus]:
    for module in pkgutil.iter_modules(corpora.__path__):
        begin = next((begin for begin in _MARKED if module.name.startswith(begin)), None)
        if begin is None or module.name in _PYTHON:
            continue
        agent, family = _MARKED[begin]
        tables = vars(importlib.import_module(f"tests.corpora.{module.name}"))
        files: dict[str, bytes] = {}
        wanted: Counter[Place] = Counter()
        for name, table in sorted(tables.items()):
            if not name.isupper() or not isinstance(table, dict) or name == "OF_FILES":
                continue
            for path, marked in table.items():
                assert path not in files, f"{path} stands twice in {module.name}"
                file = marks.planted(marked, family)
                files[path] = file.text.encode()
                wanted.update(Place(path, fault.rule, fault.line) for fault in file.faults)
                if _is_unparsable(path):
                    wanted[Place(path, _NOT_PARSED.get(module.name, f"{family}/not-parsed"), 0)] += 1
        # A fault of a file as a whole has no place that could be marked.
        for path, rule in tables.get("OF_FILES", {}).items():
            wanted[Place(path, rule, 0)] += 1
        yield Corpus(
            module.name.removeprefix("security_"),
            agent,
            files,
            wanted,
            is_judged_whole=tables.get("IS_JUDGED_WHOLE", True),
            is_git=tables.get("IS_GIT", False),
        )


def _is_unparsable(path: str) -> bool:
    """Whether nobody can parse a file of this name. A Dockerfile always can be read in part."""
    return path.startswith("broken") and not path.endswith("Dockerfile")


def _dependencies() -> Iterator[Corpus]:
    for name, repository in dependencies.REPOSITORIES.items():
        planted = {path: marks.planted(text, "dependencies") for path, text in repository.items()}
        wanted = Counter(Place(path, one.rule, one.line) for path, file in planted.items() for one in file.faults)
        for path, rules in dependencies.FILES_WITH.get(name, {}).items():
            wanted.update(Place(path, f"dependencies/{rule}", 0) for rule in rules)
        files = {path: file.text.encode() for path, file in planted.items()}
        reasons = dependencies.REASONS.get(name, ())
        yield Corpus(f"dependencies: {name}", "dependency-auditor", files, wanted, reasons=reasons)


def _unreadable() -> Corpus:
    files = {
        "large.py": b"x = 1\n" * (UNREAD_BYTES // 6 + 1),
        "broken.py": b"def f(:\n    pass\n",
        "right.py": b"x = 1\n",
    }
    wanted = Counter([Place("large.py", "security/unread-file", 0), Place("broken.py", "security/not-parsed", 0)])
    return Corpus("files that cannot be read", "security-scanner", files, wanted)


def _compliance() -> Iterator[Corpus]:
    """Whole repositories: what is missing in one of them is reported too."""
    for kind in ("PLANTED", "TWINS", "RIGHT"):
        for name, repository in getattr(compliance, kind).items():
            files, wanted = repository.planted()
            places = Counter(Place(path, rule, line) for path, rule, line in wanted)
            yield Corpus(f"a repository ({kind.lower()}, {name})", "compliance-checker", files, places)
