
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('athletes', '0017_sharing_is_said'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='body_dropped_at',
            field=models.DateTimeField(blank=True, help_text='null: the body lies beside the database', null=True),
        ),
        migrations.AddField(
            model_name='upload',
            name='worked_at',
            field=models.DateTimeField(blank=True, help_text='when its last turn began', null=True),
        ),
        migrations.CreateModel(
            name='UploadDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField()),
                ('size_bytes', models.PositiveBigIntegerField(default=0)),
                ('athlete', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='upload_days', to='athletes.athlete')),
            ],
            options={
                'verbose_name': 'bytes sent on a day',
                'verbose_name_plural': 'bytes sent on a day',
                'constraints': [models.UniqueConstraint(fields=('athlete', 'date'), name='one_upload_count_per_day')],
            },
        ),
    ]
