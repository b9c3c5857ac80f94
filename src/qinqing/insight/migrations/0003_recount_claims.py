"""Rows from before: open cases get their stage; policy claims lose their row, so that the worker makes it anew
(`recounting.fill_missing`, within ten minutes) with what was paid."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def bring_up(apps, editor):
    figures = apps.get_model("insight", "CaseFigure").objects.using(editor.connection.alias)
    cases = apps.get_model("cases", "Case").objects.using(editor.connection.alias)
    figures.filter(procedure="policy_claim").delete()
    stage = Subquery(cases.filter(pk=OuterRef("pk")).values("stage")[:1])
    figures.filter(closed_at=None).update(stage=stage)


class Migration(migrations.Migration):
    dependencies = [("insight", "0002_policy_money")]

    operations = [migrations.RunPython(bring_up, migrations.RunPython.noop)]
