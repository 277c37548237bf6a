"""Export then import changes nothing: the same observation for another athlete of the same profile, bit for bit."""

import itertools
import os
import random
from datetime import UTC, datetime, time, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from athletes.days import resolving
from athletes.models import Day, SeasonDay, TrainingSession
from athletes.reports import intake, season_logs
from mlmodels.deciding.decision import decide_observed
from mlmodels.policies.policy import RulePolicy
from recommendations.inputs import frames
from recommendations.inputs.frames import Asked
from recommendations.models import Advice, Feedback, StateCarry, WaitingDay
from tests import factories
from tests.recommendations import doors

pytestmark = pytest.mark.django_db
NOW, TODAY = doors.NOW, doors.TODAY
YESTERDAY = TODAY - timedelta(days=1)
TAGS = itertools.count()
EXAMPLES = int(os.environ.get("HOMESTRETCH_ROUND_TRIP_EXAMPLES", "6"))
DAYS = 40


def store(athlete, what, provider, **values):
    named = {"client_record_id": f"r{next(TAGS)}", "source": {"provider": provider}}
    return intake.record_one(athlete, what, {**named, **values}, now=NOW).record


def at(on, hour, minute=0):
    return datetime.combine(on, time(hour, minute), UTC)


def a_check_in(rng, athlete, on):
    if on < TODAY - timedelta(days=14):
        return
    answers = {item: rng.randint(1, 5) for item in ("fatigue", "sleep_quality", "muscle_soreness", "stress", "mood")}
    data = {name: value for name, value in answers.items() if rng.random() < 0.8}
    optional = {
        "sleep_duration_min": rng.randint(200, 620),
        "resting_hr_bpm": rng.uniform(40, 60),
        "pain_0_10": rng.randint(0, 4),
        "illness": rng.choice(["none", "none", "none", "above_neck", "below_neck", "fever"]),
        "injury": {"status": rng.choice(["none", "none", "niggle", "open"])},
        "red_flag": rng.choice(["none", "none", "none", "chest_pain"]),
        "notes": rng.choice(["fine", "chest pain again", "tired"]),
        "hrv": {"metric": rng.choice(["rmssd", "rmssd", "sdnn"]), "context": "morning_supine",
                "value_ms": rng.choice([rng.uniform(50, 70), 8.0])},
    }  # fmt: skip
    data |= {name: value for name, value in optional.items() if rng.random() < 0.4}
    intake.record_check_in(athlete, on, {"fatigue": 3} | data, now=NOW)


def a_night(rng, athlete, on):
    end = at(on, 6, rng.randint(0, 59))
    begin = end - timedelta(seconds=rng.randint(3 * 3600, 10 * 3600))
    scored = {"score": rng.uniform(40, 99)} if rng.random() < 0.5 else {}
    provider = rng.choice(["garmin", "oura", "apple"])
    store(athlete, "sleep_session", provider, start_at=begin, end_at=end, **scored)


def a_reading(rng, athlete, on):
    metric = rng.choice(["rmssd", "rmssd", "sdnn"])
    value = rng.choice([rng.uniform(50, 70)] * 5 + [9.5])  # 9.5: doubted once there is a baseline
    provider, context = rng.choice([("garmin", "overnight_mean"), ("apple", "spot"), ("garmin", "overnight_mean")])
    store(athlete, "hrv_reading", provider, metric=metric, context=context, value_ms=value, measured_at=at(on, 6))


def a_resting_heart(rng, athlete, on):
    store(athlete, "resting_hr_reading", "garmin", value_bpm=rng.uniform(40, 60), measured_at=at(on, 6))


def a_session(rng, athlete, on):
    """Rated, or estimated from heart rate, from the plan, from nothing."""
    optional = {"rpe": rng.choice([3.0, 5.5, 8.0]), "avg_hr_bpm": rng.uniform(110, 175),
                "high_intensity_share": rng.random()}  # fmt: skip
    known = {name: value for name, value in optional.items() if rng.random() < 0.5}
    kind = rng.choice(["track_sprint", "tempo", "endurance", "strength"])
    began = at(on, rng.choice([9, 17]))
    store(athlete, "training_session", rng.choice(["garmin", "manual"]), kind=kind, started_at=began,
          duration_min=rng.uniform(20, 100), **known)  # fmt: skip


