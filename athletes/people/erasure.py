"""All of an athlete goes: her rows, the versions of them that the history keeps, her raw uploads."""

from django.db import transaction

from athletes.models import Athlete, Membership, PlannedSession, User


@transaction.atomic
def erase(athlete: Athlete) -> None:
    """Rows cascade and their files follow (`wearables.uploads`); versions have no foreign key that would cascade.
    The account stays."""
    pk = athlete.pk
    athlete.delete()
    Athlete.history.filter(id=pk).delete()
    for model in (Membership, PlannedSession):
        model.history.filter(athlete_id=pk).delete()


@transaction.atomic
def erase_account(account: User) -> None:
    if athlete := Athlete.objects.filter(user=account).first():
        erase(athlete)
    account.delete()
