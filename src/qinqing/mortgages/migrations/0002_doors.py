from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("mortgages", "0001_initial")]
    operations = []
