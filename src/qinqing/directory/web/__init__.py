"""名录页面: companies, sections and liaisons, leaves, import."""

from __future__ import annotations

from django.urls import path

from qinqing.directory.web import companies, importing, leaves, sections, sheets

__all__ = ["urlpatterns"]

urlpatterns = [
    path("companies/", companies.companies, name="companies"),
    path("companies/<int:party_id>/", companies.company, name="company"),
    path("companies/<int:party_id>/phone/", companies.phone, name="company_phone"),
    path("companies/import/", importing.upload, name="import"),
    path("companies/import/<int:batch_id>/", importing.batch, name="import_batch"),
    path("companies/import/<int:batch_id>/columns/", importing.columns, name="import_columns"),
    path("companies/import/<int:batch_id>/confirm/", importing.confirm, name="import_confirm"),
    path("companies/import/<int:batch_id>/drop/", importing.drop, name="import_drop"),
    path("companies/import/<int:batch_id>/faults/", importing.faults, name="import_faults"),
    path("sections/", sections.sections, name="sections"),
    path("sections/<int:unit_id>/", sections.section, name="section"),
    path("sheets/", sheets.kinds, name="sheets"),
    path("sheets/<int:batch_id>/", sheets.batch, name="sheet_batch"),
    path("sheets/<int:batch_id>/confirm/", sheets.confirm, name="sheet_confirm"),
    path("sheets/<int:batch_id>/drop/", sheets.drop, name="sheet_drop"),
    path("sheets/<slug:kind>/", sheets.kind, name="sheet_kind"),
    path("sheets/<slug:kind>/template/", sheets.template, name="sheet_template"),
    path("leaves/", leaves.leaves, name="leaves"),
    path("leaves/<int:leave_id>/end/", leaves.end, name="leave_end"),
]
