import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from mlmodels.models import PolicyVersion
from mlmodels.policies import registry
from mlmodels.policies.policy import OnnxPolicy
from tests.factories import make_coach, make_user
from tests.mlmodels.model_files import approved, flip_a_bit, reshape, write_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def trained(tmp_path, directories) -> Path:
    """Where somebody trained: outside the registry's own directories."""
    place = tmp_path / "trained"
    place.mkdir()
    return place


@pytest.fixture
def first(trained):
    return approved(registry.add(write_model(trained, "first", seed=1)))


@pytest.fixture
def second(trained):
    return approved(registry.add(write_model(trained, "second", seed=2)))


@pytest.fixture
def third(trained):
    return approved(registry.add(write_model(trained, "third", seed=3)))


def active_name():
    return PolicyVersion.objects.get(active=True).name


# --- adding


def test_adding_verifies_keeps_a_copy_and_remembers_the_card(first, trained):
    assert first.name == "first"
    assert first.path == f"policies/first-{first.sha256[:12]}.onnx"
    assert first.card["reproduce"] == "in a test"
    assert not first.active
    for file in trained.iterdir():
        file.unlink()
    assert registry.verify(first).sha256 == first.sha256


def test_a_shipped_file_is_registered_where_it_lies(directories):
    version = registry.add(write_model(directories, "shipped"))
    assert version.path == "artifacts/shipped.onnx"
    assert not registry.own_directory().exists()


def test_adding_again_changes_nothing(first, trained):
    assert registry.add(trained / "first.onnx") == first
    assert PolicyVersion.objects.count() == 1


def test_adding_again_repairs_a_damaged_copy(first, trained):
    flip_a_bit(registry.file_of(first.path))
    with pytest.raises(registry.PolicyUnusable):
        registry.verify(first)
    registry.add(trained / "first.onnx")
    registry.verify(first)


def test_another_model_needs_another_name(first, trained):
    other = write_model(trained, "other", seed=9, name="first")
    with pytest.raises(registry.PolicyConflict, match="--name"):
        registry.add(other)
    assert registry.add(other, name="first again").name == "first again"


def test_a_name_cannot_lead_out_of_the_directory(trained):
    version = registry.add(write_model(trained, "x"), name="../../etc/passwd")
    assert registry.file_of(version.path).parent == registry.own_directory()


@pytest.mark.parametrize("damage", [flip_a_bit, reshape, Path.unlink, lambda model: model.write_bytes(b"")])
def test_a_model_that_is_missing_altered_or_of_the_wrong_shape_is_not_added(trained, damage):
    model = write_model(trained)
    damage(model)
    with pytest.raises(registry.PolicyUnusable):
        registry.add(model)
    assert not PolicyVersion.objects.exists()


def test_a_card_that_promises_other_answers_is_not_added(trained):
    model = write_model(trained, golden=[{"features": [0.0] * 16, "q": [1.0, 0.0, 0.0, 0.0]}])
    with pytest.raises(registry.PolicyUnusable, match="golden"):
        registry.add(model)


# --- what answers


def test_nothing_shipped_and_nothing_active_is_none(directories):
    assert registry.active_policy() is None


def test_without_a_choice_the_shipped_one_answers(directories):
    write_model(directories, "narrow", feature_set="paper-6", version="2027.1")
    write_model(directories, "wide", version="2028")
    chosen = write_model(directories, "chosen", ships=True)
    assert registry.shipped(directories) == chosen
    assert registry.active_policy().name == "chosen"


def test_a_file_that_does_not_say_it_ships_answers_nobody(directories):
    write_model(directories, "wide")
    assert registry.shipped(directories) is None
    assert registry.active_policy() is None


def test_a_withdrawn_policy_answers_nobody_whoever_approved_it(first, withdrawn):
    registry.activate(first)
    assert registry.active_policy().name == "first"
    withdrawn[first.sha256] = "it harmed athletes of light weeks."
    registry._loaded = None
    assert registry.active_policy() is None
    why = "first was withdrawn: it harmed athletes of light weeks. "
    why += "Activate another policy, or let the rule policy answer."
    for step in (registry.verify, registry.activate, registry.start_shadow):
        with pytest.raises(registry.PolicyUnusable) as refused:
            step(first)
        assert str(refused.value) == why


def test_a_withdrawn_policy_beside_the_code_is_not_registered(directories, withdrawn):
    model = write_model(directories, "old", seed=7, ships=True)
    withdrawn[registry.read_card(model)["sha256"]] = "it harmed athletes of light weeks."
    registry.register_shipped()
    assert not PolicyVersion.objects.exists()
    assert registry.active_policy() is None