def a_rest_day(rng, athlete, on):
    store(athlete, "rest_day", "manual", date=on)


def a_test(rng, athlete, on):
    timing = rng.choice(["fat", "gates", "hand", "app"])
    store(athlete, "performance_test", "manual", tested_at=at(on, 16), time_s=rng.uniform(48, 60), timing=timing)


def a_plan(rng, athlete, on):
    on += timedelta(days=rng.choice([0, 0, 0, 3]))  # a plan of days to come, too
    values = {"load_au": rng.choice([0.0, rng.uniform(100, 700)]), "high_intensity_share": rng.random()}
    intake.record_plan(athlete, on, values, by=athlete.user, now=NOW)


def a_confirmed_record(rng, athlete, on):
    for reading in athlete.hrvreadings.filter(quality_status="quarantined")[:1]:
        intake.confirm_record(reading, now=NOW)


def a_rating(rng, athlete, on):
    for session in TrainingSession.objects.filter(athlete=athlete, rpe=None)[:1]:
        intake.rate_session(session, 6.0, by=athlete.user, now=NOW)


def an_advice(rng, athlete, on):
    if on < TODAY and not Advice.objects.filter(athlete=athlete, date=on).exists():
        actions = ["increase_intensity", "increase_volume", "active_recovery", "as_planned"]
        advice = factories.make_advice(athlete, on, action=rng.choice(actions), current=True)
        if rng.random() < 0.5:
            Feedback.objects.create(advice=advice, followed=rng.choice(Feedback.Followed.values))


DOORS = [*[a_check_in] * 4, *[a_night] * 3, *[a_reading] * 4, a_resting_heart, *[a_session] * 4, a_rest_day, a_test,
         *[a_plan] * 2, a_confirmed_record, a_rating, an_advice, doors.by_season_log, doors.by_intervals]  # fmt: skip


def lived(rng, **profile):
    athlete = factories.make_athlete(f"a{next(TAGS)}@example.org", timezone="UTC", **profile)
    if rng.random() < 0.3:
        athlete.source_priority = {"sleep": ["manual"], "hrv": ["apple"]}
        athlete.save()
    doors = rng.sample(DOORS, rng.randint(6, len(DOORS)))
    for ago in range(rng.randint(15, DAYS), -1, -1):
        for _ in range(rng.choice([0, 2, 3, 5])):
            rng.choice(doors)(rng, athlete, TODAY - timedelta(days=ago))
    return athlete


