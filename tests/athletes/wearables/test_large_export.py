"""Apple's export of years, made up on the fly: memory does not grow with it. 150 MB: benchmarks/apple_export.py."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_an_export_of_20_mb_is_read_in_the_memory_of_one_of_2_mb():
    grown = [measured(megabytes) for megabytes in (2, 20)]
    assert grown[1] - grown[0] < 10 * 1024, grown  # KiB


def measured(megabytes):
    """Peak memory in KiB of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.apple_export", "--megabytes", str(megabytes), "--peak-only"]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout)
