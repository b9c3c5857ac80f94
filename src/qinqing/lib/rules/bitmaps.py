"""位图: one bit for each company, 64 to a word. Pure; numpy.

A *pair* is two bitmaps, [surely, possibly], one above the other: yes is both, unknown only the second, no neither. So
`&` and `|` of two pairs are the Kleene and and or, both bitmaps in one stroke; and of two stacks of pairs (or a stack
and a pair), many at once. Bits behind the last row are zero.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bits: TypeAlias = NDArray[np.uint64]  # (words,)
Pair: TypeAlias = NDArray[np.uint64]  # (2, words), or a stack of them: (pairs, 2, words)
Flags: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[np.intp]


def words(rows: int) -> int:
    """So many words hold so many rows; at least one, so that there is always a last."""
    return max((rows + 63) // 64, 1)


def pack(flags: Flags) -> Bits:
    """One bit for each flag."""
    packed = np.packbits(flags, bitorder="little")
    bits = np.zeros(words(len(flags)), dtype=np.uint64)
    bits.view(np.uint8)[: len(packed)] = packed
    return bits


def pack_rows(rows: Rows, total: int) -> Bits:
    """The bits of these rows."""
    flags = np.zeros(total, dtype=np.bool_)
    flags[rows] = True
    return pack(flags)


def flags_of(bits: Bits, total: int) -> Flags:
    """One flag for each of `total` rows."""
    return np.unpackbits(bits.view(np.uint8), count=total, bitorder="little").view(np.bool_)


def rows_of(bits: NDArray[np.uint64]) -> Rows:
    """The numbers of the bits that are set, ascending; several bitmaps are counted through."""
    return np.flatnonzero(np.unpackbits(bits.view(np.uint8).reshape(-1), bitorder="little").view(np.bool_))


def flags_at(bits: Bits, rows: Rows) -> Flags:
    """The bits of these rows only."""
    found = (bits.view(np.uint8).take(rows >> 3) >> (rows & 7).astype(np.uint8)) & 1
    return found.astype(np.bool_)


def pairs(truth: Flags, known: NDArray[np.uint64], total: int) -> Pair:
    """A stack of pairs of what is true where it is known and unknown elsewhere. `truth`: (pairs, 64 * words), False
    behind the last row; `known`: (pairs, words), whatever behind it."""
    surely = np.packbits(truth, axis=1, bitorder="little").view(np.uint64) & known
    return _trim(np.stack((surely, surely | ~known), axis=1), total)


def constant(surely: bool, possibly: bool, total: int) -> Pair:
    """The same verdict for every row."""
    made = np.zeros((2, words(total)), dtype=np.uint64)
    made[0] -= np.uint64(surely)
    made[1] -= np.uint64(possibly)
    return _trim(made, total)


def negate(both: Pair, total: int) -> Pair:
    """Yes becomes no, no yes; unknown stays."""
    return _trim(np.bitwise_not(both[..., ::-1, :]), total)


def choose(test: Pair, then: Pair, other: Pair) -> Pair:
    """`then` where the test is yes, `other` where it is no, unknown where it is unknown."""
    surely, possibly = test[..., :1, :], test[..., 1:, :]
    chosen: Pair = (then & surely) | (other & ~possibly)
    chosen[..., 1:, :] |= possibly & ~surely
    return chosen


def _trim(bits: NDArray[np.uint64], total: int) -> NDArray[np.uint64]:
    """Zero behind the last row."""
    bits[..., -1] &= np.uint64((1 << (total - 64 * (bits.shape[-1] - 1))) - 1)
    return bits
