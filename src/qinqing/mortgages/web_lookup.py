"""解押查询与告知单 (B9): look-up without sign-in, the owner's own list, the paper, and whether a paper is valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of, address_of
from qinqing.accounts.models import User
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.mortgages import looking_up, papers, selectors, standing
from qinqing.mortgages.models import Release
from qinqing.mortgages.models_desks import Paper
from qinqing.mortgages.register import register
from qinqing.ui import papers as printing
from qinqing.ui.errors import NotFound
from qinqing.ui.forms import Form, both
from qinqing.ui.parts import Happening

MOST = 50  # releases of one owner on one page


class LookUpForm(Form):
    """What the owner has in hand."""

    certificate = forms.CharField(
        label=both("不动产登记证明号", "Mortgage certificate number"), max_length=60,
        help_text=both(
            "见《不动产登记证明》，如：浙（2020）示范不动产证明第0000001号", "See the certificate of the mortgage"
        ),
    )  # fmt: skip
    id_end = forms.CharField(
        label=both("权利人证件号码后六位", "Last six of the owner's identity number"), max_length=6, min_length=6,
        help_text=both("身份证末位是X的，请输入X", "Type X if it ends with X"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["certificate"].widget.attrs.update(autocomplete="off")
        self.fields["id_end"].widget.attrs.update(autocomplete="off", autocapitalize="characters", spellcheck="false")


@dataclass(frozen=True, slots=True)
class Own:
    """A release as its owner sees it. `paper`: the address of the paper while it is valid and theirs to see."""

    release: Release
    standing: standing.Standing
    happenings: tuple[Happening, ...]
    paper: str = ""
    verify: str = ""


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """解押查询. Sent, not in the address: nothing of it stands in logs or history."""
    now, limited, missed = present(), None, False
    form = LookUpForm(request.POST or None, initial={"certificate": request.GET.get("certificate", "")[:60]})
    status = 200
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            found = looking_up.look_up(said["certificate"], said["id_end"], address_of(request), now)
        except looking_up.Limited as problem:
            limited, status = problem, problem.status
        else:
            if found is not None:
                context = {"own": own(found, now), "simulated": register().simulated, "now": now}
                return render(request, "mortgages/looked_up.html", context)
            missed = True
    elif form.errors:
        status = 422
    context = {"form": form, "limited": limited, "missed": missed, "simulated": register().simulated}
    return render(request, "mortgages/look_up.html", context, status=status)


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """我的解押: those of the register's owners who have the reader's phone."""
    actor, now = actor_of(request), present()
    found = [own(each, now, theirs=actor.name in each.owner.split("、")) for each in of_owner(actor)[:MOST]]
    return render(request, "mortgages/mine.html", {"found": found, "simulated": register().simulated})


@require_GET
def paper(request: HttpRequest, token: str) -> HttpResponse:
    """告知单 as PDF, for who has its address."""
    found = _paper(token)
    address = request.build_absolute_uri(reverse("mortgages:verify", args=[token]))
    name = Label(f"注销登记结果告知单-{found.release.case.number}.pdf", f"notice-{found.release.case.number}.pdf")
    return printing.answer(papers.pdf(found, address), str(name))


@require_GET
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """核验: whether the paper in somebody's hand is valid, with enough to compare it by."""
    found = papers.find(token)
    if found is None:
        return render(request, "mortgages/verify.html", {"found": None, "simulated": False}, status=404)
    release = found.release
    return render(request, "mortgages/verify.html", {
        "found": found, "release": release, "validity": papers.validity(release), "owner": papers.masked(release.owner),
        "creditors": papers.creditor_names(release), "simulated": register().simulated,
    })  # fmt: skip


def of_owner(actor: Actor) -> list[Release]:
    """Releases of mortgages whose owner has the reader's phone, newest first."""
    if actor.user_id is None:
        return []
    phone = User.objects.filter(pk=actor.user_id, kind=User.Kind.PARTY).values_list("phone", flat=True).first()
    if not phone:
        return []
    return list(selectors.releases().filter(owner_phone=phone).order_by("-pk")[:MOST])


def is_owner(actor: Actor) -> bool:
    """Whether the menu shows 我的解押."""
    if actor.kind != "party" or actor.user_id is None:
        return False
    phones = User.objects.filter(pk=actor.user_id).exclude(phone="").values("phone")
    return Release.objects.filter(owner_phone__in=phones).exists()


def own(release: Release, now: datetime, *, theirs: bool = True) -> Own:
    """`theirs`: the reader is known to be the owner; else the paper, which bears name and address, is not offered."""
    valid = papers.validity(release).valid
    made = papers.paper_of(release, now) if valid and theirs else None
    return Own(
        release, standing.standing(release), tuple(_happenings(release)),
        reverse("mortgages:paper", args=[made.token]) if made else "",
        reverse("mortgages:verify", args=[made.token]) if made else "",
    )  # fmt: skip


# ── private ──


def _happenings(release: Release) -> list[Happening]:
    """What an owner need know, newest first."""
    found = []
    for each in release.settlements.select_related("event__bank", "reversed_by").order_by("pk"):
        who = each.event.bank.name
        found.append(
            Happening(each.event.received_at, Label("银行报送结清", "Reported as settled by the bank"), who=who)
        )
        if each.reversed_by is not None:
            taken_back = Label("银行撤回（冲正）", "Taken back by the bank")
            found.append(Happening(each.reversed_by.received_at, taken_back, kind="warn", who=who))
    asked = release.requests.exclude(sent_at=None).order_by("pk").first()
    if asked is not None and asked.sent_at is not None:
        found.append(Happening(asked.sent_at, Label("核对一致，送登记机构", "Everything fits; sent to the registry")))
    if release.released_at is not None:
        number = Label(f"业务号{release.receipt_no}", f"Registry's number {release.receipt_no}")
        found.append(Happening(release.released_at, Label("抵押登记已注销", "The mortgage is deregistered"), number))
    if release.case.outcome in {"restored", "refused"} and release.case.closed_at is not None:
        ended = standing.standing(release).label
        found.append(Happening(release.case.closed_at, ended, kind="warn"))
    return sorted(found, key=lambda one: one.at)[::-1]  # of the same second the later step first


def _paper(token: str) -> Paper:
    found = papers.find(token)
    if found is None or found.release.released_at is None:
        raise NotFound(Label("没有这份告知单，请核对地址", "There is no such notice; check the address"))
    return found


paths = [
    path("mortgages/look-up/", look_up, name="look_up"),
    path("mortgages/mine/", mine, name="mine"),
    path("mortgages/paper/<str:token>/", paper, name="paper"),
    path("mortgages/verify/<str:token>/", verify, name="verify"),
]
