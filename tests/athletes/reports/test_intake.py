"""One transaction a report: the record, its days, and the news of it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from athletes.models import CheckIn, Day, TrainingSession
from athletes.reports import intake
from athletes.signals import day_revised

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
MORNING = {"fatigue": 4, "sleep_quality": 3, "muscle_soreness": 3, "stress": 4, "mood": 5, "sleep_duration_min": 435}


def session(**values):
    return {
        "client_record_id": "s-1",
        "started_at": datetime.fromisoformat("2026-11-21T17:00:00+01:00"),
        "duration_min": 60.0,
        "rpe": 7.0,
        "kind": "track_intervals",
        **values,
    }


def test_a_check_in_is_stored_resolved_and_announced(alice, news):
    answer = intake.record_check_in(alice, TODAY, MORNING, now=NOW)
    assert answer.status == "created"
    day = Day.objects.get(athlete=alice, date=TODAY)
    assert (day.readiness_1_5, day.wellness_score, day.sleep_duration_min) == (3.8, 70.0, 435.0)
    assert day.sleep_score == pytest.approx(100 * (0.6 * (7.25 - 4) / 4 + 0.4 * 2 / 4))
    assert day.sleep_score_basis == "derived"
    assert (day.illness, day.injury_status, day.red_flag) == ("", "", "")
    assert day.revised_at == NOW
    assert news == [(alice.pk, {TODAY}, True)]


def test_a_red_flag_and_an_injury_stand_until_they_are_answered_otherwise(alice):
    hurt = {"red_flag": "chest_pain", "injury": {"status": "open", "body_site": "left_hamstring"}}
    intake.record_check_in(alice, TODAY, MORNING | hurt, now=NOW)
    for silent in (MORNING, MORNING | {"red_flag": None, "injury": None}):
        again = intake.record_check_in(alice, TODAY, silent, now=NOW)
        assert (again.day.red_flag, again.day.injury_status) == ("chest_pain", "open")
        assert CheckIn.objects.get().injury_body_site == "left_hamstring"
    cleared = MORNING | {"red_flag": "none", "injury": {"status": "niggle"}}
    day = intake.record_check_in(alice, TODAY, cleared, now=NOW).day
    assert (day.red_flag, day.injury_status, CheckIn.objects.get().injury_body_site) == ("none", "niggle", "")


def test_an_illness_is_asked_anew_with_every_answer(alice):
    intake.record_check_in(alice, TODAY, MORNING | {"illness": "fever"}, now=NOW)
    assert intake.record_check_in(alice, TODAY, MORNING, now=NOW).day.illness == ""


@pytest.mark.parametrize(
    ("era", "doubted"), [("", True), ("rmssd/manual/morning_supine", True), ("rmssd/garmin/overnight_mean", False)]
)
def test_an_hrv_is_compared_with_the_days_of_its_era_whoever_reported_them(alice, era, doubted):
    past = [TODAY - timedelta(days=ago) for ago in range(1, 31)]
    Day.objects.bulk_create(
        Day(athlete=alice, date=on, hrv_ms=52.0 + on.day % 10, hrv_era=era, revised_at=NOW) for on in past
    )
    hrv = {"metric": "rmssd", "value_ms": 20.0, "context": "morning_supine"}
    sdnn = intake.record_check_in(alice, TODAY, MORNING | {"hrv": hrv | {"metric": "sdnn"}}, now=NOW)
    assert sdnn.check_in.quality == {}
    answer = intake.record_check_in(alice, TODAY, MORNING | {"hrv": hrv}, now=NOW)
    doubts = {"hrv": {"status": "quarantined", "reasons": ["hrv_far_from_own_range"]}} if doubted else {}
    assert (answer.check_in.quality, answer.day.hrv_ms) == (doubts, None if doubted else 20.0)


def test_a_phone_whose_clock_is_ahead_does_not_check_in_from_the_future(alice):
    ahead = MORNING | {"submitted_at": NOW + timedelta(days=800)}
    assert intake.record_check_in(alice, TODAY, ahead, now=NOW).day.checked_in_at == NOW


def test_sending_a_check_in_again_changes_nothing_and_rings_nobody(alice, news):
    first = intake.record_check_in(alice, TODAY, MORNING, now=NOW)
    news.clear()
    again = intake.record_check_in(alice, TODAY, MORNING, now=NOW + timedelta(minutes=5))
    assert again.status == "unchanged"
    assert (again.check_in.pk, again.check_in.submitted_at) == (first.check_in.pk, NOW)
    assert again.day.revised_at == NOW
    assert news == []


def test_putting_other_answers_overwrites_all_and_keeps_the_id(alice):
    first = intake.record_check_in(alice, TODAY, MORNING, now=NOW)
    second = intake.record_check_in(alice, TODAY, {"fatigue": 2}, now=NOW)
    assert second.status == "updated"
    stored = CheckIn.objects.get()
    assert (stored.pk, stored.fatigue, stored.mood, stored.sleep_duration_min) == (first.check_in.pk, 2, None, None)
    assert stored.created_at == first.check_in.created_at


def test_patching_keeps_what_was_not_sent(alice):
    intake.record_check_in(alice, TODAY, MORNING, now=NOW)
    intake.record_check_in(alice, TODAY, {"fatigue": 2, "mood": None}, keep_rest=True, now=NOW)
    stored = CheckIn.objects.get()
    assert (stored.fatigue, stored.mood, stored.stress) == (2, None, 4)


@pytest.mark.parametrize("data", [{}, {"notes": "hello"}, {"scale": "hooper_1_7"}, {"fatigue": None}])
def test_a_check_in_without_any_measurement_is_refused(alice, data):
    with pytest.raises(intake.Refused) as refusal:
        intake.record_check_in(alice, TODAY, data, now=NOW)
    assert refusal.value.code == "nothing_measured"
    assert not CheckIn.objects.exists()


def test_saying_that_one_is_ill_is_a_report(alice):
    assert intake.record_check_in(alice, TODAY, {"illness": "none"}, now=NOW).day.illness == "none"


@pytest.mark.parametrize(
    ("day", "code"),
    [(TODAY + timedelta(days=1), "date_in_future"), (TODAY - timedelta(days=15), "date_too_old")],
)
def test_check_ins_are_for_the_last_14_local_days(alice, day, code):
    with pytest.raises(intake.Refused) as refusal:
        intake.record_check_in(alice, day, MORNING, now=NOW)
    assert refusal.value.code == code
    intake.record_check_in(alice, TODAY - timedelta(days=14), MORNING, now=NOW)


def test_tomorrow_in_utc_is_today_in_auckland(alice):
    alice.timezone = "Pacific/Auckland"
    late = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert intake.record_check_in(alice, date(2026, 11, 23), MORNING, now=late).status == "created"


def test_a_session_gives_the_day_its_load(alice, news):
    outcome = intake.record_one(alice, "training_session", session(), now=NOW)
    assert outcome.status == "created"
    assert outcome.record.load_au == 420.0
    day = Day.objects.get(date=date(2026, 11, 21))
    assert (day.load_au, day.high_intensity_share, day.rest_day) == (420.0, 0.40, False)
    assert day.first_session_at == datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
    assert news == [(alice.pk, {date(2026, 11, 21)}, True)]


@pytest.mark.parametrize(
    ("values", "status", "duration"),
    [
        ({}, "unchanged", 60),
        ({"duration_min": 70.0}, "conflict", 60),
        ({"client_record_version": 1, "duration_min": 70.0}, "conflict", 60),
        ({"client_record_version": 0, "duration_min": 70.0}, "stale", 60),
        ({"client_record_version": 2, "duration_min": 70.0}, "updated", 70),
    ],
)
def test_the_higher_version_wins(alice, news, values, status, duration):
    intake.record_one(alice, "training_session", session(client_record_version=1), now=NOW)
    news.clear()
    data = session(client_record_version=1) | values
    outcome = intake.record_one(alice, "training_session", data, now=NOW)
    assert outcome.status == status
    assert outcome.record.duration_min == duration
    assert TrainingSession.objects.get().duration_min == duration
    assert bool(news) == (status == "updated")


def test_a_deleted_record_leaves_its_day_and_does_not_come_back(alice, news):
    record = intake.record_one(alice, "training_session", session(), now=NOW).record
    news.clear()
    intake.delete_record(record, now=NOW)
    assert Day.objects.get().load_au is None
    assert news == [(alice.pk, {date(2026, 11, 21)}, True)]
    assert intake.record_one(alice, "training_session", session(), now=NOW).status == "stale"
    assert Day.objects.get().load_au is None


def test_a_session_moved_to_another_day_revises_both(alice, news):
    intake.record_one(alice, "training_session", session(), now=NOW)
    news.clear()
    moved = session(client_record_version=1, started_at=datetime.fromisoformat("2026-11-20T17:00:00+01:00"))
    intake.record_one(alice, "training_session", moved, now=NOW)
    assert news == [(alice.pk, {date(2026, 11, 20), date(2026, 11, 21)}, True)]
    loads = dict(Day.objects.values_list("date", "load_au"))
    assert loads == {date(2026, 11, 20): 420.0, date(2026, 11, 21): None}


def test_nothing_is_stored_when_the_listener_fails(alice):
    def fail(**kwargs):
        raise RuntimeError("no room in the queue")

    day_revised.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            intake.record_check_in(alice, TODAY, MORNING, now=NOW)
    finally:
        day_revised.disconnect(fail)
    assert not CheckIn.objects.exists()
    assert not Day.objects.exists()


def test_a_session_of_the_future_is_refused(alice):
    with pytest.raises(intake.Refused) as refusal:
        intake.record_one(alice, "training_session", session(started_at=NOW + timedelta(hours=1)), now=NOW)
    assert (refusal.value.code, refusal.value.field_name) == ("in_future", "started_at")
