"""What the phone may send, and what it gets back. Each serializer is built once; each answer is a plain dict.

One file: syncs, uploads and single records are refused by the same fields.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from athletes.days.reasons import CHOSEN, REJECTED, WITHOUT_VALUE
from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.models import (
    CheckIn,
    Day,
    HrvReading,
    PerformanceTest,
    Quality,
    Record,
    TrainingSession,
)
from measures.providers import NAMES
from measures.quality import STAGES_TOLERANCE_S
from measures.wellness import ITEMS
from rest import strict
from storage.encryption import Unreadable

CHECK_IN_STATUSES = ("created", "updated", "unchanged", "stale")
STATUSES = ("created", "updated", "unchanged", "conflict", "stale")
LONGEST_SLEEP_S = 86_400
LEAST_SLEEP_MIN = 60  # below it are hours, sent as minutes
LEAST_ASLEEP_SHARE = 0.25  # of the session, where no stages say otherwise: below it are minutes, sent as seconds
STAGES = ("awake", "light", "deep", "rem")  # those with a total of their own
ASLEEP = ("light", "deep", "rem", "asleep")
SAYS_NO_OFFSET = ("Z", "z", "-00:00")


class InstantField(strict.OffsetDateTimeField):
    """Z and -00:00 give the instant but not the local offset (RFC 9557, 2): then the athlete's zone decides the day."""

    def to_internal_value(self, value: Any) -> datetime:
        instant = super().to_internal_value(value)
        return instant.replace(tzinfo=OFFSET_UNKNOWN) if value.endswith(SAYS_NO_OFFSET) else instant


def optional(**limits: Any) -> dict[str, Any]:
    return {"required": False, "allow_null": True, **limits}


# --- check-ins --------------------------------------------------------------------------------------------------------


class HrvOfCheckIn(strict.StrictSerializer):
    """Metric and context have no default: rMSSD and SDNN, lying and standing are different quantities."""

    metric = strict.StrictChoiceField(choices=HrvReading.Metric.choices)
    value_ms = strict.StrictFloatField(min_value=0.001, max_value=500, zero_is_missing=True)
    context = strict.StrictChoiceField(choices=HrvReading.Context.choices)  # type: ignore[assignment]
    confirmed = strict.StrictBooleanField(
        required=False, write_only=True, help_text="true: this value was doubted, and it is right"
    )


class InjuryOfCheckIn(strict.StrictSerializer):
    status = strict.StrictChoiceField(choices=CheckIn.Injury.choices)
    body_site = strict.StrictCharField(max_length=40, required=False, allow_blank=True, help_text="like left_hamstring")


ANSWER = "1-5 with 5 best (McLean), 1-7 with 7 worst (Hooper) or 1-4 with 1 best (intervals.icu), as `scale` says"

STANDS = "stands until it is answered otherwise, on this day and later ones: leaving it out is no all-clear"
OPENS = (
    "any but none opens a warning sign of /red-flags/ and suspends the advice. No later answer closes it: it is cleared"
    " there, by a coach with the permission or by the day on which a doctor has seen it"
)


