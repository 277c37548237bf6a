"""Observations that were kept as JSON become numbers, and JSON again on the way back."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from recommendations.models import Advice

BEFORE, AFTER = ("recommendations", "0016_tickets"), ("recommendations", "0017_observation_as_numbers")
KEPT = {"acwr": 1.0649350649350648, "hrv_low_days": 3, "sleep_h": None, "weekday": 2}


def migrate(to):
    return MigrationExecutor(connection).migrate([to]).apps


@pytest.fixture
def latest():
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def known(observation):
    return {name: value for name, value in observation.items() if value is not None or name in KEPT}


@pytest.mark.django_db(transaction=True)
def test_every_value_is_the_same_before_after_and_back(latest):
    old = migrate(BEFORE)
    user = old.get_model("athletes", "User").objects.create(email="alice@example.org")
    alice = old.get_model("athletes", "Athlete").objects.create(user=user)
    instant = timezone.now()
    for revision, observation in ((1, KEPT), (2, None), (3, KEPT | {"intensity_7d": 4.0})):
        old.get_model("recommendations", "Advice").objects.create(
            athlete=alice, date=instant.date(), revision=revision, current=revision == 3, status="final",
            action="as_planned", guard_version=1, state_version=1, issued_at=instant, valid_until=instant,
            observation=observation,
        )  # fmt: skip
    migrate(AFTER)
    found = dict(Advice.objects.order_by("revision").values_list("revision", "observation"))
    assert found[2] is None
    assert known(found[1]) == known(found[3]) == KEPT
    assert len(found[1]) == 106
    rows = migrate(BEFORE).get_model("recommendations", "Advice").objects.order_by("revision")
    back = dict(rows.values_list("revision", "observation"))
    assert (known(back[1]), back[2], known(back[3])) == (KEPT, None, KEPT)
