"""Illness, injury, pain, warning signs and holds become unreadable without the keys, in the history of profiles too.

The rows are encrypted a batch at a time, then the models say what the columns are. Two open signs of one kind are now
prevented by the lock under which they are raised: the database cannot look into the kinds.
"""

from django.db import migrations, models

from storage.encryption import EncryptedCodeField, EncryptedJSONField, Unreadable, padded, unpadded

BATCH = 500
HOLDS = [
    ("none", "no hold"), ("clinician", "clinician's plan only"), ("pregnancy", "pregnancy"),
    ("heart_disease", "heart disease"), ("red_s", "suspected RED-S"),
]  # fmt: skip
ILLNESSES = [("none", "None"), ("above_neck", "Above Neck"), ("below_neck", "Below Neck"), ("fever", "Fever")]
INJURIES = [("none", "None"), ("niggle", "Niggle"), ("open", "Open")]
SIGNS = [
    ("chest_pain", "Chest Pain"), ("fainting", "Fainting"), ("palpitations", "Palpitations"),
    ("breathless_at_rest", "Breathless"), ("head_injury", "Head Injury"),
]  # fmt: skip
EARLIER = "empty: not answered, an earlier answer stands"


def code(title, choices=None, help_text="", **more):
    said = {"blank": True, "choices": choices, "help_text": help_text, "verbose_name": title} | more
    return EncryptedCodeField(**{name: value for name, value in said.items() if value})


def value(title):
    return EncryptedJSONField(blank=True, null=True, verbose_name=title)


HOLD = {"hold": code("hold", HOLDS, blank=False, default="none")}
FIELDS = {
    "athlete": HOLD,
    "historicalathlete": HOLD,
    "checkin": {
        "illness": code("illness", ILLNESSES, "empty: not answered"),
        "injury_status": code("injury status", INJURIES, EARLIER),
        "injury_body_site": code("injury body site"),
        "red_flag": code("red flag", [("none", "None"), *SIGNS], EARLIER),
        "pain_0_10": value("pain 0 10"),
    },
    "day": {
        "illness": code(
            "illness",
            [*ILLNESSES, ("unspecified", "ill, kind not reported")],
            "empty: not asked; unspecified: a season log says ill",
        ),
        "injury_status": code("injury status", INJURIES),
        "red_flag": code("red flag", [("none", "None"), *SIGNS]),
        "pain_0_10": value("pain 0 10"),
    },
    "seasonday": {
        "illness": code("illness", help_text="which, where `ill` says only whether"),
        "injury": code("injury", help_text="which, where `injured` says only whether"),
        "red_flag": code("red flag"),
        "pain_0_10": value("pain 0 10"),
        "ill": value("ill"),
        "injured": value("injured"),
    },
    "redflag": {"kind": code("kind", SIGNS, blank=False)},
}
YES_OR_NO = ("ill", "injured")
AS_JSON = {"1": "true", "0": "false", "true": "true", "false": "false"}  # SQLite has no booleans


def encrypt(apps, schema_editor):
    def stored(column, plain):
        return padded(AS_JSON[plain.lower()] if column in YES_OR_NO else plain)

    change_rows(apps, schema_editor, stored)


def decrypt(apps, schema_editor):
    def plain(column, stored):
        found = unpadded(stored)
        if isinstance(found, Unreadable):
            raise RuntimeError("FIELD_ENCRYPTION_KEYS lacks a key that rows were encrypted with: nothing was changed.")
        return {"true": "1", "false": "0"}[found] if column in YES_OR_NO else found

    change_rows(apps, schema_editor, plain)


def change_rows(apps, schema_editor, changed):
    for name, fields in FIELDS.items():
        meta, columns = apps.get_model("athletes", name)._meta, list(fields)
        key, quoted = f'"{meta.pk.column}"', [f'"{column}"' for column in columns]
        read = f'SELECT {key}, {", ".join(quoted)} FROM "{meta.db_table}" %s ORDER BY {key} LIMIT {BATCH}'
        write = f'UPDATE "{meta.db_table}" SET {", ".join(f"{column} = %s" for column in quoted)} WHERE {key} = %s'
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(read % "")
            while rows := cursor.fetchall():
                pairs = [[(c, v) for c, v in zip(columns, row[1:], strict=True)] for row in rows]
                texts = [[changed(c, str(v)) if v not in (None, "") else v for c, v in pair] for pair in pairs]
                cursor.executemany(write, [[*text, row[0]] for text, row in zip(texts, rows, strict=True)])
                cursor.execute(read % f"WHERE {key} > %s", [rows[-1][0]])


EVERY = [(name, column, field) for name, fields in FIELDS.items() for column, field in fields.items()]
ANSWERED = {"fields": ["athlete", "-date"], "condition": ~models.Q(injury_status="")}


class Migration(migrations.Migration):

    dependencies = [
        ('athletes', '0020_medical_columns_are_text'),
    ]

    operations = [
        migrations.RunPython(encrypt, decrypt),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AlterField(name, column, field) for name, column, field in EVERY]
        ),
        migrations.AddIndex('day', models.Index(name='day_injury_answered', **ANSWERED)),
    ]
