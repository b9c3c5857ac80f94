"""Sample data of the component gallery: fictional, and fixed at 29 September 2026, 10:20, so that pictures compare."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.core.paginator import Paginator

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import Budget, due, left, shipped_calendar
from qinqing.ui import charts, flow
from qinqing.ui.figures import Rate
from qinqing.ui.forms import Form, LongText, ManyFiles, both, choices
from qinqing.ui.parts import (
    Cell,
    Clock,
    Figure,
    FileLink,
    Happening,
    Link,
    Option,
    Seal,
    Stage,
    Table,
    done_clock,
    held_clock,
    running_clock,
)

NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
_CALENDAR = shipped_calendar()


class SampleForm(Form):
    company = forms.CharField(label=both("企业", "Company"), max_length=80)
    phone = forms.CharField(label=both("手机", "Phone"), min_length=11, max_length=11)
    town = forms.ChoiceField(
        label=both("镇街", "Town"),
        choices=choices([("qx", Label("青溪街道", "Qingxi Subdistrict")), ("ls", Label("岚山镇", "Lanshan Town"))]),
        help_text=both("按企业登记地址带出，可改", "From the registered address; you may change it"),
    )
    story = LongText(
        Label("诉求内容", "What it is about"),
        40,
        help_text=both("按来访人原话记录，不改写", "In the visitor's own words"),
    )
    channel = forms.ChoiceField(
        label=both("来源", "Channel"),
        choices=choices(
            [("w", Label("窗口", "Window")), ("p", Label("电话", "Phone")), ("v", Label("走访带回", "Visit"))]
        ),
        widget=forms.RadioSelect,
    )
    klass = forms.ChoiceField(
        label=both("类别与应反馈时间", "Class and when to answer"),
        choices=choices([("s", ""), ("g", ""), ("c", "")]),
        widget=forms.RadioSelect,
    )
    section = forms.ChoiceField(
        label=both("交办科室", "Section"), choices=choices([("1", ""), ("2", ""), ("3", "")]), widget=forms.RadioSelect
    )
    evidence = forms.FileField(
        label=both("佐证", "Evidence"),
        required=False,
        widget=ManyFiles,
        help_text=both("照片、PDF或表格，单个不超过20MB", "Photos, PDF or tables, 20 MB each"),
    )
    agree = forms.BooleanField(label=both("同意核验数据", "Data may be checked"), required=False)


def samples(*, bad: bool) -> dict[str, object]:
    """The gallery's context; `bad`: the form was sent with errors."""
    typed = {
        "company": "示范县禾穗精密传动有限公司",
        "phone": "1380000204",
        "town": "qx",
        "story": "9月8日一名装配工在车间受伤并已手术。网上申报提示“参保状态异常”，无法提交；社保窗口说要先补缴。",
        "channel": "w",
        "section": "1",
        "agree": "on",
    }
    good = {**typed, "phone": "13800002046", "story": "厂门口早高峰停满，消防通道被占过两次。", "klass": "c"}
    return {
        "gallery_now": NOW,
        "print_number": "廉2026-0231",
        "print_note": Label("历史校验：完整", "History verified: whole"),
        "form": SampleForm(typed) if bad else SampleForm(initial=good),
        "good": SampleForm(initial=good, prefix="good"),
        "clocks": _clocks(),
        "clock": _clock(NOW + timedelta(hours=30), 5),
        "ahead": _steps(NOW, "working_days: 5"),
        "under_way": _steps(_at(21, 10), "working_days: 5", ((_at(23, 8), _at(24, 8)),)),
        "long": _steps(_at(7, 9), "working_days: 30", ((_at(16, 8), _at(18, 8)),)),
        "late": _steps(_at(18, 9), "working_days: 3"),
        "stages": _stages(),
        "happenings": _happenings(),
        "seals": [Seal(14), Seal(14, 9), Seal()],
        "file_links": _FILES,
        "picks": _PICKS,
        "guesses": _GUESSES,
        "kpis": _KPIS,
        "figures": [
            Figure(Label("已接待", "received"), 17),
            Figure(Label("当场答复", "at once"), 11, "#t"),
            Figure(Label("等候", "waiting"), None),
        ],
        "table": _TABLE,
        "page_obj": Paginator(range(337), 20).page(2),
        "rate": Rate(Label("解决率", "Solved"), 341, 418, _COUNTED, "#t", "#t", previous=0.849),
        "rate_up": Rate(Label("按时签收率", "Signed for in time"), 1071, 1106, _COUNTED, "#t", "#t", previous=0.931),
        "rate_few": Rate(Label("满意率", "Satisfied"), 11, 12, _COUNTED),
        **_drawings(),
    }


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 9, day, hour, 30, tzinfo=CHINA)


