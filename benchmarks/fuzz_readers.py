"""Readers on broken payloads: 100,000 mutations of every fixture, none of which may break a promise.

    .venv/bin/python -m benchmarks.fuzz_readers --mutations 100000 --seed 1

A mutated payload is read or refused as a whole (Unreadable), nothing else; the API takes every reading of it as it is;
no metric changes its name; and a number that was multiplied by 1000 comes out nowhere as a thousandfold value without a
finding. Every failure is printed with its seed, so that it can be looked at again.
"""

import argparse
import copy
import json
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
if __name__ == "__main__":
    django.setup()

from rest_framework.exceptions import ValidationError

from athletes.serializers import BODIES, CheckInBody
from athletes.wearables import Reader, Reading, ReadingProfile, ReadResult, Unreadable
from tests.athletes.wearables import fit_files
from tests.athletes.wearables.payload_files import CASES

PROFILE = ReadingProfile("Europe/Berlin")
STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**30, -(10**30), 1e308, 0.5, "", " ", "0", "-1", "NaN", "Infinity", "x" * 300,
    "\x00",
    "2026-W45-1", "2026-11-22", "2026-11-22T25:00:00Z", "2026-11-22T06:00:00+99:00", "9999-12-31T23:59:59Z", "٣", [],
    {},    [[]], {"a": {"a": {}}}, [None], ["x"], "=1+1", "HKTimeZone", "Europe/Nowhere",
)  # fmt: skip
THOUSANDFOLD = (900.0, 1100.0)
ONLY = {
    **dict.fromkeys(("apple", "apple_export", "health_auto_export"), "sdnn"),
    **dict.fromkeys(
        ("garmin", "garmin_connect", "oura", "whoop", "polar", "fitbit", "health_connect", "rr", "fit"), "rmssd"
    ),
}
BODIES_ONCE = {kind: body() for kind, body in {**BODIES, "check_in": CheckInBody}.items()}

Path = tuple[Any, ...]


# --- mutations -------------------------------------------------------------------------------------------------------


def nodes(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from nodes(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:40]):
            yield from nodes(inner, (*path, index))


def holder(root: Any, path: Path) -> Any:
    for step in path[:-1]:
        root = root[step]
    return root


def mutate_json(original: Any, rng: random.Random) -> tuple[Any, str]:
    root = copy.deepcopy(original)
    what = rng.choice(
        ("drop", "null", "swap", "swap", "times_1000", "times_1000", "reorder", "repeat", "strange", "move")
    )
    places = [(path, value) for path, value in nodes(root) if path]
    if what == "times_1000":
        places = [(p, v) for p, v in places if isinstance(v, int | float) and not isinstance(v, bool)] or places
    path, value = rng.choice(places)
    inside = holder(root, path)
    if what == "drop":
        inside.pop(path[-1])
    elif what == "null":
        inside[path[-1]] = None
    elif what == "swap":
        inside[path[-1]] = swapped(value)
    elif what == "times_1000":
        inside[path[-1]] = value * 1000 if isinstance(value, int | float) else value
    elif what == "reorder":
        inside[path[-1]] = reordered(value, rng)
    elif what == "repeat":
        inside[path[-1]] = [copy.deepcopy(value), value]
    elif what == "move":
        inside[path[-1]] = copy.deepcopy(rng.choice(places)[1])
    else:
        inside[path[-1]] = copy.deepcopy(rng.choice(STRANGE))
    return root, what


