"""GET /me/sources/: when each watch, ring or app was last heard."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.people.permissions import IsAthlete, athlete_of
from athletes.serializers import in_utc
from athletes.wearables import heard
from measures.providers import NAMES
from rest.etags import conditional

STATES = {
    "heard": "as often as it always was, or too new to tell",
    "stopped": "silent for two days, and for longer than usual",
    "former": "silent for more than thirty days",
}


class SourceHeard(serializers.Serializer[Any]):
    provider = serializers.ChoiceField(choices=[*NAMES.items()])
    name = serializers.CharField()
    last_heard_at = serializers.DateTimeField(help_text="when its last record arrived")
    last_date = serializers.DateField(help_text="the date of its last record")
    usual_gap_days = serializers.IntegerField(
        allow_null=True,
        help_text="nine of ten gaps between dates with a record, in four weeks, were no longer; null: no habit",
    )
    state = serializers.ChoiceField(choices=[*STATES], help_text="; ".join(f"{k}: {v}" for k, v in STATES.items()))
    text = serializers.CharField(allow_blank=True, help_text="what has happened and what to do, if it has stopped")


class SourcesHeard(serializers.Serializer[Any]):
    sources = SourceHeard(many=True)


@extend_schema(tags=["me"])
class Sources(APIView):
    permission_classes = [IsAthlete]

    @extend_schema(operation_id="me_sources_retrieve", responses=SourcesHeard, summary="When each source was heard")
    def get(self, request: Request) -> Response:
        """The one heard last first. A source that has stopped says what to do."""
        athlete, now = athlete_of(request), timezone.now()
        found = heard.sources_of([athlete.pk], now).get(athlete.pk, [])
        return conditional(request, {"sources": [source_body(source, now) for source in found]})


def source_body(source: heard.HeardSource, now: Any) -> dict[str, Any]:
    return {
        "provider": source.provider,
        "name": source.name,
        "last_heard_at": in_utc(source.last_heard_at),
        "last_date": source.last_date.isoformat(),
        "usual_gap_days": source.usual_gap_days,
        "state": source.state(now),
        "text": source.text(now),
    }
