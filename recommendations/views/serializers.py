"""What may be sent, strictly; and what is answered, for the document: the answers themselves are made in showing.py."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from athletes.models import PlannedSession, TrainingSession
from athletes.reports import red_flags
from measures.intensity import share_of
from recommendations.models import ActionCode, Advice, Feedback, OrderCode, Override, Warning
from recommendations.words import discretion
from rest import strict

MAX_LOAD_AU = 6_000
OWN_NEEDS = gettext_lazy("A session of your own needs words and a load (RPE x minutes).")
NOTE_NEEDED = gettext_lazy("Say why, when the reason is none of the others.")


# --- bodies -----------------------------------------------------------------------------------------------------------


class FeedbackBody(strict.StrictSerializer):
    followed = strict.StrictChoiceField(choices=Feedback.Followed.choices)
    reason_code = strict.StrictCharField(max_length=32, required=False, allow_blank=True)
    agreement = strict.StrictIntegerField(min_value=1, max_value=5, required=False, allow_null=True)
    comment = strict.StrictCharField(required=False, allow_blank=True, help_text="for the athlete's own eyes")


class OverrideBody(strict.StrictSerializer):
    """`session` and `load_au` belong to `own`, and are needed there."""

    action = strict.StrictChoiceField(choices=OrderCode.choices)
    session = strict.StrictCharField(max_length=200, required=False, allow_blank=True, help_text="own: in your words")
    load_au = strict.StrictFloatField(min_value=0, max_value=MAX_LOAD_AU, required=False, allow_null=True)
    reason_code = strict.StrictChoiceField(choices=Override.Reason.choices)
    note = strict.StrictCharField(
        required=False, allow_blank=True, help_text="the athlete reads it; needed where reason_code is other"
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["reason_code"] == Override.Reason.OTHER and not given.get("note"):
            raise serializers.ValidationError({"note": [serializers.ErrorDetail(str(NOTE_NEEDED), "required")]})
        missing = [name for name in ("session", "load_au") if given.get(name) in (None, "")]
        if given["action"] == OrderCode.OWN and missing:
            raise serializers.ValidationError(
                {n: [serializers.ErrorDetail(str(OWN_NEEDS), "required")] for n in missing}
            )
        return given


class PlanBody(strict.StrictSerializer):
    """`load_au`, or `duration_min` and `rpe`; load 0 is a planned rest day."""

    kind = strict.StrictChoiceField(choices=TrainingSession.Kind.choices, required=False)
    title = strict.StrictCharField(max_length=120, required=False, allow_blank=True)
    load_au = strict.StrictFloatField(min_value=0, max_value=MAX_LOAD_AU, required=False, allow_null=True)
    duration_min = strict.StrictFloatField(min_value=0, max_value=600, required=False, allow_null=True)
    rpe = strict.StrictFloatField(min_value=0, max_value=10, step=0.5, required=False, allow_null=True)
    high_intensity_share = strict.StrictFloatField(
        min_value=0, max_value=1, required=False, allow_null=True, help_text="of the load; else by the kind"
    )
    competition_priority = strict.StrictChoiceField(choices=["A", "B", "C"], required=False, allow_null=True)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """As columns of PlannedSession, all of them: a PUT replaces."""
        minutes, rpe, load = given.get("duration_min"), given.get("rpe"), given.get("load_au")
        if load is None:
            if minutes is None or rpe is None:
                refusal = serializers.ErrorDetail(_("Needed, unless duration_min and rpe are given."), "required")
                raise serializers.ValidationError({"load_au": [refusal]})
            load = minutes * rpe
        kind = given.get("kind", TrainingSession.Kind.OTHER)
        return {
            "kind": kind,
            "title": given.get("title", ""),
            "load_au": load,
            "duration_min": minutes,
            "rpe": rpe,
            "high_intensity_share": share_of(kind, given.get("high_intensity_share")),
            "competition_priority": given.get("competition_priority") or "",
        }


# --- answers ----------------------------------------------------------------------------------------------------------

WITHHELD = [*Advice.WithheldReason.choices, (discretion.HEALTH, "Health, which is medical detail")]
STATUSES = ["pending", "provisional", "final", "overridden", "withheld", "expired"]
NUMBER = {"type": ["number", "null"]}


class Answer(serializers.Serializer[Any]):
    """Never used to write."""


@extend_schema_field({"type": ["array", "null"], "items": {"type": "number"}, "minItems": 2, "maxItems": 2})
class MinutesField(serializers.ListField):
    pass


@extend_schema_field({"type": ["array", "null"], "items": NUMBER, "minItems": 2, "maxItems": 2})
class RangeField(serializers.ListField):
    pass


class PrescriptionView(Answer):
    load_au = serializers.FloatField(allow_null=True, help_text="session-RPE load: CR-10 x minutes")
    planned_load_au = serializers.FloatField(allow_null=True)
    planned_by = serializers.ChoiceField(choices=["plan", "automatic"])
    load_change_pct = serializers.FloatField(allow_null=True)
    high_intensity_share = serializers.FloatField(allow_null=True)
    rpe_max = serializers.IntegerField(allow_null=True)
    duration_min = MinutesField(allow_null=True)
    example = serializers.CharField()


class ReasonView(Answer):
    code = serializers.CharField()
    text = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField(allow_blank=True)
    range = RangeField(allow_null=True)


class GuardView(Answer):
    code = serializers.CharField(help_text="G01-G19; health for a coach who is shown no medical detail")
    effect = serializers.CharField()
    text = serializers.CharField(allow_blank=True)


class ChangeView(Answer):
    feature = serializers.CharField()
    op = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    then = serializers.ChoiceField(choices=ActionCode.choices)
    text = serializers.CharField(help_text="what to do")


class ContributionView(Answer):
    feature = serializers.CharField()
    value = serializers.FloatField(help_text="in units of reward, largest size first; above 0 speaks for the action")


class FeatureView(Answer):
    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    z = serializers.FloatField(allow_null=True)
    age_days = serializers.IntegerField(allow_null=True)
    imputed = serializers.BooleanField(help_text="nothing was reported: a stand-in")
    estimated = serializers.BooleanField(help_text="some loads of the last seven days are unrated: estimates")


class SessionsToRateView(Answer):
    count = serializers.IntegerField()
    text = serializers.CharField()


class StateView(Answer):
    version = serializers.IntegerField()
    features = serializers.DictField(child=FeatureView(), help_text="hrv, sleep, acute, chronic, acwr, performance")
    completeness = serializers.FloatField()
    in_distribution = serializers.BooleanField()


class ExpectedView(Answer):
    horizon_days = serializers.IntegerField()
    perf_change_pct = serializers.DictField(child=serializers.FloatField())


class ModelView(Answer):
    policy = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    used_fallback = serializers.BooleanField(help_text="the rule policy answered although the learned one was due")
    guard_version = serializers.IntegerField()


class OverrideView(Answer):
    id = serializers.UUIDField()
    action = serializers.ChoiceField(choices=OrderCode.choices)
    headline = serializers.CharField()
    session = serializers.CharField(allow_blank=True)
    load_au = serializers.FloatField(allow_null=True)
    reason_code = serializers.ChoiceField(choices=Override.Reason.choices)
    note = serializers.CharField(allow_blank=True)
    by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class AdvisedView(Answer):
    """What the product had advised where a coach's order now stands on top."""

    action = serializers.ChoiceField(choices=ActionCode.choices, allow_null=True)
    headline = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    prescription = PrescriptionView(allow_null=True)


