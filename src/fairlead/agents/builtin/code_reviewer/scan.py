"""The code-reviewer: chooses the files, has each read by the part for its language, and joins what all of them say."""

import ast
import codecs
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fairlead.agents.builtin.code_reviewer import javascript, missing_tests, python, sizes, unwritten
from fairlead.agents.builtin.code_reviewer.across import Across
from fairlead.agents.builtin.code_reviewer.chosen import choose
from fairlead.agents.builtin.code_reviewer.copies import copied
from fairlead.agents.builtin.code_reviewer.found import PYTHON_SUFFIXES, Found, FunctionFacts, Reviewed, SourceFile
from fairlead.agents.builtin.code_reviewer.ruff import Ruff
from fairlead.agents.builtin.code_reviewer.score import FORMULA, score
from fairlead.agents.builtin.code_reviewer.scripts import python_scripts
from fairlead.agents.builtin.code_reviewer.verdict import Verdict
from fairlead.agents.builtin.security import sources
from fairlead.agents.builtin.security.matches import PartMissing
from fairlead.agents.builtin.statements import Statements
from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.tools import ToolWorld, TreeFile, Unreadable

BATCH_FILES_MAX = 200  # so many texts are held at a time
UNREAD_NAMED_MAX = 5  # source files that were not read and are named in the reason; each is a finding too
_BINARY_BYTES = 8_000  # a zero byte among the first so many says that a file is no text
_PYTHON = "Python"
_JAVASCRIPT = "JavaScript and TypeScript"
_NAMING = (*PYTHON_SUFFIXES, ".toml", ".cfg", ".pyx", ".ipynb")  # where a private function of Python may be named


class _Review:
    """One review while it goes on."""

    def __init__(self, world: ToolWorld, kind: str) -> None:
        self.world = world
        self.ruff = Ruff(world)
        self.verdict = Verdict(kind, self.ruff.table.rules)
        self.across = Across()
        self.untested: list[missing_tests.Candidate] = []
        self.scripts: set[str] = set()  # Python without a suffix
        self.files = 0
        self.files_changed = 0
        self.lines = 0
        self.lines_beside = 0  # of files in languages that nobody parses: they count for the score when others do
        self.unread = 0
        self.unread_sources: list[str] = []  # those of them that are neither tests nor examples
        self.by_language: Counter[str] = Counter()
        self.not_checked: Counter[str] = Counter()  # language, or the reason why not → files
        self.functions = 0
        self.complexity = 0  # the sum over all functions
        self.highest: tuple[int, str, FunctionFacts] | None = None  # with the path
        self.degraded: list[str] = []

    def read(self, file: TreeFile) -> SourceFile | None:
        """The file's text; one that cannot be read is a finding, and counted."""
        source = self.source(file)
        try:
            data = self.world.read(file.path)
        except Unreadable as error:
            self._not_read(source, f"The file was not read: {error}.")
            return None
        if b"\0" in data[:_BINARY_BYTES] and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self._not_read(source, "The file was not read: it is binary, whatever its name says.")
            return None
        source.text, source.is_utf8 = sources.decode(data, source.is_python)
        return source

    def source(self, file: TreeFile) -> SourceFile:
        """*file* without its text."""
        source = SourceFile(
            file.path,
            "",
            is_changed=file.is_changed,
            is_test=sources.is_test(file.path),
            is_example=sources.is_example(file.path),
        )
        source.is_python = self.is_python(file.path)
        return source

    def is_python(self, path: str) -> bool:
        """Whether *path* is Python, by its name or its first line."""
        return path in self.scripts or python.wants(path)

    def text_of(self, path: str) -> str | None:
        """The text of a file that is only looked into; None when it cannot be read, which is counted elsewhere."""
        try:
            return sources.decode(self.world.read(path), self.is_python(path))[0]
        except Unreadable:
            return None

    def _not_read(self, source: SourceFile, message: str) -> None:
        self.unread += 1
        if not (source.is_test or source.is_example):
            self.unread_sources.append(path_text(source.path))
        self.tell(source, [Found("review/unread-file", source.path, 0, 0, message)])

    def tell(self, file: SourceFile, founds: Sequence[Found], tree: ast.Module | None = None) -> None:
        """Have founds judged, and whoever watches told how many findings that gave."""

        def statements() -> Statements:
            if tree is not None:
                return Statements.of_python(file.text, tree)
            return Statements.of(file.path, file.text)

        count = self.verdict.take(file, founds, statements)
        if count:
            self.world.found(count)

    def reviewed(self, language: str, file: SourceFile, said: Reviewed, tree: ast.Module | None = None) -> None:
        """Take over what a part says about a file."""
        self.files += 1
        self.files_changed += file.is_changed
        self.lines += file.text.count("\n") + (file.text[-1:] not in ("\n", ""))
        self.by_language[language] += 1
        for function in said.functions if not (file.is_test or file.is_example) else ():
            if not function.complexity:
                continue  # nobody measured it
            self.functions += 1
            self.complexity += function.complexity
            if self.highest is None or function.complexity > self.highest[0]:
                self.highest = (function.complexity, file.path, function)
        self.tell(file, said.founds, tree)


