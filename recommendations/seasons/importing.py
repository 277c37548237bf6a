"""A checked season log into the database, athlete by athlete: each whole or not at all.

An athlete is found by e-mail address, else by display name, and never guessed: José and Jose are two people.
"""

import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from athletes.models import Athlete, Membership, Squad, User
from athletes.reports.season_logs import FutureRows, Imported, import_season, plain_rows
from measures.season_columns import LONGEST_NAME
from recommendations.seasons.acts import acts

NOBODYS_DOMAIN = "season-log.invalid"  # RFC 2606: nobody owns it, so nobody signs in by it


class UnknownAthlete(Exception):
    pass


@dataclass(frozen=True)
class Entry:
    """What becomes of a name that nobody has."""

    create: bool = False
    squad: str = ""
    zone: str = "UTC"


@dataclass
class Outcome:
    imported: dict[str, Imported] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)


def import_log(frame: Any, entry: Entry, *, file_sha256: str, progress: Callable[[str], object] = str) -> Outcome:
    """``progress`` hears each athlete's name when it is done."""
    outcome, names = Outcome(), dict[int, str]()
    for name, rows in frame.groupby("athlete", sort=True):
        try:
            with transaction.atomic():
                athlete, is_new = athlete_named(name, entry)
                if athlete.pk in names:
                    raise UnknownAthlete(f"is the same athlete as {names[athlete.pk]}; use one name")
                done = import_season(athlete, plain_rows(rows), file_sha256=file_sha256, acts=acts(athlete))
        except (UnknownAthlete, FutureRows) as error:
            outcome.refused[name] = str(error)
        else:
            names[athlete.pk] = name
            outcome.imported[name] = done
            outcome.created += [name] * is_new
        progress(name)
    return outcome


def try_log(frame: Any, entry: Entry, *, file_sha256: str, progress: Callable[[str], object] = str) -> Outcome:
    """The whole import, taken back: what this passes imports, but for what changes meanwhile."""
    with transaction.atomic():
        outcome = import_log(frame, entry, file_sha256=file_sha256, progress=progress)
        transaction.set_rollback(True)
    return outcome


def athlete_named(name: str, entry: Entry) -> tuple[Athlete, bool]:
    """And whether it was made just now."""
    found = list(named(name)[:2])
    if len(found) > 1:
        raise UnknownAthlete("is the display name of several athletes; use e-mail addresses")
    if found:
        return found[0], False
    if not entry.create:
        raise UnknownAthlete("is no athlete's e-mail address or display name; --create-athletes makes one")
    return create_athlete(name, entry), True


def named(name: str) -> QuerySet[Athlete]:
    by_address = Athlete.objects.filter(user__email=name.lower())
    if "@" in name and by_address.exists():
        return by_address
    return Athlete.objects.filter(display_name__in={unicodedata.normalize(form, name) for form in ("NFC", "NFD")})


def create_athlete(name: str, entry: Entry) -> Athlete:
    """Signs in only after a superuser gives the account an address of its own, unless the log names one."""
    address = name.lower() if is_address(name) else f"athlete-{uuid.uuid4().hex}@{NOBODYS_DOMAIN}"
    if User.objects.filter(email=address).exists():
        raise UnknownAthlete(f"would need the address {address}, which another account has")
    user = User.objects.create_user(address)
    athlete = Athlete.objects.create(user=user, display_name=name[:LONGEST_NAME], timezone=entry.zone)
    if entry.squad:
        into = Squad.objects.get_or_create(name=entry.squad)[0]
        Membership.objects.create(athlete=athlete, squad=into, shares_status=True)  # who named the squad answers for it
    return athlete


def is_address(name: str) -> bool:
    try:
        validate_email(name)
    except ValidationError:
        return False
    return True
