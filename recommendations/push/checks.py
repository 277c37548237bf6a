"""System checks of what an operator can set wrongly about pushes."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from recommendations.push import vapid
from recommendations.push.endpoints import HOST_NAME


@register("push", deploy=True)
def insecure_origins_stay_at_home(**kwargs: Any) -> list[CheckMessage]:
    if settings.EMBEDDED or not settings.PUSH_INSECURE_ORIGINS:
        return []
    return [
        Error(
            "HOMESTRETCH_PUSH_INSECURE_ORIGINS is set in production.",
            hint="It is for a local push service in tests and demos and is ignored here. Unset it.",
            id="recommendations.E001",
        )
    ]


@register("push")
def push_hosts_are_host_names(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"HOMESTRETCH_PUSH_HOSTS has an entry that is no host name: {entry!r}.",
            hint="Name hosts in lower case, without scheme, port or wildcard; subdomains are included: push.apple.com",
            id="recommendations.E002",
        )
        for entry in settings.PUSH_HOSTS
        if not re.fullmatch(HOST_NAME, entry)
    ]


@register("push")
def vapid_contact_reaches_somebody(**kwargs: Any) -> list[CheckMessage]:
    if settings.EMBEDDED or not settings.VAPID_PRIVATE_KEY or is_contact(settings.VAPID_CONTACT):
        return []
    return [
        Error(
            f"VAPID_CONTACT is {settings.VAPID_CONTACT!r}, where no push service can write to anybody.",
            hint="Set it to an address that is read, mailto:you@your-domain, or to an https page. Apple refuses every"
            " message of a sender that names localhost (403 BadJwtToken).",
            id="recommendations.E010",
        )
    ]


def is_contact(contact: str) -> bool:
    """A mailto: or https: URI (RFC 8292 section 2.1) whose host is on the internet."""
    try:
        parts = urlsplit(contact)
        host = parts.path.rpartition("@")[2] if parts.scheme == "mailto" and "@" in parts.path else parts.hostname or ""
    except ValueError:
        return False
    own = host.lower().rpartition(".")[2] in ("localhost", "invalid", "local", "internal")
    return parts.scheme in ("mailto", "https") and re.fullmatch(HOST_NAME, host.lower()) is not None and not own


@register("push", deploy=True)
def vapid_key_is_usable(**kwargs: Any) -> list[CheckMessage]:
    try:
        vapid.private_key()
    except vapid.NoVapidKey:
        return [
            Warning(
                "VAPID_PRIVATE_KEY is missing or no P-256 private key: browsers cannot subscribe to pushes.",
                hint="Set it to 32 random bytes in base64url, once: phones must subscribe again when it changes. "
                'python -c "import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"',
                id="recommendations.W003",
            )
        ]
    return []
