"""Who measures: one row a provider. A new vendor is a row here and a file of its readers in `athletes/wearables/`."""

from __future__ import annotations

from typing import NamedTuple


class Provider(NamedTuple):
    """`code`: as records, priorities and HRV eras name it. `name`: as people read it. `readers`: the modules that
    understand its payloads; none: its data come by `POST /sync/` or another's reader alone."""

    code: str
    name: str
    readers: tuple[str, ...] = ()


# In this order they count where the athlete has set no priority of their own (convention): devices before what was
# typed in, direct sources before those that pass others' data on.
PROVIDERS = (
    Provider("oura", "Oura", ("oura",)),
    Provider("whoop", "WHOOP", ("whoop",)),
    Provider("garmin", "Garmin", ("garmin", "garmin_connect")),
    Provider("polar", "Polar", ("polar",)),
    Provider("ultrahuman", "Ultrahuman", ("ultrahuman",)),
    Provider("ringconn", "RingConn", ("ringconn",)),
    Provider("eight_sleep", "Eight Sleep", ("eight_sleep",)),
    Provider("google", "Google", ("google",)),
    Provider("fitbit", "Fitbit", ("fitbit",)),
    Provider("withings", "Withings", ("withings",)),
    Provider("suunto", "Suunto", ("suunto",)),
    Provider("samsung", "Samsung", ("samsung",)),
    Provider("zepp", "Zepp (Amazfit)", ("zepp",)),
    Provider("apple", "Apple", ("apple", "apple_export", "health_auto_export")),
    Provider("health_connect", "Health Connect", ("health_connect",)),
    Provider("hrv4training", "HRV4Training", ("morning_apps",)),
    Provider("elitehrv", "Elite HRV", ("morning_apps",)),
    Provider("welltory", "Welltory", ("welltory",)),
    Provider("strava", "Strava", ("strava",)),
    Provider("open_wearables", "Open Wearables", ("open_wearables",)),
    Provider("intervals_icu", "Intervals.icu", ("intervals_icu",)),
    Provider("other", "Other", ("fit", "rr")),
    Provider("manual", "Manual"),
)
NAMES = {provider.code: provider.name for provider in PROVIDERS}
SEASON_LOG = "season_log"  # the daily values of a log: behind all single measurements, and nobody's record
RANK = {code: place for place, code in enumerate((*NAMES, SEASON_LOG))}
