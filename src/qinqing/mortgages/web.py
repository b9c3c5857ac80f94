"""清贷解抵的页面: where each stands. Banks, registry: web_desks.py; owners, no sign-in: web_lookup.py; leaders:
web_leader.py; training: web_training.py. The doors of banks: web_clerk.py, web_drops.py, web_days.py; their keys:
web_keys.py. Names and authorisations: web_names.py, web_cleaning.py, web_filing.py, web_authorisations.py."""

from __future__ import annotations

from django.urls import URLPattern

from qinqing.mortgages import (
    web_authorisations,
    web_cleaning,
    web_clerk,
    web_days,
    web_desks,
    web_drops,
    web_filing,
    web_keys,
    web_leader,
    web_lookup,
    web_names,
    web_training,
)

urlpatterns: list[URLPattern] = [
    *web_desks.paths,
    *web_clerk.paths,
    *web_drops.paths,
    *web_days.paths,
    *web_keys.paths,
    *web_leader.paths,
    *web_training.paths,
    *web_lookup.paths,
    *web_names.paths,
    *web_cleaning.paths,
    *web_filing.paths,
    *web_authorisations.paths,
]
