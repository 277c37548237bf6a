"""A twin of a season log: the one in a file, if it was fitted to this very log, else a new one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mlmodels.twin.fitting import fit_twin
from mlmodels.twin.history import fingerprint
from mlmodels.twin.model import Twin


def twin_of(log: pd.DataFrame, file: Path | None, seed: int) -> Twin:
    """Raises: TooLittleData from the fit; ValueError when ``file`` was fitted to another log."""
    if file is None:
        return fit_twin(log, seed=seed)
    twin = Twin.load(file)
    if twin.fingerprint != fingerprint(log):
        raise ValueError(f"{file} was fitted to another season log; run fit_twin on this one")
    return twin
