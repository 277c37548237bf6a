"""A phone, the advice that is to reach it, and a clock: fixtures of whoever tests the sender."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from recommendations.announcing import deliveries
from recommendations.models import Delivery
from tests.factories import make_advice, make_device

TODAY = date(2026, 11, 22)
MORNING = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def phone(alice, push_service, clock):
    return make_device(alice.user, push_service.subscribe())


@pytest.fixture
def waiting(alice, phone):
    """Alice's advice of this morning, announced to her phone."""
    advice = make_advice(alice, TODAY, valid_until=EVENING)
    deliveries.announce([advice], now=MORNING)
    return Delivery.objects.get()


def due_now(delivery):
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=MORNING)
