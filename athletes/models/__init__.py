"""Every model under one name, as Django and everybody else knows it."""

from athletes.models.columns import between
from athletes.models.days import Day, EraReading, PlannedSession, RedFlag, SeasonDay
from athletes.models.exchange import (
    Absence,
    ChangeNumber,
    Deletion,
    KeyCheck,
    LimitWithoutValkey,
    Mail,
    PersonalToken,
    Upload,
    UploadDay,
    VendorAccount,
)
from athletes.models.people import Athlete, Membership, Squad, SquadInvite, User, UserManager
from athletes.models.records import (
    CheckIn,
    HrvReading,
    PerformanceTest,
    Quality,
    Record,
    RestDay,
    RestingHrReading,
    SleepSession,
    TrainingSession,
    provider_choices,
)

__all__ = [
    "Absence",
    "Athlete",
    "ChangeNumber",
    "CheckIn",
    "Day",
    "Deletion",
    "EraReading",
    "HrvReading",
    "KeyCheck",
    "LimitWithoutValkey",
    "Mail",
    "Membership",
    "PerformanceTest",
    "PersonalToken",
    "PlannedSession",
    "Quality",
    "Record",
    "RedFlag",
    "RestDay",
    "RestingHrReading",
    "SeasonDay",
    "SleepSession",
    "Squad",
    "SquadInvite",
    "TrainingSession",
    "Upload",
    "UploadDay",
    "User",
    "UserManager",
    "VendorAccount",
    "between",
    "provider_choices",
]