def scan(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Review the tree, or the part of it that the inputs name."""
    kind = str(inputs.get("type") or "all")
    if kind == "security":
        return Failed(
            "author",
            "FL-A120",
            "security is reviewed by the agent security-scanner, so that no place is reported twice",
            "use `agent: security-scanner`, or leave `type` out",
        )
    chosen = choose(inputs, world)
    if isinstance(chosen, Failed):
        return chosen
    review = _Review(world, kind)
    review.degraded += chosen.degraded
    review.scripts = python_scripts(chosen.files, world)
    _review_python(review, [file for file in chosen.files if review.is_python(file.path)])
    _review_others(review, [file for file in chosen.files if not review.is_python(file.path)])
    _settle(review, chosen.files)
    if review.ruff.answer.status not in ("ok", "not needed"):
        review.degraded.append(review.ruff.answer.reason)
    if unread := review.unread_sources:
        more = f" and {len(unread) - UNREAD_NAMED_MAX} more" if len(unread) > UNREAD_NAMED_MAX else ""
        review.degraded.append(
            f"{len(unread)} source file{' is' if len(unread) == 1 else 's are'} not checked (FL-A124):"
            f" {', '.join(unread[:UNREAD_NAMED_MAX])}{more}."
        )
    if capped := review.verdict.capped:
        review.degraded.append(
            f"Of {len(capped)} rule{'' if len(capped) == 1 else 's'} only the first {review.verdict.limit:,}"
            f" findings are listed; {sum(capped.values()):,} more are counted in `capped`."
        )
    if world.files_left_out:
        review.degraded.append(
            f"{world.files_left_out} files of the tree were left out because there are too many;"
            " `fairlead review --all` looks at all."
        )
    return _outcome(review, chosen.files)


def _review_python(review: _Review, files: Sequence[TreeFile]) -> None:
    """Every Python file, batch by batch: first ruff on all of a batch, then the tree of each."""
    review.world.progress(f"{_PYTHON}: {len(files)} files")
    for batch in _batches(files):
        texts = [text for file in batch if (text := review.read(file)) is not None and _is_written(review, text)]
        said = review.ruff.ask(texts)
        for text in texts:
            parsed = python.parse(text)
            if parsed.tree is None and python.is_template(text):
                review.not_checked[f"{_PYTHON} (template)"] += 1
                continue
            reviewed = python.review(parsed, said.get(text.path), review.across)
            if parsed.tree is None:
                review.not_checked[f"{_PYTHON} (not parsed)"] += 1
                review.tell(text, reviewed.founds)
                continue
            review.reviewed(_PYTHON, text, reviewed, parsed.tree)
            candidate = missing_tests.candidate(text, parsed.tree)
            if candidate is not None:
                review.untested.append(candidate)


def _is_written(review: _Review, file: SourceFile) -> bool:
    """Whether people wrote the file here; another is counted, and its private words are noted all the same."""
    reason = unwritten.why_not(_PYTHON, file.path, file.text)
    if reason is None:
        return True
    review.not_checked[reason] += 1
    review.across.see(file.text)
    return False


def _settle(review: _Review, files: Sequence[TreeFile]) -> None:
    """What only several files together show."""
    looked_at = {file.path for file in files}
    tree = [file.path for file in review.world.files]

    def others() -> Iterator[str]:
        for path in tree:
            if path not in looked_at and path.endswith(_NAMING) and (text := review.text_of(path)) is not None:
                yield text

    founds = list(review.across.settled(others))
    tests = [path for path in tree if missing_tests.is_test_file(path)]
    founds += missing_tests.untested(review.untested, tests, review.text_of)
    by_path, missing = copied(review.world, looked_at)
    review.degraded += missing
    for found in founds:
        by_path.setdefault(found.path, []).append(found)
    for file in files:
        if file.path in by_path and (text := review.text_of(file.path)) is not None:
            source = review.source(file)
            source.text = text
            review.tell(source, by_path[file.path])


def _review_others(review: _Review, files: Sequence[TreeFile]) -> None:
    """JavaScript by its tree; of every other language only what can be seen without understanding it."""
    scripts = [file for file in files if javascript.wants(file.path)]
    review.world.progress(f"{_JAVASCRIPT}: {len(scripts)} files")
    for number, file in enumerate(scripts):
        text = review.read(file)
        if text is None:
            continue
        reason = javascript.why_not(text.path, text.text)
        if reason is not None:
            review.not_checked[reason] += 1
            continue
        try:
            reviewed = javascript.review(text)
        except (PartMissing, ImportError) as error:
            left = len(scripts) - number
            review.degraded.append(f"{left} files of {_JAVASCRIPT} are not checked: {error}")
            review.not_checked[_JAVASCRIPT] += left
            break
        review.reviewed(_JAVASCRIPT, text, reviewed)
    for file in files:
        language = sources.language_not_checked(file.path)
        if language is None or (text := review.read(file)) is None:
            continue
        reason = unwritten.why_not(language, file.path, text.text)
        review.not_checked[reason or sizes.counted_as(language)] += 1
        if reason is None:
            review.lines_beside += text.text.count("\n")
            review.tell(text, list(sizes.founds(language, text)))


def _batches(files: Sequence[TreeFile]) -> Iterator[Sequence[TreeFile]]:
    for start in range(0, len(files), BATCH_FILES_MAX):
        yield files[start : start + BATCH_FILES_MAX]


def _outcome(review: _Review, files: Sequence[TreeFile]) -> Outcome:
    place = {path_text(file.path): number for number, file in enumerate(files)}
    findings = sorted(review.verdict.findings, key=lambda f: (place[f.path], f.line, f.rule, f.column, f.message))
    answer = review.ruff.answer
    points = score(review.verdict.counts, review.lines and review.lines + review.lines_beside)
    output: dict[str, Json] = {
        "findings": [{**msgspec.to_builtins(finding), "origin": list(finding.origin)} for finding in findings],
        "metrics": _metrics(review),
        "score": points,
        "formula": FORMULA,
        "stats": {
            "unread": review.unread,
            "suppressed": dict(review.verdict.suppressed),
            "capped": dict(sorted(review.verdict.capped.items())),
            "by_language": dict(sorted(review.by_language.items())),
            "not_checked": dict(sorted(review.not_checked.items())),
            "left_out": review.world.files_left_out,
        },
        "tools": [
            {
                "name": answer.name,
                "version": answer.version,
                "status": answer.status,
                "files": answer.files,
                "reason": answer.reason,
            }
        ],
    }
    return Succeeded(output, _summary(review, points), tuple(review.degraded))


def _metrics(review: _Review) -> dict[str, Json]:
    highest = review.highest
    named: Json = None
    if highest is not None:
        complexity, path, function = highest
        named = {"complexity": complexity, "path": path_text(path), "line": function.line, "function": function.name}
    return {
        "files": review.files,
        "files_changed": review.files_changed,
        "files_not_checked": review.unread + sum(review.not_checked.values()),
        "lines": review.lines,
        "functions": review.functions,
        "complexity_average": round(review.complexity / review.functions, 2) if review.functions else None,
        "complexity_highest": named,
    }


def _summary(review: _Review, points: float | None) -> str:
    number = sum(review.verdict.counts.values())
    parts = [f"{number} finding{'' if number == 1 else 's'}"]
    if review.highest is not None:
        parts.append(f"highest complexity {review.highest[0]}")
    parts.append("nothing reviewed" if points is None else f"score {int(points)}")
    return " · ".join(parts)
