"""Advice from before wording version 1 kept the words that were shown; they stay what they were."""

from datetime import timedelta

from django.utils import timezone

from recommendations.models import Warning
from tests.recommendations.speaking import ATHLETE, COACH, told

BEFORE, AFTER = ("recommendations", "0010_notices"), ("recommendations", "0013_words_leave")
TODAY, ONE_DAY = timezone.now().date(), timedelta(days=1)
REASON = {"code": "hrv_in_range", "text": "Your 7-day HRV (60 ms) is within your normal range", "value": 60.0,
          "unit": "ms", "range": [55.0, 65.0]}  # fmt: skip


def test_words_that_were_shown_are_shown_again_and_today_is_asked_anew(migrate):
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
    advice = new.get_model("recommendations", "Advice").objects.get()
    for reader in (ATHLETE, COACH):
        seen = told(advice, reader)
        assert (seen.headline, seen.detail) == ("Do a little more today", "Some more repetitions.")
        assert (seen.reasons, seen.would_change_if) == ([REASON], [])
        assert seen.prescription == {"load_au": 483.0, "example": "Some more repetitions."}
    assert advice.wording_version == 0
    assert Warning.objects.values_list("evidence", flat=True).get() == {"hrv_low_days": 3.0}
    waiting = new.get_model("recommendations", "WaitingDay").objects.get()
    assert (waiting.athlete_id, waiting.date, waiting.rings) == (alice.pk, TODAY, False)

    new.get_model("recommendations", "Advice").objects.create(
        athlete_id=alice.pk, date=TODAY - ONE_DAY, revision=1, status="final", action="as_planned", guard_version=8,
        state_version=3, issued_at=timezone.now(), valid_until=timezone.now(), wording_version=1,
        said={"headline": {"key": "headline.as_planned"}, "detail": [{"key": "do.as_planned"}], "would_change_if": [],
              "reasons": [{"key": "load_steady", "value": 1.0, "unit": "ratio"}]},
    )  # fmt: skip
    back = list(migrate(BEFORE).get_model("recommendations", "Advice").objects.order_by("-date"))
    assert (back[0].headline, back[0].detail, back[0].reasons) == (shown["headline"], shown["detail"], [REASON])
    assert (back[1].headline, back[1].detail) == ("as planned", "")
    assert back[1].reasons == [
        {"code": "load_steady", "text": "load steady", "value": 1.0, "unit": "ratio", "range": None}
    ]
    again = migrate(AFTER).get_model("recommendations", "Advice")
    seen = told(again.objects.get(date=TODAY))
    assert (seen.headline, seen.detail, seen.reasons) == (shown["headline"], shown["detail"], [REASON])
