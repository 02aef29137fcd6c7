"""bandit and ruff beside our own rules: what happens when they fail, and that nothing is lost by asking less."""

import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fairlead.agents.builtin.security import python, tools
from fairlead.agents.builtin.security.scan import scan
from fairlead.core.outcomes import Succeeded
from fairlead.core.tools import ProcessResult
from tests.agents.conftest import DirectoryWorld
from tests.corpora import security_python as corpus

Answer = Callable[[], ProcessResult]

CODE = "import pickle\ndef f(data):\n    pickle.loads(data)\n"


class Broken(DirectoryWorld):
    """A world in which one tool does not do what it should; everything else is real."""

    def __init__(self, root: Path, tool: str, answer: Answer) -> None:
        super().__init__(root)
        self._tool = tool
        self._answer = answer

    def run(self, argv: Sequence[str], **options: Any) -> ProcessResult:  # as in the class above
        return self._answer() if self._tool in argv else super().run(argv, **options)


def _raise() -> ProcessResult:
    raise OSError("no more processes")


NONSENSE = "output is not what it should be"


def _says(stdout: bytes, stderr: bytes = b"", code: int = 0, **how: bool) -> Answer:
    return lambda: msgspec.structs.replace(ProcessResult(code, stdout, stderr, 0.1), **how)


BREAKS: dict[str, tuple[Answer, str, str]] = {
    "missing program": (_says(b"", b"no such file", 127), "missing", "is not installed: pip install"),
    "missing package": (_says(b"", b"python: No module named x", 1), "missing", "is not installed"),
    "crash": (_says(b"", b"Segmentation fault", -11), "failed", "exit code -11, Segmentation fault"),
    "garbage": (_says(b"\xff\x00{{{"), "failed", NONSENSE),
    "other JSON": (_says(b'{"results": 7}'), "failed", NONSENSE),
    "wrong rows": (_says(b'[{"code": "S301"}]'), "failed", NONSENSE),
    "half an answer": (_says(b'{"results": [{"test_id": "B3'), "failed", NONSENSE),
    "nothing": (_says(b""), "failed", NONSENSE),
    "foreign file": (lambda: ProcessResult(0, _foreign(), b"", 0.1), "failed", "a file that it was not given"),
    "time": (_says(b"[]", b"", -9, is_timed_out=True), "timed out", "was stopped after 60 seconds"),
    "too much": (_says(b"[[[", b"", -9, is_cut=True), "partial", "wrote more than"),
}


def _foreign() -> bytes:
    place = {"row": 1, "column": 1}
    row = {"filename": "/etc/passwd", "code": "S301", "message": "x", "location": place, "end_location": place}
    return json.dumps([row]).encode()


@pytest.mark.parametrize("tool", ["ruff", "bandit"])
@pytest.mark.parametrize("case", BREAKS)
def test_a_tool_that_fails_degrades_the_scan_and_the_rest_is_kept(tmp_path: Path, case: str, tool: str) -> None:
    answer, status, reason = BREAKS[case]
    if (case, tool) == ("foreign file", "bandit"):
        reason = NONSENSE  # bandit's rows stand in an object
    (tmp_path / "a.py").write_text(CODE)
    outcome = scan({}, Broken(tmp_path, tool, answer))
    assert isinstance(outcome, Succeeded)
    told = {t["name"]: t for t in outcome.output["tools"]}
    other = "ruff" if tool == "bandit" else "bandit"
    assert told[tool]["status"] == status
    assert reason in told[tool]["reason"]
    assert told[tool]["reason"] in outcome.degraded
    assert (told[other]["status"], told[other]["reason"]) == ("ok", "")
    assert [f["origin"] for f in outcome.output["findings"]] == [sorted([other, "own"])]


def test_a_world_that_starts_no_process_degrades_the_scan(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(CODE)
    outcome = scan({}, Broken(tmp_path, "ruff", _raise))
    assert isinstance(outcome, Succeeded)
    assert [f["origin"] for f in outcome.output["findings"]] == [["own"]]
    assert any("OSError: no more processes" in sentence for sentence in outcome.degraded)


def test_a_batch_with_too_much_output_is_halved_until_it_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "STDOUT_MAX", 3_000)
    for number in range(8):
        (tmp_path / f"{number}.py").write_text(CODE)
    outcome = scan({}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Succeeded)
    assert [f["origin"] for f in outcome.output["findings"]] == [["bandit", "own", "ruff"]] * 8
    assert [tool["status"] for tool in outcome.output["tools"]] == ["ok", "ok"]


