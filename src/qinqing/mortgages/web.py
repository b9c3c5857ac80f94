"""清贷解抵的页面: where each stands; every room adds its own `urlpatterns` here."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
