"""Several carries an athlete. What was carried is taken along: nobody's history is walked for the upgrade."""

import django.db.models.deletion
from django.db import migrations, models


def take_along(apps, schema_editor):
    old, new = (apps.get_model("recommendations", name) for name in ("OnlyCarry", "StateCarry"))
    columns = ("athlete_id", "through", "state_version", "packed")
    rows = (new(**values) for values in old.objects.values(*columns).iterator(2_000))
    new.objects.bulk_create(rows, batch_size=1_000)


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0011_said_in_codes")]

    operations = [
        migrations.RenameModel("StateCarry", "OnlyCarry"),
        migrations.CreateModel(
            name="StateCarry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("through", models.DateField()),
                ("state_version", models.PositiveSmallIntegerField()),
                ("packed", models.BinaryField()),
                (
                    "athlete",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="athletes.athlete",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["athlete", "through"], name="one_carry_per_athlete_and_evening")
                ]
            },
        ),
        migrations.RunPython(take_along, migrations.RunPython.noop),
        migrations.DeleteModel("OnlyCarry"),
    ]
