"""The mortgage wing's county for the bench: `python -m bench.engines.mortgages COUNTS` prepares the installation that
the environment names and prints one JSON object: 40 banks with their keys, and of each count so many mortgages.

Every mortgage stands in the embedded register; number n is owed to bank n modulo 40, those with two creditors to the
next bank as well: `{"banks": [{"code", "key_id", "pem"}], "runs": [[{"certificate", "unit_number"}]]}`.
"""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timedelta
from typing import Any

import django

BANKS = 40


def prepare(counts: list[list[int]]) -> dict[str, Any]:
    """`counts`: of each run (mortgages of one creditor, mortgages of two)."""
    from qinqing.directory.models import Unit
    from qinqing.lib.wallclock import now as present
    from qinqing.site import preparing

    now = present()
    for _ in preparing.prepare(now):
        pass
    units = list(Unit.objects.filter(kind="bank", closed_on=None).exclude(credit_code="").order_by("code")[:BANKS])
    runs = [_register(units, run, one, two) for run, (one, two) in enumerate(counts)]
    return {"banks": [_bank(unit, now) for unit in units], "runs": runs}


def _bank(unit: Any, now: datetime) -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    from qinqing.accounts.actor import SYSTEM
    from qinqing.mortgages import keys

    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    filed = keys.add_public_key(SYSTEM, unit, public, now, starts=now - timedelta(days=1))
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {"code": unit.credit_code, "key_id": filed.key_id, "pem": secret, "public": public}


def _register(units: list[Any], run: int, one: int, two: int) -> list[dict[str, str]]:
    """First those of one creditor, then those of two."""
    from qinqing.mortgages.models_register import RegisteredCreditor, Registration

    made = Registration.objects.bulk_create(
        Registration(
            certificate=f"浙（20{20 + run}）示范不动产证明第{n:07}号",
            unit_number=f"330499001{run:03}GB{n:05}F00010001",
            registered_on=date(2020, 5, 6),
            owner=f"权利人{n}",
            owner_id_end="12003X",
            address=f"示范县沐柳路{n}号",
        )
        for n in range(one + two)
    )
    RegisteredCreditor.objects.bulk_create(
        RegisteredCreditor(
            registration=each, place=place, name=units[(n + place) % BANKS].name,
            credit_code=units[(n + place) % BANKS].credit_code,
        )
        for n, each in enumerate(made)
        for place in range(1 if n < one else 2)
    )  # fmt: skip
    return [{"certificate": each.certificate, "unit_number": each.unit_number} for each in made]


if __name__ == "__main__":
    django.setup()
    print(json.dumps(prepare(json.loads(sys.argv[1])), ensure_ascii=False))
