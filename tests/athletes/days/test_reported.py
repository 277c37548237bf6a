"""The statements written by hand against the ORM, and writers at the same time."""

import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import connection

from athletes import one_writer
from athletes.days import reported, resolving
from athletes.days.hrv_choice import NONE
from athletes.models import CheckIn, Day, HrvReading, SeasonDay, TrainingSession
from athletes.reports import intake
from storage import upserts
from tests import factories
from tests.athletes.filling import TODAY, fill

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
ON = date(2026, 11, 22)


def by_the_orm(athlete, first, last):
    for kind, (model, columns) in reported.REPORTED.items():
        rows = model.objects.filter(athlete=athlete, date__range=(first, last))
        if hasattr(model, "deleted_at"):
            rows = rows.filter(deleted_at=None)
        for row in rows:
            values = {name: getattr(row, name) for name in columns}
            yield kind, row.date, {n: str(v) if n == "id" else v for n, v in values.items()}


def test_the_union_reads_what_the_orm_reads(alice, bob, charlie):
    for athlete in (alice, bob):
        fill(athlete, charlie, athlete.display_name)
    deleted = {"client_record_id": "x", "started_at": NOW, "duration_min": 33.3, "rpe": 0.5}
    intake.delete_record(intake.record_one(alice, "training_session", deleted, now=NOW).record)
    SeasonDay.objects.create(athlete=alice, date=TODAY, sleep_h=22 / 3, ill=False, action=2, file_sha256="0")
    first, last = date(2000, 1, 1), date(2100, 1, 1)

    def key(row):
        return row[0], row[1], str(row[2])

    read = sorted(reported.between(alice.pk, first, last), key=key)
    assert read == sorted(by_the_orm(alice, first, last), key=key)
    assert {kind for kind, _, _ in read} == set(reported.REPORTED)


def test_an_upserted_day_reads_back_as_it_was(alice):
    intake.record_check_in(alice, ON, {"fatigue": 3, "resting_hr_bpm": 47.25}, now=NOW)
    stored = Day.objects.get()
    values = resolving.resolve(alice, ON, resolving.read_reports(alice.pk, ON, ON)[ON], NONE).columns
    assert {name: getattr(stored, name) for name in values} == values
    assert Day.objects.filter(provenance__resting_hr__value=47.25).exists()
    intake.record_check_in(alice, ON, {"fatigue": 1}, now=NOW)
    assert (Day.objects.get().pk, Day.objects.get().resting_hr_bpm) == (stored.pk, None)


def at_once(*writers):
    """Each in a thread and a connection of its own, started together."""
    barrier, failures = threading.Barrier(len(writers)), []

    def run(write):
        barrier.wait()
        try:
            write()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[write]) for write in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.django_db(transaction=True)
def test_two_phones_writing_one_morning_leave_one_row_of_one_of_them():
    athlete = factories.make_athlete("alice@example.org")

    def phone(fatigue):
        return lambda: intake.record_check_in(athlete, ON, {"fatigue": fatigue, "mood": fatigue}, now=NOW)

    at_once(*[phone(n % 5 + 1) for n in range(8)])
    stored = CheckIn.objects.get()
    assert stored.fatigue == stored.mood
    assert Day.objects.get().fatigue_1_5 == stored.fatigue


@pytest.mark.django_db(transaction=True)
def test_phone_and_watch_writing_one_day_are_both_in_it():
    athlete = factories.make_athlete("alice@example.org")

    def watch(n):
        data = {
            "client_record_id": f"s{n}",
            "started_at": datetime(2026, 11, 22, n, tzinfo=UTC),
            "duration_min": 30.0,
            "rpe": 2.0,
        }
        return lambda: intake.record_one(athlete, "training_session", data, now=NOW)

    phone = [lambda: intake.record_check_in(athlete, ON, {"fatigue": 4}, now=NOW)]
    at_once(*[watch(n) for n in range(6)], *phone)
    day = Day.objects.get()
    assert (day.load_au, day.fatigue_1_5) == (360.0, 4.0)


@pytest.mark.django_db(transaction=True)
def test_one_record_sent_by_two_clients_at_once_is_stored_once():
    athlete = factories.make_athlete("alice@example.org")
    data = {"client_record_id": "s", "started_at": NOW, "duration_min": 30.0, "rpe": 2.0}
    statuses = []

    def send():
        statuses.append(intake.record_one(athlete, "training_session", data, now=NOW).status)

    at_once(*[send] * 6)
    assert sorted(statuses) == ["created"] + ["unchanged"] * 5
    assert TrainingSession.objects.count() == 1


