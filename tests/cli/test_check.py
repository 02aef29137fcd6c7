"""`check` and `schema` on the command line: what is shown, what is written, and what is not."""

from fairlead.cli.table import SCHEMA_WORDS
from tests.cli.door import Door
from tests.proves import proves

WRONG = "fairlead: 1\nname: mine\nsteps:\n  - id: a\n    run: date\n    timout: 300\n"
RIGHT = WRONG.replace("timout: 300", "timeout: 300s")
FILE = ".fairlead/workflows/mine.yaml"


@proves("A1")
def test_a_file_is_written_only_when_that_is_asked_for(clean: Door) -> None:
    clean.write(FILE, WRONG)
    shown = clean.call("check", "--fix", "--json")
    assert shown.code == 2
    [fix] = shown.json["fixes"]
    assert (fix["file"], fix["codes"], fix["is_written"]) == (FILE, ["FL-W021", "FL-W026"], False)
    assert fix["changes"].splitlines()[-2:] == ["-    timout: 300", "+    timeout: 300s"]
    assert (clean.root / FILE).read_text() == WRONG
    written = clean.call("check", "--write", "--json")
    assert written.code == 0
    assert written.json["fixes"][0]["is_written"]
    assert (clean.root / FILE).read_text() == RIGHT


def test_a_workflow_that_ships_is_checked_and_never_written(clean: Door) -> None:
    answer = clean.call("check", "review", "--fix", "--write", "--json")
    assert (answer.code, answer.json["fixes"], answer.json["diagnostics"]) == (0, [], [])


def test_what_several_files_name_is_checked_together(clean: Door) -> None:
    head = "fairlead: 1\nname: {}\nrequirements: r.yaml\nsteps:\n"
    clean.write(".fairlead/workflows/one.yaml", head.format("one") + "  - {id: a, workflow: two, satisfies: [R-1]}\n")
    clean.write(".fairlead/workflows/two.yaml", head.format("two") + "  - {id: a, workflow: one, satisfies: [R-2]}\n")
    clean.write("r.yaml", "- {id: R-1, title: Fast, depends_on: [R-9]}\n")
    found = clean.call("check", "--json").json["diagnostics"]
    assert [(one["code"], one["file"].rpartition("/")[2]) for one in found] == [
        ("FL-W138", "one.yaml"),
        ("FL-W138", "two.yaml"),
        ("FL-W303", "two.yaml"),
        ("FL-W301", "r.yaml"),
    ]


def test_the_list_of_schemas_is_the_list_of_words(clean: Door) -> None:
    listed = clean.call("schema", "--json").json["schemas"]
    assert tuple(one["name"] for one in listed) == SCHEMA_WORDS
