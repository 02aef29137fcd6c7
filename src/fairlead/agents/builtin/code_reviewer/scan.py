"""The code-reviewer: chooses the files, has each read by the part for its language, and joins what all of them say."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fairlead.agents.builtin.code_reviewer import python
from fairlead.agents.builtin.code_reviewer.chosen import choose
from fairlead.agents.builtin.code_reviewer.found import Found, FunctionFacts, Reviewed, SourceFile
from fairlead.agents.builtin.code_reviewer.score import FORMULA, score
from fairlead.agents.builtin.code_reviewer.verdict import Verdict
from fairlead.agents.builtin.security import sources
from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.tools import ToolWorld, TreeFile, Unreadable

BATCH_FILES_MAX = 200  # so many texts are held at a time
_PYTHON = "Python"


class _Review:
    """One review while it goes on."""

    def __init__(self, world: ToolWorld, kind: str) -> None:
        self.world = world
        self.verdict = Verdict(kind)
        self.files = 0
        self.files_changed = 0
        self.lines = 0
        self.unread = 0
        self.by_language: Counter[str] = Counter()
        self.not_checked: Counter[str] = Counter()  # language, or the reason why not → files
        self.functions = 0
        self.complexity = 0  # the sum over all functions
        self.highest: tuple[int, str, FunctionFacts] | None = None  # with the path
        self.degraded: list[str] = []

    def read(self, file: TreeFile) -> SourceFile | None:
        """The file's text; one that cannot be read is a finding, and counted."""
        is_python = python.wants(file.path)
        source = SourceFile(
            file.path,
            "",
            is_changed=file.is_changed,
            is_test=sources.is_test(file.path),
            is_example=sources.is_example(file.path),
        )
        try:
            data = self.world.read(file.path)
        except Unreadable as error:
            self._not_read(source, f"The file was not read: {error}.")
            return None
        if b"\0" in data[:8000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            self._not_read(source, "The file was not read: it is binary, whatever its name says.")
            return None
        source.text = sources.decode(data, is_python)[0]
        return source

    def _not_read(self, source: SourceFile, message: str) -> None:
        self.unread += 1
        self.tell(source, [Found("review/unread-file", source.path, 0, 0, message)])

    def tell(self, file: SourceFile, founds: Sequence[Found]) -> None:
        """Have founds judged, and whoever watches told how many findings that gave."""
        count = self.verdict.take(file, founds, python.wants(file.path))
        if count:
            self.world.found(count)

    def reviewed(self, language: str, file: SourceFile, said: Reviewed) -> None:
        """Take over what a part says about a file."""
        self.files += 1
        self.files_changed += file.is_changed
        self.lines += file.text.count("\n") + (file.text[-1:] not in ("\n", ""))
        self.by_language[language] += 1
        for function in said.functions:
            self.functions += 1
            self.complexity += function.complexity
            if self.highest is None or function.complexity > self.highest[0]:
                self.highest = (function.complexity, file.path, function)
        self.tell(file, said.founds)


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
    _review_python(review, [file for file in chosen.files if python.wants(file.path)])
    _review_others(review, [file for file in chosen.files if not python.wants(file.path)])
    if world.files_left_out:
        review.degraded.append(
            f"{world.files_left_out} files of the tree were left out because there are too many;"
            " `fairlead review --all` looks at all."
        )
    return _outcome(review, chosen.files)


def _review_python(review: _Review, files: Sequence[TreeFile]) -> None:
    review.world.progress(f"{_PYTHON}: {len(files)} files")
    for batch in _batches(files):
        for file in batch:
            source = review.read(file)
            if source is not None:
                review.reviewed(_PYTHON, source, python.review(source))


def _review_others(review: _Review, files: Sequence[TreeFile]) -> None:
    for file in files:
        language = sources.language_not_checked(file.path)
        if language is not None:
            review.not_checked[language] += 1


def _batches(files: Sequence[TreeFile]) -> Iterator[Sequence[TreeFile]]:
    for start in range(0, len(files), BATCH_FILES_MAX):
        yield files[start : start + BATCH_FILES_MAX]


def _outcome(review: _Review, files: Sequence[TreeFile]) -> Outcome:
    place = {path_text(file.path): number for number, file in enumerate(files)}
    findings = sorted(review.verdict.findings, key=lambda f: (place[f.path], f.line, f.rule, f.column, f.message))
    points = score(review.verdict.counts, review.lines)
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
        "tools": [],
    }
    return Succeeded(output, _summary(review, points), tuple(review.degraded))


def _metrics(review: _Review) -> dict[str, Json]:
    highest = review.highest
    return {
        "files": review.files,
        "files_changed": review.files_changed,
        "files_not_checked": review.unread + sum(review.not_checked.values()),
        "lines": review.lines,
        "functions": review.functions,
        "complexity_average": round(review.complexity / review.functions, 2) if review.functions else None,
        "complexity_highest": None
        if highest is None
        else {
            "complexity": highest[0],
            "path": path_text(highest[1]),
            "line": highest[2].line,
            "function": highest[2].name,
        },
    }


def _summary(review: _Review, points: float | None) -> str:
    number = sum(review.verdict.counts.values())
    parts = [f"{number} finding{'' if number == 1 else 's'}"]
    if review.highest is not None:
        parts.append(f"highest complexity {review.highest[0]}")
    parts.append("nothing reviewed" if points is None else f"score {int(points)}")
    return " · ".join(parts)
