"""`./run demo --check`: the demo probed from outside: each role's start page, a whole case over HTTP, the chains."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import httpx

from qinqing.audit.services import verify_database
from qinqing.directory.models import Unit
from qinqing.lib.wallclock import now
from qinqing.site.roles import demo_people

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 64


class Wrong(Exception):
    """What was seen and is not right."""


@dataclass
class Check:
    """The probes, and what they saw."""

    address: str
    failed: int = 0

    def run(self) -> bool:
        """All probes; True when all were right."""
        self._probe("start page 开始页", self.start_page)
        for role in demo_people():
            self._probe(f"{role.role}: {role.label}", lambda role=role: self.role_page(role.role))  # type: ignore[misc]
        self._probe("one whole case 一件办件全程", self.whole_case)
        self._probe("histories 历史校验", self.histories)
        return self.failed == 0

    def _probe(self, name: str, probe: Callable[[], str]) -> None:
        began = time.monotonic()
        try:
            seen, mark = probe(), "ok"
        except (Wrong, httpx.HTTPError) as error:
            seen, mark = str(error), "WRONG"
            self.failed += 1
        print(f"  {mark:5} {name}: {seen} ({1000 * (time.monotonic() - began):.0f} ms)", flush=True)

    def start_page(self) -> str:
        with self._visitor() as client:
            page = _good(client.get("/", follow_redirects=True))
            if "亲清" not in page.text:
                raise Wrong("the start page does not say 亲清")
        return f"{len(page.content):,} bytes"

    def role_page(self, role: str) -> str:
        with self._signed_in(role) as client:
            page = _good(client.get("/", follow_redirects=True))
        title = re.search(r"<title>([^<]*)</title>", page.text)
        return f"{page.url.path} {title[1] if title else ''}"

    def whole_case(self) -> str:
        """Intake by the clerk, opinion, reply, sign-off, write-off by the supervisor, seen by the party."""
        lead, assistant = Unit.objects.get(code="hrss-injury"), Unit.objects.get(code="tax")
        with self._signed_in("window_clerk") as clerk:
            page = _good(clerk.get("/window/"))
            form = {
                **_hidden(page.text),
                "new_kind": "unnamed",
                "text": "演示检查：工伤认定系统报错。",
                "channel": "window",
                "cls": "complex",
                "lead": str(lead.pk),
                "assistants": str(assistant.pk),
                "action": "dispatch",
            }
            taken = _good(clerk.post("/window/", data=form, follow_redirects=True))
        number = taken.url.path.rstrip("/").rsplit("/", 1)[-1]
        code = re.search(r'class="mono">([0-9A-Z]{10})<', taken.text)
        if code is None:
            raise Wrong("no receipt code after intake")
        steps: tuple[tuple[str, str, dict[str, str], Any], ...] = (
            ("assistant", "advise", {"opinion": "同意"}, None),
            ("liaison", "feed_back", {"answer": "已修正参保状态。", "result": "solved"}, None),
            ("section_head", "approve", {}, None),
            ("supervisor", "write_off", {"finding": "电话核实属实。"}, {"files": ("现场.jpg", JPEG, "image/jpeg")}),
        )
        for role, action, data, files in steps:
            with self._signed_in(role) as client:
                page = _good(client.get(f"/cases/{number}/"))
                form = _form(page.text, f"/cases/{number}/{action}/", action)
                _good(
                    client.post(f"/cases/{number}/{action}/", data={**form, **data}, files=files, follow_redirects=True)
                )
        with self._visitor() as visitor:
            page = _good(visitor.get(f"/r/{code[1]}/"))
        if "办结核销" not in page.text:
            raise Wrong(f"{number} is not closed as written off")
        return f"{number}: raised, dispatched, answered, signed off, written off"

    def histories(self) -> str:
        report = verify_database(now())
        if report.findings:
            raise Wrong(f"{report.findings[0].chain}: {report.findings[0].text}")
        return f"{report.chains:,} chains, {report.events:,} records, all whole"

    def _visitor(self) -> httpx.Client:
        """A browser of its own. On loopback without TLS nothing is gained by reading the world's certificates."""
        return httpx.Client(base_url=self.address, timeout=20, verify=False, trust_env=False)  # noqa: S501

    @contextmanager
    def _signed_in(self, role: str) -> Iterator[httpx.Client]:
        with self._visitor() as client:
            page = _good(client.get("/demo/"))
            answer = client.post(f"/demo/sign-in/{role}/", data=_hidden(page.text))
            if answer.status_code != 302:
                raise Wrong(f"sign-in as {role} answered {answer.status_code}")
            yield client


def _good(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != 200:
        raise Wrong(f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}")
    return answer


def _hidden(html: str) -> dict[str, str]:
    """The hidden fields of a page's forms (the last of each name)."""
    found = re.findall(r'<input[^>]*type="hidden"[^>]*>', html)
    pairs = ((re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in found)
    return {name[1]: value[1] for name, value in pairs if name and value and name[1] != "party"}


def _form(html: str, action: str, name: str) -> dict[str, str]:
    """The hidden fields of the form that goes to `action`."""
    for form in re.findall(r"<form.*?</form>", html, re.S):
        target = re.search(r'action="([^"]*)"', form)
        if target and unquote(target[1]) == action:
            return _hidden(form)
    raise Wrong(f"the page does not offer {name}")
