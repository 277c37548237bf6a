"""A push service for tests: what a browser's and Google's do, on a loopback port, with faults on demand.

Web push: receives (RFC 8030), checks who sends (RFC 8292), decrypts with the subscription's own keys (RFC 8291).
FCM HTTP v1: exchanges a service account's signed assertion for an access token, takes messages.
It refuses what a real service would refuse, so that a sender that passes here can pass there.
"""

import base64
import json
import os
import secrets
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from py_vapid.jwt import decode as verified_claims

DAY_S = 24 * 3600
PROJECT = "homestretch-test"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Subscription:
    """What a browser keeps of `PushManager.subscribe`: the private half stays here."""

    origin: str
    path: str = field(default_factory=lambda: f"/push/{secrets.token_urlsafe(16)}")
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def endpoint(self) -> str:
        return self.origin + self.path

    def as_json(self) -> dict[str, Any]:
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {"endpoint": self.endpoint, "keys": {"p256dh": base64url(point), "auth": base64url(self.auth)}}

    def decrypted(self, body: bytes) -> dict[str, Any]:
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


@dataclass(frozen=True)
class Received:
    address: str
    message: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True)
class Fault:
    """`status` is answered instead of accepting. `drop`: accepted, but the answer is lost. `hang_s`: answered late."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: dict[str, Any] | None = None
    drop: bool = False
    hang_s: float = 0.0


class PushService:
    def __init__(self) -> None:
        self.received: list[Received] = []
        self.refused: list[str] = []
        """Why a message was not accepted although no fault was asked for: a bad signature, a missing header ..."""
        self.calls = 0
        self.visited: list[str] = []
        self.faults: deque[Fault] = deque()
        self.standing_fault: Fault | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self.tokens: set[str] = set()
        self.fcm_registrations: set[str] = set()
        self.account_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.service = self
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)

    def __enter__(self) -> "PushService":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def subscribe(self) -> Subscription:
        subscription = Subscription(self.origin)
        self.subscriptions[subscription.path] = subscription
        return subscription

    def next_answers(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def shown(self) -> list[tuple[str, int, str | None]]:
        """What the phones put on their screens: each (advice, revision, override) once, however often it came."""
        seen = {
            (one.message["advice_id"], int(one.message["revision"]), one.message.get("override_id"))
            for one in self.received
        }
        return sorted(seen, key=str)

    def register_fcm(self) -> str:
        token = secrets.token_urlsafe(100)
        self.fcm_registrations.add(token)
        return token

    def account_file(self, directory: Path) -> Path:
        """The service account's JSON key, as downloaded from Google, with this service as its token endpoint."""
        pem = self.account_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = directory / "service-account.json"
        path.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": PROJECT,
                    "private_key_id": "1",
                    "private_key": pem.decode(),
                    "client_email": f"push@{PROJECT}.example",
                    "client_id": "1",
                    "token_uri": f"{self.origin}/token",
                }
            )
        )
        return path

    def next_fault(self) -> Fault | None:
        with self.lock:
            self.calls += 1
            return self.faults.popleft() if self.faults else self.standing_fault


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    service: PushService

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Senders that are killed reset their connections: no news. Anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Refused(Exception):
    """A status and a reason: what a real push service would say to a bad request."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        """Nobody has a reason to come here but one who follows a redirect."""
        self.server.service.visited.append(self.path)
        self.answer(200)

    def do_POST(self) -> None:
        service = self.server.service
        service.visited.append(self.path)
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # the sender died while it spoke
            return None
        if self.path == "/token":
            return self.exchange_token(body)
        fault = service.next_fault()
        if fault:
            time.sleep(fault.hang_s)
            if fault.status:
                return self.answer(fault.status, fault.body, dict(fault.headers))
        try:
            receive: Callable[[bytes], Received] = self.web_push if self.path.startswith("/push/") else self.fcm
            received = receive(body)
        except Refused as refused:
            service.refused.append(str(refused))
            return self.answer(refused.status)
        with service.lock:
            service.received.append(received)
        if fault and fault.drop:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return None
        return self.answer(201 if self.path.startswith("/push/") else 200, {"name": "projects/p/messages/1"})

    def answer(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode() if body is not None else b""
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True  # the sender's patience ended first

    # --- web push

    def web_push(self, body: bytes) -> Received:
        service = self.server.service
        subscription = service.subscriptions.get(self.path)
        if subscription is None:
            raise Refused(404, "unknown subscription")
        self.check_sender()
        self.check_headers()
        if len(body) > 4096:
            raise Refused(413, "more than 4096 octets")
        try:
            message = subscription.decrypted(body)
        except Exception as error:
            raise Refused(400, f"cannot decrypt: {error!r}") from error
        return Received(subscription.endpoint, message, dict(self.headers))

    def check_sender(self) -> None:
        scheme, _, parameters = self.headers.get("Authorization", "").partition(" ")
        if scheme != "vapid":
            raise Refused(401, "no vapid authorization")
        pairs = dict(pair.strip().split("=", 1) for pair in parameters.split(","))
        try:
            claims = verified_claims(pairs["t"], pairs["k"])
        except (InvalidSignature, KeyError) as error:
            raise Refused(403, "bad vapid signature") from error
        if claims["aud"] != self.server.service.origin:
            raise Refused(403, f"vapid aud is {claims['aud']}")
        if not time.time() < claims["exp"] <= time.time() + DAY_S:
            raise Refused(403, "vapid exp is past, or more than 24 hours ahead")
        if not claims["sub"].startswith(("mailto:", "https:")):
            raise Refused(403, "vapid sub is no contact")

    def check_headers(self) -> None:
        topic = self.headers.get("Topic", "")
        alphabet = set(base64.urlsafe_b64encode(bytes(range(256))).decode()) - {"="}
        if not 1 <= len(topic) <= 32 or not set(topic) <= alphabet | set("-_"):
            raise Refused(400, "bad Topic")
        if not self.headers.get("TTL", "").isdecimal():
            raise Refused(400, "no TTL")
        if self.headers.get("Urgency") not in ("very-low", "low", "normal", "high"):
            raise Refused(400, "bad Urgency")
        if self.headers.get("Content-Encoding") != "aes128gcm":
            raise Refused(400, "not aes128gcm")

    # --- FCM

    def exchange_token(self, body: bytes) -> None:
        service = self.server.service
        form = parse_qs(body.decode())
        header_and_claims, _, signature = form["assertion"][0].rpartition(".")
        try:
            service.account_key.public_key().verify(
                from_base64url(signature), header_and_claims.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return self.answer(401, {"error": "invalid_grant"})
        claims = json.loads(from_base64url(header_and_claims.split(".")[1]))
        if claims["scope"] != "https://www.googleapis.com/auth/firebase.messaging" or claims["exp"] < time.time():
            return self.answer(400, {"error": "invalid_scope"})
        token = secrets.token_urlsafe(32)
        service.tokens.add(token)
        return self.answer(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def fcm(self, body: bytes) -> Received:
        service = self.server.service
        if self.path != f"/v1/projects/{PROJECT}/messages:send":
            raise Refused(404, f"no such path: {self.path}")
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in service.tokens:
            raise Refused(401, "no such access token")
        message = json.loads(body)["message"]
        if message["token"] not in service.fcm_registrations:
            raise Refused(400, "no such registration")
        if not all(isinstance(value, str) for value in message["data"].values()):
            raise Refused(400, "data must be strings")
        return Received(message["token"], message["data"], dict(self.headers) | {"envelope": json.dumps(message)})


def fcm_error(status: int, code: str) -> Fault:
    """As FCM v1 words it (ErrorCode in `details`)."""
    detail = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}
    return Fault(status, body={"error": {"code": status, "status": "FAILED", "message": "no", "details": [detail]}})


GONE = Fault(410)
NOT_FOUND = Fault(404)
TOO_LARGE = Fault(413)
BROKEN = Fault(500)
DROPPED = Fault(drop=True)


def busy(retry_after: str) -> Fault:
    return Fault(429, (("Retry-After", retry_after),))


def elsewhere(url: str) -> Fault:
    return Fault(307, (("Location", url),))
