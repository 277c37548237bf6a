import storage.encryption
import storage.identifiers
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('athletes', '0010_red_flags'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.UUIDField(default=storage.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('recipients', storage.encryption.EncryptedTextField(help_text='one a line')),
                ('subject', storage.encryption.EncryptedTextField(blank=True)),
                ('content', storage.encryption.EncryptedTextField(blank=True, help_text='JSON of the rest; empty once it has left')),
                ('created_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('not_before', models.DateTimeField(help_text='the next attempt; moved ahead as a lease while a sender holds it')),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('error', models.CharField(blank=True, help_text='of the last attempt; never an address', max_length=120)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('given_up_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'mail',
                'indexes': [models.Index(condition=models.Q(('given_up_at__isnull', True), ('sent_at__isnull', True)), fields=['not_before'], name='mail_still_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('given_up_at__isnull', True), ('sent_at__isnull', True)), ('content', ''), _connector='OR'), name='mail_that_has_left_keeps_no_content')],
            },
        ),
    ]
