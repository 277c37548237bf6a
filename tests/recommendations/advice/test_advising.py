"""A waiting morning becomes advice."""

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from athletes.days import hrv_baselines, hrv_readings
from athletes.days.hrv_readings import EraRead
from athletes.models import Day
from athletes.reports import intake
from mlmodels.deciding.hazards import KIND_CODES, warning_levels
from mlmodels.state.tracker import Tracker
from recommendations.advice import advising
from recommendations.advice.advising import differences, drain
from recommendations.inputs import frames
from recommendations.inputs.frames import ONE_DAY, Asked
from recommendations.models import Advice, Delivery, Device, Feedback, Override, StateCarry, WaitingDay, Warning
from recommendations.queue import waiting
from recommendations.words import wording
from tests import factories
from tests.recommendations.seasons import AFTER_DEADLINE, MORNING, TODAY, YESTERDAY, live, ordinary, wake_up
from tests.recommendations.speaking import told

pytestmark = pytest.mark.django_db


def todays(athlete, day=TODAY):
    return Advice.objects.get(athlete=athlete, date=day, current=True)


def revisions(athlete, day=TODAY):
    rows = Advice.objects.filter(athlete=athlete, date=day).order_by("revision")
    return list(rows.values_list("revision", "status", "current"))


def phone_of(athlete):
    return Device.objects.create(user=athlete.user, kind="webpush", address_sha256=str(athlete.pk), address="https://x")


def pushes(athlete):
    rows = Delivery.objects.filter(advice__athlete=athlete).order_by("created_at")
    return list(rows.values_list("advice__revision", "state"))


def test_a_check_in_becomes_one_current_advice_and_leaves_the_queue(alice):
    live(alice, 40)
    wake_up(alice)
    assert drain(MORNING) == 1
    advice = todays(alice)
    assert (advice.status, advice.revision, advice.stage) == ("final", 1, "learned")
    assert advice.action in ("as_planned", "active_recovery", "increase_volume", "increase_intensity")
    assert advice.valid_until.isoformat() == "2026-05-20T22:00:00+00:00"
    assert not WaitingDay.objects.exists()
    assert carry_of(alice).through == YESTERDAY


def test_it_is_provisional_until_hrv_and_sleep_are_in(alice):
    live(alice, 40)
    wake_up(alice, hrv_ms=None)
    drain(MORNING)
    wake_up(alice)
    drain(MORNING)
    assert revisions(alice) == [(1, "provisional", False), (2, "final", True)]


def test_it_is_final_at_the_deadline_whatever_is_missing(alice):
    live(alice, 40)
    wake_up(alice, hrv_ms=None)
    drain(MORNING)
    waiting.enqueue(alice.pk, [TODAY], rings=True, reason=WaitingDay.Reason.DEADLINE)
    drain(AFTER_DEADLINE)
    assert revisions(alice) == [(1, "provisional", False), (2, "final", True)]


def test_without_a_check_in_the_morning_is_pending_until_the_deadline(alice):
    live(alice, 40)
    wake_up(alice, hrv_ms=None, checked_in_at=None)
    assert drain(MORNING) == 1
    assert not Advice.objects.exists()
    waiting.enqueue(alice.pk, [TODAY], rings=True)
    drain(AFTER_DEADLINE)
    assert revisions(alice) == [(1, "final", True)]


def test_the_same_morning_again_says_nothing_new(alice):
    live(alice, 40)
    for _ in range(3):
        wake_up(alice)
        drain(MORNING)
    assert revisions(alice) == [(1, "final", True)]
    assert not WaitingDay.objects.exists()


def test_an_athlete_of_whom_nothing_is_known_is_told_so(alice):
    wake_up(alice)
    drain(MORNING)
    advice = todays(alice)
    assert (advice.status, advice.withheld_reason, advice.action) == ("withheld", "insufficient_history", "")
    assert told(advice).headline == "Not enough is known yet"


def test_the_usual_week_is_enough_to_begin_with(alice):
    alice.usual_sessions_per_week, alice.usual_session_min, alice.usual_session_rpe = 6, 75, 6.0
    alice.save()
    wake_up(alice)
    drain(MORNING)
    advice = todays(alice)
    assert (advice.status, advice.stage, advice.policy_name) == ("final", "profile", "rule")
    assert advice.observation["chronic_au"] == pytest.approx(6 * 75 * 6 / 7)