def run(command, *args, **options):
    out, err = StringIO(), StringIO()
    call_command(command, *args, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def seen(athlete):
    StateCarry.objects.filter(athlete=athlete).delete()
    rows = frames.day_rows({athlete.pk: TODAY})
    observation = frames.stand([Asked(athlete, TODAY, rows.get(athlete.pk, frames.NOTHING))]).observation
    verdict = decide_observed(observation, RulePolicy())[0]
    return {"observation": observation.row(0), "verdict": repr(verdict)}


def another_like(athlete):
    names = ("timezone", "sex", "birth_date", "source_priority", "usual_sessions_per_week", "usual_session_min",
             "usual_session_rpe", "main_race_on")  # fmt: skip
    profile = {name: getattr(athlete, name) for name in names}
    return factories.make_athlete(f"b{next(TAGS)}@example.org", **profile)


def exported(athlete, path):
    run("export_season", path, athlete=athlete.user.email, overwrite=True)
    return path


def moved(athlete, path):
    """Exported, and imported by another athlete of the same profile."""
    other = another_like(athlete)
    frame = read(exported(athlete, path)).assign(athlete=other.user.email)
    write_season_log(frame, path)
    run("import_season", path)
    return other


def read(path):
    from mlmodels.season_log import read_season_log

    return read_season_log(path)


def write_season_log(frame, path):
    from mlmodels.season_log import write_season_log as write

    write(frame, path)


def contents(athlete):
    return list(Day.objects.filter(athlete=athlete).order_by("date").values()), SeasonDay.objects.count()


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)  # fmt: skip
@given(seed=st.integers(0, 2**32 - 1))
def test_a_round_trip_changes_nothing(tmp_path_factory, db, seed):
    rng = random.Random(seed)
    path = tmp_path_factory.mktemp("log") / rng.choice(["log.csv", "log.parquet"])
    with time_machine.travel(NOW, tick=False):
        athlete = lived(rng, birth_date=rng.choice(["", "2010-03-01", "1990-01-01"]))
        before = seen(athlete)
        if not Day.objects.filter(athlete=athlete, date__lte=TODAY).exists():
            return
        other = moved(athlete, path)
        assert seen(other) == before
        again = moved(other, path)
        assert seen(again) == before
        stored, waiting = contents(athlete), WaitingDay.objects.count()
        run("import_season", exported(athlete, path))
        assert contents(athlete) == stored
        assert WaitingDay.objects.count() == waiting
        assert seen(athlete) == before


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.usefixtures("clock")
def test_a_derived_sleep_score_stays_at_home_and_is_derived_again(alice, tmp_path):
    for ago in range(10, -1, -1):
        answers = {"sleep_quality": 2 + ago % 3, "sleep_duration_min": 401 + 13 * ago}
        intake.record_check_in(alice, TODAY - timedelta(days=ago), answers, now=NOW)
    before = seen(alice)
    other = moved(alice, tmp_path / "log.csv")
    assert set(SeasonDay.objects.values_list("sleep_score", flat=True)) == {None}
    assert set(Day.objects.filter(athlete=other).values_list("sleep_score_basis", flat=True)) == {"derived"}
    assert seen(other) == before


@pytest.mark.usefixtures("clock")
def test_what_is_told_after_an_import_outranks_the_log(alice, tmp_path):
    rows = [{"date": TODAY, "sleep_score": 95.0, "sleep_h": 9.0, "load_au": 100.0, "hrv_rmssd_ms": 60.0, "ill": False}]
    season_logs.import_season(alice, rows, file_sha256="0" * 64, now=NOW)
    answers = {"sleep_duration_min": 240, "sleep_quality": 1, "illness": "fever", "resting_hr_bpm": 55.0}
    intake.record_check_in(alice, TODAY, answers, now=NOW)
    day = Day.objects.get(athlete=alice, date=TODAY)
    assert (day.sleep_duration_min, day.sleep_score_basis, day.illness) == (240.0, "derived", "fever")
    asleep = {"start_at": at(YESTERDAY, 23), "end_at": at(TODAY, 5), "duration_s": 21_600, "score": 61.0}
    store(alice, "sleep_session", "oura", **asleep)
    store(alice, "training_session", "garmin", started_at=at(TODAY, 9), duration_min=60.0, rpe=6.0)
    store(alice, "hrv_reading", "garmin", metric="rmssd", context="spot", value_ms=55.0, measured_at=at(TODAY, 6))
    day.refresh_from_db()
    told = (day.sleep_duration_min, day.sleep_score, day.load_au, day.hrv_ms)
    assert told == (360.0, 61.0, 360.0, 55.0)


@pytest.mark.usefixtures("clock")
def test_silence_after_an_injury_is_no_all_clear_on_the_other_side(alice, tmp_path):
    hurt = {"fatigue": 3, "injury": {"status": "open"}, "red_flag": "fainting"}
    intake.record_check_in(alice, TODAY - timedelta(days=2), hurt, now=NOW)
    for ago in (1, 0):
        intake.record_check_in(alice, TODAY - timedelta(days=ago), {"fatigue": 3}, now=NOW)
    before = seen(alice)
    assert (before["observation"]["injured"], before["observation"]["red_flag"]) == (1.0, 1.0)
    assert seen(moved(alice, tmp_path / "log.csv")) == before


