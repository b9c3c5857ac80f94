"""演示县的安家: tables, procedures, units, officers, companies, accounts. Safe to run again."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.management import call_command

from qinqing.accounts.models import AdminRole, User
from qinqing.appeals.models import LibraryAnswer
from qinqing.cases import library, shelf
from qinqing.cases.models import Case
from qinqing.directory import county
from qinqing.directory.companies import fictional_companies, fictional_people
from qinqing.directory.models import Mandate, Party
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.site.demo.matters import SIMPLE
from qinqing.ui.errors import Problem

COMPANIES = 600
PEOPLE = 40
ADMINISTRATORS = (
    ("demo.system", "系统管理员甲", AdminRole.Role.SYSTEM),
    ("demo.security", "安全管理员乙", AdminRole.Role.SECURITY),
    ("demo.audit", "审计管理员丙", AdminRole.Role.AUDIT),
)


def refuse_production() -> None:
    """The demo never touches an installation that serves people. Raises Problem."""
    if settings.MODE == "production":
        raise Problem(
            Label("生产环境不能运行演示", "The demo does not run in production; unset QINQING_MODE or set it to demo")
        )


def settle(now: datetime) -> None:
    """Make the county ready for its first case."""
    refuse_production()
    call_command("migrate", verbosity=0)
    for source in library.read_all(settings.COUNTY):
        shelf.store(library.load(source.text, source.path), now)
    county.load_county(settings.COUNTY, now)
    for username, name, role in ADMINISTRATORS:
        user = User.objects.filter(username=username).first() or User.objects.create(
            username=username, name=name, kind=User.Kind.OFFICER
        )
        AdminRole.objects.get_or_create(user=user, defaults={"role": role})
    if not Party.objects.filter(kind=Party.Kind.COMPANY).exists():
        _companies(now)
        _people(now)
    if not LibraryAnswer.objects.exists():
        for question, answer, words in SIMPLE:
            LibraryAnswer.objects.create(question=question, answer=answer, keywords=words, updated_at=now)


def is_settled() -> bool:
    """Whether this home already holds a county with cases."""
    return Case.objects.exists()


def _companies(now: datetime) -> None:
    rows = [Party(**facts, name_norm=normal(facts["name"]), updated_at=now) for facts in fictional_companies(COMPANIES)]
    Party.objects.bulk_create(rows, batch_size=500)


def _people(now: datetime) -> None:
    """People with a mandate, who can sign in with their phone."""
    for facts in fictional_people(PEOPLE):
        user = User.objects.create(
            username=f"phone:{facts['phone']}", name=facts["name"], kind=User.Kind.PARTY, phone=facts["phone"]
        )
        person = Party.objects.create(
            kind="person",
            name=facts["name"],
            name_norm=normal(facts["name"]),
            phone=facts["phone"],
            user=user,
            updated_at=now,
        )
        company = Party.objects.get(credit_code=facts["credit_code"])
        Mandate.objects.create(
            person=person, company=company, title=facts["title"], starts_on=facts["starts_on"], ends_on=facts["ends_on"]
        )
