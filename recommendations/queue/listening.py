"""What recommendations hears: a revised day becomes a waiting row in the writer's own transaction."""

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.utils import timezone

from athletes.local_days.local_time import local_today
from athletes.models import Athlete
from athletes.signals import day_revised
from recommendations.models import StateCarry
from recommendations.queue import waiting
from storage import bell


def note_revision(sender: Any, *, athlete_id: int, dates: set[date], rings: bool, **kwargs: Any) -> None:
    waiting.enqueue(athlete_id, dates, rings=rings)
    if rings:
        transaction.on_commit(bell.ring, robust=True)


def note_profile(sender: Any, *, instance: Athlete, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """Age, hold, usual week, race and zone are inputs of every day: forget the carry, ask again for today."""
    if created or raw:
        return
    StateCarry.objects.filter(athlete=instance).delete()
    Athlete.objects.filter(pk=instance.pk).update(next_morning_at=None)
    note_revision(sender, athlete_id=instance.pk, dates={local_today(instance, timezone.now())}, rings=True)


def connect() -> None:
    day_revised.connect(note_revision, dispatch_uid="recommendations.note_revision")
    post_save.connect(note_profile, sender=Athlete, dispatch_uid="recommendations.note_profile")
