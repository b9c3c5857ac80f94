"""各角色的首页: where each role begins its day, and in the demo who plays it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qinqing.accounts.actor import Actor
from qinqing.accounts.models import AdminRole, User
from qinqing.directory.models import Mandate, Post
from qinqing.lib.labels import Label

HOMES = (
    ("window_clerk", "appeals:window"),
    ("window_head", "appeals:window"),
    ("supervisor", "supervision:desk"),
    ("leader", "insight:leader"),
    ("inspector", "supervision:board"),
    ("bank_clerk", "mortgages:bank_desk"),
    ("bank_checker", "mortgages:bank_desk"),
    ("section_head", "cases:desk"),
    ("liaison", "cases:desk"),
    ("handler", "cases:desk"),
    ("system_admin", "accounts:accounts"),
    ("security_admin", "accounts:administrators"),
    ("audit_admin", "accounts:security_log"),
    ("party", "cases:mine"),
)


def home_of(actor: Actor) -> str:
    """The route of the actor's first page; one's own account when nothing else is theirs."""
    return next((route for role, route in HOMES if role in actor.roles), "accounts:own")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo county who plays a role."""

    role: str
    label: Label
    name: str
    unit: str
    user_id: int


_OFFICERS = (
    ("window_clerk", "window_clerk", "hrss-window", Label("窗口专员：受理来访", "Window clerk: takes visitors in")),
    (
        "window_head",
        "window_head",
        "hrss-window",
        Label("窗口负责人：批准改类、裁定主办", "Head of the window: classes and disputes"),
    ),
    ("liaison", "liaison", "hrss-injury", Label("科室联络员：办理、反馈", "Section liaison: handles and answers")),
    ("section_head", "section_head", "hrss", Label("科室负责人：审核签发", "Head of section: signs off")),
    ("assistant", "", "tax", Label("协办单位：反馈意见", "Assisting unit: gives its opinion")),
    (
        "supervisor",
        "supervisor",
        "supervision",
        Label("督办员：催办、核查、核销", "Supervisor: urges, checks, writes off"),
    ),
    ("leader", "leader", "leadership", Label("县领导：看红灯、批示", "County leader: sees the reds, instructs")),
    ("policy_officer", "handler", "science", Label("惠企政策经办：审核申领", "Policy officer: reviews claims")),
    ("policy_head", "section_head", "science", Label("主管部门负责人：签发、冻结", "Head of department: signs off")),
    ("payer", "handler", "finance", Label("财政兑付经办：支付、对账", "Finance officer: pays, reconciles")),
    ("payer_head", "section_head", "finance", Label("财政负责人：下达预算、复核", "Head of finance: budgets, release")),
    ("registrar", "handler", "registry", Label("不动产登记经办：核查疑点", "Registrar: looks into doubts")),
    ("bank_clerk", "bank_clerk", "bank-01", Label("银行录入员：报送结清", "Bank clerk: reports settlements")),
    ("bank_checker", "bank_checker", "bank-01", Label("银行复核员：复核报送", "Bank checker: confirms them")),
    (
        "inspector",
        "inspector",
        "inspection",
        Label("纪检监察干部：监督看板、抽查", "Discipline inspector: oversight, spot checks"),
    ),
)


def demo_people() -> list[Person]:
    """One person per role, found in the county as it stands."""
    people = []
    for role, held, unit, label in _OFFICERS:
        posts = Post.objects.filter(unit__code=unit, ends_on=None, officer__user__is_active=True)
        if held:
            posts = posts.filter(role=held)
        post = posts.select_related("officer__user", "unit").order_by("-pk" if held == "window_clerk" else "pk").first()
        if post:
            people.append(Person(role, label, post.officer.name, post.unit.name, post.officer.user_id))
    for admin in AdminRole.objects.select_related("user").order_by("pk"):
        text = Label(AdminRole.Role(admin.role).label, admin.role.replace("_", " ").capitalize())
        people.append(Person(admin.role, text, admin.user.name, "", admin.user_id))
    mandate = (
        Mandate.objects.filter(person__user__isnull=False, starts_on__lte=date.today(), ends_on=None)  # noqa: DTZ011
        .filter(company__status="存续")
        .select_related("person", "company")
        .order_by("pk")
        .first()
    )
    if mandate and mandate.person.user_id:
        label = Label("企业经办人：手机上跟踪", "Company's agent: follows on the phone")
        people.append(Person("party", label, mandate.person.name, mandate.company.name, mandate.person.user_id))
    return people


def person_of(role: str) -> User | None:
    """The account that plays a role in the demo."""
    found = next((person for person in demo_people() if person.role == role), None)
    return User.objects.get(pk=found.user_id) if found else None
