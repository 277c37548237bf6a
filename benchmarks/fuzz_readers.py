"""Readers on broken payloads: 100,000 mutations of every fixture, none of which may break a promise.

    .venv/bin/python -m benchmarks.fuzz_readers --mutations 100000 --seed 1

A mutated payload is read or refused as a whole (Unreadable), nothing else; the API takes every reading of it as it is;
no metric changes its name. And no unit is wrong in silence: after a number was multiplied or divided by 1000 every
value of every reading is what it was, or is refused or named in a finding, or waits in quarantine, or is at least of
the same size (a sum of which one part changed), and no instant has moved to another day. Files are taken apart for it:
what lies inside a zip or a FIT message is changed as well as the bytes. Every failure is printed with its seed, so that
it can be looked at again; `--of NAME` runs one payload alone.
"""

import argparse
import copy
import io
import json
import os
import random
import re
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
if __name__ == "__main__":
    django.setup()

from rest_framework.exceptions import ValidationError

from athletes.serializers import BODIES, CheckInBody
from athletes.wearables.readings import Reader, Reading, ReadingProfile, ReadResult, Unreadable
from measures.quality import doubts_about_400m, doubts_about_hrv
from tests.athletes.wearables import fit_files
from tests.athletes.wearables.payload_files import CASES

