"""The pages and the API: who may, what is masked and logged, what a form keeps."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from qinqing.audit.models import ReadLog
from qinqing.directory import companies, imports, selectors, services
from qinqing.directory.models import ImportBatch, Leave, Party
from qinqing.lib import wallclock

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(unit):
    return unit("hrss", kind="authority", name="县人社局")


@pytest.fixture
def client_of(officer, unit, office, now):
    """client_of(role) -> a browser signed in as an officer holding the role in the window."""
    window = unit("window", kind="desk", desk="window", parent=office)

    def make(role):
        who = officer(f"as-{role}", f"{role}某")
        services.add_post(who.pk, window.pk, role, date(2024, 1, 1), now)
        client = Client()
        client.force_login(who.user, backend="django.contrib.auth.backends.ModelBackend")
        client.officer = who
        return client

    return make


def test_list_search_and_company_in_both_languages(client_of, company, now):
    party = company(1, phone="19900001234", industry="C1751", staff=400)
    services.rename_party(party.pk, "示范县青禾纺织有限公司", date(2026, 1, 1), now)
    client = client_of("window_clerk")
    assert "示范县青禾纺织有限公司" in client.get(reverse("directory:companies")).content.decode()
    found = client.get(reverse("directory:companies"), {"q": "沐柳"}).content.decode()
    assert "曾用名：示范县沐柳纺织有限公司" in found
    assert "没有找到相符的企业" in client.get(reverse("directory:companies"), {"q": "没有"}).content.decode()
    page = client.get(reverse("directory:company", args=[party.pk])).content.decode()
    assert "纺织业" in page
    assert "待补数据" in page
    assert "19900001234" not in page
    page = client.get(reverse("directory:company", args=[party.pk]), {"lang": "en"}).content.decode()
    assert "Textiles" in page
    assert "missing: revenue" in page


def test_the_number_is_shown_against_a_logged_reason(client_of, company):
    party = company(1, phone="19900001234")
    client = client_of("window_clerk")
    url = reverse("directory:company_phone", args=[party.pk])
    refused = client.post(url, {"reason": "  "})
    assert refused.status_code == 422
    assert "19900001234" not in refused.content.decode()
    assert not ReadLog.objects.exists()
    assert "19900001234" in client.post(url, {"reason": "回访办件"}).content.decode()
    entry = ReadLog.objects.get()
    assert (entry.what, entry.object_ref, entry.reason) == ("party.phone", f"party:{party.pk}", "回访办件")
    assert client_of("leader").post(url, {"reason": "x"}).status_code == 403


def test_persons_have_no_company_page(client_of, now):
    person = services.create_party("person", "沈知远", now)
    assert client_of("window_clerk").get(reverse("directory:company", args=[person.pk])).status_code == 404


def test_only_the_head_of_the_window_names_sections_and_contacts(client_of, office, unit, now):
    section = unit("s05", parent=office, name="待定名科室一", to_be_named=True)
    head, clerk = client_of("window_head"), client_of("window_clerk")
    url = reverse("directory:section", args=[section.pk])
    assert clerk.get(url).status_code == 403
    assert "待定名" in clerk.get(reverse("directory:sections")).content.decode()
    assert "待定名科室一" not in head.get(url).content.decode().split("<form")[1].split("value=")[0]
    data = {"name": "劳动关系科", "name_en": "", "liaison": clerk.officer.pk, "deputy": clerk.officer.pk}
    wrong = head.post(url, data)
    assert wrong.status_code == 422
    assert "劳动关系科" in wrong.content.decode()
    section.refresh_from_db()
    assert section.to_be_named  # the name is not kept without the contacts
    assert head.post(url, {**data, "deputy": head.officer.pk}).status_code == 302
    section.refresh_from_db()
    assert (section.name, section.liaison, section.to_be_named) == ("劳动关系科", clerk.officer, False)
    assert clerk.officer.user in selectors.holders(section, "liaison", services.day_of(wallclock.now()))


def test_leaves_one_s_own_and_for_heads_those_of_the_unit(client_of):
    head, clerk = client_of("window_head"), client_of("window_clerk")
    url, today = reverse("directory:leaves"), services.day_of(wallclock.now())
    data = {"starts_on": today, "ends_on": today + timedelta(days=3), "deputy": head.officer.pk}
    assert clerk.post(url, {**data, "officer": head.officer.pk}).status_code == 422
    assert (
        clerk.post(url, {**data, "officer": clerk.officer.pk, "ends_on": today - timedelta(days=1)}).status_code == 422
    )
    assert clerk.post(url, {**data, "officer": clerk.officer.pk}).status_code == 302
    leave = Leave.objects.get()
    assert "代岗" in head.get(url).content.decode()
    other = client_of("handler")
    assert other.post(reverse("directory:leave_end", args=[leave.pk])).status_code == 403
    assert head.post(reverse("directory:leave_end", args=[leave.pk])).status_code == 302
    assert not Leave.objects.exists()


def upload(client, text):
    file = SimpleUploadedFile("企业.csv", text.encode("gb18030"), "text/csv")
    return client.post(reverse("directory:import"), {"file": file})


def test_import_from_upload_to_done(client_of):
    client = client_of("window_head")
    codes = [companies.credit_code(index) for index in range(2)]
    bad = upload(client, "公司,号码\n甲公司,1\n")
    assert bad.status_code == 422
    assert "统一社会信用代码" in bad.content.decode()
    text = f"名称,信用代码,人数,备注\n甲公司,{codes[0]},20,x\n乙公司,{codes[1]}0,,\n"
    url = upload(client, text)["Location"]
    page = client.get(url).content.decode()
    assert "多1位" in page
    assert "导入1行" in page
    assert not Party.objects.exists()
    batch = ImportBatch.objects.get()
    columns = {"column-0": "name", "column-1": "credit_code", "column-2": "-", "column-3": "town", "clear-3": "on"}
    assert client.post(reverse("directory:import_columns", args=[batch.pk]), columns).status_code == 302
    batch.refresh_from_db()
    assert batch.mapping == {"名称": "name", "信用代码": "credit_code", "备注": "town!clear"}
    wrong = client.post(reverse("directory:import_columns", args=[batch.pk]), {"column-0": "name"})
    assert wrong.status_code == 422
    faults = b"".join(client.get(reverse("directory:import_faults", args=[batch.pk])).streaming_content)
    assert "多1位" in faults.decode("utf-8-sig")
    assert client.post(reverse("directory:import_confirm", args=[batch.pk])).status_code == 302
    assert "hx-trigger" in client.get(url).content.decode()
    while imports.run_pending(wallclock.now()):
        pass
    done = client.get(url, {"lang": "en"}).content.decode()
    assert "1 new, 0 changed, 0 the same" in done
    assert "hx-trigger" not in done.split('id="batch"')[1].split(">")[0]
    assert Party.objects.get().town == "x"
    assert upload(client_of("handler"), text).status_code == 403


def test_giving_up(client_of):
    client = client_of("window_head")
    upload(client, f"名称,信用代码\n甲公司,{companies.credit_code(0)}\n")
    batch = ImportBatch.objects.get()
    assert client.post(reverse("directory:import_drop", args=[batch.pk])).status_code == 302
    assert client.post(reverse("directory:import_confirm", args=[batch.pk])).status_code == 422
    assert client.get(reverse("directory:import_faults", args=[batch.pk])).status_code == 404


def test_api(client_of, company, unit):
    party = company(1, phone="19900001234")
    client = client_of("window_clerk")
    found = client.get("/api/parties", {"q": "沐柳"}).json()
    assert [(hit["id"], hit["phone"], hit["by"]) for hit in found] == [(party.pk, "199****1234", "name")]
    assert client.get("/api/parties", {"q": ""}).status_code == 422
    assert {one["code"] for one in client.get("/api/units").json()} == {"hrss", "window"}
    assert Client().get("/api/parties", {"q": "沐柳"}).status_code == 401
