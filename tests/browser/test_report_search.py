"""Searching, filtering, grouping and addresses: the right findings, also among ten thousand."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from playwright.sync_api import Page, expect

from fairlead.agents.rules import all_rules
from fairlead.views.findings import FindingView, selected
from fairlead.views.rules import RuleText
from fairlead.views.runs import RunView
from tests.browser.opening import Opener, report, says, shown
from tests.browser.papers import RULES, SEVERITIES, WORDS, many, small

SLICE = 100
SET = """(wanted) => {
    const $ = (id) => document.getElementById(id);
    for (const [id, value] of Object.entries(wanted.fields)) $(id).value = value;
    for (const box of $('severities').querySelectorAll('input')) box.checked = wanted.severities.includes(box.value);
    $('tools').requestSubmit();
    window.dispatchEvent(new Event('beforeprint'));
    return [Array.from(document.querySelectorAll('#list .finding'), (card) => card.id), $('count').textContent,
        Object.keys(wanted.fields).map((id) => $(id).value)];
}"""


def chosen(view: RunView, fields: dict[str, str], severities: Sequence[str]) -> list[str]:
    """What the page must list, by the selection of the command line and a plain search through the words."""
    states: dict[str, Callable[[FindingView], object]] = {
        "": lambda one: True,
        "open": lambda one: not one.accepted,
        "accepted": lambda one: one.accepted,
        "new": lambda one: one.is_new,
        "older": lambda one: not one.is_new,
    }
    found = [
        one
        for one in selected(view.findings, rule=fields["rule"], path=fields["folder"])
        if one.severity in severities
        and states[fields["state"]](one)
        and all(word in haystack(one) for word in fields["search"].lower().split())
    ]
    return [one.id for one in sorted(found, key=lambda one: 2 if one.accepted else int(one.is_new is False))]


@cache
def _rules() -> Mapping[str, RuleText]:
    return all_rules()


@cache
def haystack(one: FindingView) -> str:
    rule = _rules().get(one.rule)
    place = f"{one.path}:{one.line}:{one.column}"
    by = (one.accepted.by, one.accepted.reason) if one.accepted else ()
    words = (one.message, place, one.rule, one.id, one.excerpt, one.remedy, one.agent, *by)
    return "\n".join((*words, rule.title if rule else "", rule.cwe if rule else "")).lower()


def test_filters_and_search_give_what_the_plain_selection_gives(opener: Opener) -> None:
    seed = random.randrange(1_000_000)
    rng = random.Random(seed)
    view = many(240, seed)
    page = opener.open(report(view))
    families = sorted({rule.partition("/")[0] for rule in RULES})
    sizes = set()
    for _ in range(60):
        fields = {
            "search": " ".join(rng.sample(WORDS, rng.choice((0, 1, 1, 2)))),
            "rule": rng.choice(("", "", *RULES, *families)),
            "folder": rng.choice(("", "", "app", "app/core", "tests")),
            "state": rng.choice(("", "", "open", "accepted", "new", "older")),
            "group": rng.choice(("severity", "severity", "rule", "path", "state")),
        }
        severities = rng.choice((SEVERITIES, rng.sample(SEVERITIES, 3), rng.sample(SEVERITIES, 1)))
        ids, count, values = page.evaluate(SET, {"fields": fields, "severities": severities})
        wanted = chosen(view, fields, severities)
        assert values == list(fields.values()), "every choice is offered"
        assert sorted(ids) == sorted(wanted), (seed, fields, severities)
        if fields["group"] == "severity":
            assert ids == wanted, "worst first, older ones behind them, accepted ones last"
        everything = f"{len(wanted)} findings, worst first"
        assert count == (everything if len(wanted) == 240 else f"{len(wanted)} of 240 findings")
        sizes.add(len(wanted))
    assert len(sizes) > 10, "the choices told findings apart"


def test_groups_have_their_headings_and_numbers(opener: Opener) -> None:
    page = opener.open(report(small()))
    assert headings(page) == ["Critical 1", "High 1", "Info 1", "Older than the baseline 1", "Accepted 1"]
    page.select_option("#group", "state")
    assert headings(page) == ["New 1", "Not accepted 2", "Older 1", "Accepted 1"]
    page.select_option("#group", "rule")
    assert headings(page) == ["security/sql-injection 4", "own/rule-of-a-stranger 1"]
    page.select_option("#group", "path")
    assert [one.split(" ")[0] for one in headings(page)] == sorted(one.path for one in small().findings)
    page.click("#show-all")
    says(page, "list", "Critical 1")


def headings(page: Page) -> list[str]:
    found: list[str] = page.locator("#list h3").all_inner_texts()
    return found


def test_a_finding_has_an_address_that_opens_it(opener: Opener) -> None:
    view = many(240, seed=5)
    last = [one for one in view.findings if one.accepted][-1]
    page = opener.open(report(view), at=last.id)
    assert page.evaluate("document.activeElement.id") == last.id
    assert page.evaluate("document.activeElement.querySelector('details').open")
    assert len(shown(page)) == 240, "everything up to it is drawn"
    page.fill("#search", "nothing has these words")
    says(page, "count", "0 of 240 findings")
    first = view.findings[0]
    page.evaluate("(id) => { location.hash = id; }", first.id)
    says(page, "count", "240 findings, worst first")  # what hides it is taken away
    assert page.evaluate("document.activeElement.id") == first.id
    link = page.locator(f"#{first.id} a.id")
    assert (link.inner_text(), link.get_attribute("href")) == (first.id, f"#{first.id}")
    assert page.locator(page.locator(f"#{first.id} a.rule").get_attribute("href") or "").count() == 1


def test_a_strange_address_is_no_error(opener: Opener) -> None:
    page = opener.open(report(small()), at="f-%zz")
    assert len(shown(page)) == 5


def test_ten_thousand_findings_are_drawn_in_slices(opener: Opener) -> None:
    text = report(many(10_000, seed=6))
    assert len(text.encode()) < 20_000_000
    page = opener.open(text)
    assert page.inner_text("#count") == "10,000 findings, worst first"
    assert len(shown(page)) == SLICE
    assert page.evaluate("document.querySelectorAll('*').length") < 5_000, "what is not drawn costs nothing"
    page.click("#more-button")
    assert len(shown(page)) == 2 * SLICE
    assert page.evaluate("document.activeElement.id") == shown(page)[SLICE]
    page.fill("#search", "f37.py")
    says(page, "count", "0 of 10,000 findings")
    page.fill("#search", "app/core/deep f36.py ada")
    expect(page.locator("#count")).to_have_text(re.compile("^[1-9][0-9]* of 10,000 findings$"))
    assert len(shown(page)) == int(page.inner_text("#count").split(" ")[0])


def test_no_finding_is_no_list_and_no_tools(opener: Opener) -> None:
    page = opener.open(report(many(0, seed=7)))
    assert page.inner_text("#list") == "Nothing was found."
    assert not page.is_visible("#tools")
    assert page.inner_text("#count") == "0 findings, worst first"


def test_what_the_browser_may_not_remember_is_no_error(opener: Opener) -> None:
    forbid = (
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }});"
    )
    page = opener.open(report(small()), prepare=forbid)
    page.select_option("#theme-choice", "dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
