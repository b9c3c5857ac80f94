"""演示办件: which stories the demo county plays, and when they began. Seeded: the same county each time."""

from __future__ import annotations

from datetime import datetime, timedelta

from qinqing.cases.calendars import current
from qinqing.cases.models import Case
from qinqing.site.demo.card_words import CardWord
from qinqing.site.demo.hard_cases import HardCase
from qinqing.site.demo.players import Player, Story

SETTLED = timedelta(days=7)  # older matters have mostly come to their end
KINDS: tuple[type[Story], ...] = (HardCase, CardWord)
FIRST = [(kind, name) for kind in KINDS for name in kind.STORIES]  # of each one, so that every page has something


def play_many(count: int, seed: int, now: datetime, *, days: int = 75) -> int:
    """Play `count` cases more that began within the last `days`, more of them lately; returns how many now stand. The
    county's first cases show each story once, all of them recent."""
    player = Player(seed, now)
    calendar = current()
    total = calendar.office_time(now)
    there = Case.objects.count()
    for index in range(there, there + count):
        back = 5 * player.dice.random() if index < len(FIRST) else days * player.dice.random() ** 2
        start = calendar.moment_at(total - timedelta(hours=7 * back * 5 / 7))
        play(player, start, index)
    return Case.objects.count()


def play(player: Player, start: datetime, index: int) -> int:
    """One case from its beginning to where its story has come by now; returns its id."""
    if index < len(FIRST):
        kind, name = FIRST[index]
    else:
        kind = CardWord if player.dice.random() < 0.15 else HardCase
        settled = player.now - start > SETTLED and player.dice.random() < 0.96
        name = player.dice.choice(kind.ENDED if settled else kind.STORIES)
    return kind(player, start, name).perform()
