"""bandit and ruff as child processes, isolated from the repository's configuration, and their answers as matches."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from fairlead.agents.builtin.security.matches import Match, Origin
from fairlead.core.findings import Severity, path_text
from fairlead.core.json import Json
from fairlead.core.tools import ProcessResult, ToolWorld

BATCH_FILES_MAX = 400  # bounds what a child process holds in memory
BATCH_ARGUMENT_BYTES_MAX = 100_000  # far below the smallest limit on the length of a command line
BANDIT_BATCH_FILES_MAX = 60
BANDIT_BATCH_BYTES_MAX = 600_000
BANDIT_FILE_BYTES_MAX = 400_000  # bandit needs about two hundred times a file's size
STDOUT_MAX = 4_000_000
BATCH_SECONDS_MAX = 60.0
ODD_FILES_MAX = 50  # files that a tool must be fed one by one
CRASHES_MAX = 30  # about three files of a batch that a tool dies of can be singled out
_ERROR = 2  # the tools' exit code for a mistake in how they were called; what is above, or a signal, is a crash

# -P and -E: the repository under review must not be able to put its own `ruff` or `bandit` in the way.
_PYTHON = (sys.executable, "-E", "-P", "-B", "-m")
# bandit keeps a cache of its plugins; it must not land in the home or the tree.
_ENVIRONMENT = {"XDG_CACHE_HOME": "/dev/null", "PYTHONHASHSEED": "0", "RUFF_NO_CACHE": "true"}

Status = Literal["ok", "missing", "failed", "timed out", "partial", "not needed"]


class Code(msgspec.Struct, frozen=True):
    """How one rule of a tool is read; a row of `security-python-tools.toml`."""

    rule: str
    severity: Severity
    unless: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    also: str = ""
    same_as: str = ""


class Table(msgspec.Struct, frozen=True):
    """The whole table: what is kept, and what is left out and why."""

    rules: dict[str, Code]
    left_out: dict[str, str]

    def keeps(self, code: str, message: str) -> bool:
        """Whether a report of *code* with this *message* counts."""
        row = self.rules.get(code)
        return row is not None and not any(part in message for part in row.unless)


class Source(msgspec.Struct, frozen=True):
    """A Python file for the tools."""

    path: str
    size: int
    is_utf8: bool = True
    is_for_bandit: bool = True


class Answer(msgspec.Struct):
    """What a tool said."""

    name: Origin
    version: str
    status: Status = "ok"
    seconds: float = 0.0
    reason: str = ""  # a whole sentence, when the status is not "ok"
    files: int = 0
    matches: dict[str, list[Match]] = {}
    crashes: int = 0

    def fell_short(self, status: Status, reason: str) -> None:
        """The tool did less than asked; the first reason is kept."""
        if self.status == "ok":
            self.status, self.reason = status, reason


class _Unusable(Exception):
    """The tool's output cannot be used; the text says why."""


