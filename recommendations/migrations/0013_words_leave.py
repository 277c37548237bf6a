"""The columns with words go. Today's advice is given again (yesterday's too, because somewhere it is still that date), so
that a coach reads it as it is said to a coach. Nobody's phone rings for that."""

from datetime import timedelta

from django.db import migrations, models
from django.utils import timezone


def ask_again(apps, schema_editor):
    advice, waiting = (apps.get_model("recommendations", name) for name in ("Advice", "WaitingDay"))
    now = timezone.now()
    standing = advice.objects.filter(current=True, date__gte=now.date() - timedelta(days=1))
    days = standing.values_list("athlete_id", "date")
    waiting.objects.bulk_create(
        [waiting(athlete_id=athlete, date=day, since=now, rings=False) for athlete, day in days], ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0012_words_are_kept")]

    operations = [
        # Defaults, so that the way back finds something to fill the columns with.
        migrations.AlterField("advice", "headline", models.CharField(max_length=120, default="")),
        migrations.AlterField("warning", "text", models.TextField(default="")),
        migrations.RemoveField("advice", "headline"),
        migrations.RemoveField("advice", "detail"),
        migrations.RemoveField("advice", "reasons"),
        migrations.RemoveField("advice", "would_change_if"),
        migrations.RemoveField("warning", "text"),
        migrations.RunPython(ask_again, migrations.RunPython.noop),
    ]
