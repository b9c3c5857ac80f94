"""A real Chromium: `page` (desk, 1440x900) and `phone` (390x844), watched for errors; `assert_accessible`.

Available in every room's tests (tests/conftest.py); a test that uses them is marked `browser` by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from dev import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
WAIT_MS = 15_000  # a busy two-core machine is slow, a hanging page must still fail


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser per test process. Skips where there is none; `./run test` installs it or says so."""
    executable = browser.executable()
    if executable is None:
        pytest.skip("no Chromium on this machine: install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=browser.ARGUMENTS)
        # Playwright's event loop runs in this thread, which makes Django refuse the database here; it is safe: the
        # loop only runs inside Playwright's own calls.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        yield opened
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        opened.close()


class Watch:
    """What went wrong in a browser context: console errors, uncaught exceptions, failed requests.

    A test that means to meet an error says so: `page.watch.allow("409")`.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.errors: list[str] = []
        self._allowed: list[str] = []
        context.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: self._note(f"uncaught: {error.error}"))

    def _note(self, text: str) -> None:
        self.errors.append(text)

    def allow(self, text: str) -> None:
        """Errors that contain `text` belong to this test."""
        self._allowed.append(text)

    def unexpected(self) -> list[str]:
        return [error for error in self.errors if not any(text in error for text in self._allowed)]


def _open(chromium: Browser, live: str, *, mobile: bool) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=live,
        viewport=PHONE if mobile else DESK,
        device_scale_factor=2 if mobile else 1,
        is_mobile=mobile,
        has_touch=mobile,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    context.set_default_timeout(WAIT_MS)
    watch = Watch(context)
    page = context.new_page()
    page.watch = watch  # type: ignore[attr-defined]
    try:
        yield page
    finally:
        context.close()
    unexpected = watch.unexpected()
    assert not unexpected, "the browser reported errors:\n" + "\n".join(unexpected)


@pytest.fixture
def page(chromium: Browser, live: str) -> Iterator[Page]:
    """A page at a desk, 1440x900; relative addresses go to the live site. Fails on console errors."""
    yield from _open(chromium, live, mobile=False)


@pytest.fixture
def phone(chromium: Browser, live: str) -> Iterator[Page]:
    """A page on a phone, 390x844, touch. Fails on console errors."""
    yield from _open(chromium, live, mobile=True)


def assert_accessible(page: Page, *, ignore: tuple[str, ...] = ()) -> None:
    """Fail on any breach of WCAG 2.1 AA that axe finds on the open page. `ignore` names axe rules to leave out."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    breaches = [
        f"{breach['id']} ({breach['impact']}): {breach['help']}\n    "
        + "\n    ".join(f"{node['target']}: {node['html'][:160]}" for node in breach["nodes"])
        for breach in found.response["violations"]
        if breach["id"] not in ignore
    ]
    assert not breaches, f"{page.url}: {len(breaches)} breaches of WCAG 2.1 AA:\n" + "\n".join(breaches)


def assert_fits(page: Page) -> None:
    """Fail when the page is wider than its window (it would scroll sideways)."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} pixels wider than its window"
