"""Which policy answers: files in two directories, a row for each that may be used, at most one row active.

`artifacts/` comes with the code; `DATA_DIR/policies/` holds what was trained here. A file is verified when it is added
and again when a process opens it. Nothing here imports onnxruntime until a policy is really loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from mlmodels.models import PolicyVersion

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from mlmodels.policy import OnnxPolicy

ARTIFACTS = Path(__file__).parent / "artifacts"

log = structlog.get_logger(__name__)


class PolicyUnusable(Exception):
    """The file may not answer. The message says what is wrong and what to do."""


class PolicyConflict(Exception):
    """The registry is not as the caller thought: a name is taken, or somebody else activated meanwhile."""


# --- files


def own_directory() -> Path:
    return Path(settings.DATA_DIR) / "policies"


def file_of(stored: str) -> Path:
    """`artifacts/x.onnx` or `policies/x.onnx`, as a PolicyVersion keeps it, as a path of this machine."""
    directory, name = stored.split("/", 1)
    return {"artifacts": ARTIFACTS, "policies": own_directory()}[directory] / name


def card_file_of(model: Path) -> Path:
    return model.with_suffix(".card.json")


@cache
def shipped(directory: Path = ARTIFACTS) -> Path | None:
    """What answers where nobody chose: the artifact whose card says `"ships": true`, else that of the widest state."""

    def rank(model: Path) -> tuple[bool, bool, str, str]:
        card = read_card(model)
        return bool(card.get("ships")), card.get("feature_set") == "observable", str(card.get("version")), model.name

    return max(directory.glob("*.onnx"), key=rank, default=None)


def read_card(model: Path) -> dict[str, Any]:
    """Empty where there is none that can be read: loading says why."""
    try:
        card = json.loads(card_file_of(model).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}


def load(model: Path, sha256: str | None = None) -> OnnxPolicy:
    """Everything is checked: sha256, names, shapes, features, golden states; and that it is the file of the row."""
    from mlmodels.policy import ModelRefused, OnnxPolicy

    try:
        policy = OnnxPolicy.load(model, card_file_of(model))
    except ModelRefused as refused:
        raise PolicyUnusable(str(refused)) from refused
    if sha256 is not None and policy.sha256 != sha256:
        raise PolicyUnusable(
            f"{model.name} and its card are not those that were added: sha256 {policy.sha256[:12]}, "
            f"registered {sha256[:12]}. Add the file under a new name with add_policy."
        )
    return policy


def verify(version: PolicyVersion) -> OnnxPolicy:
    return load(file_of(version.path), version.sha256)


def verify_bits(version: PolicyVersion) -> None:
    """That it is bit for bit what was verified when it was added: as much as the web process can say."""
    model = file_of(version.path)
    try:
        found = hashlib.sha256(model.read_bytes()).hexdigest()
    except OSError as error:
        raise PolicyUnusable(
            f"{model} cannot be read ({error.strerror}). Add the file again with add_policy, or choose another version."
        ) from error
    if found != version.sha256:
        raise PolicyUnusable(
            f"{model} was altered: sha256 {found[:12]}, registered {version.sha256[:12]}. "
            "Restore it from where it was trained with add_policy, or choose another version."
        )


# --- what answers now

_loaded: tuple[tuple[object, ...], OnnxPolicy | None] | None = None


def active_policy() -> OnnxPolicy | None:
    """The active policy, opened once a process and again when another is activated; one short query a call.

    None where there is none that may be used: the rule policy answers then, and its advice says so.
    """
    global _loaded  # noqa: PLW0603  one session a process, on purpose
    row = PolicyVersion.objects.filter(active=True).values_list("path", "sha256").first()
    model = file_of(row[0]) if row else shipped(ARTIFACTS)
    sha256 = row[1] if row else None
    if model is None:
        return None
    if _loaded and _loaded[1] and _loaded[0][:2] == (model, sha256):
        return _loaded[1]
    key = (model, sha256, _signature(model))
    if _loaded is None or _loaded[0] != key:
        _loaded = key, _load_or_say_why(model, sha256)
    return _loaded[1]


def _load_or_say_why(model: Path, sha256: str | None) -> OnnxPolicy | None:
    try:
        return load(model, sha256)
    except PolicyUnusable as unusable:
        log.error("policy refused, the rule policy answers", model=model.name, reason=str(unusable))
        return None


def _signature(model: Path) -> tuple[tuple[int, int], ...]:
    """A refused file is looked at again when it or its card has changed, and not before."""
    return tuple(
        (file.stat().st_mtime_ns, file.stat().st_size) if file.exists() else (0, 0)
        for file in (model, card_file_of(model))
    )


# --- changing it


def add(model: Path, *, name: str = "") -> PolicyVersion:
    """Verify a file with its card beside it, keep a copy, and register it. Adding it again repairs a damaged copy."""
    policy = load(model)
    name = name or policy.name
    known = PolicyVersion.objects.filter(name=name).first()
    if known and known.sha256 != policy.sha256:
        raise PolicyConflict(f"There is another policy named {name!r}. Choose a name with --name.")
    path = _keep(model.resolve(), name, policy.sha256)
    if known:
        PolicyVersion.objects.filter(pk=known.pk).update(path=path, card=policy.card)
        known.refresh_from_db()
        return known
    return PolicyVersion.objects.create(name=name, sha256=policy.sha256, path=path, card=policy.card)


def _keep(model: Path, name: str, sha256: str) -> str:
    if model.parent == ARTIFACTS.resolve():
        return f"artifacts/{model.name}"
    kept = own_directory() / f"{slugify(name)[:60]}-{sha256[:12]}.onnx"
    kept.parent.mkdir(parents=True, exist_ok=True)
    for source, target in ((card_file_of(model), card_file_of(kept)), (model, kept)):
        if source != target:
            partial = target.with_suffix(".partial")
            shutil.copyfile(source, partial)
            os.replace(partial, target)
    return f"policies/{kept.name}"


def activate(version: PolicyVersion, *, by: AbstractBaseUser | None = None) -> PolicyVersion | None:
    """Make it answer from the next drain on; says which one it replaced. Activating the active one changes nothing."""
    verify_bits(version)
    with transaction.atomic():
        before = PolicyVersion.objects.filter(active=True).first()
        if before == version:
            return before
        _swap(before, version, by=by, previous=before)
    log.info("policy activated", policy=version.name, replaced=before.name if before else None)
    return before


def roll_back(*, by: AbstractBaseUser | None = None) -> PolicyVersion:
    """Activate the one before, again. Its own predecessor stays on record, so that a second step goes further back."""
    current = PolicyVersion.objects.select_related("previous").filter(active=True).first()
    if current is None or current.previous is None:
        raise PolicyConflict("There is no earlier policy to go back to. Name one: activate_policy NAME.")
    target = current.previous
    verify_bits(target)
    with transaction.atomic():
        _swap(current, target, by=by, previous=target.previous)
    log.info("policy rolled back", policy=target.name, replaced=current.name)
    return target


def _swap(
    before: PolicyVersion | None,
    after: PolicyVersion,
    *,
    by: AbstractBaseUser | None,
    previous: PolicyVersion | None,
) -> None:
    """Compare and swap: whoever finds the rows changed meanwhile changes nothing."""
    if before and not PolicyVersion.objects.filter(pk=before.pk, active=True).update(active=False):
        raise PolicyConflict(f"{before.name} is not active any more: somebody else changed it. Look again.")
    try:
        PolicyVersion.objects.filter(pk=after.pk).update(
            active=True, activated_at=timezone.now(), activated_by=by, previous=previous
        )
    except IntegrityError as error:
        raise PolicyConflict("Another policy was activated at the same moment. Look again.") from error
