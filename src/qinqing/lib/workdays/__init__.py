"""The lawful clock (法定时钟): when a limit ends, why, what is left of it, and when its rungs fall.

Legal basis: Civil Code arts. 201-203 (民法典: the day of the event does not count, hours run from the event, a period
ends with office hours, an end on a day off rolls forward); Administrative Licensing Act art. 82 (working days).

- `budget.py`    how long: working days, office hours, elapsed time
- `calendar.py`  which days are worked, and the office hours; `calendar_file.py` reads and writes it
- `counting.py`  `due_at`: the end, nothing else (the hot path)
- `ruler.py`     `due`: the end with every day explained (工作日尺)
- `left.py`      how much office time is left
- `rungs.py`     moments named by their distance from the end: `half`, `one_working_day_left`, ...

Everything is pure: no Django, no wall clock. All times are aware; they are counted on China's clock. Which suspensions
are lawful (basis, notice) is the cases' business; here they are pairs of moments.
"""

from qinqing.lib.workdays.budget import Budget
from qinqing.lib.workdays.calendar import Calendar
from qinqing.lib.workdays.calendar_file import CalendarError, changes, load_calendar, shipped_calendar
from qinqing.lib.workdays.counting import Suspensions, due_at, in_china, merged
from qinqing.lib.workdays.left import Left, left
from qinqing.lib.workdays.ruler import Due, Step, due
from qinqing.lib.workdays.rungs import is_rung, rung_at

__all__ = [
    "Budget",
    "Calendar",
    "CalendarError",
    "Due",
    "Left",
    "Step",
    "Suspensions",
    "changes",
    "due",
    "due_at",
    "in_china",
    "is_rung",
    "left",
    "load_calendar",
    "merged",
    "rung_at",
    "shipped_calendar",
]
