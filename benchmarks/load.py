"""Requests at full speed or at a steady rate, from a process of its own.

    python -m benchmarks.load PORT REQUESTS.json [--rate PER_SECOND] [--connections N]

REQUESTS.json: [[method, path, token, body], ...]. Raw sockets with keep-alive: the client must not be what is measured.
Writes one JSON line: statuses, seconds, and per request when it was due, sent and answered (seconds since the epoch).
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.servers import ROOT


class Connection:
    def __init__(self, port: int) -> None:
        self.port, self.socket, self.rest = port, None, b""

    def ask(self, request: bytes) -> int:
        for attempt in (1, 2):
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.rest = b""
            try:
                self.socket.sendall(request)
                return self.read_answer()
            except (ConnectionError, EOFError):
                self.socket = None
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def read_answer(self) -> int:
        assert self.socket is not None
        while (end := self.rest.find(b"\r\n\r\n")) < 0:
            self.more()
        head = self.rest[:end].lower()
        if b"content-length:" not in head and b" 204 " not in head:
            raise ValueError(f"an answer without a length: {head!r}")
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in head else 0
        while len(self.rest) < end + 4 + length:
            self.more()
        self.rest = self.rest[end + 4 + length :]
        if b"connection: close" in head:
            self.socket = None
        return int(head.split(b" ", 2)[1])

    def more(self) -> None:
        assert self.socket is not None
        received = self.socket.recv(65536)
        if not received:
            raise EOFError
        self.rest += received


def as_bytes(method: str, path: str, token: str, body: dict[str, Any] | None) -> bytes:
    content = json.dumps(body).encode() if body is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


def send_all(port: int, requests: list[bytes], rate: float | None, connections: int) -> dict[str, Any]:
    times: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)] * len(requests)
    statuses: Counter[int] = Counter()
    following, lock = iter(range(len(requests))), threading.Lock()
    begun = time.time() + 0.2

    def work() -> None:
        connection = Connection(port)
        while True:
            with lock:
                i = next(following, None)
            if i is None:
                return
            due = begun + i / rate if rate else time.time()
            if (wait := due - time.time()) > 0:
                time.sleep(wait)
            sent = time.time()
            status = connection.ask(requests[i])
            times[i] = (due, sent, time.time())
            with lock:
                statuses[status] += 1

    with ThreadPoolExecutor(connections) as threads:
        for done in [threads.submit(work) for _ in range(connections)]:
            done.result()
    return {"statuses": statuses, "seconds": max(t[2] for t in times) - min(t[1] for t in times), "times": times}


def load(port: int, requests: list[list[Any]], data: Path, *, rate: float | None = None, connections: int = 4) -> Any:
    """``send_all`` in a process of its own."""
    path = data / "requests.json"
    path.write_text(json.dumps(requests))
    argv = [sys.executable, "-m", "benchmarks.load", str(port), str(path), "--connections", str(connections)]
    argv += ["--rate", str(rate)] if rate else []
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("requests", type=Path)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--connections", type=int, default=4)
    given = parser.parse_args()
    requests = [as_bytes(*one) for one in json.loads(given.requests.read_text())]
    json.dump(send_all(given.port, requests, given.rate, given.connections), sys.stdout)


if __name__ == "__main__":
    main()
