"""What is said of an advice is kept as keys and numbers, and worded when it is shown.

Advice from before keeps the athlete's words as they were. Today's is given again (yesterday's too, because somewhere it is
still that date), so that a coach reads it as it is said to a coach. Nobody's phone rings for that.
"""

from datetime import timedelta

from django.db import migrations, models
from django.utils import timezone

BATCH = 2_000


def keep_words(apps, schema_editor):
    advice = apps.get_model("recommendations", "Advice")
    rows = []
    for row in advice.objects.only("headline", "detail", "reasons", "would_change_if").iterator(BATCH):
        row.said = {
            "headline": {"text": row.headline},
            "detail": [{"text": row.detail}] if row.detail else [],
            "reasons": row.reasons,
            "would_change_if": [change for change in row.would_change_if if change.get("text")],
        }
        rows.append(row)
        if len(rows) == BATCH:
            advice.objects.bulk_update(rows, ["said"], batch_size=500)
            rows = []
    advice.objects.bulk_update(rows, ["said"], batch_size=500)


def ask_again(apps, schema_editor):
    advice, waiting = (apps.get_model("recommendations", name) for name in ("Advice", "WaitingDay"))
    now = timezone.now()
    standing = advice.objects.filter(current=True, date__gte=now.date() - timedelta(days=1))
    days = standing.values_list("athlete_id", "date")
    waiting.objects.bulk_create(
        [waiting(athlete_id=athlete, date=day, since=now, rings=False) for athlete, day in days], ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0010_notices")]

    operations = [
        migrations.AddField(
            "advice",
            "said",
            models.JSONField(
                default=dict,
                help_text="headline, detail, reasons, would_change_if: keys of sentences with their numbers, worded when shown",
            ),
        ),
        migrations.AddField(
            "advice",
            "wording_version",
            models.PositiveSmallIntegerField(
                default=0, help_text="of the sentences it was first shown with; 0: the words themselves were kept"
            ),
        ),
        migrations.AddField(
            "advice",
            "language",
            models.CharField(blank=True, help_text="the athlete's when it was given", max_length=16),
        ),
        migrations.RunPython(keep_words, migrations.RunPython.noop),
        # A default, so that the way back finds something to fill the columns with.
        migrations.AlterField("advice", "headline", models.CharField(max_length=120, default="")),
        migrations.AlterField("warning", "text", models.TextField(default="")),
        migrations.RemoveField("advice", "headline"),
        migrations.RemoveField("advice", "detail"),
        migrations.RemoveField("advice", "reasons"),
        migrations.RemoveField("advice", "would_change_if"),
        migrations.RemoveField("warning", "text"),
        migrations.AlterField(
            "warning",
            "evidence",
            models.JSONField(default=dict, help_text="inputs with units; the text is made of them when it is shown"),
        ),
        migrations.RunPython(ask_again, migrations.RunPython.noop),
    ]
