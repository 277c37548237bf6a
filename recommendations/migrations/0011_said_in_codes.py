"""What is said of an advice is kept as keys and numbers: the columns for it, beside those with words (0012 fills them)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0010_notices")]

    operations = [
        migrations.AddField("advice", "said", models.JSONField(default=dict)),
        migrations.AddField("advice", "wording_version", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("advice", "language", models.CharField(blank=True, max_length=16, default="")),
    ]
