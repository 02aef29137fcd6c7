"""One browser for all tests of this folder in a process, closed before any other test runs there.

Not longer: the driver keeps an event loop in the main thread, and other tests begin loops of their own.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.opening import FLAGS, Opener


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def opener(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Opens pages, and demands at the end of the test that none asked for anything or complained."""
    opener = Opener(browser, tmp_path)
    yield opener
    opener.close()
    assert opener.complaints == []
