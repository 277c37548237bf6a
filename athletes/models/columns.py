"""What every numeric health column has."""

from django.db import models
from django.db.models import Q


def between(name: str, low: float, high: float) -> models.CheckConstraint:
    """A stored NaN breaks every list, and PostgreSQL sorts it above all numbers: `<= high` refuses it too."""
    field = name.split(":")[1]
    return models.CheckConstraint(
        name=name.replace(":", "_") + "_in_range",
        condition=Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__gte": low, f"{field}__lte": high}),
    )
