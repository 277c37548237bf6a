"""Who they are, and what was reported. Null means not measured; zero never means missing."""

from datetime import time
from typing import Any

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from measures import loads
from measures.hrv import BY_HAND
from measures.providers import NAMES
from storage.encryption import EncryptedCodeField, EncryptedJSONField, EncryptedTextField
from storage.identifiers import uuid7


def between(name: str, low: float, high: float) -> models.CheckConstraint:
    """A stored NaN breaks every list, and PostgreSQL sorts it above all numbers: `<= high` refuses it too."""
    field = name.split(":")[1]
    return models.CheckConstraint(
        name=name.replace(":", "_") + "_in_range",
        condition=Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__gte": low, f"{field}__lte": high}),
    )


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class User(AbstractUser):
    """Signs in by e-mail. A coach is a user who coaches a squad; an athlete is a user with an Athlete row."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    browser_language = models.CharField(
        _("browser language"),
        max_length=16,
        blank=True,
        help_text=_(
            "the language that the browser last asked for; mails and pushes to who has no athlete profile follow it"
        ),
    )
    staff_since = models.DateTimeField(_("staff since"), null=True, blank=True, editable=False)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = UserManager()  # type: ignore[misc, assignment]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    @property
    def shown_name(self) -> str:
        """For athletes and coaches, who may not open accounts: never the address. An athlete goes by the name she
        shows."""
        athlete = getattr(self, "athlete", None)
        return str(athlete) if athlete else self.get_full_name() or gettext("a coach")

    def save(self, *args: Any, **kwargs: Any) -> None:
        since = (self.staff_since or timezone.now()) if self.is_staff else None
        if since != self.staff_since:
            self.staff_since = since
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "staff_since"}
        super().save(*args, **kwargs)


class LimitWithoutValkey(models.Model):
    """Guesses counted while Valkey does not answer. Django's cache of rows reads and writes them by their columns."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)


