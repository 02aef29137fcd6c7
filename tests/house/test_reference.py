"""The reference pages are what the code's tables say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_printed_page_is_up_to_date() -> None:
    answer = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_page_that_says_something_else_is_noticed(tmp_path: Path) -> None:
    for folder in ("tools", "docs/reference"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tools/reference.py").write_text((ROOT / "tools/reference.py").read_text("utf-8"), "utf-8")
    pages = [page for page in (ROOT / "docs/reference").glob("*.md") if "*Printed by " in page.read_text("utf-8")]
    for page in pages:
        (tmp_path / "docs/reference" / page.name).write_text("something else\n", "utf-8")
    answer = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stdout.count("is not what the code says") == len(pages) > 8
