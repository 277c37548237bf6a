"""Combinations of settings that would give the accounts away. `migrate` asks before each start; errors stop it."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def proxies_are_counted(**kwargs: Any) -> list[CheckMessage]:
    return list(problems())


def problems() -> Iterator[CheckMessage]:
    if settings.PROXY_COUNT < 0:
        yield Error(
            "PROXY_COUNT is negative.", hint="Count the proxies between the internet and us.", id="athletes.E001"
        )
    elif settings.BEHIND_PROXY and not settings.PROXY_COUNT:
        yield Error(
            "BEHIND_PROXY is set and PROXY_COUNT is 0: everybody would share the proxy's address, and five wrong"
            " passwords of anybody would lock everybody out.",
            hint="Leave PROXY_COUNT out (1), or count the proxies that append to X-Forwarded-For.",
            id="athletes.E002",
        )
    elif settings.PROXY_COUNT and not settings.BEHIND_PROXY:
        yield Error(
            "PROXY_COUNT is set and BEHIND_PROXY is not: whoever calls could choose with X-Forwarded-For whose limits"
            " count for them.",
            hint="Set BEHIND_PROXY=true if a proxy of yours is in front, else leave PROXY_COUNT out.",
            id="athletes.E003",
        )