class Athlete(models.Model):
    class Sex(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        UNDISCLOSED = "undisclosed", _("Undisclosed")

    class Hold(models.TextChoices):
        NONE = "none", _("no hold")
        CLINICIAN = "clinician", _("clinician's plan only")
        PREGNANCY = "pregnancy", _("pregnancy")
        HEART_DISEASE = "heart_disease", _("heart disease")
        RED_S = "red_s", _("suspected RED-S")

    user = models.OneToOneField(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="athlete")
    display_name = models.CharField(_("display name"), max_length=80, blank=True)
    timezone = models.CharField(
        _("timezone"), max_length=64, default="UTC", help_text=_("IANA zone; decides what 'today' is")
    )
    locale = models.CharField(_("locale"), max_length=16, default="en")
    sex = models.CharField(_("sex"), max_length=12, choices=Sex.choices, default=Sex.UNDISCLOSED)
    birth_date = EncryptedTextField(_("birth date"), blank=True, help_text=_("ISO date; encrypted"))
    event = models.CharField(_("event"), max_length=16, default="400m")
    usual_sessions_per_week = models.PositiveSmallIntegerField(_("usual sessions per week"), null=True, blank=True)
    usual_session_min = models.PositiveSmallIntegerField(_("usual session min"), null=True, blank=True)
    usual_session_rpe = models.FloatField(_("usual session RPE"), null=True, blank=True)
    max_hr_bpm = models.FloatField(
        _("max HR bpm"), null=True, blank=True, help_text=_("as tested; else from what was seen and the age")
    )
    morning_deadline = models.TimeField(
        _("morning deadline"), default=time(9, 0), help_text=_("local time by which the day's advice is final")
    )
    quiet_hours_start = models.TimeField(_("quiet hours start"), default=time(21, 30))
    quiet_hours_end = models.TimeField(_("quiet hours end"), default=time(6, 0))
    source_priority = models.JSONField(
        _("source priority"), default=dict, blank=True, help_text='{"hrv": ["oura", "garmin"], "sleep": [...]}'
    )
    source_periods = models.JSONField(
        _("source periods"),
        default=dict,
        blank=True,
        help_text=_(
            'other orders for stretches of dates: {"hrv": [{"date_from": null, "date_to": "2026-02-28", '
            '"providers": ["garmin"]}]}'
        ),
    )
    main_race_on = models.DateField(_("main race on"), null=True, blank=True)
    hold = EncryptedCodeField(_("hold"), choices=Hold.choices, default=Hold.NONE)
    wants_push = models.BooleanField(_("wants push"), default=True)
    next_morning_at = models.DateTimeField(
        _("next morning at"),
        null=True,
        blank=True,
        db_index=True,
        help_text=_("when the next local morning deadline rings (the row is the queue)"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    history = HistoricalRecords(excluded_fields=["birth_date", "next_morning_at"])

    class Meta:
        verbose_name = _("athlete")
        verbose_name_plural = _("athletes")
        permissions = [("view_medical_detail", "Can see the medical detail of athletes who share it")]
        constraints = [
            between("athlete:usual_sessions_per_week", 0, 21),
            between("athlete:usual_session_min", 1, 600),
            between("athlete:usual_session_rpe", 0, 10),
            between("athlete:max_hr_bpm", 120, 230),
        ]

    def __str__(self) -> str:
        """Read by coaches: never the address."""
        return self.display_name or gettext("Athlete %(id)d") % {"id": self.pk}


class Squad(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)
    coaches = models.ManyToManyField(User, verbose_name=_("coaches"), related_name="coached_squads", blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    history = HistoricalRecords(m2m_fields=[coaches])

    class Meta:
        verbose_name = _("squad")
        verbose_name_plural = _("squads")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What the squad's coaches may see of this athlete, from the day of joining to the day of leaving."""

    athlete = models.ForeignKey(
        Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="memberships"
    )
    squad = models.ForeignKey(Squad, verbose_name=_("squad"), on_delete=models.CASCADE, related_name="memberships")
    joined_at = models.DateTimeField(_("joined at"), default=timezone.now)
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)
    shares_status = models.BooleanField(
        _("shares status"), default=False, help_text=_("coach sees status, advice and warnings")
    )
    shares_values = models.BooleanField(
        _("shares values"), default=False, help_text=_("coach sees HRV, sleep and load values too")
    )
    shares_medical = models.BooleanField(
        _("shares medical detail"),
        default=False,
        help_text=_("coach with the permission sees illness, injury, warning sign, hold, pain and notes too"),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["athlete", "squad"], condition=Q(left_at__isnull=True), name="one_current_membership_per_squad"
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at")), name="membership_left_after_joining"
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(athlete)s in %(squad)s") % {"athlete": self.athlete, "squad": self.squad}


class SquadInvite(models.Model):
    """A one-use code a coach hands to an athlete: 8 characters without 0 O 1 I, good for 7 days."""

    squad = models.ForeignKey(Squad, verbose_name=_("squad"), on_delete=models.CASCADE, related_name="invites")
    code = models.CharField(_("code"), max_length=8, unique=True)
    created_by = models.ForeignKey(User, verbose_name=_("created by"), on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(_("expires at"))
    used_by = models.ForeignKey(
        Athlete, verbose_name=_("used by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("squad invite")
        verbose_name_plural = _("squad invites")

    def __str__(self) -> str:
        return gettext("invite to %(squad)s") % {"squad": self.squad}


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


class Upload(models.Model):
    """A vendor's payload as it came. The row is the queue; the body lies beside the database (`wearables.uploads`)."""

    class State(models.TextChoices):
        WAITING = "waiting"
        WORKING = "working"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="uploads")
    provider = models.CharField(max_length=32, help_text="the reader, as in /ingest/{provider}/")
    content_type = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    by_webhook = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True, help_text="whoever works on it is given up on then")
    worked_at = models.DateTimeField(null=True, blank=True, help_text="when its last turn began")
    readings_total = models.PositiveIntegerField(null=True, blank=True)
    readings_done = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    body_dropped_at = models.DateTimeField(null=True, blank=True, help_text="null: the body lies beside the database")

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["athlete", "provider", "sha256"], name="one_upload_per_body"),
        ]
        indexes = [models.Index(fields=["state", "leased_until"], name="upload_by_state")]

    def __str__(self) -> str:
        return f"{self.provider} upload {self.created_at:%Y-%m-%d}"


class UploadDay(models.Model):
    """How many bytes of payloads and files an athlete sent on a day in UTC, kept or not (`wearables.uploads`)."""

    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="upload_days")
    date = models.DateField()
    size_bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("bytes sent on a day")
        verbose_name_plural = _("bytes sent on a day")
        constraints = [models.UniqueConstraint(fields=["athlete", "date"], name="one_upload_count_per_day")]

    def __str__(self) -> str:
        return f"{self.size_bytes} bytes on {self.date}"


class VendorAccount(models.Model):
    """Whose data a vendor's webhook speaks of."""

    athlete = models.ForeignKey(
        Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="vendor_accounts"
    )
    provider = models.CharField(_("provider"), max_length=32)
    vendor_user_id = models.CharField(_("vendor user id"), max_length=128)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("vendor account")
        verbose_name_plural = _("vendor accounts")
        constraints = [
            models.UniqueConstraint(fields=["provider", "vendor_user_id"], name="one_athlete_per_vendor_account"),
            models.UniqueConstraint(fields=["athlete", "provider"], name="one_account_per_athlete_and_vendor"),
        ]

    def __str__(self) -> str:
        return gettext("%(provider)s account") % {"provider": self.provider}


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


# --- for those who sync -----------------------------------------------------------------------------------------------


class KeyCheck(models.Model):
    """One row, encrypted when the database was new: whoever cannot read it has the wrong keys (athletes.key_check)."""

    word = EncryptedTextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="there is one key check")]


