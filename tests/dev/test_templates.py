"""The template check finds what it is there to find."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path

from dev.templates import faults_of


def _view(*_: object, **__: object) -> HttpResponse:
    return HttpResponse()


_rooms = ([path("desk/", _view, name="desk"), path("<int:pk>/", _view, name="show")], "house")
urlpatterns = [path("", include(_rooms, namespace="house"))]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{% url 'house:desk' %}", ""),
        ("{% url 'house:show' 3 %}", ""),
        ("{% if a %}{% url 'house:show' pk=a %}{% endif %}", ""),
        ("{% url name_from_view %}", ""),
        ("{% if a %}", "Unclosed tag"),
        ("{% for x in y %}{% url 'house:attic' %}{% endfor %}", "there is no route house:attic"),
        ("{% url 'shed:desk' %}", "there is no namespace 'shed'"),
        ("{% url 'house:show' %}", "does not take 0 arguments"),
        ("{% url 'house:show' id=3 %}", "does not take id"),
        ("{% include 'nowhere/x.html' %}", "there is no template nowhere/x.html"),
        ("{% extends 'nowhere/base.html' %}{% block a %}{% endblock %}", "there is no template nowhere/base.html"),
    ],
)
@override_settings(ROOT_URLCONF=__name__)
def test_faults(text: str, fault: str, tmp_path: Path) -> None:
    template = tmp_path / "page.html"
    template.write_text(text, encoding="utf-8")
    found = list(faults_of(template))
    assert (not found) if not fault else (len(found) == 1 and fault in found[0]), found
