"""Reports that real programs wrote, once for all tests of the parsers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
def sign(number):
    if number > 0:
        return 1
    if number < 0:
        return -1
    return 0

def never():
    return "called"
"""
TESTS = """
import pytest
from shop import sign

def test_plus():
    assert sign(3) == 1

def test_zero():
    assert sign(0) == 0

def test_wrong():
    assert sign(-3) == 1, "minus is not plus"

@pytest.fixture
def broken():
    raise RuntimeError("no database")

def test_broken(broken):
    pass

@pytest.mark.skip(reason="later")
def test_later():
    pass
"""

# One process, where the command line would need four.
MEASURE = """
import coverage
measured = coverage.Coverage(branch=True, include="shop.py", data_file=None)
measured.start()
import pytest
pytest.main(["-p", "no:cacheprovider", "-q", "-c", "/dev/null", "--rootdir", ".", "--junitxml=junit.xml"])
measured.stop()
measured.json_report(outfile="coverage.json")
measured.xml_report(outfile="coverage.xml")
measured.lcov_report(outfile="coverage.lcov")
"""


@pytest.fixture(scope="package")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, and what pytest, coverage.py and ruff say of it."""
    root = tmp_path_factory.mktemp("reported")
    (root / "shop.py").write_text(MODULE)
    (root / "test_shop.py").write_text(TESTS)
    (root / "untidy.py").write_text("import os\nimport sys\n\n\ndef f(x):\n    return x == None\n")

    (root / "measure.py").write_text(MEASURE)
    surroundings = {"PATH": os.environ["PATH"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    lint = ("ruff", "check", "--isolated", "--select=F,E", "untidy.py")
    for argv in (
        ("measure.py",),
        *(("-m", *lint, f"--output-format={kind}", f"--output-file=ruff.{kind}") for kind in ("sarif", "junit")),
    ):
        subprocess.run([sys.executable, *argv], cwd=root, env=surroundings, check=False, capture_output=True)
    return root
