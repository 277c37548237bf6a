"""A check-in that was submitted earlier and arrives later: the newer answers stay, and no warning sign is lost."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
import time_machine

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.models import CheckIn, Day, RedFlag
from athletes.reports import intake, red_flags
from tests.athletes.mornings import MORNING

pytestmark = [pytest.mark.usefixtures("valkey")]
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def said(clock, **answers):
    return {"submitted_at": datetime.fromisoformat(f"2026-11-22T{clock}:00+01:00"), "fatigue": 3, **answers}


def answer(athlete, data, **given):
    return intake.record_check_in(athlete, TODAY, data, now=NOW, **given)


def test_the_earlier_answers_that_come_later_are_stale_and_change_nothing(alice, news):
    newer = answer(alice, said("07:10", mood=5))
    news.clear()
    late = answer(alice, said("06:50", mood=2, stress=1))
    assert (late.status, late.check_in.pk, late.check_in.mood, late.check_in.stress) == (
        "stale", newer.check_in.pk, 5, None,
    )  # fmt: skip
    assert (late.day.revised_at, late.day.checked_in_at) == (newer.day.revised_at, newer.check_in.submitted_at)
    assert news == []


def test_a_part_sent_earlier_is_stale_too(alice):
    answer(alice, said("07:10", mood=5))
    assert answer(alice, {"submitted_at": said("06:50")["submitted_at"], "mood": 2}, keep_rest=True).status == "stale"
    assert CheckIn.objects.get().mood == 5


@pytest.mark.parametrize("order", list(permutations([said("06:50", red_flag="chest_pain"), said("07:10")])))
def test_a_warning_sign_is_raised_in_whatever_order_the_answers_come(alice, order):
    for data in order:
        answer(alice, data)
    assert [(flag.kind, flag.raised_on, flag.cleared_at) for flag in RedFlag.objects.all()] == [
        ("chest_pain", TODAY, None)
    ]


def test_a_warning_sign_that_comes_late_asks_for_new_advice_and_a_second_time_for_nothing(alice, charlie, news):
    answer(alice, said("07:10", red_flag="none"))
    news.clear()
    assert answer(alice, said("06:50", red_flag="fainting")).status == "stale"
    assert [dates for _, dates, _ in news] == [{TODAY}]
    flag = RedFlag.objects.get()
    red_flags.clear(flag, by=alice.user, now=NOW, seen_by_doctor_on=TODAY)
    news.clear()
    assert answer(alice, said("06:50", red_flag="fainting")).status == "stale"
    assert (RedFlag.objects.count(), news) == (1, [])


def test_a_note_that_comes_late_still_asks_whether_it_tells_of_a_warning_sign(alice):
    answer(alice, said("07:10"))
    late = answer(alice, said("06:50", notes="chest pain on the stairs"))
    assert (late.status, late.day.note_asks, late.check_in.notes) == ("stale", True, "")


def test_the_server_says_stale_with_its_own_copy(api, alice):
    with time_machine.travel(NOW, tick=False):
        phone = api(alice)
        first = phone.put(f"/api/v1/check-ins/{TODAY}/", MORNING | {"submitted_at": "2026-11-22T07:10:00+01:00"})
        late = phone.put(f"/api/v1/check-ins/{TODAY}/", {"fatigue": 1, "submitted_at": "2026-11-22T06:50:00+01:00"})
    assert (first.status_code, late.status_code) == (201, 200)
    assert late.json() == first.json() | {"status": "stale"}


# --- which day it is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "submitted_at", "now", "on", "taken"),
    [
        # in Berlin, with a profile that is still in Honolulu, where it is the evening before
        ("Pacific/Honolulu", "2026-11-22T07:00:00+01:00", "2026-11-22T06:00:00+00:00", "2026-11-22", True),
        ("Pacific/Honolulu", "2026-11-22T07:00:00+01:00", "2026-11-22T06:00:00+00:00", "2026-11-23", False),
        # an offset that nobody knows: the profile's day
        ("Pacific/Honolulu", "2026-11-22T06:00:00Z", "2026-11-22T06:00:00+00:00", "2026-11-22", False),
        # in Honolulu, with a profile in Auckland, where it is two dates later at most
        ("Pacific/Auckland", "2026-11-21T20:00:00-10:00", "2026-11-22T06:00:00+00:00", "2026-11-22", False),
        ("Pacific/Auckland", "2026-11-21T20:00:00-10:00", "2026-11-22T06:00:00+00:00", "2026-11-21", True),
    ],
)
def test_the_day_is_that_of_the_phone_which_tells_its_offset(alice, zone, submitted_at, now, on, taken):
    alice.timezone = zone
    alice.save()
    at = datetime.fromisoformat(submitted_at)
    data = {"fatigue": 3, "submitted_at": at.replace(tzinfo=OFFSET_UNKNOWN) if submitted_at.endswith("Z") else at}
    day, moment = date.fromisoformat(on), datetime.fromisoformat(now)
    if taken:
        assert intake.record_check_in(alice, day, data, now=moment).status == "created"
        assert Day.objects.get(athlete=alice).date == day
    else:
        with pytest.raises(intake.Refused) as refusal:
            intake.record_check_in(alice, day, data, now=moment)
        assert refusal.value.code == "date_in_future"


def test_fourteen_days_are_counted_from_the_phones_day(alice):
    alice.timezone = "Pacific/Auckland"
    alice.save()
    evening = datetime.fromisoformat("2026-11-21T20:00:00-10:00")
    oldest = evening.date() - timedelta(days=14)
    assert (
        intake.record_check_in(alice, oldest, {"fatigue": 3, "submitted_at": evening}, now=evening).status == "created"
    )
