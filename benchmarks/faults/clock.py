"""Clocks that are wrong or are set, and zones whose days are odd.

The server's clock is moved by inside/sitecustomize.py (libfaketime does not run with this Python); its monotonic clock
goes on, as when an operator or NTP sets a machine's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from benchmarks.faults.engine import Bench
from benchmarks.faults.fault import Act, fault
from benchmarks.faults.load import Phone
from benchmarks.faults.tree import wait_until

PLAIN = (4, 4, 4, 4, 450)


@fault("25", "phone clock years ahead", "a day to come is refused, a reading of the future too; today is today")
def phone_ahead(bench: Bench) -> Iterator[None]:
    phone, line = bench.make_phones(1)[0], bench.line()
    ahead = datetime.fromtimestamp(bench.now_s()).astimezone() + timedelta(days=5 * 365)
    body = {"fatigue": 4, "submitted_at": ahead.isoformat()}
    refused = line.ask("PUT", f"/api/v1/check-ins/{ahead.date()}/", phone, json=body)
    bench.expect(refused.status_code == 400, f"a check-in of {ahead.date()} was answered {refused.status_code}")
    data = {"client_record_id": "ahead", "measured_at": ahead.isoformat(), "metric": "rmssd", "value_ms": 55.0,
            "context": "morning_supine"}  # fmt: skip
    synced = line.ask("POST", "/api/v1/sync/", phone, json={"records": [{"kind": "hrv_reading", "data": data}]})
    statuses = [result["status"] for result in synced.json()["results"]]
    bench.expect(statuses == ["rejected"], f"a reading of {ahead.date()}: {statuses}")
    line.check_in(phone, PLAIN, submitted_at=ahead.isoformat())
    yield
    bench.expect(not any(bench.ask("readings", athletes=[phone.athlete]).values()), "a reading of the future is stored")


@fault("26", "server clock jumps", "two hours ahead and back, twice: all goes on", tree="instrumented")
def jumps(bench: Bench) -> Iterator[None]:
    """Not behind the time at which the tokens were issued: those are refused (401) until the clock is there again."""
    for hours in (2, 0, 2, 0):
        bench.set_clock(hours * 3600.0)
        time.sleep(bench.seconds(6, 3))
    yield


ZONES = ("Europe/Berlin", "Pacific/Auckland", "Pacific/Honolulu", "Asia/Kathmandu")


@fault("27", "athletes move between zones", "each local day that they report on gets its own advice")
def moves(bench: Bench) -> Iterator[None]:
    travellers, line = bench.make_phones(4, zone=ZONES[0]), bench.line()
    for zone in ZONES[: int(bench.seconds(4, 2))]:
        for phone in travellers:
            moved(bench, phone, zone)
            line.check_in(phone, PLAIN)
        wait_until("the advice of the travellers", lambda: advised(bench, travellers), 20)
    yield


def moved(bench: Bench, phone: Phone, zone: str) -> None:
    answer = bench.line().ask("PATCH", "/api/v1/me/", phone, json={"timezone": zone})
    bench.expect(answer.status_code == 200, f"moving to {zone} was answered {answer.status_code} {answer.text[:200]}")
    phone.zone = zone


def advised(bench: Bench, phones: list[Phone]) -> bool:
    rows = bench.ask("outcome", athletes=[phone.athlete for phone in phones])["advice"]
    days = {(row["athlete"], row["date"]) for row in rows if row["current"]}
    return all((phone.athlete, phone.today(bench.now_s())) in days for phone in phones)


def over(after: str) -> Act:
    """The crowd reports; then it is `after`, and goes on reporting."""

    def act(bench: Bench) -> Iterator[None]:
        time.sleep(bench.seconds(4, 2))
        bench.set_clock(datetime.fromisoformat(after).timestamp() - time.time())
        time.sleep(bench.seconds(5, 3))
        yield
        days = {answer.date for answer in bench.log.answers}
        bench.note(f"reported on {', '.join(sorted(days))}")
        bench.expect("2011-12-30" not in days, "somebody reported on the day that Samoa skipped")

    return act


UTC_MOMENTS = (
    ("28", "clocks go forward in Berlin", "Europe/Berlin", "2027-03-28T00:55", "2027-03-28T01:05"),
    ("29", "clocks go back in Berlin", "Europe/Berlin", "2027-10-31T00:55", "2027-10-31T01:05"),
    ("30", "midnight in Kathmandu, +05:45", "Asia/Kathmandu", "2027-03-20T18:10", "2027-03-20T18:16"),
    ("31", "half an hour back on Lord Howe", "Australia/Lord_Howe", "2027-04-03T14:55", "2027-04-03T15:05"),
    ("32", "Samoa skips a day", "Pacific/Apia", "2011-12-30T09:50", "2011-12-30T10:05"),
)
for number, name, zone, before, after in UTC_MOMENTS:
    fault(
        number, name, "every local day that was reported on gets exactly one current advice", tree="instrumented",
        silent_phones=True, zone=zone, at=f"{before}:00+00:00",
    )(over(f"{after}:00+00:00"))  # fmt: skip
