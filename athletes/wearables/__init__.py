"""Vendors' payloads as the API's own records. One file a vendor, its field table on top; all are pure functions."""

from athletes.wearables import (
    apple,
    apple_export,
    fit,
    fitbit,
    garmin,
    garmin_connect,
    google,
    health_auto_export,
    health_connect,
    intervals_icu,
    morning_apps,
    open_wearables,
    oura,
    polar,
    rr,
    whoop,
    withings,
)
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
    reader.name: reader
    for reader in (
        garmin.READER,
        garmin_connect.READER,
        oura.READER,
        whoop.READER,
        polar.READER,
        health_connect.READER,
        apple.READER,
        apple_export.READER,
        fitbit.READER,
        fit.READER,
        rr.READER,
        intervals_icu.READER,
        morning_apps.HRV4TRAINING,
        morning_apps.ELITEHRV,
        health_auto_export.READER,
        google.READER,
        withings.READER,
        open_wearables.READER,
    )
}
