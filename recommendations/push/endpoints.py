"""Which web push endpoints may be called: an endpoint is user input, and unchecked a hole into our network."""

import re

from django.conf import settings

# A host name and a path of visible ASCII: no port, credentials, IP literal, fragment or backslash, so that no two URL
# parsers can disagree about where it leads.
HOST_NAME = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]"
HTTPS_URL = re.compile(rf"https://({HOST_NAME})/[!-\"$-\[\]-~]*")
MAX_LENGTH = 2000


class EndpointRefused(ValueError):
    """The endpoint is not one of a known push service."""


def provider_of(endpoint: str) -> str:
    """The host that answers for `endpoint`; raises EndpointRefused for any that may not be called."""
    if len(endpoint) > MAX_LENGTH:
        raise EndpointRefused("too long")
    if origin := _insecure_origin(endpoint):
        return origin
    matched = HTTPS_URL.fullmatch(endpoint)
    if matched is None:
        raise EndpointRefused("not an https URL of a plain host name")
    host = matched[1]
    if not any(host == known or host.endswith(f".{known}") for known in settings.PUSH_HOSTS):
        raise EndpointRefused("not the host of a known push service")
    return host


def _insecure_origin(endpoint: str) -> str | None:
    """A local push service of a test or a demo. Production settings never look at the list."""
    if not settings.EMBEDDED:
        return None
    return next((origin for origin in settings.PUSH_INSECURE_ORIGINS if endpoint.startswith(f"{origin}/")), None)
