"""State version 2: what was carried under version 1 is rebuilt from the days; advice of today is given again.

The tracker's memory cannot be converted: its averages of high intensity began at a guessed share, and what an athlete
was used to is not in them. Days of yesterday are asked again too, because somewhere it is still that date.
"""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

VERSION = 2


def ask_again(apps, schema_editor):
    advice, waiting, carry = (apps.get_model("recommendations", name) for name in ("Advice", "WaitingDay", "StateCarry"))
    carry.objects.filter(state_version__lt=VERSION).delete()
    now = timezone.now()
    standing = advice.objects.filter(current=True, state_version__lt=VERSION, date__gte=now.date() - timedelta(days=1))
    rows = [waiting(athlete_id=athlete, date=day, since=now) for athlete, day in standing.values_list("athlete_id", "date")]
    waiting.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0005_shadow_advice_and_own_twins")]

    operations = [migrations.RunPython(ask_again, migrations.RunPython.noop)]
