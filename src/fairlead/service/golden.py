"""Golden folders: a small repository, what an agent is given, and what it must answer. Reading, comparing, writing."""

import os.path
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.json import Json, NotStrict, parse
from fairlead.core.outcomes import Failed, Outcome
from fairlead.service.parts import Files

_GOLDEN = "tests/agents"  # from the root of the project
CASES_MAX = 500  # of one agent
EXPECT_BYTES_MAX = 10_000_000
VALUE_CHARACTERS_MAX = 200  # of a value in a difference
_KEYS = ("inputs", "findings", "output", "fails")
_COMPARED = ("rule", "severity", "path", "line", "column", "message")  # of a finding, written by `--update`
_WHERE = ("path", "line", "column", "rule")


class Expected(msgspec.Struct, frozen=True):
    """What `expect.json` says. Exactly one of the three is given; none in a file that is yet to be written."""

    inputs: dict[str, Json] = {}
    findings: list[dict[str, Json]] | None = None
    output: dict[str, Json] | None = None
    fails: str = ""  # the code of a failure


class Case(msgspec.Struct, frozen=True):
    """One golden folder."""

    agent: str
    name: str
    repo: str
    file: str  # of what is expected
    expected: Expected


def find_cases(files: Files, root: str, agent: str, *, is_update: bool) -> list[Case]:
    """The golden folders of *agent*, by name. With *is_update* one that lacks `expect.json` is a case too.

    Raises:
        FairleadError: FL-A150 there is none; FL-A151 one cannot be used, all of them named.
    """
    top = os.path.join(root, _GOLDEN, agent)
    names = [name for name in files.names(top) if files.is_directory(os.path.join(top, name))]
    if not names:
        folder = f"{_GOLDEN}/{agent}"
        raise error(
            "FL-A150",
            f"{agent} has no golden folder: there is no {folder}/CASE/repo",
            f"put a file or two into {folder}/example/repo, then: fairlead agents test {agent} --update",
            exit_code=2,
        )
    cases: list[Case] = []
    wrong: list[Diagnostic] = []
    for name in names[:CASES_MAX]:
        try:
            cases.append(_case(files, top, agent, name, is_update))
        except FairleadError as problem:
            wrong += problem.diagnostics
    if len(names) > CASES_MAX:
        wrong.append(_wrong(f"{_GOLDEN}/{agent}", f"{len(names)} golden folders are too many: at most {CASES_MAX}"))
    if wrong:
        raise FairleadError(*wrong, exit_code=2)
    return cases


def _case(files: Files, top: str, agent: str, name: str, is_update: bool) -> Case:
    shown = f"{_GOLDEN}/{agent}/{name}"
    repo, file = os.path.join(top, name, "repo"), os.path.join(top, name, "expect.json")
    if not files.is_directory(repo):
        raise FairleadError(_wrong(shown, "there is no folder `repo` in it"))
    data = files.read(file, limit=EXPECT_BYTES_MAX + 1)
    if data is None and is_update:
        return Case(agent, name, repo, file, Expected())
    if data is None:
        raise FairleadError(
            _wrong(shown, "there is no `expect.json` in it", f"fairlead agents test {agent} --update writes it")
        )
    return Case(agent, name, repo, file, _read_expected(data, f"{shown}/expect.json"))


def _read_expected(data: bytes, shown: str) -> Expected:
    """What an `expect.json` says.

    Raises:
        FairleadError: FL-A151.
    """
    try:
        found = parse(data) if len(data) <= EXPECT_BYTES_MAX else None
    except NotStrict as problem:
        raise FairleadError(_wrong(shown, f"it is no JSON: {problem}")) from None
    if not isinstance(found, dict):
        raise FairleadError(_wrong(shown, "it is no JSON object of a usable size"))
    known = ", ".join(_KEYS)
    if unknown := sorted(found.keys() - set(_KEYS)):
        raise FairleadError(_wrong(shown, f"it has no key `{unknown[0][:60]}`; there are {known}"))
    if len(found.keys() - {"inputs"}) != 1:
        raise FairleadError(_wrong(shown, "besides `inputs` it has exactly one of `findings`, `output` and `fails`"))
    try:
        return msgspec.convert(found, Expected)
    except msgspec.ValidationError as problem:
        raise FairleadError(_wrong(shown, str(problem))) from None


