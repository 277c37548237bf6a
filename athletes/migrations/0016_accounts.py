from django.db import migrations, models
from django.utils import timezone


def those_who_are_staff_now(apps, schema_editor):
    """Their days until the second factor begin with the upgrade."""
    apps.get_model("athletes", "User").objects.filter(is_staff=True).update(staff_since=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ("athletes", "0015_key_check"),
    ]

    operations = [
        migrations.CreateModel(
            name="LimitWithoutValkey",
            fields=[
                ("cache_key", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("expires", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="staff_since",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="staff since"),
        ),
        migrations.RunPython(those_who_are_staff_now, migrations.RunPython.noop),
    ]
