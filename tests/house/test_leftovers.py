"""Nothing of the place where code was written stays in it: no open ends, no paths of a machine, no package index."""

import re
import subprocess
from pathlib import Path

from tests.defects.run import tracked_files
from tests.house.source import plant

# Put together here, so that this file is no finding of its own.
_OPEN_END = "|".join(("TO" + "DO", "FIX" + "ME"))
_HOMES = "|".join(("/ro" + "ot/", "/wo" + "rk/", "/opt/(?:py" + "pi|wheels)", "/ho" + "me/(?!USER|you|ada|ben)[a-z]+/"))
_INDEXES = "|".join((r"(?:test\.)?py" + r"pi\.org", r"files\.python" + r"hosted\.org", r"registry\.npm" + r"js\.org"))

PATTERNS: dict[str, re.Pattern[str]] = {
    "an open end without an owner; write it as (name)": re.compile(rf"\b(?:{_OPEN_END})\b(?!\(\w+\))"),
    "a path of one machine": re.compile(rf"(?<![\w.$}}])(?:{_HOMES})"),
    "the host name of a package index": re.compile(_INDEXES),
    "an address of a package index": re.compile(rf"--(?:extra-)?{'index'}-url|--{'find'}-links\b[= ]|file:///{'opt'}/"),
}

# (file or folder/, what) → why it may stay. Test material that only looks like a leftover belongs here.
EXCEPTIONS: dict[tuple[str, str], str] = {
    (path, "an address of a package index"): "the auditor reads pip's options, and its texts and tests show them"
    for path in (
        "src/fairlead/agents/builtin/dependency_auditor/requirements_files.py",
        "src/fairlead/agents/builtin/rules/dependencies.toml",
        "tests/agents/dependencies/",
        "tests/corpora/dependencies.py",
    )
}


def leftovers(root: Path) -> list[str]:
    """Every line of a tracked text file under *root* that should not have been left there."""
    found = []
    for path in tracked_files(root):
        try:
            lines = (root / path).read_text("utf-8").splitlines()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # a picture; or a file whose removal is not recorded yet
        for number, line in enumerate(lines, start=1):
            for what, pattern in PATTERNS.items():
                if pattern.search(line) and not _is_excepted(path, what):
                    found.append(f"{path}:{number}: {what}: {line.strip()[:100]}")
    return found


def _is_excepted(path: str, what: str) -> bool:
    return any(what == known and path.startswith(prefix) for prefix, known in EXCEPTIONS)


def test_nothing_is_left_over(project: Path) -> None:
    found = leftovers(project)
    assert not found, "\n".join(found)


def test_each_kind_of_leftover_is_found(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    host = "py" + "pi.org"
    plant(tmp_path, "a.txt", f"{'TO' + 'DO'}: later\nhttps://{host}/simple\ncd {'/ro' + 'ot/'}x\n--{'find'}-links /x\n")
    plant(tmp_path, "b.py", f"# {'TO' + 'DO'}(ada): when the server exists\npath = '{{home}}/x'\nfile://{{path}}\n")
    plant(tmp_path, ".gitignore", "c.txt\n")
    plant(tmp_path, "c.txt", f"{'FIX' + 'ME'}\n")
    assert [line.rpartition(": ")[0].partition(": ")[0] for line in leftovers(tmp_path)] == [
        "a.txt:1",
        "a.txt:2",
        "a.txt:3",
        "a.txt:4",
    ]


def test_every_exception_is_still_needed(project: Path) -> None:
    paths = tracked_files(project)
    unused = [
        (prefix, what)
        for prefix, what in EXCEPTIONS
        if not any(
            path.startswith(prefix) and PATTERNS[what].search((project / path).read_text("utf-8")) for path in paths
        )
    ]
    assert unused == []
