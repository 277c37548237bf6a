"""Learning: it solves a trivial world, repeats itself, agrees with its ONNX file, and a small run already learns."""

import json
import shlex
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from measures.actions import Action
from mlmodels.policies.policy import ModelRefused, OnnxPolicy
from mlmodels.state.features import FEATURE_SETS
from mlmodels.twin.environment import SeasonEnv
from mlmodels.twin.fitting import fit_twin
from mlmodels.worlds.simulator import World, make_cohort

torch = pytest.importorskip("torch", reason="training needs the train extra")

from mlmodels.baselines.chance import at_random  # noqa: E402
from mlmodels.baselines.constant import AllHard  # noqa: E402
from mlmodels.evaluation.rollouts import play  # noqa: E402
from mlmodels.training import export  # noqa: E402
from mlmodels.training.dqn import QNetwork, Settings, train  # noqa: E402
from mlmodels.training.making import SeasonsOf, make_policy  # noqa: E402
from mlmodels.training.several import Mean, states_under, train_as_one, train_members  # noqa: E402

SMALL = Settings(networks=1, seasons=64, days=400, hidden=32, replay=30_000, warm_up_days=60, updates_per_day=1)


class SayWhatYouSee:
    """Three features, one of them 1: the action of that number earns 1, any other nothing. Seasons never end."""

    n, n_features, n_actions = 32, 3, 3

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.turn()

    def turn(self):
        self.right = self.rng.integers(3, size=self.n)

    def features(self):
        return np.eye(3, dtype=np.float32)[self.right]

    def asked(self):
        return np.ones(self.n, dtype=bool)

    def step(self, action):
        reward = (action == self.right).astype(float)
        self.turn()
        return reward, np.zeros(self.n, dtype=bool)


@pytest.fixture(scope="module")
def log():
    return make_cohort(12, 140, 3)


@pytest.fixture(scope="module")
def made(log, tmp_path_factory):
    return make_policy(
        log,
        replace(SMALL, seasons=128, days=500, updates_per_day=3),
        feature_set="observable",
        reward="homestretch",
        directory=tmp_path_factory.mktemp("made"),
        reproduce="x",
    )


def test_the_learner_solves_a_world_where_the_right_action_is_shown():
    trained = train(SayWhatYouSee(), replace(SMALL, days=500, n_step=1, gamma=0.5))
    q = trained.network(torch.eye(3)).detach().numpy()
    assert q.argmax(1).tolist() == [0, 1, 2]
    assert q.max(1) / SMALL.reward_scale == pytest.approx(2.0, abs=0.3)  # 1 + 0.5 + 0.25 + ...


def test_the_same_seed_learns_the_same_network_and_another_seed_another(log):
    twin = fit_twin(log)

    def weights(seed):
        env = SeasonEnv(twin, 24, seed, feature_set="paper-6")
        trained = train(env, replace(SMALL, seed=seed, seasons=24, days=120, warm_up_days=40))
        return torch.cat([p.flatten() for p in trained.network.parameters()]).detach().numpy()

    first = weights(1)
    np.testing.assert_array_equal(weights(1), first)
    assert not np.array_equal(weights(2), first)


def test_nothing_is_learned_across_the_end_of_a_season_or_from_days_nobody_was_asked():
    from collections import deque

    from mlmodels.training.dqn import Replay, remember

    state = np.zeros((4, 3), dtype=np.float32)
    asked_then = np.array([0, 0, -1, 0])
    cut = np.array([False, True, False, False])
    recent = deque([(state, asked_then, np.ones(4), np.zeros(4, bool)), (state, np.zeros(4, int), np.ones(4), cut)])
    replay = Replay(10, 3)
    remember(replay, recent, state + 1, np.array([True, True, True, False]), gamma=0.5)
    assert replay.size == 1
    assert replay.ret[0] == 1.5
    assert replay.next_state[0].tolist() == [1, 1, 1]


@pytest.mark.parametrize(("features", "actions"), [(6, 3), (16, 4)])
def test_the_folded_onnx_graph_agrees_with_torch(features, actions):
    torch.manual_seed(5)
    network = QNetwork(features, actions, 64)
    graph = export.graph_of(export.folded_layers(network, 10.0), "test").SerializeToString()
    states = np.random.default_rng(0).uniform(-1, 2, (2000, features)).astype(np.float32)
    agreement = export.parity(lambda x: network.q(x) / 10.0, graph, states)
    assert agreement["max_abs_difference"] <= 1e-5
    assert agreement["changed_choices"] == 0


