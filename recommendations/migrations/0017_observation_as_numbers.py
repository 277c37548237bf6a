"""An observation's values become float64 bytes in a fixed order (`mlmodels.layouts`): a third of what JSON took.

Row by row, a few hundred in a statement, so that it can be watched. Advice of a state version before keeps every value
this code has a name for; what it lacked is "not known", as it read before. On the way back all return to JSON.
"""

from django.db import migrations

import recommendations.fields
from mlmodels.layouts import LAYOUTS

BATCH = 500
NAMES = frozenset(LAYOUTS[3])


def copy(apps, source, target):
    advice = apps.get_model("recommendations", "Advice")
    kept = advice.objects.exclude(**{source: None})
    total, done, last = kept.count(), 0, None
    while rows := list((kept.filter(pk__gt=last) if last else kept).order_by("pk").only("pk", source)[:BATCH]):
        for row in rows:
            setattr(row, target, {name: value for name, value in getattr(row, source).items() if name in NAMES})
        advice.objects.bulk_update(rows, [target])
        done, last = done + len(rows), rows[-1].pk
        if done % 50_000 < BATCH <= done:
            print(f"  {done:,} of {total:,} observations", flush=True)


def to_numbers(apps, schema_editor):
    copy(apps, "observation", "observed")


def to_json(apps, schema_editor):
    copy(apps, "observed", "observation")


class Migration(migrations.Migration):
    atomic = False  # on PostgreSQL no lock is kept over all the rows; begun again it copies all of them again
    dependencies = [("recommendations", "0016_tickets")]

    operations = [
        migrations.AddField("advice", "observed", recommendations.fields.ObservationField(null=True)),
        migrations.RunPython(to_numbers, to_json),
        migrations.RemoveField("advice", "observation"),
        migrations.RenameField("advice", "observed", "observation"),
        migrations.AlterField(
            "advice",
            "observation",
            recommendations.fields.ObservationField(
                blank=True,
                help_text="every input of the decision; replay() starts here",
                null=True,
                verbose_name="observation",
            ),
        ),
    ]
