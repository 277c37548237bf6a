"""Vendors' payloads as the API's own records. One file a vendor, its field table on top; all are pure functions."""

from athletes.wearables import apple, apple_export, fitbit, garmin, health_connect, oura, polar, whoop
from athletes.wearables.readings import (
    Field,
    Finding,
    Reader,
    Reading,
    ReadingProfile,
    ReadResult,
    Tally,
    Unreadable,
)

__all__ = ["READERS", "Field", "Finding", "ReadResult", "Reader", "Reading", "ReadingProfile", "Tally", "Unreadable"]

READERS: dict[str, Reader] = {
    module.READER.name: module.READER
    for module in (garmin, oura, whoop, polar, health_connect, apple, apple_export, fitbit)
}