@pytest.mark.parametrize(
    ("reported", "status", "reason", "headline"),
    [
        ({"red_flag": "chest_pain"}, "withheld", "red_flag", "No training today. Please see a doctor"),
        ({"injury_status": "open"}, "withheld", "injury", "No training on this injury"),
        ({"illness": "fever"}, "final", "", "Rest today"),
        ({"illness": "unspecified"}, "final", "", "Rest today"),
        ({"illness": "above_neck"}, "final", "", "Take it easy today"),
        ({"pain_0_10": 7}, "final", "", "Rest today"),
    ],
)
def test_what_stops_an_athlete_stops_the_advice(alice, reported, status, reason, headline):
    live(alice, 40)
    wake_up(alice, **reported)
    drain(MORNING)
    advice = todays(alice)
    assert (advice.status, advice.withheld_reason, told(advice).headline) == (status, reason, headline)


def test_an_injury_of_an_earlier_day_stands_until_it_is_answered_otherwise(alice):
    live(alice, 40, until=TODAY - timedelta(days=2))
    live(alice, 2, injury_status="")
    Day.objects.filter(athlete=alice, date=TODAY - timedelta(days=2)).update(injury_status="open")
    wake_up(alice, injury_status="")
    drain(MORNING)
    assert todays(alice).withheld_reason == "injury"
    wake_up(alice, injury_status="niggle")
    drain(MORNING)
    assert todays(alice).withheld_reason == ""


def test_silence_is_no_report_where_nothing_was_ever_answered(alice):
    live(alice, 40, red_flag="", injury_status="")
    wake_up(alice, red_flag="", injury_status="")
    drain(MORNING)
    assert todays(alice).withheld_reason == ""


def test_a_niggle_takes_every_increase_away_and_says_so(alice):
    live(alice, 40)
    wake_up(alice, injury_status="niggle")
    drain(MORNING)
    advice = todays(alice)
    assert {"code": "G05", "effect": "no_increase"} in advice.guards
    assert "niggle" in [wording.code_of(reason) for reason in advice.said["reasons"]]


def test_a_medical_hold_switches_the_advice_off_from_now_on(alice):
    live(alice, 40)
    wake_up(alice)
    drain(MORNING)
    alice.hold = "pregnancy"
    with time_machine.travel(MORNING, tick=False):
        alice.save()
    drain(MORNING)
    assert (todays(alice).status, todays(alice).withheld_reason) == ("withheld", "medical_hold")


def test_after_the_first_session_the_advice_is_frozen(alice):
    live(alice, 40)
    wake_up(alice)
    drain(MORNING)
    wake_up(alice, first_session_at=MORNING, soreness_1_5=1.0, hrv_ms=40.0)
    drain(AFTER_DEADLINE)
    assert revisions(alice) == [(1, "final", True)]


def test_but_a_red_flag_after_training_still_stops_the_day(alice):
    live(alice, 40)
    wake_up(alice)
    drain(MORNING)
    wake_up(alice, first_session_at=MORNING, red_flag="fainting")
    drain(AFTER_DEADLINE)
    assert revisions(alice) == [(1, "final", False), (2, "withheld", True)]


def test_yesterdays_load_reported_late_changes_what_is_said_today(alice):
    live(alice, 40)
    wake_up(alice)
    drain(MORNING)
    before = todays(alice)
    Day.objects.filter(athlete=alice, date=YESTERDAY).update(load_au=1_800.0)
    waiting.enqueue(alice.pk, [YESTERDAY], rings=True)
    drain(MORNING)
    after = todays(alice)
    assert after.revision == 2
    assert after.observation["acwr"] > before.observation["acwr"]


def test_past_advice_is_never_rewritten(alice):
    live(alice, 40, until=YESTERDAY)
    wake_up(alice, YESTERDAY, load_au=330.0)
    drain(MORNING - timedelta(days=1))
    said = todays(alice, YESTERDAY)
    Day.objects.filter(athlete=alice, date=TODAY - timedelta(days=5)).update(load_au=1_800.0)
    waiting.enqueue(alice.pk, [TODAY - timedelta(days=5)], rings=True)
    wake_up(alice)
    drain(MORNING)
    assert todays(alice, YESTERDAY) == said
    assert revisions(alice, YESTERDAY) == [(1, "final", True)]


