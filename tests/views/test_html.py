"""The HTML report as text: valid as the standard says, nothing of a stranger's in it as markup, everything bounded."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import html5lib
import pytest

from fairlead.agents.rules import all_rules
from fairlead.core.errors import Diagnostic
from fairlead.core.json import Json, parse
from fairlead.views.findings import Acceptance
from fairlead.views.html import html_text
from fairlead.views.html_findings import MESSAGE_CHARACTERS_MAX, STATIC_MAX
from fairlead.views.html_outputs import (
    CELL_CHARACTERS_MAX,
    CELL_LINES_MAX,
    TABLE_COLUMNS_MAX,
    TABLE_ROWS_MAX,
    TABLES_MAX,
)
from fairlead.views.html_text import Html, element, filled, joined, script_data, visible
from fairlead.views.runs import RunView
from tests.views.paper import HOSTILE, finding, hostile_run, run, step

RULES = all_rules()
ENDS = ("</script>", "</SCRIPT\t>", "<!--<script>", "]]>", "\u2028", "<!--")


def page(view: RunView, outputs: Mapping[str, Json] | None = None) -> str:
    return html_text(view, "1.0.0", RULES, outputs or {})


def data_of(html: str) -> Json:
    """The data in the page, as another program takes it out."""
    (inside,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', html, re.DOTALL)
    return parse(inside.encode())


def errors_of(html: str) -> list[object]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    parser.parse(html)
    return list(parser.errors)


@pytest.mark.parametrize("seed", range(5))
def test_every_page_is_valid_html(seed: int) -> None:
    outputs: dict[str, Json] = {"security": {"controls": [dict.fromkeys(HOSTILE, one) for one in HOSTILE]}}
    for view in (hostile_run(seed), run(), run(*(finding(number) for number in range(1, STATIC_MAX + 9)))):
        assert errors_of(page(view, outputs)) == []


def test_html_that_is_not_valid_is_noticed() -> None:
    assert errors_of(page(run(finding(1))).replace("</h4>", "</h3>", 1)) != []


def test_everything_has_one_address() -> None:
    strange = finding(3)
    strange = type(strange)(
        **{**{name: getattr(strange, name) for name in strange.__struct_fields__}, "id": "f-a b'\""}
    )
    html = page(run(finding(1), finding(2), strange, *(finding(number) for number in range(4, 70))))
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    ids = [one.get("id") for one in tree.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[\w-]+", str(one)) for one in ids)
    links = {one.get("href", "") for one in tree.iter("a")}
    assert {one[1:] for one in links if one.startswith("#")} <= set(ids)


def test_text_is_escaped_and_only_markup_is_not() -> None:
    assert joined("<b>&\"'").html == "&lt;b&gt;&amp;&quot;&#39;"
    assert element("p", "<i>", Html("<b></b>"), title='"><', hidden=True, id="").html == (
        '<p title="&quot;&gt;&lt;" hidden>&lt;i&gt;<b></b></p>'
    )
    assert joined(["a", ("b", [Html("<br>")])]).html == "ab<br>"


def test_a_slot_is_filled_once_and_never_left_open() -> None:
    assert filled("{{a}} {{b}}", {"a": joined("{{b}}"), "b": joined("x")}) == "{{b}} x"
    with pytest.raises(KeyError):
        filled("{{c}}", {})


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("a\u202eb", r"a\u202eb"),
        ("\x1b[0m\r\n", r"\e[0m\r\n"),
        ("\x00\x7f\x85", r"\0\x7f\x85"),
        ("\u200b\u2066\ufeff\u2028", r"\u200b\u2066\ufeff\u2028"),
        ("\U000e0041", r"\U000e0041"),
        ("\ue000\udcff", r"\ue000\udcff"),
        ("\tx", "    x"),
        ("größe 漢字 😀 \u00a0", "größe 漢字 😀 \u00a0"),
    ],
)
def test_what_a_reader_would_not_see_is_written_out(hidden: str, shown: str) -> None:
    assert visible(hidden) == shown


@pytest.mark.parametrize("end", ENDS)
def test_data_in_a_script_element_cannot_end_it(end: str) -> None:
    html = page(run(finding(1, message=f"a{end}b")))
    data = data_of(html)
    assert data["findings"][0]["message"] == f"a{visible(end)}b"
    assert "<" not in script_data(f'"{end}"')


def test_the_policy_names_exactly_the_scripts_and_the_style_of_the_page() -> None:
    html = page(run(finding(1)))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    inline = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in (*inline, *style)]
    assert re.findall(r"sha256-([^']+)", policy[1]) == hashes
    assert len(inline) == 2
    assert len(style) == 1
    assert policy[1].startswith("default-src 'none'; ")
    assert "unsafe" not in policy[1]
    assert not re.search(r"<[^>]* (?:style|on\w+)=", html)


def test_nothing_in_the_page_names_another_place_but_links_that_a_person_follows() -> None:
    html = page(run(finding(1)), {"security": {"score": 1}})
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    assert [one.get("src") for one in tree.iter() if one.get("src")] == []
    links = {one.get("href", "") for one in tree.iter()} - {""}
    away = {one for one in links if not one.startswith(("#", "data:"))}
    assert away == {"https://cwe.mitre.org/data/definitions/89.html"}
    assert "@import" not in html
    assert "url(" not in html


def test_the_digest_is_that_of_the_data() -> None:
    html = page(hostile_run(2))
    found = re.search(r'data-sha256="([0-9a-f]{64})">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    assert hashlib.sha256(found[2].encode()).hexdigest() == found[1]


def test_the_verdict_and_each_reason_stand_first() -> None:
    view = run(
        finding(1), finding(2, "low"), status="degraded", reasons=("ruff is missing", "the dump is ten days old")
    )
    head = html5lib.parse(page(view), namespaceHTMLElements=False).find("body/header")
    assert head is not None
    said = [" ".join("".join(one.itertext()).split()) for tag in ("h1", "p", "li") for one in head.iter(tag)]
    assert "▲ degraded Review: 1 high, 1 low" in said
    assert {"ruff is missing", "the dump is ten days old"} <= set(said)


def test_what_is_wrong_with_remembered_findings_is_said() -> None:
    html = page(run(finding(1), warnings=(Diagnostic("FL-S051", "entry 3 of .fairlead/accepted.json is none"),)))
    assert "<li>FL-S051: entry 3 of .fairlead/accepted.json is none</li>" in html
    assert "Take note" in html


def test_a_run_that_has_not_ended_says_so() -> None:
    assert "The run has not ended: more may be found." in page(run(finding(1), status="running", ended_at=0))
    assert "has not ended" not in page(run(finding(1)))


@dataclass(frozen=True)
class Place:
    """Where an excerpt is marked."""

    excerpt: str
    column: int
    end_column: int
    end_line: int
    html: str


@pytest.mark.parametrize(
    "place",
    [
        Place("    a = b", 5, 6, 0, "<mark>a</mark> = b"),
        Place("    a = b", 9, 0, 0, "a = <mark>b</mark>"),
        Place("    a = b", 7, 12, 9, "a <mark>= b</mark>"),
        Place("    a = b", 2, 3, 0, "a = b"),
        Place("    a = b", 70, 71, 0, "a = b"),
        Place("\ta<b", 3, 4, 0, "a<mark>&lt;</mark>b"),
        Place("x\u202ey", 2, 3, 0, r"x<mark>\u202e</mark>y"),
    ],
)
def test_the_place_is_marked_in_the_excerpt(place: Place) -> None:
    one = finding(1, excerpt=place.excerpt, column=place.column, end_column=place.end_column, end_line=place.end_line)
    assert f"<code>{place.html}</code>" in page(run(one))


def test_an_accepted_finding_says_by_whom_why_and_until_when_and_comes_last() -> None:
    accepted = Acceptance("A fixture.", "ada", until="2027-01-31")
    html = page(run(finding(1, "critical", accepted=accepted), finding(2, "low")))
    assert "<b>Accepted by ada until 2027-01-31</b> A fixture." in html
    assert [one["id"][-1] for one in data_of(html)["findings"]] == ["2", "1"]


def test_only_the_worst_stand_outside_of_noscript() -> None:
    view = run(*(finding(number) for number in range(1, STATIC_MAX + 2)))
    first, _, rest = page(view).partition("<noscript>")
    assert first.count('<article id="f-') == STATIC_MAX
    assert rest.partition("</noscript>")[0].count('<article id="f-') == 1


def test_long_texts_are_cut_and_say_so() -> None:
    html = page(
        run(finding(1, message="m" * MESSAGE_CHARACTERS_MAX), finding(2, message="n" * MESSAGE_CHARACTERS_MAX + "nn"))
    )
    messages = [one["message"] for one in data_of(html)["findings"]]
    assert messages == ["m" * MESSAGE_CHARACTERS_MAX, "n" * MESSAGE_CHARACTERS_MAX + "…"]


def test_outputs_become_tables() -> None:
    controls: list[Json] = [
        {
            "id": "C-1",
            "status": "fail",
            "reason": "",
            "is_new": False,
            "evidence": ["a", {"line": 3}, {"path": "ci.yml", "line": 4, "what": "unpinned"}],
        }
    ]
    html = page(
        run(steps=(step("controls"),)), {"controls": {"score": 92.5, "metrics": {"lines": 3}, "controls": controls}}
    )
    assert '<p class="score">Score <b>92.5</b></p>' in html
    assert '<td>lines</td><td class="number">3</td>' in html
    assert '<span class="shape" aria-hidden="true">✗</span> fail' in html
    assert '<th scope="col">is new</th>' in html
    assert "reason</th>" not in html, "a column that says nothing"
    assert "<li>a</li><li>line: 3</li><li><code>ci.yml:4</code> unpinned</li>" in html
    assert "Measures and controls" not in page(run(), {"other": {"findings": [], "kind": "x"}})


def test_outputs_have_a_largest_size() -> None:
    rows: list[Json] = [{f"c{number}": "x" for number in range(TABLE_COLUMNS_MAX + 1)}] * (TABLE_ROWS_MAX + 3)
    html = page(run(), {"s": {"controls": rows}})
    assert "controls (3 more rows are in the record)" in html
    assert html.count("<tr>") == TABLE_ROWS_MAX + 1
    assert (html.count('scope="col"'), f"c{TABLE_COLUMNS_MAX}<" in html) == (TABLE_COLUMNS_MAX, False)
    many: list[Json] = list(range(CELL_LINES_MAX + 2))
    html = page(run(), {"s": {"controls": [{"long": "x" * (CELL_CHARACTERS_MAX + 1), "many": many}]}})
    assert "x" * CELL_CHARACTERS_MAX + "…" in html
    assert "<li>2 more</li>" in html
    tables: dict[str, Json] = {f"t{number}": [1] for number in range(TABLES_MAX + 1)}
    assert page(run(steps=(step("s"),)), {"s": tables}).count("<table>") == TABLES_MAX
