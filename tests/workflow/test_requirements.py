"""A requirements file becomes records in each of its forms, and every mistake in it is said with its place."""

import random
from pathlib import Path

import pytest

from fairlead.core.requirements import REQUIREMENTS_MAX, Requirement
from fairlead.workflow.requirements import LISTED_MAX, check_satisfies, read_requirements
from fairlead.workflow.source import Source
from fairlead.workflow.yaml_tree import Node, read_tree
from tests.proves import proves
from tests.workflow.samples import HERE, render, underlined

LIST = """\
# what was asked for
- id: REQ-SEC-1
  title: No new high or critical findings
  description: Measured against the base of the branch.
  kind: technical
  priority: critical
  acceptance:
    - The scanner reports none.
    - An accepted finding counts for nothing.
  depends_on: [REQ-1]
  deliverables: [docs/security.md]
- id: REQ-1
  name: Existing behaviour is kept
  acceptance: All tests pass.
  x-owner: ada
- Secrets are rotated yearly
"""
READ = (
    Requirement(
        "REQ-SEC-1",
        "No new high or critical findings",
        "Measured against the base of the branch.",
        "technical",
        "critical",
        ("The scanner reports none.", "An accepted finding counts for nothing."),
        ("REQ-1",),
        ("docs/security.md",),
    ),
    Requirement("REQ-1", "Existing behaviour is kept", acceptance=("All tests pass.",)),
    Requirement("REQ-001", "Secrets are rotated yearly"),
)


def read(text: str | bytes) -> tuple[Requirement, ...]:
    found = read_requirements("requirements.yaml", text.encode() if isinstance(text, str) else text)
    assert found.diagnostics == ()
    return found.requirements


def said(text: str | bytes) -> list[str]:
    found = read_requirements("requirements.yaml", text.encode() if isinstance(text, str) else text)
    return [f"{one.code} {one.message}" for one in found.diagnostics]


def test_a_list_is_read() -> None:
    assert read(LIST) == READ


def test_yaml_and_json_are_one_tree_with_or_without_a_mark() -> None:
    data = b'[{"id": "REQ-1", "title": "Kept", "depends_on": ["REQ-2"]}, {"id": "REQ-2", "title": "Fast"}]'
    found = read(data)
    assert found == read("- {id: REQ-1, title: Kept, depends_on: REQ-2}\n- {id: REQ-2, title: Fast}\n")
    assert read(b"\xef\xbb\xbf" + data.replace(b", ", b",\r\n")) == found


def test_a_mapping_of_ids_is_read() -> None:
    text = "REQ-1: Existing behaviour is kept\nREQ-2:\n  title: Fast\n  id: REQ-2\n  depends_on: [REQ-1]\nx-note: 1\n"
    assert read(text) == (
        Requirement("REQ-1", "Existing behaviour is kept"),
        Requirement("REQ-2", "Fast", depends_on=("REQ-1",)),
    )


def test_missing_ids_are_numbered_by_kind_around_those_that_are_taken() -> None:
    features = "features:\n  - One\n  - {id: REQ-002, title: Two}\n  - Three\n"
    found = read(features + "technical:\n  - Four\n  - {title: Five, priority: low}\n")
    assert [one.id for one in found] == ["REQ-001", "REQ-002", "REQ-003", "TECH-001", "TECH-002"]
    assert [(one.kind, one.priority) for one in found[2:]] == [
        ("feature", "medium"),
        ("technical", "high"),
        ("technical", "low"),
    ]
    assert [one.id for one in read("requirements: [{title: A, kind: technical}, B]\n")] == ["TECH-001", "REQ-001"]


BAD = {
    "FL-W300": "- {id: REQ-1, title: Fast}\n- {id: REQ-1, title: Safe}\n",
    "FL-W301": "- {id: REQ-1, title: Fast, depends_on: [REQ-2, REQ-9x]}\n- {id: REQ-2, title: Measured}\n",
    "FL-W302": (
        "- {id: A, title: a, depends_on: [B]}\n- {id: B, title: b, depends_on: [C, D]}\n"
        "- {id: C, title: c, depends_on: [A]}\n- {id: D, title: d, depends_on: [D]}\n"
    ),
    "FL-W305": "- {id: REQ-1, title: Fast, name: Quick}\n",
    "FL-W014": "# nothing\n",
    "FL-W020": "- [REQ-1]\n- 7\n- {title: A, acceptance: {a: 1}, description: 7}\n",
    "FL-W021": "- {id: REQ-1, title: A, prioriti: high}\n- {id: REQ-2, title: B, status: met}\n",
    "FL-W023": "- {id: REQ-1, description: no title}\n",
    "FL-W024": "- {id: REQ-1, title: A, priority: urgent, kind: tecnical}\n",
    "FL-W025": "- {id: 1st thing, title: A}\n- {id: '€', title: B}\n",
    "FL-W028": f"- {{id: REQ-1, title: {'x' * 257}}}\n",
}


