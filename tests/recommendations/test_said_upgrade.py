"""Advice from before wording version 1 kept the words that were shown; they stay what they were."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from recommendations.models import Advice, Warning
from recommendations.sentences import words_kept
from tests.recommendations.speaking import ATHLETE, COACH, told

BEFORE, AFTER = ("recommendations", "0010_notices"), ("recommendations", "0011_said_in_codes")
TODAY = timezone.now().date()
REASON = {"code": "hrv_in_range", "text": "Your 7-day HRV (60 ms) is within your normal range", "value": 60.0,
          "unit": "ms", "range": [55.0, 65.0]}  # fmt: skip


def migrate(to):
    return MigrationExecutor(connection).migrate([to]).apps


@pytest.fixture
def latest():
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True)
def test_words_that_were_shown_are_shown_again_and_today_is_asked_anew(latest):
    old = migrate(BEFORE)
    user = old.get_model("athletes", "User").objects.create(email="alice@example.org")
    alice = old.get_model("athletes", "Athlete").objects.create(user=user)
    shown = {"headline": "Do a little more today", "detail": "Some more repetitions.", "reasons": [REASON],
             "would_change_if": [{"feature": "hrv_age_days", "op": "<=", "value": 3.0, "then": "as_planned"}],
             "prescription": {"load_au": 483.0, "example": "Some more repetitions."}}  # fmt: skip
    old.get_model("recommendations", "Advice").objects.create(
        athlete=alice, date=TODAY, revision=1, status="final", action="increase_volume", guard_version=7,
        state_version=3, issued_at=timezone.now(), valid_until=timezone.now(), **shown,
    )  # fmt: skip
    old.get_model("recommendations", "Warning").objects.create(
        athlete=alice, kind="hrv_below_range", level="caution", opened_on=TODAY, last_seen_on=TODAY, text="old words",
        evidence={"hrv_low_days": 3.0}, citation="x", rule_version=1,
    )  # fmt: skip
    new = migrate(AFTER)
    advice = Advice.objects.only("said", "prescription", "wording_version", "action").get()
    for reader in (ATHLETE, COACH):
        seen = told(advice, reader)
        assert (seen.headline, seen.detail) == ("Do a little more today", "Some more repetitions.")
        assert (seen.reasons, seen.would_change_if) == ([REASON], [])
        assert seen.prescription == {"load_au": 483.0, "example": "Some more repetitions."}
    assert advice.wording_version == 0
    assert Warning.objects.values_list("evidence", flat=True).get() == {"hrv_low_days": 3.0}
    waiting = new.get_model("recommendations", "WaitingDay").objects.get()
    assert (waiting.athlete_id, waiting.date, waiting.rings) == (alice.pk, TODAY, False)

    back = migrate(BEFORE).get_model("recommendations", "Advice").objects.get()
    assert (back.headline, back.reasons) == ("", [])


def test_a_line_of_a_version_that_knew_more_is_named_and_not_an_error():
    assert words_kept({"key": "headline.something_new"}, own=True) == "something new"
