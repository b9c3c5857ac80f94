"""What every page gets: language, reader, menu, messages, the office's name, the moment it was made."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from qinqing.lib import safe_yaml, wallclock
from qinqing.lib.labels import Label, language
from qinqing.ui import flash, menu

OFFICE = Label("营商环境平台", "Business environment platform")


def page(request: HttpRequest) -> dict[str, object]:
    """Context processor. The menu and the messages are made only when a page shows them."""
    actor = getattr(request, "actor", None)
    other = "en" if language() == "zh" else "zh"
    query = request.GET.copy()
    query["lang"] = other
    return {
        "lang": language(),
        "other_lang": other,
        "lang_href": f"{request.path}?{query.urlencode()}",
        "actor": actor,
        "reader_id": getattr(actor, "user_id", None) or "",
        "reader_name": getattr(actor, "name", ""),
        "menu": SimpleLazyObject(lambda: menu.sections_for(request)),
        "flashes": SimpleLazyObject(lambda: flash.take(request)),
        "office": office(),
        "now": wallclock.now(),
        "sign_out_href": _sign_out_href(request),
        "print_number": "",  # pages that print give a number and a note of their own
        "print_note": "",
    }


def _sign_out_href(request: HttpRequest) -> str:
    """Of the wing above; empty for who is not signed in (and while that wing is not installed)."""
    if getattr(getattr(request, "actor", None), "user_id", None) is None:
        return ""
    try:
        return reverse("accounts:sign_out")
    except NoReverseMatch:
        return ""


@lru_cache(maxsize=1)
def office() -> Label:
    """The platform's name with the county's (`county: name:` of the county folder's units.yaml), where it is given."""
    path = settings.COUNTY / "units.yaml"
    county = safe_yaml.read(path).get("county") if path.exists() else None
    if not county:
        return OFFICE
    name = Label.of(county["name"])
    return Label(name.zh + OFFICE.zh, f"{name.en} {OFFICE.en}")