def test_a_check_in_of_two_minutes_to_midnight_is_answered_for_its_own_day(alice):
    live(alice, 40)
    wake_up(alice)
    WaitingDay.objects.update(since=MORNING)
    drain(MORNING + timedelta(days=1))
    assert revisions(alice) == [(1, "final", True)]
    assert not WaitingDay.objects.exists()


def carry_of(athlete):
    return StateCarry.objects.filter(athlete=athlete).latest("through")


@pytest.mark.parametrize("days_late", [1, 3, 9, 80, 250])
def test_a_late_record_is_reached_from_the_evening_kept_before_it_and_gives_the_same_state(alice, bob, days_late):
    for athlete in (alice, bob):
        live(athlete, 400)
        wake_up(athlete)
    drain(MORNING)
    late = TODAY - timedelta(days=days_late)
    for athlete in (alice, bob):
        Day.objects.filter(athlete=athlete, date=late).update(load_au=777.0)
        waiting.enqueue(athlete.pk, [late], rings=True)
    StateCarry.objects.filter(athlete=bob).delete()
    reached = StateCarry.objects.filter(athlete=alice, through__lt=late).latest("through").through
    assert (late - reached).days <= {1: 1, 3: 4, 9: 14}.get(days_late, 91)
    drain(MORNING)
    assert todays(alice).observation == todays(bob).observation
    kept = StateCarry.objects.filter(athlete=alice).order_by("through").values_list("through", "packed")
    assert list(kept) == list(
        StateCarry.objects.filter(athlete=bob).order_by("through").values_list("through", "packed")
    )
    assert {through for through, _ in kept} == frames.kept_evenings(TODAY)


def test_the_evenings_kept_today_hold_all_that_is_kept_tomorrow_but_this_evening():
    for n in range(800):
        today = TODAY + timedelta(days=n)
        assert frames.kept_evenings(today + ONE_DAY) <= frames.kept_evenings(today) | {today}
        assert len(frames.kept_evenings(today)) <= 11


def test_the_carry_gives_the_same_state_as_the_whole_history(alice, bob):
    live(alice, 45)
    live(bob, 45)
    for ago in range(5, 0, -1):
        day = TODAY - timedelta(days=ago)
        drain_at = MORNING - timedelta(days=ago)
        waiting.enqueue(alice.pk, [day], rings=True)
        drain(drain_at)
    for athlete in (alice, bob):
        wake_up(athlete)
    StateCarry.objects.filter(athlete=bob).delete()
    drain(MORNING)
    a, b = todays(alice), todays(bob)
    differing = {k for k in a.observation if a.observation[k] != b.observation[k]}
    assert differing <= {"intensity_run", "intensity_6d", "recovery_3d"}  # bob was not advised before
    before = bytes(carry_of(alice).packed)
    StateCarry.objects.all().delete()
    waiting.enqueue(alice.pk, [TODAY], rings=True)
    drain(MORNING)
    assert bytes(carry_of(alice).packed) == before


def test_athletes_of_different_histories_in_one_batch_are_each_as_if_alone(alice, bob):
    carol = factories.make_athlete("carol@example.org")
    live(alice, 60)
    live(bob, 33)
    live(carol, 60)
    Day.objects.filter(athlete=carol, date__gt=TODAY - timedelta(days=20), date__lt=TODAY - timedelta(days=12)).delete()
    asked = [Asked(athlete, TODAY, frames.NOTHING | ordinary(TODAY)) for athlete in (alice, bob, carol)]
    together = frames.stand(asked).observation
    StateCarry.objects.all().delete()
    for i, one in enumerate(asked):
        assert frames.stand([one]).observation.row(0) == together.row(i)


GARMIN, OURA = "rmssd/garmin/overnight_mean", "rmssd/oura/overnight_mean"


