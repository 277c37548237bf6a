"""What a push service answered goes from the device to nobody: the deliveries have it. On the way back codes stay."""

from django.db import migrations, models
from django.db.models import Case, Value, When

REASONS = [
    ("gone", "the push service knows it no more"), ("replaced", "newer devices took its place"),
    ("by_staff", "deactivated by staff"),
]  # fmt: skip


def as_codes(apps, schema_editor):
    words = {"newer devices took its place": "replaced", "deactivated by staff": "by_staff"}
    known = [When(deactivated_reason=text, then=Value(code)) for text, code in words.items()]
    told = apps.get_model("recommendations", "Device").objects.exclude(deactivated_reason="")
    told.update(deactivated_reason=Case(*known, default=Value("gone"), output_field=models.CharField()))


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0017_notices_name_no_illness'),
    ]

    operations = [
        migrations.RunPython(as_codes, migrations.RunPython.noop),
        migrations.AlterField('device', 'deactivated_reason', models.CharField(blank=True, choices=REASONS, max_length=12, verbose_name='deactivated reason')),
    ]
