"""Two phones and a watch over the real API, whatever the line does; a model in the test says what must be stored.

Offline queues, clocks that are ahead or behind, requests and answers that get lost, batches that are split, reordered
and sent again, deletions that arrive before what they delete. A third phone pulls the changes and must end up with
exactly what the server has. The advice is worked off in between and its pushes go to a push service on the loopback.

    pytest tests/flows/test_phones_and_watch.py                                              a short run, as in CI
    HOMESTRETCH_SYNC_EXAMPLES=500 HOMESTRETCH_SYNC_STEPS=50 HOMESTRETCH_SYNC_SEED=1 pytest tests/flows/test_phones_and_watch.py
"""  # noqa: E501  (a command is one line)

import gzip
import itertools
import json
import os
import random
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from rest_framework.test import APIClient

from athletes.models import Absence, CheckIn, Deletion
from athletes.reports import intake
from athletes.reports.records import RECORDS
from athletes.sync.sync import STATUSES
from athletes.views.records import PATHS
from recommendations.advice import advising
from recommendations.models import Advice, Warning
from recommendations.push import sending
from recommendations.push.breaker import Breaker
from tests import factories
from tests.athletes.storing import stored
from tests.conftest import access_token
from tests.push_service import DROPPED

EXAMPLES = int(os.environ.get("HOMESTRETCH_SYNC_EXAMPLES", "10"))
STEPS = int(os.environ.get("HOMESTRETCH_SYNC_STEPS", "25"))
SEED = int(os.environ.get("HOMESTRETCH_SYNC_SEED", "20261122"))

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FIRST = datetime(2026, 11, 17, tzinfo=UTC)
CLOCK_SKEW = timedelta(minutes=5)
INSTANT = {
    "hrv_reading": "measured_at", "resting_hr_reading": "measured_at", "sleep_session": "end_at",
    "training_session": "started_at", "performance_test": "tested_at",
}  # fmt: skip
# Two phones of one athlete write under one name, so they can contradict each other; the watch has its own.
PROVIDER = {"phone": "manual", "other phone": "manual", "watch": "garmin"}
CLOCK_AHEAD_MIN = {"phone": 0, "other phone": 4, "watch": 60 * 24 * 365}
ADDRESS = {kind: path for path, kind in PATHS.items()}
NUMBERS = itertools.count()

devices = st.sampled_from(sorted(PROVIDER))
phones = st.sampled_from(["phone", "other phone"])
names = st.tuples(st.sampled_from(sorted(RECORDS)), st.sampled_from(["a", "b"]))
seeds = st.integers(0, 2**16)
days_ago = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 14, 15, -1])
# On a coarse grid, so that sessions overlap, nights touch and readings fall together.
at = st.integers(0, 5 * 8 - 1).map(lambda n: FIRST + timedelta(hours=3 * n))
skews = st.sampled_from([False, False, False, True])
deletions = st.sampled_from([False, False, False, False, True])
sayings = st.tuples(names, st.integers(0, 4), at, skews, st.integers(0, 7), deletions)

ITEMS = ("fatigue", "mood", "sleep_duration_min", "resting_hr_bpm", "pain_0_10", "illness", "red_flag", "notes")
answers = st.fixed_dictionaries(
    {},
    optional={
        "fatigue": st.sampled_from([1, 5, None]), "mood": st.sampled_from([2, 4, None]),
        "sleep_duration_min": st.sampled_from([60, 480, None]), "resting_hr_bpm": st.sampled_from([48.0, None]),
        "pain_0_10": st.sampled_from([0, 5, None]), "illness": st.sampled_from(["none", "fever", None]),
        "red_flag": st.sampled_from(["none", "chest_pain", None]), "notes": st.sampled_from(["well", "", None]),
        "hrv": st.sampled_from([{"metric": "rmssd", "value_ms": 61.0, "context": "morning_supine"}, None]),
        "injury": st.sampled_from([{"status": "niggle", "body_site": "left_calf"}, {"status": "none"}, None]),
    },
)  # fmt: skip


def make_athlete(name):
    week = {"usual_sessions_per_week": 5, "usual_session_min": 75, "usual_session_rpe": 6.0}  # so advice begins at once
    return factories.make_athlete(f"{name}{next(NUMBERS)}@example.org", timezone="UTC", **week)


