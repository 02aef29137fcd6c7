"""Every code of the families W, A and E is said for a bad example, exactly as the snapshot has it.

`python -m tests.workflow.test_bad_files` writes the snapshots anew; look at the difference before you keep it.
"""

import difflib
from pathlib import Path

import pytest

from fairlead.agents.catalog import FileCatalog
from fairlead.core.codes import all_codes
from fairlead.core.errors import Diagnostic
from fairlead.core.json import Json
from fairlead.workflow import check_inputs, read_values
from tests.proves import proves
from tests.workflow.explained import check_explained, whole
from tests.workflow.samples import HEAD, HERE, check, render
from tests.workflow.test_explained import BESIDE, EXPLAINED, OF_PYTHON

# Said by other rooms while a run is performed; tested there.
ELSEWHERE = frozenset(["FL-A112", "FL-E021", "FL-E030", "FL-E040", "FL-E041", "FL-E042", "FL-E044", "FL-E101"])
# Said by the agents themselves, and of a project's own: tests/agents.
OF_AGENTS = ("FL-A004", "FL-A02", "FL-A04", "FL-A01", "FL-A12", "FL-A13", "FL-A14", "FL-A15", "FL-A16", "FL-A18")

# Said of a requirements file, and of what is traced to one: tests/workflow/test_requirements.py, tests/views.
OF_REQUIREMENTS = ("FL-W300", "FL-W301", "FL-W302", "FL-W304", "FL-W305", "FL-W306", "FL-W307", "FL-W309", *OF_PYTHON)

STEP = "steps:\n  - id: a\n    run: date\n"


def many_steps(count: int) -> str:
    return HEAD + "steps:\n" + "".join(f"  - id: s{n}\n    run: date\n" for n in range(count))


