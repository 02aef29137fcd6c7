"""Foreign text in the report stays text, and the report says itself whether its data is what was written."""

from typing import Any

import pytest

from tests.browser.opening import Opener, report, says, shown
from tests.browser.papers import OUTPUTS, many, small
from tests.proves import proves
from tests.views.paper import finding, hostile_run, run, step

PLANTED = (
    "<script>window.planted = 1</script>",
    "</script><script>window.planted = 1</script>",
    "</noscript><img src=x onerror='window.planted = 1'>",
    "<!--<script>",
    "--><svg onload=window.planted=1>",
    '"><img src=x onerror=window.planted=1>',
    "' autofocus onfocus='window.planted = 1' tabindex=1 x='",
    "javascript:window.planted=1",
    "{{script}}</style><style>body{display:none}</style>",
    "&lt;img src=x onerror=window.planted=1&gt;",
    "\u202e\u2066gnp.exe\u2069\x1b[31m\x00\x08\ufeff\u2028\u200b",
    "</title></textarea></template><iframe srcdoc='<script>parent.planted=1</script>'>",
)
ELEMENTS = "Array.from(document.querySelectorAll('*'), (one) => one.localName)"
HANDLERS = """Array.from(document.querySelectorAll('*')).flatMap((one) => Array.from(one.attributes))
    .filter((one) => one.name.startsWith('on') || one.name === 'style' || one.name.startsWith('src')
        || (one.name === 'href' && !/^(#|data:,$|https:\\/\\/cwe\\.mitre\\.org\\/data\\/)/.test(one.value))).length"""


def planted() -> Any:  # a run
    everywhere = [
        finding(
            number,
            rule=f"x/{text}",
            path=text,
            message=text,
            remedy=text,
            reason=text,
            excerpt=f"a {text}",
            column=1 + number,
            end_column=3 + number,
            agent=text,
            origin=(text,),
            commit=text,
        )
        for number, text in enumerate(PLANTED, start=1)
    ]
    steps = tuple(
        step(f"{number} {text}", "degraded", degraded=(text,), summary=text) for number, text in enumerate(PLANTED)
    )
    more = {
        "title": PLANTED[0],
        "baseline": PLANTED[1],
        "branch": PLANTED[2],
        "labels": dict(zip(PLANTED, PLANTED, strict=True)),
    }
    return run(*everywhere, steps=steps, status="degraded", reasons=PLANTED, **more)


@proves("J1.7")
@pytest.mark.parametrize("has_script", [True, False])
def test_planted_markup_stays_text(opener: Opener, has_script: bool) -> None:
    outputs = {
        f"0 {PLANTED[0]}": {"controls": [dict.fromkeys(PLANTED, text) for text in PLANTED], PLANTED[3]: list(PLANTED)}
    }
    page = opener.open(report(planted(), outputs), java_script_enabled=has_script)
    text = page.inner_text("body")
    assert all(one in text for one in PLANTED if one.isprintable())
    assert r"\u202e\u2066gnp.exe\u2069\e[31m\0\x08\ufeff\u2028\u200b" in text
    assert not any(hidden in text for hidden in "\u202e\u2066\u2069\x1b\x00\ufeff\u2028\u200b")
    if has_script:
        for one in shown(page):
            page.evaluate("(id) => { location.hash = id; }", one)
        says(page, "integrity-verdict", "data whole")
        assert page.evaluate("window.planted") is None
        names = page.evaluate(ELEMENTS)
        assert (names.count("script"), names.count("style"), names.count("title")) == (3, 1, 1)
        assert not {"img", "svg", "iframe", "textarea", "template", "object"} & set(names)
        assert page.evaluate(HANDLERS) == 0


def test_no_text_of_a_stranger_makes_an_element(opener: Opener) -> None:
    for seed in (1, 2):
        page = opener.open(report(hostile_run(seed)))
        assert len(shown(page)) == 29
        assert page.evaluate(HANDLERS) == 0
        assert page.evaluate(ELEMENTS).count("script") == 3


def test_the_page_forbids_every_other_script_and_every_request(opener: Opener) -> None:
    page = opener.open(report(small()))
    assert opener.complaints == []
    tried = page.evaluate(
        """async () => {
            const refused = [];
            try { document.body.innerHTML = '<p>'; } catch { refused.push('innerHTML'); }
            const one = document.createElement('script');
            try { one.text = 'window.planted = 1'; document.body.append(one); } catch { refused.push('script'); }
            try { await fetch('https://fairlead.example/'); } catch { refused.push('fetch'); }
            return refused;
        }"""
    )
    assert (tried, page.evaluate("window.planted")) == (["innerHTML", "script", "fetch"], None)
    assert not [one for one in opener.complaints if one.startswith("request: ")], (
        "it was refused before it was a request"
    )
    opener.complaints.clear()  # the browser says aloud what it refuses


def test_data_that_is_whole_is_said_to_be(opener: Opener) -> None:
    page = opener.open(report(hostile_run(1), OUTPUTS))
    says(page, "integrity-verdict", "data whole: compared just now")
    assert page.inner_text("#damage") == ""


@proves("J1.7")
def test_one_changed_letter_is_noticed(opener: Opener) -> None:
    text = report(small())
    head, mark, data = text.rpartition('<script type="application/json"')
    changed = head + mark + data.replace('"severity":"critical"', '"severity":"low"', 1)
    page = opener.open(changed)
    says(page, "integrity-verdict", "data damaged")
    assert "This file is damaged" in page.inner_text("#damage")


def test_data_that_cannot_be_read_is_said_and_the_worst_findings_stay(opener: Opener) -> None:
    text = report(many(60, seed=8))
    head, mark, data = text.rpartition('<script type="application/json"')
    page = opener.open(head + mark + data.replace('"findings":[', '"findings":', 1))
    assert "its data cannot be read" in page.inner_text("#damage")
    assert len(shown(page)) == 50
    assert "The worst 50 are listed" in page.inner_text("#partial")


def test_a_browser_that_cannot_compare_says_so(opener: Opener) -> None:
    page = opener.open(report(small()), prepare="Object.defineProperty(crypto, 'subtle', {value: undefined});")
    says(page, "integrity-verdict", "not compared: this browser compares only")
    assert page.inner_text("#damage") == ""
