"""All faults, in the order they are tried: importing a module of them fills the table.

Numbers are those of the reliability document's table; letters are faults that were tried beside it.
"""

import re

from benchmarks.faults import broker, callers, clock, database, models, phones, processes, push
from benchmarks.faults.fault import TABLE, Fault

__all__ = ["CI", "FAULTS", "place", "turn"]

MODULES = (processes, broker, database, push, clock, phones, models, callers)


def place(number: str) -> tuple[int, str]:
    digits = re.match(r"\d+", number)
    return (int(digits[0]), number) if digits else (1000, number)


def turn(number: str) -> tuple[int, tuple[int, str]]:
    """Those that share a running copy come together: each change is a start of it."""
    return ("plain", "instrumented", "production", "none").index(TABLE[number].tree), place(number)


FAULTS: dict[str, Fault] = {number: TABLE[number] for number in sorted(TABLE, key=place)}
CI = (
    "3", "5", "7b", "7c", "8", "9b", "20", "24b", "24c", "24d", "27", "30", "33", "C", "L", "W",
)  # fmt: skip
