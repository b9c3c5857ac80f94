"""The browser fixtures themselves: they see the site, and they fail on what a person would not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.fixtures import assert_accessible, assert_fits

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_a_page_reaches_the_live_site(page: Page) -> None:
    answer = page.goto("/")
    assert answer is not None
    assert answer.status < 500
    page.watch.allow("Failed to load resource")  # type: ignore[attr-defined]


def test_console_errors_and_exceptions_are_noted(phone: Page) -> None:
    phone.set_content("<title>x</title><script>console.error('a slip'); nothing()</script>")
    phone.wait_for_timeout(100)
    watch = phone.watch  # type: ignore[attr-defined]
    assert any("a slip" in error for error in watch.unexpected())
    assert any("nothing is not defined" in error for error in watch.unexpected())
    watch.allow("a slip")
    watch.allow("nothing is not defined")
    assert watch.unexpected() == []


def test_axe_finds_a_nameless_field(page: Page) -> None:
    page.set_content("<html lang=zh><title>x</title><main><input></main>")
    with pytest.raises(AssertionError, match="label"):
        assert_accessible(page)
    page.set_content("<html lang=zh><title>x</title><main><label>姓名<input></label></main>")
    assert_accessible(page)


def test_a_wide_page_does_not_fit_a_phone(phone: Page) -> None:
    phone.set_content("<meta name=viewport content='width=device-width,initial-scale=1'><p>x")
    assert_fits(phone)
    phone.set_content(
        "<meta name=viewport content='width=device-width,initial-scale=1'><div style='width:900px'>x</div>"
    )
    with pytest.raises(AssertionError, match="wider"):
        assert_fits(phone)