# Bad files that are better made than kept: large ones, and bytes that no editor shows.
MADE: dict[str, bytes] = {
    "FL-W002": (HEAD + "title: caf\xe9\n" + STEP).encode("latin-1"),
    "FL-W005": (HEAD + "title: ring\x07\n" + STEP).encode(),
    "FL-W011": (
        HEAD
        + "x-a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"x-{b}: &{b} [{', '.join(['*' + a] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True))
        + STEP
    ).encode(),
    "FL-W012": (HEAD + "x-deep: " + "[" * 70 + "]" * 70 + "\n" + STEP).encode(),
    "FL-W013": (HEAD + "description: |\n" + ("  " + "x" * 97 + "\n") * 10_100 + STEP).encode(),
    "FL-W028": (HEAD + f"title: {'x' * 300}\n" + STEP).encode(),
    "FL-W112": many_steps(2_001).encode(),
    "FL-E016": (HEAD + STEP + f"    if: {'(' * 70}true{')' * 70}\n").encode(),
}


def diagnostics_of(code: str) -> tuple[Diagnostic, ...]:
    """What is said about the bad example of *code*."""
    if code in SHOWN:
        return check_explained(whole(SHOWN[code].bad), f"{code}.yaml").diagnostics
    kept = HERE / "bad" / f"{code}.yaml"
    data = MADE[code] if code in MADE else kept.read_bytes()
    read = check(data, f"{code}.yaml")
    first = data.decode("utf-8", "replace").split("\n", 1)[0]
    if first.startswith("# given:") and read.workflow:
        given: dict[str, Json] = dict(word.split("=", 1) for word in first.removeprefix("# given:").split())
        return check_inputs(read.workflow, given)[1]
    return read.diagnostics


KEPT = sorted(file.stem for file in (HERE / "bad").glob("*.yaml"))
# Those without a file of their own: the example that `explain` shows.
SHOWN = {name: code for name, code in EXPLAINED.items() if name not in (*KEPT, *MADE)}
BAD = sorted([*KEPT, *MADE, *SHOWN])


@proves("A1.1", "J2")
@pytest.mark.parametrize("code", BAD)
def test_a_bad_file_gets_its_code_and_no_other(code: str) -> None:
    assert {found.code for found in diagnostics_of(code)} - BESIDE.get(code, frozenset()) == {code}


@pytest.mark.parametrize("code", BAD)
def test_what_is_said_of_a_bad_file(code: str) -> None:
    assert rendered(code) == snapshot(code).read_text("utf-8")


@proves("J2")
@pytest.mark.parametrize("code", BAD)
def test_a_diagnostic_has_a_place_a_message_and_a_hint(code: str) -> None:
    for found in diagnostics_of(code):
        assert found.hints
        assert found.message
        assert len(found.hints) <= 3
        assert all(len(text) < 500 for text in (found.message, *found.hints))
        assert (found.span is None) == (code in ("FL-W131", "FL-W132", "FL-W133")), "only typed values have no place"


AGENT_FILES = sorted(file.stem for file in (HERE / "bad").glob("*.md"))


@pytest.mark.parametrize("code", AGENT_FILES)
def test_a_bad_agent_file_is_an_entry_with_its_code(code: str) -> None:
    data = (HERE / "bad" / f"{code}.md").read_bytes()
    cards = FileCatalog(read_values, lambda: [(f"agents/{code}.md", data)], HERE / "agents").cards()
    said = next(card.problem for card in cards if card.source == f"agents/{code}.md")
    assert said.startswith(f"{code}: ")
    assert said + "\n" == snapshot(code).read_text("utf-8")


def test_a_card_that_ships_without_its_code_is_an_entry(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "scanner.md").write_bytes((HERE / "agents" / "cards" / "scanner.md").read_bytes())
    card = FileCatalog(read_values, tuple, tmp_path).find("scanner")
    assert card is not None
    assert card.problem == "FL-A007: there is no module `fairlead.agents.builtin.scanner` behind it"


def test_an_agent_file_that_is_too_large_is_an_entry() -> None:
    cards = FileCatalog(read_values, lambda: [("big.md", b"x" * 256_001)], HERE / "agents").cards()
    assert [card.problem for card in cards if card.name == "big"] == [
        "FL-A008: the file has 256,001 bytes; at most 256,000 are read"
    ]


def test_mistakes_beyond_200_are_counted() -> None:
    read = check(HEAD + "".join(f"k{n}: 1\n" for n in range(300)) + STEP)
    assert len(read.diagnostics) == 201
    last = read.diagnostics[-1]
    assert (last.code, last.message) == ("FL-W029", "100 more mistakes are not shown")
    assert read.workflow is None


def test_hints_are_worked_out_only_for_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def count(name: str, names: list[str], most: int, cutoff: float) -> list[str]:
        calls.append(len(names))
        return []

    monkeypatch.setattr(difflib, "get_close_matches", count)
    steps = "".join(f"  - {{id: step_{n}, needs: [stepp{n}], run: date}}\n" for n in range(1_000))
    assert len(check(HEAD + "flow: graph\nsteps:\n" + steps).diagnostics) == 201
    assert len(calls) == 200
    assert max(calls) == 100


def test_a_name_from_the_file_does_not_flood_the_message() -> None:
    read = check(HEAD + f"? {'k' * 5_000}\n: 1\n" + STEP.replace("date", f"echo ${{ steps.{'s' * 5_000} }}"))
    for found in read.diagnostics:
        assert all(len(text) <= 500 for text in (found.message, found.label, *found.hints))
    assert {found.code for found in read.diagnostics} == {"FL-W021", "FL-W118", "FL-E006"}


@proves("J2")
def test_every_code_of_these_families_is_said_here() -> None:
    registered = {
        code for code in all_codes() if code[3] in "WAE" and not code.startswith((*OF_AGENTS, *OF_REQUIREMENTS))
    }
    assert registered - ELSEWHERE == {*BAD, *AGENT_FILES, "FL-W139", "FL-A007", "FL-A008", "FL-W029"}


def test_examples_of_the_registry_are_whole() -> None:
    for code in all_codes().values():
        if code.code[3] in "WAE":
            assert code.why.endswith("."), code.code
            assert not code.title.endswith("."), code.code
            assert code.hint, code.code
            assert bool(code.bad) == bool(code.good) or code.code == "FL-W132", code.code


def rendered(code: str) -> str:
    shown = [found for found in diagnostics_of(code) if len(found.source) < 200]
    return "\n\n".join(render(found) for found in shown or diagnostics_of(code)) + "\n"


def snapshot(code: str) -> Path:
    return HERE / "snapshots" / f"{code}.txt"


if __name__ == "__main__":
    (HERE / "snapshots").mkdir(exist_ok=True)
    for name in BAD:
        snapshot(name).write_text(rendered(name), "utf-8")
    for name in AGENT_FILES:
        content = (HERE / "bad" / f"{name}.md").read_bytes()
        entries = FileCatalog(read_values, lambda: [("f.md", content)], HERE / "agents").cards()  # noqa: B023
        problem = next(card.problem for card in entries if card.source == "f.md")
        snapshot(name).write_text(problem + "\n", "utf-8")
