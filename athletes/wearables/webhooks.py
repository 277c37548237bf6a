"""Who really sent a webhook, and whose data it speaks of. Nobody reads the body before its signature was found good."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from athletes.models import VendorAccount

REPLAY_WINDOW = timedelta(minutes=5)  # Svix's own; a message that was recorded is of no use later
MILLISECONDS_FROM = 10**11  # seconds until the year 5138; WHOOP stamps in milliseconds


class Forged(Exception):
    """No signature, a wrong one, or one that is too old. The caller is told no more than that."""


@dataclass(frozen=True)
class Signed:
    """How a vendor signs: `expected` of secret, time, headers and body; `given` are the signatures a header holds."""

    timestamp_header: str
    signature_header: str
    expected: Callable[[bytes, str, Mapping[str, str], bytes], str]
    given: Callable[[str], list[str]]
    user_id: Callable[[Mapping[str, Any]], Any]


def mac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)


def whoop(secret: bytes, timestamp: str, headers: Mapping[str, str], body: bytes) -> str:
    return base64.b64encode(mac(secret, timestamp.encode() + body)).decode()


def oura(secret: bytes, timestamp: str, headers: Mapping[str, str], body: bytes) -> str:
    return mac(secret, timestamp.encode() + body).hex().upper()


def svix(secret: bytes, timestamp: str, headers: Mapping[str, str], body: bytes) -> str:
    """Svix's secrets are base64 behind `whsec_`; it signs id, time and body."""
    key = base64.b64decode(secret.removeprefix(b"whsec_"))
    message = f"{headers.get('Svix-Id', '')}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(mac(key, message)).decode()


def user_of_event(event: Mapping[str, Any]) -> Any:
    data = event.get("data")
    return data.get("user_id") if isinstance(data, Mapping) else None


SIGNED = {
    "whoop": Signed(
        "X-WHOOP-Signature-Timestamp", "X-WHOOP-Signature", whoop, lambda given: [given], lambda e: e.get("user_id")
    ),
    "oura": Signed(
        "x-oura-timestamp", "x-oura-signature", oura, lambda given: [given.upper()], lambda e: e.get("user_id")
    ),
    "open_wearables": Signed("Svix-Timestamp", "Svix-Signature", svix, str.split, user_of_event),
}


def verify(provider: str, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    signed = SIGNED[provider]
    timestamp, signature = headers.get(signed.timestamp_header, ""), headers.get(signed.signature_header, "")
    if not is_recent(timestamp, now):
        raise Forged
    try:
        expected = signed.expected(secret.encode(), timestamp, headers, body).encode()
    except binascii.Error:
        raise Forged from None
    # Svix sends several while a secret is being changed
    if not any(hmac.compare_digest(expected, given.encode()) for given in signed.given(signature)):
        raise Forged


def is_recent(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15):
        return False
    sent_s = int(timestamp) / 1000 if int(timestamp) >= MILLISECONDS_FROM else int(timestamp)
    return abs(now.timestamp() - sent_s) <= REPLAY_WINDOW.total_seconds()


def account_of(provider: str, body: bytes) -> VendorAccount | None:
    """None: a body without a user, or a user nobody here is linked with."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    user_id = SIGNED[provider].user_id(event) if isinstance(event, dict) else None
    if not isinstance(user_id, str | int):
        return None
    known = VendorAccount.objects.select_related("athlete__user")
    return known.filter(provider=provider, vendor_user_id=str(user_id)[:128]).first()
