"""Makes `cn.csv`: `python -m qinqing.lib.calendars.make`. For keepers of this project, once a year.

2004-2026: the days off and make-up days of the State Council's yearly notices (国务院办公厅关于部分节假日安排的
通知), taken as facts from the `chinesecalendar` package and put right where `CORRECTIONS` says so. 2027-2035: the
statutory holidays of 全国年节及纪念日放假办法 (State Council Order 795, in force since 2025-01-01); the lunar ones from
`LUNAR`. `chinesecalendar` is needed here and in tests only: an office imports the next notice as a file, it does not
wait for a package to be released.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from qinqing.lib.workdays.calendar import SHIPPED, Calendar, Special
from qinqing.lib.workdays.calendar_file import as_text

FIRST_YEAR, PUBLISHED_UNTIL, REVISION = 2004, 2026, "cn-2026"
NAMES = {
    "清明": "清明节",
    "端午": "端午节",
    "中秋": "中秋节",
    "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日": "抗战胜利70周年",
}

# What the package misses, with the notice that settles it.
CORRECTIONS = {
    # 国办发明电〔2005〕35号 (holidays of 2006): "12月31日（星期六）上班"
    date(2005, 12, 31): Special(True, "元旦"),
}

# (month, day) of New Year (正月初一), Qingming (清明), Dragon Boat (五月初五), Mid-Autumn (八月十五), from the Chinese
# calendar as fixed by GB/T 33661-2017; a test compares them with the `holidays` package.
LUNAR = {
    2027: ((2, 6), (4, 5), (6, 9), (9, 15)),
    2028: ((1, 26), (4, 4), (5, 28), (10, 3)),
    2029: ((2, 13), (4, 4), (6, 16), (9, 22)),
    2030: ((2, 3), (4, 5), (6, 5), (9, 12)),
    2031: ((1, 23), (4, 5), (6, 24), (10, 1)),
    2032: ((2, 11), (4, 4), (6, 12), (9, 19)),
    2033: ((1, 31), (4, 4), (6, 1), (9, 8)),
    2034: ((2, 19), (4, 5), (6, 20), (9, 27)),
    2035: ((2, 8), (4, 5), (6, 10), (9, 16)),
}


def calendar() -> Calendar:
    """The calendar to ship."""
    return Calendar(REVISION, {**dict(_published()), **CORRECTIONS, **dict(_by_rule())}, PUBLISHED_UNTIL)


def _published() -> Iterator[tuple[date, Special]]:
    from chinese_calendar import constants  # noqa: PLC0415 - a package for development only

    chinese = {festival.value: festival.chinese for festival in constants.Holiday}
    for working, days in ((False, constants.holidays), (True, constants.workdays)):
        for day, english in days.items():
            if FIRST_YEAR <= day.year <= PUBLISHED_UNTIL:
                name = chinese[english]
                yield day, Special(working, NAMES.get(name, name))


def _by_rule() -> Iterator[tuple[date, Special]]:
    """全国年节及纪念日放假办法 art. 2. Where two meet on a day, the later named one (National Day) gives the name."""
    for year, (spring, qingming, dragon_boat, mid_autumn) in LUNAR.items():
        new_year = date(year, *spring)
        yield date(year, 1, 1), Special(False, "元旦")
        for offset in (-1, 0, 1, 2):
            yield new_year + timedelta(days=offset), Special(False, "春节")
        yield date(year, *qingming), Special(False, "清明节")
        yield date(year, *dragon_boat), Special(False, "端午节")
        yield date(year, *mid_autumn), Special(False, "中秋节")
        for day in (1, 2):
            yield date(year, 5, day), Special(False, "劳动节")
        for day in (1, 2, 3):
            yield date(year, 10, day), Special(False, "国庆节")


def text() -> str:
    """The file's text."""
    source = "国务院办公厅历年关于部分节假日安排的通知；2027年起为全国年节及纪念日放假办法所定假日（调休待公布）"
    return f"# source: {source}\n" + as_text(calendar())


if __name__ == "__main__":
    SHIPPED.write_text(text(), encoding="utf-8")
