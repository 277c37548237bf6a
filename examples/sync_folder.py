#!/usr/bin/env python3
"""Send a folder of files to Homestretch: FIT, CSV, JSON, zip, each also as .gz. Needs Python 3.11 and nothing else.

  sync_folder.py FOLDER --server https://homestretch.example.org [--watch 300]
                 [--provider 'whoop=physiological_*.csv'] [--provider 'garmin_connect=*.json'] [--csv hrv4training]

The plain way in is a personal token with the scope records:write (POST /api/v1/me/tokens/), in the environment as
HOMESTRETCH_TOKEN. With --client-id ID it signs in by a code instead: it prints an address, open it on any device and
type the code; register the client in the admin: public, device code and refresh, scope records:write.

Whose a file is say the --provider patterns, the first that fits; else .fit and .zip are FIT files and .csv is --csv's.
What was sent is kept in FOLDER/.homestretch.json. A refused file is offered again each day: a newer server may read it.
"""

import argparse
import fnmatch
import hashlib
import json
import os
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
    def __init__(self, server: str, client_id: str, memory: Path, token: str = "") -> None:
        self.server, self.client_id, self.memory, self.token = server.rstrip("/"), client_id, memory, token
        self.known = json.loads(memory.read_text()) if memory.exists() else {"tokens": {}, "sent": {}}
        self.known.setdefault("refused", {})

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
        if self.token:
            status, answer = self.call(path, body, Authorization=f"Bearer {self.token}", **headers)
            if status in (401, 403):
                sys.exit(f"The server does not take HOMESTRETCH_TOKEN: {answer.get('detail') or status}")
            return status, answer
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

    def send(self, body: bytes, provider: str, content_type: str) -> tuple[bool, str]:
        """Whether it was read, and what became of it."""
        status, answer = self.authorized(f"/api/v1/ingest/{provider}/", body, Content_Type=content_type)
        while status == 202 or (status == 200 and answer.get("state") in ("waiting", "working")):
            time.sleep(1)  # the worker reads it; the upload says how far it is
            status, answer = self.authorized(f"/api/v1/uploads/{answer['id']}/")
            if answer.get("state") not in ("waiting", "working") or answer.get("problem"):
                break  # read, refused, or put off: then the server tries again by itself
        problem = answer if status >= 400 else answer.get("problem")
        if problem:
            word = "waits" if answer.get("state") == "waiting" else "refused"
            return False, f"{word}: {problem.get('detail') or problem.get('message') or status}"
        told = [f"{count} {what}" for what, count in sorted((answer.get("summary") or {}).items())]
        for finding in answer.get("findings") or ():
            times = f" ({finding['count']} times)" if finding.get("count", 1) > 1 else ""
            told.append(f"{finding['where']}: {finding['message']}{times}")
        return True, ", ".join(told) or answer.get("status") or "nothing in it"


AGAIN_S = 86_400
TYPES = {".fit": "application/octet-stream", ".csv": "text/csv", ".txt": "text/plain", ".json": "application/json",
         ".zip": "application/zip"}  # fmt: skip


def kind_of(file: Path) -> str:
    """Its ending, without .gz."""
    name = file.name.lower().removesuffix(".gz")
    return Path(name).suffix


def provider_of(file: Path, patterns: list[tuple[str, str]], csv_provider: str) -> str:
    """Empty: nobody said whose it is."""
    named = next((provider for provider, pattern in patterns if fnmatch.fnmatch(file.name, pattern)), "")
    return named or {".fit": "fit", ".zip": "fit", ".csv": csv_provider}.get(kind_of(file), "")


def sync(folder: Path, server: Homestretch, patterns: list[tuple[str, str]], csv_provider: str) -> None:
    for file in sorted(folder.iterdir()):
        provider = provider_of(file, patterns, csv_provider)
        if not file.is_file() or file.name.startswith(".") or kind_of(file) not in TYPES or not provider:
            continue
        body = file.read_bytes()
        digest = hashlib.sha256(body).hexdigest()
        if server.known["sent"].get(file.name) == digest:
            continue
        refused = server.known["refused"].get(file.name)
        if refused and refused[:2] == [digest, provider] and time.time() - refused[2] < AGAIN_S:
            continue
        content_type = "application/octet-stream" if file.name.lower().endswith(".gz") else TYPES[kind_of(file)]
        read, told = server.send(body, provider, content_type)
        print(f"{file.name}: {told}", flush=True)
        if read:
            server.known["sent"][file.name] = digest
            server.known["refused"].pop(file.name, None)
        else:
            server.known["refused"][file.name] = [digest, provider, time.time()]
        server.remember()


def pattern(text: str) -> tuple[str, str]:
    provider, sign, wanted = text.partition("=")
    if not (provider and sign and wanted):
        raise argparse.ArgumentTypeError(f"{text!r}: must be like whoop=*.csv")
    return provider, wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--server", required=True)
    parser.add_argument("--client-id", help="sign in by a code instead of a personal token")
    parser.add_argument("--provider", action="append", default=[], type=pattern, metavar="NAME=PATTERN",
                        help="whose files these are; may be given several times")  # fmt: skip
    parser.add_argument("--csv", default="hrv4training", help="whose CSV files they are, where no pattern fits")
    parser.add_argument("--watch", type=float, default=0, metavar="S", help="look again every S seconds")
    given = parser.parse_args()
    if not given.folder.is_dir():
        parser.error(f"{given.folder} is no folder")
    token = os.environ.get("HOMESTRETCH_TOKEN", "")
    if not token and not given.client_id:
        parser.error("set HOMESTRETCH_TOKEN to a personal token, or give --client-id")
    server = Homestretch(given.server, given.client_id or "", given.folder / ".homestretch.json", token)
    while True:
        try:
            sync(given.folder, server, given.provider, given.csv)
        except LaterError as reason:
            if not given.watch:
                sys.exit(f"Stopped: {reason}. What was not sent is sent next time.")
            print(f"{reason}; the rest later", flush=True)
        if not given.watch:
            return
        time.sleep(given.watch)


if __name__ == "__main__":
    main()
