"""The twin of everybody that is shipped: what a forecast stands on before an athlete has one of her own."""

from functools import lru_cache
from typing import TYPE_CHECKING

from mlmodels.policies.registry import ARTIFACTS

if TYPE_CHECKING:
    from mlmodels.twin.model import Twin


@lru_cache(maxsize=2)
def _twin(modified_ns: int) -> "tuple[Twin, str]":
    from mlmodels.twin.model import Twin, sha256

    path = ARTIFACTS / "twin.json"
    return Twin.load(path), sha256(path)


def twin_of_now() -> "tuple[Twin, str]":
    """The shipped twin and its sha256; read again when the file changes."""
    return _twin((ARTIFACTS / "twin.json").stat().st_mtime_ns)
