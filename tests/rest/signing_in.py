"""Signing in and out as the phone does."""

import json
import re

from django.core import mail
from django.test import Client

from tests.factories import PASSWORD

AUTH = "/_allauth/app/v1"


def call(method: str, path: str, body=None, token: str = "", session: str = ""):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if session:
        headers["X-Session-Token"] = session
    # no cookie jar: a phone's tokens are all it has
    return Client().generic(method, path, _json(body), "application/json", headers=headers)


def _json(body) -> str:
    return json.dumps(body) if body is not None else ""


def sign_in(email: str = "alice@example.org", password: str = PASSWORD) -> dict:
    answer = call("POST", f"{AUTH}/auth/login", {"email": email, "password": password})
    assert answer.status_code == 200, answer.content
    return answer.json()["meta"]


def refresh(token: str):
    return call("POST", f"{AUTH}/tokens/refresh", {"refresh_token": token})


def me(token: str) -> int:
    return call("GET", "/api/v1/me/", token=token).status_code


def code_in_mail() -> str:
    return re.search(r"^([A-Z0-9]{4}-?[A-Z0-9]{2,4}|[A-Z0-9]{6,8})$", mail.outbox[-1].body, re.M)[1]