class FeedbackView(Answer):
    followed = serializers.ChoiceField(choices=Feedback.Followed.choices)
    reason_code = serializers.CharField(allow_null=True)
    agreement = serializers.IntegerField(allow_null=True)
    comment = serializers.CharField(allow_null=True, allow_blank=True, help_text="null for everybody but the athlete")
    updated_at = serializers.DateTimeField()


class AdviceView(Answer):
    id = serializers.UUIDField(allow_null=True)
    athlete = serializers.IntegerField()
    date = serializers.DateField()
    revision = serializers.IntegerField(help_text="0 while pending")
    status = serializers.ChoiceField(choices=STATUSES)
    withheld_reason = serializers.ChoiceField(
        choices=WITHHELD, allow_null=True, help_text="health: for a coach who is shown no medical detail"
    )
    stage = serializers.CharField(allow_null=True, help_text="profile, provisional or learned")
    action = serializers.ChoiceField(
        choices=OrderCode.choices, allow_null=True, help_text="what counts today: the coach's order where one stands"
    )
    headline = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    prescription = PrescriptionView(allow_null=True)
    policy_action = serializers.ChoiceField(
        choices=ActionCode.choices,
        allow_null=True,
        help_text="null, as q_values, where health decided and the coach is shown no medical detail",
    )
    q_values = serializers.DictField(child=serializers.FloatField(), allow_null=True)
    margin = serializers.FloatField(allow_null=True, help_text="null where a guard, a rule or a coach decided")
    clear_choice = serializers.BooleanField(
        allow_null=True,
        help_text="false: nothing stood above the plan by more than the policy may be wrong; null: it did not decide",
    )
    reasons = ReasonView(many=True)
    guards = GuardView(many=True)
    would_change_if = ChangeView(many=True)
    contributions = ContributionView(
        many=True, allow_null=True, help_text="to the preferred action's lead over the runner-up; once what-if is ready"
    )
    sessions_to_rate = SessionsToRateView(
        allow_null=True, help_text="of the last 14 days; /training-sessions/?needs_confirmation=true lists them"
    )
    state = StateView(allow_null=True)
    expected = ExpectedView(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    vendor_scores = serializers.ListField(child=serializers.DictField())
    model = ModelView(allow_null=True)
    issued_at = serializers.DateTimeField(allow_null=True)
    valid_until = serializers.DateTimeField(allow_null=True)
    override = OverrideView(allow_null=True)
    suspended_override = OverrideView(allow_null=True, help_text="an order that this morning's health suspends")
    advised = AdvisedView(allow_null=True)
    feedback = FeedbackView(allow_null=True)
    disclaimer = serializers.CharField()


class WarningView(Answer):
    id = serializers.UUIDField()
    athlete = serializers.IntegerField()
    kind = serializers.CharField()
    level = serializers.ChoiceField(choices=Warning.Level.choices)
    opened_on = serializers.DateField()
    last_seen_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)
    text = serializers.CharField()
    evidence = serializers.DictField(child=serializers.FloatField(allow_null=True), allow_null=True)
    citation = serializers.CharField()
    rule_version = serializers.IntegerField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class PlanView(Answer):
    date = serializers.DateField()
    author = serializers.ChoiceField(choices=[*PlannedSession.Author.values, "automatic"])
    kind = serializers.ChoiceField(choices=TrainingSession.Kind.choices)
    title = serializers.CharField(allow_blank=True)
    load_au = serializers.FloatField()
    duration_min = serializers.FloatField(allow_null=True)
    rpe = serializers.FloatField(allow_null=True)
    high_intensity_share = serializers.FloatField()
    competition_priority = serializers.ChoiceField(choices=["A", "B", "C"], allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)


