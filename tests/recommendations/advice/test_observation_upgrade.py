"""Observations, Q-values and doses that were kept as JSON become numbers, and JSON again on the way back."""

from django.utils import timezone

from recommendations.models import Advice

BEFORE, AFTER = ("recommendations", "0018_reasons_of_devices_are_codes"), ("recommendations", "0019_advice_as_bytes")
KEPT = {"acwr": 1.0649350649350648, "hrv_low_days": 3, "sleep_h": None, "weekday": 2}
Q_VALUES = {"increase_intensity": -0.0177, "increase_volume": 0.01, "active_recovery": -0.2, "as_planned": 0.0}
SAID = {"headline": {"key": "headline.as_planned"}, "detail": [], "reasons": [], "would_change_if": []}
DOSES = {"active_recovery": 111.2, "as_planned": 317.7}


def known(observation):
    return {name: value for name, value in observation.items() if value is not None or name in KEPT}


def test_every_value_is_the_same_before_after_and_back(migrate):
    old = migrate(BEFORE)
    user = old.get_model("athletes", "User").objects.create(email="alice@example.org")
    alice = old.get_model("athletes", "Athlete").objects.create(user=user)
    instant = timezone.now()
    for revision, observation in ((1, KEPT), (2, None), (3, KEPT | {"intensity_7d": 4.0})):
        old.get_model("recommendations", "Advice").objects.create(
            athlete=alice, date=instant.date(), revision=revision, current=revision == 3, status="final",
            action="as_planned", guard_version=1, state_version=1, issued_at=instant, valid_until=instant,
            said=SAID, observation=observation, q_values=Q_VALUES if observation else None,
            doses=DOSES if observation else {},
        )  # fmt: skip
    migrate(AFTER)
    found = dict(Advice.objects.order_by("revision").values_list("revision", "observation"))
    assert found[2] is None
    assert known(found[1]) == known(found[3]) == KEPT
    assert len(found[1]) == 106
    numbers = Advice.objects.order_by("revision").values_list("q_values", "doses")
    assert list(numbers) == [(Q_VALUES, DOSES), (None, {}), (Q_VALUES, DOSES)]
    assert list(Advice.objects.values_list("said", flat=True)) == [SAID] * 3
    rows = migrate(BEFORE).get_model("recommendations", "Advice").objects.order_by("revision")
    assert list(rows.values_list("q_values", "doses")) == [(Q_VALUES, DOSES), (None, {}), (Q_VALUES, DOSES)]
    assert list(rows.values_list("said", flat=True)) == [SAID] * 3
    back = dict(rows.values_list("revision", "observation"))
    assert (known(back[1]), back[2], known(back[3])) == (KEPT, None, KEPT)