@pytest.mark.usefixtures("clock")
def test_a_check_in_that_does_not_ask_leaves_what_a_log_says_of_an_injury(alice):
    rows = [{"date": TODAY, "injured": True, "ill": True}]
    season_logs.import_season(alice, rows, file_sha256="0" * 64, now=NOW)
    intake.record_check_in(alice, TODAY, {"fatigue": 5}, now=NOW)
    day = Day.objects.get(athlete=alice, date=TODAY)
    assert (day.injury_status, day.illness) == ("open", "unspecified")
    answered = {"fatigue": 5, "injury": {"status": "none"}, "illness": "none"}
    intake.record_check_in(alice, TODAY, answered, now=NOW)
    day.refresh_from_db()
    assert (day.injury_status, day.illness) == ("none", "none")


@pytest.mark.usefixtures("clock")
def test_the_export_says_what_it_leaves_out(alice, tmp_path):
    intake.record_check_in(alice, TODAY, {"fatigue": 3, "sleep_duration_min": 400}, now=NOW)
    planned = {"load_au": 300.0, "high_intensity_share": 0.2}
    intake.record_plan(alice, TODAY + timedelta(days=2), planned, by=alice.user, now=NOW)
    store(alice, "training_session", "garmin", started_at=at(YESTERDAY, 9), duration_min=60.0, rpe=6.0)
    _, err = run("export_season", tmp_path / "log.csv")
    assert err.splitlines() == [
        "left out: 1 check-ins' single answers and notes",
        "left out: 1 days to come, with their plans",
        "left out: 1 derived sleep scores (derived again from the hours on import)",
        "left out: 1 sessions behind the daily loads",
    ]


@pytest.mark.parametrize("cells", ["sdnn/apple/spot,", "rmssd/garmin/spot,rmssd/garmin/spot=900", "garmin,", ",x=1"])
def test_marks_that_no_export_writes_are_refused(tmp_path, cells):
    from mlmodels.season_log import read_good_athletes

    path = tmp_path / "log.csv"
    path.write_text(f"athlete,date,hrv_rmssd_ms,hrv_era,hrv_readings\nAda,{TODAY},61.0,{cells}\n")
    frame, problems = read_good_athletes(path)
    assert len(frame) == 0
    assert problems


@pytest.mark.parametrize("asleep_s", [27151, 21600, 24017, 1, 86399])
def test_hours_become_the_same_minutes_again(asleep_s):
    minutes = asleep_s / 60
    assert resolving.minutes_of(minutes / 60) / 60 == minutes / 60


@pytest.mark.usefixtures("clock")
def test_advice_on_a_day_of_which_nothing_was_reported_goes_along(alice, tmp_path):
    for ago in (5, 0):
        intake.record_check_in(alice, TODAY - timedelta(days=ago), {"fatigue": 4}, now=NOW)
    for ago in (2, 1):
        factories.make_advice(alice, TODAY - timedelta(days=ago), action="increase_intensity", current=True)
    before = seen(alice)
    assert before["observation"]["intensity_run"] == 2
    assert seen(moved(alice, tmp_path / "log.csv")) == before


@pytest.mark.parametrize("logged_rest", [None, True])
def test_a_rest_day_is_who_said_so_last(alice, bob, logged_rest):
    """A log of 0 AU and a rest day that was reported; a log of a rest day and a session of no effort."""
    rows = [{"date": TODAY, "load_au": 0.0, "rest_day": logged_rest}]
    season_logs.import_season(alice, rows, file_sha256="0" * 64, now=NOW)
    if logged_rest:
        session = {
            "started_at": datetime.combine(TODAY, time(9), UTC),
            "duration_min": 20.0,
            "rpe": 0.0,
            "kind": "other",
        }
        intake.record_one(alice, "training_session", {"client_record_id": "s", **session}, now=NOW)
    else:
        intake.record_one(alice, "rest_day", {"client_record_id": "r", "date": TODAY}, now=NOW)
    hers = Day.objects.get(athlete=alice, date=TODAY)
    (row,) = season_logs.season_rows(alice)
    season_logs.import_season(bob, [row], file_sha256="1" * 64, now=NOW)
    his = Day.objects.get(athlete=bob, date=TODAY)
    assert (his.load_au, his.rest_day) == (hers.load_au, hers.rest_day) == (0.0, not logged_rest)
