"""/me/tokens/: keys for an athlete's own scripts."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.models import PersonalToken
from athletes.people.permissions import FreshSignIn, IsAthlete
from athletes.people.whose import user_of
from athletes.serializers import in_utc
from athletes.sign_in import clients, personal_tokens
from athletes.sign_in.accounts import tell_of_a_new_token
from rest import strict


class TokenRequest(strict.StrictSerializer):
    name = strict.StrictCharField(max_length=80, help_text="what it is for, to know it again")
    scopes = serializers.ListField(
        child=strict.StrictChoiceField(choices=[*clients.SCOPE_TEXTS]), allow_empty=False, max_length=3
    )
    days = strict.StrictIntegerField(
        min_value=1,
        max_value=personal_tokens.MOST_DAYS,
        required=False,
        help_text=f"how long it is good for; {personal_tokens.DEFAULT_DAYS} if left out",
    )


class TokenView(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=[*clients.SCOPE_TEXTS]))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_on = serializers.DateField(allow_null=True, help_text="a day in UTC")


class NewToken(TokenView):
    token = serializers.CharField(help_text="send it as `Authorization: Bearer ...`; it is never shown again")


class TokenList(serializers.Serializer[Any]):
    results = TokenView(many=True)


@extend_schema(tags=["me"])
class Tokens(APIView):
    def get_permissions(self) -> list[Any]:
        return [IsAthlete(), FreshSignIn()] if self.request.method == "POST" else [IsAthlete()]

    @extend_schema(operation_id="me_tokens_list", responses=TokenList)
    def get(self, request: Request) -> Response:
        """My personal tokens, the newest first; of none the key."""
        rows = personal_tokens.live(user_of(request), timezone.now())
        return Response({"results": [body_of(row) for row in rows]})

    @extend_schema(
        operation_id="me_tokens_create",
        request=TokenRequest,
        responses={201: NewToken},
        examples=[OpenApiExample("a script", {"name": "my watch", "scopes": ["records:write"]}, request_only=True)],
        summary="A key for a script of my own",
    )
    def post(self, request: Request) -> Response:
        """It opens what a program with these scopes opens, for you alone. 403 `fresh_sign_in_required`: say your
        password again first. 409 `too_many_tokens`. You are told of it by mail."""
        asked = TokenRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        said, user = asked.validated_data, user_of(request)
        with transaction.atomic():
            days = said.get("days", personal_tokens.DEFAULT_DAYS)
            row, key = personal_tokens.make(user, said["name"], set(said["scopes"]), days)
            tell_of_a_new_token(request, user, row.name)
        return Response({**body_of(row), "token": key}, status=201)


@extend_schema(tags=["me"])
class OneToken(APIView):
    permission_classes = [IsAthlete]

    @extend_schema(operation_id="me_tokens_delete", responses={204: None}, summary="Take a personal token back")
    def delete(self, request: Request, token_id: UUID) -> Response:
        """Its next request is refused."""
        gone, _ = PersonalToken.objects.filter(user=user_of(request), pk=token_id).delete()
        if not gone:
            raise Http404
        return Response(status=204)


def body_of(row: PersonalToken) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "scopes": row.scopes,
        "created_at": in_utc(row.created_at),
        "expires_at": in_utc(row.expires_at),
        "last_used_on": row.last_used_on and row.last_used_on.isoformat(),
    }
