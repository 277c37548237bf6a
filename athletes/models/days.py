"""What counts for a day, what is planned for it, and what stands until somebody clears it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from athletes.models.columns import between
from athletes.models.people import Athlete, User
from athletes.models.records import CheckIn, TrainingSession
from measures import loads
from storage.encryption import EncryptedCodeField, EncryptedJSONField, EncryptedTextField
from storage.identifiers import uuid7


class PlannedSession(models.Model):
    """What coach or athlete plan for a date. Every dose is relative to it."""

    class Author(models.TextChoices):
        COACH = "coach", _("Coach")
        ATHLETE = "athlete", _("Athlete")

    athlete = models.ForeignKey(
        Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="planned_sessions"
    )
    date = models.DateField(_("date"))
    author = models.CharField(_("author"), max_length=8, choices=Author.choices)
    created_by = models.ForeignKey(
        User, verbose_name=_("created by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(
        _("kind"), max_length=16, choices=TrainingSession.Kind.choices, default=TrainingSession.Kind.OTHER
    )
    duration_min = models.FloatField(_("duration min"), null=True, blank=True)
    rpe = models.FloatField(_("RPE"), null=True, blank=True)
    load_au = models.FloatField(_("load AU"), help_text=_("given, or duration_min x rpe; 0 = planned rest"))
    high_intensity_share = models.FloatField(_("high intensity share"))
    competition_priority = models.CharField(
        _("competition priority"), max_length=1, blank=True, help_text=_("A, B or C for a competition")
    )
    title = models.CharField(_("title"), max_length=120, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    change_seq = models.BigIntegerField(default=0, editable=False, help_text=_("its place among the athlete's changes"))
    history = HistoricalRecords(excluded_fields=["change_seq"])

    class Meta:
        verbose_name = _("planned session")
        verbose_name_plural = _("planned sessions")
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["athlete", "date"], name="one_plan_per_athlete_and_date"),
            between("planned_session:duration_min", 0, 600),
            between("planned_session:rpe", 0, 10),
            between("planned_session:load_au", 0, 6_000),
            between("planned_session:high_intensity_share", 0, 1),
        ]
        indexes = [models.Index(fields=["athlete", "change_seq"], name="planned_session_by_change")]

    def __str__(self) -> str:
        return gettext("plan %(date)s") % {"date": self.date}


class SeasonDay(models.Model):
    """One imported row of a season log: daily values without their sessions. A source like any other for its day.

    The columns after `action` are the marks of an export from here: without them a round trip would change the advice.
    """

    athlete = models.ForeignKey(
        Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="season_days"
    )
    date = models.DateField(_("date"))
    hrv_rmssd_ms = models.FloatField(_("HRV rMSSD ms"), null=True, blank=True)
    sleep_score = models.FloatField(_("sleep score"), null=True, blank=True)
    sleep_h = models.FloatField(_("sleep h"), null=True, blank=True)
    load_au = models.FloatField(_("load AU"), null=True, blank=True)
    high_intensity_share = models.FloatField(_("high intensity share"), null=True, blank=True)
    rest_day = models.BooleanField(_("rest day"), null=True, blank=True)
    t400_s = models.FloatField(_("t400 s"), null=True, blank=True)
    timing = models.CharField(_("timing"), max_length=8, blank=True)
    ill = EncryptedJSONField(_("ill"), null=True, blank=True)
    injured = EncryptedJSONField(_("injured"), null=True, blank=True)
    planned_load_au = models.FloatField(_("planned load AU"), null=True, blank=True)
    planned_high_intensity_share = models.FloatField(_("planned high intensity share"), null=True, blank=True)
    action = models.PositiveSmallIntegerField(_("action"), null=True, blank=True, help_text=_("0-3; null = unknown"))
    hrv_era = models.CharField(
        _("HRV era"), max_length=64, blank=True, help_text=_("what the day stands on; empty: a log's own")
    )
    hrv_readings = models.TextField(
        _("HRV readings"), blank=True, help_text=_("era=ms of every era that was read, apart by spaces")
    )
    hrv_doubted_ms = models.FloatField(_("HRV doubted ms"), null=True, blank=True)
    resting_hr_bpm = models.FloatField(_("resting HR bpm"), null=True, blank=True)
    fatigue_1_5 = models.FloatField(_("fatigue 1 5"), null=True, blank=True)
    soreness_1_5 = models.FloatField(_("soreness 1 5"), null=True, blank=True)
    readiness_1_5 = models.FloatField(_("readiness 1 5"), null=True, blank=True)
    worst_item_1_5 = models.FloatField(_("worst item 1 5"), null=True, blank=True)
    pain_0_10 = EncryptedJSONField(_("pain 0 10"), null=True, blank=True)
    note_asks = models.BooleanField(_("note asks"), null=True, blank=True)
    illness = EncryptedCodeField(_("illness"), blank=True, help_text=_("which, where `ill` says only whether"))
    injury = EncryptedCodeField(_("injury"), blank=True, help_text=_("which, where `injured` says only whether"))
    red_flag = EncryptedCodeField(_("red flag"), blank=True)
    load_estimated = models.BooleanField(
        _("load estimated"), null=True, blank=True, help_text=_("load_au stands in part on heart rate")
    )
    assumed_load_au = models.FloatField(
        _("assumed load AU"), null=True, blank=True, help_text=_("in part the plan's: nobody measured it")
    )
    assumed_high_intensity_share = models.FloatField(_("assumed high intensity share"), null=True, blank=True)
    advised = models.PositiveSmallIntegerField(
        _("advised"), null=True, blank=True, help_text=_("0-3: advised and not declined")
    )
    file_sha256 = models.CharField(_("file SHA-256"), max_length=64)
    imported_at = models.DateTimeField(_("imported at"), auto_now=True)

    class Meta:
        verbose_name = _("season day")
        verbose_name_plural = _("season days")
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["athlete", "date"], name="one_season_row_per_athlete_and_date"),
            between("season_day:hrv_rmssd_ms", 0.001, 500),
            between("season_day:sleep_score", 0, 100),
            between("season_day:sleep_h", 0, 24),
            between("season_day:load_au", 0, 12_000),
            between("season_day:high_intensity_share", 0, 1),
            between("season_day:t400_s", 40, 240),
            between("season_day:planned_load_au", 0, 6_000),
            between("season_day:planned_high_intensity_share", 0, 1),
            between("season_day:action", 0, 3),
            between("season_day:hrv_doubted_ms", 0.001, 500),
            between("season_day:resting_hr_bpm", 20, 150),
            between("season_day:fatigue_1_5", 1, 5),
            between("season_day:soreness_1_5", 1, 5),
            between("season_day:readiness_1_5", 1, 5),
            between("season_day:worst_item_1_5", 1, 5),
            between("season_day:assumed_load_au", 0, 12_000),
            between("season_day:assumed_high_intensity_share", 0, 1),
            between("season_day:advised", 0, 3),
        ]

    def __str__(self) -> str:
        return gettext("season log %(date)s") % {"date": self.date}


class Day(models.Model):
    """The resolved local day: one value per signal, where it came from, and what was not chosen and why."""

    athlete = models.ForeignKey(Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="days")
    date = models.DateField(_("date"))
    hrv_ms = models.FloatField(_("HRV ms"), null=True, blank=True)
    hrv_era = models.CharField(
        _("HRV era"), max_length=64, blank=True, help_text=_("metric/provider/context: one baseline each")
    )
    hrv_because = models.CharField(
        _("why this HRV era"), max_length=16, blank=True, help_text=_("empty: a season log's, or none")
    )
    hrv_doubted_ms = models.FloatField(
        _("HRV doubted ms"),
        null=True,
        blank=True,
        help_text=_("where no reading is believed: the newest that is in doubt"),
    )
    sleep_score = models.FloatField(_("sleep score"), null=True, blank=True)
    sleep_score_basis = models.CharField(
        _("sleep score basis"), max_length=24, blank=True, help_text=_("the provider, or derived")
    )
    sleep_duration_min = models.FloatField(_("sleep duration min"), null=True, blank=True)
    resting_hr_bpm = models.FloatField(_("resting HR bpm"), null=True, blank=True)
    wellness_score = models.FloatField(_("wellness score"), null=True, blank=True)
    fatigue_1_5 = models.FloatField(_("fatigue 1 5"), null=True, blank=True)
    soreness_1_5 = models.FloatField(_("soreness 1 5"), null=True, blank=True)
    readiness_1_5 = models.FloatField(
        _("readiness 1 5"), null=True, blank=True, help_text=_("mean of the answered items, 5 best")
    )
    worst_item_1_5 = models.FloatField(
        _("worst item 1 5"), null=True, blank=True, help_text=_("the lowest of the answered items")
    )
    note_asks = models.BooleanField(
        _("note asks"),
        default=False,
        help_text=_("the note may tell of a warning sign, and the question after one is not answered"),
    )
    pain_0_10 = EncryptedJSONField(_("pain 0 10"), null=True, blank=True)
    illness = EncryptedCodeField(
        _("illness"),
        choices=[*CheckIn.Illness.choices, ("unspecified", _("ill, kind not reported"))],
        blank=True,
        help_text=_("empty: not asked; unspecified: a season log says ill"),
    )
    injury_status = EncryptedCodeField(_("injury status"), choices=CheckIn.Injury.choices, blank=True)
    red_flag = EncryptedCodeField(_("red flag"), choices=CheckIn.RedFlag.choices, blank=True)
    load_au = models.FloatField(
        _("load AU"), null=True, blank=True, help_text=_("sum of the day's sessions; 0 = rest; null = nobody reported")
    )
    load_basis = models.CharField(
        _("load basis"),
        max_length=12,
        choices=[
            ("reported", _("rated, a rest day or a log")),
            (loads.HEART_RATE, _("in part estimated from heart rate")),
            (loads.PLAN, _("in part estimated from the plan")),
        ],
        blank=True,
        help_text=_("the weakest of the day's sessions; empty: load unknown"),
    )
    high_intensity_share = models.FloatField(_("high intensity share"), null=True, blank=True)
    first_session_at = models.DateTimeField(_("first session at"), null=True, blank=True)
    rest_day = models.BooleanField(_("rest day"), default=False)
    t400_s = models.FloatField(_("t400 s"), null=True, blank=True)
    t400_timing = models.CharField(_("t400 timing"), max_length=8, blank=True)
    planned_load_au = models.FloatField(
        _("planned load AU"), null=True, blank=True, help_text=_("null: the automatic plan")
    )
    planned_high_intensity_share = models.FloatField(_("planned high intensity share"), null=True, blank=True)
    planned_by = models.CharField(_("planned by"), max_length=8, blank=True)
    checked_in_at = models.DateTimeField(_("checked in at"), null=True, blank=True)
    provenance = models.JSONField(
        _("provenance"), default=dict, blank=True, help_text=_("explains to people; no code decides by it")
    )
    revised_at = models.DateTimeField(_("revised at"))
    change_seq = models.BigIntegerField(default=0, editable=False, help_text=_("its place among the athlete's changes"))

    class Meta:
        verbose_name = _("day")
        verbose_name_plural = _("days")
        ordering = ["-date"]
        constraints = [
            models.UniqueConstraint(fields=["athlete", "date"], name="one_day_per_athlete_and_date"),
            between("day:hrv_ms", 0.001, 500),
            between("day:sleep_score", 0, 100),
            between("day:sleep_duration_min", 0, 1440),
            between("day:resting_hr_bpm", 20, 150),
            between("day:wellness_score", 0, 100),
            between("day:fatigue_1_5", 1, 5),
            between("day:soreness_1_5", 1, 5),
            between("day:readiness_1_5", 1, 5),
            between("day:worst_item_1_5", 1, 5),
            between("day:load_au", 0, 12_000),
            between("day:high_intensity_share", 0, 1),
            between("day:t400_s", 40, 240),
            between("day:planned_load_au", 0, 6_000),
            between("day:planned_high_intensity_share", 0, 1),
        ]
        indexes = [
            models.Index(fields=["athlete", "change_seq"], name="day_by_change"),
            models.Index(fields=["athlete", "-date"], condition=~Q(injury_status=""), name="day_injury_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.date}"


class EraReading(models.Model):
    """What one HRV era read on a day, whether the day stands on it or not. Written when the day is resolved."""

    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="era_readings", db_index=False)
    date = models.DateField()
    era = models.CharField(max_length=64, help_text="metric/provider/context")
    value_ms = models.FloatField(help_text="of several readings the one that counts in this era")
    doubted = models.BooleanField(help_text="no other of this era was believed: it stands in no baseline")
    logged = models.BooleanField(help_text="a season log says so")

    class Meta:
        verbose_name = _("HRV of an era")
        verbose_name_plural = _("HRV of eras")
        constraints = [
            models.UniqueConstraint(fields=["athlete", "date", "era"], name="one_reading_per_athlete_date_and_era"),
            between("era_reading:value_ms", 0, 500),
        ]

    def __str__(self) -> str:
        return f"{self.era} {self.date}"


class RedFlag(models.Model):
    """A warning sign the athlete reported: open until it is cleared by `athletes.reports.red_flags`, never by a tap."""

    KINDS = [choice for choice in CheckIn.RedFlag.choices if choice[0] != "none"]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    athlete = models.ForeignKey(Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="red_flags")
    kind = EncryptedCodeField(_("kind"), choices=KINDS)
    raised_on = models.DateField(_("raised on"), help_text=_("the local date of the check-in that said so"))
    raised_at = models.DateTimeField(_("raised at"))
    cleared_at = models.DateTimeField(_("cleared at"), null=True, blank=True, help_text=_("null: open"))
    cleared_on = models.DateField(_("cleared on"), null=True, blank=True, help_text=_("the athlete's local date then"))
    cleared_by = models.ForeignKey(
        User, verbose_name=_("cleared by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    seen_by_doctor_on = models.DateField(_("seen by doctor on"), null=True, blank=True)
    note = EncryptedTextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("red flag")
        verbose_name_plural = _("red flags")
        ordering = ["-raised_on", "-id"]
        permissions = [("clear_redflag", "Can clear a warning sign of an athlete")]
        constraints = [
            models.CheckConstraint(
                condition=Q(cleared_at__isnull=True, cleared_on__isnull=True)
                | Q(cleared_at__isnull=False, cleared_on__isnull=False),
                name="red_flag_cleared_at_and_on_together",
            ),
        ]
        indexes = [models.Index(fields=["athlete"], condition=Q(cleared_at__isnull=True), name="red_flag_open")]

    def __str__(self) -> str:
        return gettext("warning sign %(date)s") % {"date": self.raised_on}
