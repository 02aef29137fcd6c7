"""The security-scanner: reads every file it knows, lets bandit and ruff read along, and joins what all of them say."""

import importlib
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Thread
from typing import NamedTuple

import msgspec

from fairlead.agents.builtin.security import judge, python, sources, tools
from fairlead.agents.builtin.security.compared import told_apart
from fairlead.agents.builtin.security.matches import Match, Part, PartMissing
from fairlead.agents.builtin.security.suppress import Silenced
from fairlead.core.findings import Finding, Fingerprints, Severity, path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld, TreeFile, Unreadable

_PYTHON = "Python"  # read by fairlead.agents.builtin.security.python:scan_file
_UNREAD = "security/unread-file"
SCRIPT_BYTES_MAX = 200_000  # a file without a suffix is looked into up to this size: it may be a Python script
SCRIPTS_MAX = 2_000  # … and so many of them
_PYTHON_SCRIPT = re.compile(rb"#![^\n]*\bpython[\d.]*\s")


class _Language(NamedTuple):
    """One language, the module that reads it, and its files."""

    name: str
    part: Part
    paths: list[str]


# In this order: the first that wants a file has it. A module is imported when it is used, and may lack a package; its
# two functions are named here, because nothing else shows that they are called.
_LANGUAGES: dict[str, tuple[str, str]] = {
    "Dockerfile": (
        "fairlead.agents.builtin.security.docker:wants",
        "fairlead.agents.builtin.security.docker:scan_file",
    ),
    "CI workflow": (
        "fairlead.agents.builtin.security.ci:wants",
        "fairlead.agents.builtin.security.ci:scan_file",
    ),
    "JavaScript and TypeScript": (
        "fairlead.agents.builtin.security.javascript:wants",
        "fairlead.agents.builtin.security.javascript:scan_file",
    ),
}


class _Seen:
    """What the scan has learnt so far."""

    def __init__(self) -> None:
        self.files = 0
        self.lines = 0
        self.unread: dict[str, str] = {}  # path → why
        self.by_language: dict[str, int] = {}
        self.not_checked: dict[str, int] = {}
        self.matches: dict[str, list[Match]] = {}
        self.python_paths: set[str] = set()
        self.python: list[tools.Source] = []
        self.degraded: list[str] = []
        self.told = 0

    def checked(self, language: str, data: bytes) -> None:
        self.files += 1
        self.lines += data.count(b"\n") + (data[-1:] not in (b"\n", b""))
        self.by_language[language] = self.by_language.get(language, 0) + 1

    def not_read(self, language: str) -> None:
        self.not_checked[language] = self.not_checked.get(language, 0) + 1


