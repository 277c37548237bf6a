"""What policies in shadow would have changed: disagreement, guard overrides of both, drift; for who judges them.

No name and no value of an athlete is on it.
"""

from collections import Counter
from datetime import date
from typing import Any

from django.db.models import Count, F, Max, Min, Q

from measures import risk
from mlmodels.models import PolicyVersion
from recommendations.models import Advice, ShadowAdvice

OVERRIDE_LINE_PCT = 10.0  # a policy that the guards overrule more often has not learned them
LIVE_STATES = 2_000  # of the newest mornings: drift is judged on these
ADVISED = ~Q(action="")
BOTH_ADVISED = ADVISED & ~Q(advice__action="")


def report(version: PolicyVersion) -> dict[str, Any]:
    """Disagreement, guard overrides of both, drift of the mornings, and on how much all that rests.

    Over the newest revision of each morning on which a learned policy was due; before that day the rule answers for
    both, and there is nothing to compare.
    """
    rows = ShadowAdvice.objects.filter(policy=version, advice__current=True, advice__stage="learned")
    both = rows.filter(ADVISED).exclude(advice__action="")
    pairs = Counter(
        {(theirs, own): n for theirs, own, n in both.values_list("advice__action", "action").annotate(n=Count("pk"))}
    )
    seen = rows.aggregate(
        n=Count("pk"),
        days=Count("date", distinct=True),
        athletes=Count("advice__athlete", distinct=True),
        since=Min("date"),
        until=Max("date"),
        unanswered=Count("pk", filter=Q(unanswered=True)),
        compared=Count("pk", filter=BOTH_ADVISED),
        own_overruled=Count("pk", filter=ADVISED & ~Q(policy_action=F("action"))),
        active_overruled=Count("pk", filter=~Q(advice__action="") & ~Q(advice__policy_action=F("advice__action"))),
        before_guards=Count("pk", filter=BOTH_ADVISED & ~Q(policy_action=F("advice__policy_action"))),
    )
    compared = seen["compared"]
    disagreed = sum(n for (theirs, own), n in pairs.items() if theirs != own)
    return seen | {
        "disagreement_pct": pct(disagreed, compared),
        "disagreement_before_guards_pct": pct(seen["before_guards"], compared),
        "own_override_pct": pct(seen["own_overruled"], compared),
        "active_override_pct": pct(seen["active_overruled"], compared),
        "unanswered_pct": pct(seen["unanswered"], seen["n"]),
        "pairs": pairs,
        "by_day": by_day(both),
        "drift": drift_of(version),
    }


def pct(part: int, whole: int) -> float | None:
    return 100.0 * part / whole if whole else None


def by_day(rows: Any) -> list[tuple[date, float]]:
    """Disagreement in % on each day, oldest first."""
    days = rows.values("date").annotate(n=Count("pk"), apart=Count("pk", filter=~Q(action=F("advice__action"))))
    return [(day["date"], 100.0 * day["apart"] / day["n"]) for day in days.order_by("date")]


def drift_of(version: PolicyVersion) -> dict[str, Any]:
    """PSI of each feature of the newest mornings against what the policy learned on: {feature: psi}, and from how many.

    Empty where the card holds no distribution, or there are too few mornings to tell.
    """
    from mlmodels.policies import drift  # numpy: only where somebody looks
    from mlmodels.state.features import FEATURE_SETS
    from mlmodels.state.observation import Observation
    from mlmodels.state.table import STATE_VERSION

    trained_on = version.card.get("distribution")
    kept = Advice.objects.filter(current=True, stage="learned", state_version=STATE_VERSION).exclude(observation=None)
    kept = kept.order_by("-date", "-pk")
    observations: list[Any] = list(kept.values_list("observation", flat=True)[:LIVE_STATES]) if trained_on else []
    found: dict[str, Any] = {"states": len(observations), "psi": {}, "known": bool(trained_on)}
    if len(observations) < risk.DRIFT_MIN_STATES or not isinstance(trained_on, dict):
        return found
    obs = Observation.from_rows(observations)
    features = obs.features(version.card["feature_set"])
    features = features[obs.refusal == ""]
    found["states"] = len(features)
    if len(features) >= risk.DRIFT_MIN_STATES:
        names = FEATURE_SETS[version.card["feature_set"]]  # the database may have put the card's keys in another order
        found["psi"] = {
            name: drift.psi(trained_on, name, features[:, i]) for i, name in enumerate(names) if name in trained_on
        }
    return found