def test_a_graph_that_disagrees_is_never_written(tmp_path):
    learned = export.Learned.of_dqn(train(SayWhatYouSee(), replace(SMALL, days=120)))
    weight, bias = learned.layers[-1]
    wrong = replace(learned, layers=[*learned.layers[:-1], (weight, bias + np.float32(0.001))])
    with pytest.raises(export.ParityError):
        export.export_policy(
            wrong, feature_set="paper-6", directory=tmp_path, training_data={}, seeds={}, reproduce="x", metrics={}
        )
    assert list(tmp_path.iterdir()) == []


def test_a_small_run_on_the_twin_beats_random_and_all_hard_in_the_simulator(made):
    policy = OnnxPolicy.load(made.onnx, made.card)
    seasons = [
        [play(World, chosen, athletes=100, seed=seed, cold_start=chosen is policy) for seed in (51, 52)]
        for chosen in (policy, at_random(), AllHard())
    ]
    learned, chance, hard = (np.concatenate([s.t400_s for s in runs]).mean() for runs in seasons)
    assert learned < min(chance, hard) - 0.02
    danger = [np.concatenate([s.acwr_danger + s.hrv_low for s in runs]).mean() for runs in seasons]
    assert danger[0] < min(danger[1:])


def test_the_card_lets_serving_check_everything(made, log):
    card = json.loads(made.card.read_text())
    assert card["n_features"] == len(FEATURE_SETS["observable"]) == len(card["box"]["low"])
    assert card["actions"] == [action.code for action in Action]
    assert card["training_data"]["season_log_sha256"] == fit_twin(log).fingerprint
    assert card["seeds"] == {"policy": 1, "twin": 1}
    assert card["metrics"]["parity"]["max_abs_difference"] <= 1e-5
    assert len(card["golden"]) >= 8
    for state in card["golden"]:
        assert (np.array(card["box"]["low"]) <= state["features"]).all()
        assert (np.array(card["box"]["high"]) >= state["features"]).all()
    assert list(card["distribution"]) == list(FEATURE_SETS["observable"])
    assert all(len(own["counts"]) == len(own["edges"]) + 1 for own in card["distribution"].values())
    assert {sum(own["counts"]) for own in card["distribution"].values()} == {sum(card["distribution"]["hrv"]["counts"])}
    assert sum(card["distribution"]["hrv"]["counts"]) > 1_000


def test_one_changed_byte_is_refused(made, tmp_path):
    model = bytearray(made.onnx.read_bytes())
    model[len(model) // 2] ^= 1
    (tmp_path / made.onnx.name).write_bytes(model)
    with pytest.raises(ModelRefused, match="was altered"):
        OnnxPolicy.load(tmp_path / made.onnx.name, made.card)


def test_the_command_trains_on_a_squads_own_log_and_records_how(tmp_path, capsys):
    call_command("make_cohort", athletes=6, days=100, seed=4, out=tmp_path / "squad.csv")
    call_command(
        "train_policy", tmp_path / "squad.csv", feature_set="paper-6", days=120, seasons=24, networks=1,
        out=tmp_path / "models",
    )  # fmt: skip
    (onnx,) = (tmp_path / "models").glob("paper-6-*.onnx")
    policy = OnnxPolicy.load(onnx, onnx.with_suffix(".card.json"))
    assert policy.n_actions == 3
    assert policy.card["reproduce"] == (
        f"./homestretch manage train_policy {tmp_path}/squad.csv --recipe td --feature-set paper-6 --reward homestretch"
        f" --seed 1 --days 120 --seasons 24 --networks 1 --out {tmp_path}/models"
    )
    assert "athlete-days learned from" in capsys.readouterr().out


def test_a_squads_own_policy_comes_by_the_commands_that_are_printed(tmp_path, capsys):
    """Each command's last lines are typed as they stand, up to the policy that is added."""

    def typed_next():
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("next: ")]
        assert all(line.startswith("next: ./homestretch manage ") for line in lines)
        return [shlex.split(line)[3:] for line in lines]

    call_command("make_cohort", athletes=6, days=100, seed=4, out=tmp_path / "squad.csv")
    (fit,) = typed_next()
    assert fit == ["fit_twin", f"{tmp_path}/squad.csv", "--out", f"{tmp_path}/squad.twin.json"]
    call_command(*fit)
    (train_it,) = typed_next()
    assert train_it[:2] == ["train_policy", f"{tmp_path}/squad.csv"]
    call_command(*train_it, "--effort", "0.02", "--processes", "1")
    judge, add = typed_next()
    (onnx,) = tmp_path.glob("observable-*.onnx")
    assert judge[:4] == ["evaluate_policies", f"{tmp_path}/squad.csv", "--policy", str(onnx)]
    assert add == ["add_policy", str(onnx)]
    card = json.loads(onnx.with_suffix(".card.json").read_text())
    assert (card["metrics"]["recipe"], card["ships"]) == ("careful", False)
    assert len(card["metrics"]["rule"]) == 24
    assert card["doubt"] > 0
    policy = OnnxPolicy.load(onnx, onnx.with_suffix(".card.json"))
    assert (policy.doubt, policy.known.line > 0) == (card["doubt"], True)
    before = onnx.read_bytes()
    with pytest.raises(CommandError, match=r"exists\. Nothing was written: choose another --out, or add --overwrite"):
        call_command(*train_it, "--effort", "0.02", "--processes", "1")
    call_command(*train_it, "--effort", "0.02", "--processes", "1", "--overwrite")
    assert onnx.read_bytes() == before


