import storage.encryption
import datetime
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class StateOnly(migrations.SeparateDatabaseAndState):
    """Texts are no part of the database. The models are made anew once, not after each field: that took 48 s of CPU."""

    def state_forwards(self, app_label, state):
        state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)


class Migration(migrations.Migration):

    dependencies = [
        ('athletes', '0013_browser_language'),
    ]

    operations = [
        StateOnly(state_operations=[
            migrations.AlterModelOptions(
                name='absence',
                options={'verbose_name': 'absence', 'verbose_name_plural': 'absences'},
            ),
            migrations.AlterModelOptions(
                name='athlete',
                options={'verbose_name': 'athlete', 'verbose_name_plural': 'athletes'},
            ),
            migrations.AlterModelOptions(
                name='changenumber',
                options={'verbose_name': 'change number', 'verbose_name_plural': 'change numbers'},
            ),
            migrations.AlterModelOptions(
                name='checkin',
                options={'ordering': ['-date'], 'verbose_name': 'check-in', 'verbose_name_plural': 'check-ins'},
            ),
            migrations.AlterModelOptions(
                name='day',
                options={'ordering': ['-date'], 'verbose_name': 'day', 'verbose_name_plural': 'days'},
            ),
            migrations.AlterModelOptions(
                name='deletion',
                options={'verbose_name': 'deletion', 'verbose_name_plural': 'deletions'},
            ),
            migrations.AlterModelOptions(
                name='hrvreading',
                options={'ordering': ['-date', '-id'], 'verbose_name': 'HRV reading', 'verbose_name_plural': 'HRV readings'},
            ),
            migrations.AlterModelOptions(
                name='mail',
                options={'verbose_name': 'mail', 'verbose_name_plural': 'mail'},
            ),
            migrations.AlterModelOptions(
                name='membership',
                options={'verbose_name': 'membership', 'verbose_name_plural': 'memberships'},
            ),
            migrations.AlterModelOptions(
                name='performancetest',
                options={'ordering': ['-date', '-id'], 'verbose_name': 'performance test', 'verbose_name_plural': 'performance tests'},
            ),
            migrations.AlterModelOptions(
                name='plannedsession',
                options={'ordering': ['date'], 'verbose_name': 'planned session', 'verbose_name_plural': 'planned sessions'},
            ),
            migrations.AlterModelOptions(
                name='redflag',
                options={'ordering': ['-raised_on', '-id'], 'permissions': [('clear_redflag', 'Can clear a warning sign of an athlete')], 'verbose_name': 'red flag', 'verbose_name_plural': 'red flags'},
            ),
            migrations.AlterModelOptions(
                name='restday',
                options={'ordering': ['-date', '-id'], 'verbose_name': 'rest day', 'verbose_name_plural': 'rest days'},
            ),
            migrations.AlterModelOptions(
                name='restinghrreading',
                options={'ordering': ['-date', '-id'], 'verbose_name': 'resting HR reading', 'verbose_name_plural': 'resting HR readings'},
            ),
            migrations.AlterModelOptions(
                name='seasonday',
                options={'ordering': ['date'], 'verbose_name': 'season day', 'verbose_name_plural': 'season days'},
            ),
            migrations.AlterModelOptions(
                name='sleepsession',
                options={'ordering': ['-date', '-id'], 'verbose_name': 'sleep session', 'verbose_name_plural': 'sleep sessions'},
            ),
            migrations.AlterModelOptions(
                name='squad',
                options={'verbose_name': 'squad', 'verbose_name_plural': 'squads'},
            ),
            migrations.AlterModelOptions(
                name='squadinvite',
                options={'verbose_name': 'squad invite', 'verbose_name_plural': 'squad invites'},
            ),
            migrations.AlterModelOptions(
                name='trainingsession',
                options={'ordering': ['-date', '-id'], 'verbose_name': 'training session', 'verbose_name_plural': 'training sessions'},
            ),
            migrations.AlterModelOptions(
                name='upload',
                options={'ordering': ['-created_at'], 'verbose_name': 'upload', 'verbose_name_plural': 'uploads'},
            ),
            migrations.AlterModelOptions(
                name='vendoraccount',
                options={'verbose_name': 'vendor account', 'verbose_name_plural': 'vendor accounts'},
            ),
            migrations.AlterField(
                model_name='athlete',
                name='birth_date',
                field=storage.encryption.EncryptedTextField(blank=True, help_text='ISO date; encrypted', verbose_name='birth date'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='created_at',
                field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='display_name',
                field=models.CharField(blank=True, max_length=80, verbose_name='display name'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='event',
                field=models.CharField(default='400m', max_length=16, verbose_name='event'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='hold',
                field=models.CharField(choices=[('none', 'no hold'), ('clinician', "clinician's plan only"), ('pregnancy', 'pregnancy'), ('heart_disease', 'heart disease'), ('red_s', 'suspected RED-S')], default='none', max_length=16, verbose_name='hold'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='locale',
                field=models.CharField(default='en', max_length=16, verbose_name='locale'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='main_race_on',
                field=models.DateField(blank=True, null=True, verbose_name='main race on'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='max_hr_bpm',
                field=models.FloatField(blank=True, help_text='as tested; else from what was seen and the age', null=True, verbose_name='max HR bpm'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='morning_deadline',
                field=models.TimeField(default=datetime.time(9, 0), help_text="local time by which the day's advice is final", verbose_name='morning deadline'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='next_morning_at',
                field=models.DateTimeField(blank=True, db_index=True, help_text='when the next local morning deadline rings (the row is the queue)', null=True, verbose_name='next morning at'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='quiet_hours_end',
                field=models.TimeField(default=datetime.time(6, 0), verbose_name='quiet hours end'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='quiet_hours_start',
                field=models.TimeField(default=datetime.time(21, 30), verbose_name='quiet hours start'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='sex',
                field=models.CharField(choices=[('female', 'Female'), ('male', 'Male'), ('undisclosed', 'Undisclosed')], default='undisclosed', max_length=12, verbose_name='sex'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='source_periods',
                field=models.JSONField(blank=True, default=dict, help_text='other orders for stretches of dates: {"hrv": [{"date_from": null, "date_to": "2026-02-28", "providers": ["garmin"]}]}', verbose_name='source periods'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='source_priority',
                field=models.JSONField(blank=True, default=dict, help_text='{"hrv": ["oura", "garmin"], "sleep": [...]}', verbose_name='source priority'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='timezone',
                field=models.CharField(default='UTC', help_text="IANA zone; decides what 'today' is", max_length=64, verbose_name='timezone'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='user',
                field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='athlete', to=settings.AUTH_USER_MODEL, verbose_name='user'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='usual_session_min',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='usual session min'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='usual_session_rpe',
                field=models.FloatField(blank=True, null=True, verbose_name='usual session RPE'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='usual_sessions_per_week',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='usual sessions per week'),
            ),
            migrations.AlterField(
                model_name='athlete',
                name='wants_push',
                field=models.BooleanField(default=True, verbose_name='wants push'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='check_ins', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='created_at',
                field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='date',
                field=models.DateField(verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='fatigue',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='fatigue'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='hrv_context',
                field=models.CharField(blank=True, max_length=24, verbose_name='HRV context'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='hrv_metric',
                field=models.CharField(blank=True, max_length=8, verbose_name='HRV metric'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='hrv_value_ms',
                field=models.FloatField(blank=True, null=True, verbose_name='HRV value ms'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='illness',
                field=models.CharField(blank=True, choices=[('none', 'None'), ('above_neck', 'Above Neck'), ('below_neck', 'Below Neck'), ('fever', 'Fever')], help_text='empty: not answered', max_length=12, verbose_name='illness'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='injury_body_site',
                field=models.CharField(blank=True, max_length=40, verbose_name='injury body site'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='injury_status',
                field=models.CharField(blank=True, choices=[('none', 'None'), ('niggle', 'Niggle'), ('open', 'Open')], help_text='empty: not answered, an earlier answer stands', max_length=12, verbose_name='injury status'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='mood',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='mood'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='muscle_soreness',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='muscle soreness'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='notes',
                field=storage.encryption.EncryptedTextField(blank=True, verbose_name='notes'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='pain_0_10',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='pain 0 10'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='quality',
                field=models.JSONField(blank=True, default=dict, verbose_name='quality'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='red_flag',
                field=models.CharField(blank=True, choices=[('none', 'None'), ('chest_pain', 'Chest Pain'), ('fainting', 'Fainting'), ('palpitations', 'Palpitations'), ('breathless_at_rest', 'Breathless'), ('head_injury', 'Head Injury')], help_text='empty: not answered, an earlier answer stands', max_length=20, verbose_name='red flag'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='resting_hr_bpm',
                field=models.FloatField(blank=True, null=True, verbose_name='resting HR bpm'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='scale',
                field=models.CharField(choices=[('mclean_1_5', 'Mclean'), ('hooper_1_7', 'Hooper'), ('intervals_1_4', 'Intervals')], default='mclean_1_5', max_length=16, verbose_name='scale'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='sleep_duration_min',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='sleep duration min'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='sleep_quality',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='sleep quality'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='stress',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='stress'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='submitted_at',
                field=models.DateTimeField(verbose_name='submitted at'),
            ),
            migrations.AlterField(
                model_name='checkin',
                name='updated_at',
                field=models.DateTimeField(auto_now=True, db_index=True, verbose_name='updated at'),
            ),
            migrations.AlterField(
                model_name='day',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='days', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='day',
                name='checked_in_at',
                field=models.DateTimeField(blank=True, null=True, verbose_name='checked in at'),
            ),
            migrations.AlterField(
                model_name='day',
                name='date',
                field=models.DateField(verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='day',
                name='fatigue_1_5',
                field=models.FloatField(blank=True, null=True, verbose_name='fatigue 1 5'),
            ),
            migrations.AlterField(
                model_name='day',
                name='first_session_at',
                field=models.DateTimeField(blank=True, null=True, verbose_name='first session at'),
            ),
            migrations.AlterField(
                model_name='day',
                name='high_intensity_share',
                field=models.FloatField(blank=True, null=True, verbose_name='high intensity share'),
            ),
            migrations.AlterField(
                model_name='day',
                name='hrv_doubted_ms',
                field=models.FloatField(blank=True, help_text='where no reading is believed: the newest that is in doubt', null=True, verbose_name='HRV doubted ms'),
            ),
            migrations.AlterField(
                model_name='day',
                name='hrv_era',
                field=models.CharField(blank=True, help_text='metric/provider/context: one baseline each', max_length=64, verbose_name='HRV era'),
            ),
            migrations.AlterField(
                model_name='day',
                name='hrv_ms',
                field=models.FloatField(blank=True, null=True, verbose_name='HRV ms'),
            ),
            migrations.AlterField(
                model_name='day',
                name='illness',
                field=models.CharField(blank=True, choices=[('none', 'None'), ('above_neck', 'Above Neck'), ('below_neck', 'Below Neck'), ('fever', 'Fever'), ('unspecified', 'ill, kind not reported')], help_text='empty: not asked; unspecified: a season log says ill', max_length=12, verbose_name='illness'),
            ),
            migrations.AlterField(
                model_name='day',
                name='injury_status',
                field=models.CharField(blank=True, choices=[('none', 'None'), ('niggle', 'Niggle'), ('open', 'Open')], max_length=12, verbose_name='injury status'),
            ),
            migrations.AlterField(
                model_name='day',
                name='load_au',
                field=models.FloatField(blank=True, help_text="sum of the day's sessions; 0 = rest; null = nobody reported", null=True, verbose_name='load AU'),
            ),
            migrations.AlterField(
                model_name='day',
                name='load_basis',
                field=models.CharField(blank=True, choices=[('reported', 'rated, a rest day or a log'), ('heart_rate', 'in part estimated from heart rate'), ('plan', 'in part estimated from the plan')], help_text="the weakest of the day's sessions; empty: load unknown", max_length=12, verbose_name='load basis'),
            ),
            migrations.AlterField(
                model_name='day',
                name='note_asks',
                field=models.BooleanField(default=False, help_text='the note may tell of a warning sign, and the question after one is not answered', verbose_name='note asks'),
            ),
            migrations.AlterField(
                model_name='day',
                name='pain_0_10',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='pain 0 10'),
            ),
            migrations.AlterField(
                model_name='day',
                name='planned_by',
                field=models.CharField(blank=True, max_length=8, verbose_name='planned by'),
            ),
            migrations.AlterField(
                model_name='day',
                name='planned_high_intensity_share',
                field=models.FloatField(blank=True, null=True, verbose_name='planned high intensity share'),
            ),
            migrations.AlterField(
                model_name='day',
                name='planned_load_au',
                field=models.FloatField(blank=True, help_text='null: the automatic plan', null=True, verbose_name='planned load AU'),
            ),
            migrations.AlterField(
                model_name='day',
                name='provenance',
                field=models.JSONField(blank=True, default=dict, verbose_name='provenance'),
            ),
            migrations.AlterField(
                model_name='day',
                name='readiness_1_5',
                field=models.FloatField(blank=True, help_text='mean of the answered items, 5 best', null=True, verbose_name='readiness 1 5'),
            ),
            migrations.AlterField(
                model_name='day',
                name='red_flag',
                field=models.CharField(blank=True, choices=[('none', 'None'), ('chest_pain', 'Chest Pain'), ('fainting', 'Fainting'), ('palpitations', 'Palpitations'), ('breathless_at_rest', 'Breathless'), ('head_injury', 'Head Injury')], max_length=20, verbose_name='red flag'),
            ),
            migrations.AlterField(
                model_name='day',
                name='rest_day',
                field=models.BooleanField(default=False, verbose_name='rest day'),
            ),
            migrations.AlterField(
                model_name='day',
                name='resting_hr_bpm',
                field=models.FloatField(blank=True, null=True, verbose_name='resting HR bpm'),
            ),
            migrations.AlterField(
                model_name='day',
                name='revised_at',
                field=models.DateTimeField(verbose_name='revised at'),
            ),
            migrations.AlterField(
                model_name='day',
                name='sleep_duration_min',
                field=models.FloatField(blank=True, null=True, verbose_name='sleep duration min'),
            ),
            migrations.AlterField(
                model_name='day',
                name='sleep_score',
                field=models.FloatField(blank=True, null=True, verbose_name='sleep score'),
            ),
            migrations.AlterField(
                model_name='day',
                name='sleep_score_basis',
                field=models.CharField(blank=True, help_text='the provider, or derived', max_length=24, verbose_name='sleep score basis'),
            ),
            migrations.AlterField(
                model_name='day',
                name='soreness_1_5',
                field=models.FloatField(blank=True, null=True, verbose_name='soreness 1 5'),
            ),
            migrations.AlterField(
                model_name='day',
                name='t400_s',
                field=models.FloatField(blank=True, null=True, verbose_name='t400 s'),
            ),
            migrations.AlterField(
                model_name='day',
                name='t400_timing',
                field=models.CharField(blank=True, max_length=8, verbose_name='t400 timing'),
            ),
            migrations.AlterField(
                model_name='day',
                name='wellness_score',
                field=models.FloatField(blank=True, null=True, verbose_name='wellness score'),
            ),
            migrations.AlterField(
                model_name='day',
                name='worst_item_1_5',
                field=models.FloatField(blank=True, help_text='the lowest of the answered items', null=True, verbose_name='worst item 1 5'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='created_at',
                field=models.DateTimeField(blank=True, editable=False, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='display_name',
                field=models.CharField(blank=True, max_length=80, verbose_name='display name'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='event',
                field=models.CharField(default='400m', max_length=16, verbose_name='event'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='hold',
                field=models.CharField(choices=[('none', 'no hold'), ('clinician', "clinician's plan only"), ('pregnancy', 'pregnancy'), ('heart_disease', 'heart disease'), ('red_s', 'suspected RED-S')], default='none', max_length=16, verbose_name='hold'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='locale',
                field=models.CharField(default='en', max_length=16, verbose_name='locale'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='main_race_on',
                field=models.DateField(blank=True, null=True, verbose_name='main race on'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='max_hr_bpm',
                field=models.FloatField(blank=True, help_text='as tested; else from what was seen and the age', null=True, verbose_name='max HR bpm'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='morning_deadline',
                field=models.TimeField(default=datetime.time(9, 0), help_text="local time by which the day's advice is final", verbose_name='morning deadline'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='quiet_hours_end',
                field=models.TimeField(default=datetime.time(6, 0), verbose_name='quiet hours end'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='quiet_hours_start',
                field=models.TimeField(default=datetime.time(21, 30), verbose_name='quiet hours start'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='sex',
                field=models.CharField(choices=[('female', 'Female'), ('male', 'Male'), ('undisclosed', 'Undisclosed')], default='undisclosed', max_length=12, verbose_name='sex'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='source_periods',
                field=models.JSONField(blank=True, default=dict, help_text='other orders for stretches of dates: {"hrv": [{"date_from": null, "date_to": "2026-02-28", "providers": ["garmin"]}]}', verbose_name='source periods'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='source_priority',
                field=models.JSONField(blank=True, default=dict, help_text='{"hrv": ["oura", "garmin"], "sleep": [...]}', verbose_name='source priority'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='timezone',
                field=models.CharField(default='UTC', help_text="IANA zone; decides what 'today' is", max_length=64, verbose_name='timezone'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='user',
                field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='usual_session_min',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='usual session min'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='usual_session_rpe',
                field=models.FloatField(blank=True, null=True, verbose_name='usual session RPE'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='usual_sessions_per_week',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='usual sessions per week'),
            ),
            migrations.AlterField(
                model_name='historicalathlete',
                name='wants_push',
                field=models.BooleanField(default=True, verbose_name='wants push'),
            ),
            migrations.AlterField(
                model_name='historicalmembership',
                name='athlete',
                field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='historicalmembership',
                name='joined_at',
                field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='joined at'),
            ),
            migrations.AlterField(
                model_name='historicalmembership',
                name='left_at',
                field=models.DateTimeField(blank=True, null=True, verbose_name='left at'),
            ),
            migrations.AlterField(
                model_name='historicalmembership',
                name='shares_status',
                field=models.BooleanField(default=True, help_text='coach sees status, advice and warnings', verbose_name='shares status'),
            ),
            migrations.AlterField(
                model_name='historicalmembership',
                name='shares_values',
                field=models.BooleanField(default=False, help_text='coach sees HRV, sleep and load values too; never notes', verbose_name='shares values'),
            ),
            migrations.AlterField(
                model_name='historicalmembership',
                name='squad',
                field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='athletes.squad', verbose_name='squad'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='athlete',
                field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='author',
                field=models.CharField(choices=[('coach', 'Coach'), ('athlete', 'Athlete')], max_length=8, verbose_name='author'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='competition_priority',
                field=models.CharField(blank=True, help_text='A, B or C for a competition', max_length=1, verbose_name='competition priority'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='created_by',
                field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='date',
                field=models.DateField(verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='duration_min',
                field=models.FloatField(blank=True, null=True, verbose_name='duration min'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='high_intensity_share',
                field=models.FloatField(verbose_name='high intensity share'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='kind',
                field=models.CharField(choices=[('track_sprint', 'Track Sprint'), ('track_intervals', 'Track Intervals'), ('tempo', 'Tempo'), ('endurance', 'Endurance'), ('strength', 'Strength'), ('plyometric', 'Plyometric'), ('technique', 'Technique'), ('recovery', 'Recovery'), ('competition', 'Competition'), ('cross_training', 'Cross Training'), ('other', 'Other')], default='other', max_length=16, verbose_name='kind'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='load_au',
                field=models.FloatField(help_text='given, or duration_min x rpe; 0 = planned rest', verbose_name='load AU'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='rpe',
                field=models.FloatField(blank=True, null=True, verbose_name='RPE'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='title',
                field=models.CharField(blank=True, max_length=120, verbose_name='title'),
            ),
            migrations.AlterField(
                model_name='historicalplannedsession',
                name='updated_at',
                field=models.DateTimeField(blank=True, editable=False, verbose_name='updated at'),
            ),
            migrations.AlterField(
                model_name='historicalsquad',
                name='created_at',
                field=models.DateTimeField(blank=True, editable=False, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='historicalsquad',
                name='name',
                field=models.CharField(db_index=True, max_length=80, verbose_name='name'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='client_record_id',
                field=models.CharField(max_length=128, verbose_name='client record id'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='client_record_version',
                field=models.PositiveBigIntegerField(default=0, verbose_name='client record version'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='content_hash',
                field=models.CharField(max_length=64, verbose_name='content hash'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='context',
                field=models.CharField(choices=[('overnight_mean', 'Overnight Mean'), ('overnight_deep', 'Overnight Deep'), ('overnight_5min_high', 'Overnight 5Min High'), ('morning_supine', 'Morning Supine'), ('morning_sitting', 'Morning Sitting'), ('morning_standing', 'Morning Standing'), ('spot', 'Spot')], max_length=24, verbose_name='context'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='created_at',
                field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='date',
                field=models.DateField(help_text="the athlete's local day it belongs to", verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='date_basis',
                field=models.CharField(help_text='record_zone, record_offset, profile_zone or given', max_length=16, verbose_name='date basis'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='deleted_at',
                field=models.DateTimeField(blank=True, help_text='a tombstone, kept 90 days', null=True, verbose_name='deleted at'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='device_model',
                field=models.CharField(blank=True, max_length=80, verbose_name='device model'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='device_type',
                field=models.CharField(blank=True, max_length=24, verbose_name='device type'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='measured_at',
                field=models.DateTimeField(verbose_name='measured at'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='metric',
                field=models.CharField(choices=[('rmssd', 'Rmssd'), ('sdnn', 'Sdnn')], max_length=8, verbose_name='metric'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='provider',
                field=models.CharField(choices=[('manual', 'Manual'), ('apple', 'Apple'), ('health_connect', 'Health Connect'), ('samsung', 'Samsung'), ('garmin', 'Garmin'), ('google', 'Google'), ('fitbit', 'Fitbit'), ('polar', 'Polar'), ('suunto', 'Suunto'), ('whoop', 'Whoop'), ('oura', 'Oura'), ('withings', 'Withings'), ('ultrahuman', 'Ultrahuman'), ('intervals_icu', 'Intervals Icu'), ('open_wearables', 'Open Wearables'), ('hrv4training', 'Hrv4Training'), ('elitehrv', 'Elitehrv'), ('other', 'Other')], default='manual', max_length=16, verbose_name='provider'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='quality_reasons',
                field=models.JSONField(blank=True, default=list, verbose_name='quality reasons'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='quality_status',
                field=models.CharField(choices=[('ok', 'Ok'), ('quarantined', 'Quarantined'), ('confirmed', 'Confirmed')], default='ok', max_length=12, verbose_name='quality status'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='recording_method',
                field=models.CharField(blank=True, max_length=24, verbose_name='recording method'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='updated_at',
                field=models.DateTimeField(auto_now=True, verbose_name='updated at'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='utc_offset_min',
                field=models.SmallIntegerField(blank=True, help_text='in force at the instant that decides the date', null=True, verbose_name='UTC offset min'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='value_ms',
                field=models.FloatField(verbose_name='value ms'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='vendor_date',
                field=models.DateField(blank=True, help_text='the day the vendor files it under; kept, not used', null=True, verbose_name='vendor date'),
            ),
            migrations.AlterField(
                model_name='hrvreading',
                name='zone',
                field=models.CharField(blank=True, help_text='IANA zone the record came with', max_length=64, verbose_name='zone'),
            ),
            migrations.AlterField(
                model_name='mail',
                name='attempts',
                field=models.PositiveSmallIntegerField(default=0, verbose_name='attempts'),
            ),
            migrations.AlterField(
                model_name='mail',
                name='content',
                field=storage.encryption.EncryptedTextField(blank=True, help_text='JSON of the rest; empty once it has left', verbose_name='content'),
            ),
            migrations.AlterField(
                model_name='mail',
                name='created_at',
                field=models.DateTimeField(verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='mail',
                name='error',
                field=models.CharField(blank=True, help_text='of the last attempt; never an address', max_length=120, verbose_name='error'),
            ),
            migrations.AlterField(
                model_name='mail',
                name='given_up_at',
                field=models.DateTimeField(blank=True, null=True, verbose_name='given up at'),
            ),
            migrations.AlterField(
                model_name='mail',
                name='leased_until',
                field=models.DateTimeField(blank=True, null=True, verbose_name='leased until'),
            ),
            migrations.AlterField(
                model_name='mail',
                name='not_before',
                field=models.DateTimeField(help_text='the next attempt; moved ahead as a lease while a sender holds it', verbose_name='not before'),
            ),
            migrations.AlterField(
                model_name='mail',
                name='recipients',
                field=storage.encryption.EncryptedTextField(help_text='one a line', verbose_name='recipients'),
            ),
            migrations.AlterField(
                model_name='mail',
                name='sent_at',
                field=models.DateTimeField(blank=True, null=True, verbose_name='sent at'),
            ),
            migrations.AlterField(
                model_name='mail',
                name='subject',
                field=storage.encryption.EncryptedTextField(blank=True, verbose_name='subject'),
            ),
            migrations.AlterField(
                model_name='membership',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='membership',
                name='joined_at',
                field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='joined at'),
            ),
            migrations.AlterField(
                model_name='membership',
                name='left_at',
                field=models.DateTimeField(blank=True, null=True, verbose_name='left at'),
            ),
            migrations.AlterField(
                model_name='membership',
                name='shares_status',
                field=models.BooleanField(default=True, help_text='coach sees status, advice and warnings', verbose_name='shares status'),
            ),
            migrations.AlterField(
                model_name='membership',
                name='shares_values',
                field=models.BooleanField(default=False, help_text='coach sees HRV, sleep and load values too; never notes', verbose_name='shares values'),
            ),
            migrations.AlterField(
                model_name='membership',
                name='squad',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='athletes.squad', verbose_name='squad'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='client_record_id',
                field=models.CharField(max_length=128, verbose_name='client record id'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='client_record_version',
                field=models.PositiveBigIntegerField(default=0, verbose_name='client record version'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='content_hash',
                field=models.CharField(max_length=64, verbose_name='content hash'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='created_at',
                field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='date',
                field=models.DateField(help_text="the athlete's local day it belongs to", verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='date_basis',
                field=models.CharField(help_text='record_zone, record_offset, profile_zone or given', max_length=16, verbose_name='date basis'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='deleted_at',
                field=models.DateTimeField(blank=True, help_text='a tombstone, kept 90 days', null=True, verbose_name='deleted at'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='device_model',
                field=models.CharField(blank=True, max_length=80, verbose_name='device model'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='device_type',
                field=models.CharField(blank=True, max_length=24, verbose_name='device type'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='event',
                field=models.CharField(default='400m', max_length=16, verbose_name='event'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='is_race',
                field=models.BooleanField(default=False, verbose_name='is race'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='provider',
                field=models.CharField(choices=[('manual', 'Manual'), ('apple', 'Apple'), ('health_connect', 'Health Connect'), ('samsung', 'Samsung'), ('garmin', 'Garmin'), ('google', 'Google'), ('fitbit', 'Fitbit'), ('polar', 'Polar'), ('suunto', 'Suunto'), ('whoop', 'Whoop'), ('oura', 'Oura'), ('withings', 'Withings'), ('ultrahuman', 'Ultrahuman'), ('intervals_icu', 'Intervals Icu'), ('open_wearables', 'Open Wearables'), ('hrv4training', 'Hrv4Training'), ('elitehrv', 'Elitehrv'), ('other', 'Other')], default='manual', max_length=16, verbose_name='provider'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='quality_reasons',
                field=models.JSONField(blank=True, default=list, verbose_name='quality reasons'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='quality_status',
                field=models.CharField(choices=[('ok', 'Ok'), ('quarantined', 'Quarantined'), ('confirmed', 'Confirmed')], default='ok', max_length=12, verbose_name='quality status'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='recording_method',
                field=models.CharField(blank=True, max_length=24, verbose_name='recording method'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='tested_at',
                field=models.DateTimeField(verbose_name='tested at'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='time_s',
                field=models.FloatField(verbose_name='time s'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='timing',
                field=models.CharField(choices=[('fat', 'fully automatic'), ('gates', 'timing gates'), ('hand', 'hand'), ('app', 'phone app')], max_length=8, verbose_name='timing'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='updated_at',
                field=models.DateTimeField(auto_now=True, verbose_name='updated at'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='utc_offset_min',
                field=models.SmallIntegerField(blank=True, help_text='in force at the instant that decides the date', null=True, verbose_name='UTC offset min'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='vendor_date',
                field=models.DateField(blank=True, help_text='the day the vendor files it under; kept, not used', null=True, verbose_name='vendor date'),
            ),
            migrations.AlterField(
                model_name='performancetest',
                name='zone',
                field=models.CharField(blank=True, help_text='IANA zone the record came with', max_length=64, verbose_name='zone'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='planned_sessions', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='author',
                field=models.CharField(choices=[('coach', 'Coach'), ('athlete', 'Athlete')], max_length=8, verbose_name='author'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='competition_priority',
                field=models.CharField(blank=True, help_text='A, B or C for a competition', max_length=1, verbose_name='competition priority'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='created_by',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='date',
                field=models.DateField(verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='duration_min',
                field=models.FloatField(blank=True, null=True, verbose_name='duration min'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='high_intensity_share',
                field=models.FloatField(verbose_name='high intensity share'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='kind',
                field=models.CharField(choices=[('track_sprint', 'Track Sprint'), ('track_intervals', 'Track Intervals'), ('tempo', 'Tempo'), ('endurance', 'Endurance'), ('strength', 'Strength'), ('plyometric', 'Plyometric'), ('technique', 'Technique'), ('recovery', 'Recovery'), ('competition', 'Competition'), ('cross_training', 'Cross Training'), ('other', 'Other')], default='other', max_length=16, verbose_name='kind'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='load_au',
                field=models.FloatField(help_text='given, or duration_min x rpe; 0 = planned rest', verbose_name='load AU'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='rpe',
                field=models.FloatField(blank=True, null=True, verbose_name='RPE'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='title',
                field=models.CharField(blank=True, max_length=120, verbose_name='title'),
            ),
            migrations.AlterField(
                model_name='plannedsession',
                name='updated_at',
                field=models.DateTimeField(auto_now=True, verbose_name='updated at'),
            ),
            migrations.AlterField(
                model_name='redflag',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='red_flags', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='redflag',
                name='cleared_at',
                field=models.DateTimeField(blank=True, help_text='null: open', null=True, verbose_name='cleared at'),
            ),
            migrations.AlterField(
                model_name='redflag',
                name='cleared_by',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='cleared by'),
            ),
            migrations.AlterField(
                model_name='redflag',
                name='cleared_on',
                field=models.DateField(blank=True, help_text="the athlete's local date then", null=True, verbose_name='cleared on'),
            ),
            migrations.AlterField(
                model_name='redflag',
                name='kind',
                field=models.CharField(choices=[('chest_pain', 'Chest Pain'), ('fainting', 'Fainting'), ('palpitations', 'Palpitations'), ('breathless_at_rest', 'Breathless'), ('head_injury', 'Head Injury')], max_length=20, verbose_name='kind'),
            ),
            migrations.AlterField(
                model_name='redflag',
                name='note',
                field=storage.encryption.EncryptedTextField(blank=True, verbose_name='note'),
            ),
            migrations.AlterField(
                model_name='redflag',
                name='raised_at',
                field=models.DateTimeField(verbose_name='raised at'),
            ),
            migrations.AlterField(
                model_name='redflag',
                name='raised_on',
                field=models.DateField(help_text='the local date of the check-in that said so', verbose_name='raised on'),
            ),
            migrations.AlterField(
                model_name='redflag',
                name='seen_by_doctor_on',
                field=models.DateField(blank=True, null=True, verbose_name='seen by doctor on'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='client_record_id',
                field=models.CharField(max_length=128, verbose_name='client record id'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='client_record_version',
                field=models.PositiveBigIntegerField(default=0, verbose_name='client record version'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='content_hash',
                field=models.CharField(max_length=64, verbose_name='content hash'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='created_at',
                field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='date',
                field=models.DateField(help_text="the athlete's local day it belongs to", verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='date_basis',
                field=models.CharField(help_text='record_zone, record_offset, profile_zone or given', max_length=16, verbose_name='date basis'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='deleted_at',
                field=models.DateTimeField(blank=True, help_text='a tombstone, kept 90 days', null=True, verbose_name='deleted at'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='device_model',
                field=models.CharField(blank=True, max_length=80, verbose_name='device model'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='device_type',
                field=models.CharField(blank=True, max_length=24, verbose_name='device type'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='provider',
                field=models.CharField(choices=[('manual', 'Manual'), ('apple', 'Apple'), ('health_connect', 'Health Connect'), ('samsung', 'Samsung'), ('garmin', 'Garmin'), ('google', 'Google'), ('fitbit', 'Fitbit'), ('polar', 'Polar'), ('suunto', 'Suunto'), ('whoop', 'Whoop'), ('oura', 'Oura'), ('withings', 'Withings'), ('ultrahuman', 'Ultrahuman'), ('intervals_icu', 'Intervals Icu'), ('open_wearables', 'Open Wearables'), ('hrv4training', 'Hrv4Training'), ('elitehrv', 'Elitehrv'), ('other', 'Other')], default='manual', max_length=16, verbose_name='provider'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='quality_reasons',
                field=models.JSONField(blank=True, default=list, verbose_name='quality reasons'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='quality_status',
                field=models.CharField(choices=[('ok', 'Ok'), ('quarantined', 'Quarantined'), ('confirmed', 'Confirmed')], default='ok', max_length=12, verbose_name='quality status'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='recording_method',
                field=models.CharField(blank=True, max_length=24, verbose_name='recording method'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='updated_at',
                field=models.DateTimeField(auto_now=True, verbose_name='updated at'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='utc_offset_min',
                field=models.SmallIntegerField(blank=True, help_text='in force at the instant that decides the date', null=True, verbose_name='UTC offset min'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='vendor_date',
                field=models.DateField(blank=True, help_text='the day the vendor files it under; kept, not used', null=True, verbose_name='vendor date'),
            ),
            migrations.AlterField(
                model_name='restday',
                name='zone',
                field=models.CharField(blank=True, help_text='IANA zone the record came with', max_length=64, verbose_name='zone'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='client_record_id',
                field=models.CharField(max_length=128, verbose_name='client record id'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='client_record_version',
                field=models.PositiveBigIntegerField(default=0, verbose_name='client record version'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='content_hash',
                field=models.CharField(max_length=64, verbose_name='content hash'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='created_at',
                field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='date',
                field=models.DateField(help_text="the athlete's local day it belongs to", verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='date_basis',
                field=models.CharField(help_text='record_zone, record_offset, profile_zone or given', max_length=16, verbose_name='date basis'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='deleted_at',
                field=models.DateTimeField(blank=True, help_text='a tombstone, kept 90 days', null=True, verbose_name='deleted at'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='device_model',
                field=models.CharField(blank=True, max_length=80, verbose_name='device model'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='device_type',
                field=models.CharField(blank=True, max_length=24, verbose_name='device type'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='measured_at',
                field=models.DateTimeField(verbose_name='measured at'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='provider',
                field=models.CharField(choices=[('manual', 'Manual'), ('apple', 'Apple'), ('health_connect', 'Health Connect'), ('samsung', 'Samsung'), ('garmin', 'Garmin'), ('google', 'Google'), ('fitbit', 'Fitbit'), ('polar', 'Polar'), ('suunto', 'Suunto'), ('whoop', 'Whoop'), ('oura', 'Oura'), ('withings', 'Withings'), ('ultrahuman', 'Ultrahuman'), ('intervals_icu', 'Intervals Icu'), ('open_wearables', 'Open Wearables'), ('hrv4training', 'Hrv4Training'), ('elitehrv', 'Elitehrv'), ('other', 'Other')], default='manual', max_length=16, verbose_name='provider'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='quality_reasons',
                field=models.JSONField(blank=True, default=list, verbose_name='quality reasons'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='quality_status',
                field=models.CharField(choices=[('ok', 'Ok'), ('quarantined', 'Quarantined'), ('confirmed', 'Confirmed')], default='ok', max_length=12, verbose_name='quality status'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='recording_method',
                field=models.CharField(blank=True, max_length=24, verbose_name='recording method'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='updated_at',
                field=models.DateTimeField(auto_now=True, verbose_name='updated at'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='utc_offset_min',
                field=models.SmallIntegerField(blank=True, help_text='in force at the instant that decides the date', null=True, verbose_name='UTC offset min'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='value_bpm',
                field=models.FloatField(verbose_name='value bpm'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='vendor_date',
                field=models.DateField(blank=True, help_text='the day the vendor files it under; kept, not used', null=True, verbose_name='vendor date'),
            ),
            migrations.AlterField(
                model_name='restinghrreading',
                name='zone',
                field=models.CharField(blank=True, help_text='IANA zone the record came with', max_length=64, verbose_name='zone'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='action',
                field=models.PositiveSmallIntegerField(blank=True, help_text='0-3; null = unknown', null=True, verbose_name='action'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='advised',
                field=models.PositiveSmallIntegerField(blank=True, help_text='0-3: advised and not declined', null=True, verbose_name='advised'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='assumed_high_intensity_share',
                field=models.FloatField(blank=True, null=True, verbose_name='assumed high intensity share'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='assumed_load_au',
                field=models.FloatField(blank=True, help_text="in part the plan's: nobody measured it", null=True, verbose_name='assumed load AU'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='season_days', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='date',
                field=models.DateField(verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='fatigue_1_5',
                field=models.FloatField(blank=True, null=True, verbose_name='fatigue 1 5'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='file_sha256',
                field=models.CharField(max_length=64, verbose_name='file SHA-256'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='high_intensity_share',
                field=models.FloatField(blank=True, null=True, verbose_name='high intensity share'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='hrv_doubted_ms',
                field=models.FloatField(blank=True, null=True, verbose_name='HRV doubted ms'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='hrv_era',
                field=models.CharField(blank=True, help_text="what the day stands on; empty: a log's own", max_length=64, verbose_name='HRV era'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='hrv_readings',
                field=models.TextField(blank=True, help_text='era=ms of every era that was read, apart by spaces', verbose_name='HRV readings'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='hrv_rmssd_ms',
                field=models.FloatField(blank=True, null=True, verbose_name='HRV rMSSD ms'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='ill',
                field=models.BooleanField(blank=True, null=True, verbose_name='ill'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='illness',
                field=models.CharField(blank=True, help_text='which, where `ill` says only whether', max_length=12, verbose_name='illness'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='imported_at',
                field=models.DateTimeField(auto_now=True, verbose_name='imported at'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='injured',
                field=models.BooleanField(blank=True, null=True, verbose_name='injured'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='injury',
                field=models.CharField(blank=True, help_text='which, where `injured` says only whether', max_length=12, verbose_name='injury'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='load_au',
                field=models.FloatField(blank=True, null=True, verbose_name='load AU'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='load_estimated',
                field=models.BooleanField(blank=True, help_text='load_au stands in part on heart rate', null=True, verbose_name='load estimated'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='note_asks',
                field=models.BooleanField(blank=True, null=True, verbose_name='note asks'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='pain_0_10',
                field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='pain 0 10'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='planned_high_intensity_share',
                field=models.FloatField(blank=True, null=True, verbose_name='planned high intensity share'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='planned_load_au',
                field=models.FloatField(blank=True, null=True, verbose_name='planned load AU'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='readiness_1_5',
                field=models.FloatField(blank=True, null=True, verbose_name='readiness 1 5'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='red_flag',
                field=models.CharField(blank=True, max_length=20, verbose_name='red flag'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='rest_day',
                field=models.BooleanField(blank=True, null=True, verbose_name='rest day'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='resting_hr_bpm',
                field=models.FloatField(blank=True, null=True, verbose_name='resting HR bpm'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='sleep_h',
                field=models.FloatField(blank=True, null=True, verbose_name='sleep h'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='sleep_score',
                field=models.FloatField(blank=True, null=True, verbose_name='sleep score'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='soreness_1_5',
                field=models.FloatField(blank=True, null=True, verbose_name='soreness 1 5'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='t400_s',
                field=models.FloatField(blank=True, null=True, verbose_name='t400 s'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='timing',
                field=models.CharField(blank=True, max_length=8, verbose_name='timing'),
            ),
            migrations.AlterField(
                model_name='seasonday',
                name='worst_item_1_5',
                field=models.FloatField(blank=True, null=True, verbose_name='worst item 1 5'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='awake_s',
                field=models.PositiveIntegerField(blank=True, null=True, verbose_name='awake s'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='client_record_id',
                field=models.CharField(max_length=128, verbose_name='client record id'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='client_record_version',
                field=models.PositiveBigIntegerField(default=0, verbose_name='client record version'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='content_hash',
                field=models.CharField(max_length=64, verbose_name='content hash'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='created_at',
                field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='date',
                field=models.DateField(help_text="the athlete's local day it belongs to", verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='date_basis',
                field=models.CharField(help_text='record_zone, record_offset, profile_zone or given', max_length=16, verbose_name='date basis'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='deep_s',
                field=models.PositiveIntegerField(blank=True, null=True, verbose_name='deep s'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='deleted_at',
                field=models.DateTimeField(blank=True, help_text='a tombstone, kept 90 days', null=True, verbose_name='deleted at'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='device_model',
                field=models.CharField(blank=True, max_length=80, verbose_name='device model'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='device_type',
                field=models.CharField(blank=True, max_length=24, verbose_name='device type'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='duration_s',
                field=models.PositiveIntegerField(blank=True, help_text='time asleep', null=True, verbose_name='duration s'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='efficiency_pct',
                field=models.FloatField(blank=True, null=True, verbose_name='efficiency pct'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='end_at',
                field=models.DateTimeField(verbose_name='end at'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='is_nap',
                field=models.BooleanField(default=False, verbose_name='is nap'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='light_s',
                field=models.PositiveIntegerField(blank=True, null=True, verbose_name='light s'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='provider',
                field=models.CharField(choices=[('manual', 'Manual'), ('apple', 'Apple'), ('health_connect', 'Health Connect'), ('samsung', 'Samsung'), ('garmin', 'Garmin'), ('google', 'Google'), ('fitbit', 'Fitbit'), ('polar', 'Polar'), ('suunto', 'Suunto'), ('whoop', 'Whoop'), ('oura', 'Oura'), ('withings', 'Withings'), ('ultrahuman', 'Ultrahuman'), ('intervals_icu', 'Intervals Icu'), ('open_wearables', 'Open Wearables'), ('hrv4training', 'Hrv4Training'), ('elitehrv', 'Elitehrv'), ('other', 'Other')], default='manual', max_length=16, verbose_name='provider'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='quality_reasons',
                field=models.JSONField(blank=True, default=list, verbose_name='quality reasons'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='quality_status',
                field=models.CharField(choices=[('ok', 'Ok'), ('quarantined', 'Quarantined'), ('confirmed', 'Confirmed')], default='ok', max_length=12, verbose_name='quality status'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='recording_method',
                field=models.CharField(blank=True, max_length=24, verbose_name='recording method'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='rem_s',
                field=models.PositiveIntegerField(blank=True, null=True, verbose_name='rem s'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='score',
                field=models.FloatField(blank=True, help_text="vendor's 0-100; never averaged across vendors", null=True, verbose_name='score'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='start_at',
                field=models.DateTimeField(verbose_name='start at'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='time_in_bed_s',
                field=models.PositiveIntegerField(blank=True, null=True, verbose_name='time in bed s'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='updated_at',
                field=models.DateTimeField(auto_now=True, verbose_name='updated at'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='utc_offset_min',
                field=models.SmallIntegerField(blank=True, help_text='in force at the instant that decides the date', null=True, verbose_name='UTC offset min'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='vendor_date',
                field=models.DateField(blank=True, help_text='the day the vendor files it under; kept, not used', null=True, verbose_name='vendor date'),
            ),
            migrations.AlterField(
                model_name='sleepsession',
                name='zone',
                field=models.CharField(blank=True, help_text='IANA zone the record came with', max_length=64, verbose_name='zone'),
            ),
            migrations.AlterField(
                model_name='squad',
                name='coaches',
                field=models.ManyToManyField(blank=True, related_name='coached_squads', to=settings.AUTH_USER_MODEL, verbose_name='coaches'),
            ),
            migrations.AlterField(
                model_name='squad',
                name='created_at',
                field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='squad',
                name='name',
                field=models.CharField(max_length=80, unique=True, verbose_name='name'),
            ),
            migrations.AlterField(
                model_name='squadinvite',
                name='code',
                field=models.CharField(max_length=8, unique=True, verbose_name='code'),
            ),
            migrations.AlterField(
                model_name='squadinvite',
                name='created_by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
            ),
            migrations.AlterField(
                model_name='squadinvite',
                name='expires_at',
                field=models.DateTimeField(verbose_name='expires at'),
            ),
            migrations.AlterField(
                model_name='squadinvite',
                name='squad',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invites', to='athletes.squad', verbose_name='squad'),
            ),
            migrations.AlterField(
                model_name='squadinvite',
                name='used_at',
                field=models.DateTimeField(blank=True, null=True, verbose_name='used at'),
            ),
            migrations.AlterField(
                model_name='squadinvite',
                name='used_by',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='athletes.athlete', verbose_name='used by'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='avg_hr_bpm',
                field=models.FloatField(blank=True, null=True, verbose_name='avg HR bpm'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='client_record_id',
                field=models.CharField(max_length=128, verbose_name='client record id'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='client_record_version',
                field=models.PositiveBigIntegerField(default=0, verbose_name='client record version'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='content_hash',
                field=models.CharField(max_length=64, verbose_name='content hash'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='created_at',
                field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='date',
                field=models.DateField(help_text="the athlete's local day it belongs to", verbose_name='date'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='date_basis',
                field=models.CharField(help_text='record_zone, record_offset, profile_zone or given', max_length=16, verbose_name='date basis'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='deleted_at',
                field=models.DateTimeField(blank=True, help_text='a tombstone, kept 90 days', null=True, verbose_name='deleted at'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='device_model',
                field=models.CharField(blank=True, max_length=80, verbose_name='device model'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='device_type',
                field=models.CharField(blank=True, max_length=24, verbose_name='device type'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='distance_m',
                field=models.FloatField(blank=True, null=True, verbose_name='distance m'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='duration_min',
                field=models.FloatField(verbose_name='duration min'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='estimate_error_pct',
                field=models.FloatField(blank=True, help_text='one SD of the estimate', null=True, verbose_name='estimate error pct'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='estimate_grounds',
                field=models.JSONField(blank=True, default=list, help_text='what the estimate stands on', verbose_name='estimate grounds'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='estimated_rpe',
                field=models.FloatField(blank=True, help_text='while nobody has rated it', null=True, verbose_name='estimated RPE'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='high_intensity_share',
                field=models.FloatField(blank=True, help_text='0-1; else derived from the kind', null=True, verbose_name='high intensity share'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='hr_zones',
                field=models.JSONField(blank=True, default=list, help_text='seconds between two heart rates, from the device', verbose_name='HR zones'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='kind',
                field=models.CharField(choices=[('track_sprint', 'Track Sprint'), ('track_intervals', 'Track Intervals'), ('tempo', 'Tempo'), ('endurance', 'Endurance'), ('strength', 'Strength'), ('plyometric', 'Plyometric'), ('technique', 'Technique'), ('recovery', 'Recovery'), ('competition', 'Competition'), ('cross_training', 'Cross Training'), ('other', 'Other')], default='other', max_length=16, verbose_name='kind'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='load_au',
                field=models.FloatField(blank=True, editable=False, help_text='duration_min x RPE (Foster 2001), rated or estimated', null=True, verbose_name='load AU'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='load_basis',
                field=models.CharField(choices=[('rpe', 'RPE, from its source'), ('confirmed', 'RPE, given here'), ('heart_rate', 'estimate from heart rate'), ('plan', 'estimate from the plan'), ('none', 'unknown')], default='none', max_length=12, verbose_name='load basis'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='max_hr_bpm',
                field=models.FloatField(blank=True, null=True, verbose_name='max HR bpm'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='provider',
                field=models.CharField(choices=[('manual', 'Manual'), ('apple', 'Apple'), ('health_connect', 'Health Connect'), ('samsung', 'Samsung'), ('garmin', 'Garmin'), ('google', 'Google'), ('fitbit', 'Fitbit'), ('polar', 'Polar'), ('suunto', 'Suunto'), ('whoop', 'Whoop'), ('oura', 'Oura'), ('withings', 'Withings'), ('ultrahuman', 'Ultrahuman'), ('intervals_icu', 'Intervals Icu'), ('open_wearables', 'Open Wearables'), ('hrv4training', 'Hrv4Training'), ('elitehrv', 'Elitehrv'), ('other', 'Other')], default='manual', max_length=16, verbose_name='provider'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='quality_reasons',
                field=models.JSONField(blank=True, default=list, verbose_name='quality reasons'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='quality_status',
                field=models.CharField(choices=[('ok', 'Ok'), ('quarantined', 'Quarantined'), ('confirmed', 'Confirmed')], default='ok', max_length=12, verbose_name='quality status'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='rated_at',
                field=models.DateTimeField(blank=True, null=True, verbose_name='rated at'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='rated_by',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='rated by'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='rated_rpe',
                field=models.FloatField(blank=True, help_text='CR-10, given here; what the source says later never outdoes it', null=True, verbose_name='rated RPE'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='recording_method',
                field=models.CharField(blank=True, max_length=24, verbose_name='recording method'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='rpe',
                field=models.FloatField(blank=True, help_text='CR-10, as its source says; null = not rated there', null=True, verbose_name='RPE'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='same_session_as',
                field=models.CharField(blank=True, help_text='provider/client_record_id of the one that counts, told by another source', max_length=150, verbose_name='same session as'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='started_at',
                field=models.DateTimeField(verbose_name='started at'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='updated_at',
                field=models.DateTimeField(auto_now=True, verbose_name='updated at'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='utc_offset_min',
                field=models.SmallIntegerField(blank=True, help_text='in force at the instant that decides the date', null=True, verbose_name='UTC offset min'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='vendor_date',
                field=models.DateField(blank=True, help_text='the day the vendor files it under; kept, not used', null=True, verbose_name='vendor date'),
            ),
            migrations.AlterField(
                model_name='trainingsession',
                name='zone',
                field=models.CharField(blank=True, help_text='IANA zone the record came with', max_length=64, verbose_name='zone'),
            ),
            migrations.AlterField(
                model_name='user',
                name='browser_language',
                field=models.CharField(blank=True, help_text='the language that the browser last asked for; mails and pushes to who has no athlete profile follow it', max_length=16, verbose_name='browser language'),
            ),
            migrations.AlterField(
                model_name='vendoraccount',
                name='athlete',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='vendor_accounts', to='athletes.athlete', verbose_name='athlete'),
            ),
            migrations.AlterField(
                model_name='vendoraccount',
                name='created_at',
                field=models.DateTimeField(auto_now_add=True, verbose_name='created at'),
            ),
            migrations.AlterField(
                model_name='vendoraccount',
                name='provider',
                field=models.CharField(max_length=32, verbose_name='provider'),
            ),
            migrations.AlterField(
                model_name='vendoraccount',
                name='vendor_user_id',
                field=models.CharField(max_length=128, verbose_name='vendor user id'),
            ),
        ]),
    ]
