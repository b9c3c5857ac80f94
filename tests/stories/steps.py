"""What stories do: settle the demo county, sit down at its desks, call its command line, let time pass.

Only through front doors: pages in a real browser, signed in with name and password, and commands in processes of their
own on the same database. The county stands at Tuesday 29 September 2026, 10:20, so that National Day and the make-up
Saturday of 10 October fall inside the deadlines.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection

from qinqing.accounts.models import User
from qinqing.lib import wallclock
from qinqing.lib.wallclock import CHINA
from qinqing.messaging import worker
from qinqing.site.demo.county import settle
from tests import snapshots
from tests.browser.fixtures import Watch, open_context, sign_in, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.conftest import Clock

TUESDAY = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
PASSWORD = "沐柳渡口三号桥"
CLI_SECONDS = 90  # a busy two-core machine is slow; a command that hangs must still fail


def settle_county(clock: Clock) -> None:
    """The demo county on Tuesday, without cases; every officer may sign in with `PASSWORD`."""
    settle(clock.set(TUESDAY))
    User.objects.filter(kind=User.Kind.OFFICER).update(password=make_password(PASSWORD))


@dataclass
class County:
    """The settled county: who sits down there, and its clock.

    `front_door`: officers sign in by the form, as in the stories; else they are let in, for what begins behind it.
    """

    chromium: Browser
    live: str
    clock: Clock
    front_door: bool = True
    contexts: list[BrowserContext] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    at_desks: dict[str, BrowserContext] = field(default_factory=dict)

    def desk(self, username: str, address: str = "/desk/", *, language: str = "zh") -> Page:
        """An officer at a desk (1440x900) looking at `address`, signed in: by name and password the first time, after
        that in a new page of the same browser."""
        first = username not in self.at_desks
        if first:
            self.at_desks[username] = self._browser(mobile=False)
        context = self.at_desks[username]
        if first and not self.front_door:
            sign_in(context, self.live, User.objects.get(username=username))
        page = self._watched(context)
        if first and self.front_door:
            page.goto(f"/sign-in/?next={quote(address)}&lang={language}")
            page.locator("[name=username]").fill(username)
            page.locator("[name=password]").fill(PASSWORD)
            page.locator("main .btn-1").click()
        else:
            context.add_cookies([{"name": "language", "value": language, "url": self.live}])
            page.goto(address)
        page.wait_for_url(f"**{address}")
        return page

    def visitor(self, *, phone: bool = True) -> Page:
        """Somebody who has not signed in, on a phone (390x844) or at a desk. The page fails on console errors."""
        return self._watched(self._browser(mobile=phone))

    def close(self) -> None:
        """Send everybody home; fails on what their browsers complained about."""
        for context in self.contexts:
            context.close()
        unexpected = [error for watch in self.watches for error in watch.unexpected()]
        assert not unexpected, "the browser reported errors:\n" + "\n".join(unexpected)

    def _browser(self, *, mobile: bool) -> BrowserContext:
        self.contexts.append(context := open_context(self.chromium, self.live, mobile=mobile))
        return context

    def _watched(self, context: BrowserContext) -> Page:
        page = watched(context)
        self.watches.append(page.watch)  # type: ignore[attr-defined]
        return page

    def later(self, moment: datetime | timedelta) -> datetime:
        """Move the clock to a moment, or on by a span, and let the worker do what has fallen due meanwhile."""
        now = self.clock.set(moment) if isinstance(moment, datetime) else self.clock.forward(moment)
        work()
        return now


def county_of(chromium: Browser, live: str, clock: Clock, *, front_door: bool = True) -> Iterator[County]:
    """The body of the fixture `county`."""
    snapshots.begin_from("county", lambda: settle_county(clock))
    county = County(chromium, live, clock, front_door)
    try:
        yield county
    finally:
        county.close()


def on(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A moment of 2026, China time."""
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


def qinqing(*arguments: str) -> str:
    """Call the command line on the same installation; what it printed. Fails unless it ends with 0."""
    target = connection.settings_dict
    database = str(target["NAME"])
    if connection.vendor == "postgresql":
        login = f"{quote(target['USER'])}:{quote(target['PASSWORD'])}@" if target["USER"] else ""
        database = f"postgresql://{login}{target['HOST']}:{target['PORT']}/{database}"
    environment = {
        **os.environ, "QINQING_DATABASE": database, "QINQING_MODE": settings.MODE, "QINQING_HOME": str(settings.HOME),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "qinqing", *arguments], env=environment, cwd=settings.ROOT, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=CLI_SECONDS, check=False,
    )  # fmt: skip
    said = done.stderr + done.stdout
    assert done.returncode == 0, f"qinqing {' '.join(arguments)} ended with {done.returncode}:\n{said}"
    return done.stdout


