"""The summary of a CI step: what is wrong comes first, foreign text is text, and it is never larger than is taken."""

import pytest
from markdown_it import MarkdownIt

from fairlead.views.findings import Acceptance
from fairlead.views.summary import BYTES_MAX, summary_text
from tests.views.paper import finding, hostile_run, run, step

LINK = "https://github.com/o/r/blob/abc"


def links(text: str) -> list[str]:
    """Where the links of a page lead, as a Markdown reader sees them."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    inner = [child for token in tokens for child in token.children or ()]
    assert not [one for one in (*tokens, *inner) if one.type in ("html_block", "html_inline", "image")]
    return [str(one.attrs["href"]) for one in inner if one.type == "link_open"]


@pytest.mark.parametrize("seed", range(20))
def test_foreign_text_makes_no_markup_and_no_link_but_ours(seed: int) -> None:
    view = hostile_run(seed)
    text = summary_text(view, 3, link=LINK)
    assert all(link.startswith(LINK + "/") for link in links(text)), text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {5}


def test_it_says_verdict_reasons_places_and_what_to_type() -> None:
    view = run(
        finding(1, path="app/a (b).py", is_new=True),
        finding(2, "low", accepted=Acceptance("known", "ada")),
        steps=(step("security", "degraded", degraded=("ruff is missing",)),),
        status="degraded",
        reasons=("security: ruff is missing",),
        baseline="origin/main @ 4f2c1e9",
    )
    text = summary_text(view, 1, link=LINK, has_annotations=True)
    assert "## ✗ Review: 1 high" in text
    assert "**1 finding reaches the limit**" in text
    assert "- security: ruff is missing" in text
    assert "compared with origin/main \\@ 4f2c1e9" in text
    assert links(text) == [f"{LINK}/app/a%20%28b%29.py#L1"]
    assert "**new** high" in text
    assert "1 accepted and not shown: `fairlead findings list --run r-paper`" in text
    assert "annotated" not in text


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("running", "fairlead resume r-paper"),
        ("failed", "fairlead logs r-paper"),
        ("succeeded", "fairlead findings show ID --run r-paper"),
    ],
)
def test_the_last_line_says_what_to_type(status: str, says: str) -> None:
    assert says in summary_text(run(status=status), 0).splitlines()[-1]


def test_what_is_not_annotated_is_counted() -> None:
    view = run(*(finding(number) for number in range(1, 31)))
    assert "10 of 30 findings are annotated" in summary_text(view, 30, has_annotations=True)
    assert "annotated" not in summary_text(view, 30)


@pytest.mark.parametrize("bytes_max", [BYTES_MAX, 100_000, 4_000])
def test_it_is_cut_aloud_at_its_limit_and_keeps_the_worst(bytes_max: int) -> None:
    low = [finding(number, "low", message="漢" * 200) for number in range(1, 2_000)]
    text = summary_text(run(*low, finding(5_000, "critical")), 0, link=LINK, bytes_max=bytes_max)
    assert len(text.encode()) <= bytes_max
    assert "f5000.py" in text
    shown = text.count("| low |")
    assert f"**{1_999 - shown} more** do not fit here" in text
    assert text.splitlines()[-1].startswith("One finding with its code")


def test_steps_that_fill_the_page_alone_are_counted_too() -> None:
    steps = tuple(step(f"s{number}", summary="x" * 300) for number in range(400))
    text = summary_text(run(finding(1), steps=steps), 1, bytes_max=20_000)
    assert len(text.encode()) <= 20_000
    assert "too many for this page" in text
    assert "f1.py" in text
