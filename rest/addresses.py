"""From which address a request comes: what limits by address count by."""

import ipaddress

import structlog
from django.conf import settings
from django.http import HttpRequest

NOWHERE = "0.0.0.0"  # noqa: S104  a unix socket has no address: everybody counts together

logger = structlog.get_logger(__name__)
told: set[int] = set()


def client_address(request: HttpRequest) -> str:
    """Each of our proxies appends the address it was called from. What stands to the left of that is the caller's own
    text: it must not choose what the caller is counted under."""
    peer = request.META.get("REMOTE_ADDR", "")
    if count := settings.PROXY_COUNT:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        found = address(forwarded[-count]) if len(forwarded) >= count else None
        if found is not None:
            return found
        if not told:
            told.add(count)
            logger.warning("proxy_sends_no_client_address", proxies=count)  # all its callers share one limit
    return address(peer) or NOWHERE


def address(text: str) -> str | None:
    """Some proxies write the port, too: 192.0.2.7:4711, [2001:db8::7]:4711."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
