"""Daily anchors (日锚): a Merkle root over chain heads that leaves the database, so that no chain is rewritten unseen.

An anchor of a day is made once that day is over (late when nothing ran: then it says what stood when it was made). Its
file HOME/anchors/<day>.txt is written once, never over; the row follows the file, so that a crash between the two
leaves a file without a row, which the next run takes in. Copies of the files belong on another machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from qinqing.audit import histories
from qinqing.audit.chain import SHA256, algorithm_of, merkle_root
from qinqing.audit.models import Anchor
from qinqing.audit.verify import PREVIOUS, AnchorView, leaf, previous_leaf
from qinqing.lib.wallclock import CHINA

_MARK = "qinqing-anchor"
_on_anchor: list[Callable[[Anchor], None]] = []


class AnchorError(Exception):
    """An anchor cannot be made; the text says why and what to do."""


def on_anchor(fn: Callable[[Anchor], None]) -> None:
    """`fn(anchor)` runs in the transaction that records a new anchor: the way out for a copy of its root."""
    if fn not in _on_anchor:
        _on_anchor.append(fn)


def make_anchor(day: date, now: datetime, algorithm: str = SHA256) -> Anchor:
    """The anchor of `day`, made if it is not there yet. AnchorError: the day is not over, or passed by."""
    adopt_files(now)
    if existing := Anchor.objects.filter(day=day).first():
        return existing
    if day >= now.astimezone(CHINA).date():
        raise AnchorError(
            f"{day} 尚未结束，次日起才能做日锚 / {day} is not over; its anchor can be made from the next day on"
        )
    last = Anchor.objects.order_by("-day").first()
    if last is not None and last.day > day:
        raise AnchorError(f"{last.day} 的日锚已做，不能再补 {day} / the anchor of {last.day} stands; {day} is too late")
    leaves = _leaves(last)
    _write(day, merkle_root(leaves, algorithm), leaves)
    adopt_files(now)
    return Anchor.objects.get(day=day)


def anchor_due(now: datetime) -> bool:
    """Job of the worker: yesterday's anchor, if missing. Returns False: there is never more to do at once."""
    make_anchor(now.astimezone(CHINA).date() - timedelta(days=1), now)
    return False


def adopt_files(now: datetime) -> None:
    """Record every sound anchor file that has no row: a crash, or somebody, has taken the row away."""
    known = {str(day) for day in Anchor.objects.values_list("day", flat=True)}
    for view in files():
        if view.day in known:
            continue
        leaves = view.leaves or ()
        if merkle_root(leaves, algorithm_of(view.root)) != view.root:
            raise AnchorError(
                f"{_path(view.day)} 已损坏，请先移走并查明原因 / is damaged; find out why and move it away"
            )
        with transaction.atomic():
            anchor, made = Anchor.objects.get_or_create(
                day=date.fromisoformat(view.day),
                defaults={
                    "algorithm": algorithm_of(view.root),
                    "root": view.root,
                    "chains": len(leaves) - 1,
                    "leaves_file": str(_path(view.day).relative_to(settings.HOME)),
                    "made_at": now,
                },
            )
            if made:
                for fn in _on_anchor:
                    fn(anchor)


def files() -> Iterator[AnchorView]:
    """Every anchor file, oldest first, as it is (its root is what its first line says)."""
    for path in sorted(_folder().glob("????-??-??.txt")):
        text = path.read_text(encoding="utf-8", errors="replace")  # a damaged file is a finding, not a crash
        first, *leaves = text.removesuffix("\n").split("\n")
        mark, day, root = [*first.split("\t"), "", ""][:3]
        yield AnchorView(path.stem, root if (mark, day) == (_MARK, path.stem) else "", leaves)


def last_heads() -> dict[tuple[str, str], str]:
    """(history, ref) -> the leaf with which a chain last stood in an anchor."""
    heads: dict[tuple[str, str], str] = {}
    for view in files():
        for line in view.leaves or ():
            name, ref, *_ = [*line.split("\t"), ""]
            if name != PREVIOUS:
                heads[name, ref] = line
    return heads


def _leaves(last: Anchor | None) -> list[str]:
    known = last_heads()
    leaves = [previous_leaf(str(last.day), last.root) if last else previous_leaf("", "")]
    for name, history in sorted(histories.registered().items()):
        lines = (leaf(name, head.ref, head.seq, head.hash) for head in history.heads())
        leaves += [line for line in lines if known.get((name, line.split("\t")[1])) != line]
    return leaves


def _write(day: date, root: str, leaves: list[str]) -> None:
    """Whole or not at all, and never over an existing file: two workers at once agree on whose file it is."""
    path = _path(str(day))
    temporary = path.with_suffix(f".{os.getpid()}")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join([f"{_MARK}\t{day}\t{root}", *leaves, ""]))
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(0o444)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def _folder() -> Path:
    folder = Path(settings.HOME) / "anchors"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _path(day: str) -> Path:
    return _folder() / f"{day}.txt"
