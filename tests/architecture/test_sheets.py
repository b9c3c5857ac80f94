"""Excel for every list: a page that shows a list of rows offers its workbook, or stands here with a reason.

A page is a template that extends a shell, with all it includes. A list is a table of rows or a `<ul class="list">`.
The button is `{% download_link %}`; the view that renders the page asks `wanted(request)` (in the audit room, which is
below the room of pages, `_export`).
"""

from __future__ import annotations

import re

from tests.architecture.source import PACKAGE

LIST = re.compile(r'<table class="tbl|<ul class="list')
BUTTON = "{% download_link %}"
EXCEPT = {
    # page: why it gives no workbook
    "accounts/permissions.html": "the permissions table is a file of the installation, not data",
    "appeals/window.html": "the intake screen; today's matters are exported from the search",
    "appeals/report.html": "figures; each opens its cases, which are exported",
    "cards/one.html": "one card; the list of cards is exported",
    "cases/case.html": "one case, printed as a page",
    "directory/import.html": "choice of a file",
    "directory/import_batch.html": "preview of a file; its faults are a CSV",
    "directory/sheets.html": "choice of a kind of sheet",
    "directory/sheet_kind.html": "choice of a file",
    "evaluation/call.html": "one call; the month's call list is exported",
    "evaluation/review.html": "the paper of one meeting; the month is exported",
    "insight/brief.html": "one morning's brief, a paper; its figures open cases, which are exported",
    "insight/leader.html": "figures; each opens its cases, which are exported",
    "mortgages/bank_release.html": "one release; the lists it stands in are exported",
    "mortgages/path.html": "two drawings with their figures; the releases behind them are exported",
    "mortgages/training_new.html": "a form",
    "mortgages/training_one.html": "one session; the coverage of all banks is exported",
    "mortgages/alias.html": "one name; the list of names is exported",
    "mortgages/filing.html": "one filing, printed as a page; what it filed is exported",
    "mortgages/names_clean.html": "what is still to be filed, worked out at this moment; filed names are exported",
    "mortgages/upload.html": "choice of a file",
    "policies/check.html": "one answer, of which nothing is kept",
    "policies/library.html": "open to everybody; officers export the same policies with their counts",
    "policies/mine.html": "worked out for one company at this moment; its claims are exported among its matters",
    "policies/one.html": "one policy for one company, printed as a page",
    "policies/editor/import.html": "faults of a file",
    "policies/editor/version.html": "one version; its content goes out as YAML",
    "policies/publicity.html": "a public notice, printed as a page; the rounds behind it are exported",
    "site/start.html": "each reader's first page shows the beginnings of lists that are exported where they are whole",
    "supervision/board.html": "the beginnings of four columns; each opens its step, which is exported",
}


def _templates() -> dict[str, str]:
    """By name, as Django knows them; the components and their gallery left out."""
    found = {}
    for path in PACKAGE.glob("*/templates/**/*.html"):
        name = str(path.relative_to(next(above for above in path.parents if above.name == "templates")))
        if not name.startswith("ui/"):
            found[name] = path.read_text(encoding="utf-8")
    return found


def _pages() -> dict[str, str]:
    """Each page's text with the texts it includes."""
    templates = _templates()

    def whole(name: str) -> str:
        text = templates[name]
        parts = [part for part in re.findall(r'{% include "([^"]+)"', text) if part in templates]
        return text + "".join(whole(part) for part in parts)

    return {name: whole(name) for name, text in templates.items() if text.startswith("{% extends")}


def _lists() -> dict[str, str]:
    return {name: text for name, text in _pages().items() if LIST.search(text)}


def test_every_list_offers_its_workbook_or_says_why_not() -> None:
    missing = sorted(name for name, text in _lists().items() if BUTTON not in text and name not in EXCEPT)
    assert not missing, (
        f"these pages show a list without an Excel export: {missing}; let the view answer `sheets.wanted(request)` and "
        f"put {BUTTON} into the head, or give a reason in EXCEPT"
    )


def test_exceptions_are_lists_without_a_workbook() -> None:
    lists = _lists()
    idle = sorted(name for name in EXCEPT if name not in lists or BUTTON in lists[name])
    assert not idle, f"no exception is needed for {idle}"


def test_who_shows_the_button_answers_it() -> None:
    views = [path.read_text(encoding="utf-8") for path in (*PACKAGE.glob("*/web*.py"), *PACKAGE.glob("*/web/*.py"))]
    for name, text in _pages().items():
        if BUTTON in text:
            rendering = [source for source in views if f'"{name}"' in source]
            assert rendering, f"nothing renders {name}"
            assert all(re.search(r"wanted\(request\)|_export\(request", source) for source in rendering), name
