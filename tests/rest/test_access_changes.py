"""Whatever is taken back counts from the next request on: each actor is then another column of access.csv."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction

from athletes.models import User
from tests.factories import PASSWORD
from tests.rest.actors import BY_STATUS, BY_VALUES, Cast
from tests.rest.asking import Asker
from tests.rest.attempts import Attempts
from tests.rest.routes import model_of
from tests.rest.table import Row, Sees, asked, row_for, told

pytestmark = pytest.mark.usefixtures("valkey")
# Other rows in each column: of one's own squads, and how one is told of athletes.
ONES_OWN = ("{squad_id}", "/squad/", "/squadinvite/", "/admin/athletes/membership/", "/noticepreference/", "/seen/")


def shares(**levels: bool) -> Callable[[Cast], Any]:
    body = {f"shares_{level}": shared for level, shared in levels.items()}
    return lambda cast: cast.api(cast.alice).patch(f"/api/v1/squads/{cast.values.pk}/membership/", body)


def hides_medical_detail(cast: Cast) -> Any:
    return cast.api(cast.alice).patch(f"/api/v1/squads/{cast.medical.pk}/membership/", {"shares_medical": False})


def takes_permission(cast: Cast) -> Any:
    cast.mila.user_permissions.clear()


def leaves(cast: Cast) -> Any:
    return cast.api(cast.alice).delete(f"/api/v1/squads/{cast.values.pk}/membership/")


def signs_out(cast: Cast) -> Any:
    headers = cast.headers("athlete", "/_allauth/")
    return cast.api(None).delete("/_allauth/app/v1/auth/session", headers=headers)


def another_password(cast: Cast) -> Any:
    body = {"current_password": PASSWORD, "new_password": "another long secret"}
    return cast.api(cast.alice).post("/_allauth/app/v1/account/password/change", body)


def shut_out_program(cast: Cast) -> Any:
    return cast.api(cast.alice).delete(f"/api/v1/me/clients/{cast.every_client.client.pk}/")


def client_may_ask_for(*scopes: str) -> Callable[[Cast], Any]:
    def change(cast: Cast) -> None:
        cast.every_client.client.set_scopes(scopes)
        cast.every_client.client.save()

    return change


def granted(*scopes: str) -> Callable[[Cast], Any]:
    def change(cast: Cast) -> None:
        cast.every_client.token.set_scopes(list(scopes))
        cast.every_client.token.save()

    return change


def user(email: str, **values: bool) -> Callable[[Cast], Any]:
    return lambda cast: User.objects.filter(email=email).update(**values)


@dataclass(frozen=True)
class Change:
    what: str
    actor: str
    becomes: str
    sees: Sees | None
    by: Callable[[Cast], Any]


CHANGES = [
    Change("values withdrawn", "coach_values", "coach_status", {"alice": BY_STATUS}, shares(values=False)),
    Change("medical detail withdrawn", "coach_medical", "coach_medical", {"alice": BY_VALUES}, hides_medical_detail),
    Change("the club's permission taken", "coach_medical", "coach_medical", {"alice": BY_VALUES}, takes_permission),
    Change("all withdrawn", "coach_values", "coach_withdrawn", {}, shares(status=False)),
    Change("the athlete leaves", "coach_values", "coach_withdrawn", {}, leaves),
    Change("the coach leaves", "coach_status", "support", {}, lambda cast: cast.sprints.coaches.remove(cast.charlie)),
    Change("the coach is shut out", "coach_status", "anonymous", {}, user("charlie@example.org", is_active=False)),
    Change("no superuser any more", "admin", "support", {}, user("root@example.org", is_superuser=False)),
    Change("a program loses its scopes", "client_all", "client_none", None, client_may_ask_for()),
    Change("a program keeps one scope", "client_all", "client_days", None, client_may_ask_for("days:read")),
    Change("a grant is narrowed", "client_all", "client_advice", None, granted("advice:read")),
    Change("a program is shut out", "client_all", "anonymous", {}, shut_out_program),
    Change("signed out", "athlete", "anonymous", {}, signs_out),
    Change("another password", "athlete", "anonymous", {}, another_password),
]


def is_list_of_values(path: str) -> bool:
    """Empty at the level of status; it names athletes in its filter alone, which is there where there are two."""
    its_admin = admin.site._registry.get(model_of(path)) if path.count("/") == 4 else None
    return getattr(its_admin, "rows_are_values", False)


def rows(change: Change) -> list[tuple[str, str, Row]]:
    """The API's, and the pages on which a coach reads."""
    staff = change.actor.startswith(("coach", "admin"))
    found = []
    for method, path in asked():
        row = row_for(method, path)
        assert row is not None
        is_page = (
            staff and method == "GET" and path.startswith("/admin/") and row.shows and change.becomes in row.outcomes
        )
        about_rows = not any(word in path for word in ONES_OWN)
        if about_rows and ((path.startswith("/api/v1/") and change.becomes in row.outcomes) or is_page):
            found.append((method, path, row))
    return found


def test_what_is_taken_back_is_gone_with_the_next_request(asker: Asker) -> None:
    attempts, wrong = Attempts(asker.cast), {}
    for change in CHANGES:
        with transaction.atomic():
            answer = change.by(asker.cast)
            assert getattr(answer, "status_code", 200) in (200, 204, 401), change.what  # 401: signed out
            asker.look()
            for method, path, row in rows(change):
                url = attempts.url(method, path)
                headers = asker.cast.headers(change.actor, url)
                seen = asker.ask(method, url, headers, attempts.body(method, path))
                objections = row.objections(change.becomes, seen, actor=change.actor, sees=change.sees)
                if objections and not (seen.canaries == set() and is_list_of_values(path)):
                    wrong[f"{change.what}: {method} {path}"] = objections
            transaction.set_rollback(True)
    assert not wrong, told(wrong)
    print(f"{asker.asked:,} requests")
