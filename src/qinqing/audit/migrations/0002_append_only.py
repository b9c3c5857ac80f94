from django.db import migrations

from qinqing.audit.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        *append_only("audit_readlog"),
        *append_only("audit_securitylog"),
        *append_only("audit_anchor"),
        *append_only("audit_erasure"),
    ]
