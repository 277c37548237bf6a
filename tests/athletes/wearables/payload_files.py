"""Every fixture with its reader, for the tests and the fuzz, and how a test reads one."""

import io
import json
import zipfile
from pathlib import Path

from athletes.wearables.readers import READERS
from athletes.wearables.readings import ReadingProfile
from tests.athletes.wearables import fit_files

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "wearables"
LONGEST_NAME_FIRST = sorted(READERS, key=len, reverse=True)


BERLIN = ReadingProfile("Europe/Berlin")


def read(name, payload, profile=BERLIN):
    return READERS[name].read(payload, profile=profile)


def data_of(result, kind):
    return [reading.data for reading in result.readings if reading.kind == kind and not reading.deleted]


def codes(result):
    return [(finding.where, finding.code) for finding in result.findings]


def raw(name):
    return (FOLDER / name).read_bytes()


def rr_ms():
    return json.loads(raw("rr.json"))["rr_ms"]


def zipped(**files):
    """A zip of these files; __ stands for a slash, the last _ for the dot."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(".".join(name.replace("__", "/").rsplit("_", 1)), content)
    return file.getvalue()


def archive_of(files):
    """A zip of these files, by their paths in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return file.getvalue()


def fitbit_export():
    """As Takeout packs it: nights without offset, scores with a Z that means nothing."""
    nights = json.dumps(json.loads(raw("fitbit.json"))["sleep"])
    scores = (
        "timestamp,sleep_log_entry_id,overall_score\n2019-11-02T07:19:30Z,24486013387,79\n2019-11-03T07:19:30Z,7,0\n"
    )
    return zipped(Fitbit__sleep_json=nights, Fitbit__sleep_score_csv=scores)


def samsung_export():
    """As the app packs it: a line above each header, a comma too many behind each row, HRV in a JSON file."""
    sleep = "com.samsung.health.sleep"
    exercise = "com.samsung.health.exercise"
    return archive_of({
        "samsunghealth/com.samsung.shealth.sleep.20261122101112.csv":
            f"com.samsung.shealth.sleep,6000003,8\n{sleep}.start_time,{sleep}.end_time,{sleep}.time_offset,"
            f"{sleep}.datauuid,sleep_score,efficiency\n"
            "2026-11-22 03:10:00.000,2026-11-22 10:40:00.000,UTC-0400,n1,81,91.0,\n",
        "samsunghealth/com.samsung.health.sleep_stage.20261122101112.csv":
            "com.samsung.health.sleep_stage,6000003,8\nstart_time,end_time,time_offset,sleep_id,stage,datauuid\n"
            "2026-11-22 03:10:00.000,2026-11-22 03:20:00.000,UTC-0400,n1,40001,s1,\n"
            "2026-11-22 03:20:00.000,2026-11-22 07:20:00.000,UTC-0400,n1,40002,s2,\n"
            "2026-11-22 07:20:00.000,2026-11-22 08:50:00.000,UTC-0400,n1,40003,s3,\n"
            "2026-11-22 08:50:00.000,2026-11-22 10:40:00.000,UTC-0400,n1,40004,s4,\n",
        "samsunghealth/com.samsung.health.hrv.20261122101112.csv":
            "com.samsung.health.hrv,6000003,8\nstart_time,end_time,time_offset,binning_data,datauuid\n"
            "2026-11-22 03:10:00.000,2026-11-22 10:40:00.000,UTC-0400,h1.binning_data.json,h1,\n"
            "2026-11-22 19:10:00.000,2026-11-22 19:20:00.000,UTC-0400,h2.binning_data.json,h2,\n",
        "samsunghealth/jsons/com.samsung.health.hrv/h/h1.binning_data.json":
            '[{"start_time": 1795317000000, "end_time": 1795317300000, "sdnn": 70.5, "rmssd": 60.0},'
            ' {"start_time": 1795320000000, "end_time": 1795320300000, "sdnn": 72.5, "rmssd": 64.0}]',
        "samsunghealth/jsons/com.samsung.health.hrv/h/h2.binning_data.json":
            '[{"start_time": 1795374600000, "end_time": 1795375200000, "sdnn": 40.5, "rmssd": 25.0}]',
        "samsunghealth/com.samsung.shealth.exercise.20261122101112.csv":
            f"com.samsung.shealth.exercise,6320001,17\n{exercise}.start_time,{exercise}.time_offset,"
            f"{exercise}.duration,{exercise}.exercise_type,{exercise}.mean_heart_rate,{exercise}.max_heart_rate,"
            f"{exercise}.distance,{exercise}.datauuid\n"
            "2026-11-21 21:00:00.000,UTC-0400,3600000,1002,148.0,181.0,9000.0,e1,\n"
            "2026-11-21 12:00:00.000,UTC-0400,1200000,1001,,,,e2,\n",
        "samsunghealth/com.samsung.shealth.stress.20261122101112.csv": "com.samsung.shealth.stress,1,1\n",
    })  # fmt: skip


def cases():
    """(name, reader, bytes) of each fixture."""
    for path in sorted(FOLDER.iterdir()):
        reader = next(name for name in LONGEST_NAME_FIRST if path.stem.startswith(name))
        yield path.name, READERS[reader], path.read_bytes()
    yield "apple_export.zip", READERS["apple_export"], zipped(apple__export_xml=raw("apple_export.xml"))
    yield "fitbit.zip", READERS["fitbit"], fitbit_export()
    yield "samsung.zip", READERS["samsung"], samsung_export()
    yield "track.fit", READERS["fit"], fit_files.TRACK
    yield "night.fit", READERS["fit"], fit_files.NIGHT
    yield "rest.fit", READERS["fit"], fit_files.at_rest(rr_ms())


CASES = list(cases())

BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
) + "]><HealthData>&i;</HealthData>"  # fmt: skip
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><HealthData>&a;</HealthData>'
