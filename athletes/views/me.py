"""Oneself, and the squads one belongs to."""

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal, cast

from django.conf.locale import LANG_INFO
from django.core.validators import RegexValidator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.local_days.local_time import local_today
from athletes.models import Athlete, Membership, Squad, SquadInvite, User
from athletes.people import squads
from athletes.people.access import squads_coached_by
from athletes.people.permissions import IsAthlete, athlete_of
from athletes.reports import profile
from measures.providers import NAMES
from rest import strict
from rest.etags import conditional
from rest.problems import Problem
from rest.throttling import JoinThrottle, WriteThrottle

EARLIEST_BIRTH = date(1900, 1, 1)
MOST_PERIODS = 100
FARTHEST_RACE = timedelta(days=730)
LANGUAGE_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)
LANGUAGES = {tag.partition("-")[0] for tag in LANG_INFO}
EVENT = RegexValidator(r"^[0-9]{2,5}m(h|sc)?\Z", gettext_lazy("Must be an event like 400m or 400mh."), "not_an_event")


class Whole(strict.StrictSerializer):
    """An object that is sent whole or not at all, in a PATCH too."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, dict) and (missing := self.fields.keys() - data.keys()):
            required = serializers.ErrorDetail(_("This field is required."), "required")
            raise serializers.ValidationError({name: [required] for name in sorted(missing)})
        return super().run_validation(data)


class UsualWeek(Whole):
    """An ordinary training week, or null: the load to start from until the first weeks are known."""

    sessions = strict.StrictIntegerField(source="usual_sessions_per_week", min_value=0, max_value=21)
    session_min = strict.StrictIntegerField(source="usual_session_min", min_value=1, max_value=600)
    rpe = strict.StrictFloatField(source="usual_session_rpe", min_value=0, max_value=10, step=0.5)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is None:
            return {"usual_sessions_per_week": None, "usual_session_min": None, "usual_session_rpe": None}
        return super().run_validation(data)


class QuietHours(Whole):
    """No push between these local times."""

    start = strict.LocalTimeField(source="quiet_hours_start")
    end = strict.LocalTimeField(source="quiet_hours_end")


class SourceOrder(serializers.ListField):
    child = strict.StrictChoiceField(choices=[*NAMES.items()])

    def __init__(self, *, may_be_empty: bool = True) -> None:
        super().__init__(required=not may_be_empty, allow_empty=may_be_empty, max_length=len(NAMES))

    def to_internal_value(self, data: Any) -> list[str]:
        providers: list[str] = super().to_internal_value(data)
        if len(set(providers)) != len(providers):
            raise serializers.ValidationError(_("Each source once."), "duplicate")
        return providers


class SourcePriority(strict.StrictSerializer):
    """Per signal, whose value counts when several sources report it; those not named come last."""

    may_be_empty = True
    hrv = SourceOrder()
    sleep = SourceOrder()
    resting_hr = SourceOrder()
    training = SourceOrder()


class SourcePeriod(Whole):
    """Another order of sources from one date to another, both included; null: since ever, or until further notice."""

    date_from = strict.ISODateField(allow_null=True)
    date_to = strict.ISODateField(allow_null=True)
    providers = SourceOrder(may_be_empty=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        first, last = data["date_from"], data["date_to"]
        if first and last and last < first:
            raise serializers.ValidationError(
                {"date_to": [serializers.ErrorDetail(_("Must not be before date_from."), "ends_before_it_starts")]}
            )
        return {**data, "date_from": first and first.isoformat(), "date_to": last and last.isoformat()}


class SourcePeriodList(serializers.ListField):
    child = SourcePeriod()

    def __init__(self) -> None:
        super().__init__(required=False, max_length=MOST_PERIODS)

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        """In order of time; no date may lie in two of them."""
        periods = sorted(super().to_internal_value(data), key=lambda period: period["date_from"] or "")
        for period, following in pairwise(periods):
            if (following["date_from"] or "") <= (period["date_to"] or "9999-12-31"):
                raise serializers.ValidationError(_("No date may lie in two periods."), "overlap")
        return periods


class SourcePeriods(strict.StrictSerializer):
    """Like "Garmin until the end of February, Oura from then": where a period covers a date, its order counts there.

    While a source that is named for the date is read, those that are not named do not count for HRV.
    """

    may_be_empty = True
    hrv = SourcePeriodList()
    sleep = SourcePeriodList()
    resting_hr = SourcePeriodList()
    training = SourcePeriodList()


class Profile(strict.StrictSerializer):
    id = serializers.IntegerField(source="pk", read_only=True, allow_null=True, help_text="of the athlete profile")
    email = serializers.EmailField(source="user.email", read_only=True)
    is_athlete = serializers.SerializerMethodField(help_text="false: no profile yet; the first PATCH makes one")
    is_coach = serializers.SerializerMethodField()
    today = serializers.SerializerMethodField(help_text="the local date right now")
    display_name = strict.StrictCharField(max_length=80, allow_blank=True)
    timezone = strict.TimezoneField(help_text="IANA zone; decides which day it is")
    locale = strict.StrictCharField(max_length=16, help_text="BCP 47: language, script, region, like de or zh-Hans-CN")
    sex = strict.StrictChoiceField(choices=Athlete.Sex.choices)
    birth_date = strict.ISODateField(allow_null=True)
    event = strict.StrictCharField(max_length=16, validators=[EVENT], help_text="like 400m or 400mh")
    usual_week = UsualWeek(source="*", allow_null=True)
    max_hr_bpm = strict.StrictFloatField(
        allow_null=True,
        min_value=120,
        max_value=230,
        zero_is_missing=True,
        help_text="highest heart rate, as tested; null: from what was seen and the age",
    )
    morning_deadline = strict.LocalTimeField(help_text="local time by which the day's advice is final")
    quiet_hours = QuietHours(source="*")
    source_priority = SourcePriority(help_text="sent whole; a change concerns every date that no period covers")
    source_periods = SourcePeriods(
        help_text="sent whole; only the days between the dates that change are looked at again"
    )
    main_race_on = strict.ISODateField(allow_null=True)
    hold = strict.StrictChoiceField(
        choices=Athlete.Hold.choices, help_text="Holds the advice at recovery. One can set it; staff lift it."
    )
    wants_push = strict.StrictBooleanField()

    def get_is_athlete(self, athlete: Athlete) -> bool:
        return athlete.pk is not None

    def get_is_coach(self, athlete: Athlete) -> bool:
        return squads_coached_by(athlete.user).exists()

    def get_today(self, athlete: Athlete) -> date:
        return local_today(athlete)

    def validate_birth_date(self, born: date | None) -> str:
        if born and not EARLIEST_BIRTH <= born < timezone.now().date():
            raise serializers.ValidationError(_("Not a possible date of birth."), "out_of_range")
        return born.isoformat() if born else ""

    def validate_locale(self, tag: str) -> str:
        """In the case that RFC 5646 recommends, so that equal tags are equal strings."""
        found = LANGUAGE_TAG.fullmatch(tag)
        if not found:
            raise serializers.ValidationError(_("Must be a language tag like pt-BR or zh-Hans-CN."), "not_a_locale")
        language, script, region = found.groups(default="")
        if language.lower() not in LANGUAGES:
            raise serializers.ValidationError(_("This language is not known."), "unknown_language")
        return "-".join(filter(None, (language.lower(), script.title(), region.upper())))

    def validate_main_race_on(self, day: date | None) -> date | None:
        today = timezone.now().date()
        if day and not today - timedelta(days=1) <= day <= today + FARTHEST_RACE:
            raise serializers.ValidationError(_("Within the next two years."), "out_of_range")
        return day

    def to_representation(self, athlete: Athlete) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(athlete)
        if athlete.usual_sessions_per_week is None:
            shown["usual_week"] = None
        return shown


CHANGE_OF_DEVICE = OpenApiExample(
    "a watch until the end of February, a ring from then on",
    {
        "source_periods": {
            "hrv": [
                {"date_from": None, "date_to": "2026-02-28", "providers": ["garmin"]},
                {"date_from": "2026-03-01", "date_to": None, "providers": ["oura", "garmin"]},
            ]
        }
    },
    request_only=True,
)
MORNING_EXAMPLE = OpenApiExample(
    "first start of the phone",
    {
        "timezone": "Europe/Berlin",
        "sex": "female",
        "usual_week": {"sessions": 6, "session_min": 75, "rpe": 6},
        "morning_deadline": "08:30",
    },
    request_only=True,
)


class Me(APIView):
    """The signed-in account's own profile."""

    @extend_schema(responses=Profile, summary="My profile")
    def get(self, request: Request) -> Response:
        user = cast(User, request.user)
        athlete = Athlete.objects.filter(user=user).first() or Athlete()
        athlete.user = user
        return conditional(request, Profile(athlete).data)

    @extend_schema(
        request=Profile, responses=Profile, examples=[MORNING_EXAMPLE, CHANGE_OF_DEVICE], summary="Change my profile"
    )
    def patch(self, request: Request) -> Response:
        """Only the fields that are sent change. A change that concerns today's advice asks for it again."""
        serializer = Profile(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        try:
            athlete = profile.change_profile(cast(User, request.user), serializer.validated_data)
        except profile.HoldStays:
            raise Problem(403, "hold_stays", _("Only the staff can lift or replace a hold.")) from None
        return Response(Profile(athlete).data)


class Sharing(strict.StrictSerializer):
    shares_status = strict.StrictBooleanField(required=False, help_text="coaches see status, advice and warnings")
    shares_values = strict.StrictBooleanField(required=False, help_text="coaches see HRV, sleep and load")
    shares_medical = strict.StrictBooleanField(
        required=False,
        help_text="coaches with the permission see which illness, injury, warning sign or hold it is, pain and notes,"
        " earlier ones too; false: they see that health is the reason, and no more",
    )


class JoinRequest(Sharing):
    """Nothing is shared by silence: whoever joins says whether the coaches may see her status."""

    shares_status = strict.StrictBooleanField(
        help_text="coaches see status, advice and warnings; false joins without showing anything",
        error_messages={"required": gettext_lazy("Say whether the squad's coaches may see the status: true or false.")},
    )
    code = strict.StrictCharField(max_length=16, help_text="8 characters; case, spaces and hyphens do not matter")

    def validate_code(self, code: str) -> str:
        return code.upper().replace("-", "").replace(" ", "")


class SquadView(serializers.ModelSerializer[Squad]):
    """A squad as the caller sees it: what an athlete shares with it, how many athletes a coach has in it."""

    role = serializers.SerializerMethodField()
    athletes = serializers.SerializerMethodField(help_text="how many there are now; null for its athletes")
    shares_status = serializers.SerializerMethodField()
    shares_values = serializers.SerializerMethodField()
    shares_medical = serializers.SerializerMethodField()

    class Meta:
        model = Squad
        fields = ["id", "name", "role", "athletes", "shares_status", "shares_values", "shares_medical"]

    def get_role(self, squad: Any) -> Literal["coach", "athlete"]:
        return "coach" if squad.is_coached else "athlete"

    def get_athletes(self, squad: Any) -> int | None:
        return squad.n_athletes if squad.is_coached else None

    def get_shares_status(self, squad: Any) -> bool | None:
        return cast(bool | None, squad.shares_status)

    def get_shares_values(self, squad: Any) -> bool | None:
        return cast(bool | None, squad.shares_values)

    def get_shares_medical(self, squad: Any) -> bool | None:
        return cast(bool | None, squad.shares_medical)


def squads_of(user: User) -> QuerySet[Squad]:
    own = Membership.objects.filter(squad=OuterRef("pk"), athlete__user=user, left_at__isnull=True)
    coached = squads_coached_by(user).filter(pk=OuterRef("pk"))
    return Squad.objects.annotate(
        is_coached=Exists(coached),
        n_athletes=Count("memberships", filter=Q(memberships__left_at__isnull=True)),
        shares_status=Subquery(own.values("shares_status")),
        shares_values=Subquery(own.values("shares_values")),
        shares_medical=Subquery(own.values("shares_medical")),
    ).filter(Q(is_coached=True) | Q(shares_status__isnull=False))


@extend_schema_view(get=extend_schema(summary="Squads I coach or belong to"))
class Squads(ListAPIView[Squad]):
    serializer_class = SquadView
    ordering = ("name", "id")
    lists = True

    def get_queryset(self) -> QuerySet[Squad]:
        return squads_of(cast(User, self.request.user))


JOINS_WITH_VALUES = {"code": "K7PM-2XWD", "shares_status": True, "shares_values": True}


class Join(APIView):
    permission_classes = [IsAthlete]
    throttle_classes = [JoinThrottle, WriteThrottle]

    @extend_schema(
        request=JoinRequest,
        responses={201: SquadView},
        summary="Join a squad with a coach's code",
        examples=[OpenApiExample("with values", JOINS_WITH_VALUES, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """A code is good for one athlete and seven days. 404 `invite_not_found`, 409 `invite_used`, `invite_expired` or
        `already_a_member`; few tries are allowed."""
        serializer = JoinRequest(data=request.data)
        serializer.is_valid(raise_exception=True)
        shares = serializer.validated_data
        try:
            joined = squads.join(athlete_of(request), shares.pop("code"), shares)
        except squads.InviteRefused as refusal:
            status, code, text = REFUSALS[refusal.reason]
            raise Problem(status, code, str(text)) from None
        return Response(SquadView(squads_of(cast(User, request.user)).get(pk=joined.squad_id)).data, status=201)


REFUSALS = {
    "invite_not_found": (404, "invite_not_found", gettext_lazy("There is no such code.")),
    "invite_used": (409, "invite_used", gettext_lazy("This code has been used; ask the coach for a new one.")),
    "invite_expired": (409, "invite_expired", gettext_lazy("This code is too old; ask the coach for a new one.")),
    "already_a_member": (
        409,
        "already_a_member",
        gettext_lazy("You already belong to this squad; the code stays good."),
    ),
}


class Invite(serializers.ModelSerializer[SquadInvite]):
    class Meta:
        model = SquadInvite
        fields = ["code", "expires_at"]


class Invites(APIView):
    @extend_schema(request=None, responses={201: Invite}, summary="A code for one athlete to join with")
    def post(self, request: Request, squad_id: int) -> Response:
        """Coaches of the squad alone; it takes no body."""
        user = cast(User, request.user)
        squad = squads_of(user).filter(pk=squad_id).first()
        if squad is None:
            raise Http404
        if not squads_coached_by(user).filter(pk=squad.pk).exists():
            raise Problem(403, "not_the_coach", _("Only a coach of the squad can invite."))
        return Response(Invite(squads.invite(squad, by=user)).data, status=201)


class OwnMembership(APIView):
    """What this squad's coaches see of me, and an end to it: both count from the next request on."""

    permission_classes = [IsAthlete]

    @extend_schema(
        request=Sharing,
        responses=SquadView,
        summary="Change what a squad's coaches see",
        examples=[OpenApiExample("no more values", {"shares_values": False}, request_only=True)],
    )
    def patch(self, request: Request, squad_id: int) -> Response:
        membership = self.membership(request, squad_id)
        serializer = Sharing(data=request.data)
        serializer.is_valid(raise_exception=True)
        squads.change_sharing(membership, serializer.validated_data)
        return Response(SquadView(squads_of(cast(User, request.user)).get(pk=squad_id)).data)

    @extend_schema(responses={204: None}, summary="Leave a squad")
    def delete(self, request: Request, squad_id: int) -> Response:
        squads.leave(self.membership(request, squad_id))
        return Response(status=204)

    def membership(self, request: Request, squad_id: int) -> Membership:
        membership = athlete_of(request).memberships.filter(squad=squad_id, left_at__isnull=True).first()
        if membership is None:
            raise Http404
        return membership
