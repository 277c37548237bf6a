import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mlmodels', '0002_life_of_a_policy'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='policyversion',
            options={'permissions': [('approve_policyversion', 'Can approve, activate and roll back policies')], 'verbose_name': 'policy version', 'verbose_name_plural': 'policy versions'},
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='activated_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='activated at'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='activated_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='activated by'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='active',
            field=models.BooleanField(default=False, verbose_name='active'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='added_at',
            field=models.DateTimeField(blank=True, editable=False, verbose_name='added at'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='approval_override',
            field=models.TextField(blank=True, help_text='why without a passed gate or enough shadow days', verbose_name='approval override'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='approval_reason',
            field=models.TextField(blank=True, verbose_name='approval reason'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='approved_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='approved at'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='approved_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='gate',
            field=models.JSONField(blank=True, help_text='the last report of the promotion gate: passed, at, worlds, every line', null=True, verbose_name='gate'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='name',
            field=models.CharField(db_index=True, max_length=80, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='path',
            field=models.CharField(help_text='ONNX file, relative to the artifacts or data directory', max_length=255, verbose_name='path'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='previous',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='mlmodels.policyversion', verbose_name='previous'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='sha256',
            field=models.CharField(max_length=64, verbose_name='SHA-256'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='shadow_error',
            field=models.CharField(blank=True, help_text='why it was left out of shadow mode', max_length=300, verbose_name='shadow error'),
        ),
        migrations.AlterField(
            model_name='historicalpolicyversion',
            name='shadow_since',
            field=models.DateTimeField(blank=True, help_text='its advice is logged, and shown to nobody', null=True, verbose_name='shadow since'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='activated_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='activated at'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='activated_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='activated by'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='active',
            field=models.BooleanField(default=False, verbose_name='active'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='added_at',
            field=models.DateTimeField(auto_now_add=True, verbose_name='added at'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='approval_override',
            field=models.TextField(blank=True, help_text='why without a passed gate or enough shadow days', verbose_name='approval override'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='approval_reason',
            field=models.TextField(blank=True, verbose_name='approval reason'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='approved_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='approved at'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='card',
            field=models.JSONField(help_text='what it was trained on and how, with the command that makes it again', verbose_name='card'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='gate',
            field=models.JSONField(blank=True, help_text='the last report of the promotion gate: passed, at, worlds, every line', null=True, verbose_name='gate'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='name',
            field=models.CharField(max_length=80, unique=True, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='path',
            field=models.CharField(help_text='ONNX file, relative to the artifacts or data directory', max_length=255, verbose_name='path'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='previous',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='mlmodels.policyversion', verbose_name='previous'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='sha256',
            field=models.CharField(max_length=64, verbose_name='SHA-256'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='shadow_days',
            field=models.PositiveIntegerField(default=0, help_text='UTC days on which it was asked in shadow', verbose_name='shadow days'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='shadow_error',
            field=models.CharField(blank=True, help_text='why it was left out of shadow mode', max_length=300, verbose_name='shadow error'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='shadow_seen_on',
            field=models.DateField(blank=True, help_text='the last of them', null=True, verbose_name='shadow seen on'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='shadow_since',
            field=models.DateTimeField(blank=True, help_text='its advice is logged, and shown to nobody', null=True, verbose_name='shadow since'),
        ),
    ]
