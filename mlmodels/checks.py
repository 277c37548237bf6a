"""Can every policy that may be asked be opened? Warnings only: without a model the rule policy answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from mlmodels.models import PolicyVersion
from mlmodels.policies import registry


@register("policies")
def files_can_be_opened(**kwargs: Any) -> list[CheckMessage]:
    """Missing, altered, or of the wrong shape: each file beside the code and each one added here."""
    if not registry.beside_the_code():
        return [
            Warning(
                f"No policy is shipped in {registry.ARTIFACTS}: unless one is activated, the rule policy answers.",
                hint="Restore the directory from the repository, or train one (train_policy) and add it (add_policy).",
                id="mlmodels.W001",
            )
        ]
    return list(_refused([*registry.beside_the_code(), *registry.own_directory().glob("*.onnx")]))


def _refused(models: list[Path]) -> Iterator[CheckMessage]:
    for model in sorted(models):
        try:
            registry.load(model)
        except registry.PolicyUnusable as unusable:
            yield Warning(
                f"Policy file refused: {unusable}",
                hint=f"Restore or remove {model} and its .card.json; while it is active the rule policy answers.",
                id="mlmodels.W002",
            )


@register(Tags.database, "policies")
def active_policy_can_be_opened(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases:
        return []
    try:
        active = PolicyVersion.objects.filter(active=True).first()
    except DatabaseError:  # before the first migration
        return []
    if active is None:
        return []
    try:
        registry.verify(active)
    except registry.PolicyUnusable as unusable:
        return [
            Warning(
                f"The active policy {active.name} is refused, the rule policy answers: {unusable}",
                hint="./homestretch manage activate_policy --roll-back goes back to the one before; "
                "./homestretch manage add_policy FILE repairs this one.",
                id="mlmodels.W003",
            )
        ]
    return []
