"""A mail server for tests, on a loopback port: enough of SMTP (RFC 5321) for a client to deliver, with faults."""

import email
import email.policy
import socketserver
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any


class MailServer:
    """`silent`: takes the connection and never says a word. `refuses`: the answer to every RCPT, like "550 nobody"."""

    def __init__(self, *, silent: bool = False, refuses: str = "") -> None:
        self.silent, self.refuses = silent, refuses
        self.received: list[Received] = []
        self.connections = 0
        self.released = threading.Event()
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.mail = self  # type: ignore[attr-defined]
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def __enter__(self) -> "MailServer":
        return self

    def __exit__(self, *exc: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


@dataclass
class Received:
    sender: str
    recipients: list[str] = field(default_factory=list)
    message: EmailMessage = field(default_factory=EmailMessage)


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: MailServer = self.server.mail
        server.connections += 1
        if server.silent:
            server.released.wait(60)
            return
        self.say("220 test")
        one = Received("")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper()
            if verb.startswith("MAIL FROM:"):
                one = Received(line[10:].split("<")[1].split(">")[0])
                self.say("250 ok")
            elif verb.startswith("RCPT TO:"):
                one.recipients.append(line[8:].split("<")[1].split(">")[0])
                self.say(server.refuses or "250 ok")
            elif verb == "DATA":
                self.say("354 go on")
                one.message = email.message_from_bytes(self.data(), policy=email.policy.default)
                server.received.append(one)
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def data(self) -> bytes:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    server: Any
