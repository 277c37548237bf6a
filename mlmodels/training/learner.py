"""Double Q-learning of the two-layer dueling network with its derivatives written out: numpy, no graph, no autograd.

Numbers and order of operations are those of ``dqn.QNetwork`` under ``smooth_l1_loss``, Adam and a Polyak target in
torch; a test lets both learn from the same batches. For networks this small torch spends most of an update on
book-keeping: written out it takes a half to a third of the time.

    B rows of a batch, K features, H hidden, A actions
    h1 = relu(x w1 + b1)  h2 = relu(h1 w2 + b2)  q = (h2 w3 + b3) mix
    w3: H -> 1 + A (value, advantages); mix: 1 + A -> A is value + advantage - mean advantage
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BETA_1, BETA_2, ADAM_EPS = np.float32(0.9), np.float32(0.999), np.float32(1e-8)


@dataclass(slots=True)
class Weights:
    """Views into one flat array, so that optimiser and target take one pass over it."""

    flat: Floats
    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats
    w3: Floats
    b3: Floats

    @classmethod
    def zeros(cls, features: int, hidden: int, actions: int) -> Weights:
        shapes = ((features, hidden), (hidden,), (hidden, hidden), (hidden,), (hidden, 1 + actions), (1 + actions,))
        sizes = [int(np.prod(shape)) for shape in shapes]
        flat = np.zeros(sum(sizes), dtype=np.float32)
        ends = np.cumsum(sizes)
        views = [flat[end - size : end].reshape(shape) for end, size, shape in zip(ends, sizes, shapes, strict=True)]
        return cls(flat, *views)


@dataclass(slots=True)
class Scratch:
    """Results of one batch, overwritten each time: fresh arrays of this size cost more in page faults than in sums."""

    h1: Floats
    h2: Floats
    d1: Floats
    d2: Floats
    # A bias and zeros, repeated for some rows: 1,024 rows of 64 are added to in 5 us, from a single row in 12, and
    # compared with zeros in 5 us, with the number 0 in 21.
    bias: Floats
    zero: Floats

    @classmethod
    def of(cls, batch: int, hidden: int) -> Scratch:
        layers = (np.empty((batch, hidden), dtype=np.float32) for _ in range(4))
        return cls(*layers, *(np.zeros((math.gcd(batch, 16), hidden), dtype=np.float32) for _ in range(2)))


class Learner:
    """Online and target network and the optimiser's memory; ``learn`` is one update."""

    def __init__(self, features: int, hidden: int, actions: int, *, discount: float, polyak: float) -> None:
        """``discount``: of the value n steps on, gamma ** n."""
        self.online, self.target, self._slope, self._mean, self._square = (
            Weights.zeros(features, hidden, actions) for _ in range(5)
        )
        self._discount, self._polyak = np.float32(discount), np.float32(polyak)
        self._updates = 0
        self._mix = np.concatenate([np.ones((1, actions)), np.eye(actions) - 1 / actions]).astype(np.float32)
        self._hidden, self._scratch = hidden, {0: Scratch.of(0, hidden)}

    def q(self, x: Floats) -> Floats:
        """(B, K) -> (B, A)."""
        return self._forward(self.online, x, self._scratch_of(len(x)))

    def learn(self, state: Floats, action: NDArray[np.int64], ret: Floats, next_state: Floats, rate: float) -> None:
        """One step on B transitions (n-step returns ``ret``), then the target follows."""
        scratch = self._scratch_of(len(state))
        best = self._forward(self.online, next_state, scratch).argmax(1)
        goal = _taken(self._forward(self.target, next_state, scratch), best)
        goal *= self._discount
        goal += ret
        q = _taken(self._forward(self.online, state, scratch), action)
        # d smooth L1 / d q of the action taken, meaned over the batch
        error = np.clip(q - goal, -1.0, 1.0)
        error /= np.float32(len(state))
        self._backward(state, scratch, error[:, None] * self._mix.T[action])
        self._adam(rate)
        self.target.flat += self._polyak * (self.online.flat - self.target.flat)

    def _scratch_of(self, batch: int) -> Scratch:
        if batch not in self._scratch:
            self._scratch[batch] = Scratch.of(batch, self._hidden)
        return self._scratch[batch]

    def _forward(self, net: Weights, x: Floats, scratch: Scratch) -> Floats:
        """Q-values (B, A); both hidden layers are left in ``scratch``."""
        h2 = scratch.h2
        _layer(x, net.w1, net.b1, scratch.h1, scratch)
        _layer(scratch.h1, net.w2, net.b2, h2, scratch)
        q: Floats = h2 @ (net.w3 @ self._mix)
        q += net.b3 @ self._mix
        return q

    def _backward(self, x: Floats, scratch: Scratch, d3: Floats) -> None:
        """Slopes of the loss from ``d3``, its slope at the last layer's (B, 1 + A) output."""
        slope, net, ones = self._slope, self.online, np.ones(len(x), dtype=np.float32)
        h1, h2, d1, d2 = scratch.h1, scratch.h2, scratch.d1, scratch.d2
        np.matmul(h2.T, d3, out=slope.w3)
        np.matmul(ones, d3, out=slope.b3)  # a sum over rows, four times as fast as sum(0)
        np.multiply(np.matmul(d3, net.w3.T, out=d2), h2 > 0, out=d2)
        np.matmul(h1.T, d2, out=slope.w2)
        np.matmul(ones, d2, out=slope.b2)
        np.multiply(np.matmul(d2, net.w2.T, out=d1), h1 > 0, out=d1)
        np.matmul(x.T, d1, out=slope.w1)
        np.matmul(ones, d1, out=slope.b1)

    def _adam(self, rate: float) -> None:
        """Kingma & Ba 2015, arXiv 1412.6980."""
        self._updates += 1
        slope, mean, square = self._slope.flat, self._mean.flat, self._square.flat
        mean += (1 - BETA_1) * (slope - mean)
        square += (1 - BETA_2) * (slope * slope - square)
        size = np.sqrt(square)
        size /= np.float32(np.sqrt(1 - float(BETA_2) ** self._updates))
        size += ADAM_EPS
        np.divide(mean, size, out=size)
        size *= np.float32(rate / (1 - float(BETA_1) ** self._updates))
        self.online.flat -= size


def _layer(x: Floats, weight: Floats, bias: Floats, out: Floats, scratch: Scratch) -> None:
    np.matmul(x, weight, out=out)
    np.copyto(scratch.bias, bias)
    some_rows = out.reshape(-1, scratch.bias.size)
    np.add(some_rows, scratch.bias.ravel(), out=some_rows)
    np.maximum(some_rows, scratch.zero.ravel(), out=some_rows)


def _taken(q: Floats, action: NDArray[np.int64]) -> Floats:
    return q[np.arange(len(q)), action]
