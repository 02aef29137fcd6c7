"""The slips of a first file: what is said leads on to the line that is right."""

import pytest

from fairlead.workflow import ReadWorkflow, read_workflow


def read(steps: str, flow: str = "sequence") -> ReadWorkflow:
    text = f"fairlead: 1\nname: first\nflow: {flow}\nsteps:\n{steps}"
    return read_workflow("first.yaml", text.encode())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("""["a.py", 'b.py', c.py]""", """'["a.py", "b.py", "c.py"]'"""),
        ("""["it's.py", 3]""", """'["it''s.py", 3]'"""),
        ("[]", "'[]'"),
    ],
)
def test_a_list_where_an_expression_belongs_is_put_in_quotes(written: str, meant: str) -> None:
    step = "  - id: a\n    run: wc -l ${ item }\n    each: "
    found = read(f"{step}{written}\n")
    (said,) = found.diagnostics
    assert said.code == "FL-W020"
    assert "put the whole list in quotes" in said.hints[0]
    ((_, edit),) = found.edits
    mended = found.text[: edit.start] + edit.text + found.text[edit.end :]
    assert mended.endswith(f"each: {meant}\n")
    assert read_workflow("first.yaml", mended.encode()).diagnostics == ()


@pytest.mark.parametrize("written", ['["${ inputs.name }"]', "[[1], [2]]", "\n      - a\n      - b"])
def test_a_list_that_is_more_than_words_is_left_to_its_author(written: str) -> None:
    found = read(f"  - id: a\n    run: wc -l ${{ item }}\n    each: {written}\n")
    assert found.diagnostics[0].code == "FL-W020"
    assert found.edits == ()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("  - id: ask\n    approve: Release?\n", "for example `title:`"),
        ("  - id: l\n    loop:\n      - id: x\n        run: date\n", "for example `steps:`"),
    ],
)
def test_a_value_where_keys_belong_is_told_a_key(step: str, said: str) -> None:
    (found,) = read(step).diagnostics
    assert found.code == "FL-W020"
    assert said in found.hints[0]


def test_a_reference_that_has_the_id_right_is_not_sent_back_to_the_wrong_one() -> None:
    steps = "  - id: list-files\n    run: date\n  - id: b\n    run: date\n    needs: [{}]\n"
    found = read(steps.replace("{}", "list_files"), "graph")
    assert [one.code for one in found.diagnostics] == ["FL-W101"]
    found = read(steps.replace("{}", "list_filse"), "graph")
    assert [one.code for one in found.diagnostics] == ["FL-W101", "FL-W107"]
