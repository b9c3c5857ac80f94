"""惠企政策的页面: where each stands. Companies: web_company.py, web_claim.py, web_facts.py; everybody: web_public.py,
web_publicity.py; officers: web_officers.py, web_editor.py, web_rounds.py, web_payments.py,
web_budgets.py."""

from __future__ import annotations

from django.urls import path

from qinqing.policies import (
    web_budgets,
    web_claim,
    web_company,
    web_editor,
    web_facts,
    web_officers,
    web_payments,
    web_public,
    web_publicity,
    web_rounds,
)

urlpatterns = [
    path("policies/library/", web_public.index, name="library"),
    path("policies/library/<str:code>/", web_public.policy, name="policy"),
    path("policies/library/<str:code>/check/", web_public.check, name="check"),
    path("policies/publicity/", web_publicity.publicity, name="publicity"),
    path("policies/mine/", web_company.mine, name="mine"),
    path("policies/mine/<int:party_id>/", web_company.for_party, name="for_party"),
    path("policies/mine/<int:party_id>/<str:code>/", web_company.one, name="one"),
    path("policies/mine/<int:party_id>/<str:code>/claim/", web_claim.claim, name="claim"),
    path("policies/facts/", web_facts.mine, name="facts"),
    path("policies/facts/<int:party_id>/", web_facts.facts, name="facts_of"),
    path("policies/facts/<int:party_id>/<str:fact>/object/", web_facts.object_to, name="object"),
    path("policies/objections/", web_facts.objections, name="objections"),
    path("policies/objections/<int:objection_id>/", web_facts.objection, name="objection"),
    path("policies/live/", web_officers.live, name="live"),
    path("policies/live/<str:code>/", web_officers.eligible, name="eligible"),
    *web_rounds.urlpatterns,
    *web_budgets.urlpatterns,
    *web_editor.urlpatterns,
    *web_payments.urlpatterns,
]
