"""转办件导入: matters from another system (12345 hotline) become hard cases on the window's desk.

Each row is known by `source:outside number` (`Case.imported`), so that the same list twice opens nothing twice. The
clock of intake starts at the import: who confirms takes them in. The outside number stands at the end of what is asked,
where everybody who handles the matter reads it. Whom it is from is never guessed: see `_party`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from qinqing.accounts.actor import Actor
from qinqing.appeals.intake import PROCEDURE, title_of
from qinqing.cases.acting import open_case
from qinqing.cases.models import Case
from qinqing.directory import services
from qinqing.directory.models import Party
from qinqing.directory.sheet_cells import choice, code, moment, phone, text
from qinqing.directory.sheet_imports import InColumn, Seen, Values, register
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.lib.wallclock import CHINA

KIND = "outside_matters"
TITLE = Label("转办件（12345等）", "Matters from another system")
CHANNEL = "hotline"
SOURCE = "12345"
MOST_ROWS = 1_000
MOST_TEXT = 400  # the procedure allows 500; the rest is for the line that names the source
PERSON_NAME = 4  # a longer name that the directory does not know may be a company's: the category must say
KINDS = {
    "company": Label("企业", "Company"),
    "person": Label("个人", "Person"),
    "unnamed": Label("不具名", "Unnamed"),
}
COLUMNS = (
    InColumn(
        "number",
        Label("工单编号", "Outside number"),
        Label(
            "对方系统的编号；按此识别，重复导入不重复立件",
            "The other system's number; the same one never opens two matters",
        ),
        text(40),
        required=True,
        width=22,
    ),
    InColumn(
        "text",
        Label("诉求内容", "What is asked"),
        Label(f"不超过{MOST_TEXT}字", f"At most {MOST_TEXT} characters"),
        text(MOST_TEXT, lines=True),
        required=True,
        width=60,
    ),
    InColumn(
        "party",
        Label("诉求人", "Party"),
        Label("企业名称或个人姓名；不具名的留空", "Name of the company or person; empty for nobody named"),
        text(100),
        width=28,
    ),
    InColumn(
        "credit_code",
        Label("统一社会信用代码", "Credit code"),
        Label(
            "企业和个体工商户填写；名录中没有的企业必填",
            "Of companies and sole traders; needed for those not in the directory",
        ),
        code,
        width=22,
    ),
    InColumn(
        "kind",
        Label("诉求人类别", "Kind of party"),
        Label(
            "企业、个人或不具名；能从信用代码或名录认出的可不填",
            "Company, person or unnamed; may be empty when the code or directory tells",
        ),
        choice(KINDS),
        width=12,
        show=lambda value: KINDS[value],
    ),
    InColumn(
        "phone",
        Label("联系电话", "Phone"),
        Label("手机，或带区号的座机", "Mobile, or landline with area code"),
        phone,
        width=16,
    ),
    InColumn(
        "received_at",
        Label("接收时间", "Received at"),
        Label("对方系统的接收时间，如2026-09-30 15:20", "When the other system received it, such as 2026-09-30 15:20"),
        moment,
        width=18,
        kind="moment",
    ),
    InColumn(
        "source",
        Label("来源系统", "Source"),
        Label("空格为12345；其他系统写其简称", "Empty for 12345; else the system's short name"),
        text(20),
        width=12,
    ),
)


def imported_as(row: Values) -> str:
    """`Case.imported` of a row."""
    return f"{row.get('source') or SOURCE}:{row['number']}"


def look(actor: Actor, rows: Sequence[Values], now: datetime) -> list[Seen]:
    """A known number is the same whatever the row says now: the matter is handled, not overwritten."""
    known = set(Case.objects.filter(imported__in=[imported_as(row) for row in rows]).values_list("imported", flat=True))
    return [Seen(dict(row)) if imported_as(row) in known else Seen(None, _faults(row, now)) for row in rows]


def apply(actor: Actor, rows: Sequence[Values], now: datetime) -> None:
    """Open each as a hard case at the window, by the person who confirmed."""
    for row in rows:
        data = {"text": f"{row['text']}\n{origin(row)}"}
        if row.get("phone"):
            data["phone"] = row["phone"]
        open_case(
            PROCEDURE, _party(row, now), actor, now, data, title=title_of(row["text"]), channel=CHANNEL,
            imported=imported_as(row),
        )  # fmt: skip


def origin(row: Values) -> str:
    """The last line of what is asked: which system, its number, and when it received the matter."""
    received = row.get("received_at")
    when = f"，{received.astimezone(CHINA):%Y-%m-%d %H:%M}接收" if received else ""
    return f"（{row.get('source') or SOURCE}转办，工单{row['number']}{when}）"


def add_kind() -> None:
    """Called at start-up."""
    register(
        KIND,
        TITLE,
        COLUMNS,
        apply,
        roles="appeals:window",
        key=imported_as,
        look=look,
        most_rows=MOST_ROWS,
        hint=Label(
            "确认后每行立为一件，到窗口待受理交办，受理时限从导入时起算",
            "Each row becomes a matter on the window's desk; the clock of intake starts at the import",
        ),
    )


# ── private ──


def _faults(row: Values, now: datetime) -> dict[str, Label]:
    faults: dict[str, Label] = {}
    if row.get("received_at") and row["received_at"] > now:
        faults["received_at"] = Label("晚于现在，请核对", "Later than now; check it")
    kind = row.get("kind")
    if row.get("credit_code"):
        if kind in {"person", "unnamed"}:
            faults["kind"] = Label("有信用代码的是企业，请核对", "What has a credit code is a company; check it")
        if not row.get("party") and not Party.objects.filter(credit_code=row["credit_code"]).exists():
            faults["party"] = Label("名录中没有这家企业，请填写名称", "Not in the directory; give the company's name")
        return faults
    named = _companies_named(row.get("party"))
    if kind == "unnamed" or (kind == "person" and row.get("party")):
        return faults
    if kind == "person":
        faults["party"] = Label("请填写姓名，或类别改为不具名", "Give a name, or make the kind unnamed")
    elif named > 1:
        faults["credit_code"] = Label(
            "名录中有同名企业，请填写信用代码", "Several have this name; give the credit code"
        )
    elif named == 0 and kind == "company":
        faults["credit_code"] = Label(
            "名录中没有这家企业，请填写信用代码", "Not in the directory; give the credit code"
        )
    elif named == 0 and len(row.get("party") or "") > PERSON_NAME:
        faults["kind"] = Label(
            "名录中没有这个名称，请填写信用代码，或类别填“个人”",
            "The directory does not know this name; give the credit code, or say that it is a person",
        )
    return faults


def _companies_named(name: str | None) -> int:
    if not name:
        return 0
    return Party.objects.filter(kind__in=services.REGISTERED, name_norm=normal(name)).count()


def _party(row: Values, now: datetime) -> int:
    """The party of a sound row: by credit code, else the one company of that name, else a person of that name and
    phone, else nobody named."""
    if row.get("credit_code"):
        found = Party.objects.filter(credit_code=row["credit_code"]).first()
        kind = Party.Kind.SOLE_TRADER if row["credit_code"].startswith("92") else Party.Kind.COMPANY
        return (found or services.create_party(kind, row["party"], now, credit_code=row["credit_code"])).pk
    name, phone = row.get("party"), row.get("phone") or ""
    if not name or row.get("kind") == "unnamed":
        return services.create_unnamed(now, phone=phone).pk
    if row.get("kind") != "person":
        company = Party.objects.filter(kind__in=services.REGISTERED, name_norm=normal(name)).first()
        if company is not None:
            return company.pk
    same = Party.objects.filter(kind=Party.Kind.PERSON, name_norm=normal(name), phone=phone) if phone else None
    person = same.first() if same is not None else None
    return (person or services.create_party(Party.Kind.PERSON, name, now, phone=phone)).pk
