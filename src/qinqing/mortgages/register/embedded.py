"""模拟登记簿 as a `Register`: tables of this installation. For demo and tests."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from qinqing.mortgages.models_register import Registration, Restriction
from qinqing.mortgages.register import Asked, Creditor, Declined, Deregistered, Entry


class Embedded:
    """See `Register`. One request number deregisters one mortgage once."""

    simulated = True

    def look_up(self, certificate: str) -> Entry | None:
        found = Registration.objects.filter(certificate=certificate).prefetch_related("creditors").first()
        if found is None:
            return None
        kinds = set(
            Restriction.objects.filter(unit_number=found.unit_number, lifted_on=None).values_list("kind", flat=True)
        )
        creditors = sorted(found.creditors.all(), key=lambda each: each.place)
        return Entry(
            found.certificate, found.unit_number,
            tuple(Creditor(each.name, each.credit_code, each.loan_number) for each in creditors),
            found.registered_on.isoformat(), found.owner, found.owner_id_end, found.owner_phone, found.address,
            active=found.deregistered_at is None, maximum_amount=found.maximum_amount,
            seized=Restriction.Kind.SEIZURE in kinds, disputed=Restriction.Kind.DISPUTE in kinds,
            receipt_no=found.receipt_no,
        )  # fmt: skip

    def deregister(self, asked: Asked, now: datetime) -> Deregistered | Declined:
        with transaction.atomic():
            found = Registration.objects.select_for_update().filter(certificate=asked.certificate).first()
            if found is None:
                return Declined("登记簿中没有该登记证明号")
            if found.deregistered_at is not None:
                if found.request == asked.number:
                    return Deregistered(found.receipt_no, found.deregistered_at)
                return Declined(f"该抵押登记已于此前注销（{found.receipt_no}）")
            if found.unit_number != asked.unit_number:
                return Declined("不动产单元号与登记簿不一致")
            found.deregistered_at, found.request = now, asked.number
            found.receipt_no = f"模拟注{found.pk:08}"
            found.save(update_fields=["deregistered_at", "request", "receipt_no"])
        return Deregistered(found.receipt_no, now)
