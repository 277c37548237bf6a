"""Illness, injury and pain become one kind of notice. Several of one coach, athlete and day become one: unread, if any is.
No sentence that is kept names the fever.

On the way back they are all told as open injuries: which they were is not known any more.
"""

from itertools import groupby

from django.db import migrations, models

ONCE = ("open_injury", "fever", "pain_stop")
KINDS = [
    ("red_flag", "Warning sign"), ("health_stop", "Stop for health"), ("worst_morning", "One of the worst mornings"),
    ("third_recovery", "Third recovery day of four"), ("source_silent", "No data for two days"),
]  # fmt: skip
BATCH = 500


def one_kind(apps, schema_editor):
    Notice, Preference = (apps.get_model("recommendations", name) for name in ("Notice", "NoticePreference"))
    rows = Notice.objects.filter(kind__in=ONCE).order_by("coach_id", "athlete_id", "date", "created_at")
    columns = ("coach_id", "athlete_id", "date", "pk", "seen_at", "over_at")
    surplus = []
    for _, same in groupby(rows.values_list(*columns).iterator(), key=lambda row: row[:3]):
        first, *others = sorted(same, key=lambda row: (row[4] is not None, row[5] is not None))
        surplus += [pk for *_, pk, _seen, _over in others]
    for start in range(0, len(surplus), BATCH):
        Notice.objects.filter(pk__in=surplus[start : start + BATCH]).delete()
    Notice.objects.filter(kind__in=ONCE).update(kind="health_stop")
    wanted = Preference.objects.filter(kind__in=ONCE).order_by("user_id")
    for user, chosen in groupby(wanted.values_list("user_id", "push", "mail"), key=lambda row: row[0]):
        ways = list(chosen)
        push, mail = any(push for _, push, _ in ways), any(mail for _, _, mail in ways)
        Preference.objects.create(user_id=user, kind="health_stop", push=push, mail=mail)
    Preference.objects.filter(kind__in=ONCE).delete()


def three_kinds(apps, schema_editor):
    Notice, Preference = (apps.get_model("recommendations", name) for name in ("Notice", "NoticePreference"))
    Notice.objects.filter(kind="health_stop").update(kind="open_injury")
    for row in Preference.objects.filter(kind="health_stop"):
        of_user = [Preference(user_id=row.user_id, kind=kind, push=row.push, mail=row.mail) for kind in ONCE]
        Preference.objects.bulk_create(of_user)
    Preference.objects.filter(kind="health_stop").delete()


def renamed(old, new):
    def run(apps, schema_editor):
        table = apps.get_model("recommendations", "Advice")._meta.db_table
        text, json = ("said::text", "::jsonb") if schema_editor.connection.vendor == "postgresql" else ("said", "")
        change = f"UPDATE {table} SET said = REPLACE({text}, %s, %s){json} WHERE {text} LIKE %s"  # noqa: S608
        schema_editor.execute(change, [f'"{old}"', f'"{new}"', f'%"{old}"%'])

    return run


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0016_tickets'),
    ]

    operations = [
        migrations.AlterField('notice', 'kind', models.CharField(choices=KINDS, max_length=16, verbose_name='kind')),
        migrations.AlterField('noticepreference', 'kind', models.CharField(choices=KINDS, max_length=16, verbose_name='kind')),
        migrations.RunPython(one_kind, three_kinds),
        migrations.RunPython(renamed("care.fever", "care.illness"), renamed("care.illness", "care.fever")),
    ]
