"""A policy's life: candidate, gate, shadow, approved by a named person, active, and back."""

import threading

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from mlmodels.models import PolicyVersion
from mlmodels.policies import registry
from tests.factories import make_user
from tests.mlmodels.model_files import approved, flip_a_bit, write_model

pytestmark = pytest.mark.django_db

PASSED = {"passed": True, "whole": True, "at": "2026-11-22T21:00:00+00:00", "lines": []}
LINE = {"world": "true", "condition": "HRV-low days", "found": "6 %", "wanted": "at most 4.3 %", "passed": False}
MISSED = PASSED | {"passed": False, "lines": [LINE]}


@pytest.fixture
def charlie():
    return make_user("charlie@example.org", is_staff=True)


@pytest.fixture
def champion(tmp_path, directories):
    version = approved(registry.add(write_model(tmp_path, "champion")))
    registry.activate(version)
    return version


@pytest.fixture
def candidate(tmp_path, champion):
    return registry.add(write_model(tmp_path, "candidate", seed=2))


def again(version):
    return PolicyVersion.objects.get(pk=version.pk)


def ready(version):
    """Through the gate and long enough in shadow."""
    registry.record_gate(version, PASSED)
    registry.start_shadow(version)
    PolicyVersion.objects.filter(pk=version.pk).update(shadow_days=registry.SHADOW_DAYS_NEEDED)
    return version


def story(version):
    rows = version.history.order_by("history_date", "history_id")
    return [(row.history_change_reason, row.history_user and row.history_user.email) for row in rows]


def test_the_whole_life_with_who_and_why(candidate, champion, charlie):
    assert candidate.life == "candidate"
    registry.record_gate(candidate, PASSED)
    assert again(candidate).life == "gate passed"
    registry.start_shadow(candidate, by=charlie)
    assert again(candidate).life == "shadow"
    PolicyVersion.objects.filter(pk=candidate.pk).update(shadow_days=14)
    registry.approve(candidate, by=charlie, reason="calmer with the tired ones")
    assert (again(candidate).life, again(champion).life) == ("approved", "active")
    registry.activate(candidate, by=charlie)
    assert (again(candidate).life, again(champion).active) == ("active", False)
    registry.roll_back(by=charlie, reason="two complaints")
    assert (again(candidate).life, again(champion).life) == ("approved", "active")
    assert story(candidate) == [
        (None, None),
        ("promotion gate passed", None),
        ("shadow mode started", "charlie@example.org"),
        ("approved: calmer with the tired ones", "charlie@example.org"),
        ("replaces champion", "charlie@example.org"),
        ("replaced by champion", "charlie@example.org"),
    ]
    assert story(champion)[-1] == ("rolled back from candidate: two complaints", "charlie@example.org")
    own = again(candidate)
    assert (own.approved_by, own.approval_reason, own.approval_override) == (charlie, "calmer with the tired ones", "")


@pytest.mark.parametrize(
    ("gate", "days", "lacking"),
    [
        (None, 14, "it was not played against the promotion gate"),
        (MISSED, 14, "it missed a line of the promotion gate"),
        (PASSED, 13, "13 of 14 days in shadow"),
    ],
)
def test_what_is_lacking_stops_an_approval_unless_somebody_says_why(candidate, charlie, gate, days, lacking):
    PolicyVersion.objects.filter(pk=candidate.pk).update(gate=gate, shadow_days=days)
    with pytest.raises(registry.PolicyConflict, match=lacking):
        registry.approve(candidate, by=charlie, reason="I like it")
    assert again(candidate).approved_at is None
    registry.approve(candidate, by=charlie, reason="I like it", override="the season starts")
    assert again(candidate).approval_override.startswith(f"the season starts (lacking: {lacking}")


def test_nobody_is_no_approver_and_neither_is_an_athlete_or_who_left(candidate):
    ready(candidate)
    for person in (None, make_user("alice@example.org"), make_user("left@example.org", is_staff=True, is_active=False)):
        with pytest.raises(registry.PolicyConflict, match="needs a person"):
            registry.approve(candidate, by=person, reason="x", override="x")


def test_an_approval_says_why_and_the_database_insists(candidate, charlie):
    from django.db import IntegrityError
    from django.utils import timezone

    ready(candidate)
    with pytest.raises(registry.PolicyConflict, match="needs a reason"):
        registry.approve(candidate, by=charlie, reason="  ")
    with pytest.raises(IntegrityError):
        PolicyVersion.objects.filter(pk=candidate.pk).update(approved_at=timezone.now(), approval_reason="")


def test_what_nobody_approved_does_not_answer(candidate, champion):
    ready(candidate)
    with pytest.raises(registry.PolicyConflict, match="not approved"):
        registry.activate(candidate)
    assert registry.active_policy().sha256 == champion.sha256


def test_an_altered_file_is_neither_shadowed_nor_approved_nor_activated(candidate, charlie):
    ready(candidate)
    flip_a_bit(registry.file_of(candidate.path))
    for step in (
        lambda: registry.start_shadow(candidate),
        lambda: registry.approve(candidate, by=charlie, reason="x"),
        lambda: registry.activate(candidate),
    ):
        with pytest.raises(registry.PolicyUnusable, match="was altered"):
            step()


def test_a_feature_set_this_code_does_not_know_is_not_even_a_candidate(tmp_path, directories):
    with pytest.raises(registry.PolicyUnusable, match="unknown feature set 'next-40'"):
        registry.add(write_model(tmp_path, "later", feature_set="next-40"))


