"""How long each row stays. The clock is turned to just before and just after."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.idp.oidc.models import Client, Token
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session

from athletes.models import PlannedSession, Squad, User
from recommendations.models import Advice, Feedback
from recommendations.monitoring import retention
from tests import factories

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 22, 8, tzinfo=UTC)
PRIVACY = (settings.BASE_DIR / "docs" / "privacy.md").read_text()


def removed_at(after):
    with time_machine.travel(START + after, tick=False):
        return {name: n for name, n in retention.tidy_up(START + after).items() if n}


def test_every_table_states_how_long_its_rows_stay():
    tables = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert tables == set(retention.STATED)
    for label, said in retention.STATED.items():
        assert isinstance(said, timedelta) or said.startswith("kept"), label


@pytest.mark.parametrize(
    ("said", "row"),
    [
        (retention.UPLOAD, "Bodies of uploads"), (retention.DAYS_COUNTED, "How many bytes"),
        (retention.TOMBSTONE, "Records that were deleted"), (retention.INVITE, "Squad invitations"),
        (retention.MAIL, "Mail"), (retention.DELIVERY, "Push deliveries"), (retention.NOTICE, "Notices to coaches"),
        (retention.FORECAST, "Forecasts"), (retention.SHADOW_ADVICE, "What a policy in shadow"),
        (retention.SUPERSEDED, "Revisions of advice"), (retention.HISTORY, "Who changed a profile"),
        (retention.ENDED_SESSION, "Sessions"), (retention.ENDED_TOKEN, "Tokens of programs"),
        (retention.CONFIRMATION, "Confirmations"), (retention.UNVERIFIED, "Accounts that never"),
    ],
)  # fmt: skip
def test_the_privacy_page_says_the_same_times(said, row):
    line = next(line for line in PRIVACY.splitlines() if line.startswith(f"| {row}"))
    years = {730: "2 years", 1095: "3 years"}
    assert years.get(said.days, f"{said.days} days") in line


def advice_of(athlete, revision, *, current, issued_at=START):
    return Advice.objects.create(
        athlete=athlete, date=START.date(), revision=revision, current=current, status="final", action="maintain",
        issued_at=issued_at, valid_until=START + timedelta(days=1), policy_name="rule", guard_version=8,
        state_version=1,
    )  # fmt: skip


def test_a_superseded_revision_goes_after_two_years_but_the_last_one_and_the_answered_one_stay(alice):
    silent, answered = (advice_of(alice, n, current=False) for n in (1, 2))
    last = advice_of(alice, 3, current=True)
    Feedback.objects.create(advice=answered, followed="yes")
    assert "Advice" not in removed_at(retention.SUPERSEDED)
    assert removed_at(retention.SUPERSEDED + timedelta(seconds=1))["Advice"] == 1
    assert not Advice.objects.filter(pk=silent.pk).exists()
    assert set(Advice.objects.values_list("pk", flat=True)) == {answered.pk, last.pk}


def test_a_history_goes_after_three_years_but_not_who_made_it_what_it_is(alice, charlie):
    with time_machine.travel(START, tick=False):
        plan = PlannedSession.objects.create(
            athlete=alice, date=date(2026, 11, 22), author="athlete", load_au=100, high_intensity_share=0.1
        )
        plan.load_au = 200
        plan.save()
        gone = PlannedSession.objects.create(
            athlete=alice, date=date(2026, 11, 23), author="athlete", load_au=100, high_intensity_share=0.1
        )
        gone.delete()
        squad = Squad.objects.create(name="Sprints")
        squad.coaches.add(charlie)
    of_plans, of_coaches = PlannedSession.history.model, apps.get_model("athletes.HistoricalSquad_coaches")
    assert (of_plans.objects.count(), of_coaches.objects.count()) == (4, 1)
    assert "HistoricalPlannedSession" not in removed_at(retention.HISTORY)
    removed_at(retention.HISTORY + timedelta(seconds=1))
    assert [(row.load_au, row.history_type) for row in of_plans.objects.all()] == [(200, "~")]
    assert of_coaches.objects.count() == 1, "the squad has this coach still"
    with time_machine.travel(START + timedelta(days=1), tick=False):
        squad.coaches.clear()
    removed_at(retention.HISTORY + timedelta(seconds=1))
    assert of_coaches.objects.count() == 0


def test_what_was_done_in_the_admin_goes_after_three_years(charlie):
    with time_machine.travel(START, tick=False):
        LogEntry.objects.create(user=charlie, object_repr="x", action_flag=1)
    assert "LogEntry" not in removed_at(retention.HISTORY)
    assert removed_at(retention.HISTORY + timedelta(seconds=1))["LogEntry"] == 1


def test_sessions_go_a_week_after_their_end_and_live_ones_stay(alice):
    for key, ends in (("ended", timedelta(0)), ("live", timedelta(days=30))):
        Session.objects.create(session_key=key, session_data="", expire_date=START + ends)
        UserSession.objects.create(
            user=alice.user, ip="127.0.0.1", session_key=key, user_agent="", last_seen_at=START - timedelta(days=1)
        )
    assert removed_at(retention.ENDED_SESSION - timedelta(days=1, seconds=1)) == {}
    assert removed_at(retention.ENDED_SESSION + timedelta(seconds=1)) == {"Session": 1, "UserSession": 1}
    assert list(UserSession.objects.values_list("session_key", flat=True)) == ["live"]


def test_tokens_go_thirty_days_after_their_end(alice):
    client = Client.objects.create(name="watch", owner=alice.user)
    for n, ends_at in enumerate((START, START + timedelta(days=90), None)):
        Token.objects.create(type="ia", hash=f"h{n}", client=client, user=alice.user, expires_at=ends_at)
    assert removed_at(retention.ENDED_TOKEN) == {}
    assert removed_at(retention.ENDED_TOKEN + timedelta(seconds=1)) == {"Token": 1}


def test_confirmations_go_after_thirty_days(alice):
    address = EmailAddress.objects.get(user=alice.user)
    EmailConfirmation.objects.create(email_address=address, created=START, key="k")
    assert removed_at(retention.CONFIRMATION) == {}
    assert removed_at(retention.CONFIRMATION + timedelta(seconds=1)) == {"EmailConfirmation": 1}


def test_an_account_that_proved_nothing_goes_after_a_week_and_no_other_does(alice, bob, charlie, eve):
    people = {"nobody": False, "verified": True, "came in": False, "staff": False}
    for name, verified in people.items():
        user = User.objects.create_user(email=f"{name.replace(' ', '.')}@example.org", password=None)
        EmailAddress.objects.create(user=user, email=user.email, verified=verified)
        user.date_joined, user.is_staff = START, name == "staff"
        user.last_login = START if name == "came in" else None
        user.save()
    in_squad = factories.make_athlete("in.squad@example.org")
    EmailAddress.objects.filter(user=in_squad.user).update(verified=False)
    factories.make_squad("Sprints", charlie, in_squad)
    User.objects.update(date_joined=START)
    assert "User" not in removed_at(retention.UNVERIFIED)
    removed_at(retention.UNVERIFIED + timedelta(seconds=1))
    assert not User.objects.filter(email="nobody@example.org").exists()
    assert User.objects.count() == 3 + 5, "verified, came in, staff, in a squad, and the cast"
