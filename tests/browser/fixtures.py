"""A real Chromium: `page` (desk, 1440x900) and `phone` (390x844), watched for errors; `assert_accessible`.

Available in the tests of this folder and of tests/stories; a test that uses them is marked `browser` by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from dev import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from qinqing.accounts.models import User

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
WAIT_MS = 15_000  # a busy two-core machine is slow, a hanging page must still fail
LANGUAGES = ("zh", "en")
_quick = False


def pytest_configure(config: pytest.Config) -> None:
    """A run without the long tests asks axe about two of the four sights of each page (`look`)."""
    global _quick  # noqa: PLW0603 - `look` is called from within many tests, and the whole run is one or the other
    _quick = "not long" in config.option.markexpr


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
    """What went wrong on a page and the windows it opened: console errors, uncaught exceptions, failed requests.

    A test that means to meet an error says so: `page.watch.allow("409")`.
    """

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        self._allowed: list[str] = []
        self._follow(page)

    def _follow(self, page: Page) -> None:
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("popup", self._follow)

    def allow(self, text: str) -> None:
        """Errors that contain `text` belong to this test."""
        self._allowed.append(text)

    def unexpected(self) -> list[str]:
        return [error for error in self.errors if not any(text in error for text in self._allowed)]


def open_context(chromium: Browser, live: str, *, mobile: bool) -> BrowserContext:
    """Somebody's browser, on a phone (390x844, touch) or at a desk (1440x900), set to Chinese and China's time."""
    context = chromium.new_context(
        base_url=live,
        viewport=PHONE if mobile else DESK,  # type: ignore[arg-type]
        device_scale_factor=2 if mobile else 1,
        is_mobile=mobile,
        has_touch=mobile,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    context.set_default_timeout(WAIT_MS)
    return context


def watched(context: BrowserContext) -> Page:
    """A new page in it, with its `watch`."""
    page = context.new_page()
    page.watch = Watch(page)  # type: ignore[attr-defined]
    return page


def sign_in(context: BrowserContext, live: str, user: User) -> None:
    """Let the browser hold a session of `user`, as after signing in; for tests that begin behind the door."""
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live}])


def _open(chromium: Browser, live: str, *, mobile: bool) -> Iterator[Page]:
    context = open_context(chromium, live, mobile=mobile)
    page = watched(context)
    try:
        yield page
    finally:
        context.close()
    unexpected = page.watch.unexpected()  # type: ignore[attr-defined]
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
    from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]

    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
    # only the breaches come back: all that was found in order takes longer on the way than axe needs to find it
    found = page.evaluate("options => axe.run(options).then(results => results.violations)", options)
    breaches = [
        f"{breach['id']} ({breach['impact']}): {breach['help']}\n    "
        + "\n    ".join(f"{node['target']}: {node['html'][:160]}" for node in breach["nodes"])
        for breach in found
        if breach["id"] not in ignore
    ]
    assert not breaches, f"{page.url}: {len(breaches)} breaches of WCAG 2.1 AA:\n" + "\n".join(breaches)


def assert_fits(page: Page) -> None:
    """Fail when the page is wider than its window (it would scroll sideways)."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} pixels wider than its window"


def look(page: Page, *addresses: str) -> None:
    """Each page in both languages, as wide as the window is and as narrow as a phone: it fits, and axe finds no breach.

    A quick run asks axe about Chinese in the window and English on the phone: what breaks one of the four sights breaks
    one of these two, but for what depends on both. --long asks about all four.
    """
    wide = page.viewport_size
    assert wide
    for address in addresses:
        sizes = [wide] if wide["width"] == PHONE["width"] else [wide, PHONE]
        for language in LANGUAGES:
            page.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
            for size in sizes:
                page.set_viewport_size(size)  # type: ignore[arg-type]
                assert_fits(page)
                if size is sizes[0] or not _quick:
                    assert_accessible(page)
            sizes.reverse()  # the next begins with the size of the window that is open
        page.set_viewport_size(wide)
