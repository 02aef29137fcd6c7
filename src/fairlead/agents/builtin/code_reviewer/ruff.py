"""ruff as a child process, isolated from the repository's configuration: chosen rules, and complexity."""

import re
import sys
from collections.abc import Iterator, Sequence

import msgspec

from fairlead.agents.builtin.code_reviewer.found import Found, SourceFile
from fairlead.agents.builtin.security.sources import is_test
from fairlead.agents.builtin.security.tools import Answer
from fairlead.core.findings import Severity, path_text
from fairlead.core.tools import ProcessResult, ToolWorld

ARGUMENT_BYTES_MAX = 100_000  # far below the smallest limit on the length of a command line
STDOUT_MAX = 8_000_000
SECONDS_MAX = 60.0
CRASHES_MAX = 30  # about three files of a batch that ruff dies of can be singled out
ODD_FILES_MAX = 50  # files that ruff must be fed one by one, because it reads nothing but UTF-8

# -P and -E: the repository under review must not be able to put its own `ruff` in the way.
_RUFF = (sys.executable, "-E", "-P", "-B", "-m", "ruff", "check")
_ENVIRONMENT = {"RUFF_NO_CACHE": "true"}
_ERROR = 2  # ruff's exit code for a mistake in how it was called; what is above, or a signal, is a crash
_COMPLEXITY = re.compile(r"\((\d+) > 0\)\Z")


class Taken(msgspec.Struct, frozen=True):
    """How one rule of ruff is read; a row of `review-python-tools.toml`."""

    rule: str
    severity: Severity | None = None
    unless: tuple[str, ...] = ()
    tests: bool = True


class _Table(msgspec.Struct, frozen=True):
    """The whole table: what is taken over, and what is left out and why."""

    rules: dict[str, Taken]
    left_out: dict[str, str]


class Said(msgspec.Struct):
    """What ruff says about one file. `complexity` is by the line of the function's name."""

    founds: list[Found] = []
    complexity: dict[int, int] = {}
    broken: Found | None = None  # the first syntax error


class _Point(msgspec.Struct, frozen=True):
    row: int
    column: int


class _Row(msgspec.Struct, frozen=True):
    code: str | None
    filename: str
    message: str
    location: _Point
    end_location: _Point


