"""Everything that is wrong with the agent files of a project, each thing with its place: what `agents check` says."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from fairlead.agents.cards import BadCard
from fairlead.agents.catalog import FileCatalog
from fairlead.agents.files.fallbacks import fallback_problems
from fairlead.agents.own.definitions import AgentFile, Definition, shadowed_imports
from fairlead.agents.own.reading import Module
from fairlead.core.errors import Diagnostic, Span

EXCERPT_CHARACTERS_MAX = 2_000

# From front matter and the number of its first line to the places of its keys, and of the mistake that ends it.
Locate = Callable[[bytes, int], tuple[Mapping[str, Span], Span | None]]

_FRONT = re.compile(rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)(?:^---|\Z)", re.DOTALL | re.MULTILINE)


def diagnose(catalog: FileCatalog, chosen: Sequence[Definition], locate: Locate) -> list[Diagnostic]:
    """What is wrong with the *chosen* agents of the project. Their code is looked at in a child process."""
    found: list[Diagnostic] = []
    first: dict[str, Definition] = {}
    for one in catalog.definitions():
        if one.hides:
            first.setdefault(one.card.name, one)
    for one in chosen:
        catalog.complete(one)
        files = {file.path: file for file in catalog.files}
        reader = _Reader(one, files, locate)
        # A file for another program is no mistake of its author; that it cannot be read here is worth a word.
        is_warning = not one.hides
        found += [reader.diagnostic(bad, is_warning) for bad in one.problems]
        found += [reader.diagnostic(bad, True) for bad in one.warnings]
        found += [reader.diagnostic(bad, True) for bad in fallback_problems(catalog, one)]
        found += [reader.diagnostic(bad, True) for bad in (shadowed_imports(one.code) if one.code else ())]
        winner = first.get(one.card.name)
        if winner is not None and winner is not one and one.hides:
            said = f"{winner.file.path} has the name `{one.card.name}` too and comes first: this one is never called"
            found.append(reader.diagnostic(BadCard("FL-A015", said, key="name", hint="rename one of them"), False))
        elif one.hides and catalog.shipped(one.card.name) is not None:
            said = f"`{one.card.name}` hides the agent of this name that ships, except in `fairlead review`"
            found.append(reader.diagnostic(BadCard("FL-A016", said, key="name", hint="rename it to call both"), True))
    return sorted(found, key=_order)


def _order(one: Diagnostic) -> tuple[str, int, str]:
    return one.file, one.span.line if one.span else 0, one.code


class _Reader:
    """Finds the places of one agent's mistakes."""

    def __init__(self, one: Definition, files: Mapping[str, AgentFile], locate: Locate) -> None:
        self.one = one
        self.files = files
        self.locate = locate

    def diagnostic(self, bad: BadCard, is_warning: bool) -> Diagnostic:
        path = bad.path or self.one.file.path
        file = self.files.get(path, self.one.file)
        text = file.data.decode("utf-8", "replace").removeprefix("\ufeff")
        lines = text.replace("\r\n", "\n").split("\n")
        span = self._span(bad, path, lines)
        line = lines[span.line - 1] if span and span.line <= len(lines) else ""
        return Diagnostic(
            bad.code,
            bad.reason.replace("\0", "�").encode("utf-8", "backslashreplace").decode(),
            is_warning=is_warning,
            file=path,
            span=span,
            source=line if len(line) <= EXCERPT_CHARACTERS_MAX else "",
            hints=(bad.hint,) if bad.hint else (),
        )

    def _span(self, bad: BadCard, path: str, lines: Sequence[str]) -> Span | None:
        if bad.line:
            return _to_end(bad.line, bad.column or 1, lines)
        if path.endswith(".py"):
            return self._span_in_code(bad, path, lines)
        front = _FRONT.match(self.one.file.data)
        if front is None:
            return _to_end(1, 1, lines) if lines[0] else None
        keys, mistake = self.locate(front[1], 2)
        if bad.code == "FL-A002" and mistake:
            return mistake
        for key in _upwards(bad.key):
            if key in keys:
                return keys[key]
        return _to_end(1, 1, lines)

    def _span_in_code(self, bad: BadCard, path: str, lines: Sequence[str]) -> Span | None:
        """The parameter that `bad.key` names, or the function; the argument `name` of the decorator."""
        code = self.one.code
        if code is None or path not in self.files:
            return None
        try:
            function = Module(path, self.files[path].data).function(code.function)
        except BadCard:
            return None
        if function is None:
            return None
        place = function.parameters.get(bad.key) or function.places.get(bad.key) or function.place
        return _to_end(place.line, place.column, lines)


def _upwards(key: str) -> Iterable[str]:
    def above(key: str) -> Iterator[str]:
        while key:
            yield key
            key = key.rpartition(".")[0]

    return above(key)


def _to_end(line: int, column: int, lines: Sequence[str]) -> Span:
    """From a place to the end of its line, which is where the mistake is at the latest."""
    text = lines[line - 1].rstrip() if line <= len(lines) else ""
    start = min(max(column, 1), len(text) + 1)
    if start == 1:
        start += len(text) - len(text.lstrip())
    return Span(line, start, line, max(len(text) + 1, start + 1))
