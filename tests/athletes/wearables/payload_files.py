"""Every fixture with its reader, for the tests and the fuzz."""

import json
from pathlib import Path

from athletes.wearables import READERS
from tests.athletes.wearables import fit_files

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "wearables"
LONGEST_NAME_FIRST = sorted(READERS, key=len, reverse=True)


def raw(name):
    return (FOLDER / name).read_bytes()


def rr_ms():
    return json.loads(raw("rr.json"))["rr_ms"]


def cases():
    """(name, reader, bytes) of each fixture."""
    for path in sorted(FOLDER.iterdir()):
        reader = next(name for name in LONGEST_NAME_FIRST if path.stem.startswith(name))
        yield path.name, READERS[reader], path.read_bytes()
    yield "track.fit", READERS["fit"], fit_files.TRACK
    yield "night.fit", READERS["fit"], fit_files.NIGHT
    yield "rest.fit", READERS["fit"], fit_files.at_rest(rr_ms())


CASES = list(cases())
