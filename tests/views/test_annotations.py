"""Annotations as GitHub's runner reads them: nothing but what was meant, the worst first, never more than it shows."""

from collections import Counter

import pytest

from fairlead.core.findings import path_text
from fairlead.views.annotations import SHOWN_OF_A_LEVEL_MAX, annotations
from fairlead.views.findings import Acceptance
from tests.proves import proves
from tests.views import log_readers
from tests.views.paper import HOSTILE, finding, hostile_run, run


@pytest.mark.parametrize("seed", range(30))
def test_the_runner_reads_one_annotation_in_each_line_and_nothing_else(seed: int) -> None:
    view = hostile_run(seed)
    lines = annotations(view)
    read = log_readers.github("\n".join(lines))
    assert len(read) == len(lines)
    assert {one.name for one in read} <= {"error", "warning", "notice"}
    assert max(Counter(one.name for one in read).values()) <= SHOWN_OF_A_LEVEL_MAX
    ids = {one.id for one in view.findings if one.accepted is not None}
    assert not [one for one in read if any(one.data.endswith(name) for name in ids)]


@pytest.mark.parametrize("text", HOSTILE[:5] + HOSTILE[10:18])
def test_texts_come_back_as_they_were(text: str) -> None:
    one = finding(1, rule=text or "x", message=text, path=path_text(text.strip() or "a"))
    (read,) = log_readers.github("\n".join(annotations(run(one))))
    if text.isprintable():
        assert read.data.split("\n")[0] == (text or "mend it")
        assert read.properties["title"] == f"high: {text or 'x'}"
        assert read.properties["file"].lstrip("=") == (text.strip() or "a").lstrip("=")


def test_a_path_with_line_breaks_commas_and_colons_names_its_file() -> None:
    name = "a,b::c%0A/new\nline\r.py"
    (read,) = log_readers.github("\n".join(annotations(run(finding(1, path=path_text(name))))))
    assert read.properties["file"] == name


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"line": 3, "column": 5, "end_column": 9}, {"line": "3", "col": "5", "endColumn": "9"}),
        ({"line": 3, "column": 5, "end_column": 0}, {"line": "3", "col": "5"}),
        ({"line": 3, "end_line": 6}, {"line": "3", "endLine": "6"}),
        ({"line": 0}, {}),
    ],
)
def test_places_are_told_as_github_takes_them(more: dict[str, object], expected: dict[str, str]) -> None:
    (read,) = log_readers.github("\n".join(annotations(run(finding(1, **more)))))  # type: ignore[arg-type]  # keywords of a test
    place = {key: value for key, value in read.properties.items() if key not in ("file", "title")}
    assert place == expected


def test_a_finding_of_the_history_claims_no_line_of_today() -> None:
    (read,) = log_readers.github("\n".join(annotations(run(finding(1, commit="0123456789abcdef")))))
    assert set(read.properties) == {"title"}
    assert read.data.startswith("app/f1.py @ 012345678: finding 1")


@proves("J1.3")
def test_ten_of_a_level_are_shown_new_ones_first_then_the_worst_and_accepted_ones_never() -> None:
    old = [finding(number, "critical", is_since_previous=False) for number in range(1, 9)]
    new = [finding(number, "high", is_since_previous=True) for number in range(11, 16)]
    older = [finding(number, "critical", is_new=False) for number in (51, 52)]
    accepted = [finding(number, "critical", is_new=True, accepted=Acceptance("known", "ada")) for number in (21, 22)]
    others = [finding(number, severity) for number in range(31, 43) for severity in ("medium", "low")]
    read = log_readers.github("\n".join(annotations(run(*old, *new, *older, *accepted, *others))))
    assert Counter(one.name for one in read) == {"error": 10, "warning": 10, "notice": 10}
    lines = [int(one.properties["line"]) for one in read if one.name == "error"]
    assert lines == [11, 12, 13, 14, 15, 1, 2, 3, 4, 5]


def test_a_degraded_run_says_so_within_the_ten_warnings() -> None:
    medium = [finding(number, "medium") for number in range(1, 13)]
    read = log_readers.github("\n".join(annotations(run(*medium, status="degraded", reasons=("a: old data",)))))
    assert len(read) == SHOWN_OF_A_LEVEL_MAX
    assert (read[0].properties["title"], read[0].data) == ("fairlead: r-paper is degraded", "a: old data")
