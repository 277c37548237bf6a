"""What all push services share on the wire: one session, time-outs, and what a refusal means."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from django.utils import timezone

TIMEOUT_S = (3.05, 10)  # to connect, and between two packets of the answer
CONNECTIONS = 8
CONFIGURATION = "configuration"  # how the outcome of what is our own fault begins; a system check counts them


class TransportError(Exception):
    """It did not arrive. `permanent`: this message never will. `device_gone`: nothing to this address ever will.
    `ours`: who runs this server must change something, and the message waits for it as long as it is valid."""

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        device_gone: bool = False,
        retry_after_s: float | None = None,
        provider_down: bool = False,
        ours: bool = False,
    ) -> None:
        self.reason = f"{CONFIGURATION}: {reason}" if ours else reason
        super().__init__(self.reason)
        self.ours = ours
        self.permanent = permanent or device_gone
        self.device_gone = device_gone
        self.retry_after_s = retry_after_s
        self.provider_down = provider_down


class Session(requests.Session):
    """Follows no redirect, whatever the method; keeps no cookies; sends no credentials from ~/.netrc."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = lambda request: request
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))
        self.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def post(session: Session, url: str, *, data: bytes, headers: Mapping[str, str]) -> requests.Response:
    try:
        return session.post(url, data=data, headers=dict(headers), timeout=TIMEOUT_S)
    except requests.Timeout as error:
        raise TransportError("timeout", provider_down=True) from error
    except requests.RequestException as error:
        # the text of the exception may hold the address, which is a secret: only its kind is kept
        raise TransportError(type(error).__name__, provider_down=True) from error


def refusal(response: requests.Response, reason: str) -> TransportError:
    """What a status outside 2xx means at any of the services (RFC 8030 section 5; FCM's ErrorCode)."""
    status = response.status_code
    return TransportError(
        reason,
        permanent=status in (400, 413),
        device_gone=status in (404, 410),
        retry_after_s=retry_after_s(response.headers.get("Retry-After"), timezone.now()),
        provider_down=status >= 500,
    )


def retry_after_s(header: Any, now: datetime) -> float | None:
    """Seconds or an HTTP date (RFC 9110 section 10.2.3); anything else is as if it were not there."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (TypeError, ValueError):
        return None
