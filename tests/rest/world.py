"""Alice's world: one row of everything, so that every URL of the API has something to point at."""

from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.utils import timezone
from rest_framework.test import APIClient

from athletes.models import Athlete, Membership, RedFlag, SquadInvite
from athletes.sign_in import personal_tokens
from tests import factories
from tests.conftest import access_token
from tests.rest.operations import Operation, operations

NOW = "2026-11-22T20:00:00Z"
TODAY = date(2026, 11, 22)
CANARY = "canary-4711"
EARLY = {"submitted_at": "2026-11-22T00:00:00+08:00"}  # before the example of the API: what is older would be stale
ASKS_FOR_THE_PASSWORD = ("/me/tokens/",)
COACHES_DO = ("/override/", "/invites/", "/notices/", "/seen/")


class World:
    """`ids` holds what stands in for a path's {parameter}, by the path's first segment."""

    def __init__(self, api: Any) -> None:
        self.api = api
        self.alice = factories.make_athlete("alice@example.org")
        self.bob = factories.make_athlete("bob@example.org")
        self.charlie = factories.make_coach("charlie@example.org")
        self.chloe = factories.make_coach("chloe@example.org")
        self.mila = factories.permit_medical(factories.make_coach("mila@example.org"))
        self.dan = factories.make_coach("dan@example.org")
        self.eve = factories.make_coach("eve@example.org")
        self.root = factories.make_user("root@example.org", is_staff=True, is_superuser=True)
        self.sprints = factories.make_squad("Sprints", self.charlie, self.alice, self.bob)
        self.values = factories.make_squad("400 m", self.chloe, self.alice, shares_values=True)
        self.medical = factories.make_squad("Relay 2", self.mila, self.alice, shares_values=True, shares_medical=True)
        self.left = factories.make_squad("Hurdles", self.dan, self.alice)
        Membership.objects.filter(squad=self.left).update(left_at=NOW)
        throws = factories.make_squad("Throws", self.eve)
        SquadInvite.objects.create(
            squad=throws, code="K7PM2XWD", created_by=self.eve, expires_at=timezone.now() + timedelta(days=7)
        )
        self.records_client = factories.Program(self.alice, "records:write")
        self.days_client = factories.Program(self.alice, "days:read")
        self.advice_client = factories.Program(self.alice, "advice:read")
        self.ids: dict[str, Any] = {"squads": self.sprints.pk, "athletes": self.alice.pk}
        self.fill()

    def fill(self) -> None:
        """What the phone can send, it sends; what the server makes by itself is a row."""
        phone = self.api(self.alice)
        for operation in operations():
            if operation.method == "POST" and "{" not in operation.path and operation.takes_a_body:
                if operation.path.endswith("/join/"):
                    continue
                answer = phone.post(operation.path, operation.example)
                if "id" in (body := answer.json()):
                    self.ids[segment_of(operation)] = body["id"]
        phone.put(f"/api/v1/check-ins/{TODAY}/", {"fatigue": 4, "notes": CANARY} | EARLY)
        self.advice = factories.make_advice(self.alice, TODAY, current=True)
        self.ids["advice"] = self.advice.pk
        self.warning = make_warning(self.alice, TODAY)
        self.ids["warnings"] = self.warning.pk
        self.flag = make_red_flag(self.alice, TODAY)
        self.ids["red-flags"] = self.flag.pk
        self.ids["uploads"] = make_upload(self.alice).pk
        self.ids |= {"ingest": "garmin", "webhooks": "whoop", "me": self.days_client.client.pk}
        self.ids["notices"] = make_notice(self.alice, self.chloe, TODAY).pk
        self.ids["planned-sessions"] = make_plan(self.alice, TODAY).pk
        self.token, _ = personal_tokens.make(self.alice.user, "a script", ["days:read"], 30)

    def url(self, operation: Operation) -> str:
        path = operation.path.replace("{date}", str(TODAY)).replace("{token_id}", str(self.token.pk))
        for name in (
            "id",
            "squad_id",
            "athlete_id",
            "advice_id",
            "warning_id",
            "notice_id",
            "device_id",
            "provider",
            "client_id",
        ):
            path = path.replace(f"{{{name}}}", str(self.ids.get(segment_of(operation), "")))
        assert "{" not in path and "//" not in path, f"tests/rest/world.py has nothing for {operation}"
        return path

    def client_for(self, operation: Operation) -> Any:
        """Of somebody who may do this."""
        if operation.path.endswith(ASKS_FOR_THE_PASSWORD):
            client = APIClient(headers={"Authorization": f"Bearer {access_token(self.alice.user, fresh=True)}"})
        else:
            client = self.api(self.chloe if operation.path.endswith(COACHES_DO) else self.alice)
        client.raise_request_exception = False
        return client

    def actors(self) -> dict[str, Any]:
        return {
            "anonymous": None,
            "athlete": self.alice,
            "team_mate": self.bob,
            "coach_status": self.charlie,
            "coach_values": self.chloe,
            "coach_medical": self.mila,
            "ex_coach": self.dan,
            "other_coach": self.eve,
            "admin": self.root,
            "client_records": self.records_client,
            "client_days": self.days_client,
            "client_advice": self.advice_client,
        }


def segment_of(operation: Operation) -> str:
    return operation.path.split("/")[3]


def make_warning(athlete: Any, day: date) -> Any:
    from recommendations.models import Warning as OpenWarning

    given = {
        "opened_on": day,
        "last_seen_on": day,
        "kind": "hrv_below_range",
        "evidence": {"hrv_low_days": 3},
        "citation": "x",
        "rule_version": 1,
    }
    first_choices = {
        field.name: field.choices[0][0]
        for field in OpenWarning._meta.fields
        if field.choices and field.name not in given and not field.has_default()
    }
    return OpenWarning.objects.create(athlete=athlete, **given, **first_choices)


def make_red_flag(athlete: Athlete, day: date) -> RedFlag:
    return RedFlag.objects.create(athlete=athlete, kind="fainting", raised_on=day, raised_at=timezone.now())


def make_notice(athlete: Any, coach: Any, day: date) -> Any:
    from recommendations.models import Notice

    return Notice.objects.create(athlete=athlete, coach=coach, kind="fever", date=day, created_at=timezone.now())


def make_upload(athlete: Any) -> Any:
    from athletes.models import Upload

    given = {"provider": "garmin", "content_type": "application/json", "sha256": "0" * 64, "size_bytes": 2}
    return Upload.objects.create(athlete=athlete, **given)


def make_plan(athlete: Any, day: date) -> Any:
    from athletes.models import PlannedSession

    given = {"author": "coach", "load_au": 300, "high_intensity_share": 0.2}
    return PlannedSession.objects.create(athlete=athlete, date=day + timedelta(days=1), **given)


def snapshot() -> dict[str, list[Any]]:
    """Every row of the product's own tables."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for app in ("athletes", "recommendations", "mlmodels")
        for model in apps.get_app_config(app).get_models()
    }
