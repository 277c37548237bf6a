from collections.abc import Iterator

import pytest

from tests.push_service import PushService


@pytest.fixture
def push_service(settings, monkeypatch) -> Iterator[PushService]:
    """Where phones subscribe in tests. The sender starts with a fresh memory of who is down."""
    from recommendations.push import sending, transports
    from recommendations.push.breaker import Breaker

    with PushService() as service:
        settings.PUSH_INSECURE_ORIGINS = [service.origin]
        settings.FCM_BASE_URL = service.origin
        monkeypatch.setattr(sending, "breaker", Breaker())
        transports.transport_for.cache_clear()
        yield service
    transports.transport_for.cache_clear()
