"""State version 3: what was carried under version 2 is rebuilt from the days; advice of today is given again.

The carry now knows whether a low HRV was lifted by one good day or by two. Days of yesterday are asked again too,
because somewhere it is still that date.
"""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

VERSION = 3


def ask_again(apps, schema_editor):
    advice, waiting, carry = (apps.get_model("recommendations", name) for name in ("Advice", "WaitingDay", "StateCarry"))
    carry.objects.filter(state_version__lt=VERSION).delete()
    now = timezone.now()
    standing = advice.objects.filter(current=True, state_version__lt=VERSION, date__gte=now.date() - timedelta(days=1))
    rows = [waiting(athlete_id=athlete, date=day, since=now) for athlete, day in standing.values_list("athlete_id", "date")]
    waiting.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0007_unclear_advice"), ("athletes", "0009_worst_answer_and_doubted_hrv")]

    operations = [migrations.RunPython(ask_again, migrations.RunPython.noop)]
