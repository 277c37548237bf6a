"""Room for what the next migration encrypts, in a transaction of its own: in one that has written a table anew
PostgreSQL makes no index after its rows were changed."""

from django.db import migrations, models

HOLD = {"hold": models.TextField(default="none")}
ANSWERED, NOT_NULL = models.TextField(null=True), models.TextField()
COLUMNS = {
    "athlete": HOLD,
    "historicalathlete": HOLD,
    "checkin": dict.fromkeys(("illness", "injury_status", "injury_body_site", "red_flag"), NOT_NULL)
    | {"pain_0_10": ANSWERED},
    "day": dict.fromkeys(("illness", "injury_status", "red_flag"), NOT_NULL) | {"pain_0_10": ANSWERED},
    "seasonday": dict.fromkeys(("illness", "injury", "red_flag"), NOT_NULL)
    | dict.fromkeys(("pain_0_10", "ill", "injured"), ANSWERED),
    "redflag": {"kind": NOT_NULL},
}


class Migration(migrations.Migration):

    dependencies = [
        ('athletes', '0019_medical_detail_is_shared'),
    ]

    operations = [
        migrations.RemoveConstraint('checkin', 'check_in_pain_0_10_in_range'),
        migrations.RemoveConstraint('day', 'day_pain_0_10_in_range'),
        migrations.RemoveConstraint('seasonday', 'season_day_pain_0_10_in_range'),
        migrations.RemoveConstraint('redflag', 'one_open_red_flag_per_kind'),
        migrations.RemoveIndex('day', 'day_injury_answered'),
        *[migrations.AlterField(name, column, text) for name, texts in COLUMNS.items() for column, text in texts.items()],
    ]