def _steps(start: datetime, budget: str, suspensions: tuple[tuple[datetime, datetime], ...] = ()) -> object:
    return due(start, Budget.parse(budget), _CALENDAR, suspensions).steps


def _clock(at: datetime, days: int) -> Clock:
    return running_clock(left(NOW, at, _CALENDAR), days * _CALENDAR.minutes_per_day)


def _clocks() -> list[Clock]:
    close = datetime(2026, 9, 29, 17, tzinfo=CHINA)
    return [
        _clock(close + timedelta(days=11), 5),
        _clock(close + timedelta(days=1), 3),
        _clock(close, 5),
        _clock(close - timedelta(days=5), 3),
        _clock(close - timedelta(hours=8), 3),
        held_clock(Label("等企业补正", "waiting for the company")),
        Clock("provisional", Label("剩61个工作日（暂定）", "61 working days left (provisional)")),
        done_clock(),
    ]


def _stages() -> list[list[Stage]]:
    names = [Label("发现", "Raised"), Label("交办", "Assigned"), Label("督办", "Supervised"), Label("核销", "Closed")]
    notes: list[list[Label | str]] = [
        [Label("今天10:20", "today, 10:20"), Label("待交办", "to be assigned"), "", ""],
        [
            "9/20",
            "9/21",
            Label("核查中", "being checked"),
            Label("须附佐证，经办人不得核销", "with evidence; not by the handler"),
        ],
        ["9/20", "9/21", "9/30", Label("佐证2件", "2 pieces of evidence")],
    ]
    return [
        [
            Stage(name, "done" if place < at else "at" if place == at else "ahead", note)
            for place, (name, note) in enumerate(zip(names, line, strict=True))
        ]
        for at, line in zip((0, 2, 4), notes, strict=True)
    ]


_FILES = (
    FileLink("厂门口早高峰.jpg", "#t", 1_800_000, image=True),
    FileLink("厂区总平面图.pdf", "#t", 640_000, Label("9月24日补交", "added 24 Sep")),
    FileLink("工资台账.xlsx", note=Label("您无权查看", "not open to you")),
)


def _happenings() -> list[Happening]:
    return [
        Happening(
            _at(28, 15),
            Label("现场踏勘，形成记录", "Site visit recorded"),
            Label("可新增临时停车位42个（路侧26个、边角地16个）。", "42 temporary parking places are possible."),
            who=Label("青溪街道 陆某", "Qingxi, Lu"),
            seq=13,
            hash="07fa2c19d3",
            files=_FILES[:1],
        ),
        Happening(
            _at(28, 9),
            Label("督办台 催办一次", "Urged by the supervisor"),
            Label("县资规局尚未签收协办任务。", "The assisting unit has not signed for its task."),
            kind="warn",
            seq=12,
            hash="c952aa101e",
            links=(Link(Label("看督办函", "See the letter"), "#t"),),
        ),
        Happening(_at(24, 8), Label("恢复计时", "Clock resumed"), kind="system", seq=10, hash="e3b4aa1072"),
    ]


