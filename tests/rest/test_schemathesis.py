"""Requests made up from the OpenAPI document: no crash, and no answer that the document does not describe.

HOMESTRETCH_SCHEMATHESIS_EXAMPLES=200 pytest tests/rest/test_schemathesis.py      a long run; 3 examples unless given
"""

import os

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from config.wsgi import application
from tests.conftest import access_token
from tests.rest.operations import document

EXAMPLES = int(os.environ.get("HOMESTRETCH_SCHEMATHESIS_EXAMPLES", "3"))
schema = schemathesis.openapi.from_dict(document())
schema.app = application
schema.config.phases.coverage.enabled = "HOMESTRETCH_SCHEMATHESIS_EXAMPLES" in os.environ
load_all_checks()
# A body may follow the schema and be refused all the same: dates in the future, codes that are no invitation.
LEFT_OUT = {"positive_data_acceptance"}
# 200 whenever the envelope is valid: an entry that does not follow its schema is refused in its own result.
TAKES_WHAT_IT_CAN = ("POST", "/api/v1/sync/")


@pytest.fixture
def token(alice, squad, valkey, settings):
    settings.WRITES_PER_MINUTE = settings.JOIN_TRIES_PER_10_MINUTES = 1_000_000
    settings.FCM_CREDENTIALS_FILE = "/etc/fcm.json"  # without it the documented answer to an FCM token is a 503
    # The test's transaction must outlive the requests, as with Django's own test client.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield access_token(alice.user)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
def test_every_answer_is_as_documented(case, token):
    left_out = LEFT_OUT | ({"negative_data_rejection"} if (case.method, case.path) == TAKES_WHAT_IT_CAN else set())
    excluded = [CHECKS.get_one(name) for name in left_out]
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=excluded)