def content(kind, start, rng):
    match kind:
        case "hrv_reading":
            return {
                "measured_at": start.isoformat(), "metric": rng.choice(["rmssd", "sdnn"]),
                "context": rng.choice(["overnight_mean", "morning_supine"]), "value_ms": rng.choice([55.0, 62.0, 3.0]),
            }  # fmt: skip
        case "resting_hr_reading":
            return {"measured_at": start.isoformat(), "value_bpm": rng.choice([46.0, 52.0])}
        case "resting_hr_reading":
            return {"measured_at": start.isoformat(), "value_bpm": rng.choice([44.0, 50.0])}
        case "sleep_session":
            end = start + timedelta(minutes=rng.choice([60, 180, 480]))
            return {"start_at": start.isoformat(), "end_at": end.isoformat(), "is_nap": rng.random() < 0.2}
        case "training_session":
            data = {
                "started_at": (start + timedelta(minutes=rng.choice([0, 10]))).isoformat(),
                "duration_min": rng.choice([30.0, 60.0]),
                "kind": rng.choice(["tempo", "track_sprint"]),
            }
            return data | rng.choice([{"rpe": 5.0}, {"rpe": 8.0}, {"avg_hr_bpm": 150.0}, {}])  # a watch knows no RPE
        case "performance_test":
            return {"tested_at": start.isoformat(), "time_s": rng.choice([50.0, 52.0, 60.0]), "timing": "fat"}
        case "rest_day":
            return {"date": start.date().isoformat()}
    raise LookupError(f"a kind of record this machine does not know yet: {kind}")


class Model:
    """What must be stored, told by the rules of the API alone (docs/api, shared by every kind)."""

    def __init__(self):
        self.records = {}  # (kind, provider, name) -> {"version", "data" or None, "came": was it ever here}
        self.check_ins = {}  # date -> answers
        self.absences = {}  # (kind, date) -> reason

    def take(self, entry, now):
        """The version rule."""
        kind, data, deleted = entry["kind"], entry["data"], entry.get("deleted", False)
        key = (kind, data["source"]["provider"], data["client_record_id"])
        version, known = data["client_record_version"], self.records.get(key)
        if known and version < known["version"]:
            return "stale"
        if deleted:
            if known and version == known["version"]:
                return "unchanged" if known["data"] is None else "conflict"
            self.records[key] = {"version": version, "data": None, "came": bool(known and known["came"])}
            return "deleted"
        said = {
            name: value
            for name, value in data.items()
            if name not in ("client_record_id", "client_record_version", "source")
        }
        if known and version == known["version"]:
            return "unchanged" if known["data"] == said else "conflict"
        if kind in INSTANT and datetime.fromisoformat(said[INSTANT[kind]]) > now + CLOCK_SKEW:
            return "rejected"
        if kind == "rest_day" and date.fromisoformat(said["date"]) > now.date():
            return "rejected"
        self.records[key] = {"version": version, "data": said, "came": True}
        return "updated" if known and known["came"] else "created"

    def answer(self, on, data, today, *, partial):
        """A check-in's status code. What is left out of a PUT is not answered; a red flag or an injury stands."""
        if not today - timedelta(days=14) <= on <= today:
            return 400
        before = self.check_ins.get(on)
        if partial and before is None:
            return 404
        kept = dict(before or {}) if partial else {}
        given = {name: value for name, value in data.items() if value not in (None, "")}
        cleared = {name for name, value in data.items() if value in (None, "")}
        after = {name: value for name, value in {**kept, **given}.items() if name not in cleared}
        for name in ("red_flag", "injury"):
            if before and name in before and name not in after:
                after[name] = before[name]
        if not set(after) - {"notes"}:
            return 400
        self.check_ins[on] = after
        return 200 if before is not None else 201

    def live(self):
        return {key: known["data"] for key, known in self.records.items() if known["data"] is not None}


