"""The report is for everybody: by axe-core, narrow, enlarged, in both themes, by keyboard, without its script."""

from typing import Any

import pytest

from tests.browser.opening import Opener, report, says, shown, violations
from tests.browser.papers import OUTPUTS, many, small
from tests.proves import proves
from tests.views.paper import hostile_run

WAYS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "320 pixels": {"viewport": {"width": 320, "height": 640}},
    "zoom 200 %": {"viewport": {"width": 550, "height": 400}, "device_scale_factor": 2},
}
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ABOUT_CARDS = "Array.from(document.querySelectorAll('#list .finding'), (card) => card.outerHTML)"


@proves("J1.6")
@pytest.mark.parametrize("way", WAYS)
def test_axe_has_nothing_against_it(opener: Opener, way: str) -> None:
    page = opener.open(report(small(), OUTPUTS), **WAYS[way])
    says(page, "integrity-verdict", "data whole")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert violations(page) == []
    page.keyboard.press("?")
    assert violations(page, "#help") == []


@pytest.mark.parametrize("font", ["100%", "200%"])
def test_nothing_has_to_be_scrolled_sideways(opener: Opener, font: str) -> None:
    for view in (small(), hostile_run(7)):
        page = opener.open(report(view, OUTPUTS), viewport={"width": 320, "height": 640})
        page.evaluate("(font) => { document.documentElement.style.fontSize = font; }", font)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert page.evaluate(SIDEWAYS) == 0


def test_keys_search_walk_open_and_close(opener: Opener) -> None:
    page = opener.open(report(many(150, seed=1)))
    focused = "document.activeElement.id"
    page.keyboard.press("j")
    first, second, *_ = shown(page)
    assert page.evaluate(focused) == first
    page.keyboard.press("j")
    assert page.evaluate(focused) == second
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.querySelector('details').open")
    page.keyboard.press("Escape")
    assert not page.evaluate("document.activeElement.querySelector('details').open")
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert page.evaluate(focused) == first
    page.keyboard.press("/")
    assert page.evaluate(focused) == "search"
    page.keyboard.type("j?k")
    says(page, "count", "0 of 150 findings")
    page.keyboard.press("Escape")
    says(page, "count", "150 findings, worst first")
    page.keyboard.press("Escape")
    assert page.evaluate(focused) != "search"
    page.keyboard.press("?")
    assert page.evaluate("document.getElementById('help').open")
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    assert not page.evaluate("document.getElementById('help').open")
    assert len(shown(page)) == 100
    for _ in range(100):
        page.keyboard.press("j")
    assert page.evaluate(focused) == shown(page)[100], "walking on draws what is needed"


def test_single_keys_can_be_switched_off(opener: Opener) -> None:
    page = opener.open(report(small()))
    page.click("#help-button")
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "search"
    page.reload()
    assert not page.is_checked("#keys-on")


def test_a_chosen_theme_stays_and_stands_before_the_page_is_drawn(opener: Opener) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    # The body does not exist yet when the theme is set: nothing can have been painted in another one.
    watch = """new MutationObserver(() => { window.themed ??= document.body === null; })
        .observe(document, {attributes: true, subtree: true, attributeFilter: ['data-theme']});"""
    page = opener.open(report(small()), prepare=watch)
    light = page.evaluate(ground)
    page.select_option("#theme-choice", "dark")
    dark = page.evaluate(ground)
    page.reload()
    assert (page.evaluate(ground), page.input_value("#theme-choice")) == (dark, "dark")
    assert page.evaluate("window.themed") is True
    page.select_option("#theme-choice", "")
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == dark
    page.select_option("#theme-choice", "light")
    assert page.evaluate(ground) == light != dark


def test_motion_is_for_those_who_want_it(opener: Opener) -> None:
    page = opener.open(report(small()), reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "smooth"


def test_paper_gets_everything_and_no_tools(opener: Opener) -> None:
    page = opener.open(report(many(150, seed=2)))
    page.emulate_media(media="print", color_scheme="dark")
    assert page.pdf()[:5] == b"%PDF-"
    assert len(shown(page)) == 150
    assert not page.is_visible("#tools")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@proves("J1.6")
def test_without_its_script_everything_is_there_to_read(opener: Opener) -> None:
    view = many(120, seed=3)
    page = opener.open(report(view, OUTPUTS), java_script_enabled=False)
    text = page.inner_text("main")
    assert page.locator(".finding:visible").count() == 120
    assert all(one.id in text and one.message in text and one.path in text for one in view.findings)
    assert "Actions are pinned" in text
    assert [page.is_visible(name) for name in ("#tools", "#settings", "#partial", "#more")] == [False] * 4
    page.goto(f"{page.url}#{view.findings[-1].id}")
    assert page.locator(".finding:target").count() == 1


def test_the_script_draws_the_same_cards_as_the_page_brings(opener: Opener) -> None:
    for view in (small(), hostile_run(3)):
        # Where the script stops at once, the cards of the page stay.
        brought = opener.open(report(view), prepare="JSON.parse = () => { throw new Error('no'); };")
        drawn = opener.open(report(view))
        assert drawn.inner_text("#count").startswith(f"{len(view.findings)} findings")
        assert drawn.evaluate(ABOUT_CARDS) == brought.evaluate(ABOUT_CARDS)
        assert drawn.inner_text("#list") == brought.inner_text("#list")