def wear(athlete, day, chosen, others):
    """`chosen` and `others`: (era, ms) or None."""
    values = {"hrv_era": chosen[0] if chosen else "", "hrv_ms": chosen and chosen[1]}
    Day.objects.filter(athlete=athlete, date=day).update(**values)
    read = [*others, *([chosen] if chosen else [])]
    hrv_readings.replace(athlete.pk, {day: {era: EraRead(ms, False, False) for era, ms in read}})


HRV_SEEN = ("hrv_z", "hrv_mean_7d_ms", "hrv_baseline_ms", "hrv_baseline_days", "hrv_valid_7d", "hrv_range_low_ms")


def test_a_device_worn_beside_another_brings_its_baseline_along_when_it_takes_over(alice, bob):
    """Alice wears both, Bob the ring alone; from ten days ago on the ring counts for her too."""
    live(alice, 90)
    live(bob, 90)
    for ago in range(90, 0, -1):
        day = TODAY - timedelta(days=ago)
        watch, ring = (GARMIN, 62.0 + ago % 3), (OURA, 88.0 + ago % 5)
        wear(alice, day, *((watch, [ring]) if ago > 10 else (ring, [watch])))
        wear(bob, day, ring, [])
    today = frames.NOTHING | ordinary(TODAY) | {"hrv_ms": 80.0, "hrv_era": OURA}
    hers, his = (frames.stand([Asked(who, TODAY, today)]).observation.row(0) for who in (alice, bob))
    assert {name: hers[name] for name in HRV_SEEN} == pytest.approx({name: his[name] for name in HRV_SEEN})
    assert (hers["hrv_era_changes"], hers["hrv_era_days"], hers["hrv_baseline_days"]) == (1, 10, 60)
    back = today | {"hrv_ms": 60.0, "hrv_era": GARMIN}
    this_morning = frames.stand([Asked(alice, TODAY, back)]).observation.row(0)
    assert this_morning["hrv_baseline_ms"] == pytest.approx(63.0, abs=0.1)
    assert (this_morning["hrv_era_changes"], this_morning["hrv_era_days"]) == (2, 0)
    assert frames.stand([Asked(alice, TODAY, today)]).observation.row(0) == hers  # asking does not move the carry


def test_one_returns_to_a_baseline_one_had_and_to_nothing_after_its_window(alice):
    live(alice, 180)
    for ago in range(180, 0, -1):
        chosen = (GARMIN, 62.0 + ago % 3) if ago > 100 or 30 >= ago > 10 else (OURA, 88.0 + ago % 5)
        wear(alice, TODAY - timedelta(days=ago), chosen, [])
    seen = {}
    for era, ms in ((GARMIN, 63.0), (OURA, 90.0)):
        row = frames.stand([Asked(alice, TODAY, frames.NOTHING | {"hrv_ms": ms, "hrv_era": era})]).observation.row(0)
        seen[era] = (row["hrv_baseline_days"], row["hrv_valid_7d"])
    # The watch: 20 days, all in the window. The ring: 10 days of which 3 are in the window, 37 from before.
    assert seen == {GARMIN: (20, 1), OURA: (40, 7)}


SDNN = "sdnn/apple/spot"


@pytest.mark.parametrize(
    ("eras", "today", "days"),
    [
        ([("", 40)], GARMIN, 33),  # the first rMSSD device after a log goes on with it
        ([("", 40), (GARMIN, 5)], GARMIN, 38),
        ([("", 40), (GARMIN, 30)], OURA, 0),
        ([("", 40)], SDNN, 0),
        ([("", 40), (SDNN, 20)], SDNN, 13),
        ([(SDNN, 40), ("", 20)], SDNN, 40),
        ([(SDNN, 40), ("", 20)], "", 40),
        ([(GARMIN, 40), ("", 20)], GARMIN, 53),
    ],
)
def test_a_season_log_is_rmssd_of_no_device(alice, eras, today, days):
    """`days` of the baseline, which ends a week ago."""
    live(alice, sum(count for _, count in eras))
    ago = sum(count for _, count in eras)
    for era, count in eras:
        for _ in range(count):
            wear(alice, TODAY - timedelta(days=ago), (era, 120.0 if era == SDNN else 60.0), [])
            ago -= 1
    row = frames.stand([Asked(alice, TODAY, frames.NOTHING | {"hrv_ms": 60.0, "hrv_era": today})]).observation.row(0)
    assert row["hrv_baseline_days"] == days
    if days >= 14:
        assert row["hrv_baseline_ms"] == pytest.approx(120.0 if eras[0][0] == SDNN or today == SDNN else 60.0)