def test_a_file_that_a_tool_dies_of_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    """The installed ruff overflows its stack over this line; no other file of the batch may be lost with it."""
    (tmp_path / "deep.py").write_text("x = " + "-" * 100_000 + "1\n")
    for number in range(8):
        (tmp_path / f"{number}.py").write_text(CODE)
    outcome = scan({}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Succeeded)
    found = [f["origin"] for f in outcome.output["findings"] if f["rule"] == "security/unsafe-deserialisation"]
    assert found == [["bandit", "own", "ruff"]] * 8
    assert [tool["status"] for tool in outcome.output["tools"]] == ["failed", "ok"]
    (reason,) = outcome.degraded
    assert reason.startswith("ruff failed on deep.py (exit code -6, ")


def test_a_real_program_that_writes_without_end_is_cut(tmp_path: Path) -> None:
    """The installed ruff is replaced by a program that really runs and really floods."""
    (tmp_path / "a.py").write_text(CODE)

    class Flooding(DirectoryWorld):
        def run(self, argv: Sequence[str], **options: Any) -> ProcessResult:
            if "ruff" in argv:
                argv = [sys.executable, "-c", "print('[' * 6_000_000)"]
            return super().run(argv, **options)

    outcome = scan({}, Flooding(tmp_path))
    assert isinstance(outcome, Succeeded)
    assert outcome.output["tools"][0]["status"] == "partial"


def test_no_file_that_bandit_needs_is_kept_from_it(tmp_path: Path) -> None:
    """Bandit over everything says what bandit over the chosen files says: on what is planted and on real code."""
    table = tools.load_table()
    wants = tools.Filter(table).wants
    library = Path(sysconfig.get_path("stdlib"))
    folders = (
        "http",
        "xml",
        "email",
        "logging",
        "urllib",
        "json",
        "multiprocessing",
        "asyncio",
        "concurrent",
        "distutils",
    )
    real = [path for folder in folders for path in sorted((library / folder).rglob("*.py"))]
    real += [library / name for name in ("ftplib.py", "tarfile.py", "ssl.py", "subprocess.py", "shelve.py", "pdb.py")]
    planted = [tmp_path / path for path in corpus.planted()]
    for path, text in zip(planted, corpus.planted().values(), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    files = [str(path) for path in planted + real if path.stat().st_size < 60_000]
    chosen = [path for path in files if wants(Path(path).read_bytes(), python.words_of(Path(path).read_bytes()))]
    left = sorted(set(files) - set(chosen))
    assert len(left) > 80
    codes = sorted(code for code, row in table.rules.items() if code[0] == "B" and not row.same_as)
    argv = [sys.executable, "-m", "bandit", "-f", "json", "-q", "-n", "1", "-x", "", "--ignore-nosec", "--exit-zero"]
    done = subprocess.run([*argv, "-t", ",".join(codes), *left], capture_output=True, check=True, cwd=tmp_path)
    assert json.loads(done.stdout)["results"] == []


def test_every_check_of_the_installed_tools_is_kept_or_left_out_with_a_reason() -> None:
    table = tools.load_table()
    assert not table.rules.keys() & table.left_out.keys()
    known = table.rules.keys() | table.left_out.keys()
    listed = subprocess.run(
        [sys.executable, "-m", "ruff", "rule", "--all", "--output-format", "json"], capture_output=True, check=True
    )
    rows = json.loads(listed.stdout)
    ruff = {
        r["code"] for r in rows if r["linter"] == "flake8-bandit" and "removed" not in json.dumps(r["status"]).lower()
    }
    assert len(ruff) > 60
    assert ruff - known == set()
    program = "from bandit.core.extension_loader import MANAGER as m; print(*m.plugins_by_id, *m.blacklist_by_id)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    bandit = set(done.stdout.split())
    assert len(bandit) > 60
    assert bandit - known == set()


def test_every_kept_check_leads_to_a_rule_that_explain_knows() -> None:
    from fairlead.agents.rules import load_rules

    rules = load_rules("security-python")
    assert {f"security/{row.rule}" for row in tools.load_table().rules.values()} <= rules.keys()


@pytest.mark.parametrize("count", [0, 1, 59, 60, 61, 1000])
def test_batches_hold_everything_once_and_stay_below_their_limits(count: int) -> None:
    paths = [f"{'d' * 200}/{number}.py" for number in range(count)]
    cut = list(tools._batches(paths, 60, dict.fromkeys(paths, 20_000)))
    assert [path for batch in cut for path in batch] == paths
    assert all(len(batch) <= 60 for batch in cut)
    assert all(sum(len(path) + 3 for path in batch) <= tools.BATCH_ARGUMENT_BYTES_MAX for batch in cut)
    assert all(len(batch) * 20_000 <= tools.BANDIT_BATCH_BYTES_MAX for batch in cut)


def test_a_file_too_large_for_bandit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "BANDIT_FILE_BYTES_MAX", 10)
    (tmp_path / "a.py").write_text(CODE)
    outcome = scan({}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Succeeded)
    assert outcome.output["tools"][1]["status"] == "partial"
    assert "bandit did not read 1 files of more than 10 bytes." in outcome.degraded
    assert [f["origin"] for f in outcome.output["findings"]] == [["own", "ruff"]]
