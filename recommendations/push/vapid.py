"""The server's own key pair (RFC 8292): a phone subscribes with the public half, the push service checks the other.

Only `cryptography` is imported here: the web process hands out the public key and must not load what sends.
"""

import base64
import binascii

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings


class NoVapidKey(Exception):
    """VAPID_PRIVATE_KEY is not set, or is no P-256 private key in raw base64url."""


def private_key() -> ec.EllipticCurvePrivateKey:
    try:
        number = int.from_bytes(decode_base64url(settings.VAPID_PRIVATE_KEY), "big")
        return ec.derive_private_key(number, ec.SECP256R1())
    except ValueError as error:
        raise NoVapidKey from error


def public_key() -> str:
    """What `PushManager.subscribe` takes as applicationServerKey."""
    point = (
        private_key()
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def decode_base64url(text: str) -> bytes:
    """With or without padding; raises ValueError for any other character."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def is_subscription_key(p256dh: str) -> bool:
    """An uncompressed point that lies on P-256 (RFC 8291 section 3.1)."""
    try:
        point = decode_base64url(p256dh)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return len(point) == 65


def is_auth_secret(auth: str) -> bool:
    """16 octets (RFC 8291 section 3.2)."""
    try:
        return len(decode_base64url(auth)) == 16
    except ValueError:
        return False
