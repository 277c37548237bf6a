import athletes.encryption
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('athletes', '0014_texts_are_marked'),
        ('mlmodels', '0003_texts_are_marked'),
        ('recommendations', '0010_notices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='advice',
            options={'ordering': ['-date', '-revision'], 'verbose_name': 'advice', 'verbose_name_plural': 'advice'},
        ),
        migrations.AlterModelOptions(
            name='athletetwin',
            options={'verbose_name': 'athlete twin', 'verbose_name_plural': 'athlete twins'},
        ),
        migrations.AlterModelOptions(
            name='delivery',
            options={'verbose_name': 'delivery', 'verbose_name_plural': 'deliveries'},
        ),
        migrations.AlterModelOptions(
            name='device',
            options={'verbose_name': 'device', 'verbose_name_plural': 'devices'},
        ),
        migrations.AlterModelOptions(
            name='feedback',
            options={'verbose_name': 'feedback', 'verbose_name_plural': 'feedback'},
        ),
        migrations.AlterModelOptions(
            name='forecast',
            options={'verbose_name': 'forecast', 'verbose_name_plural': 'forecasts'},
        ),
        migrations.AlterModelOptions(
            name='notice',
            options={'ordering': ['-created_at', '-id'], 'verbose_name': 'notice', 'verbose_name_plural': 'notices'},
        ),
        migrations.AlterModelOptions(
            name='noticepreference',
            options={'verbose_name': 'notice preference', 'verbose_name_plural': 'notice preferences'},
        ),
        migrations.AlterModelOptions(
            name='override',
            options={'ordering': ['-created_at'], 'verbose_name': 'override', 'verbose_name_plural': 'overrides'},
        ),
        migrations.AlterModelOptions(
            name='shadowadvice',
            options={'verbose_name': 'shadow advice', 'verbose_name_plural': 'shadow advice'},
        ),
        migrations.AlterModelOptions(
            name='statecarry',
            options={'verbose_name': 'state carry', 'verbose_name_plural': 'state carries'},
        ),
        migrations.AlterModelOptions(
            name='waitingday',
            options={'verbose_name': 'waiting day', 'verbose_name_plural': 'waiting days'},
        ),
        migrations.AlterModelOptions(
            name='warning',
            options={'ordering': ['-opened_on', '-id'], 'verbose_name': 'warning', 'verbose_name_plural': 'warnings'},
        ),
        migrations.AlterField(
            model_name='advice',
            name='action',
            field=models.CharField(blank=True, choices=[('increase_intensity', 'More intensity'), ('increase_volume', 'More volume'), ('active_recovery', 'Active recovery'), ('as_planned', 'As planned')], max_length=20, verbose_name='action'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='active_sha256',
            field=models.CharField(blank=True, help_text='the policy that was active, empty when none could be loaded: replay() asks it', max_length=64, verbose_name='active SHA-256'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='athlete',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='advice', to='athletes.athlete', verbose_name='athlete'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='current',
            field=models.BooleanField(default=True, verbose_name='current'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='date',
            field=models.DateField(verbose_name='date'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='doses',
            field=models.JSONField(default=dict, help_text="action -> AU that it would make of today's session, before caps", verbose_name='doses'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='guard_version',
            field=models.PositiveSmallIntegerField(verbose_name='guard version'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='guards',
            field=models.JSONField(default=list, help_text='[{"code", "effect"}], all that fired, the deciding one first', verbose_name='guards'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='issued_at',
            field=models.DateTimeField(verbose_name='issued at'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='observation',
            field=models.JSONField(blank=True, help_text='every input of the decision; replay() starts here', null=True, verbose_name='observation'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='policy_action',
            field=models.CharField(blank=True, choices=[('increase_intensity', 'More intensity'), ('increase_volume', 'More volume'), ('active_recovery', 'Active recovery'), ('as_planned', 'As planned')], max_length=20, verbose_name='policy action'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='policy_name',
            field=models.CharField(blank=True, help_text='the policy that answered', max_length=80, verbose_name='policy name'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='policy_sha256',
            field=models.CharField(blank=True, max_length=64, verbose_name='policy SHA-256'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='prescription',
            field=models.JSONField(blank=True, null=True, verbose_name='prescription'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='q_values',
            field=models.JSONField(blank=True, null=True, verbose_name='q values'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='revision',
            field=models.PositiveIntegerField(verbose_name='revision'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='stage',
            field=models.CharField(help_text='profile, provisional or learned (cold start)', max_length=12, verbose_name='stage'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='state_version',
            field=models.PositiveSmallIntegerField(verbose_name='state version'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='status',
            field=models.CharField(choices=[('provisional', 'Provisional'), ('final', 'Final'), ('withheld', 'Withheld')], max_length=12, verbose_name='status'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='tells_coach',
            field=models.BooleanField(default=False, help_text="a guard asks for the coach's eye, or recovery on 3 of 4 days", verbose_name='tells coach'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='unclear',
            field=models.BooleanField(default=False, help_text='the plan, because nothing stood above it by more than the policy may be wrong', verbose_name='unclear'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='used_fallback',
            field=models.BooleanField(default=False, verbose_name='used fallback'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='valid_until',
            field=models.DateTimeField(verbose_name='valid until'),
        ),
        migrations.AlterField(
            model_name='advice',
            name='withheld_reason',
            field=models.CharField(blank=True, choices=[('insufficient_history', 'Insufficient History'), ('stale_data', 'Stale Data'), ('out_of_distribution', 'Out Of Distribution'), ('illness', 'Illness'), ('red_flag', 'Red Flag'), ('injury', 'Injury'), ('no_consent', 'No Consent'), ('model_unavailable', 'Model Unavailable'), ('medical_hold', 'Medical Hold'), ('pain', 'Pain'), ('signs', 'Signs')], max_length=24, verbose_name='withheld reason'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='advice',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='recommendations.advice', verbose_name='advice'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='attempts',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='attempts'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='created_at',
            field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='device',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='recommendations.device', verbose_name='device'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='kind',
            field=models.CharField(choices=[('advice', 'Advice'), ('override', 'Override'), ('notice', 'Notice')], default='advice', max_length=8, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='next_attempt_at',
            field=models.DateTimeField(help_text='moved ahead as a lease while a sender holds it', verbose_name='next attempt at'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='notice',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='recommendations.notice', verbose_name='notice'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='outcome',
            field=models.CharField(blank=True, max_length=120, verbose_name='outcome'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='override',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='recommendations.override', verbose_name='override'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='sent_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='sent at'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='state',
            field=models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('dead', 'Dead'), ('obsolete', 'Obsolete')], default='waiting', max_length=8, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='valid_until',
            field=models.DateTimeField(verbose_name='valid until'),
        ),
        migrations.AlterField(
            model_name='device',
            name='active',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AlterField(
            model_name='device',
            name='address',
            field=athletes.encryption.EncryptedTextField(help_text='web push endpoint or FCM token', verbose_name='address'),
        ),
        migrations.AlterField(
            model_name='device',
            name='address_sha256',
            field=models.CharField(help_text='of endpoint or token', max_length=64, unique=True, verbose_name='address SHA-256'),
        ),
        migrations.AlterField(
            model_name='device',
            name='created_at',
            field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
        ),
        migrations.AlterField(
            model_name='device',
            name='deactivated_reason',
            field=models.CharField(blank=True, max_length=80, verbose_name='deactivated reason'),
        ),
        migrations.AlterField(
            model_name='device',
            name='kind',
            field=models.CharField(choices=[('webpush', 'Webpush'), ('fcm', 'Fcm')], max_length=8, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='device',
            name='last_success_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='last success at'),
        ),
        migrations.AlterField(
            model_name='device',
            name='name',
            field=models.CharField(blank=True, max_length=80, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='device',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to=settings.AUTH_USER_MODEL, verbose_name='user'),
        ),
        migrations.AlterField(
            model_name='feedback',
            name='advice',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='feedback', to='recommendations.advice', verbose_name='advice'),
        ),
        migrations.AlterField(
            model_name='feedback',
            name='agreement',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='agreement'),
        ),
        migrations.AlterField(
            model_name='feedback',
            name='comment',
            field=athletes.encryption.EncryptedTextField(blank=True, verbose_name='comment'),
        ),
        migrations.AlterField(
            model_name='feedback',
            name='followed',
            field=models.CharField(choices=[('yes', 'Yes'), ('partly', 'Partly'), ('no', 'No')], max_length=8, verbose_name='followed'),
        ),
        migrations.AlterField(
            model_name='feedback',
            name='reason_code',
            field=models.CharField(blank=True, max_length=32, verbose_name='reason code'),
        ),
        migrations.AlterField(
            model_name='feedback',
            name='updated_at',
            field=models.DateTimeField(auto_now=True, verbose_name='updated at'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='advice',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='recommendations.advice', verbose_name='advice'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='athlete',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='athletes.athlete', verbose_name='athlete'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='coach',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL, verbose_name='coach'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='created_at',
            field=models.DateTimeField(verbose_name='created at'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='date',
            field=models.DateField(help_text="the athlete's local day on which it began or was noticed", verbose_name='date'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('red_flag', 'Warning sign'), ('open_injury', 'Open injury'), ('fever', 'Fever'), ('pain_stop', 'Pain that stops training'), ('worst_morning', 'One of the worst mornings'), ('third_recovery', 'Third recovery day of four'), ('source_silent', 'No data for two days')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='mail_at',
            field=models.DateTimeField(blank=True, help_text='when a mail is due; empty: none, or written', null=True, verbose_name='mail at'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='over_at',
            field=models.DateTimeField(blank=True, help_text='an advice no longer told of it', null=True, verbose_name='over at'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='seen_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='seen at'),
        ),
        migrations.AlterField(
            model_name='noticepreference',
            name='kind',
            field=models.CharField(choices=[('red_flag', 'Warning sign'), ('open_injury', 'Open injury'), ('fever', 'Fever'), ('pain_stop', 'Pain that stops training'), ('worst_morning', 'One of the worst mornings'), ('third_recovery', 'Third recovery day of four'), ('source_silent', 'No data for two days')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='noticepreference',
            name='mail',
            field=models.BooleanField(verbose_name='mail'),
        ),
        migrations.AlterField(
            model_name='noticepreference',
            name='push',
            field=models.BooleanField(verbose_name='push'),
        ),
        migrations.AlterField(
            model_name='noticepreference',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user'),
        ),
        migrations.AlterField(
            model_name='override',
            name='action',
            field=models.CharField(choices=[('increase_intensity', 'More intensity'), ('increase_volume', 'More volume'), ('active_recovery', 'Active recovery'), ('as_planned', 'As planned'), ('rest', 'Rest'), ('own', 'Own session')], max_length=20, verbose_name='action'),
        ),
        migrations.AlterField(
            model_name='override',
            name='advice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overrides', to='recommendations.advice', verbose_name='advice'),
        ),
        migrations.AlterField(
            model_name='override',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AlterField(
            model_name='override',
            name='created_at',
            field=models.DateTimeField(verbose_name='created at'),
        ),
        migrations.AlterField(
            model_name='override',
            name='load_au',
            field=models.FloatField(blank=True, help_text="of today's session as ordered; null: not known", null=True, verbose_name='load AU'),
        ),
        migrations.AlterField(
            model_name='override',
            name='note',
            field=athletes.encryption.EncryptedTextField(blank=True, verbose_name='note'),
        ),
        migrations.AlterField(
            model_name='override',
            name='reason_code',
            field=models.CharField(choices=[('competition', 'Competition plan'), ('seen_at_training', 'What I saw at training'), ('athlete_asked', 'The athlete asked'), ('data_doubtful', 'The data are doubtful'), ('other', 'Other')], max_length=20, verbose_name='reason code'),
        ),
        migrations.AlterField(
            model_name='override',
            name='session',
            field=models.CharField(blank=True, help_text="the coach's own session, in a coach's words", max_length=200, verbose_name='session'),
        ),
        migrations.AlterField(
            model_name='shadowadvice',
            name='action',
            field=models.CharField(blank=True, choices=[('increase_intensity', 'More intensity'), ('increase_volume', 'More volume'), ('active_recovery', 'Active recovery'), ('as_planned', 'As planned')], help_text='empty: withheld', max_length=20, verbose_name='action'),
        ),
        migrations.AlterField(
            model_name='shadowadvice',
            name='advice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shadows', to='recommendations.advice', verbose_name='advice'),
        ),
        migrations.AlterField(
            model_name='shadowadvice',
            name='date',
            field=models.DateField(help_text='of the advice', verbose_name='date'),
        ),
        migrations.AlterField(
            model_name='shadowadvice',
            name='margin',
            field=models.FloatField(help_text='Q[best] - Q[second]; empty where the policy was not asked', null=True, verbose_name='margin'),
        ),
        migrations.AlterField(
            model_name='shadowadvice',
            name='policy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='mlmodels.policyversion', verbose_name='policy'),
        ),
        migrations.AlterField(
            model_name='shadowadvice',
            name='policy_action',
            field=models.CharField(choices=[('increase_intensity', 'More intensity'), ('increase_volume', 'More volume'), ('active_recovery', 'Active recovery'), ('as_planned', 'As planned')], help_text='before the guards', max_length=20, verbose_name='policy action'),
        ),
        migrations.AlterField(
            model_name='shadowadvice',
            name='unanswered',
            field=models.BooleanField(default=False, help_text='it was due and had no answer (outside of what it learned, or not finite)', verbose_name='unanswered'),
        ),
        migrations.AlterField(
            model_name='waitingday',
            name='athlete',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='athletes.athlete', verbose_name='athlete'),
        ),
        migrations.AlterField(
            model_name='waitingday',
            name='attempts',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='attempts'),
        ),
        migrations.AlterField(
            model_name='waitingday',
            name='date',
            field=models.DateField(verbose_name='date'),
        ),
        migrations.AlterField(
            model_name='waitingday',
            name='error',
            field=models.CharField(blank=True, max_length=200, verbose_name='error'),
        ),
        migrations.AlterField(
            model_name='waitingday',
            name='not_before',
            field=models.DateTimeField(blank=True, help_text='set back after a failure, with the error', null=True, verbose_name='not before'),
        ),
        migrations.AlterField(
            model_name='waitingday',
            name='reason',
            field=models.CharField(choices=[('revised', 'Revised'), ('deadline', 'Deadline')], default='revised', max_length=8, verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='waitingday',
            name='rings',
            field=models.BooleanField(default=True, help_text='may lead to a push; False for season imports', verbose_name='rings'),
        ),
        migrations.AlterField(
            model_name='waitingday',
            name='since',
            field=models.DateTimeField(db_index=True, verbose_name='since'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='acknowledged_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='acknowledged at'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='athlete',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='warnings', to='athletes.athlete', verbose_name='athlete'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='citation',
            field=models.CharField(max_length=200, verbose_name='citation'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='closed_on',
            field=models.DateField(blank=True, null=True, verbose_name='closed on'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='evidence',
            field=models.JSONField(default=dict, help_text='inputs with units, and the line they crossed', verbose_name='evidence'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='kind',
            field=models.CharField(max_length=32, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='last_seen_on',
            field=models.DateField(verbose_name='last seen on'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='level',
            field=models.CharField(choices=[('info', 'Info'), ('caution', 'Caution'), ('warning', 'Warning'), ('danger', 'Danger')], max_length=8, verbose_name='level'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='opened_on',
            field=models.DateField(verbose_name='opened on'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='pushed_on',
            field=models.DateField(blank=True, null=True, verbose_name='pushed on'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='rule_version',
            field=models.PositiveSmallIntegerField(verbose_name='rule version'),
        ),
        migrations.AlterField(
            model_name='warning',
            name='updated_at',
            field=models.DateTimeField(auto_now=True, verbose_name='updated at'),
        ),
    ]
