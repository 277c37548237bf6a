"""Policies in shadow: asked about the same mornings as the active one, logged beside it, shown to no athlete.

They are asked after the advice is committed. Whatever goes wrong here is noted at the policy and can no longer change,
break or hold up what was advised.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache

import structlog
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.utils import timezone

from measures.actions import Action
from mlmodels.deciding.decision import Resolution, resolve, stages
from mlmodels.models import PolicyVersion
from mlmodels.policies import registry
from mlmodels.policies.policy import OnnxPolicy
from mlmodels.state.observation import Observation
from recommendations.inputs.frames import Asked
from recommendations.models import Advice, ShadowAdvice

log = structlog.get_logger(__name__)


def after_commit(obs: Observation, asked: Sequence[Asked], issued: Sequence[Advice]) -> None:
    """Have the advice that was just issued for ``asked`` shadowed once it is committed."""
    if issued:
        transaction.on_commit(lambda: score(obs, asked, issued), robust=True)


def score(obs: Observation, asked: Sequence[Asked], issued: Sequence[Advice]) -> None:
    try:
        versions = list(PolicyVersion.objects.filter(shadow_since__isnull=False, shadow_error="", active=False))
    except DatabaseError as error:
        log.warning("shadow_left_out", error=type(error).__name__)
        return
    for version in versions:
        try:
            note(version, obs, asked, issued)
        except DatabaseError as error:  # not the policy's fault: an athlete erased meanwhile, a database going down
            log.warning("shadow_left_out", policy=version.name, error=type(error).__name__)
        except Exception as error:
            log.exception("shadow_failed", policy=version.name)
            leave_out(version, error)


def leave_out(version: PolicyVersion, error: Exception) -> None:
    what = str(error) if isinstance(error, registry.PolicyUnusable) else f"{type(error).__name__}: {error}"
    try:
        registry.leave_out(version, what)
    except DatabaseError:
        log.exception("shadow_not_left_out", policy=version.name)  # tried again by the next drain


@lru_cache(maxsize=registry.MOST_IN_SHADOW)
def opened(path: str, sha256: str, since: datetime) -> OnnxPolicy:
    """One session a process; ``since``: starting it again opens the file again."""
    return registry.load(registry.file_of(path), sha256)


def note(version: PolicyVersion, obs: Observation, asked: Sequence[Asked], issued: Sequence[Advice]) -> None:
    """One network call for the whole batch, the same guards, a row for each advice."""
    assert version.shadow_since is not None
    policy = opened(version.path, version.sha256, version.shadow_since)
    resolution, due = resolve(obs, policy), stages(obs) == "learned"
    place = {a.key: i for i, a in enumerate(asked)}
    rows = [
        shadow_of(advice, version, resolution, i, bool(due[i]))
        for advice in issued
        if (i := place.get((advice.athlete_id, advice.date))) is not None
    ]
    with transaction.atomic():
        ShadowAdvice.objects.bulk_create(rows, ignore_conflicts=True)
        count_day(version, timezone.now().date())


def shadow_of(advice: Advice, version: PolicyVersion, resolution: Resolution, i: int, due: bool) -> ShadowAdvice:
    first, second = sorted(resolution.q_values[i].tolist())[:-3:-1]
    margin = first - second
    return ShadowAdvice(
        advice=advice,
        policy=version,
        date=advice.date,
        policy_action=Action(int(resolution.policy_action[i])).code,
        action="" if resolution.guarded.withheld[i] else Action(int(resolution.action[i])).code,
        margin=margin if margin == margin and not resolution.asked_rule[i] else None,
        unanswered=due and bool(resolution.used_fallback[i]),
    )


def count_day(version: PolicyVersion, today: date) -> None:
    """How long it has been in shadow outlives the rows, which are tidied up."""
    new = Q(shadow_seen_on__isnull=True) | Q(shadow_seen_on__lt=today)
    PolicyVersion.objects.filter(new, pk=version.pk).update(shadow_days=F("shadow_days") + 1, shadow_seen_on=today)
