"""Which day a report belongs to, and which value of a day counts."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from athletes.days import resolving
from athletes.local_days import nights
from athletes.local_days.local_time import OFFSET_UNKNOWN, bounds_of, file_under, local_instant, own_offset_min
from athletes.models import Day, SeasonDay, SleepSession
from athletes.reports import intake

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ZONES = sorted(available_timezones())


def at(text):
    return datetime.fromisoformat(text)


def night(start, end, identity="n", provider="garmin", **values):
    """Asleep from start to end, unless told otherwise."""
    return {
        "client_record_id": identity,
        "source": {"provider": provider},
        "start_at": at(start),
        "end_at": at(end),
        "duration_s": (at(end) - at(start)).total_seconds(),
        **values,
    }


def sleep(athlete, *sessions):
    for index, session in enumerate(sessions):
        session = {**session, "client_record_id": f"{session['client_record_id']}-{index}"}
        intake.record_one(athlete, "sleep_session", session, now=NOW)


# --- the night belongs to the day of waking ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "zone", "expected"),
    [
        ("2026-11-19T16:00:00+01:00", "2026-11-20T00:05:00+01:00", "", date(2026, 11, 20)),
        ("2026-11-20T15:50:00+01:00", "2026-11-20T23:50:00+01:00", "", date(2026, 11, 20)),
        ("2026-11-19T14:29:00+01:00", "2026-11-20T02:20:00+01:00", "", date(2026, 11, 20)),
        # both changes of summer time in Berlin: a night of 7 h and one of 9 h on the wall clock of 8 h
        ("2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00", "Europe/Berlin", date(2026, 3, 29)),
        ("2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00", "Europe/Berlin", date(2026, 10, 25)),
        ("2026-10-24T20:00:00Z", "2026-10-24T22:30:00Z", "Europe/Berlin", date(2026, 10, 25)),
        ("2026-11-20T22:30:00+13:00", "2026-11-21T06:30:00+13:00", "", date(2026, 11, 21)),
        ("2026-11-20T22:30:00-11:00", "2026-11-21T06:30:00-11:00", "", date(2026, 11, 21)),
        # asleep over Honolulu on the 20th, awake in Auckland on the 22nd: there was no 21st
        ("2026-11-20T20:00:00-10:00", "2026-11-22T06:00:00+13:00", "Pacific/Auckland", date(2026, 11, 22)),
        # no offset at all: the athlete's zone (Berlin) decides
        ("2026-11-20T15:00:00Z", "2026-11-20T23:30:00Z", None, date(2026, 11, 21)),
    ],
)
def test_a_night_belongs_to_the_local_date_of_waking(alice, start, end, zone, expected):
    session = night(start, end, timezone=zone or None)
    if zone is None:
        session |= {name: session[name].replace(tzinfo=OFFSET_UNKNOWN) for name in ("start_at", "end_at")}
    stored = intake.record_one(alice, "sleep_session", session, now=NOW).record
    assert stored.date == expected
    assert stored.date_basis == {None: "profile_zone", "": "record_offset"}.get(zone, "record_zone")
    assert Day.objects.get(date=expected).sleep_duration_min > 0


def test_an_afternoon_nap_does_not_stand_for_the_night(alice):
    sleep(
        alice,
        night("2026-11-19T23:00:00+01:00", "2026-11-20T06:00:00+01:00", score=71),
        night("2026-11-20T14:00:00+01:00", "2026-11-20T15:30:00+01:00", is_nap=True, score=95),
    )
    day = Day.objects.get(date=date(2026, 11, 20))
    assert (day.sleep_duration_min, day.sleep_score) == (420.0, 71.0)
    assert [(r["value"], r["why"]) for r in day.provenance["sleep_duration"]["rejected"]] == [(90.0, "nap")]


def test_fragments_up_to_two_hours_apart_are_one_night(alice):
    sleep(
        alice,
        night("2026-11-19T20:30:00+01:00", "2026-11-19T23:30:00+01:00", score=40),
        night("2026-11-20T01:30:00+01:00", "2026-11-20T06:30:00+01:00", score=80),
    )
    assert set(SleepSession.objects.values_list("date", flat=True)) == {date(2026, 11, 20)}
    day = Day.objects.get(date=date(2026, 11, 20))
    assert (day.sleep_duration_min, day.sleep_score) == (480.0, 80.0)
    assert len(day.provenance["sleep_duration"]["source"]["merged"]) == 2
    assert Day.objects.get(date=date(2026, 11, 19)).sleep_duration_min is None


def test_fragments_four_hours_apart_are_two_and_the_longer_is_the_night(alice):
    sleep(
        alice,
        night("2026-11-19T22:00:00+01:00", "2026-11-20T00:30:00+01:00", score=40),
        night("2026-11-20T04:30:00+01:00", "2026-11-20T10:30:00+01:00", score=80),
    )
    day = Day.objects.get(date=date(2026, 11, 20))
    assert (day.sleep_duration_min, day.sleep_score) == (360.0, 80.0)
    assert [(r["value"], r["why"]) for r in day.provenance["sleep_duration"]["rejected"]] == [
        (150.0, "not_the_main_sleep")
    ]


def test_a_partial_session_that_grew_is_replaced(alice):
    sleep(
        alice,
        night("2026-11-19T23:00:00+01:00", "2026-11-20T03:00:00+01:00"),
        night("2026-11-19T23:00:00+01:00", "2026-11-20T06:00:00+01:00"),
    )
    day = Day.objects.get(date=date(2026, 11, 20))
    assert day.sleep_duration_min == 420.0
    assert [r["why"] for r in day.provenance["sleep_duration"]["rejected"]] == ["replaced_by_longer"]


def test_two_vendors_scores_are_never_averaged(alice):
    whole = ("2026-11-19T23:00:00+01:00", "2026-11-20T06:00:00+01:00")
    sleep(alice, night(*whole, provider="garmin", score=60), night(*whole, provider="oura", score=90))
    day = Day.objects.get(date=date(2026, 11, 20))
    assert (day.sleep_score, day.sleep_score_basis) == (90.0, "oura")
    alice.source_priority = {"sleep": ["garmin"]}
    resolving.resolve_days(alice, [day.date])
    day.refresh_from_db()
    assert (day.sleep_score, day.sleep_score_basis) == (60.0, "garmin")
    assert [(r["value"], r["why"]) for r in day.provenance["sleep_score"]["rejected"]] == [(90.0, "lower_priority")]


def test_deleting_the_later_fragment_gives_the_earlier_one_its_own_day_back(alice):
    sleep(
        alice,
        night("2026-11-19T20:30:00+01:00", "2026-11-19T23:30:00+01:00"),
        night("2026-11-20T01:00:00+01:00", "2026-11-20T06:30:00+01:00"),
    )
    intake.delete_record(SleepSession.objects.order_by("end_at").last(), now=NOW)
    assert Day.objects.get(date=date(2026, 11, 19)).sleep_duration_min == 180.0
    assert Day.objects.get(date=date(2026, 11, 20)).sleep_duration_min is None


@pytest.mark.parametrize("sleep_first", [True, False])
def test_an_overnight_reading_lies_on_the_day_its_night_ends(alice, sleep_first):
    reading = {
        "client_record_id": "r",
        "source": {"provider": "garmin"},
        "measured_at": at("2026-11-19T15:00:00+01:00"),
        "metric": "rmssd",
        "context": "overnight_mean",
        "value_ms": 60.0,
    }
    shift_sleep = night("2026-11-19T14:29:00+01:00", "2026-11-20T02:20:00+01:00")
    reports = [("sleep_session", shift_sleep), ("hrv_reading", reading)]
    for kind, data in reports if sleep_first else reversed(reports):
        intake.record_one(alice, kind, data, now=NOW)
    assert dict(Day.objects.exclude(hrv_ms=None).values_list("date", "hrv_ms")) == {date(2026, 11, 20): 60.0}


@pytest.mark.parametrize(
    ("measured", "context", "expected"),
    [
        ("2026-11-19T23:10:00+01:00", "overnight_mean", 20),
        ("2026-11-20T00:10:00+01:00", "overnight_mean", 20),
        ("2026-11-20T06:40:00+01:00", "overnight_deep", 20),
        ("2026-11-20T06:40:00+01:00", "morning_supine", 20),
        ("2026-11-19T23:10:00+01:00", "spot", 19),
    ],
)
def test_readings_without_a_night_go_by_the_clock(alice, measured, context, expected):
    reading = {"client_record_id": "r", "measured_at": at(measured), "metric": "rmssd", "value_ms": 60.0}
    stored = intake.record_one(alice, "hrv_reading", reading | {"context": context}, now=NOW).record
    assert stored.date == date(2026, 11, expected)


instants = st.datetimes(datetime(2000, 1, 2), datetime(2030, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))


@settings(max_examples=300, deadline=None)
@given(instants, st.sampled_from(ZONES), st.sampled_from(ZONES), st.integers(-12 * 60, 14 * 60))
def test_every_instant_lies_in_exactly_the_local_day_it_is_filed_under(instant, zone, profile, offset):
    day, basis, in_force = file_under(instant, zone=zone, own_offset=offset, profile_zone=profile)
    first, after = bounds_of(zone, day)
    assert first <= instant < after
    assert basis == "record_zone"
    assert (instant + timedelta(minutes=in_force)).date() == day or in_force % 1
    by_offset = file_under(instant, zone="", own_offset=offset, profile_zone=profile)
    assert by_offset == ((instant + timedelta(minutes=offset)).date(), "record_offset", offset)
    by_profile = file_under(instant, zone="", own_offset=None, profile_zone=profile)
    assert by_profile == (instant.astimezone(ZoneInfo(profile)).date(), "profile_zone", None)


@settings(max_examples=200, deadline=None)
@given(st.dates(date(2000, 1, 2), date(2030, 1, 1)), st.sampled_from(ZONES))
def test_local_days_follow_each_other_without_gap_or_overlap(day, zone):
    first, after = bounds_of(zone, day)
    assert after == bounds_of(zone, day + timedelta(days=1))[0]
    hours = (after - first) / timedelta(hours=1)
    # Samoa (2011) and Kwajalein-like moves of the date line skip a whole day; no day is longer than 25 h but there
    assert 0 <= hours <= 48


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Kathmandu", date(2026, 3, 29), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_days_of_23_to_25_hours(zone, day, hours):
    first, after = bounds_of(zone, day)
    assert after - first == timedelta(hours=hours)


def test_a_wall_clock_time_that_summer_time_skips_still_comes():
    assert local_instant("Europe/Berlin", date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_z_says_that_nobody_knows_the_offset():
    assert own_offset_min(datetime(2026, 1, 1, tzinfo=OFFSET_UNKNOWN)) is None
    assert own_offset_min(datetime(2026, 1, 1, tzinfo=UTC)) == 0


half_hours = st.integers(0, 96)
stretches = st.tuples(half_hours, st.integers(1, 20)).map(
    lambda s: (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * s[0]), timedelta(minutes=30 * s[1]))
)


@settings(max_examples=200, deadline=None)
@given(st.lists(stretches, min_size=1, max_size=8), st.randoms())
def test_nights_are_apart_and_do_not_depend_on_the_order_of_arrival(stretches, random):
    sessions = [
        {
            "id": f"{index:03}",
            "start_at": start,
            "end_at": start + length,
            "duration_s": None,
            "time_in_bed_s": None,
            "awake_s": 0,
            "light_s": None,
            "deep_s": None,
            "rem_s": None,
            "score": None,
        }
        for index, (start, length) in enumerate(stretches)
    ]
    found = nights.merge(sessions)
    shuffled = list(sessions)
    random.shuffle(shuffled)
    assert nights.merge(shuffled) == found
    for earlier, later in pairwise(found):
        assert later.start_at - earlier.end_at > nights.MERGE_GAP
    members = [fragment["id"] for n in found for fragment in (*n.fragments, *n.replaced)]
    assert sorted(members) == [session["id"] for session in sessions]
    for n in found:
        assert n.asleep_s <= (n.end_at - n.start_at).total_seconds()


# --- one value a signal -----------------------------------------------------------------------------------------------


def training(identity, start, provider="manual", **values):
    return {
        "client_record_id": identity,
        "source": {"provider": provider},
        "started_at": at(f"2026-11-20T{start}+01:00"),
        "duration_min": 60.0,
        **values,
    }


def the_day(on=date(2026, 11, 20)):
    return Day.objects.get(date=on)


def test_the_days_load_is_the_sum_and_unknown_while_an_rpe_is_missing(alice):
    intake.record_one(alice, "training_session", training("a", "09:00", rpe=3.0, kind="endurance"), now=NOW)
    assert (the_day().load_au, the_day().high_intensity_share) == (180.0, 0.0)
    intake.record_one(alice, "training_session", training("b", "17:00", kind="track_sprint"), now=NOW)
    assert (the_day().load_au, the_day().provenance["load"]["flags"]) == (None, ["rpe_missing"])
    rated = training("b", "17:00", kind="track_sprint", rpe=6.0, client_record_version=1)
    intake.record_one(alice, "training_session", rated, now=NOW)
    assert the_day().load_au == 540.0
    assert the_day().high_intensity_share == pytest.approx(360 * 0.4 / 540)
    assert the_day().first_session_at == at("2026-11-20T09:00+01:00")


def test_one_session_reported_by_watch_and_by_hand_counts_once(alice):
    intake.record_one(alice, "training_session", training("w", "17:05", provider="garmin"), now=NOW)
    intake.record_one(alice, "training_session", training("m", "17:00", rpe=7.0), now=NOW)
    assert the_day().load_au == 420.0
    assert [r["why"] for r in the_day().provenance["load"]["rejected"]] == ["same_session"]


def test_a_rest_day_is_zero_a_silent_day_is_unknown_and_a_session_beats_both(alice):
    intake.record_one(alice, "rest_day", {"client_record_id": "r", "date": date(2026, 11, 20)}, now=NOW)
    assert (the_day().load_au, the_day().rest_day) == (0.0, True)
    intake.record_one(alice, "training_session", training("a", "09:00", rpe=5.0), now=NOW)
    assert (the_day().load_au, the_day().rest_day) == (300.0, False)
    assert the_day().provenance["load"]["flags"] == ["rest_day_contradicted"]
    assert [r["why"] for r in the_day().provenance["load"]["rejected"]] == ["session_reported"]


def test_more_load_than_a_day_can_hold_is_no_load(alice):
    for hour in range(3):
        long = training(f"s{hour}", f"{hour * 6:02}:00", rpe=10.0) | {"duration_min": 600.0}
        intake.record_one(alice, "training_session", long, now=NOW)
    assert the_day().provenance["load"]["flags"] in ([], ["implausible_load"])
    assert the_day().load_au is None or the_day().load_au <= resolving.MOST_LOAD_AU


def test_measured_values_beat_a_season_log_and_the_log_fills_the_rest(alice):
    SeasonDay.objects.create(
        athlete=alice,
        date=date(2026, 11, 20),
        hrv_rmssd_ms=70,
        sleep_h=7.5,
        sleep_score=66,
        load_au=500,
        ill=True,
        planned_load_au=400,
        planned_high_intensity_share=0.3,
        file_sha256="0" * 64,
    )
    resolving.resolve_days(alice, [date(2026, 11, 20)])
    day = the_day()
    assert (day.hrv_ms, day.hrv_era, day.sleep_duration_min, day.sleep_score) == (70.0, "", 450.0, 66.0)
    assert (day.load_au, day.illness, day.planned_load_au, day.planned_by) == (500.0, "unspecified", 400.0, "season")
    check_in = {"hrv": {"metric": "rmssd", "value_ms": 62.0, "context": "morning_supine"}}
    intake.record_check_in(alice, day.date, check_in, now=NOW)
    day = the_day()
    assert (day.hrv_ms, day.hrv_era, day.sleep_duration_min) == (62.0, "rmssd/manual/morning_supine", 450.0)
    assert [(r["value"], r["why"]) for r in day.provenance["hrv"]["rejected"]] == [(70.0, "lower_priority")]


def test_rmssd_counts_before_sdnn_which_is_another_era(alice):
    common = {"measured_at": at("2026-11-20T06:00:00+01:00"), "context": "spot", "source": {"provider": "apple"}}
    for metric in ("sdnn", "rmssd"):
        reading = {**common, "client_record_id": metric, "metric": metric, "value_ms": 50.0}
        intake.record_one(alice, "hrv_reading", reading, now=NOW)
    assert the_day().hrv_era == "rmssd/apple/spot"
    assert [r["why"] for r in the_day().provenance["hrv"]["rejected"]] == ["other_era"]


@pytest.mark.parametrize(
    ("scale", "answers", "readiness", "score"),
    [
        ("mclean_1_5", (5, 5, 5, 5, 5), 5, 100),
        ("mclean_1_5", (1, 1, 1, 1, 1), 1, 0),
        ("hooper_1_7", (1, 1, 1, 1, 1), 5, 100),
        ("hooper_1_7", (7, 7, 7, 7, 7), 1, 0),
        ("hooper_1_7", (4, 4, 4, 4, 4), 3, 50),
        ("intervals_1_4", (1, 1, 1, 1, 1), 5, 100),
        ("intervals_1_4", (4, 4, 4, 4, 4), 1, 0),
        ("mclean_1_5", (4, None, None, None, None), 4, 75),
    ],
)
def test_every_scale_ends_at_the_same_best_and_worst(alice, scale, answers, readiness, score):
    items = dict(zip(("fatigue", "sleep_quality", "muscle_soreness", "stress", "mood"), answers, strict=True))
    intake.record_check_in(alice, date(2026, 11, 20), {"scale": scale, **items}, now=NOW)
    assert (the_day().readiness_1_5, the_day().wellness_score) == (readiness, score)


def test_the_derived_sleep_score_is_the_one_the_models_know(alice):
    from measures.wellness import derived_sleep_score
    from mlmodels.state.features import sleep_score_from_report

    for hours in (0, 3, 4, 6.5, 8, 9, 12):
        for quality in (1, 2.5, 5):
            for young in (False, True):
                ours = derived_sleep_score(hours, quality, under_18=young)
                assert ours == pytest.approx(float(sleep_score_from_report(hours, quality, under_18=young)), abs=1e-9)


def test_the_young_need_an_hour_more(alice):
    alice.birth_date = "2008-11-21"
    intake.record_check_in(alice, date(2026, 11, 20), {"sleep_duration_min": 480, "sleep_quality": 5}, now=NOW)
    assert the_day().sleep_score == pytest.approx(100 * (0.6 * 4 / 5 + 0.4))
    alice.birth_date = "2008-11-20"
    resolving.resolve_days(alice, [date(2026, 11, 20)])
    assert the_day().sleep_score == pytest.approx(100)


def test_dates_are_derived_again_when_the_profile_named_the_wrong_zone(alice, capsys):
    from django.core.management import call_command

    utc = night("2026-11-19T15:00:00Z", "2026-11-19T22:30:00Z")
    utc |= {name: utc[name].replace(tzinfo=OFFSET_UNKNOWN) for name in ("start_at", "end_at")}
    reading = {"measured_at": utc["start_at"], "metric": "rmssd", "context": "overnight_mean", "value_ms": 60.0}
    intake.record_one(alice, "sleep_session", utc, now=NOW)
    intake.record_one(alice, "hrv_reading", {"client_record_id": "r", "source": utc["source"], **reading}, now=NOW)
    alice.timezone = "Asia/Tokyo"
    alice.save()
    call_command("refile_records", "--dry-run")
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "2 record(s) would move, 2 day(s) would change"
    assert told[-2].startswith(f"day 2026-11-20 of {alice.pk}: hrv_ms, hrv_era, hrv_because, sleep_score")
    assert "(none -> rmssd/garmin/overnight_mean)" in told[-2]
    assert set(Day.objects.exclude(hrv_ms=None).values_list("date", flat=True)) == {date(2026, 11, 19)}
    call_command("refile_records")
    assert capsys.readouterr().out.splitlines()[-1] == "2 record(s) moved, 2 day(s) changed"
    day = the_day()
    assert (day.hrv_ms, day.sleep_duration_min) == (60.0, 450.0)
    call_command("refile_records")
    assert capsys.readouterr().out == "0 record(s) moved, 0 day(s) changed\n"
    Day.objects.filter(date=date(2026, 11, 20)).update(hrv_era="rmssd/oura/overnight_mean")  # as by another version
    call_command("refile_records", "--dry-run")
    told = f"day 2026-11-20 of {alice.pk}: hrv_era (rmssd/oura/overnight_mean -> rmssd/garmin/overnight_mean)"
    assert capsys.readouterr().out == f"{told}\n0 record(s) would move, 1 day(s) would change\n"
    assert the_day().hrv_era == "rmssd/oura/overnight_mean"


def pulse(provider, bpm, at_hour=6):
    measured = at(f"2026-11-20T0{at_hour}:00:00+01:00")
    return {"client_record_id": f"{provider}-{at_hour}", "source": {"provider": provider}, "measured_at": measured,
            "value_bpm": bpm}  # fmt: skip


def test_a_devices_resting_heart_rate_counts_where_the_athlete_typed_none_in(alice):
    for one in (pulse("garmin", 51.0), pulse("oura", 47.0), pulse("garmin", 52.0, 8)):
        intake.record_one(alice, "resting_hr_reading", one, now=NOW)
    heard = the_day().provenance["resting_hr"]
    assert (heard["value"], heard["source"]["provider"]) == (47.0, "oura")
    assert [(r["value"], r["why"]) for r in heard["rejected"]] == [(52.0, "lower_priority"), (51.0, "lower_priority")]
    intake.record_check_in(alice, date(2026, 11, 20), {"resting_hr_bpm": 50.0}, now=NOW)
    assert (the_day().resting_hr_bpm, the_day().provenance["resting_hr"]["source"]["kind"]) == (50.0, "check_in")
    alice.source_priority = {"resting_hr": ["garmin"]}
    resolving.resolve_days(alice, [date(2026, 11, 20)])
    assert the_day().resting_hr_bpm == 52.0


def test_resting_heart_rate_and_hrv_come_from_one_device_if_they_can(alice):
    for one in (pulse("garmin", 51.0), pulse("oura", 47.0)):
        intake.record_one(alice, "resting_hr_reading", one, now=NOW)
    hrv = {"metric": "rmssd", "context": "overnight_mean", "value_ms": 60.0, "measured_at": at("2026-11-20T06:00:00Z")}
    intake.record_one(alice, "hrv_reading", {"client_record_id": "h", "source": {"provider": "garmin"}, **hrv}, now=NOW)
    assert the_day().resting_hr_bpm == 51.0
