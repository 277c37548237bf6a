"""Apple's export.zip of 150 MB: time and peak memory of reading it as a stream, in a process of its own.

.venv/bin/python -m benchmarks.apple_export --megabytes 150
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import django

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [\n<!ELEMENT HealthData ANY>\n]>\n<HealthData>\n'
RECORD = (
    ' <Record type="{type}" sourceName="Watch" sourceVersion="11.1" device="&lt;&lt;HKDevice: 0x1&gt;, name:Watch, '
    'hardware:Watch7,5, software:11.1&gt;" unit="{unit}" creationDate="{end}" startDate="{start}" endDate="{end}" '
    'value="{value}"/>\n'
)
STAGES = ("AsleepCore", "AsleepDeep", "AsleepREM", "Awake")
LIMIT_MB = 100


def day_of_records(midnight: datetime) -> Iterator[str]:
    """About as one athlete's day: heart rate every five minutes or so, four HRV readings, forty stages of sleep."""

    def record(kind: str, unit: str, minute: float, minutes: float, value: object) -> str:
        start = midnight + timedelta(minutes=minute)
        told = {"start": start, "end": start + timedelta(minutes=minutes)}
        times = {name: f"{at:%Y-%m-%d %H:%M:%S} {at:%z}" for name, at in told.items()}
        return RECORD.format(type=kind, unit=unit, value=value, **times)

    for index in range(400):
        yield record("HKQuantityTypeIdentifierHeartRate", "count/min", index * 3.6, 0, 48 + index % 90)
    for index in range(4):
        yield record("HKQuantityTypeIdentifierHeartRateVariabilitySDNN", "ms", 60 + index * 200, 1, 45 + index)
    for index in range(40):
        stage = f"HKCategoryValueSleepAnalysis{STAGES[index % 4]}"
        yield record("HKCategoryTypeIdentifierSleepAnalysis", "", index * 10, 10, stage)


def write_export(path: str, megabytes: int) -> int:
    """An export.zip of so many megabytes of XML; how many days it holds."""
    midnight, written, days = datetime(2019, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0, 0
    name = "apple_health_export/export.xml"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as xml,
    ):
        xml.write(HEAD)
        while written < megabytes * 2**20:
            chunk = "".join(day_of_records(midnight + timedelta(days=days))).encode()
            written, days = written + xml.write(chunk), days + 1
        xml.write(b"</HealthData>\n")
    return days


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=150)
    parser.add_argument("--peak-only", action="store_true", help="print the peak memory in KiB and nothing else")
    parser.add_argument("--write", help="only write the export to this path, in a process of its own")
    options = parser.parse_args()
    if options.write:
        print(write_export(options.write, options.megabytes))
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from athletes.wearables.readers import READERS
    from athletes.wearables.readings import ReadingProfile, Tally

    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        writing = [sys.executable, "-m", "benchmarks.apple_export", "--megabytes", str(options.megabytes)]
        days = int(subprocess.run([*writing, "--write", file.name], check=True, capture_output=True).stdout)
        before, start, tally = peak_mb(), time.perf_counter(), Tally()
        with open(file.name, "rb") as export:
            readings = sum(1 for _ in READERS["apple_export"].stream(export, profile=ReadingProfile(), tally=tally))
        seconds = time.perf_counter() - start
    if options.peak_only:
        print(round(peak_mb() * 1024))
        return
    print(f"{options.megabytes} MB, {days} days: {readings} readings in {seconds:.1f} s")
    added = peak_mb() - before
    print(f"peak memory {peak_mb():.0f} MB: {before:.0f} MB the process with Django, {added:.0f} MB the reading")
    print(f"limit {LIMIT_MB} MB for the reading: {'kept' if added < LIMIT_MB else 'NOT KEPT'}")


if __name__ == "__main__":
    main()
