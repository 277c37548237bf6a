"""The derivatives written out by hand are torch's."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mlmodels.training.dqn import QNetwork  # noqa: E402
from mlmodels.training.learner import Learner  # noqa: E402

K, HIDDEN, A, B = 16, 64, 4, 512
DISCOUNT, POLYAK, RATE = 0.98**5, 0.01, 1e-3


def batches(count, seed=1):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield (
            rng.normal(0, 0.5, (B, K)).astype(np.float32),
            rng.integers(A, size=B),
            rng.normal(0, 2, B).astype(np.float32),
            rng.normal(0, 0.5, (B, K)).astype(np.float32),
        )


class InTorch:
    """The same update, by autograd."""

    def __init__(self, network):
        self.online, self.target = network, QNetwork(K, A, HIDDEN)
        self.target.load_state_dict(network.state_dict())
        self.optimiser = torch.optim.Adam(network.parameters(), lr=RATE)

    def learn(self, state, action, ret, next_state):
        state, action, ret, next_state = map(torch.from_numpy, (state, action, ret, next_state))
        with torch.no_grad():
            best = self.online(next_state).argmax(1, keepdim=True)
            goal = ret + DISCOUNT * self.target(next_state).gather(1, best).squeeze(1)
        value = self.online(state).gather(1, action[:, None]).squeeze(1)
        self.optimiser.zero_grad()
        torch.nn.functional.smooth_l1_loss(value, goal).backward()
        self.optimiser.step()
        with torch.no_grad():
            for slow, fast in zip(self.target.parameters(), self.online.parameters(), strict=True):
                slow.lerp_(fast, POLYAK)


@pytest.fixture
def both():
    torch.manual_seed(7)
    network = QNetwork(K, A, HIDDEN)
    learner = Learner(K, HIDDEN, A, discount=DISCOUNT, polyak=POLYAK)
    network.give(learner)
    return InTorch(network), learner


def of_learner(learner):
    network = QNetwork(K, A, HIDDEN)
    network.take(learner)
    return network


def test_one_update_moves_every_weight_as_torch_does(both):
    in_torch, learner = both
    for batch in batches(1):
        in_torch.learn(*batch)
        learner.learn(*batch, RATE)
    for ours, theirs in zip(of_learner(learner).parameters(), in_torch.online.parameters(), strict=True):
        # Adam's first step is rate x sign(slope): where the slope is 0 but for rounding, its sign is rounding too.
        apart = (ours - theirs).abs().detach().numpy()
        assert np.quantile(apart, 0.999) < 1e-6
        assert apart.max() <= 2.1 * RATE


def test_a_hundred_updates_stay_together(both):
    in_torch, learner = both
    for batch in batches(100):
        in_torch.learn(*batch)
        learner.learn(*batch, RATE)
    state = next(batches(1, seed=9))[0]
    theirs = in_torch.online.q(state)
    np.testing.assert_allclose(learner.q(state), theirs, atol=2e-3)
    assert (np.abs(theirs).mean()) > 0.1
    target = Learner(K, HIDDEN, A, discount=1, polyak=1)
    target.online.flat[:] = learner.target.flat
    np.testing.assert_allclose(target.q(state), in_torch.target.q(state), atol=2e-3)


def test_giving_and_taking_is_the_same_network(both):
    in_torch, learner = both
    state = next(batches(1))[0]
    np.testing.assert_allclose(learner.q(state), in_torch.online.q(state), atol=1e-6)
    for ours, theirs in zip(of_learner(learner).parameters(), in_torch.online.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_slope_is_that_of_the_loss(both):
    """Against finite differences in double precision, one weight of each layer."""
    _, learner = both
    state, action, ret, next_state = next(batches(1))
    learner.learn(state, action, ret, next_state, 0.0)  # rate 0: the slope is left, the weights stay
    slope = learner._slope.flat.copy()
    x = state.astype(np.float64)

    def loss(flat):
        parts = Learner(K, HIDDEN, A, discount=1, polyak=1).online
        ends = np.cumsum([parts.w1.size, HIDDEN, parts.w2.size, HIDDEN, parts.w3.size])
        w1, b1, w2, b2, w3, b3 = np.split(flat, ends)
        h = np.maximum(x @ w1.reshape(K, HIDDEN) + b1, 0)
        h = np.maximum(h @ w2.reshape(HIDDEN, HIDDEN) + b2, 0)
        head = h @ w3.reshape(HIDDEN, 1 + A) + b3
        q = head[:, :1] + head[:, 1:] - head[:, 1:].mean(1, keepdims=True)
        off = np.abs(q[np.arange(B), action] - goal)
        return np.where(off < 1, 0.5 * off**2, off - 0.5).mean()

    best = learner.q(next_state).argmax(1)
    goal = ret + DISCOUNT * learner.q(next_state)[np.arange(B), best].astype(np.float64)
    flat = learner.online.flat.astype(np.float64)
    for i in np.random.default_rng(2).integers(len(flat), size=40):
        step = np.zeros_like(flat)
        step[i] = 1e-5
        assert slope[i] == pytest.approx((loss(flat + step) - loss(flat - step)) / 2e-5, abs=2e-5)
