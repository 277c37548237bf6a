"""What each row of access.csv asks for: an address and a body that name what is Alice's wherever something is named."""

import re
from typing import Any

from allauth.idp.oidc.models import Client
from django.contrib.contenttypes.models import ContentType

from athletes.models import Athlete, Squad, SquadInvite, User
from tests.factories import PASSWORD
from tests.rest.actors import Cast
from tests.rest.operations import Operation, operations
from tests.rest.routes import model_of
from tests.rest.world import TODAY

ALICE = "ALICE@CANARY.EXAMPLE"  # as somebody else types it: a form shows again what was typed, which tells nothing
OF_ALICE = "?athlete=alice"
AUTH = "/_allauth/app/v1/"
CODE, ADDRESS, WRONG = {"code": "000000"}, {"email": ALICE}, {"email": ALICE, "password": "not hers"}
NEW_PASSWORD = {"current_password": PASSWORD, "new_password": "another long secret"}
NEW_ON_A_PAGE = {"oldpassword": PASSWORD, "password1": "another long secret", "password2": "another long secret"}
BODIES: dict[str, Any] = {
    f"POST {AUTH}auth/login": WRONG,
    f"POST {AUTH}auth/signup": {"email": ALICE, "password": "another long secret"},
    f"POST {AUTH}auth/reauthenticate": {"password": PASSWORD},
    f"POST {AUTH}auth/code/confirm": CODE,
    f"POST {AUTH}auth/password/request": ADDRESS,
    f"POST {AUTH}auth/password/reset": {"key": "000000", "password": "another long secret"},
    f"POST {AUTH}auth/email/verify": {"key": "000000"},
    f"POST {AUTH}auth/email/verify/resend": {},
    f"POST {AUTH}auth/phone/verify": CODE,
    f"POST {AUTH}account/phone": {"phone": "+491701234567"},
    f"POST {AUTH}account/password/change": NEW_PASSWORD,
    f"POST {AUTH}account/email": {"email": "thief@example.org"},
    f"PUT {AUTH}account/email": ADDRESS,
    f"PATCH {AUTH}account/email": {**ADDRESS, "primary": True},
    f"DELETE {AUTH}account/email": ADDRESS,
    f"POST {AUTH}auth/2fa/authenticate": CODE,
    f"POST {AUTH}auth/2fa/reauthenticate": CODE,
    f"POST {AUTH}account/authenticators/totp": CODE,
    f"POST {AUTH}account/authenticators/recovery-codes": {},
    f"DELETE {AUTH}auth/sessions": {"sessions": ["{session}"]},
    f"POST {AUTH}tokens/refresh": {"refresh_token": "x.y.z"},
    "POST /accounts/login/": {"login": ALICE, "password": "not hers"},
    "POST /accounts/signup/": {"email": ALICE, "password1": "another long secret"},
    "POST /accounts/reauthenticate/": {"password": PASSWORD},
    "POST /accounts/email/": {**ADDRESS, "action_remove": ""},
    "POST /accounts/password/change/": NEW_ON_A_PAGE,
    "POST /accounts/password/reset/": ADDRESS,
    "POST /accounts/2fa/totp/activate/": CODE,
    "POST /accounts/2fa/authenticate/": CODE,
    "POST /accounts/2fa/reauthenticate/": CODE,
    "POST /identity/o/authorize": {"request": "x", "action": "grant", "scopes": "days:read"},
    "POST /identity/o/device": {"code": "AAAA-BBBB", "action": "confirm"},
    "POST /identity/o/api/token": {"client_id": "{program}", "grant_type": "refresh_token", "refresh_token": "x"},
    "POST /identity/o/api/revoke": {"client_id": "{other_program}", "token": "{bearer}"},
    "POST /identity/o/api/device/code": {"client_id": "{program}", "scope": "days:read"},
    "POST /admin/login/": {"username": ALICE, "password": "not hers"},
    "POST /admin/password_change/": NEW_ON_A_PAGE,
    "POST /admin/recommendations/advice/{object_id}/override/": {"action": "rest", "reason_code": "seen_at_training"},
    "POST /admin/athletes/plannedsession/add/": {"athlete": "{athlete}", "date": str(TODAY), "kind": "tempo",
                                                 "load_au": 100},
    "POST /admin/athletes/squadinvite/add/": {"squad": "{squad}"},
}  # fmt: skip
QUERIES = {
    "GET /identity/o/authorize": "client_id={program}&response_type=code&redirect_uri=https://sync.example.org/back"
    "&scope=days:read&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    "GET /admin/autocomplete/": "app_label=athletes&model_name=plannedsession&field_name=athlete&term=canary",
    "GET /admin/search/": "s=canary&extended=1",
}  # fmt: skip
ACTIONS = {"athletes.membership": "end_membership", "recommendations.device": "deactivate"}
SEGMENTS = {  # of the API, where Alice's row is named by Cast.ids
    "hrvreading": "hrv-readings", "restinghrreading": "resting-hr-readings", "sleepsession": "sleep-sessions",
    "trainingsession": "training-sessions", "performancetest": "performance-tests", "restday": "rest-days",
    "advice": "advice", "warning": "warnings", "redflag": "red-flags", "device": "devices",
    "plannedsession": "planned-sessions",
}  # fmt: skip