_PICKS = [
    Option(
        "s",
        Label("简易", "Simple"),
        Label("当场答复", "Answered at once"),
        Label("政策明确，当面说清", "The rule is clear"),
    ),
    Option(
        "g",
        Label("一般　3个工作日", "General, 3 working days"),
        Label("10月9日（周五）17:00前", "by Fri 9 Oct, 17:00"),
        Label("单科室可答复", "One section can answer"),
    ),
    Option(
        "c",
        Label("复杂　5个工作日", "Complex, 5 working days"),
        Label("10月12日（周一）17:00前", "by Mon 12 Oct, 17:00"),
        Label("需两个以上单位", "Needs two units or more"),
    ),
]
_GUESSES = [
    Option("1", Label("工伤保险科", "Work injury section"), share=0.78),
    Option("2", Label("社保经办中心", "Social insurance centre"), share=0.15),
    Option("3", Label("劳动关系科", "Labour relations section"), share=0.04),
]
_KPIS = [
    Figure(Label("已逾期", "Overdue"), 7, "#t", Label("较昨日−2", "−2 since yesterday"), "red"),
    Figure(Label("今天到期", "Due today"), 11, "#t", Label("最早11:30到期", "first at 11:30"), "amber"),
    Figure(Label("退回两次以上", "Returned twice or more"), 3, "#t"),
    Figure(Label("两日无动静", "Two days without a move"), 4, "#t"),
    Figure(Label("待回函", "Letters unanswered"), None),
]
_COUNTED = Label(
    "分子：本月到期且企业确认“已解决”或经核查属实的办件数。\n分母：本月到期的全部办件数；“无法办理”计入分母。",
    "Numerator: matters due this month that the company confirmed as solved.\nDenominator: all matters due this month.",
)
_TABLE = Table(
    Label("各单位在办和逾期件数", "Open and overdue matters by unit"),
    (Label("单位", "Unit"), Label("在办", "Open"), Label("逾期", "Overdue"), Label("按时率", "In time")),
    (
        (Cell(Label("县人社局", "Human resources")), Cell(52, "#t"), Cell(3, "#t", "red"), Cell("94.1%")),
        (Cell(Label("县资规局", "Natural resources")), Cell(1061, "#t"), Cell(2, "#t", "red"), Cell("91.8%")),
        (Cell(Label("县交通局", "Transport")), Cell(9, "#t"), Cell(0), Cell(None)),
    ),
    (Cell(Label("合计", "Total")), Cell(1122), Cell(5), Cell("92.9%")),
)


def _drawings() -> dict[str, object]:
    months = [
        charts.Mark(Label(f"{m}月", f"{m}"), v, f"#m{m}", partial=m == 12)
        for m, v in enumerate((92, 88, 104, 97, None, 120, 116, 109, 131, 138, 84, 41), 1)
    ]
    units = [
        charts.Mark(Label("政务环境", "Government services"), 135, "#t"),
        charts.Mark(Label("市场环境", "Market"), 77, "#t"),
        charts.Mark(Label("人文环境", "Culture"), 17),
    ]
    flow_nodes = [
        flow.FlowNode("in", Label("登记", "Intake"), "start"),
        flow.FlowNode("sign", Label("签收", "Sign for"), note=Label("0.5个工作日", "half a working day")),
        flow.FlowNode("do", Label("办理", "Handle"), note=Label("5个工作日", "5 working days"), here=True),
        flow.FlowNode("check", Label("核查", "Check"), note=Label("2个工作日", "2 working days")),
        flow.FlowNode("end", Label("核销", "Closed"), "closed"),
    ]
    flow_edges = [
        flow.FlowEdge("in", "sign", Label("交办", "assign")),
        flow.FlowEdge("sign", "do", Label("签收", "sign")),
        flow.FlowEdge("do", "check", Label("提交反馈", "answer")),
        flow.FlowEdge("check", "end", Label("属实", "confirmed")),
        flow.FlowEdge("check", "do", Label("退回，至多2次", "return, at most twice"), "return"),
        flow.FlowEdge("do", "check", Label("逾期上提", "overdue"), "expiry"),
    ]
    title = Label("每月新收", "New matters by month")
    return {
        **{
            f"columns{tail}": charts.columns(months, title=title, unit=Label("件", "matters"), narrow=bool(tail))
            for tail in ("", "_narrow")
        },
        **{
            f"line{tail}": charts.line(
                months, title=title, narrow=bool(tail), goal=100, goal_label=Label("承诺", "promise")
            )
            for tail in ("", "_narrow")
        },
        **{
            f"bars{tail}": charts.bars(units, title=Label("按环境", "By environment"), narrow=bool(tail))
            for tail in ("", "_narrow")
        },
        "flow": flow.draw_flow(flow_nodes, flow_edges, title=Label("诉求办理流程", "How a difficulty is handled")),
        "flow_down": flow.draw_flow(
            flow_nodes, flow_edges, title=Label("诉求办理流程", "How a difficulty is handled"), down=True
        ),
    }