class PhonesAndWatch(RuleBasedStateMachine):
    service = None  # the push service, set by the test
    seen = Counter()

    def __init__(self):
        super().__init__()
        self.sent_alone = transaction.atomic()
        self.sent_alone.__enter__()
        self.clock = time_machine.travel(START, tick=False)
        self.traveller = self.clock.start()
        self.athlete = make_athlete("alice")
        self.service.received.clear()
        sending.breaker = Breaker()  # examples follow each other in milliseconds, its rest is of 30 seconds
        self.subscription = self.service.subscribe()
        factories.make_device(self.athlete.user, self.subscription)
        self.model = Model()
        self.queues = {device: [] for device in PROVIDER}
        self.unanswered = []  # batches whose answer was lost: the device sends them again
        self.ever_sent = []
        self.replica, self.cursor = {}, None
        self.signed_in_at = None

    def teardown(self):
        try:
            if sys.exception() is None:  # a step that failed is the news, not what follows from it
                self.everything_arrives()
                self.sending_all_again_changes_nothing()
                self.a_fresh_athlete_who_is_sent_the_outcome_once_has_the_same()
                self.third_phone_catches_up(7)
                self.what_is_taken_back_goes_from_the_third_phone_too()
        finally:
            self.clock.stop()
            transaction.set_rollback(True)
            self.sent_alone.__exit__(None, None, None)

    # --- the line

    @property
    def now(self):
        return datetime.now(UTC)

    @property
    def client(self):
        if self.signed_in_at != self.now:  # access tokens live five minutes
            self.signed_in_at, bearer = self.now, access_token(self.athlete.user)
            self.signed_in = APIClient(headers={"Authorization": f"Bearer {bearer}"})
        return self.signed_in

    def call(self, method, path, body=None, zipped=False):
        raw = json.dumps(body).encode() if body is not None else b""
        headers = {"HTTP_CONTENT_ENCODING": "gzip"} if zipped else {}
        answer = self.client.generic(
            method, f"/api/v1/{path}", gzip.compress(raw) if zipped else raw, "application/json", **headers
        )
        assert answer.status_code < 500, answer.content
        return answer

    def send_batch(self, records, absences=(), zipped=False):
        """One POST /sync/ against the model's word of every entry in it."""
        expected = [self.model.take(entry, self.now) for entry in records]
        before = dict(self.model.absences)
        told = []
        for absence in absences:
            key = (absence["kind"], absence["date"])
            known = before.get(key)
            told.append("created" if known is None else "unchanged" if known == absence["reason"] else "updated")
            before[key] = absence["reason"]
        self.model.absences = before
        self.ever_sent.append((records, absences))
        answer = self.call("POST", "sync/", {"records": records, "absences": list(absences)}, zipped)
        assert answer.status_code == 200, answer.content
        body = answer.json()
        assert [result["status"] for result in body["results"]] == expected
        assert [result["status"] for result in body["absences"]] == told
        assert +Counter(body["summary"]) == +Counter(expected)
        self.seen.update(expected)
        return body

    def named(self, device, name, version):
        return {
            "client_record_id": name, "client_record_version": version, "source": {"provider": PROVIDER[device]},
        }  # fmt: skip

    # --- what the athlete does

    @rule(device=devices, said=st.lists(sayings, min_size=1, max_size=8))
    def record(self, device, said):
        for (kind, name), version, start, ahead, number, is_deletion in said:
            start += timedelta(minutes=CLOCK_AHEAD_MIN[device] if ahead else 0)
            data = self.named(device, f"{kind}-{name}", version)
            entry = {"kind": kind, "deleted": True, "data": data}
            if not is_deletion:
                entry = {"kind": kind, "data": data | content(kind, start, random.Random(number))}
            self.queues[device].append(("record", entry))

    @rule(
        device=devices,
        kind=st.sampled_from(["hrv_reading", "sleep_session"]),
        ago=st.integers(0, 1),
        reasons=st.lists(st.sampled_from(["not_worn", "low_battery"]), min_size=1, max_size=3),
    )
    def absence(self, device, kind, ago, reasons):
        on = (START - timedelta(days=ago)).date().isoformat()
        self.queues[device] += [("absence", {"kind": kind, "date": on, "reason": why}) for why in reasons]

    @rule(device=phones, ago=days_ago, data=answers, method=st.sampled_from(["PUT", "PUT", "PATCH"]))
    def check_in(self, device, ago, data, method):
        on = (self.now - timedelta(days=ago)).date()
        clock = self.now + timedelta(minutes=CLOCK_AHEAD_MIN[device])
        self.queues[device].append((method, (on, {**data, "submitted_at": clock.isoformat()})))

    @rule(data=answers, lose_answers=st.booleans())
    def a_morning(self, data, lose_answers):
        """Answered at once, advised at once."""
        self.send_check_in("PUT", self.now.date(), {**data, "submitted_at": self.now.isoformat()})
        self.the_worker_works(lose_answers)

    @rule(device=phones, ago=st.integers(0, 2))
    def take_check_in_back(self, device, ago):
        self.queues[device].append(("DELETE", ((self.now - timedelta(days=ago)).date(), None)))

    @rule(minutes=st.sampled_from([1, 6, 45, 180]))
    def time_passes(self, minutes):
        self.traveller.shift(timedelta(minutes=minutes))

    # --- what the line does

    @precondition(lambda self: any(self.queues.values()))
    @rule(device=devices, seed=seeds)
    def connect(self, device, seed):
        """The queue is emptied: shuffled, split; lost requests stay in it, what was not answered comes again."""
        rng, queue = random.Random(seed), self.queues[device]
        self.queues[device] = []
        records = [entry for what, entry in queue if what == "record"]
        absences = [entry for what, entry in queue if what == "absence"]
        rng.shuffle(records)
        while records or absences:
            size = rng.randint(1, max(1, len(records)))
            batch, records = records[:size], records[size:]
            if rng.random() < 0.2:  # the request is lost
                self.queues[device] += [("record", entry) for entry in batch]
                self.queues[device] += [("absence", entry) for entry in absences]
            else:
                self.send_batch(batch, absences, zipped=rng.random() < 0.3)
                if rng.random() < 0.3:  # the answer is lost
                    self.unanswered.append((batch, absences))
            absences = []
        for method, (on, data) in (each for each in queue if each[0] in ("PUT", "PATCH", "DELETE")):
            self.send_check_in(method, on, data)
            if rng.random() < 0.3:
                self.send_check_in(method, on, data)  # the answer was lost

    def send_check_in(self, method, on, data):
        if method == "DELETE":
            self.model.check_ins.pop(on, None)
            expected = 204
        else:
            given = {name: value for name, value in data.items() if name != "submitted_at"}
            expected = self.model.answer(on, given, self.now.date(), partial=method == "PATCH")
        answer = self.call(method, f"check-ins/{on}/", data)
        assert answer.status_code == expected, (method, on, data, answer.content)

    @precondition(lambda self: self.unanswered)
    @rule(seed=seeds)
    def retry(self, seed):
        """What was not answered is sent again, later and perhaps together with other things."""
        rng = random.Random(seed)
        records, absences = self.unanswered.pop(rng.randrange(len(self.unanswered)))
        self.send_batch(rng.sample(records, len(records)), absences)

    @precondition(lambda self: self.ever_sent)
    @rule(seed=seeds)
    def an_old_request_arrives_once_more(self, seed):
        records, _ = random.Random(seed).choice(self.ever_sent)
        self.send_batch(records)

    @rule(device=devices, seed=seeds)
    def send_one_by_its_own_endpoint(self, device, seed):
        rng, queue = random.Random(seed), self.queues[device]
        single = [each for each in queue if each[0] == "record" and not each[1].get("deleted")]
        if not single:
            return
        entry = rng.choice(single)[1]
        key = (entry["kind"], PROVIDER[device], entry["data"]["client_record_id"])
        known = self.model.records.get(key)
        expected = self.model.take(entry, self.now)
        answer = self.call("POST", f"{ADDRESS[entry['kind']]}/", entry["data"])
        if expected == "rejected":
            assert answer.status_code == 400
        elif known and not known["came"] and expected in ("stale", "conflict"):
            assert (answer.status_code, answer.json()["code"]) == (409, "deleted_before")
        else:
            assert (answer.status_code, answer.json()["status"]) == (201 if expected == "created" else 200, expected)

    @precondition(lambda self: self.model.live())
    @rule(seed=seeds, twice=st.booleans())
    def take_a_record_back(self, seed, twice):
        """DELETE by the server's id: a tombstone one version above."""
        kind, provider, name = key = random.Random(seed).choice(sorted(self.model.live()))
        row = RECORDS[kind].objects.get(athlete=self.athlete, provider=provider, client_record_id=name)
        for _ in range(1 + twice):
            assert self.call("DELETE", f"{ADDRESS[kind]}/{row.pk}/").status_code == 204
        self.model.records[key] = {"version": row.client_record_version + 1, "data": None, "came": True}

    # --- what follows

    @rule(lose_answers=st.booleans())
    def the_worker_works(self, lose_answers):
        if lose_answers:
            self.service.next_answers(DROPPED)
        before = len(self.service.received)
        advising.drain()
        sending.send_due()
        self.service.faults.clear()
        self.seen["pushes"] += len(self.service.received) - before

    @rule(limit=st.sampled_from([1, 3, 100]), pages=st.sampled_from([1, 1000, 1000]), answer_lost=skews)
    def third_phone_pulls(self, limit, pages, answer_lost):
        """Some pages; it may be cut off between them, and an answer may never reach it."""
        for _ in range(pages):
            path = f"sync/changes/?limit={limit}" + (f"&cursor={self.cursor}" if self.cursor else "")
            body = self.call("GET", path).json()
            if answer_lost:
                return
            for change in body["changes"]:
                self.seen["deletions told"] += change["deleted"]
                apply(self.replica, change)
            self.cursor = body["next_cursor"]
            if not body["has_more"]:
                return

    # --- what must hold

    @invariant()
    def the_database_is_as_the_model_says_and_nothing_is_there_twice(self):
        found = {}
        for kind, model in RECORDS.items():
            for row in model.objects.filter(athlete=self.athlete):
                key = (kind, row.provider, row.client_record_id)
                assert key not in found
                found[key] = (row.client_record_version, None if row.deleted_at else said_by(kind, row))
        for row in Deletion.objects.filter(athlete=self.athlete, kind__in=RECORDS):
            provider, _, name = row.key.partition("/")
            assert (row.kind, provider, name) not in found
            found[row.kind, provider, name] = (row.client_record_version, None)
        expected = {key: (known["version"], known["data"]) for key, known in self.model.records.items()}
        assert found == expected
        check_ins = {row.date: answered(row) for row in CheckIn.objects.filter(athlete=self.athlete)}
        assert check_ins == self.model.check_ins
        rows = Absence.objects.filter(athlete=self.athlete).values_list("kind", "date", "reason")
        assert sorted((k, d.isoformat(), r) for k, d, r in rows) == sorted(
            (*key, reason) for key, reason in self.model.absences.items()
        )

    @invariant()
    def one_push_a_day_unless_the_advice_itself_changed(self):
        shown = {}
        for one in self.service.received:
            if one.address == self.subscription.endpoint:
                shown.setdefault(date.fromisoformat(one.message["date"]), set()).add(one.message["advice_id"])
        for on, advice_ids in shown.items():
            worth = said = 0
            before = None
            for row in Advice.objects.filter(athlete=self.athlete, date=on).order_by("revision"):
                now_said = (row.action, any(guard["effect"] in ("suspended", "rest") for guard in row.guards))
                worth, before = worth + (now_said != before), now_said
                said += 1
            worse = Warning.objects.filter(athlete=self.athlete, opened_on__lte=on).count()
            assert len(advice_ids) <= min(said, worth + worse), (on, advice_ids)

    def everything_arrives(self):
        """The line is good now: whatever was ever said is said once more."""
        for queue in self.queues.values():
            records = [entry for what, entry in queue if what == "record"]
            self.send_batch(records, [entry for what, entry in queue if what == "absence"])
        for records, absences in [*self.unanswered, *self.ever_sent]:
            self.send_batch(records, absences)
        advising.drain()
        sending.send_due()

    def sending_all_again_changes_nothing(self):
        everything = [entry for records, _ in self.ever_sent for entry in records]
        before, advice = stored(self.athlete), Advice.objects.filter(athlete=self.athlete).count()
        pushes, rng = len(self.service.received), random.Random(len(everything))
        for _ in range(3):
            rng.shuffle(everything)
            cut = rng.randint(0, len(everything))
            for batch in (everything[:cut], everything[cut:]):
                summary = self.send_batch(batch)["summary"]
                assert summary["created"] == summary["updated"] == summary["deleted"] == 0
                advising.drain()
                sending.send_due()
        assert stored(self.athlete) == before
        assert Advice.objects.filter(athlete=self.athlete).count() == advice
        assert len(self.service.received) == pushes

    def a_fresh_athlete_who_is_sent_the_outcome_once_has_the_same(self):
        """What is stored, dates and doubts and days included, is a function of what was said, not of its way here."""
        mine, self.athlete = self.athlete, make_athlete("twin")
        self.model, told, self.signed_in_at = Model(), self.model, None
        records = [
            {"kind": kind, "data": {
                "client_record_id": name, "client_record_version": told.records[kind, provider, name]["version"],
                "source": {"provider": provider}, **said,
            }}
            for (kind, provider, name), said in sorted(told.live().items())
        ]  # fmt: skip
        self.send_batch(records)
        for on, data in sorted(told.check_ins.items()):
            if on >= self.now.date() - timedelta(days=14):
                self.call("PUT", f"check-ins/{on}/", data)
        twin, self.athlete, self.model, self.signed_in_at = self.athlete, mine, told, None
        for athlete in (mine, twin):
            intake.estimate_again(athlete)  # by a resting heart rate answered after the session came in
        if all(on >= self.now.date() - timedelta(days=14) for on in told.check_ins):
            assert without_times_of_answers(stored(mine)) == without_times_of_answers(stored(twin))

    def what_is_taken_back_goes_from_the_third_phone_too(self):
        """Which of these deletions a run meets by chance is rare: here each run meets all of them."""
        live = sorted(self.model.live())
        if live:
            self.take_a_record_back(len(live), False)
        tombstones = []
        for kind, provider, name in sorted(self.model.live()):
            version = self.model.records[kind, provider, name]["version"] + 1
            data = {"client_record_id": name, "client_record_version": version, "source": {"provider": provider}}
            tombstones.append({"kind": kind, "deleted": True, "data": data})
        self.send_batch(tombstones)
        for on in list(self.model.check_ins):
            self.send_check_in("DELETE", on, None)
        self.third_phone_catches_up(5)

    def third_phone_catches_up(self, limit):
        self.third_phone_pulls(limit, 1000, False)
        fresh, cursor, more = {}, None, True
        while more:
            body = self.call("GET", "sync/changes/?limit=500" + (f"&cursor={cursor}" if cursor else "")).json()
            for change in body["changes"]:
                assert not change["deleted"]  # who knows nothing has nothing to forget
                apply(fresh, change)
            cursor, more = body["next_cursor"], body["has_more"]
        note(f"{len(fresh)} objects")
        assert self.replica == fresh
        live = {key[1:] for key in self.replica if key[0] in RECORDS}
        assert live == {(provider, name) for _, provider, name in self.model.live()}
        assert {key[1] for key in self.replica if key[0] == "check_in"} == {str(on) for on in self.model.check_ins}


