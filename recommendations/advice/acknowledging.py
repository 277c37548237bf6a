"""The athlete has seen a warning. Apart from how warnings come about: the web process has no use for numpy."""

from datetime import datetime

from django.db import transaction

from athletes import one_writer
from athletes.sync.changes import lock_advised
from recommendations.models import Warning


def acknowledge(warning: Warning, now: datetime) -> None:
    with transaction.atomic():
        lock_advised(warning.athlete_id)
        if warning.acknowledged_at is None:
            warning.acknowledged_at = now
            one_writer.number([warning])
            warning.save(update_fields=["acknowledged_at", "updated_at", "change_seq"])
