"""Who waits for an answer, and what is carried from day to day. Rows are the queue."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from athletes.models import Athlete


class WaitingDay(models.Model):
    """This day was revised (or its deadline rang) and nobody has answered yet. Deleted by the transaction that does."""

    class Reason(models.TextChoices):
        REVISED = "revised", _("Revised")
        DEADLINE = "deadline", _("Deadline")

    athlete = models.ForeignKey(Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="+")
    date = models.DateField(_("date"))
    reason = models.CharField(_("reason"), max_length=8, choices=Reason.choices, default=Reason.REVISED)
    rings = models.BooleanField(_("rings"), default=True, help_text=_("may lead to a push; False for season imports"))
    since = models.DateTimeField(_("since"), db_index=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(
        _("not before"), null=True, blank=True, help_text=_("set back after a failure, with the error")
    )
    error = models.CharField(_("error"), max_length=200, blank=True)
    ticket = models.UUIDField(_("ticket"), default=uuid4, editable=False, help_text=_("another with each revision"))

    class Meta:
        verbose_name = _("waiting day")
        verbose_name_plural = _("waiting days")
        constraints = [models.UniqueConstraint(fields=["athlete", "date"], name="one_waiting_row_per_athlete_and_date")]

    def __str__(self) -> str:
        return gettext("waiting %(date)s") % {"date": self.date}


class StateCarry(models.Model):
    """The tracker's packed memory after the evening of `through`: a cache, rebuilt from the days when they change.

    Of several evenings, so that a record that comes late is reached from shortly before it.
    """

    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="+", db_index=False)
    through = models.DateField()
    state_version = models.PositiveSmallIntegerField()
    packed = models.BinaryField()

    class Meta:
        verbose_name = _("state carry")
        verbose_name_plural = _("state carries")
        constraints = [models.UniqueConstraint(fields=["athlete", "through"], name="one_carry_per_athlete_and_evening")]

    def __str__(self) -> str:
        return f"carry through {self.through}"
