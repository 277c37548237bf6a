"""Who may see whom; every change counts with the next question."""

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from athletes.models import Membership, User
from athletes.people import access
from athletes.people.access import athletes_visible_to
from tests import factories


def seen_by(user, **kwargs):
    return {athlete.display_name for athlete in athletes_visible_to(user, **kwargs)}


def test_everybody_sees_what_is_theirs(squad, other_squad, alice, bob, charlie, eve):
    assert seen_by(alice.user) == {"Alice"}
    assert seen_by(charlie) == {"Alice", "Bob"}
    assert seen_by(eve) == {"Mallory"}
    assert seen_by(User.objects.create_superuser("root@example.org")) == {"Alice", "Bob", "Mallory"}
    assert seen_by(AnonymousUser()) == set()


def test_values_are_a_consent_of_their_own(squad, alice, charlie):
    assert seen_by(charlie, values=True) == set()
    Membership.objects.filter(athlete=alice).update(shares_values=True)
    assert seen_by(charlie, values=True) == {"Alice"}
    assert seen_by(alice.user, values=True) == {"Alice"}


def test_medical_detail_takes_the_consent_and_the_permission(squad, alice, charlie):
    assert access.seen_by(charlie, alice) == (True, False, False)
    Membership.objects.filter(athlete=alice).update(shares_medical=True)
    assert seen_by(charlie, medical=True) == set()
    assert access.seen_by(charlie, alice) == (True, False, False)
    charlie = factories.permit_medical(charlie)
    assert seen_by(charlie, medical=True) == {"Alice"}
    assert access.seen_by(charlie, alice) == (True, False, True)
    Membership.objects.filter(athlete=alice).update(shares_status=False)
    assert seen_by(charlie, medical=True) == set()
    assert access.seen_by(charlie, alice) == (False, False, False)
    assert access.seen_by(alice.user, alice) == (True, True, True)


def test_the_permission_alone_opens_nobody(squad, alice, eve, charlie):
    Membership.objects.filter(athlete=alice).update(shares_medical=True)
    assert seen_by(factories.permit_medical(eve), medical=True) == set()
    Membership.objects.filter(athlete=alice).update(shares_medical=False, shares_values=True)
    assert seen_by(factories.permit_medical(charlie), medical=True) == set()


def test_withdrawing_the_status_withdraws_the_values(squad, alice, charlie):
    Membership.objects.filter(athlete=alice).update(shares_status=False, shares_values=True)
    assert seen_by(charlie) == seen_by(charlie, values=True) | {"Bob"} == {"Bob"}


def test_leaving_the_squad_takes_effect_at_once(squad, alice, charlie):
    Membership.objects.filter(athlete=alice).update(left_at=timezone.now())
    assert seen_by(charlie) == {"Bob"}


def test_an_ex_coach_sees_nobody(squad, charlie):
    squad.coaches.remove(charlie)
    assert seen_by(charlie) == set()


def test_a_coach_who_is_shut_out_sees_nobody_not_even_herself(squad, alice, charlie):
    charlie.is_active = alice.user.is_active = False
    assert seen_by(charlie) == seen_by(alice.user) == set()


def test_consent_in_one_squad_is_none_in_another(squad, other_squad, alice, eve):
    Membership.objects.create(athlete=alice, squad=other_squad, shares_status=False, shares_values=True)
    assert "Alice" not in seen_by(eve)


def test_nobody_is_seen_twice(squad, alice, charlie):
    second = factories.make_squad("Relay", charlie, alice)
    assert list(athletes_visible_to(charlie).filter(memberships__squad=second)) == [alice]
    assert athletes_visible_to(charlie).count() == 2