def test_what_was_done_counts_overrides_and_refusals(alice, charlie):
    live(alice, 40)
    for ago, action in ((3, "increase_intensity"), (2, "increase_intensity"), (1, "as_planned")):
        Advice.objects.create(
            athlete=alice, date=TODAY - timedelta(days=ago), revision=1, status="final", action=action,
            guard_version=1, state_version=1, issued_at=MORNING, valid_until=MORNING,
        )  # fmt: skip
    first, _, last = Advice.objects.filter(athlete=alice).order_by("date")
    Feedback.objects.create(advice=first, followed="no")
    Override.objects.create(advice=last, action="active_recovery", reason_code="other", by=charlie, created_at=MORNING)
    observed = frames.stand([Asked(alice, TODAY, frames.NOTHING | ordinary(TODAY))]).observation.row(0)
    assert (observed["intensity_6d"], observed["recovery_3d"]) == (1, 1)


def test_the_phone_rings_once_and_again_only_when_the_action_changes(alice):
    phone_of(alice)
    live(alice, 40)
    wake_up(alice, hrv_ms=67.0)
    drain(MORNING)
    wake_up(alice, hrv_ms=68.0)
    drain(MORNING)
    assert len(pushes(alice)) == 1
    wake_up(alice, illness="fever")
    drain(MORNING)
    assert [state for _, state in pushes(alice)] == ["obsolete", "waiting"]


def test_an_imported_season_rings_no_phone(alice):
    phone_of(alice)
    live(alice, 40)
    waiting.enqueue(alice.pk, [TODAY - timedelta(days=ago) for ago in range(40)], rings=False)
    wake_up(alice, rings=False)
    drain(AFTER_DEADLINE)
    assert todays(alice).status == "final"
    assert pushes(alice) == []


def test_nobody_is_woken_to_hear_that_there_is_nothing_to_say(alice):
    phone_of(alice)
    wake_up(alice)
    drain(MORNING)
    assert todays(alice).withheld_reason == "insufficient_history"
    assert pushes(alice) == []


def test_everything_an_advice_was_made_of_makes_it_again(alice, bob):
    for athlete, ill in ((alice, "none"), (bob, "fever")):
        live(athlete, 40)
        wake_up(athlete, illness=ill)
    drain(MORNING)
    for advice in Advice.objects.all():
        assert differences(advice) == {}
        call_command("replay_advice", str(advice.pk))


def test_an_advice_that_was_tampered_with_does_not_replay(alice):
    live(alice, 40)
    wake_up(alice)
    drain(MORNING)
    Advice.objects.update(action="increase_volume", observation=todays(alice).observation | {"acwr": 1.61})
    assert set(differences(todays(alice))) >= {"action"}
    with pytest.raises(CommandError, match="does not come out the same"):
        call_command("replay_advice", str(todays(alice).pk))


@pytest.fixture
def poison(monkeypatch):
    """Bob's arrays cannot be built: an error of ours, as an odd row might provoke it."""
    real = frames.days_to_race

    def raising(athlete, day):
        if athlete.user.email.startswith("bob"):
            raise ZeroDivisionError("as if")
        return real(athlete, day)

    monkeypatch.setattr(frames, "days_to_race", raising)


def test_one_athlete_whose_days_raise_does_not_keep_the_others_waiting(alice, bob, poison):
    for athlete in (alice, bob):
        live(athlete, 40)
        wake_up(athlete)
    drain(MORNING)
    assert todays(alice).status == "final"
    row = WaitingDay.objects.get()
    assert (row.athlete, row.attempts, row.error) == (bob, 1, "ZeroDivisionError")
    assert row.not_before > MORNING


def test_after_several_attempts_the_athlete_is_told_that_there_is_no_advice(bob, poison):
    live(bob, 40)
    wake_up(bob)
    for hour in range(waiting.GIVE_UP_AFTER):
        drain(MORNING + timedelta(minutes=20 * hour))
    advice = todays(bob)
    assert (advice.status, advice.withheld_reason) == ("withheld", "model_unavailable")
    assert not WaitingDay.objects.exists()