def apply(replica, change):
    """As a phone keeps what it is told: records by their source and name, the rest by date or id."""
    kind = change["kind"]
    if kind in RECORDS:
        key = (kind, change["provider"], change["client_record_id"])
    elif kind in ("check_in", "day", "planned_session", "advice"):
        key = (kind, change["date"])
    else:
        key = (kind, change["id"])
    if change["deleted"]:
        replica.pop(key, None)
    else:
        data = change["data"]  # what an advice shows ages with the clock; which one it is does not
        replica[key] = (data["id"], data["revision"]) if kind == "advice" else data


def said_by(kind, row):
    """The row in the words of the record."""
    at_offset = {
        name: getattr(row, name).isoformat()
        for name in ("start_at", "end_at", "measured_at", "started_at", "tested_at")
        if hasattr(row, name)
    }
    match kind:
        case "hrv_reading":
            return at_offset | {"metric": row.metric, "context": row.context, "value_ms": row.value_ms}
        case "resting_hr_reading":
            return at_offset | {"value_bpm": row.value_bpm}
        case "resting_hr_reading":
            return at_offset | {"value_bpm": row.value_bpm}
        case "sleep_session":
            return at_offset | {"is_nap": row.is_nap}
        case "training_session":
            told = {name: getattr(row, name) for name in ("rpe", "avg_hr_bpm") if getattr(row, name) is not None}
            return at_offset | told | {"duration_min": row.duration_min, "kind": row.kind}
        case "performance_test":
            return at_offset | {"time_s": row.time_s, "timing": row.timing}
        case _:
            return {"date": row.date.isoformat()}