def scan(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Look for insecure code in the tree.

    `paths` limits the scan to these files and folders, `min_severity` leaves milder findings out (and counts them).
    With `base` every finding says whether the code of that commit had it already.
    """
    outcome = _scan(inputs, world)
    base = str(inputs.get("base") or "")
    return told_apart(outcome, base, world, lambda older: _scan({}, older)) if base else outcome


def _scan(inputs: Mapping[str, Json], world: ToolWorld) -> Succeeded:
    files = _chosen(world.files, inputs.get("paths") or [])
    seen = _Seen()
    if inputs.get("paths") and not files:
        seen.degraded.append("No file of the tree lies under the paths that were given.")
    others = _sort_out(files, world, seen)
    table = tools.load_table()
    lowest: Severity = inputs.get("min_severity", "info")
    court = judge.Judge(table, lowest)
    suspects = _read_python(world, seen, [file for file in files if file.path in seen.python_paths], table)
    answers: list[tools.Answer] = []
    with _Beside(lambda: _ask_tools(world, seen.python, table, answers), seen):
        _scan_files(world, seen, court, _Language(_PYTHON, python, suspects))
        for language in others:
            _scan_files(world, seen, court, language)
    for answer in answers:
        world.progress(f"{answer.name}: {answer.files} files, {answer.status}, {answer.seconds:.1f} s")
        for path, matches in answer.matches.items():
            seen.matches.setdefault(path, []).extend(matches)
        if answer.status not in ("ok", "not needed"):
            seen.degraded.append(answer.reason)
    if world.files_left_out:
        seen.degraded.append(
            f"{world.files_left_out} files of the tree were left out because there are too many;"
            " `fairlead review --all` looks at all."
        )
    return _outcome(world, seen, court, answers)


def _chosen(files: Sequence[TreeFile], paths: Sequence[str]) -> list[TreeFile]:
    """The files at *paths*, which may be written as `path_text` writes a name that is not UTF-8."""
    wanted = [posixpath.normpath(path) for path in paths if path]
    if len(wanted) < len(paths) or not wanted or "." in wanted:
        return list(files)
    return [file for file in files if any(_lies_in(name, wanted) for name in {file.path, path_text(file.path)})]


def _lies_in(name: str, wanted: Sequence[str]) -> bool:
    return any(name == path or name.startswith(path + "/") for path in wanted)


def _sort_out(files: list[TreeFile], world: ToolWorld, seen: _Seen) -> list[_Language]:
    """The files of the other languages, by the part that reads them; the rest is counted as not checked."""
    languages: list[_Language] = []
    for name, (entry, _) in _LANGUAGES.items():
        try:
            part: Part = importlib.import_module(entry.partition(":")[0])
        except ImportError as error:
            seen.degraded.append(f"{name} is not checked: {error}.")
            continue
        languages.append(_Language(name, part, []))
    scripts = 0
    for file in files:
        if python.wants(file.path):
            seen.python_paths.add(file.path)
            continue
        language = next((language for language in languages if language.part.wants(file.path)), None)
        if language is not None:
            language.paths.append(file.path)
        else:
            other = sources.language_not_checked(file.path)
            if other is not None:
                seen.not_read(other)
            elif "." not in file.path.rpartition("/")[2] and scripts < SCRIPTS_MAX and file.size <= SCRIPT_BYTES_MAX:
                scripts += 1
                if _is_python_script(world, file.path):
                    seen.python_paths.add(file.path)
    return languages


def _is_python_script(world: ToolWorld, path: str) -> bool:
    try:
        return _PYTHON_SCRIPT.match(world.read(path, SCRIPT_BYTES_MAX)) is not None
    except Unreadable:
        return False  # nothing says that it is source


def _read_python(world: ToolWorld, seen: _Seen, files: list[TreeFile], table: tools.Table) -> list[str]:
    """A first look at every Python file: which of them our own rules and bandit must read at all."""
    wants = tools.Filter(table).wants
    suspects: list[str] = []
    for file in files:
        data = _read(world, seen, file.path)
        if data is None:
            continue
        seen.checked(_PYTHON, data)
        _, is_utf8 = ("", True) if data.isascii() else sources.decode(data, is_python=True)
        words = python.words_of(data)
        is_for_bandit = not is_utf8 or wants(data, words)
        seen.python.append(tools.Source(file.path, len(data), is_utf8, is_for_bandit))
        if not is_utf8 or python.may_match(words):
            suspects.append(file.path)
    return suspects


def _read(world: ToolWorld, seen: _Seen, path: str) -> bytes | None:
    try:
        return world.read(path)
    except Unreadable as error:
        seen.unread[path] = str(error)
        return None


def _scan_files(world: ToolWorld, seen: _Seen, court: judge.Judge, language: _Language) -> None:
    """Our own rules, file by file; what they find is told at once."""
    name, part, paths = language
    is_python = name == _PYTHON
    world.progress(f"{name}: {len(paths)} files")
    for number, path in enumerate(paths):
        if path in seen.unread:
            continue
        data = _read(world, seen, path)
        if data is None:
            continue
        text, _ = sources.decode(data, is_python)
        # Only a language that is also shipped built has it: `fairlead.agents.builtin.security.javascript:why_not`.
        why_not = getattr(part, "why_not", None)
        if why_not is not None and (reason := why_not(path, text)) is not None:
            seen.not_read(reason)
            continue
        try:
            matches = list(part.scan_file(path, text))
        except (PartMissing, ImportError) as error:
            left = len(paths) - number
            seen.degraded.append(f"{left} files of {name} are not checked: {error}")
            seen.not_checked[name] = seen.not_checked.get(name, 0) + left
            return
        if not is_python:
            seen.checked(name, data)
        if matches:
            seen.matches[path] = matches
            silenced = Silenced(text, is_python)
            loud = sum(court.is_told(match, silenced, path) for match in matches)
            seen.told += loud
            world.found(loud)


class _Beside:
    """Runs the tools in a thread while the body runs, and waits for them; what goes wrong there is said."""

    def __init__(self, work: Callable[[], None], seen: _Seen) -> None:
        self._work = work
        self._seen = seen
        self._thread = Thread(target=self._run, name="bandit and ruff")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # a thread's exception would be lost, and its tool silently clean
            self._seen.degraded.append(f"bandit and ruff could not be asked: {type(error).__name__}: {error}.")


def _ask_tools(
    world: ToolWorld, files: Sequence[tools.Source], table: tools.Table, answers: list[tools.Answer]
) -> None:
    if not files:
        return

    def text_of(path: str) -> str:
        return sources.decode(world.read(path), is_python=True)[0]

    answers.append(tools.ask_ruff(world, files, table, text_of))
    answers.append(tools.ask_bandit(world, files, table))


def _outcome(world: ToolWorld, seen: _Seen, court: judge.Judge, answers: Iterable[tools.Answer]) -> Succeeded:
    fingerprints = Fingerprints()
    findings: list[Finding] = []
    for path in sorted({*seen.matches, *seen.unread}):
        if path in seen.unread:
            match = Match(_UNREAD, 0, 0, f"The file was not read: {seen.unread[path]}.")
            findings.extend(court.findings(path, "", [match], fingerprints, False))
            continue
        try:
            is_python = path in seen.python_paths
            text, _ = sources.decode(world.read(path), is_python)
        except Unreadable as error:
            match = Match(_UNREAD, 0, 0, f"The file changed while it was read: {error}.")
            findings.extend(court.findings(path, "", [match], fingerprints, False))
            continue
        findings.extend(court.findings(path, text, seen.matches[path], fingerprints, is_python))
    if len(findings) > seen.told:
        world.found(len(findings) - seen.told)
    output: dict[str, Json] = {
        "findings": [{**msgspec.to_builtins(finding), "origin": list(finding.origin)} for finding in findings],
        "stats": {
            "files": seen.files,
            "lines": seen.lines,
            "unread": len(seen.unread),
            "suppressed": dict(court.suppressed),
            "below_min_severity": court.below,
            "by_language": dict(sorted(seen.by_language.items())),
            "not_checked": dict(sorted(seen.not_checked.items())),
            "left_out": world.files_left_out,
        },
        "tools": [
            {
                "name": answer.name,
                "version": answer.version,
                "status": answer.status,
                "files": answer.files,
                "reason": answer.reason,
            }
            for answer in answers
        ],
    }
    number = len(findings)
    summary = f"{number} finding{'' if number == 1 else 's'} in {seen.files} file{'' if seen.files == 1 else 's'}"
    return Succeeded(output, summary, tuple(seen.degraded))
