"""Whom a policy knows: one false alarm in a hundred, and a stranger is noticed although nothing is out of its range."""

import numpy as np
import pytest

from mlmodels.policies import novelty
from mlmodels.policies.novelty import NAMES, Known, portraits
from mlmodels.policies.policy import ModelRefused, OnnxPolicy, RulePolicy, ask
from mlmodels.state.observation import Observation
from tests.mlmodels.model_files import write_model
from tests.mlmodels.weeks import season


@pytest.fixture(scope="module")
def seen():
    """Habits that go together: who has many days off trains unevenly."""
    rng = np.random.default_rng(1)
    common = rng.normal(size=(20_000, 1))
    own = rng.normal(size=(20_000, len(NAMES)))
    return 0.5 + 0.1 * (0.9 * common + 0.44 * own)


def test_one_morning_in_a_hundred_is_a_false_alarm(seen):
    known = Known.of(seen[:10_000])
    assert (known.distance(seen[10_000:]) > known.line).mean() == pytest.approx(0.01, abs=0.004)


def test_what_does_not_go_together_is_noticed_though_nothing_is_out_of_its_range(seen):
    known = Known.of(seen)
    apart = known.mean + 1.5 * known.sd * np.resize([1, -1], len(NAMES))
    assert (np.abs(apart - known.mean) < 2 * known.sd).all()
    assert known.distance(apart[None])[0] > 2 * known.line


def test_what_is_not_known_is_strange(seen):
    odd = seen[:1].copy()
    odd[0, 3] = np.nan
    assert Known.of(seen).distance(odd)[0] == np.inf


def test_a_card_gives_back_the_same_judgement(seen):
    known = Known.of(seen)
    again = Known.from_card(known.as_card())
    np.testing.assert_allclose(again.distance(seen[:500]), known.distance(seen[:500]), rtol=1e-5)


@pytest.mark.parametrize(
    "spoiled",
    [{"mean": [1.0]}, {"names": ["a"]}, {"line": "far"}, {"sd": [0.0] * 13}, {"inverse": [[float("nan")] * 13] * 13}],
)
def test_a_spoiled_card_is_refused_with_what_is_wrong(seen, tmp_path, spoiled):
    model = write_model(tmp_path, novelty=Known.of(seen).as_card() | spoiled)
    with pytest.raises(ModelRefused, match="novelty"):
        OnnxPolicy.load(model, model.with_suffix(".card.json"))


def test_a_stranger_is_answered_by_the_rule_and_told_by_what(tmp_path):
    ordinary = season(90)
    usual = portraits(ordinary)[0]
    rng = np.random.default_rng(2)
    known = Known.of(usual + 0.1 * rng.normal(size=(5000, len(NAMES))))
    model = write_model(tmp_path, novelty=known.as_card(), golden=[{"features": [0.0] * 16, "q": [0.0] * 4}])
    policy = OnnxPolicy.load(model, model.with_suffix(".card.json"))
    lumpy = ordinary.row(0) | {"load_unevenness": 8.0}
    answer = ask(policy, Observation.from_rows([ordinary.row(0), lumpy]))
    assert answer.used_fallback.tolist() == [False, True]
    assert [NAMES[i] if i >= 0 else "" for i in answer.strange] == ["", "load_unevenness"]
    assert answer.action[1] == RulePolicy().choose(Observation.from_rows([lumpy]))[0]
    assert np.isnan(answer.q_values[1]).all()


def test_every_name_has_words():
    from recommendations.words.sentences import UNLIKE

    assert set(UNLIKE) == set(novelty.NAMES)
