"""银行密钥: the system administrator files, renews and revokes banks' keys, and sees what their doors refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.middleware import actor_of, address_of
from qinqing.directory.models import Unit
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.mortgages import keys, selectors_doors
from qinqing.mortgages.models_doors import BankKey, RefusalHour
from qinqing.ui import flash, sheets
from qinqing.ui.errors import Problem
from qinqing.ui.forms import Form, LongText, both, choices
from qinqing.ui.sheets import Column, Sheet

STATES = {
    "valid": Label("有效", "in force"),
    "ahead": Label("未启用", "not yet in force"),
    "over": Label("已到期", "ended"),
    "revoked": Label("已停用", "revoked"),
}
KINDS = {
    BankKey.Kind.ED25519.value: Label("签名公钥", "public key"),
    BankKey.Kind.WEBHOOK.value: Label("简易接口密钥", "secret"),
}
TONES = {"valid": "green", "ahead": "qing", "revoked": "red"}
_SHOWN = 50


class NewKey(Form):
    """A bank's next key."""

    bank = forms.ChoiceField(label=both("银行", "Bank"))
    kind = forms.ChoiceField(
        label=both("种类", "Kind"),
        choices=choices([
            (BankKey.Kind.ED25519.value, Label("签名公钥（Ed25519）", "Public key (Ed25519)")),
            (BankKey.Kind.WEBHOOK.value, Label("简易接口密钥", "Secret of the simple profile")),
        ]),
        widget=forms.RadioSelect,
        initial=BankKey.Kind.ED25519.value,
    )  # fmt: skip
    pem = LongText(
        Label("公钥（PEM）", "Public key (PEM)"), 1_000, rows=4, required=False,
        help_text=both("由银行生成并提供；简易接口密钥由系统生成，不填", "Made by the bank; empty for a secret"),
    )  # fmt: skip
    starts = forms.DateField(
        label=both("启用日期", "In force from"), required=False,
        help_text=both("不填为立即启用", "Empty: at once"), widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip
    days = forms.IntegerField(
        label=both("有效天数", "Days"), min_value=1, max_value=keys.MOST_DAYS, initial=keys.USUAL_DAYS
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank"].choices = [("", ""), *((each.code, each.name) for each in keys.banks())]  # type: ignore[attr-defined]


@never_cache
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """All keys and the form; a new secret is shown on the answer and nowhere else."""
    now = wallclock.now()
    if sheets.wanted(request):
        return sheets.download(request, _keys_sheet(now), now)
    form = NewKey(request.POST if request.method == "POST" else None)
    shown: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        try:
            key, secret = _file(request, form.cleaned_data, now)
            shown, form = {"secret": secret, "made": key}, NewKey()
        except Problem as problem:
            form.refuse(problem.fields or {"": problem.detail})
    return _show(request, form, now, **shown)


@require_POST
def end(request: HttpRequest, key_id: str) -> HttpResponse:
    """A key ends in so many days, when the next one is in use."""
    now = wallclock.now()
    try:
        days = int(request.POST.get("days", ""))
        until = now + timedelta(days=min(max(days, 1), keys.MOST_DAYS))
    except ValueError:
        until = now
    return _changed(
        request, key_id, lambda: keys.end(actor_of(request), key_id, until, now, address_of(request)),
        Label("已改到期时间", "Its end was changed"), now,
    )  # fmt: skip


@require_POST
def revoke(request: HttpRequest, key_id: str) -> HttpResponse:
    """At once, with a reason."""
    now, reason = wallclock.now(), request.POST.get("reason", "")
    return _changed(
        request, key_id, lambda: keys.revoke(actor_of(request), key_id, reason, now, address_of(request)),
        Label("已停用，立即生效", "Revoked, from this moment"), now,
    )  # fmt: skip


@require_GET
def refusals(request: HttpRequest) -> HttpResponse:
    """What the doors did not take, the newest first."""
    now = wallclock.now()
    if sheets.wanted(request):
        return sheets.download(request, _refusals_sheet(), now)
    hours = RefusalHour.objects.filter(hour__gt=now - timedelta(days=1))
    context = {
        "page": Paginator(selectors_doors.refusals(), _SHOWN).get_page(request.GET.get("page")),
        "today": sum(hours.values_list("count", flat=True)),
    }
    return render(request, "mortgages/refusals.html", context)


# ── private ──


def _file(request: HttpRequest, said: dict[str, Any], now: datetime) -> tuple[BankKey, str]:
    """The key and, of the simple profile, its secret."""
    actor, bank = actor_of(request), Unit.objects.get(code=said["bank"])
    starts = now
    if said["starts"]:
        day = said["starts"]
        starts = max(now, datetime(day.year, day.month, day.day, tzinfo=wallclock.CHINA))
    if said["kind"] == BankKey.Kind.WEBHOOK:
        return keys.add_secret(actor, bank, now, starts=starts, days=said["days"], address=address_of(request))
    made = keys.add_public_key(
        actor, bank, said["pem"], now, starts=starts, days=said["days"], address=address_of(request)
    )
    return made, ""


def _show(request: HttpRequest, form: NewKey, now: datetime, **more: Any) -> HttpResponse:
    rows = []
    for key in selectors_doors.bank_keys():
        state = key.state(now)
        rows.append((key, KINDS[key.kind], STATES[state], TONES.get(state, "line"), state))
    context = {
        "rows": rows,
        "form": form,
        "secret": "",
        "made": None,
        "bad_key": "",
        "problem": None,
        "now": now,
        **more,
    }
    status = more["problem"].status if more.get("problem") else 422 if form.is_bound and form.errors else 200
    return render(request, "mortgages/keys.html", context, status=status)


def _changed(request: HttpRequest, key_id: str, change: Any, done: Label, now: datetime) -> HttpResponse:
    try:
        change()
    except Problem as problem:
        return _show(request, NewKey(), now, bad_key=key_id, problem=problem)
    flash.say(request, done)
    return redirect("mortgages:keys")


def _keys_sheet(now: datetime) -> Sheet:
    columns = (
        Column(Label("密钥编号", "Key id"), Label("银行签名时写的编号", "Named in signatures"), lambda k: k.key_id, 20),
        Column(Label("银行", "Bank"), Label("密钥所属机构", "Whose key it is"), lambda k: k.bank.label, 34),
        Column(
            Label("种类", "Kind"), Label("签名公钥或简易接口密钥", "Public key or secret"), lambda k: KINDS[k.kind], 16
        ),
        Column(Label("状态", "State"), Label("导出时的状态", "When exported"), lambda k: STATES[k.state(now)], 12),
        Column(Label("启用", "From"), Label("从何时起有效", "In force from"), lambda k: k.valid_from, 18, "moment"),
        Column(
            Label("到期", "Until"), Label("到何时为止有效", "In force until"), lambda k: k.valid_until, 18, "moment"
        ),
        Column(Label("停用", "Revoked"), Label("停用时间", "When revoked"), lambda k: k.revoked_at, 18, "moment"),
        Column(Label("停用原因", "Why"), Label("停用时写明的原因", "As said then"), lambda k: k.revoked_because, 40),
        Column(Label("指纹", "Fingerprint"), Label("密钥的SHA-256", "SHA-256 of the key"), lambda k: k.fingerprint, 66),
    )
    return Sheet(Label("银行密钥", "Bank keys"), columns, selectors_doors.bank_keys(), Label("全部", "All"))


def _refusals_sheet() -> Sheet:
    def column(name: str, zh: str, en: str, means: Label, width: int, kind: str = "text") -> Column:
        return Column(Label(zh, en), means, lambda row: getattr(row, name), width, kind)

    columns = (
        column("at", "时间", "Time", Label("拒收时间", "When it was refused"), 18, "moment"),
        column("door", "入口", "Door", Label("接口入口", "Which door"), 12),
        column("code", "原因代码", "Code", Label("见接入指南", "See the guide"), 30),
        column("claimed", "所报密钥编号", "Key id claimed", Label("来件自报，未经核实", "As the sender says"), 24),
        column("address", "来源地址", "Address", Label("网络地址", "Network address"), 20),
        column("sha256", "正文指纹", "Hash of the body", Label("空格：未读正文", "Empty: it was not read"), 66),
        column("detail", "说明", "Detail", Label("答复中的说明", "As answered"), 60),
    )
    every = Label("每把密钥每小时最多留100条", "At most 100 of one key and hour are kept")
    return Sheet(Label("接口拒收记录", "Refused messages"), columns, selectors_doors.refusals(), every)


paths = [
    path("mortgages/keys/", index, name="keys"),
    path("mortgages/keys/<str:key_id>/end/", end, name="key_end"),
    path("mortgages/keys/<str:key_id>/revoke/", revoke, name="key_revoke"),
    path("mortgages/refusals/", refusals, name="refusals"),
]
