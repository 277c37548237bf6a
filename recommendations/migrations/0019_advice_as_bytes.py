"""An advice's observation, Q-values and doses become numbers in a fixed order, and what was said is compressed: a third
of what JSON took.

Row by row, a few hundred in a statement, so that it can be watched. Advice of a state version before keeps every value
this code has a name for; what it lacked is "not known", as it read before. On the way back all return to JSON.
"""

from django.db import migrations, models

from mlmodels.state.layouts import LAYOUTS
from recommendations.fields import ByActionField, ObservationField, SaidField

BATCH = 500
NAMES = frozenset(LAYOUTS[3])
COLUMNS = {"observation": "observed", "q_values": "scored", "doses": "dosed", "said": "told"}
BACK = {new: old for old, new in COLUMNS.items()}


def copy(apps, columns):
    advice = apps.get_model("recommendations", "Advice")
    total, done, last = advice.objects.count(), 0, None
    kept = advice.objects.order_by("pk").only("pk", *columns)
    while rows := list((kept.filter(pk__gt=last) if last else kept)[:BATCH]):
        for row in rows:
            for old, new in columns.items():
                setattr(row, new, known(getattr(row, old), old in ("observation", "observed")))
        advice.objects.bulk_update(rows, list(columns.values()))
        done, last = done + len(rows), rows[-1].pk
        if done % 50_000 < BATCH <= done:
            print(f"  {done:,} of {total:,} advices", flush=True)


def known(value, observed):
    return {name: one for name, one in value.items() if name in NAMES} if value and observed else value


def to_numbers(apps, schema_editor):
    copy(apps, COLUMNS)


def to_json(apps, schema_editor):
    copy(apps, BACK)


class Migration(migrations.Migration):
    atomic = False  # on PostgreSQL no lock is kept over all the rows; begun again it copies all of them again
    dependencies = [("recommendations", "0018_reasons_of_devices_are_codes")]

    operations = [
        # Null and a default, so that the way back finds something to fill the column with
        migrations.AlterField("advice", "doses", models.JSONField(default=dict)),
        migrations.AlterField("advice", "said", models.JSONField(default=dict)),
        migrations.AddField("advice", "observed", ObservationField(null=True)),
        migrations.AddField("advice", "scored", ByActionField(null=True)),
        migrations.AddField("advice", "dosed", ByActionField(default=dict)),
        migrations.AddField("advice", "told", SaidField(default=dict)),
        migrations.RunPython(to_numbers, to_json),
        *(migrations.RemoveField("advice", old) for old in COLUMNS),
        *(migrations.RenameField("advice", new, old) for old, new in COLUMNS.items()),
        migrations.AlterField(
            "advice",
            "observation",
            ObservationField(
                blank=True,
                help_text="every input of the decision; replay() starts here",
                null=True,
                verbose_name="observation",
            ),
        ),
        migrations.AlterField("advice", "q_values", ByActionField(blank=True, null=True, verbose_name="q values")),
        migrations.AlterField(
            "advice",
            "doses",
            ByActionField(
                default=dict,
                help_text="action -> AU that it would make of today's session, before caps",
                verbose_name="doses",
            ),
        ),
        migrations.AlterField(
            "advice",
            "said",
            SaidField(
                default=dict,
                help_text="headline, detail, reasons and what would change it: sentences' keys and numbers, worded when shown",
                verbose_name="said",
            ),
        ),
    ]