def test_no_command_writes_over_a_file_unasked(tmp_path):
    kept = tmp_path / "kept.csv"
    kept.write_text("mine")
    for command in (["make_cohort"], ["fit_twin", kept], ["tune_rules", kept]):
        with pytest.raises(CommandError, match=f"{kept} exists. Nothing was written"):
            call_command(*map(str, command), "--out", str(kept))
    (tmp_path / "results.md").write_text("mine")
    with pytest.raises(CommandError, match=r"results\.md exists"):
        call_command("evaluate_policies", "--out", str(tmp_path))
    assert (kept.read_text(), (tmp_path / "results.md").read_text()) == ("mine", "mine")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"networks": 2}, "--networks belongs to --recipe td"),
        ({"feature_set": "paper-6", "recipe": "careful"}, "the careful recipe knows the observable features"),
        ({"reward": "paper"}, "the careful recipe knows the observable features"),
        ({"effort": 0.0}, "--effort is 0.01 to 10"),
    ],
)
def test_what_a_recipe_does_not_know_is_refused(tmp_path, wrong, said):
    with pytest.raises(CommandError, match=said):
        call_command("train_policy", tmp_path / "x.csv", out=tmp_path, **wrong)


def test_a_twin_of_another_log_is_refused(tmp_path):
    for seed in (4, 5):
        call_command("make_cohort", athletes=6, days=100, seed=seed, out=tmp_path / f"{seed}.csv")
    call_command("fit_twin", tmp_path / "4.csv", out=tmp_path / "twin.json")
    with pytest.raises(CommandError, match="was fitted to another season log"):
        call_command("train_policy", tmp_path / "5.csv", twin=tmp_path / "twin.json", out=tmp_path)


def test_no_networks_and_no_processes_are_refused(tmp_path):
    for wrong in ({"networks": 0}, {"processes": 0}):
        with pytest.raises(CommandError, match="are at least 1"):
            call_command("train_policy", tmp_path / "x.csv", recipe="td", out=tmp_path, **wrong)


def test_a_reward_nobody_defined_is_refused(tmp_path):
    with pytest.raises(CommandError, match="--reward is one of paper, homestretch"):
        call_command("train_policy", tmp_path / "x.csv", reward="fame", out=tmp_path)


def test_members_are_the_same_in_one_process_and_in_two_and_differ_by_their_seed(log):
    twin = fit_twin(log)
    seasons = SeasonsOf(twin, 24, "observable", "homestretch")
    settings = replace(SMALL, networks=2, seasons=24, days=200, distil_steps=600)
    alone, together = (train_members(seasons, settings, processes=processes) for processes in (1, 2))
    states = alone[0].sample
    for one, same in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.network.q(states), same.network.q(states))
    assert np.abs(alone[0].network.q(states) - alone[1].network.q(states)).max() > 0.01


def test_the_network_that_serves_repeats_the_mean_of_its_members(log):
    seasons = SeasonsOf(fit_twin(log), 24, "observable", "homestretch")
    settings = replace(SMALL, networks=2, seasons=24, days=200, distil_steps=600)
    members = train_members(seasons, settings)
    said = []
    one = train_as_one(seasons, settings, tick=said.append)
    assert len(said) == 4  # two members, a figure per hundred days
    assert one.athlete_days == sum(member.athlete_days for member in members)
    mean = Mean([member.network for member in members])
    states = states_under(seasons(7), mean, 7)
    wanted, own = mean.q(states), one.network.q(states)
    apart = np.sort(wanted, axis=1)
    clear = apart[:, -1] - apart[:, -2] > np.median(apart[:, -1] - apart[:, -2])
    assert (wanted.argmax(1) == own.argmax(1))[clear].mean() > 0.97
    assert (one.low <= members[1].low).all() and (one.high >= members[0].high).all()
    again = train_as_one(seasons, settings)
    np.testing.assert_array_equal(again.network.q(states), own)


def test_doubt_lowers_what_members_disagree_about():
    class Sure:
        def __init__(self, *q):
            self.values = np.array([q], dtype=np.float32)

        def q(self, x):
            return self.values

    members = [Sure(1.0, 3.0), Sure(1.0, -1.0)]
    assert Mean(members).q(None).tolist() == [[1.0, 1.0]]
    assert Mean(members, doubt=1.0).q(None).tolist() == [[1.0, -1.0]]
