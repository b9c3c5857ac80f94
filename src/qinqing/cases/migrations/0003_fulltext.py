"""The search index (cases/fulltext.py): FTS5 on SQLite, a tsvector on PostgreSQL. Derived: `qinqing cases reindex`.

FTS5's `ascii` tokenizer cuts at blanks only, whatever letters later Unicode versions add; the words come ready cut. Its
table is no model, and nothing refers to it. GIN without a pending list: a search never has to read one.
"""

from django.db import migrations

MAKE = {
    "sqlite": ["CREATE VIRTUAL TABLE cases_fulltext USING fts5(party, rest, scope, tokenize='ascii', columnsize=0)"],
    "postgresql": [
        "CREATE TABLE cases_fulltext (case_id bigint PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX cases_fulltext_words ON cases_fulltext USING gin (words) WITH (fastupdate = off)",
    ],
}


def make(apps, schema_editor):
    for statement in MAKE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE cases_fulltext")


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_append_only")]
    operations = [migrations.RunPython(make, drop)]
