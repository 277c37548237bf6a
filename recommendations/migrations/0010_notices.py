"""Notices to coaches. A delivery is for a person's device, about an advice or about a notice.

On the way back the deliveries about notices go, since none without an advice can stay.
"""

import storage.identifiers
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def forget_deliveries_of_notices(apps, schema_editor):
    apps.get_model("recommendations", "Delivery").objects.filter(kind="notice").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('athletes', '0010_red_flags'),
        ('recommendations', '0009_orders_and_doses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.UUIDField(default=storage.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('red_flag', 'Warning sign'), ('open_injury', 'Open injury'), ('fever', 'Fever'), ('pain_stop', 'Pain that stops training'), ('worst_morning', 'One of the worst mornings'), ('third_recovery', 'Third recovery day of four'), ('source_silent', 'No data for two days')], max_length=16)),
                ('date', models.DateField(help_text="the athlete's local day on which it began or was noticed")),
                ('created_at', models.DateTimeField()),
                ('over_at', models.DateTimeField(blank=True, help_text='an advice no longer told of it', null=True)),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('mail_at', models.DateTimeField(blank=True, help_text='when a mail is due; empty: none, or written', null=True)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='NoticePreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('red_flag', 'Warning sign'), ('open_injury', 'Open injury'), ('fever', 'Fever'), ('pain_stop', 'Pain that stops training'), ('worst_morning', 'One of the worst mornings'), ('third_recovery', 'Third recovery day of four'), ('source_silent', 'No data for two days')], max_length=16)),
                ('push', models.BooleanField()),
                ('mail', models.BooleanField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='delivery',
            name='only_override_deliveries_name_an_override',
        ),
        migrations.AlterField(
            model_name='delivery',
            name='advice',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='recommendations.advice'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='kind',
            field=models.CharField(choices=[('advice', 'Advice'), ('override', 'Override'), ('notice', 'Notice')], default='advice', max_length=8),
        ),
        migrations.AddField(
            model_name='notice',
            name='advice',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='recommendations.advice'),
        ),
        migrations.AddField(
            model_name='notice',
            name='athlete',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='athletes.athlete'),
        ),
        migrations.AddField(
            model_name='notice',
            name='coach',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='delivery',
            name='notice',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='recommendations.notice'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'notice')), fields=('device', 'notice'), name='one_delivery_per_device_and_notice'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('advice__isnull', False), ('kind', 'advice'), ('notice__isnull', True), ('override__isnull', True)), models.Q(('advice__isnull', False), ('kind', 'override'), ('notice__isnull', True), ('override__isnull', False)), models.Q(('advice__isnull', True), ('kind', 'notice'), ('notice__isnull', False), ('override__isnull', True)), _connector='OR'), name='a_delivery_names_what_its_kind_says'),
        ),
        migrations.AddField(
            model_name='noticepreference',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('over_at__isnull', True)), fields=['athlete'], name='notices_not_over'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('seen_at__isnull', True)), fields=['coach', 'athlete'], name='notices_unseen'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('mail_at__isnull', False)), fields=['mail_at'], name='notices_to_mail'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('coach', 'athlete', 'kind', 'date'), name='one_notice_per_coach_and_event'),
        ),
        migrations.AddConstraint(
            model_name='noticepreference',
            constraint=models.UniqueConstraint(fields=('user', 'kind'), name='one_notice_preference_per_user_and_kind'),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget_deliveries_of_notices),
    ]
