"""The only listener of `day_revised`: a revised day becomes a waiting row in the writer's own transaction."""

from datetime import date
from typing import Any

from athletes.signals import day_revised
from recommendations import waiting


def note_revision(sender: Any, *, athlete_id: int, dates: set[date], rings: bool, **kwargs: Any) -> None:
    waiting.enqueue(athlete_id, dates, rings=rings)


def connect() -> None:
    day_revised.connect(note_revision, dispatch_uid="recommendations.note_revision")
