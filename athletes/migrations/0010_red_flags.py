"""A warning sign is a row that somebody clears. Until now the newest answer of a check-in stood, and a tap took it back.

The way back drops the rows: the answers are still in the days.
"""

import storage.encryption
import storage.identifiers
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CLEARED_BY_ANSWER = "Answered with none in a check-in, which cleared it at that time."


def rows_of_standing_answers(apps, schema_editor):
    RedFlag, Day = apps.get_model("athletes", "RedFlag"), apps.get_model("athletes", "Day")
    answered = Day.objects.exclude(red_flag="").order_by("athlete_id", "date")
    columns = ("athlete_id", "date", "red_flag", "checked_in_at", "revised_at")
    made, open_rows, whose = [], {}, None
    for athlete_id, on, kind, checked_in_at, revised_at in answered.values_list(*columns).iterator():
        at = checked_in_at or revised_at
        if athlete_id != whose:
            open_rows, whose = {}, athlete_id
        if kind == "none":
            for row in open_rows.values():
                row.cleared_at, row.cleared_on, row.note = at, on, CLEARED_BY_ANSWER
            open_rows = {}
        elif kind not in open_rows:
            open_rows[kind] = RedFlag(athlete_id=athlete_id, kind=kind, raised_on=on, raised_at=at)
            made.append(open_rows[kind])
    RedFlag.objects.bulk_create(made, batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ('athletes', '0009_worst_answer_and_doubted_hrv'),
    ]

    operations = [
        migrations.CreateModel(
            name='RedFlag',
            fields=[
                ('id', models.UUIDField(default=storage.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('chest_pain', 'Chest Pain'), ('fainting', 'Fainting'), ('palpitations', 'Palpitations'), ('breathless_at_rest', 'Breathless'), ('head_injury', 'Head Injury')], max_length=20)),
                ('raised_on', models.DateField(help_text='the local date of the check-in that said so')),
                ('raised_at', models.DateTimeField()),
                ('cleared_at', models.DateTimeField(blank=True, help_text='null: open', null=True)),
                ('cleared_on', models.DateField(blank=True, help_text="the athlete's local date then", null=True)),
                ('seen_by_doctor_on', models.DateField(blank=True, null=True)),
                ('note', storage.encryption.EncryptedTextField(blank=True)),
            ],
            options={
                'ordering': ['-raised_on', '-id'],
                'permissions': [('clear_redflag', 'Can clear a warning sign of an athlete')],
            },
        ),
        migrations.RemoveIndex(
            model_name='day',
            name='day_red_flag_answered',
        ),
        migrations.AddField(
            model_name='redflag',
            name='athlete',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='red_flags', to='athletes.athlete'),
        ),
        migrations.AddField(
            model_name='redflag',
            name='cleared_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='redflag',
            index=models.Index(condition=models.Q(('cleared_at__isnull', True)), fields=['athlete'], name='red_flag_open'),
        ),
        migrations.AddConstraint(
            model_name='redflag',
            constraint=models.UniqueConstraint(condition=models.Q(('cleared_at__isnull', True)), fields=('athlete', 'kind'), name='one_open_red_flag_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='redflag',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cleared_at__isnull', True), ('cleared_on__isnull', True)), models.Q(('cleared_at__isnull', False), ('cleared_on__isnull', False)), _connector='OR'), name='red_flag_cleared_at_and_on_together'),
        ),
        migrations.RunPython(rows_of_standing_answers, migrations.RunPython.noop),
    ]
