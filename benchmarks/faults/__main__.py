"""Everything that may break, broken on a running copy: is a check-in lost, doubled or refused, and does all settle?

    .venv/bin/python -m benchmarks.faults --database sqlite|postgres [--only 3,9b] [--short] [--markdown FILE]
    .venv/bin/python -m benchmarks.faults --list

Starts `./homestretch up` (web, worker, beat, Valkey) on throw-away data. For each fault anew: athletes with a phone and
a browser, eight check-ins a second (a fifth of them sent twice) with a log of what was answered; the fault; its end;
the wait until nothing waits any more; and the comparison of every acknowledged answer with the rows, of every delivery
with what a push service received. `--short` gives each fault a few seconds and does not judge the latency.
Ends with 1 when any promise was missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks.faults.catalogue import FAULTS, place, turn
from benchmarks.faults.engine import Bench, Result
from benchmarks.servers import scratch

COLUMNS = (
    "#", "Fault", "Result", "Acknowledged", "Lost", "Double", "503", "No answer", "p50 ms", "p99 ms", "max ms",
    "Settled s", "Restarts", "Pushes (repeats)",
)  # fmt: skip


def cells(result: Result) -> list[str]:
    fault, took = result.fault, result.took_ms
    head = [fault.number, fault.name, result.verdict]
    if not took:
        return [*head, result.skipped or "; ".join(result.notes) or "-", *["-"] * (len(COLUMNS) - 4)]
    return [
        *head, f"{result.acknowledged} of {len(took)}", str(result.lost), str(result.doubled),
        str(result.statuses[503]), str(result.statuses[0]), f"{result.percentile_ms(50):.0f}",
        f"{result.percentile_ms(99):.0f}", f"{took[-1]:.0f}",
        "-" if result.settled_s is None else f"{result.settled_s:.1f}", str(result.restarts),
        f"{result.pushed} ({result.wire_repeats})",
    ]  # fmt: skip


def table(results: list[Result]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(cells(result) for result in results)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--only", help="numbers of faults, like 3,9b")
    parser.add_argument("--short", action="store_true", help="a few seconds for each fault")
    parser.add_argument("--list", action="store_true", help="name the faults and what must hold, and try none")
    parser.add_argument("--markdown", type=Path, help="write the table there, too")
    given = parser.parse_args()
    wanted = given.only.split(",") if given.only else list(FAULTS)
    if unknown := [number for number in wanted if number not in FAULTS]:
        parser.error(f"no such fault: {', '.join(unknown)}; --list names them")
    if given.list:
        for number in wanted:
            print(f"{number:>4}  {FAULTS[number].name}: {FAULTS[number].holds}")
        return 0
    results = tried(given.database, wanted, short=given.short)
    print("\n" + table(results))
    if given.markdown:
        given.markdown.write_text(table(results))
    missed = [result.fault.number for result in results if result.misses]
    print(f"{len(results)} faults on {given.database}, missed: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


def tried(database: str, numbers: list[str], *, short: bool) -> list[Result]:
    started = time.monotonic()
    print(f"{len(numbers)} faults on {database}, load {os.getloadavg()[0]:.1f}", flush=True)
    with scratch() as directory:
        bench = Bench(database, directory, short=short, say=lambda line: print(line, flush=True))
        try:
            results = [bench.run(FAULTS[number]) for number in sorted(numbers, key=turn)]
        finally:
            bench.close()
    print(f"{time.monotonic() - started:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True)
    return sorted(results, key=lambda result: place(result.fault.number))


if __name__ == "__main__":
    sys.exit(main())