class Attempts:
    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.operations = {(o.method, o.path): o for o in operations()}
        self.words = {
            "program": cast.no_client.client.pk, "other_program": cast.bobs_client.client.pk,
            "bearer": cast.days_client.bearer, "athlete": cast.alice.pk, "squad": cast.sprints.pk,
            "session": cast.session_of_alice.pk, "app_label": "athletes", "url": "nowhere",
            "content_type_id": ContentType.objects.get_for_model(Athlete).pk, "id": cast.alice.user.pk,
        }  # fmt: skip

    def url(self, method: str, path: str) -> str:
        plain, _, query = path.partition("?")
        if operation := self.operations.get((method, plain)) or self.near(plain):
            return self.cast.url(operation) + (f"?athlete={self.cast.alice.pk}" if query else "")
        words = self.words | {"object_id": self.object_id(plain)}
        if "{version}" in plain:
            words["version"] = self.row_of(plain).history.first().history_id
        query = QUERIES.get(f"{method} {plain}", "")
        filled = plain.format_map(words) + (f"?{query.format_map(words)}" if query else "")
        assert "{" not in filled, path
        return filled

    def near(self, path: str) -> Operation | None:
        """Of the same address, whatever the method."""
        return next((o for (_, at), o in self.operations.items() if at == path), None)

    def body(self, method: str, path: str) -> Any:
        plain = path.partition("?")[0]
        if method == "GET" or ((operation := self.operations.get((method, plain))) and not operation.takes_a_body):
            return None
        if operation:
            return operation.example
        if (model := model_of(plain)) and method == "POST" and f"POST {plain}" not in BODIES:
            return self.form(plain, model)
        return filled_in(BODIES.get(f"{method} {plain}"), self.words)

    def form(self, path: str, model: Any) -> dict[str, Any]:
        """Of an admin page: the last word of its address says what is asked."""
        if path.count("/") == 4:
            action = ACTIONS.get(model._meta.label_lower, "delete_selected")
            return {"action": action, "_selected_action": str(self.row_of(path).pk), "post": "yes"}
        return {"post": "yes", "reason": "because", "display_name": "another"}

    def object_id(self, path: str) -> Any:
        return self.row_of(path).pk if model_of(path) else self.cast.alice.pk

    def row_of(self, path: str) -> Any:
        """Alice's of that model, or, where nothing is anybody's, the first."""
        cast, model = self.cast, model_of(path)
        assert model is not None, path
        special = {
            Athlete: cast.alice, User: cast.alice.user, Squad: cast.sprints, SquadInvite: cast.invite,
            Client: cast.no_client.client,
        }.get(model)  # fmt: skip
        if special is not None:
            return special
        rows = model._default_manager.all()
        if segment := SEGMENTS.get(model._meta.model_name):
            return rows.get(pk=cast.ids[segment])
        names = {field.name for field in model._meta.concrete_fields}
        for path_to, whose in (("athlete", cast.alice), ("advice__athlete", cast.alice), ("user", cast.alice.user)):
            if path_to.partition("__")[0] in names and (row := rows.filter(**{path_to: whose}).first()):
                return row
        row = rows.order_by("pk").first()
        assert row is not None, f"no row for {path}"
        return row


def filled_in(body: Any, words: dict[str, Any]) -> Any:
    if body is None:
        return None
    return {
        name: [item.format_map(words) for item in value] if isinstance(value, list) else
        value.format_map(words) if isinstance(value, str) and re.search(r"\{\w+\}", value) else value
        for name, value in body.items()
    }  # fmt: skip
