"""文本指纹: a short sketch of a text, so that texts that are alike meet in an index instead of being compared. Pure.

MinHash (Broder 1997) in bands (Indyk, Motwani 1998) over the three-character sequences of `alike.sequences`: two texts
of similarity s agree in one band with probability s³, so they meet with 1 - (1 - s³)²⁴: 0.997 at the threshold of 0.6,
nearly always at 0.8, and one in forty at 0.1. Who meets is compared exactly afterwards.
"""

from __future__ import annotations

import hashlib
import random

import numpy as np
from numpy.typing import NDArray

from qinqing.appeals.alike import sequences

BANDS, ROWS = 24, 3
_CHANCE = random.Random("qinqing.sketch")  # the same for ever: stored sketches depend on it
_FACTORS = np.array([[_CHANCE.getrandbits(64) | 1] for _ in range(BANDS * ROWS)], dtype=np.uint64)
_OFFSETS = np.array([[_CHANCE.getrandbits(64)] for _ in range(BANDS * ROWS)], dtype=np.uint64)


def bands(text: str) -> list[int]:
    """`BANDS` whole numbers of 64 bits with sign; a text has a number in common with most texts that are alike."""
    found = _mixed(np.fromiter(sequences(text), dtype=np.uint64))
    lowest = (found * _FACTORS + _OFFSETS).min(axis=1).reshape(BANDS, ROWS)
    return [
        int.from_bytes(hashlib.blake2b(bytes([band]) + row.tobytes(), digest_size=8).digest(), "big", signed=True)
        for band, row in enumerate(lowest.astype("<u8"))
    ]


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The numbers with their bits well mixed (finalizer of splitmix64): neighbours lie far apart afterwards."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = numbers ^ (numbers >> np.uint64(31))
    return mixed
