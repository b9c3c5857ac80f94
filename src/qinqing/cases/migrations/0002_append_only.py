"""Events are never changed; of payloads only the erasing is allowed."""

from django.db import migrations

from qinqing.audit.append_only import append_only, erase_only


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("audit", "0002_append_only")]
    operations = [
        *append_only("cases_event"),
        *erase_only("cases_payload", ["event_id", "retention"]),
    ]
