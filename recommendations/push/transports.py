"""The one protocol behind which every push service looks the same."""

import threading
from functools import cache
from typing import Protocol

from recommendations.models import Device
from recommendations.push.messages import Message


class Transport(Protocol):
    def provider(self, device: Device) -> str:
        """Who would be called; raises TransportError if nobody may be."""
        ...

    def send(self, device: Device, message: Message) -> str:
        """Say what the service answered, or raise TransportError."""
        ...


def transport_for(kind: str) -> Transport:
    """The same for all threads, which come together at the first: each would else exchange a token of its own."""
    with making:
        return made(kind)


making = threading.Lock()


@cache
def made(kind: str) -> Transport:
    """The modules are imported on first use: pywebpush alone takes 0.4 s, and the web process never sends."""
    if kind == Device.Kind.WEBPUSH:
        from recommendations.push.webpush import WebPush

        return WebPush()
    from recommendations.push.fcm import Fcm

    return Fcm()
