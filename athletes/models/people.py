"""Who they are, and who coaches whom."""

from datetime import time
from typing import Any

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from athletes.models.columns import between
from measures.season_columns import LONGEST_NAME
from storage.encryption import EncryptedCodeField, EncryptedTextField


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
    display_name = models.CharField(_("display name"), max_length=LONGEST_NAME, blank=True)
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