def test_only_a_few_are_in_shadow_and_never_the_active_one(candidate, champion, tmp_path):
    with pytest.raises(registry.PolicyConflict, match="its advice is the advice"):
        registry.start_shadow(champion)
    for n in range(registry.MOST_IN_SHADOW):
        registry.start_shadow(registry.add(write_model(tmp_path, f"s{n}", seed=10 + n)))
    with pytest.raises(registry.PolicyConflict, match=r"s0, s1, s2\. Stop one first"):
        registry.start_shadow(candidate)
    registry.stop_shadow(PolicyVersion.objects.get(name="s1"))
    registry.start_shadow(candidate)
    assert again(candidate).life == "shadow"


def test_an_old_copy_in_memory_undoes_nothing(candidate, champion, charlie):
    stale = PolicyVersion.objects.get(pk=champion.pk)
    registry.approve(candidate, by=charlie, reason="x", override="x")
    registry.activate(candidate)
    registry.stop_shadow(stale)
    assert (again(candidate).active, again(champion).active) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_activate_at_once_leave_one_active_and_a_true_history(candidate, champion, tmp_path):
    rival = approved(registry.add(write_model(tmp_path, "rival", seed=3)))
    approved(candidate)
    together = threading.Barrier(2)

    def choose(version):
        together.wait()
        try:
            registry.activate(version)
        except registry.PolicyConflict:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=choose, args=[version]) for version in (candidate, rival)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    active = PolicyVersion.objects.get(active=True)
    assert active.name in ("candidate", "rival")
    for version in (champion, candidate, rival):
        newest = version.history.order_by("-history_date", "-history_id").first()
        assert newest.active == again(version).active


# --- doors


def test_the_commands_walk_the_same_way(candidate, champion, charlie, capsys):
    call_command("shadow_policy", "candidate", "--by", "charlie@example.org")
    assert "shadow: candidate" in capsys.readouterr().out
    with pytest.raises(CommandError, match="may not be approved yet"):
        call_command("approve_policy", "candidate", "--by", "charlie@example.org", "--reason", "good")
    ready(candidate)
    call_command("approve_policy", "candidate", "--by", "charlie@example.org", "--reason", "good", "--activate")
    out = capsys.readouterr().out
    assert "approved: candidate, by charlie@example.org: good" in out
    assert "active: candidate (was champion)" in out
    call_command("shadow_policy")
    assert "no policy is in shadow" in capsys.readouterr().out
    call_command("activate_policy", "--roll-back", "--by", "charlie@example.org", "--reason", "odd")
    assert "active again: champion" in capsys.readouterr().out
    assert story(champion)[-1] == ("rolled back from candidate: odd", "charlie@example.org")


def test_the_commands_refuse_strangers(candidate):
    with pytest.raises(CommandError, match="no active member of staff"):
        call_command("approve_policy", "candidate", "--by", "nobody@example.org", "--reason", "good")
    with pytest.raises(CommandError, match="No policy is named 'nobody'"):
        call_command("shadow_policy", "nobody")


def may_approve(person):
    person.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_policyversion", "approve_policyversion"])
    )
    return person


def act(name, version):
    return reverse(f"admin:mlmodels_policyversion_{name}", args=[version.pk])


def test_staff_with_the_permission_walk_it_in_the_admin_each_step_asked_again(client, candidate, champion, charlie):
    client.force_login(may_approve(charlie))
    assert "Run candidate in shadow" in client.get(act("shadow", candidate)).content.decode()
    assert again(candidate).life == "candidate"
    client.post(act("shadow", candidate))
    assert again(candidate).life == "shadow"
    page = client.get(act("approve", candidate)).content.decode()
    assert "Lacking: it was not played against the promotion gate" in page
    refused = client.post(act("approve", candidate), {"reason": "good"}).content.decode()
    assert "may not be approved yet" in refused
    assert again(candidate).approved_at is None
    client.post(act("approve", candidate), {"reason": "good", "override": "the season starts"})
    client.post(act("activate", candidate))
    assert again(candidate).life == "active"
    assert client.post(act("roll_back", candidate), {}).status_code == 200
    assert again(candidate).life == "active"
    client.post(act("roll_back", candidate), {"reason": "odd"})
    assert again(champion).life == "active"
    history = client.get(reverse("admin:mlmodels_policyversion_history", args=[candidate.pk])).content.decode()
    assert "approved: good" in history
    assert "charlie@example.org" in history


def test_staff_without_it_read_and_do_nothing(client, candidate, charlie):
    charlie.user_permissions.add(Permission.objects.get(codename="view_policyversion"))
    client.force_login(charlie)
    assert client.get(reverse("admin:mlmodels_policyversion_change", args=[candidate.pk])).status_code == 200
    for name in ("approve", "shadow", "unshadow", "activate", "roll_back"):
        assert client.post(act(name, candidate), {"reason": "x", "override": "x"}).status_code == 403
    version = candidate.history.first().history_id
    old = reverse("admin:mlmodels_policyversion_simple_history", args=[candidate.pk, version])
    assert client.post(old, {}).status_code == 403
    assert again(candidate).life == "candidate"


def test_the_page_shows_the_gates_every_line(client, candidate, charlie):
    registry.record_gate(candidate, MISSED)
    client.force_login(may_approve(charlie))
    page = client.get(reverse("admin:mlmodels_policyversion_change", args=[candidate.pk])).content.decode()
    assert "<td>HRV-low days</td><td>6 %</td><td>at most 4.3 %</td><td>MISSED</td>" in page
    assert "it missed a line of the promotion gate" in page
