"""Every fixture with its reader, for the tests and the fuzz."""

import io
import json
import zipfile
from pathlib import Path

from athletes.wearables.readers import READERS
from tests.athletes.wearables import fit_files

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "wearables"
LONGEST_NAME_FIRST = sorted(READERS, key=len, reverse=True)


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


def cases():
    """(name, reader, bytes) of each fixture."""
    for path in sorted(FOLDER.iterdir()):
        reader = next(name for name in LONGEST_NAME_FIRST if path.stem.startswith(name))
        yield path.name, READERS[reader], path.read_bytes()
    yield "apple_export.zip", READERS["apple_export"], zipped(apple__export_xml=raw("apple_export.xml"))
    yield "fitbit.zip", READERS["fitbit"], fitbit_export()
    yield "track.fit", READERS["fit"], fit_files.TRACK
    yield "night.fit", READERS["fit"], fit_files.NIGHT
    yield "rest.fit", READERS["fit"], fit_files.at_rest(rr_ms())


CASES = list(cases())

BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
) + "]><HealthData>&i;</HealthData>"  # fmt: skip
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><HealthData>&a;</HealthData>'