class CheckInBody(strict.StrictSerializer):
    """One morning's answers; at least one of them. What is null or left out was not answered."""

    id = serializers.UUIDField(read_only=True)
    date = serializers.DateField(read_only=True)
    scale = strict.StrictChoiceField(choices=CheckIn.Scale.choices, required=False)
    fatigue = strict.StrictIntegerField(**optional(min_value=1, max_value=7, help_text=ANSWER))
    sleep_quality = strict.StrictIntegerField(**optional(min_value=1, max_value=7))
    muscle_soreness = strict.StrictIntegerField(**optional(min_value=1, max_value=7))
    stress = strict.StrictIntegerField(**optional(min_value=1, max_value=7))
    mood = strict.StrictIntegerField(**optional(min_value=1, max_value=7))
    sleep_duration_min = strict.StrictIntegerField(
        **optional(
            min_value=LEAST_SLEEP_MIN,
            max_value=1440,
            zero_is_missing=True,
            error_messages={"min_value": gettext_lazy("At least {min_value}: minutes, not hours.")},
        )
    )
    resting_hr_bpm = strict.StrictFloatField(**optional(min_value=20, max_value=150, zero_is_missing=True))
    hrv = HrvOfCheckIn(required=False, allow_null=True)
    illness = strict.StrictChoiceField(choices=CheckIn.Illness.choices, **optional())
    injury = InjuryOfCheckIn(required=False, allow_null=True, help_text=STANDS)
    red_flag = strict.StrictChoiceField(choices=CheckIn.RedFlag.choices, **optional(help_text=OPENS))
    pain_0_10 = strict.StrictIntegerField(**optional(min_value=0, max_value=10))
    notes = strict.StrictCharField(
        **optional(max_length=2000, allow_blank=True), help_text="shown to no coach but where medical detail is shared"
    )
    note_checked = strict.StrictBooleanField(
        required=False,
        write_only=True,
        help_text="true: the words of the note were asked about, and are no warning sign",
    )
    submitted_at = InstantField(
        required=False,
        help_text=(
            "when the athlete answered; the server's time if left out. Its offset says which day it is where the "
            "athlete is. Of two check-ins of a date the one submitted later counts, whichever arrives first"
        ),
    )
    quality = serializers.DictField(
        read_only=True,
        help_text='like {"hrv": {"status": "quarantined", "reasons": []}}; {"note": {"status": "asks"}}: the note may'
        " tell of a warning sign, and nothing is added until `note_checked` or a sign in `red_flag` says",
    )
    updated_at = serializers.DateTimeField(read_only=True)


def check_in_body(check_in: CheckIn) -> dict[str, Any]:
    hrv = None
    if check_in.hrv_value_ms is not None:
        hrv = {"metric": check_in.hrv_metric, "value_ms": check_in.hrv_value_ms, "context": check_in.hrv_context}
    return {
        "id": str(check_in.id),
        "date": check_in.date.isoformat(),
        "scale": str(check_in.scale),
        **{item: getattr(check_in, item) for item in ITEMS},
        "sleep_duration_min": check_in.sleep_duration_min,
        "resting_hr_bpm": check_in.resting_hr_bpm,
        "hrv": hrv,
        "illness": code_of(check_in.illness),
        "injury": injury_body(check_in),
        "red_flag": code_of(check_in.red_flag),
        "pain_0_10": number_of(check_in.pain_0_10),
        "notes": check_in.notes,
        "submitted_at": in_utc(check_in.submitted_at),
        "quality": check_in.quality,
        "updated_at": in_utc(check_in.updated_at),
    }


def code_of(value: str) -> str | None:
    """Empty, or no key opens it any more: nothing is known."""
    return str(value) if value else None


def number_of(value: Any) -> int | None:
    return None if isinstance(value, Unreadable) else value


def injury_body(check_in: CheckIn) -> dict[str, Any] | None:
    if not check_in.injury_status:
        return None
    return {"status": str(check_in.injury_status), "body_site": code_of(check_in.injury_body_site) or ""}


# --- warning signs ----------------------------------------------------------------------------------------------------


class ClearingBody(strict.StrictSerializer):
    may_be_empty = True

    seen_by_doctor_on = strict.ISODateField(
        **optional(
            help_text="the day on which a doctor has seen the athlete, who has to say it; a coach may leave it out"
        )
    )
    note = strict.StrictCharField(required=False, max_length=2000, allow_blank=True)


# --- the resolved day -------------------------------------------------------------------------------------------------

UNITS = {
    "hrv": "ms", "sleep_duration": "min", "sleep_score": "0-100", "resting_hr": "bpm", "wellness_score": "0-100",
    "readiness": "1-5", "load": "AU", "t400": "s", "planned_load": "AU",
}  # fmt: skip
PLAIN = ("illness", "injury_status", "red_flag", "load_basis")