class Ruff:
    """Asks ruff about one batch of files after another; `answer` says how it went over all."""

    def __init__(self, world: ToolWorld) -> None:
        from importlib.metadata import PackageNotFoundError, version
        from importlib.resources import files

        try:
            number = version("ruff")
        except PackageNotFoundError:
            number = ""
        import tomllib

        text = files("fairlead.agents.builtin").joinpath("rules", "review-python-tools.toml").read_text("utf-8")
        self.table = msgspec.convert(tomllib.loads(text), _Table)
        self.answer = Answer("ruff", number, matches={})
        self._world = world
        self._odd = 0
        self._crashes = 0
        self._decode = msgspec.json.Decoder(_Row).decode_lines
        self._argv = [
            *(*_RUFF, "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--quiet", "--no-fix"),
            *("--target-version", "py314", "--output-format", "json-lines"),
            *("--config", "lint.mccabe.max-complexity=0", "--select", ",".join(["C901", *sorted(self.table.rules)])),
        ]

    def ask(self, files: Sequence[SourceFile]) -> dict[str, Said]:
        """What ruff says, by path. A file that is missing in the answer was not looked at."""
        said: dict[str, Said] = {}
        if not files:
            return said
        self.answer.files += len(files)
        plain = [file.path for file in files if file.is_utf8 and _is_plain(file.path)]
        for batch in _batches(plain):
            said |= self._ask(batch)
        for file in files:
            if file.is_utf8 and _is_plain(file.path):
                continue
            self._odd += 1
            if self._odd > ODD_FILES_MAX:
                self.answer.fell_short("partial", f"ruff read only {ODD_FILES_MAX} of the files that are not UTF-8.")
                break
            said |= self._ask([file.path], file.text.encode("utf-8", "replace"))
        return said

    def _ask(self, paths: Sequence[str], stdin: bytes | None = None) -> dict[str, Said]:
        given = [f"./{path}" for path in paths] if stdin is None else ["--stdin-filename", "odd.py", "-"]
        argv = [*self._argv, *(["--"] if stdin is None else []), *given]
        ended = self._world.run(
            argv, timeout_s=SECONDS_MAX, stdin=stdin or b"", stdout_max=STDOUT_MAX, env=_ENVIRONMENT
        )
        self.answer.seconds += ended.seconds
        is_crash = (
            not ended.is_timed_out and (ended.exit_code < 0 or ended.exit_code > _ERROR) and ended.exit_code != 127
        )
        if is_crash and not ended.is_cut:
            self._crashes += 1  # one file can take the others with it: the halves are asked alone
        if (ended.is_cut or (is_crash and self._crashes <= CRASHES_MAX)) and len(paths) > 1:
            half = len(paths) // 2
            return self._ask(paths[:half]) | self._ask(paths[half:])
        if not self._is_usable(ended, paths):
            return {}
        try:
            rows = self._decode(ended.stdout)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.answer.fell_short("failed", f"ruff failed ({_ending(ended)}): its output is not what it should be.")
            return {}
        said = {path: Said([], {}) for path in paths}
        for row in rows:
            path = paths[0] if len(paths) == 1 else _known(row.filename, said, self._world.root)
            if path is None:
                self.answer.fell_short("failed", "ruff failed: it speaks of a file that it was not given.")
                return {}
            self._take(said[path], path, row)
        return said

    def _is_usable(self, ended: ProcessResult, paths: Sequence[str]) -> bool:
        if ended.exit_code == 127 or b"No module named" in ended.stderr[-300:]:
            self.answer.fell_short("missing", "ruff is not installed: pip install ruff.")
        elif ended.is_timed_out:
            self.answer.fell_short("timed out", f"ruff was stopped after {SECONDS_MAX:.0f} seconds.")
        elif ended.is_cut:
            self.answer.fell_short("partial", f"ruff wrote more than {STDOUT_MAX} bytes about one file.")
        elif ended.exit_code != 0:
            self.answer.fell_short("failed", f"ruff failed on {_named(paths)} ({_ending(ended)}).")
        else:
            return True
        return False

    def _take(self, said: Said, path: str, row: _Row) -> None:
        line, column = row.location.row, row.location.column
        if row.code == "C901":
            number = _COMPLEXITY.search(row.message)
            if number:
                said.complexity[line] = int(number[1])
            return
        if row.code in (None, "invalid-syntax"):
            if said.broken is None:
                message = f"The file is not valid Python: {_sentence(row.message)}"
                said.broken = Found("review/broken-syntax", path, line, column, message, line, 0, origin="ruff")
            return
        taken = self.table.rules.get(row.code or "")
        if taken is None or any(part in row.message for part in taken.unless):
            return
        if not taken.tests and is_test(path):
            return
        end_line, end_column = row.end_location.row, row.end_location.column
        said.founds.append(
            Found(
                f"review/{taken.rule}",
                path,
                line,
                column,
                f"{_sentence(row.message)[:-1]} ({row.code}).",
                end_line,
                end_column,
                severity=taken.severity,
                origin="ruff",
            )
        )


def _named(paths: Sequence[str]) -> str:
    return path_text(paths[0]) if len(paths) == 1 else f"{len(paths)} files"


def _sentence(text: str) -> str:
    folded = " ".join(text.split())
    return folded if folded.endswith((".", "?", "!")) else folded + "."


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    """*paths* in pieces that fit on a command line."""
    batch: list[str] = []
    length = 0
    for path in paths:
        longer = len(path.encode("utf-8", "surrogateescape")) + 3
        if batch and length + longer > ARGUMENT_BYTES_MAX:
            yield batch
            batch, length = [], 0
        batch.append(path)
        length += longer
    if batch:
        yield batch


def _known(filename: str, said: dict[str, Said], root: str) -> str | None:
    """The path that was asked about. Ruff answers with an absolute one, perhaps with links resolved."""
    for name in (filename.removeprefix(root.rstrip("/") + "/"), filename):
        parts = name.split("/")
        for start in range(len(parts)):
            tail = "/".join(parts[start:])
            if tail in said:
                return tail
    return None


def _is_plain(path: str) -> bool:
    return path.isprintable() and path.encode("utf-8", "replace").decode("utf-8") == path


def _ending(ended: ProcessResult) -> str:
    last = ended.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    return f"exit code {ended.exit_code}" + (f", {last[0][:200]}" if last else "")
