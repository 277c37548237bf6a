"""HRV eras: one baseline for each metric, provider and context, and nothing crosses over."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from athletes.days import hrv_baselines
from athletes.models import HrvReading
from athletes.reports import intake
from tests import factories

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
ON = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def reading(ago, value_ms=60.0, *, provider="garmin", metric="rmssd", context="morning_supine", **more):
    return "hrv_reading", {
        "client_record_id": f"{provider}-{metric}-{context}-{ago}",
        "source": {"provider": provider},
        "measured_at": NOW - timedelta(days=ago, hours=8),
        "metric": metric,
        "context": context,
        "value_ms": value_ms,
        **more,
    }


@pytest.mark.parametrize(
    ("days", "state"), [(13, "building"), (14, "provisional"), (19, "provisional"), (20, "settled")]
)
def test_a_baseline_settles_with_its_days(alice, days, state):
    intake.record_batch(alice, [reading(n) for n in range(days + 8)], now=NOW)
    (era,) = hrv_baselines.eras(alice, ON)
    assert (era["state"], era["days"], era["baseline_days"], era["baseline_ms"]) == (state, days + 8, days, 60.0)


def test_a_new_device_builds_a_baseline_of_its_own(alice):
    old = [reading(n) for n in range(5, 40)]
    intake.record_batch(alice, [*old, *[reading(n, 90.0, provider="oura") for n in range(5)]], now=NOW)
    assert [(e["era"], e["state"], e["baseline_ms"]) for e in hrv_baselines.eras(alice, ON)] == [
        ("rmssd/garmin/morning_supine", "settled", 60.0),
        ("rmssd/oura/morning_supine", "building", None),
    ]


@pytest.mark.usefixtures("valkey")
def test_a_day_shows_eras_dates_and_absences(api, alice):
    intake.record_batch(alice, [reading(0, vendor_date=ON - timedelta(days=1))], now=NOW)
    client = api(alice)
    client.post("/api/v1/sync/", {"absences": [{"kind": "sleep_session", "date": str(ON), "reason": "not_worn"}]})
    body = client.get(f"/api/v1/days/{ON}/").json()
    assert [era["state"] for era in body["hrv_eras"]] == ["building"]
    assert body["filed"] == [
        {
            "kind": "hrv_reading", "id": str(HrvReading.objects.get().pk), "provider": "garmin",
            "date_basis": "record_offset", "vendor_date": "2026-11-21", "date_disagrees": True,
        }
    ]  # fmt: skip
    assert body["absences"] == [{"kind": "sleep_session", "reason": "not_worn"}]


@pytest.mark.usefixtures("valkey")
def test_a_coach_who_sees_values_may_confirm_a_doubted_one(api, alice, charlie, eve):
    intake.record_batch(alice, [reading(0, 300.0)], now=NOW)
    url = f"/api/v1/hrv-readings/{HrvReading.objects.get().pk}/confirm/"
    squad = factories.make_squad("Sprints", charlie, alice)
    assert [api(who).post(url).status_code for who in (charlie, eve)] == [404, 404]
    squad.memberships.update(shares_values=True)
    assert api(charlie).post(url).json()["quality"] == {"status": "confirmed", "reasons": ["hrv_implausible"]}


counter = iter(range(10**6))
sent = st.lists(
    st.tuples(st.integers(0, 50), st.sampled_from(["garmin", "apple"]), st.sampled_from(["morning_supine", "spot"])),
    unique=True, max_size=25,
)  # fmt: skip


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rmssd=sent, sdnn=sent)
def test_sdnn_never_enters_an_rmssd_baseline(db, rmssd, sdnn):
    with time_machine.travel(NOW, tick=False):
        athlete = factories.make_athlete(f"a{next(counter)}@example.org")
        batch = [reading(n, 60.0, provider=p, context=c) for n, p, c in rmssd]
        batch += [reading(n, 120.0, provider=p, context=c, metric="sdnn") for n, p, c in sdnn]
        intake.record_batch(athlete, batch, now=NOW)
        for era in hrv_baselines.eras(athlete, ON):
            assert era["baseline_ms"] in (None, 60.0 if era["metric"] == "rmssd" else 120.0)
        for day in athlete.days.all():
            assert day.hrv_ms in (None, 60.0 if day.hrv_era.startswith("rmssd/") else 120.0)