def _wrong(shown: str, reason: str, *hints: str) -> Diagnostic:
    return Diagnostic("FL-A151", f"{shown}: {reason}", file=shown, hints=hints)


def differences(expected: Expected, outcome: Outcome) -> list[str]:
    """What is not as expected, one line each; none when everything is."""
    if isinstance(outcome, Failed):
        if expected.fails == outcome.code:
            return []
        wanted = f"{expected.fails} was expected, but " if expected.fails else ""
        return [f"{wanted}it failed with {outcome.code}: {outcome.message}"]
    if expected.fails:
        return [f"a failure with {expected.fails} was expected, and it succeeded"]
    if expected.findings is not None:
        given = outcome.output.get("findings")
        if not isinstance(given, list):
            return ["findings were expected, and its answer has none: give `output` in expect.json"]
        return list(_of_findings(expected.findings, given))
    return list(_of_values("output", expected.output, outcome.output))


def _of_findings(expected: Sequence[Mapping[str, Json]], given: Sequence[Mapping[str, Json]]) -> Iterator[str]:
    """Pair them off: first those that are equal in what is expected, then those at one place, then what is left."""
    rest = list(given)
    unmatched: list[Mapping[str, Json]] = []
    for row in expected:
        equal = next((one for one in rest if all(one.get(key) == value for key, value in row.items())), None)
        if equal is None:
            unmatched.append(row)
        else:
            rest.remove(equal)
    for row in unmatched:
        near = next((one for one in rest if _is_near(row, one)), None)
        if near is None:
            yield f"missing  {_finding_text(row)}"
        else:
            rest.remove(near)
            changed = [key for key, value in row.items() if near.get(key) != value]
            said = "; ".join(f"{key} is {_short(near.get(key))}, expected {_short(row[key])}" for key in changed)
            yield f"changed  {_finding_text(near)}: {said}"
    for row in rest:
        yield f"extra    {_finding_text(row)}"


def _is_near(row: Mapping[str, Json], one: Mapping[str, Json]) -> bool:
    """Whether they speak of the same thing: the same rule in the same file, or the same place."""
    same = [key for key in _WHERE if key in row and one.get(key) == row[key]]
    return "path" in same and ("rule" in same or "line" in same)


def _finding_text(row: Mapping[str, Json]) -> str:
    place = ":".join(str(row[key]) for key in ("path", "line", "column") if key in row)
    return " ".join(str(text) for text in (row.get("severity", ""), row.get("rule", ""), place) if text)


def _of_values(path: str, expected: Json, given: Json) -> Iterator[str]:
    """The places where two JSON values differ."""
    if isinstance(expected, dict) and isinstance(given, dict):
        for key in sorted({*expected, *given}):
            if key not in given:
                yield f"missing  {path}.{key}: expected {_short(expected[key])}"
            elif key not in expected:
                yield f"extra    {path}.{key}: {_short(given[key])}"
            else:
                yield from _of_values(f"{path}.{key}", expected[key], given[key])
    elif isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
        for number, (one, other) in enumerate(zip(expected, given, strict=True)):
            yield from _of_values(f"{path}[{number}]", one, other)
    elif expected != given or isinstance(expected, bool) is not isinstance(given, bool):
        yield f"changed  {path}: {_short(given)}, expected {_short(expected)}"


def _short(value: Json) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= VALUE_CHARACTERS_MAX else text[: VALUE_CHARACTERS_MAX - 1] + "…"


def unstable(first: Outcome, second: Outcome) -> list[str]:
    """Where two answers to one question differ, of an agent that says that they never do."""
    one, other = (msgspec.to_builtins(outcome) for outcome in (first, second))
    return [f"not the same twice  {line.removeprefix('changed  ')}" for line in _of_values("answer", one, other)]


def as_expected(case: Case, outcome: Outcome) -> bytes:
    """The text of the `expect.json` that *outcome* fulfils."""
    wanted: dict[str, Json] = {"inputs": case.expected.inputs}
    if isinstance(outcome, Failed):
        wanted["fails"] = outcome.code
    elif isinstance(outcome.output.get("findings"), list) and case.expected.output is None:
        wanted["findings"] = [{key: row[key] for key in _COMPARED if key in row} for row in outcome.output["findings"]]
    else:
        wanted["output"] = outcome.output
    return msgspec.json.format(msgspec.json.encode(wanted), indent=2) + b"\n"