def load_table() -> Table:
    """The table of the tools' rules."""
    import tomllib
    from importlib.resources import files

    text = files("fairlead.agents.builtin").joinpath("rules", "security-python-tools.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Table)


class Filter:
    """Which files bandit must read: those that hold a word without which none of its kept checks can fire."""

    def __init__(self, table: Table) -> None:
        every = [
            (word, row.also)
            for code, row in table.rules.items()
            if code[0] == "B" and not row.same_as
            for word in row.words
        ]
        self._words = frozenset(word for word, also in every if word[0] != "*" and not also)
        self._parts = tuple(sorted({(word[1:].encode(), also) for word, also in every if word[0] == "*"}))

    def wants(self, data: bytes, words: set[str]) -> bool:
        """Whether bandit must read a file with this content and these words."""
        if not self._words.isdisjoint(words):
            return True
        return any(part in data and (not also or also in words) for part, also in self._parts)


def ask_ruff(world: ToolWorld, sources: Sequence[Source], table: Table, text_of: Callable[[str], str]) -> Answer:
    """Ruff's security rules on every file."""
    answer = Answer("ruff", _version("ruff"), matches={}, files=len(sources))
    # Everything but what is left out: a code that a newer ruff has removed may be ignored, but not selected.
    left_out = ",".join(sorted(code for code in table.left_out if code[0] == "S"))
    argv = [*_PYTHON, "ruff", "check", "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--quiet"]
    argv += ["--no-fix", "--target-version", "py314", "--output-format", "json", "--select", "S", "--ignore", left_out]
    plain = [source.path for source in sources if source.is_utf8 and _is_plain(source.path)]
    for batch in _batches(plain, BATCH_FILES_MAX):
        _ask(world, answer, [*argv, "--"], batch, lambda data, names: _ruff_rows(data, names, table))
    odd = [source for source in sources if not (source.is_utf8 and _is_plain(source.path))]
    for source in odd[:ODD_FILES_MAX]:
        # Ruff says nothing at all about a file that is not UTF-8, so it gets the text that Python would read.
        stdin = text_of(source.path).encode("utf-8", "replace")
        given = [*argv, "--stdin-filename", "odd.py", "-"]
        _ask(world, answer, given, [source.path], lambda data, names: _ruff_rows(data, names, table), stdin)
    if len(odd) > ODD_FILES_MAX:
        answer.fell_short("partial", f"ruff did not see {len(odd) - ODD_FILES_MAX} files that are not UTF-8.")
    return answer


def ask_bandit(world: ToolWorld, sources: Sequence[Source], table: Table) -> Answer:
    """Bandit's checks on the files where one of them can fire."""
    wanted = [source for source in sources if source.is_for_bandit]
    answer = Answer("bandit", _version("bandit"), matches={}, files=len(wanted))
    codes = sorted(code for code, row in table.rules.items() if code[0] == "B" and not row.same_as)
    argv = [*_PYTHON, "bandit", "--format", "json", "--quiet", "--number", "1", "--ignore-nosec", "--exit-zero"]
    argv += ["--exclude", "", "--tests", ",".join(codes)]
    sizes = {source.path: source.size for source in wanted if source.size <= BANDIT_FILE_BYTES_MAX}
    for batch in _batches(list(sizes), BANDIT_BATCH_FILES_MAX, sizes):
        _ask(world, answer, argv, batch, lambda data, names: _bandit_rows(data, names, table))
    if len(sizes) < len(wanted):
        left = len(wanted) - len(sizes)
        answer.fell_short("partial", f"bandit did not read {left} files of more than {BANDIT_FILE_BYTES_MAX} bytes.")
    if not wanted:
        answer.status, answer.reason = "not needed", "No file holds anything that its checks look for."
    return answer


def _batches(paths: Sequence[str], files_max: int, sizes: Mapping[str, int] | None = None) -> Iterator[list[str]]:
    """*paths* in pieces that fit on a command line; with *sizes*, whose files fit into memory together."""
    batch: list[str] = []
    length = size = 0
    for path in paths:
        longer, larger = len(path.encode("utf-8", "surrogateescape")) + 3, (sizes or {}).get(path, 0)
        is_full = length + longer > BATCH_ARGUMENT_BYTES_MAX or size + larger > BANDIT_BATCH_BYTES_MAX
        if batch and (is_full or len(batch) >= files_max):
            yield batch
            batch, length, size = [], 0, 0
        batch.append(path)
        length += longer
        size += larger
    if batch:
        yield batch


# ------------------------------------------------------------------------------------------------------- one call


_Reader = Callable[[bytes, dict[str, str]], list[tuple[str, Match]]]


def _ask(
    world: ToolWorld, answer: Answer, argv: list[str], paths: list[str], read: _Reader, stdin: bytes = b""
) -> None:
    """Run the tool over one batch; a batch whose output is too long, or that it dies of, is halved."""
    names = {_lossy(path): path for path in paths} | {path: path for path in paths}
    given = [] if stdin or argv[-1] == "-" else [f"./{path}" for path in paths]
    ended = world.run(
        [*argv, *given], timeout_s=BATCH_SECONDS_MAX, stdin=stdin, stdout_max=STDOUT_MAX, env=_ENVIRONMENT
    )
    answer.seconds += ended.seconds
    is_crash = not ended.is_timed_out and not ended.is_cut and not 0 <= ended.exit_code <= _ERROR
    is_crash = is_crash and ended.exit_code != 127
    answer.crashes += is_crash  # one file must not take the others with it
    if (ended.is_cut or (is_crash and answer.crashes <= CRASHES_MAX)) and len(paths) > 1:
        half = len(paths) // 2
        _ask(world, answer, argv, paths[:half], read)
        _ask(world, answer, argv, paths[half:], read)
        return
    if ended.exit_code == 127 or b"No module named" in ended.stderr[-300:]:
        answer.fell_short("missing", f"{answer.name} is not installed: pip install {answer.name}.")
        return
    if ended.is_timed_out:
        answer.fell_short("timed out", f"{answer.name} was stopped after {BATCH_SECONDS_MAX:.0f} seconds.")
        return
    if ended.is_cut:
        answer.fell_short("partial", f"{answer.name} wrote more than {STDOUT_MAX} bytes about one file.")
        return
    if is_crash and len(paths) == 1:
        answer.fell_short("failed", f"{answer.name} failed on {path_text(paths[0])} ({_ending(ended)}).")
        return
    try:
        for path, match in read(ended.stdout, names if not stdin else {"": paths[0]}):
            answer.matches.setdefault(path, []).append(match)
    except _Unusable as error:
        answer.fell_short("failed", f"{answer.name} failed ({_ending(ended)}): {error}")


def _ending(ended: ProcessResult) -> str:
    last = ended.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    return f"exit code {ended.exit_code}" + (f", {last[0][:200]}" if last else "")


def _rows(data: bytes, key: str | None) -> list[dict[str, Json]]:
    try:
        # A lone surrogate stands for a byte of a file's name, so the strict reader of `core` will not do.
        whole = json.loads(data)
        rows = whole if key is None else whole[key]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _Unusable("its output is not what it should be.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _Unusable("its output is not what it should be.")
    return rows


def _ruff_rows(data: bytes, names: dict[str, str], table: Table) -> list[tuple[str, Match]]:
    found: list[tuple[str, Match]] = []
    try:
        for row in _rows(data, None):
            path = names.get("") or _known(row["filename"], names)
            start, end = row["location"], row["end_location"]
            code, message = row["code"], str(row["message"])
            if table.keeps(code, message):
                match = _match(table, code, message, "ruff", start["row"], start["column"], end["row"], end["column"])
            elif code in (None, "invalid-syntax"):
                match = Match(
                    "security/not-parsed", start["row"], start["column"], f"Not valid Python: {message}", origin="ruff"
                )
            else:
                continue
            found.append((path, match))
    except (KeyError, TypeError):
        raise _Unusable("its output is not what it should be.") from None
    return found


def _bandit_rows(data: bytes, names: dict[str, str], table: Table) -> list[tuple[str, Match]]:
    found: list[tuple[str, Match]] = []
    try:
        for row in _rows(data, "results"):
            code = row["test_id"]
            if table.keeps(code, str(row["issue_text"])):
                line, column = row["line_number"], row["col_offset"] + 1
                last = max(row["line_range"] or [line])
                match = _match(table, code, str(row["issue_text"]), "bandit", line, column, max(last, line), 0)
                found.append((_known(row["filename"], names), match))
        for row in _rows(data, "errors"):
            message = f"bandit could not read the file: {str(row['reason'])[:200]}."
            found.append((_known(row["filename"], names), Match("security/not-parsed", 1, 1, message, origin="bandit")))
    except (KeyError, TypeError):
        raise _Unusable("its output is not what it should be.") from None
    return found


def _match(
    table: Table, code: str, text: str, tool: Origin, line: int, column: int, end_line: int, end_column: int
) -> Match:
    row = table.rules[code]
    message = " ".join(text.split())
    reason = f"Reported by {tool} as {code}; where the value comes from is not proven."
    return Match(f"security/{row.rule}", line, column, message, end_line, end_column, row.severity, reason, tool)


def _known(filename: str, names: dict[str, str]) -> str:
    """The path that was asked about. Ruff answers with an absolute one, bandit with the one it was given."""
    # Whatever stands before the path is the tree's own, perhaps with links resolved.
    for name in (filename, _lossy(filename)):
        parts = name.split("/")
        for start in range(len(parts)):
            tail = "/".join(parts[start:])
            if tail in names:
                return names[tail]
    raise _Unusable("it speaks of a file that it was not given.")


def _lossy(path: str) -> str:
    """A path as a tool may print it: what is not UTF-8 is replaced."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _is_plain(path: str) -> bool:
    return _lossy(path) == path and path.isprintable()


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return ""
