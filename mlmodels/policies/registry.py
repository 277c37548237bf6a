"""Which policy answers: files in two directories, a row for each that may be used, at most one row active.

A row's life: candidate, gate, shadow, approved by a named person, active, and back again in one row. Every step is in
its history.

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

    from mlmodels.policies.policy import OnnxPolicy

ARTIFACTS = Path(__file__).parents[1] / "artifacts"
WITHDRAWN = ARTIFACTS / "withdrawn.json"

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
    if directory == "artifacts" and not (ARTIFACTS / name).exists() and (own_directory() / name).exists():
        return own_directory() / name  # newer code came without it; what was registered stays a way back
    return {"artifacts": ARTIFACTS, "policies": own_directory()}[directory] / name


def card_file_of(model: Path) -> Path:
    return model.with_suffix(".card.json")


@cache
def shipped(directory: Path = ARTIFACTS) -> Path | None:
    """What answers where nobody chose: the artifact whose card says `"ships": true`. None: the rule policy answers."""

    def rank(model: Path) -> tuple[str, str]:
        return str(read_card(model).get("version")), model.name

    cards = {model: read_card(model) for model in directory.glob("*.onnx")}
    ready = [model for model, card in cards.items() if card.get("ships") and card.get("sha256") not in withdrawn()]
    return max(ready, key=rank, default=None)


def beside_the_code() -> list[Path]:
    """The artifacts that may answer or be compared; a withdrawn one is not among them."""
    return sorted(m for m in ARTIFACTS.glob("*.onnx") if read_card(m).get("sha256") not in withdrawn())


@cache
def withdrawn() -> dict[str, str]:
    """sha256 -> why that policy may answer nobody any more, wherever its file lies and whoever approved it."""
    recalls: dict[str, str] = json.loads(WITHDRAWN.read_text(encoding="utf-8"))
    return recalls


def _refuse_withdrawn(name: str, sha256: str) -> None:
    if reason := withdrawn().get(sha256):
        raise PolicyUnusable(f"{name} was withdrawn: {reason} Activate another policy, or let the rule policy answer.")


def read_card(model: Path) -> dict[str, Any]:
    """Empty where there is none that can be read: loading says why."""
    try:
        card = json.loads(card_file_of(model).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}


def load(model: Path, sha256: str | None = None) -> OnnxPolicy:
    """Everything is checked: sha256, names, shapes, features, golden states; and that it is the file of the row."""
    from mlmodels.policies.policy import ModelRefused, OnnxPolicy

    try:
        policy = OnnxPolicy.load(model, card_file_of(model))
    except ModelRefused as refused:
        raise PolicyUnusable(str(refused)) from refused
    if sha256 is not None and policy.sha256 != sha256:
        raise PolicyUnusable(
            f"{model.name} and its card are not those that were added: sha256 {policy.sha256[:12]}, "
            f"registered {sha256[:12]}. Add the file under a new name with add_policy."
        )
    _refuse_withdrawn(policy.name, policy.sha256)
    return policy


def verify(version: PolicyVersion) -> OnnxPolicy:
    return load(file_of(version.path), version.sha256)


def verify_bits(version: PolicyVersion) -> None:
    """That it is bit for bit what was verified when it was added: as much as the web process can say."""
    _refuse_withdrawn(version.name, version.sha256)
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
    try:
        with transaction.atomic():
            return PolicyVersion.objects.create(
                name=name, sha256=policy.sha256, path=path, card=policy.card, gate=gate_of(policy.card)
            )
    except IntegrityError as error:
        raise PolicyConflict(f"{name!r} was added at the same moment. Look again.") from error


def gate_of(card: dict[str, Any]) -> dict[str, Any] | None:
    """The gate's report that a card carries (``promote --into-card``), if it is one."""
    report = card.get("gate")
    if not isinstance(report, dict) or not isinstance(report.get("passed"), bool):
        return None
    return {**report, "source": "card"}


def _keep_spare(model: Path) -> None:
    """The next version of the code may come without this file, and going back to it must still be one row."""
    own_directory().mkdir(parents=True, exist_ok=True)
    for source in (card_file_of(model), model):
        _copy(source, own_directory() / source.name)


def _copy(source: Path, target: Path) -> None:
    partial = target.with_suffix(".partial")
    shutil.copyfile(source, partial)
    os.replace(partial, target)