class ChangeNumber(models.Model):
    """Where `change_seq` comes from: on PostgreSQL the sequence of `id`, on SQLite the one row's `last`."""

    id = models.BigAutoField(primary_key=True)
    last = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("change number")
        verbose_name_plural = _("change numbers")

    def __str__(self) -> str:
        return f"change {self.last}"


class Deletion(models.Model):
    """The trace of a row that is no more: a check-in or plan taken back, a record deleted before it ever came."""

    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="deletions")
    kind = models.CharField(max_length=24)
    key = models.CharField(max_length=160, help_text="the date, or provider/client_record_id")
    client_record_version = models.PositiveBigIntegerField(default=0)
    deleted_at = models.DateTimeField(db_index=True)
    change_seq = models.BigIntegerField(default=0, editable=False, help_text="its place among the athlete's changes")

    class Meta:
        verbose_name = _("deletion")
        verbose_name_plural = _("deletions")
        constraints = [models.UniqueConstraint(fields=["athlete", "kind", "key"], name="one_deletion_per_object")]
        indexes = [models.Index(fields=["athlete", "change_seq"], name="deletion_by_change")]

    def __str__(self) -> str:
        return f"deletion of a {self.kind}"


class Absence(models.Model):
    """Why a device has nothing for a date. Shown with the day; the state knows a missing value without it."""

    class Reason(models.TextChoices):
        NOT_WORN = "not_worn"
        LOW_BATTERY = "low_battery"
        NO_PERMISSION = "no_permission"
        POOR_SIGNAL = "poor_signal"
        NOT_MEASURED = "not_measured"
        OTHER = "other"

    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="absences")
    kind = models.CharField(max_length=24)
    date = models.DateField()
    reason = models.CharField(max_length=16, choices=Reason.choices)

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints = [
            models.UniqueConstraint(fields=["athlete", "kind", "date"], name="one_absence_per_kind_and_date")
        ]

    def __str__(self) -> str:
        return f"no {self.kind} {self.date}"


# --- what leaves by mail ----------------------------------------------------------------------------------------------


class Mail(models.Model):
    """A mail that must leave, written by whoever sends one; the worker takes it to the mail server.

    Sign-up codes are in it: encrypted, and erased as soon as it was sent or given up.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipients = EncryptedTextField(_("recipients"), help_text=_("one a line"))
    subject = EncryptedTextField(_("subject"), blank=True)
    content = EncryptedTextField(_("content"), blank=True, help_text=_("JSON of the rest; empty once it has left"))
    created_at = models.DateTimeField(_("created at"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(
        _("not before"), help_text=_("the next attempt; moved ahead as a lease while a sender holds it")
    )
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    error = models.CharField(
        _("error"), max_length=120, blank=True, help_text=_("of the last attempt; never an address")
    )
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up at"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mail")
        indexes = [
            models.Index(
                fields=["not_before"],
                condition=Q(sent_at__isnull=True, given_up_at__isnull=True),
                name="mail_still_waiting",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True, given_up_at__isnull=True) | Q(content=""),
                name="mail_that_has_left_keeps_no_content",
            )
        ]

    def __str__(self) -> str:
        return gettext("mail %(id)s") % {"id": self.pk}
