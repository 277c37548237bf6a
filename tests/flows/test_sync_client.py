"""examples/sync_folder.py as its user runs it: signs in by a code, sends a folder, and sends nothing twice."""

import re
import subprocess
import sys

import pytest

from tests.athletes.wearables import fit_files
from tests.flows.conftest import ROOT, csrf_token

pytestmark = pytest.mark.processes
MORNINGS = """date,timestamp_measurement,HR,AVNN,SDNN,rMSSD,pNN50
2026-10-01,2026-10-01 06:31:00,52,1150,70,61.5,30
2026-10-02,2026-10-02 06:40:00,53,1130,68,58.0,28
2026-10-03,2026-10-03 06:35:00,53,1130,68,-,28
"""


def client(live, folder) -> subprocess.Popen:
    command = [
        sys.executable,
        ROOT / "examples/sync_folder.py",
        folder,
        "--server",
        live.url,
        "--client-id",
        "folder-sync",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def let_in(live, announced: str) -> None:
    """The athlete opens the address and types the code."""
    address, code = re.fullmatch(r"Open (\S+) and type (\S+)\n", announced).groups()
    browser = live.browser("alice@example.org")
    page = browser.get(address, params={"code": code}, timeout=20)
    assert "Let Folder sync in?" in page.text
    fields = {"action": "confirm", "csrfmiddlewaretoken": csrf_token(page.text)}
    answer = browser.post(address, fields, params={"code": code}, timeout=20)
    assert "Folder sync is connected" in answer.text


def test_a_folder_of_files_is_synced_by_a_program_that_signs_in_with_a_code(live, tmp_path):
    (tmp_path / "mornings.csv").write_text(MORNINGS)
    (tmp_path / "broken.fit").write_bytes(fit_files.TRACK[:-20])
    (tmp_path / "track.fit").write_bytes(fit_files.TRACK)
    (tmp_path / "notes.txt").write_text("not ours")
    first = client(live, tmp_path)
    let_in(live, first.stdout.readline())
    told = first.communicate(timeout=120)[0].splitlines()
    assert first.returncode == 0, told
    assert told[0].startswith("broken.fit: refused: ")
    assert told[1].startswith("mornings.csv: 5 created")
    assert told[2] == "track.fit: 1 created"
    assert len(told) == 3
    readings = live.get("/api/v1/hrv-readings/?date_from=2026-10-01&date_to=2026-10-03")["results"]
    stored = {(each["date"], each["value_ms"]) for each in readings if each["source"]["provider"] == "hrv4training"}
    assert {("2026-10-01", 61.5), ("2026-10-02", 58.0)} < stored
    assert [each["id"] for each in live.get("/api/v1/me/clients/")["results"]] == ["folder-sync"]
    again = client(live, tmp_path)
    assert again.communicate(timeout=60)[0] == ""
