"""The gate: a policy that gains safely passes, and what must never pass does not."""

from dataclasses import fields, replace

import pytest
from django.core.management import CommandError, call_command

from mlmodels import registry
from mlmodels.baselines.chance import at_random
from mlmodels.baselines.constant import AllHard, AllRest, PlanUnchanged
from mlmodels.evaluation.rollouts import play
from mlmodels.evaluation.scores import Interval, Score, score
from mlmodels.promotion import Trial, gate, passed, table_rows
from mlmodels.simulator import World

PARITY = {"max_abs_difference": 4e-6, "changed_choices": 0, "states": 4160}
NOTHING = Interval(0.0, 0.0, 0.0)
ZEROS = {f.name: 0.0 for f in fields(Score) if f.type == "float"}
PLAN = Score(
    **ZEROS
    | {"policy": "plan, untouched", "gain_pct": NOTHING, "gain_s": NOTHING, "actions_pct": (0, 0, 0, 100)}
    | {"acwr_danger_pct": 0.9, "hrv_low_pct": 7.2, "illnesses": 1.28, "injuries": 0.55}
)
GOOD = Score(
    **ZEROS
    | {"policy": "candidate", "gain_pct": Interval(0.2, 0.1, 0.3), "gain_s": Interval(0.1, 0.05, 0.15)}
    | {"actions_pct": (20, 25, 15, 40), "acwr_danger_pct": 0.1, "hrv_low_pct": 4.5, "illnesses": 1.2, "injuries": 0.5}
    | {"worst_tenth_t400_pct": 0.1}
)
RULE = replace(GOOD, policy="ACWR rule", gain_pct=Interval(0.05, 0.0, 0.1))


def missed(candidate=GOOD, champion=None, parity=PARITY):
    lines = gate({"true": Trial(candidate, PLAN, [RULE], champion)}, parity)
    return [line.condition for line in lines if not line.passed]


def test_a_policy_that_gains_safely_passes_every_line():
    lines = gate({"true": Trial(GOOD, PLAN, [RULE])}, PARITY)
    assert passed(lines)
    assert table_rows(lines)[1] == (
        "true",
        "better than the plan unchanged",
        "+0.100 %",
        "above 0 (lower bound)",
        "passed",
    )


def test_an_empty_gate_is_not_passed():
    assert not passed([])


@pytest.mark.parametrize(
    ("change", "condition"),
    [
        ({"gain_pct": Interval(0.1, 0.0, 0.2)}, "better than the plan unchanged"),
        ({"gain_pct": Interval(0.1, 0.04, 0.2)}, "better than ACWR rule"),
        ({"acwr_danger_pct": 0.21}, "days with ACWR > 1.5"),
        ({"hrv_low_pct": 5.4}, "HRV-low days"),
        ({"illnesses": 1.4}, "illness and injury a season"),
        ({"worst_tenth_t400_pct": -0.01}, "worst tenth against the plan's"),
        ({"actions_pct": (0, 0, 9, 91)}, "no action most of the time"),
        ({"actions_pct": (29, 29, 2, 40)}, "days of recovery"),
        ({"actions_pct": (10, 10, 41, 39)}, "days of recovery"),
    ],
)
def test_each_line_can_be_missed(change, condition):
    assert condition in missed(replace(GOOD, **change))


def test_a_candidate_behind_the_champion_and_a_file_that_disagrees_are_stopped():
    assert missed(champion=replace(GOOD, gain_s=Interval(0.06, 0.0, 0.1))) == []
    assert missed(champion=replace(GOOD, gain_s=Interval(0.08, 0.0, 0.1))) == ["not worse than the champion"]
    assert missed(parity=PARITY | {"changed_choices": 1}) == ["ONNX says what the network says"]


@pytest.mark.parametrize("policy", [at_random(), AllHard(), AllRest(), PlanUnchanged()], ids=lambda policy: policy.name)
def test_sanity_policies_fail(policy):
    plan = [play(World, PlanUnchanged(), athletes=30, seed=8, guarded=False)]
    own = [play(World, policy, athletes=30, seed=8)]
    lines = gate({"true": Trial(score(policy.name, own, plan), score("plan", plan, plan), [])}, None)
    assert not passed(lines)
    assert "better than the plan unchanged" in [line.condition for line in lines if not line.passed]


@pytest.mark.django_db
def test_the_command_prints_every_line_and_activates_nothing_that_missed_one(capsys):
    version = registry.add(registry.shipped())
    with pytest.raises(CommandError, match=f"{version.name} missed .* what answers stays as it was"):
        call_command("promote", version.name, quick=True, athletes=40)
    assert "better than the plan unchanged" in capsys.readouterr().out
    version.refresh_from_db()
    assert (version.active, version.activated_by) == (False, None)


@pytest.mark.django_db
def test_only_a_member_of_staff_may_approve(django_user_model):
    version = registry.add(registry.shipped())
    django_user_model.objects.create_user(email="alice@example.org", password="a long enough one")
    for email in ("alice@example.org", "nobody@example.org"):
        with pytest.raises(CommandError, match="no active member of staff"):
            call_command("promote", version.name, by=email, quick=True)
    with pytest.raises(CommandError, match="No policy is named"):
        call_command("promote", "unheard-of")