class Rejected(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    source = serializers.DictField()  # type: ignore[assignment]
    why = serializers.ChoiceField(choices=list(REJECTED))
    text = serializers.CharField(help_text="the same in words")
    era = serializers.CharField(required=False, help_text="of HRV: metric/provider/context")


class Signal(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    source = serializers.JSONField(help_text="kind, provider, id; for the load a list; null if nobody reported")  # type: ignore[assignment]
    rejected = Rejected(many=True)


class HrvSignal(Signal):
    era = serializers.CharField(
        required=False, help_text="metric/provider/context: each has a baseline of its own. The day stands on this one"
    )
    because = serializers.ChoiceField(choices=list(CHOSEN), required=False, help_text="why on this era")
    text = serializers.CharField(required=False, help_text="the same in words")


class DayBody(serializers.Serializer[Any]):
    """One value a signal: where it came from, what was not chosen and why. Null: nobody reported it."""

    date = serializers.DateField()
    revised_at = serializers.DateTimeField(allow_null=True)
    checked_in_at = serializers.DateTimeField(allow_null=True)
    hrv = HrvSignal(
        help_text="Of one era a day, which changes only for a reason: null when that era has no reading of the day"
    )
    sleep_duration = Signal()
    sleep_score = Signal(help_text="the vendor's, or derived from hours and quality")
    resting_hr = Signal()
    wellness_score = Signal()
    readiness = Signal(help_text="the mean of the five items, 5 best")
    load = Signal(
        help_text="the sum of the day's sessions; 0 on a rest day; null while a session has neither RPE nor estimate."
        " `sessions` says of each what it stands on; flag `load_estimated`: not all were rated"
    )
    load_basis = serializers.CharField(
        allow_null=True, help_text="the weakest of the day's sessions: reported, heart_rate or plan"
    )
    t400 = Signal()
    planned_load = Signal(help_text="null: the automatic plan")
    fatigue_1_5 = serializers.FloatField(allow_null=True)
    soreness_1_5 = serializers.FloatField(allow_null=True)
    pain_0_10 = serializers.IntegerField(allow_null=True)
    illness = serializers.CharField(allow_null=True)
    injury_status = serializers.CharField(allow_null=True)
    red_flag = serializers.CharField(allow_null=True)
    rest_day = serializers.BooleanField()
    high_intensity_share = serializers.FloatField(allow_null=True)
    planned_high_intensity_share = serializers.FloatField(allow_null=True)
    first_session_at = serializers.DateTimeField(allow_null=True)


def day_body(day: Day) -> dict[str, Any]:
    """An unsaved Day shows a date of which nothing is known."""
    nothing: dict[str, Any] = {"value": None, "source": None, "rejected": []}
    known = day.provenance
    return {
        "date": day.date.isoformat(),
        "revised_at": in_utc(day.revised_at),
        "checked_in_at": in_utc(day.checked_in_at),
        **{name: in_words(known[name]) if name in known else {**nothing, "unit": unit} for name, unit in UNITS.items()},
        "fatigue_1_5": day.fatigue_1_5,
        "soreness_1_5": day.soreness_1_5,
        "pain_0_10": number_of(day.pain_0_10),
        **{name: getattr(day, name) or None for name in PLAIN},
        "rest_day": day.rest_day,
        "high_intensity_share": day.high_intensity_share,
        "planned_high_intensity_share": day.planned_high_intensity_share,
        "first_session_at": in_utc(day.first_session_at),
    }


def in_words(signal: dict[str, Any]) -> dict[str, Any]:
    shown = {
        **signal,
        "rejected": [{**each, "text": str(REJECTED.get(each["why"], ""))} for each in signal["rejected"]],
    }
    if because := signal.get("because"):
        shown["text"] = f"{CHOSEN[because]}" if signal["value"] is not None else f"{CHOSEN[because]} {WITHOUT_VALUE}"
    return shown


class HrvEra(serializers.Serializer[Any]):
    """One baseline: readings of another metric, provider or context never enter it."""

    era = serializers.CharField(help_text="metric/provider/context")
    metric = serializers.CharField()
    provider = serializers.CharField()
    context = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(
        choices=("building", "provisional", "settled"), help_text="building: fewer than 14 baseline days, no range yet"
    )
    days = serializers.IntegerField(help_text="with a reading, this date and the 67 before it")
    baseline_days = serializers.IntegerField(help_text="of them older than a week: what the normal range stands on")
    first_date = serializers.DateField()
    last_date = serializers.DateField()
    baseline_ms = serializers.FloatField(allow_null=True, help_text="geometric mean of the baseline's days")


class FiledRecord(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.UUIDField()
    provider = serializers.CharField()
    date_basis = serializers.CharField(help_text="record_zone, record_offset, profile_zone or given")
    vendor_date = serializers.DateField(allow_null=True)
    date_disagrees = serializers.BooleanField(help_text="the vendor files it under another day")


class AbsenceOfDay(serializers.Serializer[Any]):
    kind = serializers.CharField()
    reason = serializers.CharField()


class DayDetail(DayBody):
    hrv_eras = HrvEra(many=True)
    filed = FiledRecord(many=True, help_text="why its nights and readings lie on this date")
    absences = AbsenceOfDay(many=True, help_text="why a device has nothing for this date")


class CheckInAnswer(CheckInBody):
    """The check-in as stored, and the day as it now stands."""

    status = serializers.ChoiceField(
        choices=CHECK_IN_STATUSES,
        read_only=True,
        help_text="stale: submitted before the answers stored here, which stay",
    )
    day = DayBody(read_only=True)


# --- records ----------------------------------------------------------------------------------------------------------


class Source(strict.StrictSerializer):
    provider = strict.StrictChoiceField(choices=[*NAMES.items()])
    device_model = strict.StrictCharField(max_length=80, required=False, allow_blank=True)
    device_type = strict.StrictCharField(max_length=24, required=False, allow_blank=True)
    recording_method = strict.StrictCharField(max_length=24, required=False, allow_blank=True)


class RecordQuality(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Quality.choices, help_text="quarantined: stored, not used until confirmed")
    reasons = serializers.ListField(child=serializers.CharField())


class RecordBody(strict.StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    client_record_id = strict.StrictCharField(
        max_length=128,
        trim_whitespace=False,
        validators=[RegexValidator(r"^[A-Za-z0-9._:-]+\Z")],
        help_text="the client's own name of this record; the same every time",
    )
    client_record_version = strict.StrictIntegerField(
        required=False, min_value=0, max_value=2**62, help_text="the higher version wins; 0 if left out"
    )
    source = Source(required=False)  # type: ignore[assignment]
    date = serializers.DateField(read_only=True, help_text="the athlete's local day it belongs to")
    date_basis = serializers.CharField(read_only=True, help_text="record_zone, record_offset, profile_zone or given")
    vendor_date = strict.ISODateField(**optional(help_text="the day the vendor files it under; kept, not used"))
    timezone = strict.TimezoneField(**optional(help_text="IANA zone in force at the time; else the offset counts"))
    quality = RecordQuality(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class HrvReadingBody(RecordBody):
    measured_at = InstantField()
    metric = strict.StrictChoiceField(choices=HrvReading.Metric.choices, help_text="never converted into each other")
    context = strict.StrictChoiceField(choices=HrvReading.Context.choices)  # type: ignore[assignment]
    value_ms = strict.StrictFloatField(min_value=0.001, max_value=500, zero_is_missing=True)


class RestingHrReadingBody(RecordBody):
    """The day's own word on it is the check-in's; a device's counts where the athlete typed none in."""

    measured_at = InstantField()
    value_bpm = strict.StrictFloatField(min_value=20, max_value=150, zero_is_missing=True)


class SleepStage(strict.StrictSerializer):
    stage = strict.StrictChoiceField(choices=[*STAGES, "asleep", "in_bed", "out_of_bed"])
    start_at = InstantField()
    end_at = InstantField()


class SleepSessionBody(RecordBody):
    """The night belongs to the local date on which its main sleep ends. Fragments up to 120 min apart are one night."""

    start_at = InstantField()
    end_at = InstantField()
    is_nap = strict.StrictBooleanField(required=False)
    duration_s = strict.StrictIntegerField(
        **optional(
            min_value=1,
            max_value=LONGEST_SLEEP_S,
            zero_is_missing=True,
            help_text=(
                "time asleep. Without it, without stages and without awake_s only the time in bed is known, and that "
                "counts as no sleep"
            ),
        )
    )
    time_in_bed_s = strict.StrictIntegerField(**optional(min_value=1, max_value=LONGEST_SLEEP_S, zero_is_missing=True))
    awake_s = strict.StrictIntegerField(**optional(min_value=0, max_value=LONGEST_SLEEP_S))
    light_s = strict.StrictIntegerField(**optional(min_value=0, max_value=LONGEST_SLEEP_S))
    deep_s = strict.StrictIntegerField(**optional(min_value=0, max_value=LONGEST_SLEEP_S))
    rem_s = strict.StrictIntegerField(**optional(min_value=0, max_value=LONGEST_SLEEP_S))
    efficiency_pct = strict.StrictFloatField(
        **optional(
            min_value=1,
            max_value=100,
            zero_is_missing=True,
            error_messages={"min_value": gettext_lazy("0-100, not 0-1.")},
        )
    )
    score = strict.StrictFloatField(
        **optional(
            min_value=1,
            max_value=100,
            zero_is_missing=True,
            help_text="the vendor's own",
            error_messages={"min_value": gettext_lazy("0-100, not 0-1.")},
        )
    )
    stages = SleepStage(  # type: ignore[call-arg]
        many=True,
        required=False,
        write_only=True,
        max_length=2000,
        help_text="gives the totals that were left out; the stages themselves are not kept",
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        add_totals(data, data.pop("stages", ()))
        span_s = (data["end_at"] - data["start_at"]).total_seconds()
        if span_s <= 0:
            refuse("end_at", "ends_before_it_starts", _("Must be after start_at."))
        if span_s > LONGEST_SLEEP_S:
            refuse("end_at", "longer_than_a_day", _("At most 24 h after start_at."))
        bed_s = data.get("time_in_bed_s") or span_s
        if bed_s > span_s + STAGES_TOLERANCE_S:
            refuse("time_in_bed_s", "longer_than_the_session", _("Longer than from start_at to end_at."))
        if (data.get("duration_s") or 0) > bed_s + STAGES_TOLERANCE_S:
            refuse("duration_s", "longer_than_in_bed", _("Longer than the time in bed."))
        stages_s = sum(data.get(stage) or 0 for stage in ("awake_s", "light_s", "deep_s", "rem_s"))
        if too_little_asleep(data, span_s):
            refuse("duration_s", "implausible_unit", _("Under a quarter of the session: is it in seconds?"))
        if stages_s > bed_s + STAGES_TOLERANCE_S:
            refuse("light_s", "stages_longer_than_in_bed", _("The stages add up to more than the time in bed."))
        return data


def too_little_asleep(data: Mapping[str, Any], span_s: float) -> bool:
    """Under a quarter of what its stages add up to, or else of the session not awake: minutes, not seconds."""
    asleep_s = sum(data.get(f"{stage}_s") or 0 for stage in STAGES if stage != "awake")
    expected_s = asleep_s or span_s - (data.get("awake_s") or 0)
    return bool((data.get("duration_s") or expected_s) < expected_s * LEAST_ASLEEP_SHARE)


def add_totals(data: dict[str, Any], stages: Sequence[dict[str, Any]]) -> None:
    """Seconds in each stage, where the session does not give them itself."""
    seconds: dict[str, float] = defaultdict(float)
    for index, stage in enumerate(stages):
        if not data["start_at"] <= stage["start_at"] < stage["end_at"] <= data["end_at"]:
            refuse(
                "stages",
                "outside_the_session",
                _("Stage %(index)d does not lie within the session.") % {"index": index},
            )
        seconds[stage["stage"]] += (stage["end_at"] - stage["start_at"]).total_seconds()
    for stage_name in STAGES:
        if stage_name in seconds and data.get(f"{stage_name}_s") is None:
            data[f"{stage_name}_s"] = round(seconds[stage_name])
    asleep_s = round(sum(seconds[stage_name] for stage_name in ASLEEP))
    if asleep_s and data.get("duration_s") is None:
        data["duration_s"] = asleep_s


MOST_ZONES = 60
HIGHEST_BPM = 250
LONGEST_ZONE_S = 36_000
GROUNDS = (
    "own_ratings, group_convention, planned_effort; and resting_hr_assumed, max_hr_by_age, max_hr_assumed, "
    "hr_underestimates (sprints, weights: harder than the heart rate shows)"
)


class HrZone(strict.StrictSerializer):
    low_bpm = strict.StrictFloatField(min_value=0, max_value=HIGHEST_BPM)
    high_bpm = strict.StrictFloatField(min_value=1, max_value=HIGHEST_BPM)
    duration_s = strict.StrictFloatField(min_value=0, max_value=LONGEST_ZONE_S)


class TrainingSessionBody(RecordBody):
    started_at = InstantField()
    duration_min = strict.StrictFloatField(min_value=1, max_value=600)
    rpe = strict.StrictFloatField(
        **optional(
            min_value=0,
            max_value=10,
            step=0.5,
            help_text="CR-10; null: not rated yet. A rating given to .../confirm/ is shown before the source's own",
        )
    )
    kind = strict.StrictChoiceField(choices=TrainingSession.Kind.choices, required=False)
    high_intensity_share = strict.StrictFloatField(
        **optional(min_value=0, max_value=1, help_text="of the load; from the kind if left out")
    )
    distance_m = strict.StrictFloatField(**optional(min_value=0, max_value=300_000))
    avg_hr_bpm = strict.StrictFloatField(**optional(min_value=30, max_value=240, zero_is_missing=True))
    max_hr_bpm = strict.StrictFloatField(**optional(min_value=30, max_value=240, zero_is_missing=True))
    hr_zones = HrZone(  # type: ignore[call-arg]
        many=True, required=False, max_length=MOST_ZONES, help_text="where the heart rate was for how long"
    )
    load_au = serializers.FloatField(
        read_only=True, allow_null=True, help_text="duration_min x RPE (Foster 2001), rated or estimated"
    )
    load_basis = serializers.ChoiceField(
        choices=TrainingSession.LoadBasis.choices,
        read_only=True,
        help_text="rpe: rated at its source; confirmed: rated here; heart_rate, plan: estimated; none: unknown",
    )
    estimated_rpe = serializers.FloatField(read_only=True, allow_null=True, help_text="while nobody has rated it")
    estimate_error_pct = serializers.FloatField(read_only=True, allow_null=True, help_text="one SD of the estimate")
    estimate_grounds = serializers.ListField(child=serializers.CharField(), read_only=True, help_text=GROUNDS)
    needs_confirmation = serializers.BooleanField(read_only=True, help_text="nobody has said how hard it was")
    same_session_as = serializers.CharField(
        read_only=True, allow_blank=True, help_text="provider/client_record_id of the same session, which counts"
    )
    rated_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="when it was rated here")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        for index, zone in enumerate(data.get("hr_zones", ())):
            if zone["high_bpm"] <= zone["low_bpm"]:
                refuse(
                    "hr_zones",
                    "ends_before_it_starts",
                    _("Zone %(index)d: high_bpm must be above low_bpm.") % {"index": index},
                )
        highest, mean = data.get("max_hr_bpm"), data.get("avg_hr_bpm")
        if highest and mean and highest < mean:
            refuse("max_hr_bpm", "below_the_average", _("Must not be below avg_hr_bpm."))
        return data


class Rating(strict.StrictSerializer):
    """How hard a session was, given here. `{}` accepts the estimate as it stands, null takes a rating back."""

    may_be_empty = True
    rpe = strict.StrictFloatField(**optional(min_value=0, max_value=10, step=0.5, help_text="CR-10"))


class PerformanceTestBody(RecordBody):
    tested_at = InstantField()
    event = strict.StrictCharField(
        max_length=16,
        trim_whitespace=False,
        validators=[RegexValidator(r"^[0-9a-z_]+\Z")],
        required=False,
        help_text="400m if left out",
    )
    time_s = strict.StrictFloatField(min_value=1, max_value=20_000, help_text="40-240 for 400 m, as timed")
    timing = strict.StrictChoiceField(choices=PerformanceTest.Timing.choices)
    is_race = strict.StrictBooleanField(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data.get("event", "400m") == "400m" and not 40 <= data["time_s"] <= 240:
            refuse("time_s", "out_of_range", _("A 400 m takes 40 to 240 s."))
        return data


class RestDayBody(RecordBody):
    """Says that no session was no session: the day's load is 0, not unknown."""

    date = strict.ISODateField()


BODIES: dict[str, type[RecordBody]] = {
    "hrv_reading": HrvReadingBody,
    "resting_hr_reading": RestingHrReadingBody,
    "sleep_session": SleepSessionBody,
    "training_session": TrainingSessionBody,
    "performance_test": PerformanceTestBody,
    "rest_day": RestDayBody,
}
COMMON = frozenset(map(str, RecordBody().fields))


def refuse(name: str, code: str, message: str) -> None:
    raise serializers.ValidationError({name: [serializers.ErrorDetail(message, code)]})


def answer_to(body: type[RecordBody]) -> type[RecordBody]:
    """The record as the server has it, and what became of the one that was sent."""
    status = serializers.ChoiceField(choices=STATUSES, read_only=True)
    name = body.__name__.removesuffix("Body") + "Answer"
    return type(name, (body,), {"status": status, "__doc__": answer_to.__doc__, "__module__": __name__})


ANSWERS = {kind: answer_to(body) for kind, body in BODIES.items()}
OWN_FIELDS = {
    kind: [name for name, field in body().fields.items() if name not in COMMON and not field.write_only]
    for kind, body in BODIES.items()
}


def own_value(record: Any, name: str) -> Any:
    """A session is shown with what was said of it here before what its source says."""
    match name:
        case "rpe":
            return record.said_rpe
        case "rated_at":  # the server's clock, not the session's
            return in_utc(record.rated_at)
        case _:
            return getattr(record, name)


def record_body(kind: str, record: Record) -> dict[str, Any]:
    return {
        "id": str(record.id),
        "client_record_id": record.client_record_id,
        "client_record_version": record.client_record_version,
        "source": {
            "provider": str(record.provider),
            "device_model": record.device_model,
            "device_type": record.device_type,
            "recording_method": record.recording_method,
        },
        "date": record.date.isoformat(),
        "date_basis": record.date_basis,
        "vendor_date": record.vendor_date and record.vendor_date.isoformat(),
        "timezone": record.zone or None,
        **{name: shown(own_value(record, name), record.utc_offset_min) for name in OWN_FIELDS[kind]},
        "quality": {"status": str(record.quality_status), "reasons": record.quality_reasons},
        "updated_at": in_utc(record.updated_at),
    }


def shown(value: Any, utc_offset_min: int | None) -> Any:
    """Instants in the offset they came with."""
    if not isinstance(value, datetime):
        return value
    if utc_offset_min is None:
        return in_utc(value)
    return value.astimezone(timezone(timedelta(minutes=utc_offset_min))).isoformat()


def in_utc(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
