"""A people file becomes records, and every mistake in it is said with its place."""

import random
import sys

import pytest

from fairlead.core.people import PEOPLE_MAX, Person
from fairlead.workflow.people import read_people
from tests.proves import proves

FILE = """\
people:
  ann: {user: ann.lee, teams: [security], roles: [maintainer]}
  bob:
    teams: [security, ops]
    x-desk: 4
  eve: {}
x-owner: ann
"""
READ = (
    Person("ann", "ann.lee", ("security",), ("maintainer",)),
    Person("bob", "bob", ("security", "ops")),
    Person("eve", "eve"),
)


def test_a_file_is_read_in_yaml_and_in_json() -> None:
    assert read_people("people.yaml", FILE.encode()) == (READ, ())
    text = '{"people": {"ann": {"user": "ann.lee", "teams": ["security"], "roles": ["maintainer"]}}}'
    assert read_people("people.json", text.encode()) == (READ[:1], ())


@proves("E2.12")
@pytest.mark.parametrize(
    ("text", "code", "line", "said"),
    [
        ("", "FL-W014", 1, "empty"),
        ("- ann\n", "FL-W020", 1, "a list"),
        ("x-only: 1\n", "FL-W023", 1, "no `people`"),
        ("poeple: {}\n", "FL-W021", 1, "did you mean `people`?"),
        ("people: [ann]\n", "FL-W020", 1, "a list"),
        ("people:\n  ann:\n", "FL-W020", 2, "empty"),
        ("people:\n  ann:\n    team: [a]\n", "FL-W021", 3, "did you mean `teams`?"),
        ("people:\n  ann: {roles: maintainer}\n", "FL-W020", 2, "write `[maintainer]`"),
        ("people:\n  ann: {user: 7}\n", "FL-W020", 2, "the number 7"),
        ("people:\n  ann: {}\n  bob: {user: ann}\n", "FL-P040", 3, "the first is at line 2, column 3"),
        ("people:\n  ann b: {}\n", "FL-P042", 2, "`ann b`"),
        ("people:\n  ann: {teams: [the guards]}\n", "FL-P042", 2, "`the guards`"),
        ("people:\n  ann: {teams: [a, a]}\n", "FL-W115", 2, "twice"),
        ("people:\n  ann: {user: '${ env.USER }'}\n", "FL-E007", 2, "${"),
        ("people:\n  ann: {}\n  ann: {}\n", "FL-W003", 3, "ann"),
    ],
)
def test_a_mistake_is_said_with_its_place(text: str, code: str, line: int, said: str) -> None:
    (found,) = read_people("people.yaml", text.encode()).diagnostics
    assert (found.code, found.span and found.span.line) == (code, line)
    assert said in f"{found.message} {found.hints} {found.label}"


def test_more_people_than_are_read_are_refused() -> None:
    lines = "".join(f"  p{number}: {{}}\n" for number in range(PEOPLE_MAX))
    assert len(read_people("p.yaml", f"people:\n{lines}".encode()).people) == PEOPLE_MAX
    found = read_people("p.yaml", f"people:\n{lines}  one: {{}}\n".encode())
    assert [one.code for one in found.diagnostics] == ["FL-P041"]
    assert found.people == ()


def test_mutated_files_get_codes_and_never_an_exception() -> None:
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    chance = random.Random(seed)
    for _ in range(150):
        data = bytearray(FILE.encode())
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 3)] = chance.choice((b"", b"\t", b"{", b"]", b":", b"\xff", b"- ", b"'"))
        read = read_people("people.yaml", bytes(data))
        assert all(one.code and one.span is not None for one in read.diagnostics)
