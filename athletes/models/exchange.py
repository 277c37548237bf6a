"""What comes in and goes out: payloads, the news for phones that were away, mail, counts."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from athletes.models.people import Athlete
from storage.encryption import EncryptedTextField
from storage.identifiers import uuid7


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


class PersonalToken(models.Model):
    """A key that an athlete makes for a script of hers. Only its digest is kept; it opens what a program may open."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personal_tokens")
    name = models.CharField(_("name"), max_length=80)
    scopes = models.JSONField(_("scopes"))
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    last_used_on = models.DateField(_("last used on"), null=True, blank=True)

    class Meta:
        verbose_name = _("personal token")
        verbose_name_plural = _("personal tokens")

    def __str__(self) -> str:
        return self.name


class LimitWithoutValkey(models.Model):
    """Guesses counted while Valkey does not answer. Django's cache of rows reads and writes them by their columns."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)
