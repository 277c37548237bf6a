"""What a coach of 500 athletes and what an athlete's phone reads, with three seasons behind everybody.

    .venv/bin/python -m benchmarks.board [--athletes 500] [--database sqlite postgres]

Everybody has checked in this morning and was advised, a third of them with trouble; every third has an open warning.
The board is read by the product's own doors in one process: the coach's first page in the admin, GET
/squads/{id}/board/; goal: <= 300 ms of CPU each, the median of five. Then the real web server answers phones at 20
requests a second; goal: p95 <= 50 ms for the list of advice, today's advice, the resolved day, and the first page of
all that changed. Under a foreign load look at the CPU a request.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.cast import SEASONS_D, tokens_of
from benchmarks.load import load
from benchmarks.servers import prepared, verdict, web

GOAL_BOARD_MS, GOAL_READ_MS = 300, 50
READS = ("/api/v1/advice/", "/api/v1/advice/today/", "/api/v1/days/{today}/", "/api/v1/sync/changes/")
READS_A_SECOND, READ_BY = 20, 100
# Of twenty athletes so many are looked at this morning, and for what; the others are well.
TROUBLES: dict[int, dict[str, Any]] = {
    **{each: {"fatigue": 1, "mood": 1, "pain_0_10": 5} for each in (0, 5, 10, 15)},
    1: {"illness": "fever"},
    2: {"injury": {"status": "open", "body_site": "left_hamstring"}},
    3: {"red_flag": "fainting"},
}


def inside() -> None:
    """In a process with the servers' environment: everybody's morning, then the coach looks."""
    from config import wsgi  # noqa: F401  (sets Django up and freezes what is loaded, as in the web process)

    # isort: split
    from django.test import Client
    from django.utils import timezone

    from athletes.models import Athlete, Squad
    from athletes.reports import intake
    from benchmarks.check_in import body
    from recommendations.advice import advising
    from recommendations.coach import board
    from recommendations.models import Warning

    now = timezone.now()
    for i, athlete in enumerate(Athlete.objects.order_by("pk")):
        intake.record_check_in(athlete, now.date(), body(i) | TROUBLES.get(i % 20, {}))
    advising.drain()
    for athlete in Athlete.objects.order_by("pk")[::3]:  # a warning that opened lately is still open
        newest = Warning.objects.filter(athlete=athlete).first()
        Warning.objects.filter(pk=newest and newest.pk).update(closed_on=None)
    squad = Squad.objects.get()
    coach = squad.coaches.get()
    client = Client(headers={"host": "localhost"})
    client.force_login(coach)
    page = lambda: client.get("/admin/")  # noqa: E731
    if page().status_code != 200:
        raise RuntimeError(f"the admin answered {page().status_code}")
    report("the coach's first page", page)
    report("its lines alone", lambda: board.boards(coach, now))
    report("GET /squads/{id}/board/", lambda: board.board_body(board.board_of(squad, now, None, coach), now))


def report(what: str, read: Callable[[], Any]) -> None:
    spent_ms = []
    for _ in range(6):
        began = time.process_time()
        read()
        spent_ms.append(1e3 * (time.process_time() - began))
    ms = median(spent_ms[1:])
    print(f"  {what:<26}{ms:6.0f} ms CPU   goal <= {GOAL_BOARD_MS}   {verdict(ms <= GOAL_BOARD_MS)}", flush=True)


def read_as_phones(data: Path, env: dict[str, str], tokens: list[str]) -> None:
    with web(data, env) as (server, port):
        for path in READS:
            path = path.format(today=datetime.now(UTC).date())
            requests = [["GET", path, token, None] for token in tokens[:READ_BY]]
            load(port, requests[:20], data)
            before = server.cpu_s()
            result = load(port, requests, data, rate=READS_A_SECOND)
            cpu_ms = 1e3 * (server.cpu_s() - before) / len(requests)
            if set(result["statuses"]) != {"200"}:
                raise RuntimeError(f"{path} answered {result['statuses']}")
            p95_ms = quantiles([1e3 * (answered - due) for due, _, answered in result["times"]], n=20)[-1]
            reached = verdict(p95_ms <= GOAL_READ_MS)
            print(
                f"  GET {path:<28}p95 {p95_ms:4.0f} ms, {cpu_ms:5.1f} ms CPU   goal p95 <= {GOAL_READ_MS}   {reached}"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--athletes", type=int, default=500)
    parser.add_argument("--days", type=int, default=SEASONS_D)
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        inside()
        return 0
    for kind in given.database:
        with prepared(kind) as ground:
            tokens = tokens_of(ground.env, ground.data, given.athletes, "--days", given.days, "--coached")
            history = f"{given.athletes} athletes, {given.days} days, load {os.getloadavg()[0]:.1f}"
            print(f"reading on {kind}, {history}", flush=True)
            ground.inside("board")
            read_as_phones(ground.data, ground.env, tokens[:-1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