def _keep(model: Path, name: str, sha256: str) -> str:
    if model.parent == ARTIFACTS.resolve():
        return f"artifacts/{model.name}"
    kept = own_directory() / f"{slugify(name)[:60]}-{sha256[:12]}.onnx"
    kept.parent.mkdir(parents=True, exist_ok=True)
    for source, target in ((card_file_of(model), card_file_of(kept)), (model, kept)):
        if source != target:
            _copy(source, target)
    return f"policies/{kept.name}"


def register_shipped() -> list[PolicyVersion]:
    """Rows for the files that come with the code, so that what answers can be seen, judged and gone back to.

    Nothing changes in what answers: where no person chose, the shipped one did and does. Returns the new rows.
    """
    models = beside_the_code()
    known = set(PolicyVersion.objects.values_list("sha256", flat=True))
    added = []
    for model in models:
        try:
            if str(read_card(model).get("sha256")) not in known:
                added.append(add(model))
            if not (own_directory() / model.name).exists():
                _keep_spare(model)
        except (PolicyUnusable, PolicyConflict) as refused:
            log.error("shipped policy not registered", model=model.name, reason=str(refused))
        except OSError as error:
            log.warning("no copy kept of a shipped policy", model=model.name, reason=error.strerror)
    answer_where_nobody_chose()
    return added


def answer_where_nobody_chose() -> None:
    """The shipped policy is active until a person chooses, and the one of the newest code while nobody did."""
    model = shipped(ARTIFACTS)
    active = PolicyVersion.objects.filter(active=True).first()
    if model is None or (active and (active.approved_by_id or active.activated_by_id)):
        return
    version = PolicyVersion.objects.filter(path=f"artifacts/{model.name}").first()
    if version is None or version == active or (active and version.activated_at):
        return  # activated once already and not active now: somebody went back
    reason = "comes with the code, answers where nobody chose"
    judged = "" if version.gate_passed else "its card holds no passed gate"
    try:
        with transaction.atomic():
            if not version.approved_at:
                _change(
                    version,
                    {"approved_at": timezone.now(), "approval_reason": reason, "approval_override": judged},
                    why=reason,
                )
            _swap(active, version, by=None, previous=active, why=reason)
    except PolicyConflict as conflict:
        log.warning("shipped policy not activated", policy=version.name, reason=str(conflict))


# --- its life: candidate, gate, shadow, approved, active

MOST_IN_SHADOW = 3  # each costs one more network call and one more row for every advice
SHADOW_DAYS_NEEDED = 14  # two training weeks (convention)


def record_gate(version: PolicyVersion, report: dict[str, Any], *, by: AbstractBaseUser | None = None) -> None:
    """Keep what the promotion gate found. One that missed a line takes no approval back: a person does."""
    verdict = "passed" if report["passed"] else "missed"
    _change(version, {"gate": report}, why=f"promotion gate {verdict}", by=by)


def start_shadow(version: PolicyVersion, *, by: AbstractBaseUser | None = None) -> None:
    """From the next drain on its advice is logged beside the active one's. Starting again clears an old error."""
    verify_bits(version)
    with transaction.atomic():
        others = PolicyVersion.objects.filter(shadow_since__isnull=False).exclude(pk=version.pk)
        if version.active:
            raise PolicyConflict(f"{version.name} is active: its advice is the advice.")
        if len(others) >= MOST_IN_SHADOW:
            names = ", ".join(sorted(other.name for other in others))
            raise PolicyConflict(f"{MOST_IN_SHADOW} policies are in shadow already: {names}. Stop one first.")
        since = version.shadow_since or timezone.now()
        _change(version, {"shadow_since": since, "shadow_error": ""}, why="shadow mode started", by=by)


def stop_shadow(version: PolicyVersion, *, by: AbstractBaseUser | None = None) -> None:
    _change(version, {"shadow_since": None, "shadow_error": ""}, why="shadow mode stopped", by=by)


def leave_out(version: PolicyVersion, error: str) -> None:
    """It was refused or raised: not asked any more until somebody starts it again. The real advice goes on."""
    log.error("policy left out of shadow mode", policy=version.name, reason=error)
    _change(version, {"shadow_error": error[:300] or "unknown error"}, why=f"left out of shadow mode: {error}"[:300])