def test_the_active_one_answers_and_is_opened_once(first, django_assert_num_queries, monkeypatch):
    registry.activate(first)
    opened = []
    load = OnnxPolicy.load.__func__
    monkeypatch.setattr(OnnxPolicy, "load", classmethod(lambda cls, *paths: opened.append(paths) or load(cls, *paths)))
    policy = registry.active_policy()
    assert policy.sha256 == first.sha256
    with django_assert_num_queries(1):
        assert registry.active_policy() is policy
    assert len(opened) == 1


def test_another_process_takes_over_a_change_at_its_next_question(first, second):
    registry.activate(first)
    assert registry.active_policy().name == "first"
    PolicyVersion.objects.filter(active=True).update(active=False)
    PolicyVersion.objects.filter(name="second").update(active=True)
    assert registry.active_policy().name == "second"


@pytest.mark.parametrize("damage", [flip_a_bit, reshape, Path.unlink])
def test_a_refused_active_policy_is_none_until_it_is_repaired(first, trained, damage):
    registry.activate(first)
    damage(registry.file_of(first.path))
    assert registry.active_policy() is None
    assert registry.active_policy() is None
    registry.add(trained / "first.onnx")
    assert registry.active_policy().name == "first"


def test_file_and_card_swapped_together_are_noticed_by_the_row(first, second):
    registry.activate(first)
    here, other = registry.file_of(first.path), registry.file_of(second.path)
    here.write_bytes(other.read_bytes())
    registry.card_file_of(here).write_bytes(registry.card_file_of(other).read_bytes())
    assert registry.active_policy() is None


# --- choosing


def test_activating_remembers_the_one_before_and_going_back_takes_one_step(first, second, third):
    admin = make_user("admin@example.org")
    assert registry.activate(first) is None
    assert registry.activate(second, by=admin) == first
    assert registry.activate(third) == second
    assert registry.roll_back() == second
    assert active_name() == "second"
    assert registry.roll_back(by=admin) == first
    assert active_name() == "first"
    assert PolicyVersion.objects.get(name="first").activated_by == admin
    with pytest.raises(registry.PolicyConflict, match="no earlier policy"):
        registry.roll_back()
    assert active_name() == "first"


def test_activating_the_active_one_does_not_make_it_its_own_predecessor(first, second):
    registry.activate(first)
    registry.activate(second)
    registry.activate(second)
    assert registry.roll_back() == first


def test_a_damaged_policy_is_not_activated_and_the_other_goes_on(first, second):
    registry.activate(first)
    flip_a_bit(registry.file_of(second.path))
    with pytest.raises(registry.PolicyUnusable, match="add_policy"):
        registry.activate(second)
    assert active_name() == "first"


def test_going_back_to_a_missing_file_changes_nothing(first, second):
    registry.activate(first)
    registry.activate(second)
    registry.file_of(first.path).unlink()
    with pytest.raises(registry.PolicyUnusable):
        registry.roll_back()
    assert active_name() == "second"


@pytest.mark.django_db(transaction=True)
def test_many_who_activate_at_once_leave_exactly_one_active(first, second, third):
    from django.db import connection

    def choose(version):
        try:
            registry.activate(version)
        except registry.PolicyConflict:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=choose, args=[version]) for version in (first, second, third) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert PolicyVersion.objects.filter(active=True).count() == 1


# --- doors


def test_the_commands_add_activate_list_and_go_back(trained, capsys):
    one, two = write_model(trained, "one"), write_model(trained, "two", seed=2)
    call_command("add_policy", one)
    call_command("add_policy", two)
    for name in ("one", "two"):
        approved(PolicyVersion.objects.get(name=name))
        call_command("activate_policy", name)
    assert "active: two (was one)" in capsys.readouterr().out
    call_command("activate_policy", "--roll-back")
    out = capsys.readouterr().out
    assert "active again: one" in out
    assert next(line.split()[:2] for line in out.splitlines() if "verified" in line) == ["active", "one"]


def test_the_shipped_policies_are_registered_once_at_the_first_start(directories, first, capsys):
    write_model(directories, "chosen", seed=7, ships=True, version="2025")
    write_model(directories, "wide", seed=8)
    call_command("add_policy", "--shipped")
    assert active_name() == "chosen"
    assert set(PolicyVersion.objects.values_list("name", flat=True)) == {"first", "chosen", "wide"}
    chosen = PolicyVersion.objects.get(name="chosen")
    assert (chosen.approved_by, chosen.approval_override) == (None, "its card holds no passed gate")
    registry.activate(first)
    call_command("add_policy", "--shipped")
    assert active_name() == "first"
    assert PolicyVersion.objects.count() == 3