@pytest.mark.parametrize("code", BAD)
def test_what_is_said_of_a_bad_file(code: str) -> None:
    found = read_requirements(f"{code}.yaml", BAD[code].encode())
    assert {one.code for one in found.diagnostics} == {code}
    assert all(one.hints and one.span is not None for one in found.diagnostics)
    text = "\n\n".join(render(one) for one in found.diagnostics) + "\n"
    assert text == (HERE / "snapshots" / "requirements" / f"{code}.txt").read_text("utf-8")


@proves("D1")
def test_duplicates_unknown_dependencies_and_circles_are_refused_at_their_place() -> None:
    for code, text in (("FL-W300", "REQ-1"), ("FL-W301", "REQ-9x"), ("FL-W302", "B")):
        first = read_requirements("r.yaml", BAD[code].encode()).diagnostics[0]
        assert underlined(first) == text


def test_a_list_under_a_wrong_name_is_no_requirement() -> None:
    assert said("feature:\n  - Fast\n") == ["FL-W021 a requirements file has no list `feature`"]
    assert said("features: []\nrequirement: []\n") == ["FL-W021 a requirements file has no key `requirement`"]
    assert said("seven\n") == ["FL-W020 `requirements`: expected a list or a mapping, this is text"]


def test_what_can_be_read_is_read_in_spite_of_mistakes() -> None:
    found = read_requirements("r.yaml", b"- {id: REQ-1, title: A, priority: urgent}\n- {id: REQ-2, title: B}\n")
    assert [one.id for one in found.requirements] == ["REQ-1", "REQ-2"]
    assert len(found.diagnostics) == 1


def test_limits_are_reached_and_said() -> None:
    whole = "".join(f"- t{n}\n" for n in range(REQUIREMENTS_MAX))
    assert len(read(whole)) == REQUIREMENTS_MAX
    assert said(whole + "- one more\n") == ["FL-W304 the file holds 2,001 requirements; at most 2,000 are read"]
    many = ", ".join(["x"] * (LISTED_MAX + 1))
    assert said(f"- {{title: A, acceptance: [{many}]}}\n") == [
        "FL-W304 `acceptance` has 101 entries; at most 100 are read"
    ]


def test_a_chain_of_two_thousand_and_its_circle_need_no_deep_stack() -> None:
    chain = "".join(f"- {{id: R{n}, title: t, depends_on: [R{n + 1}]}}\n" for n in range(REQUIREMENTS_MAX - 1))
    last = f"- {{id: R{REQUIREMENTS_MAX - 1}, title: t%s}}\n"
    assert len(read(chain + last % "")) == REQUIREMENTS_MAX
    [circle] = said(chain + last % ", depends_on: [R0]")
    assert circle.startswith("FL-W302 requirements wait for each other: R0 → R1 → R2")


def claims(text: str) -> tuple[list[Node], Source]:
    tree, source = read_tree("w.yaml", text.encode())
    assert tree is not None
    return tree.entries["satisfies"].value.items, source


def test_a_claim_must_name_a_requirement() -> None:
    nodes, source = claims("satisfies: [REQ-SEC-1, REQ-SEC1, REQ-Q]\n")
    check_satisfies(nodes, ["REQ-SEC-1", "REQ-CORE-2"], source)
    found = source.diagnostics
    assert [underlined(one) for one in found] == ["REQ-SEC1", "REQ-Q"]
    assert {one.code for one in found} == {"FL-W303"}
    assert found[0].hints == ("did you mean `REQ-SEC-1`?",)
    assert found[1].hints == ("add it to the requirements file, or remove it here",)


def test_a_claim_without_a_requirements_file_is_shown_to_nobody() -> None:
    nodes, source = claims("satisfies: [REQ-1]\n")
    check_satisfies(nodes, None, source)
    [found] = source.diagnostics
    assert found.message == "`REQ-1` is claimed, but the workflow names no requirements file"


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_never_gives_a_traceback(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(LIST.encode())
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(data))
        match chance.randrange(3):
            case 0:
                del data[at : at + chance.randint(1, 30)]
            case 1:
                data[at] = chance.randrange(256)
            case _:
                data[at:at] = chance.choice(
                    [b"[", b"{", b"- ", b"null", b": ", b"\n", b"\t", b"&a ", b"*a", b"7", b"'"]
                )
    found = read_requirements("r.yaml", bytes(data))
    assert all(one.code.startswith("FL-W") for one in found.diagnostics), (seed, found.diagnostics)
    assert found.requirements or found.diagnostics, seed


if __name__ == "__main__":  # writes the snapshots anew; look at the difference before you keep it
    folder: Path = HERE / "snapshots" / "requirements"
    folder.mkdir(exist_ok=True)
    for name, text in BAD.items():
        shown = read_requirements(f"{name}.yaml", text.encode()).diagnostics
        (folder / f"{name}.txt").write_text("\n\n".join(map(render, shown)) + "\n", "utf-8")
