"""Figures per core: the matrix libraries read how many threads they may use when they are loaded."""

from __future__ import annotations

import os
import sys

LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def restart_in_one_thread(module: str) -> None:
    """Start ``python -m module`` again with the same arguments, unless it was started so."""
    if any(os.environ.get(name) != "1" for name in LIBRARIES):
        os.environ.update(dict.fromkeys(LIBRARIES, "1"))
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])