class PlansView(Answer):
    results = PlanView(many=True)


class SquadName(Answer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class WarningFlag(Answer):
    kind = serializers.CharField()
    level = serializers.ChoiceField(choices=Warning.Level.choices)


class BoardLineView(Answer):
    athlete = serializers.IntegerField()
    display_name = serializers.CharField()
    date = serializers.DateField(help_text="the athlete's own today, unless a date was asked for")
    needs_a_look = serializers.BooleanField()
    checked_in = serializers.BooleanField()
    unread = serializers.IntegerField(help_text="notices to me about this athlete that I have not seen")
    advice = serializers.UUIDField(allow_null=True)
    status = serializers.ChoiceField(choices=STATUSES)
    withheld_reason = serializers.ChoiceField(
        choices=WITHHELD, allow_null=True, help_text="health: for a coach who is shown no medical detail"
    )
    action = serializers.ChoiceField(choices=ActionCode.choices, allow_null=True)
    override_action = serializers.ChoiceField(choices=OrderCode.choices, allow_null=True)
    headline = serializers.CharField(allow_null=True)
    because = serializers.CharField(allow_null=True)
    red_flag = serializers.ChoiceField(
        choices=[red_flags.OPEN, red_flags.CLEARED], allow_null=True, help_text="a warning sign; cleared: on this date"
    )
    warnings = WarningFlag(many=True)


class BoardView(Answer):
    squad = SquadName()
    results = BoardLineView(many=True)
