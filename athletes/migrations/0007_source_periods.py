"""Source priorities for stretches of dates."""

from django.db import migrations, models

HELP = (
    'other orders for stretches of dates: {"hrv": [{"date_from": null, "date_to": "2026-02-28", '
    '"providers": ["garmin"]}]}'
)


class Migration(migrations.Migration):
    dependencies = [("athletes", "0006_loads_have_a_basis")]

    operations = [
        migrations.AddField(
            model_name=model,
            name="source_periods",
            field=models.JSONField(blank=True, default=dict, help_text=HELP),
        )
        for model in ("athlete", "historicalathlete")
    ]
