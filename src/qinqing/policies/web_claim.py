"""我要领取: the page on which a company's will becomes a claim. Without application (免申即享) one tap is enough; what
no office holds, documents and the first time the account, is asked for here and only here.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from qinqing.accounts.middleware import actor_of
from qinqing.cases import blobs
from qinqing.cases.actform import new_key
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.policies import payees
from qinqing.policies.claims import Filed, open_claim
from qinqing.policies.models import PolicyVersion
from qinqing.policies.offers import Offer, offer_of
from qinqing.policies.payees import Account
from qinqing.policies.promises import promises
from qinqing.policies.web_company import Visit, of_offer, visit_of
from qinqing.ui import flash
from qinqing.ui.errors import Problem
from qinqing.ui.forms import Form, both, said

ACCOUNT = ("account_name", "account_number", "bank")
_FILES = ".pdf,.jpg,.jpeg,.png,.webp,.docx,.xlsx"


class ClaimForm(Form):
    """The account, where the company has given none or gives another; a file for each document of the policy."""

    account_name = forms.CharField(label=both("户名", "Account name"), max_length=200, required=False)
    account_number = forms.CharField(
        label=both("账号", "Account number"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    bank = forms.CharField(label=both("开户银行", "Bank"), max_length=100, required=False)

    def __init__(self, offer: Offer, *args: Any, needs_account: bool, **kwargs: Any) -> None:
        self.documents = {f"document_{one.id}": one for one in offer.policy.documents}
        files = {
            name: forms.FileField(
                label=said(one.label), required=False, widget=forms.FileInput(attrs={"accept": _FILES}),
                help_text=both("PDF或照片", "PDF or a photo"),
            )
            for name, one in self.documents.items()
        }  # fmt: skip
        self.base_fields = {**self.base_fields, **files}  # type: ignore[misc]  # this form's own; Django copies them
        super().__init__(*args, **kwargs)
        for name in ACCOUNT:
            self.fields[name].required = needs_account

    @property
    def document_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.documents]

    @property
    def account_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ACCOUNT]

    def account(self) -> Account | None:
        """As typed; None where the one on record is to be used: the name alone stands there already."""
        name, number, bank = (self.cleaned_data.get(part, "").strip() for part in ACCOUNT)
        return Account(name, number, bank) if number or bank else None

    def filed(self) -> list[Filed]:
        """The documents that were sent. Raises BadFile."""
        sent = {name: self.cleaned_data.get(name) for name in self.documents}
        return [Filed(self.documents[name].id, blobs.store(file)) for name, file in sent.items() if file]


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def claim(request: HttpRequest, party_id: int, code: str) -> HttpResponse:
    """Look once more, and claim."""
    now = present()
    visit = visit_of(request, party_id, now)
    offer = offer_of(visit.party, code, now, visit.known)
    current = payees.current(visit.party)
    posted = request.method == "POST"
    form = ClaimForm(
        offer, request.POST if posted else None, request.FILES if posted else None,
        initial={"account_name": visit.party.name}, needs_account=current is None,
    )  # fmt: skip
    problem: Problem | None = None
    if posted and form.is_valid():
        try:
            return _claimed(request, visit, offer, form)
        except Problem as refused:
            problem = refused
            form.refuse(refused.fields)
    return render(request, "policies/claim.html", {
        **of_offer(offer, visit, now), "visit": visit, "shell": visit.shell, "form": form, "account": current,
        "problem": problem if problem and not problem.fields else None, "promises": promises(),
        "key": request.POST.get("key") or new_key(), "other": any(form[name].errors for name in ACCOUNT),
    }, status=problem.status if problem else 422 if form.errors else 200)  # fmt: skip


def _claimed(request: HttpRequest, visit: Visit, offer: Offer, form: ClaimForm) -> HttpResponse:
    made = open_claim(
        PolicyVersion.objects.get(pk=offer.version_id), visit.party, actor_of(request), present(),
        on_behalf=visit.officer, documents=form.filed(), account=form.account(),
        idempotency_key=request.POST.get("key", "")[:60] or None,
    )  # fmt: skip
    said_ = Label(
        f"已申领：{made.case.number}，审核通过后兑付", f"Claimed: {made.case.number}. It is reviewed, then paid"
    )
    flash.say(request, said_)
    return redirect("cases:case", number=made.case.number)