def swapped(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else len(value)
    return {"0": value} if isinstance(value, list) else [value]


def reordered(value: Any, rng: random.Random) -> Any:
    if isinstance(value, list):
        return rng.sample(value, len(value))
    if isinstance(value, dict):
        return {key: value[key] for key in rng.sample(list(value), len(value))}
    return value


NUMBER = re.compile(rb"(?<![\w.:/-])\d+(?:\.\d+)?(?![\w.:/-])")


def mutate_text(original: bytes, rng: random.Random) -> tuple[bytes, str]:
    what = rng.choice(("cut", "times_1000", "times_1000", "line", "byte", "swap_lines", "cell"))
    if what == "cut":
        return original[: rng.randrange(len(original))], what
    if what == "times_1000":
        match = rng.choice(list(NUMBER.finditer(original)))
        number = f"{float(match[0]) * 1000:.6f}".rstrip("0").rstrip(".").encode()
        return original[: match.start()] + number + original[match.end() :], what
    if what == "byte":
        at = rng.randrange(len(original))
        return original[:at] + bytes([rng.randrange(256)]) + original[at + 1 :], what
    lines = original.splitlines(keepends=True)
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    if what == "line":
        del lines[one]
    elif what == "swap_lines":
        lines[one], lines[other] = lines[other], lines[one]
    else:
        cells = re.split(rb"([,;\"])", lines[one])
        cells[rng.randrange(len(cells))] = rng.choice(
            (b"", b"-", b"=1+1", b"0", b"-1", b"1e999", b"NaN", b"\xff", b"\x00")
        )
        lines[one] = b"".join(cells)
    return b"".join(lines), what


def mutate_fit(original: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Half of them with their checksum made right again, so that the damage gets past it."""
    what = rng.choice(("cut", "byte", "byte", "byte"))
    if what == "cut":
        return original[: rng.randrange(len(original))], what
    body = bytearray(original[14:-2])
    for _ in range(rng.choice((1, 1, 2, 5))):
        body[rng.randrange(len(body))] = rng.randrange(256)
    head = original[:14]
    return head + bytes(body) + fit_files.crc16(head + bytes(body)).to_bytes(2, "little"), what


def mutations_of(reader: Reader, payload: bytes) -> Callable[[random.Random], tuple[Any, str]]:
    if reader.name == "fit":
        return lambda rng: mutate_fit(payload, rng)
    if payload[:1] in (b"{", b"["):
        loaded = json.loads(payload)
        return lambda rng: mutate_json(loaded, rng)
    return lambda rng: mutate_text(payload, rng)


# --- promises --------------------------------------------------------------------------------------------------------


def broken_promise(reader: Reader, before: ReadResult, mutated: Any, what: str) -> str:
    """What this payload breaks; empty: nothing."""
    try:
        after = reader.read(mutated, profile=PROFILE)
    except Unreadable:
        return ""
    except Exception as failure:  # noqa: BLE001  # any other exception is what we look for
        return f"{type(failure).__name__}: {failure}"
    for reading in after.readings:
        refusal = refused_by_the_api(reading)
        if refusal:
            return f"{reading.kind} refused by the API: {refusal}"
        if reading.data.get("metric") not in (None, ONLY.get(reader.name, reading.data.get("metric"))):
            return f"{reader.name} gave {reading.data['metric']}"
    if what == "times_1000" and len(after.findings) <= len(before.findings):
        return thousandfold(before.readings, after.readings)
    return ""


def refused_by_the_api(reading: Reading) -> str:
    if reading.deleted:
        return ""
    data = {name: value for name, value in reading.data.items() if name != "date" or reading.kind == "rest_day"}
    try:
        BODIES_ONCE[reading.kind].run_validation(data)
    except ValidationError as failure:
        return str(failure.get_codes())
    return ""


def thousandfold(before: list[Reading], after: list[Reading]) -> str:
    known = {(r.kind, r.data.get("client_record_id") or r.data.get("date")): r.data for r in before}
    for reading in after:
        old = known.get((reading.kind, reading.data.get("client_record_id") or reading.data.get("date")), {})
        for name, value in reading.data.items():
            was = old.get(name)
            if (
                name == "client_record_version"
                or isinstance(value, bool)
                or not isinstance(value, int | float)
                or not was
            ):
                continue
            if THOUSANDFOLD[0] <= value / was <= THOUSANDFOLD[1]:
                return f"{reading.kind}.{name} became a thousandfold in silence"
    return ""


def fuzz(mutations: int, seed: int) -> tuple[Counter[str], list[str]]:
    """How many of each mutation were read or refused, and the broken promises."""
    rng, counts, broken = random.Random(seed), Counter[str](), []
    prepared = [(n, r, r.read(p, profile=PROFILE), mutations_of(r, p)) for n, r, p in CASES]
    for number in range(mutations):
        name, reader, before, mutation = prepared[number % len(prepared)]
        mutated, what = mutation(rng)
        counts[what] += 1
        promise = broken_promise(reader, before, mutated, what)
        if promise:
            broken.append(f"seed {seed}, mutation {number}, {name}, {what}: {promise}")
    return counts, broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.perf_counter()
    counts, broken = fuzz(options.mutations, options.seed)
    for line in broken[:100]:
        print(line)
    told = ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))
    print(f"{sum(counts.values())} mutations of {len(CASES)} payloads in {time.perf_counter() - start:.0f} s ({told})")
    print(f"{len(broken)} broken promises")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