PROFILE = ReadingProfile("Europe/Berlin")
STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**30, -(10**30), 1e308, 0.5, "", " ", "0", "-1", "NaN", "Infinity", "x" * 300,
    "\x00",
    "2026-W45-1", "2026-11-22", "2026-11-22T25:00:00Z", "2026-11-22T06:00:00+99:00", "9999-12-31T23:59:59Z", "٣", [],
    {},    [[]], {"a": {"a": {}}}, [None], ["x"], "=1+1", "HKTimeZone", "Europe/Nowhere",
)  # fmt: skip
UNITS = ("times_1000", "by_1000")
ANOTHER_SIZE = 20.0  # 24 h are 1440 min, a mile is 1.6 km: no two units that vendors mix up are closer than 60
ONLY = {
    **dict.fromkeys(("apple", "apple_export", "health_auto_export"), "sdnn"),
    **dict.fromkeys(
        (
            "garmin",
            "garmin_connect",
            "oura",
            "whoop",
            "polar",
            "fitbit",
            "health_connect",
            "rr",
            "fit",
            "suunto",
            "samsung",
        ),
        "rmssd",
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
    what = rng.choice(("drop", "null", "swap", "swap", "times_1000", "by_1000", "reorder", "repeat", "strange", "move"))
    places = [(path, value) for path, value in nodes(root) if path]
    if what in UNITS:
        places = [(p, v) for p, v in places if isinstance(v, int | float) and not isinstance(v, bool)] or places
    path, value = rng.choice(places)
    inside = holder(root, path)
    if what == "drop":
        inside.pop(path[-1])
    elif what == "null":
        inside[path[-1]] = None
    elif what == "swap":
        inside[path[-1]] = swapped(value)
    elif what in UNITS:
        inside[path[-1]] = scaled(value, what)
    elif what == "reorder":
        inside[path[-1]] = reordered(value, rng)
    elif what == "repeat":
        inside[path[-1]] = [copy.deepcopy(value), value]
    elif what == "move":
        inside[path[-1]] = copy.deepcopy(rng.choice(places)[1])
    else:
        inside[path[-1]] = copy.deepcopy(rng.choice(STRANGE))
    return root, what


def scaled(value: Any, what: str) -> Any:
    if not isinstance(value, int | float):
        return value
    if what == "times_1000":
        return value * 1000
    return value // 1000 if isinstance(value, int) and value % 1000 == 0 else value / 1000


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
    what = rng.choice(("cut", "times_1000", "by_1000", "line", "byte", "swap_lines", "cell"))
    if what == "cut":
        return original[: rng.randrange(len(original))], what
    if what in UNITS:
        match = rng.choice(list(NUMBER.finditer(original)))
        factor = 1000 if what == "times_1000" else 0.001
        number = f"{float(match[0]) * factor:.6f}".rstrip("0").rstrip(".").encode()
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
    """With their checksum made right again, so that the damage gets past it."""
    what = rng.choice(("cut", "byte", "byte", "times_1000", "by_1000", "field"))
    if what == "cut":
        return original[: rng.randrange(len(original))], what
    if what in (*UNITS, "field"):
        return fit_with_another_value(original, rng, what), what
    body = bytearray(original[14:-2])
    for _ in range(rng.choice((1, 1, 2, 5))):
        body[rng.randrange(len(body))] = rng.randrange(256)
    return sealed(original[:14] + bytes(body)), what


def sealed(fit: bytes) -> bytes:
    return fit + fit_files.crc16(fit).to_bytes(2, "little")


def fit_with_another_value(original: bytes, rng: random.Random, what: str) -> bytes:
    """One field of one message: a thousandfold or a thousandth, as far as its type goes, or any value of the type."""
    body, places, at = bytearray(original[14:-2]), [], 0
    sizes: list[int] = []
    while at < len(body):
        if body[at] & 0x40:  # a definition; every message of these files has its own
            sizes = [body[at + 7 + 3 * index] for index in range(body[at + 5])]
            at += 6 + 3 * len(sizes)
        else:
            at += 1
            for size in sizes:
                places.append((at, size))
                at += size
    start, size = rng.choice([place for place in places if place[1] in (1, 2, 4)])
    value, most = int.from_bytes(body[start : start + size], "little"), 2 ** (8 * size) - 1
    changed = {"times_1000": value * 1000, "by_1000": value // 1000}.get(what, rng.randrange(most + 1))
    body[start : start + size] = min(changed, most).to_bytes(size, "little")
    return sealed(original[:14] + bytes(body))


def mutate_zip(original: bytes, rng: random.Random) -> tuple[bytes, str]:
    """The packed bytes, or what one of the files in it says."""
    if rng.random() < 0.3:
        at = rng.randrange(len(original))
        return original[:at] + bytes([rng.randrange(256)]) + original[at + 1 :], "byte"
    with zipfile.ZipFile(io.BytesIO(original)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(list(files))
    if name.endswith(".json"):
        changed, what = mutate_json(json.loads(files[name]), rng)
        files[name] = json.dumps(changed).encode()
    else:
        files[name], what = mutate_text(files[name], rng)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, content in files.items():
            archive.writestr(inner, content)
    return file.getvalue(), what


def mutations_of(reader: Reader, payload: bytes) -> Callable[[random.Random], tuple[Any, str]]:
    if reader.name == "fit":
        return lambda rng: mutate_fit(payload, rng)
    if payload[:1] in (b"{", b"["):
        loaded = json.loads(payload)
        return lambda rng: mutate_json(loaded, rng)
    if payload[:2] == b"PK":
        return lambda rng: mutate_zip(payload, rng)
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
    if what in UNITS and len(after.findings) <= len(before.findings):
        return wrong_unit(before.readings, after.readings)
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


def wrong_unit(before: list[Reading], after: list[Reading]) -> str:
    """A value of another size, or an instant on another day, that nobody is told of."""
    known: dict[Any, list[dict[str, Any]]] = {}
    for reading in before:
        known.setdefault(identity(reading), []).append(reading.data)
    of_kind = {kind: [r.data for r in before if r.kind == kind] for kind in BODIES_ONCE}
    for reading in after:
        # an identity may be made of the number that changed: then any reading of the kind may have been this one
        candidates = known.get(identity(reading)) or of_kind[reading.kind]
        wrongs = [told_wrong(reading, old) for old in candidates]
        if wrongs and all(wrongs) and not doubted(reading):
            return f"{reading.kind}.{wrongs[0]} in silence"
    return ""


def identity(reading: Reading) -> Any:
    return reading.kind, reading.data.get("client_record_id") or reading.data.get("date")


def told_wrong(reading: Reading, old: dict[str, Any]) -> str:
    for name, value in reading.data.items():
        was = old.get(name)
        if name in NOT_MEASURED or not was or isinstance(value, bool):
            continue
        least = 0.0 if name in MAY_BE_NEXT_TO_NOTHING else 1 / ANOTHER_SIZE
        if isinstance(value, int | float) and not least <= value / was < ANOTHER_SIZE:
            return f"{name} went from {was} to {value}"
        if name.endswith("_at") and abs(instant(value) - instant(was)) > timedelta(days=1):
            return f"{name} went from {was} to {value}"
    return ""


NOT_MEASURED = ("client_record_id", "client_record_version", "source", "submitted_at")
MAY_BE_NEXT_TO_NOTHING = ("awake_s", "light_s", "deep_s", "rem_s")  # 5 s of a stage are plausible, and count nowhere


def instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def doubted(reading: Reading) -> bool:
    """Stored and not used until the athlete confirms it."""
    if reading.kind == "hrv_reading":
        return bool(doubts_about_hrv(float(reading.data["value_ms"]), ()))
    return reading.kind == "performance_test" and bool(doubts_about_400m(float(reading.data["time_s"]), None))


def fuzz(mutations: int, seed: int, only: str = "") -> tuple[Counter[str], list[str]]:
    """How many of each mutation were read or refused, and the broken promises."""
    rng, counts, broken = random.Random(seed), Counter[str](), []
    prepared = [(n, r, r.read(p, profile=PROFILE), mutations_of(r, p)) for n, r, p in CASES if only in n]
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
    parser.add_argument("--of", default="", metavar="NAME", help="only payloads with this in their name")
    options = parser.parse_args()
    start = time.perf_counter()
    counts, broken = fuzz(options.mutations, options.seed, options.of)
    for line in broken[:100]:
        print(line)
    told = ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))
    print(f"{sum(counts.values())} mutations of {len(CASES)} payloads in {time.perf_counter() - start:.0f} s ({told})")
    print(f"{len(broken)} broken promises")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
