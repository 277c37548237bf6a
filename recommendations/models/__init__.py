"""Every model under one name, as Django and everybody else knows it."""

from recommendations.models.advice import ActionCode, Advice, Feedback, OrderCode, Override, Warning
from recommendations.models.ahead import AthleteTwin, Forecast, ShadowAdvice
from recommendations.models.announcing import Delivery, Device, Notice, NoticePreference
from recommendations.models.queue import StateCarry, WaitingDay

__all__ = [
    "ActionCode",
    "Advice",
    "AthleteTwin",
    "Delivery",
    "Device",
    "Feedback",
    "Forecast",
    "Notice",
    "NoticePreference",
    "OrderCode",
    "Override",
    "ShadowAdvice",
    "StateCarry",
    "WaitingDay",
    "Warning",
]