@pytest.mark.parametrize(("reported", "reason"), [({"illness": "fever"}, ""), ({"red_flag": "fainting"}, "red_flag")])
def test_a_failure_lifts_no_stop_of_health(bob, monkeypatch, reported, reason):
    live(bob, 40)
    wake_up(bob, **reported)
    drain(MORNING)
    stopped = todays(bob)
    monkeypatch.setattr(frames, "days_to_race", raise_as_if)
    wake_up(bob, **reported)
    for hour in range(waiting.GIVE_UP_AFTER):
        drain(MORNING + timedelta(minutes=20 * hour))
    assert (todays(bob).pk, todays(bob).withheld_reason) == (stopped.pk, reason)


def test_an_open_warning_sign_needs_no_computing_to_be_a_stop(bob, monkeypatch):
    live(bob, 40)
    wake_up(bob, red_flag="fainting")
    monkeypatch.setattr(frames, "days_to_race", raise_as_if)
    for hour in range(waiting.GIVE_UP_AFTER):
        drain(MORNING + timedelta(minutes=20 * hour))
    advice = todays(bob)
    assert (advice.withheld_reason, advice.guards) == ("red_flag", [{"code": "G01", "effect": "suspended"}])


def raise_as_if(athlete, day):
    raise ZeroDivisionError("as if")


def test_three_hundred_athletes_are_answered_in_two_batches_and_a_fixed_number_of_statements(db):
    squad = [factories.make_athlete(f"athlete{n}@example.org") for n in range(waiting.BATCH + 4)]
    for athlete in squad:
        live(athlete, 9)
        wake_up(athlete)
    frames.keep_carries(frames.stand([Asked(athlete, YESTERDAY, frames.NOTHING) for athlete in squad]).evenings)
    with CaptureQueriesContext(connection) as queries:
        assert advising.answer_batch(MORNING) == waiting.BATCH - waiting.BESIDE
    assert len(queries) <= 31
    assert drain(MORNING) == 4 + waiting.BESIDE
    assert Advice.objects.count() == len(squad)


def test_a_carry_of_another_version_is_rebuilt(alice):
    live(alice, 40)
    StateCarry.objects.create(athlete=alice, through=YESTERDAY, state_version=0, packed=b"old")
    wake_up(alice)
    drain(MORNING)
    kept = carry_of(alice)
    assert Tracker.unpack([bytes(kept.packed)])._load.days[0] == 40
    assert todays(alice).status == "final"


def test_warnings_are_opened_with_the_advice(alice):
    live(alice, 40)
    Day.objects.filter(athlete=alice, date__gt=TODAY - timedelta(days=5)).update(load_au=1_500.0)
    wake_up(alice)
    drain(MORNING)
    assert Warning.objects.get(athlete=alice, kind="load_spike").level == "danger"
    assert todays(alice).action == "active_recovery"


@pytest.mark.parametrize(("worn_beside_days", "warned"), [(0, True), (10, True), (30, False)])
def test_a_new_device_is_a_warning_while_it_has_no_range_of_its_own(alice, worn_beside_days, warned):
    def read(ago, provider):
        measured = datetime.combine(TODAY - timedelta(days=ago), time(4), UTC)
        return "hrv_reading", {"client_record_id": f"{ago}", "source": {"provider": provider}, "measured_at": measured,
                               "metric": "rmssd", "context": "overnight_mean", "value_ms": 60.0 + ago % 5}  # fmt: skip

    watch, ring = range(60, 6, -1), range(6 + worn_beside_days, -1, -1)
    batch = [*(read(ago, "garmin") for ago in watch), *(read(ago, "oura") for ago in ring)]
    intake.record_batch(alice, batch, now=MORNING)
    day = frames.day_rows({alice.pk: TODAY})[alice.pk]
    seen = frames.stand([Asked(alice, TODAY, day)]).observation
    assert (day["hrv_era"], seen.hrv_era_changes[0]) == (OURA, 1)
    assert bool(warning_levels(seen)[0][KIND_CODES.index("device_changed")]) is warned
    shown = {era["era"]: era["state"] for era in hrv_baselines.eras(alice, TODAY)}
    assert (shown[OURA] == "building") is warned
