from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('athletes', '0012_season_logs_are_marked'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='browser_language',
            field=models.CharField(blank=True, help_text='the language that the browser last asked for; mails and pushes to who has no athlete profile follow it', max_length=16),
        ),
    ]
