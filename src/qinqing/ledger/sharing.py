"""分配: how a sum is shared out when it does not suffice for everybody. Pure, exact, whole fen.

Every result sums to exactly what there is to give (`min(limit, sum of claims)`), and nobody gets more than claimed.
Claims are `{reference: fen}`; except for `first_come`, the order in which they stand makes no difference to anyone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

Weight = int | Fraction


def share(fen: int, weights: Sequence[Weight]) -> list[int]:
    """最大余额法: `fen` in proportion to `weights`, one amount for each, summing to `fen` exactly.

    Each gets its share rounded down; the fen left over go, one each, to the largest fractions cut off. Ties: the
    greater weight first, then the earlier place (between equal weights only: as (weight, amount) pairs the result does
    not depend on the order). ValueError for a negative sum or weight, and for something to share by zeros alone.
    """
    if fen < 0 or any(weight < 0 for weight in weights):
        raise ValueError("a sum and its weights are zero or more")
    whole = Fraction(sum(weights))
    if whole == 0:
        if fen:
            raise ValueError(f"{fen} cannot be shared: every weight is zero")
        return [0] * len(weights)
    exact = [fen * weight / whole for weight in weights]
    amounts = [int(quota) for quota in exact]
    places = sorted(range(len(weights)), key=lambda place: (amounts[place] - exact[place], -weights[place], place))
    for place in places[: fen - sum(amounts)]:
        amounts[place] += 1
    return amounts


def pro_rata(limit: int, claims: Mapping[str, int]) -> dict[str, int]:
    """按比例: everybody gets the same share of the claim where `limit` does not suffice. Equal claims: the lesser
    reference gets the odd fen. ValueError for a negative limit or claim."""
    _check(limit, claims)
    if sum(claims.values()) <= limit:
        return dict(claims)
    refs = sorted(claims)
    amounts = dict(zip(refs, share(limit, [claims[ref] for ref in refs]), strict=True))
    return {ref: amounts[ref] for ref in claims}


def first_come(limit: int, claims: Mapping[str, int]) -> dict[str, int]:
    """先到先得: in the order of `claims`, each in full while money lasts; the one at which it ends gets what is left,
    those behind nothing. ValueError for a negative limit or claim."""
    _check(limit, claims)
    amounts = {}
    for ref, claim in claims.items():
        amounts[ref] = min(claim, limit)
        limit -= amounts[ref]
    return amounts


def ranked(limit: int, claims: Mapping[str, int], scores: Mapping[str, Weight]) -> dict[str, int]:
    """择优: the highest score first, each in full while money lasts; equals share what is left for them pro rata.

    ValueError for a negative limit or claim; KeyError for a claim without a score."""
    _check(limit, claims)
    by_score: dict[Weight, dict[str, int]] = {}
    for ref, claim in claims.items():
        by_score.setdefault(scores[ref], {})[ref] = claim
    amounts: dict[str, int] = {}
    for score in sorted(by_score, reverse=True):
        given = pro_rata(limit, by_score[score])
        limit -= sum(given.values())
        amounts |= given
    return {ref: amounts[ref] for ref in claims}


def _check(limit: int, claims: Mapping[str, int]) -> None:
    if limit < 0:
        raise ValueError(f"the limit is {limit}; it is zero or more")
    for ref, claim in claims.items():
        if claim < 0:
            raise ValueError(f"the claim of {ref} is {claim}; a claim is zero or more")
