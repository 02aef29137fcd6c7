"""Everything that one program left, read in a child process: the files that `parse` names, and what it printed."""

from collections.abc import Callable, Mapping, Sequence

from fairlead.agents.parsing.texts import NotParsed
from fairlead.core.json import Json, encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.program_outputs import REPORTS
from fairlead.core.tools import ToolWorld, Unreadable

FILE_BYTES_MAX = 10_000_000
PARSED_BYTES_MAX = 8_000_000  # of all values together, as JSON: an output has room for 10 MB


def look(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Which reports lie there before the program begins: one that it does not write anew is none of its."""
    paths = [one["source"] for one in inputs["parse"] if one["parser"] in REPORTS]
    return Succeeded({"stamps": {path: stamp for path in paths if (stamp := world.stamp(path))}})


def perform(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Read what `parse` names. Succeeds always: what could not be read stands in `problems`, with its code."""
    values: dict[str, Json] = {}
    problems: list[Json] = []
    degraded: list[str] = []
    summaries: list[str] = []
    room = PARSED_BYTES_MAX
    for one in inputs["parse"]:
        try:
            value = _value(one["parser"], one["source"], inputs, world)
        except _Problem as problem:
            problems.append({"code": problem.code, "message": problem.message, "hint": problem.hint})
            continue
        room -= len(encode(value))
        if room < 0:
            message = f"what {one['name']} holds is more than an output has room for, {PARSED_BYTES_MAX:,} bytes"
            problems.append({"code": "FL-R255", "message": message, "hint": "let the program write less into it"})
            break
        values[one["name"]] = value
        degraded += _remarks(one["parser"], one["source"], value)
        summaries.append(_summary(one["parser"], value))
    summary = " · ".join(filter(None, summaries))
    return Succeeded({"values": values, "problems": problems}, summary, tuple(degraded))


class _Problem(Exception):
    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def _value(parser: str, source: str, inputs: Mapping[str, Json], world: ToolWorld) -> Json:
    if parser == "regex":
        return _searched(source, inputs)
    try:
        if parser in REPORTS and world.stamp(source) == inputs["stamps"].get(source, "none"):
            raise _old(source, inputs["program"])
        data = world.read(source, FILE_BYTES_MAX)
    except Unreadable as error:
        if str(error) == "it is gone":
            hint = f"let it write {source}, by a path from the root of the repository"
            raise _Problem("FL-R250", f"{inputs['program']} did not write {source}", hint) from None
        raise _Problem("FL-R251", f"{source} cannot be read: {error}", "let it be a regular file of its own") from None
    try:
        return _reader(parser, (world.root, *inputs["roots"]))(data)
    except NotParsed as error:
        where = f"{source}:{error.line}" if error.line else source
        hint = "let the program write it anew and whole, in the format that `parse` names"
        raise _Problem("FL-R252", f"{where} {error.reason}", hint) from None


def _old(source: str, program: str) -> _Problem:
    message = f"{program} did not write {source}: it is still the one that lay there before"
    return _Problem("FL-R250", message, f"let it write {source}, and take the old one out of the repository")


def _searched(pattern: str, inputs: Mapping[str, Json]) -> Json:
    from fairlead.agents.parsing import patterns

    try:
        return patterns.parse(inputs["stdout"].encode("utf-8", "surrogateescape"), pattern)
    except NotParsed as error:
        message = f"the standard output of {inputs['program']} {error.reason}"
        raise _Problem("FL-R253", message, "look at what it wrote: `fairlead logs`") from None


def _reader(parser: str, roots: Sequence[str]) -> Callable[[bytes], Json]:
    """The reader of *parser*; its file is imported now, so that a program without reports pays for none."""
    match parser:
        case "junit":
            from fairlead.agents.parsing import junit

            return junit.parse
        case "coverage":
            from fairlead.agents.parsing import coverage

            return coverage.parse
        case "sarif":
            from fairlead.agents.parsing import sarif

            return lambda data: sarif.parse(data, roots)
        case "hyperfine":
            from fairlead.agents.parsing import hyperfine

            return hyperfine.parse
        case "pytest_benchmark":
            from fairlead.agents.parsing import pytest_benchmark

            return pytest_benchmark.parse
        case "json":
            from fairlead.agents.parsing import documents

            return documents.parse
    raise AssertionError(f"the check of the workflow lets no parser {parser} pass")


def _summary(parser: str, value: Json) -> str:
    """A few words for people; "" where the values have no meaning of their own."""
    match parser:
        case "junit":
            words = ("passed", "failed", "errors", "skipped")
            return ", ".join(f"{value[word]:,} {word}" for word in words if value[word]) or "no tests"
        case "coverage":
            # Cut, not rounded: 99.99 % is not all.
            return f"{round(value['line'] * 10_000) // 10 / 10:g} % of lines covered"
        case "sarif":
            counts = [f"{count:,} {severity}" for severity, count in value["counts"].items() if count]
            return f"{value['total']:,} finding{'s'[: value['total'] != 1]}" + (
                f": {', '.join(counts)}" if counts else ""
            )
        case "hyperfine":
            return f"mean {value['mean_ms']:,.3f} ms"
        case "pytest_benchmark":
            return f"{value['benchmarks']:,} benchmarks"
    return ""


def _remarks(parser: str, source: str, value: Json) -> list[str]:
    """What of *value* is less than it seems, in whole sentences."""
    if parser != "sarif":
        return []
    remarks = [f"{tool} says in {source} that it did not finish" for tool in value["incomplete"]]
    if count := value["outside"]:
        places = (
            "1 place outside of the tree, which is"
            if count == 1
            else f"{count:,} places outside of the tree, which are"
        )
        remarks.append(f"{source} speaks of {places} left out")
    return remarks
