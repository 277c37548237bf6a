"""Own code against the library's plain way, for what every check-in and every drain does: is it worth being there?

    .venv/bin/python -m benchmarks.plain_ways [--database sqlite postgres] [--calls 300]

CPU of this process for one call, the median of five rounds, ours and theirs in turn, on a real Valkey and a migrated
database with athletes of three years. What is saved is told beside the whole that somebody feels: a check-in's web
CPU, or the drain's CPU an athlete. Where ours saves less than a fifth of that, the library's way is to be taken.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from statistics import median
from typing import Any

from benchmarks.servers import prepared

WHOLE_MS = {"check-in": 2.0, "drain": 2.0}  # benchmarks.check_in, benchmarks.late_record
Call = Callable[[], object]


def cpu_us(call: Call, calls: int) -> float:
    began = time.process_time()
    for _ in range(calls):
        call()
    return 1e6 * (time.process_time() - began) / calls


def compare(what: str, ours: Call, theirs: Call, *, calls: int, of: str, rows: int = 1, times: float = 1) -> None:
    """`rows` a call; `times` a whole."""
    calls = max(5, calls // rows)
    ours(), theirs()
    spent = [(cpu_us(ours, calls), cpu_us(theirs, calls)) for _ in range(5)]
    own_us, their_us = (median(each) / rows for each in zip(*spent, strict=True))
    share = (their_us - own_us) * times / (1000 * WHOLE_MS[of])
    print(f"  {what:<46}{own_us:8.1f}{their_us:8.1f} us   saves {share:6.1%} of a {of}", flush=True)


# --- Valkey and the broker --------------------------------------------------------------------------------------------


def broker(calls: int) -> None:
    import redis
    from django.conf import settings

    from config.celery import app
    from storage import bell

    client = redis.Redis.from_url(settings.VALKEY_URL)
    task, producer = app.signature(bell.ADVICE.task), app.amqp.Producer(app.connection_for_write())

    def publish() -> None:
        if client.set(bell.ADVICE.pending_key, 1, nx=True, px=bell.PENDING_MS):
            task.apply_async(producer=producer, expires=10, ignore_result=True)

    compare("the hint, one of many: apply_async", bell.ring, publish, calls=calls, of="check-in")

    def first() -> None:
        client.delete(bell.ADVICE.pending_key)
        bell.ring()

    def first_published() -> None:
        client.delete(bell.ADVICE.pending_key)
        publish()

    compare("the hint, each sent: apply_async", first, first_published, calls=calls, of="check-in")


# --- statements -------------------------------------------------------------------------------------------------------


def fields_but(model: Any, *names: str) -> list[str]:
    once = {"id", *names}
    return [f.name for f in model._meta.concrete_fields if f.name not in once and not f.primary_key]


def orm_upsert(rows: Sequence[Any], unique: tuple[str, ...], keep: tuple[str, ...] = ()) -> None:
    type(rows[0]).objects.bulk_create(
        rows, update_conflicts=True, unique_fields=list(unique), update_fields=fields_but(type(rows[0]), *unique, *keep)
    )


def statements_of(calls: int, athletes: Sequence[Any]) -> None:
    from django.contrib.sessions.models import Session
    from django.db import transaction
    from django.utils import timezone

    from athletes.days import reported
    from athletes.models import CheckIn, Day, User
    from athletes.sign_in import sessions
    from recommendations.models import Advice, StateCarry, WaitingDay
    from storage import upserts

    athlete, now = athletes[0], timezone.now()
    today = now.date()

    def inside(call: Call) -> Call:
        def run() -> None:
            with transaction.atomic():
                call()

        return run

    def both(what: str, ours: Call, theirs: Call, **more: Any) -> None:
        compare(what, inside(ours), inside(theirs), calls=calls, **more)

    both("a transaction around nothing (in all below)", lambda: None, lambda: None, of="check-in")
    key = Session.objects.values_list("session_key", flat=True).first() or ""

    def signed_in() -> object:
        Session.objects.filter(session_key=key, expire_date__gt=timezone.now()).values_list("session_data").get()
        return User.objects.select_related("athlete").get(pk=athlete.user_id).athlete

    both("who signed in, and the athlete", lambda: sessions.signed_in(key, athlete.user_id, now, narrow=True),
         signed_in, of="check-in")  # fmt: skip
    both("what was reported of a day", lambda: list(reported.between(athlete.pk, today, today)),
         lambda: reported(athlete.pk, today), of="check-in")  # fmt: skip
    check_in = CheckIn.objects.filter(athlete=athlete).latest("date")
    both("a check-in is stored",
         lambda: upserts.upsert(check_in, unique=("athlete_id", "date"), keep=("id", "created_at")),
         lambda: orm_upsert([check_in], ("athlete", "date"), ("created_at",)), of="check-in")  # fmt: skip
    for count in (1, 60, 500):
        days = list(Day.objects.filter(athlete=athlete).order_by("-date")[:count])
        both(f"{count} days are stored, a day", lambda d=days: upserts.upsert_many(d, unique=("athlete_id", "date")),  # type: ignore[misc]
             lambda d=days: orm_upsert(d, ("athlete", "date")), of="check-in", rows=count)  # type: ignore[misc]  # fmt: skip
    waiting = WaitingDay(athlete=athlete, date=today, since=now)
    both("a day waits",
         lambda: upserts.upsert_many([waiting], unique=("athlete_id", "date"), keep=("reason", "since")),
         lambda: orm_upsert([waiting], ("athlete", "date"), ("reason", "since")), of="check-in")  # fmt: skip
    for count in (8, 256):
        some = list(StateCarry.objects.order_by("-through")[:count])
        carries = [
            StateCarry(athlete_id=c.athlete_id, through=c.through, state_version=1, packed=c.packed) for c in some
        ]
        both(f"{len(carries)} carries are kept, a carry",
             lambda c=carries: upserts.upsert_many(c, unique=("athlete_id", "through")),  # type: ignore[misc]
             lambda c=carries: orm_upsert(c, ("athlete", "through")), of="drain", rows=len(carries))  # type: ignore[misc]  # fmt: skip
        told = list(Advice.objects.all()[:count])
        both(f"{count} advice are issued, an advice", lambda t=told: again(upserts.insert_many, t),  # type: ignore[misc]
             lambda t=told: again(Advice.objects.bulk_create, t), of="drain", rows=count)  # type: ignore[misc]  # fmt: skip


def again(insert: Callable[[Sequence[Any]], object], rows: Sequence[Any]) -> None:
    """The same rows as new ones, taken back afterwards."""
    from django.db import transaction

    from storage.identifiers import uuid7

    with transaction.atomic():
        for number, row in enumerate(rows):
            row.pk, row.current, row.revision = uuid7(), False, 1_000 + number
        insert(rows)
        transaction.set_rollback(True)


def reported(athlete_id: int, day: date) -> list[Any]:
    from athletes.days.reported import REPORTED

    found = []
    for model, names in REPORTED.values():
        rows = model._default_manager.filter(athlete=athlete_id, date__range=(day, day)).order_by()
        if any(field.name == "deleted_at" for field in model._meta.fields):
            rows = rows.filter(deleted_at=None)
        found += list(rows.values("date", *names))
    return found


def inside(calls: int) -> None:
    """In a process with the servers' environment."""
    import django

    django.setup()
    from benchmarks import seasons
    from benchmarks.cast import SEASONS_D, make_athletes, make_tokens

    athletes = make_athletes(seasons.MODELS)
    seasons.live(athletes, datetime.now().astimezone().date(), SEASONS_D)
    make_tokens([athletes[0].user])
    print(f"  {'':<46}{'ours':>8}{'theirs':>8}")
    broker(calls)
    statements_of(calls, athletes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        inside(given.calls)
        return 0
    for kind in given.database:
        with prepared(kind) as ground:
            print(f"plain ways on {kind}, load {os.getloadavg()[0]:.1f}", flush=True)
            ground.inside("plain_ways", "--calls", given.calls)
    return 0


if __name__ == "__main__":
    sys.exit(main())
