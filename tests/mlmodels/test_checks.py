from pathlib import Path

import pytest
from django.core.checks import run_checks

from mlmodels.policies import registry
from tests.mlmodels.model_files import approved, flip_a_bit, reshape, write_model


def warnings(**options):
    return [(warning.id, warning.msg, warning.hint) for warning in run_checks(tags=["policies"], **options)]


def test_sound_files_pass(directories):
    write_model(directories)
    assert warnings() == []


def test_no_shipped_policy_is_a_warning_that_says_where_to_get_one(directories):
    ((id, message, hint),) = warnings()
    assert id == "mlmodels.W001"
    assert str(directories) in message
    assert "train_policy" in hint


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (flip_a_bit, "was altered: sha256"),
        (reshape, "inputs and outputs"),
        (lambda model: model.with_suffix(".card.json").unlink(), "card policy-small.card.json is missing"),
        (lambda model: model.write_bytes(b"\x08"), "was altered"),
    ],
)
def test_an_altered_or_wrong_shaped_file_is_a_warning_that_says_what_to_do(directories, damage, words):
    model = write_model(directories)
    damage(model)
    ((id, message, hint),) = warnings()
    assert id == "mlmodels.W002"
    assert words in message
    assert str(model) in hint


def test_own_policies_are_looked_at_too(directories):
    write_model(directories)
    registry.own_directory().mkdir(parents=True)
    flip_a_bit(write_model(registry.own_directory()))
    assert [id for id, _, _ in warnings()] == ["mlmodels.W002"]


@pytest.mark.django_db
@pytest.mark.parametrize("damage", [flip_a_bit, reshape, Path.unlink])
def test_an_active_policy_that_is_missing_or_altered_is_a_warning_that_names_the_way_back(
    directories, tmp_path, damage
):
    write_model(directories)
    version = registry.add(write_model(tmp_path, "mine"))
    approved(version)
    registry.activate(version)
    assert warnings(databases=["default"]) == []
    damage(registry.file_of(version.path))
    found = {id: (message, hint) for id, message, hint in warnings(databases=["default"])}
    message, hint = found["mlmodels.W003"]
    assert message.startswith("The active policy mine is refused, the rule policy answers: ")
    assert "activate_policy --roll-back" in hint
