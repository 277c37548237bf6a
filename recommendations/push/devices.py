"""The phones of a user: the one place that registers and retires them."""

from hashlib import sha256

from django.db import transaction
from django.db.models import Q

from athletes.models import User
from recommendations.models import Delivery, Device
from recommendations.monitoring.metrics import PUSHES

MOST_PER_USER = 10  # each gets every message, so the number a user can register is a multiplier


def register(
    user: User, *, kind: str, address: str, p256dh: str = "", auth: str = "", name: str = ""
) -> tuple[Device, bool]:
    """The device, and whether it is new. An address is one device: whoever registers it last owns it.

    What still waits for a former owner is not sent (`push.sending.may_still_go`), and is withdrawn here already.
    """
    given = {"user": user, "kind": kind, "address": address, "p256dh": p256dh, "auth": auth, "name": name}
    with transaction.atomic():
        device, is_new = Device.objects.update_or_create(
            address_sha256=sha256(address.encode()).hexdigest(),
            defaults={**given, "active": True, "deactivated_reason": ""},
        )
        for_others = ~Q(kind=Delivery.Kind.NOTICE) & ~Q(advice__athlete__user=user)
        for_others |= Q(kind=Delivery.Kind.NOTICE) & ~Q(notice__coach=user)
        Delivery.objects.filter(for_others, device=device, state=Delivery.State.WAITING).update(
            state=Delivery.State.OBSOLETE, outcome="the device changed hands"
        )
        _retire_surplus(user, keep=device)
    return device, is_new


def _retire_surplus(user: User, *, keep: Device) -> None:
    others = Device.objects.filter(user=user, active=True).exclude(pk=keep.pk)
    newest = others.order_by("-created_at", "-pk").values_list("pk", flat=True)[: MOST_PER_USER - 1]
    others.exclude(pk__in=list(newest)).update(active=False, deactivated_reason=Device.Reason.REPLACED)


def retire(device: Device, reason: Device.Reason, outcome: str) -> None:
    """Nobody is there any more, or nobody wants it: nothing waits for this device."""
    with transaction.atomic():
        Device.objects.filter(pk=device.pk).update(active=False, deactivated_reason=reason)
        dead = Delivery.objects.filter(device=device, state=Delivery.State.WAITING).update(
            state=Delivery.State.DEAD, outcome=outcome[:120]
        )
    PUSHES.labels(device.kind, Delivery.State.DEAD).inc(dead)