def test_a_check_in_takes_few_statements(alice, django_assert_max_num_queries):
    from athletes.signals import day_revised

    intake.record_check_in(alice, ON, {"fatigue": 2}, now=NOW)
    listeners, day_revised.receivers = day_revised.receivers, []
    try:
        # A savepoint's two, on PostgreSQL the lock, two reads (what was reported, what eras read), numbers, two upserts
        with django_assert_max_num_queries(8):
            intake.record_check_in(alice, ON, {"fatigue": 3, "mood": 4}, now=NOW)
    finally:
        day_revised.receivers = listeners


def rows_of_every_kind(athlete, coach):
    """(model, unique columns) -> rows with every sort of value, made by the ORM."""
    fill(athlete, coach, "Zanzibar")
    zoned = datetime(2026, 11, 22, 6, 30, tzinfo=timezone(timedelta(hours=8)))
    sleep = {"client_record_id": "ü😀", "start_at": zoned - timedelta(hours=8), "end_at": zoned, "score": 80}
    intake.record_one(athlete, "sleep_session", sleep | {"client_record_id": "s2"}, now=NOW)
    CheckIn.objects.update(notes="ümlaut 😀 \\ \" '", quality={"hrv": {"reasons": ["ü", 1.5, None, True]}})
    yield CheckIn, ("athlete_id", "date"), ("id", "created_at")
    yield Day, ("athlete_id", "date"), ()
    yield SeasonDay, ("athlete_id", "date"), ()
    for model in intake.RECORDS.values():
        yield model, ("id",), ("created_at",)


def values(row, but=()):
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname not in but}


@pytest.mark.parametrize("count", [1, 20])  # 20: on PostgreSQL by COPY
def test_what_the_upserts_write_is_what_the_orm_would_have_written(alice, bob, charlie, count):
    for model, unique, keep in rows_of_every_kind(alice, charlie):
        stored = list(model._default_manager.all())
        assert stored, model
        copies = []
        for row in stored:
            for n in range(count):
                copied = model(**values(row, but=("id", "athlete_id")), athlete_id=bob.pk)
                copied.date = row.date - timedelta(days=400 * n)
                if hasattr(row, "client_record_id"):
                    copied.client_record_id = f"{row.client_record_id}-{n}"
                copies.append(copied)
        upserts.upsert_many(copies, unique=unique, keep=keep)
        own = model._default_manager.filter(athlete=bob)
        stamped = {f.attname for f in model._meta.concrete_fields if getattr(f, "auto_now", False)}
        assert by_key(own.all(), but={"id", *stamped}) == by_key(copies, but={"id", *stamped})
        before = set(own.values_list("pk", flat=True))
        for row in copies:
            if model is CheckIn:
                row.mood, row.quality = 2, {}
            elif model is Day:
                row.provenance = {"again": ["ü", 0.1, None]}
        upserts.upsert_many(copies, unique=unique, keep=keep)
        assert set(own.values_list("pk", flat=True)) == before
        assert by_key(own.all(), but={"id", *stamped, *keep}) == by_key(copies, but={"id", *stamped, *keep})


def by_key(rows, but):
    return {(row.date, getattr(row, "client_record_id", "")): values(row, but) for row in rows}


def test_among_finds_what_in_finds(alice, charlie):
    fill(alice, charlie, "Zanzibar")
    names = ["Zanzibar-hrv_reading", "nobody's", "O'Hara", '"', "ü"]
    found = HrvReading.objects.filter(client_record_id__among=names)
    assert list(found) == list(HrvReading.objects.filter(client_record_id__in=names)) != []
    assert not HrvReading.objects.filter(client_record_id__among=[]).exists()


def test_statements_within_a_transaction_are_seen_by_who_listens(alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        one_writer.next_numbers(2)


@pytest.mark.django_db(transaction=True)
def test_many_rows_are_stored_also_where_nobody_opened_a_transaction(alice):
    readings = [
        Day(athlete=alice, date=ON - timedelta(days=n), revised_at=NOW, hrv_ms=60.0 + n) for n in range(upserts.FEW + 1)
    ]
    upserts.upsert_many(readings, unique=("athlete_id", "date"))
    stored = Day.objects.filter(athlete=alice).order_by("-date").values_list("hrv_ms", flat=True)
    assert list(stored) == [60.0 + n for n in range(upserts.FEW + 1)]
