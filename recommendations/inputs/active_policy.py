"""Which policy is asked. None that can be trusted: the rule answers, and the advice says so."""

import numpy as np

from mlmodels.models import PolicyVersion
from mlmodels.policies import registry
from mlmodels.policies.policy import Policy
from mlmodels.state.arrays import IntArray
from mlmodels.state.observation import Observation


class NoPolicy:
    """Stands where the learned policy should be: has no answer to anything, so that the rule policy gives it."""

    name = "none"
    sha256 = ""

    def choose(self, obs: Observation) -> IntArray:
        return np.full(len(obs), -1, dtype=np.int64)


def active_policy() -> Policy:
    return registry.active_policy() or NoPolicy()


def policy_by_sha256(sha256: str) -> Policy:
    """The very policy an advice was asked of. LookupError when its file is not here any more."""
    if not sha256:
        return NoPolicy()
    active = registry.active_policy()
    if active and active.sha256 == sha256:
        return active
    if version := PolicyVersion.objects.filter(sha256=sha256).first():
        return registry.verify(version)
    for model in registry.ARTIFACTS.glob("*.onnx"):
        if registry.read_card(model).get("sha256") == sha256:
            return registry.load(model, sha256)
    raise LookupError(f"there is no policy with sha256 {sha256[:12]} here")
