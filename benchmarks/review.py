"""`fairlead review` on real source trees from the package registries; writes results/review.json and results/review.md.

For each tree: time to the first finding, total time, the parent's peak memory and that of parent and children together
(proportional set size, so that pages shared after a fork count once), what each agent spent, what was found, and
whether git status was the same before and after. The tree "five-hundred" is cut from Django: 500 files.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.machine import described

RESULTS = Path(__file__).parent / "results"
PYTHON_SOURCES = ("flask", "requests", "django")
JAVASCRIPT_SOURCES = ("webpack",)
GOALS = {"first finding s": 3.0, "total s": 10.0, "parent MB": 50.0, "with children MB": 150.0}
GOALS_FILES = 500


def fetch_trees(directory: Path) -> dict[str, Path]:
    """Source trees of the packages, each a git repository with one commit."""
    trees = {}
    for name in PYTHON_SOURCES:
        target = directory / name
        argv = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":all:",
            "-d",
            str(target),
            name,
        ]
        subprocess.run(argv, check=True, capture_output=True)
        trees[name] = _unpack(next(target.glob("*.tar.gz")))
    for name in JAVASCRIPT_SOURCES:
        target = directory / name
        target.mkdir()
        subprocess.run(["npm", "pack", "--silent", name], check=True, cwd=target, capture_output=True)
        trees[name] = _unpack(next(target.glob("*.tgz")))
    trees["five-hundred"] = _cut(trees["django"], directory / "five-hundred", GOALS_FILES)
    for tree in trees.values():
        git(tree, "init", "-q")
        git(tree, "add", "--all", "--force")
        git(tree, "-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "commit", "-qm", "as published")
    return trees


def _unpack(archive: Path) -> Path:
    with tarfile.open(archive) as packed:
        packed.extractall(archive.parent, filter="data")
    inside = next(path for path in archive.parent.iterdir() if path.is_dir())
    for path in (inside, *inside.rglob("*")):
        os.chown(path, os.getuid(), os.getgid(), follow_symlinks=False)
    return inside


def _cut(source: Path, target: Path, count: int) -> Path:
    """The first *count* source files of *source* in the order of their paths, tests left out."""
    wanted = [path for path in sorted(source.rglob("*.py")) if "tests" not in path.relative_to(source).parts][:count]
    for path in wanted:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return target


def git(tree: Path, *args: str) -> str:
    """What git says."""
    return subprocess.run(["git", *args], cwd=tree, check=True, capture_output=True, text=True).stdout


class Memory(threading.Thread):
    """Watches a process and its descendants until told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._is_over = threading.Event()
        self.parent_kb = 0
        self.together_kb = 0

    def run(self) -> None:
        """Look every 20 ms; the parent's own peak is the kernel's figure."""
        while not self._is_over.wait(0.02):
            self.parent_kb = max(self.parent_kb, _field(self._pid, "status", "VmHWM:"))
            pids = [self._pid, *_descendants(self._pid)]
            self.together_kb = max(self.together_kb, sum(_field(pid, "smaps_rollup", "Pss:") for pid in pids))

    def stop(self) -> None:
        """No more looking."""
        self._is_over.set()
        self.join()


def _field(pid: int, file: str, name: str) -> int:
    try:
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    except OSError:
        pass  # it has ended
    return 0


def _descendants(pid: int) -> list[int]:
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{thread}/children").read_text().split():
                found += [int(child), *_descendants(int(child))]
    except OSError:
        pass  # it has ended
    return found


def review(tree: Path) -> dict[str, object]:
    """One review in a fresh process; every figure of it."""
    before = git(tree, "status", "--porcelain")
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "fairlead", "review", "--exit-zero", "--jsonl"],
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    memory = Memory(process.pid)
    memory.start()
    first = None
    assert process.stdout is not None
    for line in process.stdout:
        fact = json.loads(line)
        if first is None and fact.get("found"):
            first = time.monotonic() - began
    code = process.wait()
    total = time.monotonic() - began
    memory.stop()
    after = git(tree, "status", "--porcelain")
    shown = json.loads(_fairlead(tree, "runs", "show", "last", "--json"))
    found = json.loads(_fairlead(tree, "findings", "list", "--json"))["findings"]
    severities = {word: sum(1 for one in found if one["severity"] == word) for word in _SEVERITIES}
    return {
        "files": len(git(tree, "ls-files").splitlines()),
        "exit code": code,
        "status": shown["status"],
        "first finding s": None if first is None else round(first, 2),
        "total s": round(total, 2),
        "parent MB": round(memory.parent_kb / 1024, 1),
        "with children MB": round(memory.together_kb / 1024, 1),
        "is git status the same": before == after,
        "findings": severities,
        "agents": {step["step"]: _spent(step) for step in shown["steps"] if step.get("agent")},
    }


_SEVERITIES = ("critical", "high", "medium", "low", "info")


def _spent(step: dict[str, object]) -> dict[str, float]:
    """What the gate's receipt says of one step."""
    return {name: float(str(step.get(name, 0))) for name in ("seconds", "cpu_seconds", "memory_bytes")}


def _fairlead(tree: Path, *words: str) -> str:
    argv = [sys.executable, "-m", "fairlead", *words]
    return subprocess.run(argv, cwd=tree, check=True, capture_output=True, text=True).stdout


def table(result: dict[str, dict[str, object]], rounds: int) -> str:
    """The result for people, with the goals for 500 files."""
    lines = [
        "# What a review costs",
        "",
        f"*Written by `benchmarks/review.py`: {described()}, best of {rounds}.*",
        "",
        "| Tree | Files | First finding s | Total s | Parent MB | With children MB | Status |"
        " critical / high / medium / low / info |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in result.items():
        found = one["findings"]
        assert isinstance(found, dict)
        counts = " / ".join(str(found[word]) for word in _SEVERITIES)
        figures = " | ".join(str(one[key]) for key in GOALS)
        lines.append(f"| {name} | {one['files']} | {figures} | {one['status']} | {counts} |")
    goals = ", ".join(f"{name} ≤ {goal:g}" for name, goal in GOALS.items())
    lines += [
        "",
        f"Goals for {GOALS_FILES} files: {goals}.",
        "",
        "| Tree | Agent | Seconds | CPU seconds | Peak MB |",
        "|---|---|---|---|---|",
    ]
    for name, one in result.items():
        agents = one["agents"]
        assert isinstance(agents, dict)
        for step, spent in agents.items():
            seconds, cpu = f"{spent['seconds']:.2f}", f"{spent['cpu_seconds']:.2f}"
            lines.append(f"| {name} | {step} | {seconds} | {cpu} | {spent['memory_bytes'] / 1e6:.0f} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure; exit 1 when a review did not end well or touched its tree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        trees = fetch_trees(Path(directory))
        result = {}
        for name, tree in trees.items():
            rounds = [review(tree) for _ in range(arguments.rounds)]
            result[name] = min(rounds, key=lambda one: float(str(one["total s"])))
            print(f"{name}: {result[name]}", file=sys.stderr)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "review.json").write_text(json.dumps({"machine": described(), "trees": result}, indent=1) + "\n")
    (RESULTS / "review.md").write_text(table(result, arguments.rounds))
    print(table(result, arguments.rounds))
    is_good = all(one["exit code"] == 0 and one["is git status the same"] for one in result.values())
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