def test_newer_code_brings_its_own_policy_where_nobody_chose(directories):
    write_model(directories, "old", seed=7, ships=True)
    registry.register_shipped()
    (directories / "old.onnx").unlink()
    (directories / "old.card.json").unlink()
    registry.shipped.cache_clear()
    write_model(directories, "new", seed=8, ships=True, version="2027.1")
    registry.register_shipped()
    assert active_name() == "new"
    assert PolicyVersion.objects.get(name="new").previous.name == "old"
    assert registry.active_policy().name == "new"
    registry.roll_back()  # its file is not among the code's any more
    assert registry.active_policy().name == "old"


def test_a_lost_copy_of_a_shipped_policy_is_made_again(directories):
    write_model(directories, "old", seed=7, ships=True)
    registry.register_shipped()
    copy = registry.own_directory() / "old.onnx"
    copy.unlink()
    registry.register_shipped()
    assert copy.read_bytes() == (directories / "old.onnx").read_bytes()


def test_who_went_back_from_a_shipped_policy_is_not_led_there_again(directories):
    write_model(directories, "old", seed=7, ships=True)
    registry.register_shipped()
    write_model(directories, "new", seed=8, ships=True, version="2027.1")
    registry.shipped.cache_clear()
    registry.register_shipped()
    assert active_name() == "new"
    registry.roll_back()
    registry.register_shipped()
    assert active_name() == "old"


def test_the_gate_that_a_card_carries_is_the_rows(directories):
    report = {"passed": True, "at": "2026-11-22T21:00:00+00:00", "lines": []}
    write_model(directories, "judged", gate=report)
    write_model(directories, "odd", seed=2, gate={"passed": "certainly"})
    registry.register_shipped()
    judged, odd = (PolicyVersion.objects.get(name=name) for name in ("judged", "odd"))
    assert (judged.gate, judged.gate_passed) == (report | {"source": "card"}, True)
    assert odd.gate is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["activate_policy", "nobody"], "No policy is named"),
        (["activate_policy", "--roll-back"], "no earlier policy"),
        (["add_policy", "/nowhere/x.onnx"], "card x.card.json is missing"),
        (["add_policy", "--shipped"], "No policy is shipped"),
    ],
)
def test_a_command_that_cannot_do_it_says_why(directories, arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command(*arguments)


def test_a_superuser_reads_the_card_and_activates_in_the_admin(client, first, second):
    client.force_login(make_user("admin@example.org", is_staff=True, is_superuser=True))
    registry.activate(first)
    page = client.get(reverse("admin:mlmodels_policyversion_change", args=[second.pk])).content.decode()
    assert "<strong>metrics gain_pct mean</strong> 0.3123" in page
    assert "golden" not in page
    url = reverse("admin:mlmodels_policyversion_activate", args=[second.pk])
    assert "Let second answer" in client.get(url).content.decode()
    assert active_name() == "first"
    answer = client.post(url, follow=True)
    assert "second answers from now on. It replaces first." in answer.content.decode()
    assert active_name() == "second"
    assert PolicyVersion.objects.get(active=True).activated_by.email == "admin@example.org"


def test_nobody_adds_changes_or_deletes_a_policy_in_the_admin(client, first):
    client.force_login(make_user("admin@example.org", is_staff=True, is_superuser=True))
    assert client.get(reverse("admin:mlmodels_policyversion_add")).status_code == 403
    assert (
        client.post(reverse("admin:mlmodels_policyversion_change", args=[first.pk]), {"name": "x"}).status_code == 403
    )
    assert client.post(reverse("admin:mlmodels_policyversion_delete", args=[first.pk])).status_code == 403


def test_a_coach_sees_no_policies(client, first):
    client.force_login(make_coach("charlie@example.org"))
    assert client.get(reverse("admin:mlmodels_policyversion_changelist")).status_code == 403
    for act in ("approve", "shadow", "unshadow", "activate", "roll_back"):
        answer = client.post(reverse(f"admin:mlmodels_policyversion_{act}", args=[first.pk]), {"reason": "x"})
        assert answer.status_code == 403
    assert not PolicyVersion.objects.filter(active=True).exists()


def test_the_registry_is_imported_without_numpy_and_onnxruntime():
    program = (
        "import django, sys; django.setup(); import mlmodels.policies.registry, mlmodels.checks, mlmodels.admin;"
        "print(*sorted({'numpy', 'onnxruntime', 'pandas'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    assert (result.returncode, result.stdout) == (0, "\n"), result.stderr
