#!/usr/bin/env python3
"""Send a folder of FIT and CSV files to Homestretch. Needs Python 3.11 and nothing else.

  sync_folder.py FOLDER --server https://homestretch.example.org --client-id ID [--csv hrv4training] [--watch 300]

The first time it prints a code and an address: open the address on any device, sign in, type the code. The access is
kept in FOLDER/.homestretch.json, and so is what was sent. Register the client in the admin: public, device code and
refresh, scope records:write.
"""

import argparse
import hashlib
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path


class LaterError(Exception):
    """Nothing is wrong with what was sent: the same again in a while."""


def read_json(answer) -> dict:
    try:
        return json.load(answer)
    except ValueError:
        return {"detail": "that is no Homestretch: the answer is not JSON"}


DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Homestretch:
    def __init__(self, server: str, client_id: str, memory: Path) -> None:
        self.server, self.client_id, self.memory = server.rstrip("/"), client_id, memory
        self.known = json.loads(memory.read_text()) if memory.exists() else {"tokens": {}, "sent": {}}

    def remember(self) -> None:
        self.memory.touch(mode=0o600)
        self.memory.write_text(json.dumps(self.known))

    def call(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict]:
        url = path if path.startswith("http") else self.server + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, body, named)  # noqa: S310  the address is the user's own
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            if refusal.code == 429 or refusal.code >= 500:
                pause = refusal.headers.get("Retry-After")
                raise LaterError(f"{refusal.code}" + (f", again in {pause} s" if pause else "")) from None
            return refusal.code, read_json(refusal)
        except OSError as failure:  # no such host, no connection, no answer in time
            raise LaterError(f"no answer from {self.server}: {getattr(failure, 'reason', failure)}") from None

    def form(self, path: str, **fields: str) -> dict:
        fields["client_id"] = self.client_id
        return self.call(path, urllib.parse.urlencode(fields).encode())[1]

    def sign_in(self) -> None:
        """RFC 8628: show a code, ask until the athlete has said yes."""
        begun = self.form("/identity/o/api/device/code", scope="records:write")
        if "user_code" not in begun:
            reason = begun.get("error_description") or begun.get("detail") or begun.get("error")
            hint = " Is the client registered?" if begun.get("error") in ("invalid_client", "invalid_request") else ""
            sys.exit(f"The server lets nobody sign in for client {self.client_id}: {str(reason).rstrip('.')}.{hint}")
        print(f"Open {begun['verification_uri']} and type {begun['user_code']}", flush=True)
        pause_s = begun.get("interval", 5)
        while True:
            time.sleep(pause_s)
            answer = self.form("/identity/o/api/token", grant_type=DEVICE_GRANT, device_code=begun["device_code"])
            if "access_token" in answer:
                return self.keep(answer)
            if answer.get("error") == "slow_down":
                pause_s += 5
            elif answer.get("error") != "authorization_pending":
                sys.exit(f"Not let in: {answer.get('error')}")  # access_denied, expired_token

    def keep(self, tokens: dict) -> None:
        self.known["tokens"] = tokens
        self.remember()

    def authorized(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict]:
        """With the token; when it has ended, with a new one; when that is not given, after signing in again."""
        for attempt in ("token", "refreshed", "signed in"):
            token = self.known["tokens"].get("access_token")
            status, answer = (401, {}) if not token else self.call(
                path, body, Authorization=f"Bearer {token}", **headers
            )  # fmt: skip
            if status != 401:
                return status, answer
            refresh = self.known["tokens"].get("refresh_token")
            if attempt == "token" and refresh:
                self.keep(self.form("/identity/o/api/token", grant_type="refresh_token", refresh_token=refresh))
            else:
                self.sign_in()
        sys.exit("The server takes none of our tokens.")

    def send(self, file: Path, provider: str, content_type: str) -> str:
        body = file.read_bytes()
        status, answer = self.authorized(f"/api/v1/ingest/{provider}/", body, Content_Type=content_type)
        while status == 202 or (status == 200 and answer.get("state") in ("waiting", "working")):
            time.sleep(1)  # the worker reads it; the upload says how far it is
            status, answer = self.authorized(f"/api/v1/uploads/{answer['id']}/")
            if answer.get("state") not in ("waiting", "working") or answer.get("problem"):
                break  # read, refused, or put off: then the server tries again by itself
        problem = answer if status >= 400 else answer.get("problem")
        if problem:
            word = "waits" if answer.get("state") == "waiting" else "refused"
            return f"{word}: {problem.get('detail') or problem.get('message') or status}"
        told = [f"{count} {what}" for what, count in sorted(answer["summary"].items())]
        for finding in answer["findings"]:
            told.append(f"{finding['where']}: {finding['message']}")
        return ", ".join(told) or "nothing in it"


def sync(folder: Path, server: Homestretch, csv_provider: str) -> None:
    kinds = {".fit": ("fit", "application/octet-stream"), ".csv": (csv_provider, "text/csv")}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() not in kinds:
            continue
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if server.known["sent"].get(file.name) == digest:
            continue
        print(f"{file.name}: {server.send(file, *kinds[file.suffix.lower()])}", flush=True)
        server.known["sent"][file.name] = digest
        server.remember()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--server", required=True)
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--csv", default="hrv4training", help="whose CSV files they are")
    parser.add_argument("--watch", type=float, default=0, metavar="S", help="look again every S seconds")
    given = parser.parse_args()
    if not given.folder.is_dir():
        parser.error(f"{given.folder} is no folder")
    server = Homestretch(given.server, given.client_id, given.folder / ".homestretch.json")
    while True:
        try:
            sync(given.folder, server, given.csv)
        except LaterError as reason:
            if not given.watch:
                sys.exit(f"Stopped: {reason}. What was not sent is sent next time.")
            print(f"{reason}; the rest later", flush=True)
        if not given.watch:
            return
        time.sleep(given.watch)


if __name__ == "__main__":
    main()
