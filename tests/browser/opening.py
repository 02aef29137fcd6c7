"""Opening a report in a real browser, from a file, where every request and every complaint is written down."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]  # only its copy of axe-core is taken
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from fairlead.agents.rules import all_rules
from fairlead.core.json import Json
from fairlead.views.html import html_text
from fairlead.views.rules import RuleText
from fairlead.views.runs import RunView

FLAGS = (
    "--no-sandbox",  # for root, and in containers without user namespaces
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = {"width": 1100, "height": 800}


class Opener:
    """Opens texts as files, each in a browser profile of its own."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.complaints: list[str] = []  # requests other than the file's, errors of scripts, messages on the console
        self._browser = browser
        self._folder = folder
        self._contexts: list[BrowserContext] = []

    def open(self, text: str, *, at: str = "", prepare: str = "", **options: Any) -> Page:  # what a context takes
        """*text* in a browser; *at* stands behind `#`, *prepare* is a script that runs before those of the page."""
        path = self._folder / f"report-{len(self._contexts)}.html"
        path.write_text(text, "utf-8")
        context = self._browser.new_context(offline=True, **{"viewport": WIDE, **options})
        self._contexts.append(context)
        context.route("**/*", lambda route: self._judge(route, path.as_uri()))
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        if prepare:
            page.add_init_script(prepare)
        page.goto(path.as_uri() + (f"#{at}" if at else ""))
        return page

    def _judge(self, route: Route, own: str) -> None:
        if route.request.url.partition("#")[0] == own:
            route.continue_()
        else:
            self.complaints.append(f"request: {route.request.url[:200]}")
            route.abort()

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def report(view: RunView, outputs: Mapping[str, Json] | None = None) -> str:
    """The page of *view*."""
    return html_text(view, "1.0.0", _rules(), outputs or {})


@cache
def _rules() -> Mapping[str, RuleText]:
    return all_rules()


@cache
def _axe() -> str:
    return (Path(str(axe_playwright_python.__path__[0])) / "axe.min.js").read_text("utf-8")


def violations(page: Page, within: str = "html") -> list[str]:
    """What axe-core has against the page, and what it could not decide, in one line each."""
    page.evaluate(_axe())
    found = page.evaluate(
        """(within) => axe.run(within, {resultTypes: ['violations', 'incomplete'], runOnly:
            ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})""",
        within,
    )
    unsure = [(rule["id"], node) for rule in found["incomplete"] for node in rule["nodes"] if not _is_excused(node)]
    wrong = [(rule["id"], node) for rule in found["violations"] for node in rule["nodes"]]
    return [f"{name}: {node['html'][:200]}" for name, node in wrong + unsure]


_NOT_MEASURED = (["elmPartiallyObscured"], ["elmPartiallyObscuring"])


def _is_excused(node: Any) -> bool:  # a node of axe's answer
    """Where axe cannot measure a contrast: signs, which have the colour of the word beside them, and what a table that
    scrolls by itself holds outside of its window, or a definition list beside a wrapped line.
    """
    why = [check["data"].get("messageKey") for check in node["any"] if check["id"] == "color-contrast"]
    is_sign = why == ["nonBmp"] and 'class="shape"' in node["html"]
    return is_sign or (why in _NOT_MEASURED and node["html"].startswith(("<th", "<td", "<li", "<dd")))


def shown(page: Page) -> list[str]:
    """The addresses of the findings that have a card, in their order."""
    ids: list[str] = page.evaluate("Array.from(document.querySelectorAll('#list .finding'), (card) => card.id)")
    return ids


def says(page: Page, element: str, text: str) -> None:
    """Wait until an element says *text*."""
    expect(page.locator(f"#{element}")).to_contain_text(text)
