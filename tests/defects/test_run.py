"""The defect runner itself: it praises a test that notices, and names every way in which one does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.defects.run import ROOT, part_of, read_defects, unfit
from tests.house.source import plant

PATCH = """{head}
diff --git a/src/fairlead/sum.py b/src/fairlead/sum.py
--- a/src/fairlead/sum.py
+++ b/src/fairlead/sum.py
@@ -1,2 +1,2 @@
 def add(a: int, b: int) -> int:
-    return a + b
+    return a - b
"""
RED = "# red: tests/test_sum.py::test_"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small project with a test that notices a wrong sum, one that does not, and one that never passes."""
    plant(tmp_path, "src/fairlead/__init__.py", "")
    plant(tmp_path, "src/fairlead/sum.py", "def add(a: int, b: int) -> int:\n    return a + b\n")
    plant(
        tmp_path,
        "tests/test_sum.py",
        "from fairlead.sum import add\n\ndef test_good():\n    assert add(1, 2) == 3\n\n"
        "def test_blind():\n    assert add(1, 0) == 1\n\ndef test_broken():\n    assert add(1, 2) == 4\n",
    )
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def run(tree: Path, *names: str) -> tuple[int, str]:
    """Run the program as `make defects` does."""
    argv = [sys.executable, str(ROOT / "tests/defects/run.py"), "--root", str(tree), *names]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_a_defect_that_its_test_notices_is_noticed(tree: Path) -> None:
    plant(tree, "tests/defects/minus.patch", PATCH.format(head=f"The sum is a difference.\n{RED}good"))
    assert run(tree) == (0, "noticed minus\n1 of 1 defects noticed\n")
    assert (tree / "src/fairlead/sum.py").read_text("utf-8").endswith("a + b\n"), "the tree itself was changed"


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (f"{RED}blind", "tests/test_sum.py::test_blind does not notice it (pytest ended with 0)"),
        (f"{RED}good\n{RED}blind", "tests/test_sum.py::test_blind does not notice it (pytest ended with 0)"),
        (f"{RED}broken", "its tests do not pass without it (pytest ended with 1)"),
        (f"{RED}gone", "its tests do not pass without it (pytest ended with 4)"),
        ("no line that names a test", "names no test"),
    ],
)
def test_a_defect_that_is_not_noticed_is_named(tree: Path, head: str, says: str) -> None:
    plant(tree, "tests/defects/minus.patch", PATCH.format(head=head))
    code, printed = run(tree)
    assert code == 1
    assert f"MISSED minus: {says}" in printed


def test_a_patch_that_does_not_apply_is_named(tree: Path) -> None:
    plant(tree, "tests/defects/minus.patch", PATCH.format(head=f"{RED}good").replace("return a + b", "return b + a"))
    code, printed = run(tree, "minus")
    assert code == 1
    assert "MISSED minus: does not apply" in printed


def test_no_defect_at_all_is_no_success_and_an_unknown_name_is_refused(tree: Path) -> None:
    assert run(tree)[0] == 1
    code, printed = run(tree, "plus")
    assert code == 2
    assert "no such defect: plus" in printed


def test_parts_make_a_whole_and_a_part_that_is_none_is_refused(tree: Path) -> None:
    for name in ("a", "b", "c"):
        plant(tree, f"tests/defects/{name}.patch", PATCH.format(head=f"{RED}good"))
    assert [one.name for one in part_of(read_defects(tree), "1/2")] == ["a", "c"]
    assert [one.name for one in part_of(read_defects(tree), "2/2")] == ["b"]
    assert run(tree, "--part", "2/2") == (0, "noticed b\n1 of 1 defects noticed\n")
    for part in ("0/2", "3/2", "x", "1"):
        code, printed = run(tree, "--part", part)
        assert code == 2, part
        assert "error" in printed


def test_whether_a_patch_fits_is_seen_without_performing_a_test(tree: Path) -> None:
    plant(tree, "tests/defects/blind.patch", PATCH.format(head=f"{RED}blind"))
    assert run(tree, "--applies") == (0, "1 of 1 defects fit\n")
    plant(tree, "tests/defects/moved.patch", PATCH.format(head=f"{RED}good").replace("return a + b", "return b + a"))
    code, printed = run(tree, "--applies")
    assert code == 1
    assert "UNFIT moved: does not apply" in printed
    assert printed.endswith("1 of 2 defects fit; not: moved\n")


def test_every_defect_of_this_project_fits_the_code() -> None:
    found = {defect.name: said for defect in read_defects(ROOT) if (said := unfit(defect, ROOT))}
    assert not found, "\n".join(f"{name}: {said}" for name, said in found.items())


def test_every_defect_of_this_project_names_tests_that_exist() -> None:
    for defect in read_defects(ROOT):
        assert defect.tests, f"{defect.name} names no test"
        for test in defect.tests:
            path, _, name = test.partition("::")
            function = name.rpartition("::")[2].partition("[")[0]
            assert f"def {function}(" in (ROOT / path).read_text("utf-8"), f"{defect.name}: {test} does not exist"