def answered(row):
    said = {name: getattr(row, name) for name in ITEMS if getattr(row, name) not in (None, "")}
    if row.hrv_value_ms is not None:
        said["hrv"] = {"metric": row.hrv_metric, "value_ms": row.hrv_value_ms, "context": row.hrv_context}
    if row.injury_status:
        site = {"body_site": row.injury_body_site} if row.injury_body_site else {}
        said["injury"] = {"status": row.injury_status, **site}
    return said


def without_times_of_answers(found):
    records, days, read = found
    return records, {on: {k: v for k, v in day.items() if k != "checked_in_at"} for on, day in days.items()}, read


@pytest.fixture
def line(db, valkey, settings, push_service):
    settings.WRITES_PER_MINUTE = 10**9
    PhonesAndWatch.service = push_service
    yield
    PhonesAndWatch.service = None


def test_two_phones_and_a_watch_leave_what_the_model_says(line):
    options = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False,
    )  # fmt: skip
    PhonesAndWatch.seen.clear()
    run_state_machine_as_test(seed(SEED)(PhonesAndWatch), settings=options)
    print(f"{EXAMPLES} x {STEPS}, seed {SEED}: {dict(PhonesAndWatch.seen)}")
    assert set(+PhonesAndWatch.seen) >= {*STATUSES, "pushes", "deletions told"}  # the run met all that it is about