def work() -> None:
    """The worker, in this process (a third of the time of one of its own), until nothing is due. It does not rest for
    people at the pages, who wait for it here."""
    with patch.object(worker, "_rest"):
        worker.run(Event(), once=True)


SENT: list[tuple[str, str]] = []  # text messages: (phone, text)


def keep_message(phone: str, text: str) -> None:
    """An SMS adapter (setting SMS_SENDER) that sends nothing."""
    SENT.append((phone, text))


def picture(page: Page, name: str, *, full: bool = False) -> None:
    """With `./run stories --pictures`: what the page shows now goes into the guides."""
    folder = os.environ.get("STORY_PICTURES")
    if not folder:
        return
    size = page.viewport_size
    if full and size:  # a window as high as the page: bars that stick to its edge stay there
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
    page.screenshot(path=Path(folder, f"{name}.png"), animations="disabled")
    if full and size:
        page.set_viewport_size(size)


def number_of(page: Page) -> str:
    """The number on the page after taking a matter in."""
    return page.locator(".head .sub").inner_text().strip()


def now() -> datetime:
    """The installation's present."""
    return wallclock.now()


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until what has the focus matches `selector`; fails when it is not reached by keyboard."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{most} presses of Tab on {page.url} did not reach {selector}")


def choose(page: Page, selector: str, label: str) -> None:
    """In the select that has the focus, go down by the arrow key to the option that ends with `label`."""
    options = page.locator(f"{selector} option").all_inner_texts()
    target = next(n for n, text in enumerate(options) if text.endswith(label))
    for _ in range(target):
        page.keyboard.press("ArrowDown")
    assert page.locator(f"{selector} option:checked").inner_text().endswith(label)


def take_in(
    clerk: Page, company: int, text: str, kind: str, section: str = "", assistants: tuple[str, ...] = ()
) -> str:
    """Take a matter in at the window: `kind` is simple, general or complex. Returns the number."""
    clerk.goto(f"/window/?party={company}")
    clerk.locator("textarea[name=text]").fill(text)
    clerk.locator(f"[name=cls][value={kind}]").check()
    if section:
        clerk.locator("[name=lead]").select_option(label=section)
    if assistants:
        clerk.locator("details:has([name=assistants]) > summary").click()
    for unit in assistants:
        clerk.locator(".picklist label", has_text=unit).locator("input").check()
    clerk.locator("form[data-main] .btn-1").click()
    clerk.wait_for_url("**/window/taken/**")
    return number_of(clerk)


def act(page: Page, number: str, action: str, evidence: tuple[str, bytes] | None = None, **values: Any) -> None:
    """Do one act on the page of a case, by its form; the answer is the page that follows."""
    page.goto(f"/cases/{quote(number)}/")
    fill(page, action, evidence, **values)
    send(page, action)
    assert page.locator(".field.bad, [role=alert]").count() == 0, page.locator("main").inner_text()


def fill(page: Page, action: str, evidence: tuple[str, bytes] | None = None, **values: Any) -> None:
    """Open the form of an act on the case page that is shown, and fill it in."""
    box = page.locator(f"#{action}")
    if box.evaluate("node => node.tagName === 'DETAILS' && !node.open"):
        box.locator("summary").first.click()
    for name, value in values.items():
        inputs = box.locator(f"[name={name}]")
        kind = inputs.first.evaluate("node => node.type")
        if kind == "radio":
            box.locator(f"label:has([name={name}][value={value}])").click()
        elif kind == "checkbox" and value is not True:
            for label in value:
                box.locator("label.check", has_text=label).locator("input").check()
        elif kind == "checkbox":
            inputs.check()
        elif kind == "select-one":
            inputs.select_option(label=value)
        else:
            inputs.fill(value)
    if evidence:
        name, body = evidence
        box.locator("[name=files]").set_input_files([{"name": name, "mimeType": "text/plain", "buffer": body}])


def send(page: Page, action: str) -> None:
    """Press the button of the act's form and wait for the answer."""
    with page.expect_navigation():
        page.locator(f"#{action} button[type=submit]").click()


def main_text(page: Page, number: str = "") -> str:
    """What the main part of the page says; with `number`, of that case."""
    if number:
        page.goto(f"/cases/{quote(number)}/")
    return page.locator("main").inner_text()