def lacks(version: PolicyVersion) -> list[str]:
    """What an approval still asks for; empty when it may be approved without an override."""
    missing = []
    if not version.gate_passed:
        found = "it missed a line of" if version.gate else "it was not played against"
        missing.append(f"{found} the promotion gate (promote {version.name})")
    if version.shadow_days < SHADOW_DAYS_NEEDED:
        missing.append(f"{version.shadow_days} of {SHADOW_DAYS_NEEDED} days in shadow (shadow_policy {version.name})")
    return missing


def approve(version: PolicyVersion, *, by: AbstractBaseUser | None, reason: str, override: str = "") -> None:
    """A named person takes it upon themselves. ``override``: why although something is lacking; kept with the row."""
    if by is None or not by.is_active or not getattr(by, "is_staff", False):
        raise PolicyConflict("An approval needs a person: an active member of staff.")
    if not reason.strip():
        raise PolicyConflict("An approval needs a reason.")
    version.refresh_from_db()
    verify_bits(version)
    missing = lacks(version)
    if missing and not override.strip():
        raise PolicyConflict(
            f"{version.name} may not be approved yet: {'; '.join(missing)}. "
            "Whoever approves it all the same says why (override); it stays on record."
        )
    values = {
        "approved_at": timezone.now(),
        "approved_by": by,
        "approval_reason": reason.strip(),
        "approval_override": f"{override.strip()} (lacking: {'; '.join(missing)})" if missing else "",
    }
    _change(version, values, why=f"approved: {reason.strip()}", by=by)


def activate(version: PolicyVersion, *, by: AbstractBaseUser | None = None) -> PolicyVersion | None:
    """Make it answer from the next drain on; says which one it replaced. Activating the active one changes nothing."""
    verify_bits(version)
    with transaction.atomic():
        version.refresh_from_db()
        if not version.approved_at:
            raise PolicyConflict(
                f"{version.name} is not approved. approve_policy {version.name} --by E-MAIL --reason TEXT does it."
            )
        before = PolicyVersion.objects.filter(active=True).first()
        if before == version:
            return before
        _swap(before, version, by=by, previous=before, why=f"replaces {before.name}" if before else "the first")
    log.info("policy activated", policy=version.name, replaced=before.name if before else None)
    return before


def roll_back(*, by: AbstractBaseUser | None = None, reason: str = "") -> PolicyVersion:
    """Activate the one before, again. Its own predecessor stays on record, so that a second step goes further back."""
    current = PolicyVersion.objects.select_related("previous").filter(active=True).first()
    if current is None or current.previous is None:
        raise PolicyConflict("There is no earlier policy to go back to. Name one: activate_policy NAME.")
    target = current.previous
    verify_bits(target)
    with transaction.atomic():
        why = f"rolled back from {current.name}{': ' if reason else ''}{reason}"
        _swap(current, target, by=by, previous=target.previous, why=why)
    log.info("policy rolled back", policy=target.name, replaced=current.name)
    return target


def _swap(
    before: PolicyVersion | None,
    after: PolicyVersion,
    *,
    by: AbstractBaseUser | None,
    previous: PolicyVersion | None,
    why: str,
) -> None:
    """Compare and swap: whoever finds the rows changed meanwhile changes nothing."""
    if before and not PolicyVersion.objects.filter(pk=before.pk, active=True).update(active=False):
        raise PolicyConflict(f"{before.name} is not active any more: somebody else changed it. Look again.")
    values = {
        "active": True,
        "activated_at": timezone.now(),
        "activated_by": by,
        "previous": previous,
        "shadow_since": None,
        "shadow_error": "",
    }
    try:
        with transaction.atomic():
            _change(after, values, why=why, by=by)
    except IntegrityError as error:
        raise PolicyConflict("Another policy was activated at the same moment. Look again.") from error
    if before:
        _remember(before, why=f"replaced by {after.name}", by=by)


def _change(version: PolicyVersion, values: dict[str, Any], *, why: str, by: AbstractBaseUser | None = None) -> None:
    """These columns and no others, whatever an old copy in memory holds; and a row of history."""
    with transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(**values)
        _remember(version, why=why, by=by)


def _remember(version: PolicyVersion, *, why: str, by: AbstractBaseUser | None) -> None:
    version.refresh_from_db()
    PolicyVersion.history.bulk_history_create([version], update=True, default_user=by, default_change_reason=why)
