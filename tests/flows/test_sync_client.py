"""examples/sync_folder.py as its user runs it: signs in by a code, sends a folder, and sends nothing twice."""

import gzip
import io
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
import requests

from tests.athletes.wearables import fit_files
from tests.flows.conftest import PASSWORD, ROOT, csrf_token

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


OURA = {"sleep": [{
    "id": "folder-1", "day": "2026-10-05", "bedtime_start": "2026-10-04T23:00:00+02:00",
    "bedtime_end": "2026-10-05T07:00:00+02:00", "type": "long_sleep", "average_hrv": 61, "lowest_heart_rate": 48,
    "total_sleep_duration": 27000,
}]}  # fmt: skip


def personal_token(live) -> str:
    phone = live.sign_in("alice@example.org")
    again = f"{live.url}/_allauth/app/v1/auth/reauthenticate"
    requests.post(again, json={"password": PASSWORD}, headers=phone, timeout=20).raise_for_status()
    asked = {"name": "folder", "scopes": ["records:write"]}
    made = requests.post(f"{live.url}/api/v1/me/tokens/", json=asked, headers=phone, timeout=20)
    assert made.status_code == 201, made.text
    return made.json()["token"]


def zipped(files: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return body.getvalue()


def run(live, folder, token) -> list[str]:
    command = [
        sys.executable,
        ROOT / "examples/sync_folder.py",
        folder,
        "--server",
        live.url,
        "--provider",
        "oura=night*",
    ]
    done = subprocess.run(
        command, env={**os.environ, "HOMESTRETCH_TOKEN": token}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_with_a_personal_token_packed_files_of_several_vendors_are_sent_and_a_refused_one_again_each_day(
    live, tmp_path
):
    token = personal_token(live)
    (tmp_path / "road.fit.gz").write_bytes(gzip.compress(fit_files.TRACK))
    (tmp_path / "watch.zip").write_bytes(zipped({"a/track.fit": fit_files.TRACK}))
    (tmp_path / "night.json").write_text(json.dumps(OURA))
    (tmp_path / "broken.fit").write_bytes(fit_files.TRACK[:-20])
    (tmp_path / "whose.json").write_text("{}")  # nobody said
    told = run(live, tmp_path, token)
    assert [line.partition(": ")[0] for line in told] == ["broken.fit", "night.json", "road.fit.gz", "watch.zip"]
    assert told[0].startswith("broken.fit: refused: ")
    assert told[1].startswith("night.json: 3 created")
    assert "refused" not in told[2] + told[3]
    assert run(live, tmp_path, token) == []
    memory = tmp_path / ".homestretch.json"
    known = json.loads(memory.read_text())
    known["refused"]["broken.fit"][2] -= 86_401
    memory.write_text(json.dumps(known))
    assert [line.partition(": ")[0] for line in run(live, tmp_path, token)] == ["broken.fit"]


def test_a_token_that_was_taken_back_says_so(live, tmp_path):
    (tmp_path / "track.fit").write_bytes(fit_files.TRACK)
    command = [sys.executable, ROOT / "examples/sync_folder.py", tmp_path, "--server", live.url]
    env = {**os.environ, "HOMESTRETCH_TOKEN": "hsp_" + "a" * 43}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (
        1, "The server does not take HOMESTRETCH_TOKEN: The access token is invalid or has ended.\n",
    )  # fmt: skip
