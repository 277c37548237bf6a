"""Web Push: RFC 8030 (delivery), 8291 (encryption), 8292 (who sends)."""

import re
import time
from functools import cached_property
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils import timezone
from py_vapid import Vapid02, VapidException
from pywebpush import WebPusher

from recommendations.models import Device
from recommendations.push import vapid
from recommendations.push.endpoints import EndpointRefused, provider_of
from recommendations.push.messages import Message
from recommendations.push.wire import Session, TransportError, post, refusal

TOKEN_VALID_S = 12 * 3600  # RFC 8292 allows 24 hours


class WebPush:
    @cached_property
    def session(self) -> Session:
        return Session()

    def provider(self, device: Device) -> str:
        try:
            return provider_of(device.address)
        except EndpointRefused as error:
            raise TransportError(f"endpoint refused: {error}", device_gone=True) from error

    def send(self, device: Device, message: Message) -> str:
        self.provider(device)
        response = post(self.session, device.address, data=encrypted(device, message), headers=headers(device, message))
        if response.status_code not in (200, 201, 202, 204):
            raise explained(response)
        return str(response.status_code)


def explained(response: requests.Response) -> TransportError:
    """401 and 403 are about who sends (RFC 8292 section 4.2), never about the phone. Apple says why in `reason`."""
    if response.status_code not in (401, 403):
        return refusal(response, str(response.status_code))
    try:
        why = re.sub("[^A-Za-z]", "", str(response.json()["reason"]))[:24]
    except (ValueError, LookupError, TypeError):
        why = ""
    told = f"{response.status_code} {why}".strip()
    return TransportError(f"{told}, the push service refuses VAPID_PRIVATE_KEY or VAPID_CONTACT", ours=True)


def encrypted(device: Device, message: Message) -> bytes:
    subscription = {"endpoint": device.address, "keys": {"p256dh": device.p256dh, "auth": device.auth}}
    body: bytes = WebPusher(subscription).encode(message.body)["body"]
    return body


def headers(device: Device, message: Message) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(message.ttl_s(timezone.now())),
        "Urgency": "high" if message.urgent else "normal",
        "Topic": message.topic,
        **identification(device.address),
    }


def identification(endpoint: str) -> dict[str, str]:
    target = urlsplit(endpoint)
    claims = {
        "aud": f"{target.scheme}://{target.netloc}",
        "exp": int(time.time()) + TOKEN_VALID_S,
        "sub": settings.VAPID_CONTACT,
    }
    try:
        signed: dict[str, str] = Vapid02(vapid.private_key()).sign(claims)
    except (vapid.NoVapidKey, VapidException) as error:
        raise TransportError("no usable VAPID_PRIVATE_KEY or VAPID_CONTACT", ours=True) from error
    return signed
