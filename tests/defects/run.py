"""Plant each known defect and see that its test notices: a test that cannot fail is worth nothing.

A defect is a patch, `tests/defects/NAME.patch`. Before the difference stand lines of text, among them one or more of

    # red: tests/core/test_order.py::test_a_step_waits_for_its_needs

For each patch the tree is copied, the named tests must pass, the patch is applied, and each named test must fail.
A patch that no longer applies and a name that no test has are failures too: the defect has to move with the code.

    python tests/defects/run.py [NAME …] [--part K/N] [--applies] [--root TREE]

`--part 2/4` judges every fourth defect, beginning with the second: four calls judge each of them once. `--applies` only
looks whether each patch still fits the code and names a test; that takes seconds.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEST_SECONDS_MAX = 180
_RED = re.compile(r"^# red: (\S.*)$", re.MULTILINE)
_COUNTED_FROM = 10  # defects: in a long list, each line says how far it has come
_PASSED, _FAILED = 0, 1  # pytest's exit codes; every other one means that nothing was tested


@dataclass(frozen=True)
class Defect:
    """One patch and the tests that have to turn red."""

    name: str
    patch: Path
    tests: tuple[str, ...]


def read_defects(root: Path) -> list[Defect]:
    """Every defect under *root*, in alphabetical order. One that names no test has an empty list of tests."""
    return [
        Defect(path.stem, path, tuple(_RED.findall(path.read_text("utf-8").partition("\ndiff --git ")[0])))
        for path in sorted((root / "tests/defects").glob("*.patch"))
    ]


def judge(defect: Defect, root: Path) -> str:
    """Plant *defect* in a copy of *root*: empty when each of its tests notices, else what is wrong."""
    if not defect.tests:
        return "names no test: it needs a line `# red: tests/…::test_…` before the difference"
    with tempfile.TemporaryDirectory(prefix="fairlead-defect-") as folder:
        copy = Path(folder) / "tree"
        copy_tree(root, copy)
        before = run_tests(copy, defect.tests)
        if before.returncode != _PASSED:
            return f"its tests do not pass without it (pytest ended with {before.returncode}):\n{before.stdout[-2000:]}"
        applied = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", "-"],
            cwd=copy,
            input=defect.patch.read_bytes(),
            capture_output=True,
            check=False,
            # A repository above the temporary directory must not decide what the paths mean.
            env={**os.environ, "GIT_CEILING_DIRECTORIES": str(copy.parent)},
        )
        if applied.returncode != 0:
            return f"does not apply: {applied.stderr.decode('utf-8', 'replace').strip()}"
        for test in defect.tests:
            after = run_tests(copy, (test,))
            if after.returncode != _FAILED:
                return f"{test} does not notice it (pytest ended with {after.returncode})"
    return ""


def unfit(defect: Defect, root: Path) -> str:
    """Why *defect* cannot be planted in *root* as it is; nothing is copied and no test runs."""
    if not defect.tests:
        return "names no test: it needs a line `# red: tests/…::test_…` before the difference"
    argv = ["git", "apply", "--check", "--whitespace=nowarn", "-"]
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(root.resolve().parent)}
    patch = defect.patch.read_bytes()
    tried = subprocess.run(argv, cwd=root, input=patch, capture_output=True, check=False, env=environment)
    if tried.returncode != 0:
        return f"does not apply: {tried.stderr.decode('utf-8', 'replace').strip()}"
    gone = [test for test in defect.tests if not (root / test.partition("::")[0]).exists()]
    return f"names a file that is not there: {', '.join(gone)}" if gone else ""


def part_of(defects: list[Defect], part: str) -> list[Defect]:
    """Every N-th of *defects*, beginning with the K-th, for *part* "K/N".

    Raises:
        ValueError: *part* is none.
    """
    number, _, count = part.partition("/")
    if not 1 <= int(number) <= int(count):
        raise ValueError(f"{part} is no part: write it as 1/4")
    return defects[int(number) - 1 :: int(count)]


def copy_tree(root: Path, copy: Path) -> None:
    """Copy the files that a commit of *root* would hold, as they are now."""
    for name in tracked_files(root):
        source, target = root / name, copy / name
        if source.is_file() or source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def tracked_files(root: Path) -> list[str]:
    """The files that a commit of everything in *root* would hold, in alphabetical order; ignored ones are left out."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(argv, cwd=root, capture_output=True, check=True).stdout
    return sorted(set(filter(None, os.fsdecode(names).split("\0"))))


def run_tests(tree: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run *tests* in *tree*, with its own source in place of the installed one."""
    argv = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "0", *tests]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "PYTHONPATH": str(tree / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        argv, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=TEST_SECONDS_MAX
    )


def main() -> int:
    """Judge every defect, or those that are named; 0 when all were noticed."""
    parser = argparse.ArgumentParser(description="Plant each known defect and see that its test notices.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a defect; all when none is named")
    parser.add_argument(
        "--root", type=Path, default=ROOT, metavar="TREE", help="the tree to work on (default: this one)"
    )
    parser.add_argument("--part", default="1/1", metavar="K/N", help="every N-th defect, beginning with the K-th")
    parser.add_argument("--applies", action="store_true", help="look whether each patch fits the code, and run nothing")
    options = parser.parse_args()
    defects = read_defects(options.root)
    unknown = sorted(set(options.names) - {defect.name for defect in defects})
    if unknown:
        parser.error(f"no such defect: {', '.join(unknown)}")
    try:
        chosen = part_of([one for one in defects if not options.names or one.name in options.names], options.part)
    except ValueError as problem:
        parser.error(str(problem))
    bad, verb = ("UNFIT", "fit") if options.applies else ("MISSED", "noticed")
    missed = []
    for number, defect in enumerate(chosen, start=1):
        complaint = (unfit if options.applies else judge)(defect, options.root)
        if complaint:
            missed.append(defect.name)
            print(f"{bad} {defect.name}: {complaint}", flush=True)
        elif not options.applies:
            count = f" ({number} of {len(chosen)})" if len(chosen) > _COUNTED_FROM else ""
            print(f"noticed {defect.name}{count}", flush=True)
    print(
        f"{len(chosen) - len(missed)} of {len(chosen)} defects {verb}"
        + (f"; not: {', '.join(missed)}" if missed else "")
    )
    return 1 if missed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
