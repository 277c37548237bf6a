"""What was reported and measured. Null means not measured; zero never means missing."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from athletes.models.columns import between
from athletes.models.people import Athlete, User
from measures import loads
from measures.hrv import BY_HAND
from measures.providers import NAMES
from storage.encryption import EncryptedCodeField, EncryptedJSONField, EncryptedTextField
from storage.identifiers import uuid7


class CheckIn(models.Model):
    """One morning's answers, kept in the scale they were asked in. Five items: 1-5 with 5 best (McLean et al. 2010)."""

    class Scale(models.TextChoices):
        MCLEAN = "mclean_1_5", _("Mclean")
        HOOPER = "hooper_1_7", _("Hooper")
        INTERVALS = "intervals_1_4", _("Intervals")

    class Illness(models.TextChoices):
        NONE = "none", _("None")
        ABOVE_NECK = "above_neck", _("Above Neck")
        BELOW_NECK = "below_neck", _("Below Neck")
        FEVER = "fever", _("Fever")

    class Injury(models.TextChoices):
        NONE = "none", _("None")
        NIGGLE = "niggle", _("Niggle")
        OPEN = "open", _("Open")

    class RedFlag(models.TextChoices):
        NONE = "none", _("None")
        CHEST_PAIN = "chest_pain", _("Chest Pain")
        FAINTING = "fainting", _("Fainting")
        PALPITATIONS = "palpitations", _("Palpitations")
        BREATHLESS = "breathless_at_rest", _("Breathless")
        HEAD_INJURY = "head_injury", _("Head Injury")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    athlete = models.ForeignKey(Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="check_ins")
    date = models.DateField(_("date"))
    scale = models.CharField(_("scale"), max_length=16, choices=Scale.choices, default=Scale.MCLEAN)
    fatigue = models.PositiveSmallIntegerField(_("fatigue"), null=True, blank=True)
    sleep_quality = models.PositiveSmallIntegerField(_("sleep quality"), null=True, blank=True)
    muscle_soreness = models.PositiveSmallIntegerField(_("muscle soreness"), null=True, blank=True)
    stress = models.PositiveSmallIntegerField(_("stress"), null=True, blank=True)
    mood = models.PositiveSmallIntegerField(_("mood"), null=True, blank=True)
    sleep_duration_min = models.PositiveSmallIntegerField(_("sleep duration min"), null=True, blank=True)
    resting_hr_bpm = models.FloatField(_("resting HR bpm"), null=True, blank=True)
    hrv_metric = models.CharField(_("HRV metric"), max_length=8, blank=True)
    hrv_value_ms = models.FloatField(_("HRV value ms"), null=True, blank=True)
    hrv_context = models.CharField(_("HRV context"), max_length=24, blank=True)
    illness = EncryptedCodeField(_("illness"), choices=Illness.choices, blank=True, help_text=_("empty: not answered"))
    injury_status = EncryptedCodeField(
        _("injury status"),
        choices=Injury.choices,
        blank=True,
        help_text=_("empty: not answered, an earlier answer stands"),
    )
    injury_body_site = EncryptedCodeField(_("injury body site"), blank=True)
    red_flag = EncryptedCodeField(
        _("red flag"),
        choices=RedFlag.choices,
        blank=True,
        help_text=_("empty: not answered, an earlier answer stands"),
    )
    pain_0_10 = EncryptedJSONField(_("pain 0 10"), null=True, blank=True)
    notes = EncryptedTextField(_("notes"), blank=True)
    quality = models.JSONField(_("quality"), default=dict, blank=True)
    submitted_at = models.DateTimeField(_("submitted at"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True, db_index=True)
    change_seq = models.BigIntegerField(default=0, editable=False, help_text=_("its place among the athlete's changes"))

    class Meta:
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        ordering = ["-date"]
        constraints = [
            models.UniqueConstraint(fields=["athlete", "date"], name="one_check_in_per_athlete_and_date"),
            *[
                between(f"check_in:{item}", 1, 7)
                for item in ("fatigue", "sleep_quality", "muscle_soreness", "stress", "mood")
            ],
            between("check_in:sleep_duration_min", 1, 1440),
            between("check_in:resting_hr_bpm", 20, 150),
            between("check_in:hrv_value_ms", 0.001, 500),
        ]
        indexes = [models.Index(fields=["athlete", "change_seq"], name="check_in_by_change")]

    def __str__(self) -> str:
        return gettext("check-in %(date)s") % {"date": self.date}


def provider_choices() -> list[tuple[str, str]]:
    """Called when it is asked for, so that a new provider needs no migration."""
    return [*NAMES.items()]


class Quality(models.TextChoices):
    OK = "ok", _("Ok")
    QUARANTINED = "quarantined", _("Quarantined")
    CONFIRMED = "confirmed", _("Confirmed")


class Record(models.Model):
    """A measured record with its provenance. Sending it again is harmless: source, id and version decide."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    athlete = models.ForeignKey(Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="%(class)ss")
    date = models.DateField(_("date"), help_text=_("the athlete's local day it belongs to"))
    date_basis = models.CharField(
        _("date basis"), max_length=16, help_text=_("record_zone, record_offset, profile_zone or given")
    )
    zone = models.CharField(_("zone"), max_length=64, blank=True, help_text=_("IANA zone the record came with"))
    utc_offset_min = models.SmallIntegerField(
        _("UTC offset min"), null=True, blank=True, help_text=_("in force at the instant that decides the date")
    )
    vendor_date = models.DateField(
        _("vendor date"), null=True, blank=True, help_text=_("the day the vendor files it under; kept, not used")
    )
    provider = models.CharField(_("provider"), max_length=16, choices=provider_choices, default=BY_HAND)
    device_model = models.CharField(_("device model"), max_length=80, blank=True)
    device_type = models.CharField(_("device type"), max_length=24, blank=True)
    recording_method = models.CharField(_("recording method"), max_length=24, blank=True)
    client_record_id = models.CharField(_("client record id"), max_length=128)
    client_record_version = models.PositiveBigIntegerField(_("client record version"), default=0)
    content_hash = models.CharField(_("content hash"), max_length=64)
    quality_status = models.CharField(_("quality status"), max_length=12, choices=Quality.choices, default=Quality.OK)
    quality_reasons = models.JSONField(_("quality reasons"), default=list, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, help_text=_("a tombstone, kept 90 days"))
    change_seq = models.BigIntegerField(default=0, editable=False, help_text=_("its place among the athlete's changes"))

    class Meta:
        abstract = True
        ordering = ["-date", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["athlete", "provider", "client_record_id"], name="%(class)s_one_row_per_source_record"
            )
        ]
        indexes = [
            models.Index(fields=["athlete", "date"], name="%(class)s_by_day"),
            models.Index(fields=["athlete", "updated_at"], name="%(class)s_by_update"),
            models.Index(fields=["athlete", "change_seq"], name="%(class)s_by_change"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.date}"


class HrvReading(Record):
    class Metric(models.TextChoices):
        RMSSD = "rmssd", _("Rmssd")
        SDNN = "sdnn", _("Sdnn")

    class Context(models.TextChoices):
        OVERNIGHT_MEAN = "overnight_mean", _("Overnight Mean")
        OVERNIGHT_DEEP = "overnight_deep", _("Overnight Deep")
        OVERNIGHT_5MIN_HIGH = "overnight_5min_high", _("Overnight 5Min High")
        MORNING_SUPINE = "morning_supine", _("Morning Supine")
        MORNING_SITTING = "morning_sitting", _("Morning Sitting")
        MORNING_STANDING = "morning_standing", _("Morning Standing")
        SPOT = "spot", _("Spot")

    measured_at = models.DateTimeField(_("measured at"))
    metric = models.CharField(_("metric"), max_length=8, choices=Metric.choices)
    context = models.CharField(_("context"), max_length=24, choices=Context.choices)
    value_ms = models.FloatField(_("value ms"))

    class Meta(Record.Meta):
        verbose_name = _("HRV reading")
        verbose_name_plural = _("HRV readings")
        constraints = [*Record.Meta.constraints, between("hrv_reading:value_ms", 0.001, 500)]


class RestingHrReading(Record):
    """What a device or an app calls the resting heart rate of a day; vendors measure it in different ways."""

    measured_at = models.DateTimeField(_("measured at"))
    value_bpm = models.FloatField(_("value bpm"))

    class Meta(Record.Meta):
        verbose_name = _("resting HR reading")
        verbose_name_plural = _("resting HR readings")
        constraints = [*Record.Meta.constraints, between("resting_hr_reading:value_bpm", 20, 150)]


class SleepSession(Record):
    start_at = models.DateTimeField(_("start at"))
    end_at = models.DateTimeField(_("end at"))
    is_nap = models.BooleanField(_("is nap"), default=False)
    duration_s = models.PositiveIntegerField(_("duration s"), null=True, blank=True, help_text=_("time asleep"))
    time_in_bed_s = models.PositiveIntegerField(_("time in bed s"), null=True, blank=True)
    awake_s = models.PositiveIntegerField(_("awake s"), null=True, blank=True)
    light_s = models.PositiveIntegerField(_("light s"), null=True, blank=True)
    deep_s = models.PositiveIntegerField(_("deep s"), null=True, blank=True)
    rem_s = models.PositiveIntegerField(_("rem s"), null=True, blank=True)
    efficiency_pct = models.FloatField(_("efficiency pct"), null=True, blank=True)
    score = models.FloatField(
        _("score"), null=True, blank=True, help_text=_("vendor's 0-100; never averaged across vendors")
    )

    class Meta(Record.Meta):
        verbose_name = _("sleep session")
        verbose_name_plural = _("sleep sessions")
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(condition=Q(end_at__gt=F("start_at")), name="sleep_session_ends_after_it_starts"),
            *[
                between(f"sleep_session:{part}", 0, 86_400)
                for part in ("duration_s", "time_in_bed_s", "awake_s", "light_s", "deep_s", "rem_s")
            ],
            between("sleep_session:efficiency_pct", 0, 100),
            between("sleep_session:score", 0, 100),
        ]


class TrainingSession(Record):
    class Kind(models.TextChoices):
        TRACK_SPRINT = "track_sprint", _("Track Sprint")
        TRACK_INTERVALS = "track_intervals", _("Track Intervals")
        TEMPO = "tempo", _("Tempo")
        ENDURANCE = "endurance", _("Endurance")
        STRENGTH = "strength", _("Strength")
        PLYOMETRIC = "plyometric", _("Plyometric")
        TECHNIQUE = "technique", _("Technique")
        RECOVERY = "recovery", _("Recovery")
        COMPETITION = "competition", _("Competition")
        CROSS_TRAINING = "cross_training", _("Cross Training")
        OTHER = "other", _("Other")

    class LoadBasis(models.TextChoices):
        RPE = loads.RPE, _("RPE, from its source")
        CONFIRMED = loads.CONFIRMED, _("RPE, given here")
        HEART_RATE = loads.HEART_RATE, _("estimate from heart rate")
        PLAN = loads.PLAN, _("estimate from the plan")
        NONE = loads.NONE, _("unknown")

    started_at = models.DateTimeField(_("started at"))
    duration_min = models.FloatField(_("duration min"))
    rpe = models.FloatField(
        _("RPE"), null=True, blank=True, help_text=_("CR-10, as its source says; null = not rated there")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.OTHER)
    high_intensity_share = models.FloatField(
        _("high intensity share"), null=True, blank=True, help_text=_("0-1; else derived from the kind")
    )
    distance_m = models.FloatField(_("distance m"), null=True, blank=True)
    avg_hr_bpm = models.FloatField(_("avg HR bpm"), null=True, blank=True)
    max_hr_bpm = models.FloatField(_("max HR bpm"), null=True, blank=True)
    hr_zones = models.JSONField(
        _("HR zones"), default=list, blank=True, help_text=_("seconds between two heart rates, from the device")
    )
    rated_rpe = models.FloatField(
        _("rated RPE"),
        null=True,
        blank=True,
        help_text=_("CR-10, given here; what the source says later never outdoes it"),
    )
    rated_at = models.DateTimeField(_("rated at"), null=True, blank=True)
    rated_by = models.ForeignKey(
        User, verbose_name=_("rated by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    load_basis = models.CharField(_("load basis"), max_length=12, choices=LoadBasis.choices, default=loads.NONE)
    load_au = models.FloatField(
        _("load AU"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("duration_min x RPE (Foster 2001), rated or estimated"),
    )
    estimated_rpe = models.FloatField(
        _("estimated RPE"), null=True, blank=True, help_text=_("while nobody has rated it")
    )
    estimate_error_pct = models.FloatField(
        _("estimate error pct"), null=True, blank=True, help_text=_("one SD of the estimate")
    )
    estimate_grounds = models.JSONField(
        _("estimate grounds"), default=list, blank=True, help_text=_("what the estimate stands on")
    )
    same_session_as = models.CharField(
        _("same session as"),
        max_length=150,
        blank=True,
        help_text=_("provider/client_record_id of the one that counts, told by another source"),
    )

    class Meta(Record.Meta):
        verbose_name = _("training session")
        verbose_name_plural = _("training sessions")
        constraints = [
            *Record.Meta.constraints,
            between("training_session:duration_min", 1, 600),
            between("training_session:rpe", 0, 10),
            between("training_session:high_intensity_share", 0, 1),
            between("training_session:distance_m", 0, 300_000),
            between("training_session:avg_hr_bpm", 30, 240),
            between("training_session:max_hr_bpm", 30, 240),
            between("training_session:rated_rpe", 0, 10),
            between("training_session:estimated_rpe", 0, 10),
            between("training_session:load_au", 0, 6_000),
            models.CheckConstraint(
                condition=Q(load_basis=loads.NONE, load_au=None) | ~Q(load_basis=loads.NONE) & Q(load_au__isnull=False),
                name="training_session_load_has_a_basis_or_is_unknown",
            ),
            models.CheckConstraint(
                condition=~Q(load_basis=loads.RPE) | Q(rpe__isnull=False, rated_rpe=None),
                name="training_session_load_by_rpe_was_rated_by_its_source",
            ),
            models.CheckConstraint(
                condition=Q(load_basis=loads.CONFIRMED, rated_rpe__isnull=False, rated_at__isnull=False)
                | ~Q(load_basis=loads.CONFIRMED) & Q(rated_rpe=None, rated_at=None),
                name="training_session_confirmed_load_was_rated_here",
            ),
            models.CheckConstraint(
                condition=Q(load_basis__in=(loads.HEART_RATE, loads.PLAN), estimated_rpe__isnull=False)
                | ~Q(load_basis__in=(loads.HEART_RATE, loads.PLAN)) & Q(estimated_rpe=None),
                name="training_session_estimate_stands_only_while_unrated",
            ),
        ]

    @property
    def said_rpe(self) -> float | None:
        """What somebody said: given here before the source's own."""
        return self.rpe if self.rated_rpe is None else self.rated_rpe

    @property
    def needs_confirmation(self) -> bool:
        return self.load_basis in loads.WAITING and not self.same_session_as


class PerformanceTest(Record):
    class Timing(models.TextChoices):
        FAT = "fat", _("fully automatic")
        GATES = "gates", _("timing gates")
        HAND = "hand", _("hand")
        APP = "app", _("phone app")

    event = models.CharField(_("event"), max_length=16, default="400m")
    tested_at = models.DateTimeField(_("tested at"))
    time_s = models.FloatField(_("time s"))
    timing = models.CharField(_("timing"), max_length=8, choices=Timing.choices)
    is_race = models.BooleanField(_("is race"), default=False)

    class Meta(Record.Meta):
        verbose_name = _("performance test")
        verbose_name_plural = _("performance tests")
        constraints = [*Record.Meta.constraints, between("performance_test:time_s", 1, 20_000)]


class RestDay(Record):
    """Says that no session was no session: a rest day counts as 0, a day nobody reported is missing."""

    class Meta(Record.Meta):
        verbose_name = _("rest day")
        verbose_name_plural = _("rest days")
