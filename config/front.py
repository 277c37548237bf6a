"""Between granian and Django: a request is given a thread when its body is there, not before.

Under granian's WSGI interface a view's read() waits for the client as long as the client likes: four connections that
sent a byte every five seconds held all four threads, and nobody else was answered. Here a coroutine waits, under a
deadline, and connections that only wait cost no thread (docs/adr/0021).

    no body, or at most 1 MiB    read into memory, then handed to one of the handler threads
    more, to the API             read while the view reads, in one of the few threads that uploads have for themselves:
                                 views of the API authenticate and look at Content-Length before they read
    more, to anything else       413: no page takes a file
"""

import asyncio
import contextlib
import io
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from queue import SimpleQueue
from typing import Any, Protocol

import orjson
import structlog
from django.conf import settings

from config.wsgi import application as django  # first: it sets Django up

# isort: split
from rest import problems

UPLOAD_THREADS = 2  # of each web process
READ_WHOLE_BYTES = 1024 * 1024
SMALL_BYTES = 64 * 1024
LESS_SMALL_AT_ONCE = 32  # bodies above 64 KiB that are in memory at one time: 32 MiB at most
GRACE_S = 20.0
LEAST_BYTES_PER_S = 16 * 1024  # an EDGE connection on a bad day
RETRY_AFTER_S = 10
API_PREFIX = "/api/"
SERVER_ENVIRON = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Granian",
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
}

log = structlog.get_logger()


class Headers(Protocol):
    def get(self, name: str) -> str | None: ...
    def items(self) -> list[tuple[str, str]]: ...
    def __contains__(self, name: str) -> bool: ...


class Scope(Protocol):
    """RSGI's, as far as it is read here."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Headers


class Connection(Protocol):
    """RSGI's HTTPProtocol. The response methods may be called from any thread; only the first answer counts."""

    def __call__(self) -> Awaitable[bytes]: ...
    def __aiter__(self) -> Any: ...
    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...
    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None: ...


class Refused(Exception):
    def __init__(self, status: int, code: str, detail: str, *, retry_after_s: int | None = None) -> None:
        self.status, self.code, self.detail, self.retry_after_s = status, code, detail, retry_after_s


def too_slow() -> Refused:
    return Refused(408, "body_too_slow", "The body did not arrive in time.")


def no_room() -> Refused:
    return Refused(503, "too_many_uploads", "Too many large bodies are arriving.", retry_after_s=RETRY_AFTER_S)


# --- the coroutine: waits for the client ------------------------------------------------------------------------------


async def application(scope: Scope, connection: Connection) -> None:
    unfinished.end_done()
    try:
        size_bytes = announced_bytes(scope)
        if size_bytes > READ_WHOLE_BYTES:
            await answered_while_it_arrives(scope, connection, size_bytes)
        else:
            body = await read_whole(connection, size_bytes) if size_bytes else b""
            await answered_by(handlers, scope, connection, io.BytesIO(body))
    except Refused as refusal:
        refuse(scope, connection, refusal)


def announced_bytes(scope: Scope) -> int:
    """0 without a length. An unreadable one counts as none; the views refuse it (`malformed_content_length`)."""
    if "transfer-encoding" in scope.headers:
        raise Refused(411, "length_required", "Send a Content-Length.")
    given = scope.headers.get("content-length") or "0"
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else 0


class Room:
    """How many may be inside at one time."""

    def __init__(self, places: int) -> None:
        self.places = places

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        if not self.places:
            raise no_room()
        self.places -= 1
        try:
            yield
        finally:
            self.places += 1


room_in_memory = Room(LESS_SMALL_AT_ONCE)
room_for_uploads = Room(UPLOAD_THREADS)


async def read_whole(connection: Connection, size_bytes: int) -> bytes:
    with room_in_memory.place() if size_bytes > SMALL_BYTES else contextlib.nullcontext():
        try:
            async with asyncio.timeout(GRACE_S + size_bytes / LEAST_BYTES_PER_S):
                return await connection()
        except TimeoutError:
            raise too_slow() from None
        except RuntimeError:  # granian's ProtocolClosed
            raise Refused(400, "incomplete_body", "The body ended early.") from None


async def answered_while_it_arrives(scope: Scope, connection: Connection, size_bytes: int) -> None:
    if not scope.path.startswith(API_PREFIX):
        raise Refused(413, "body_too_large", f"The body may have at most {READ_WHOLE_BYTES} bytes.")
    with room_for_uploads.place():
        body = Arriving(connection, size_bytes, asyncio.get_running_loop())
        await answered_by(uploads, scope, connection, body)


class Arriving(io.RawIOBase):
    """A large body, read by its view as it comes. Time is counted while the client lets it wait, not the disk."""

    def __init__(self, connection: Connection, size_bytes: int, loop: asyncio.AbstractEventLoop) -> None:
        self.chunks: Any = None
        self.loop = loop
        self.connection, self.size_bytes = connection, size_bytes
        self.rest = memoryview(b"")
        self.received_bytes, self.waited_s, self.was_too_slow = 0, 0.0, False

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        if not self.rest and self.received_bytes < self.size_bytes:
            self.rest = memoryview(asyncio.run_coroutine_threadsafe(self.next_chunk(), self.loop).result())
        taken = self.rest[: len(into)]
        into[: len(taken)] = taken
        self.rest = self.rest[len(taken) :]
        return len(taken)

    async def next_chunk(self) -> bytes:
        """Empty when the client has gone: granian says no more than that."""
        if self.chunks is None:
            self.chunks = aiter(self.connection)
        started = self.loop.time()
        allowed_s = GRACE_S + self.received_bytes / LEAST_BYTES_PER_S - self.waited_s
        try:
            async with asyncio.timeout(allowed_s):
                chunk: bytes = await anext(self.chunks, b"")
        except TimeoutError:
            self.was_too_slow = True
            raise OSError("the body did not arrive in time") from None
        self.waited_s += self.loop.time() - started
        self.received_bytes += len(chunk)
        return chunk


def refuse(scope: Scope, connection: Connection, refusal: Refused) -> None:
    body = problems.body_of(refusal.status, refusal.code, refusal.detail, scope.path)
    headers = [("Content-Type", problems.CONTENT_TYPE), ("Cache-Control", "no-store")]
    if refusal.retry_after_s:
        headers.append(("Retry-After", str(refusal.retry_after_s)))
    if scope.http_version != "2":
        headers.append(("Connection", "close"))  # the rest of the body is never read
    connection.response_bytes(refusal.status, headers, orjson.dumps(body))
    log.info("request_refused", code=refusal.code)


# --- the threads: run Django ------------------------------------------------------------------------------------------


class Threads:
    """A fixed number, started with the first request: after the fork, and each keeps its database connection."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number = name, number
        self.waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.started = False

    def put(self, work: Callable[[], None]) -> None:
        if not self.started:
            self.started = True
            for i in range(self.number):
                threading.Thread(target=self.run, name=f"{self.name}-{i}", daemon=True).start()
        self.waiting.put(work)

    def run(self) -> None:
        while True:
            try:
                self.waiting.get()()
            except BaseException as error:  # noqa: BLE001  also what Rust panics with; the thread must stay
                log.error("answer_failed", kind=type(error).__name__)


handlers = Threads("handler", settings.HANDLER_THREADS)
uploads = Threads("upload", UPLOAD_THREADS)


class Unfinished:
    """The coroutines whose request is with a thread: granian takes one that ends without an answer for a failure.

    Nobody waits for the coroutine once the answer has left, so the loop ends them when it is awake anyway, else four
    times a second; to wake it for each cost 8 % of a check-in's CPU.
    """

    every_s = 0.25

    def __init__(self) -> None:
        self.number, self.timer_is_set = 0, False
        self.done: deque[asyncio.Future[None]] = deque()

    def begin(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        self.number += 1
        if not self.timer_is_set:
            self.timer_is_set = True
            loop.call_later(self.every_s, self.on_timer)
        return loop.create_future()

    def end_done(self) -> None:
        while self.done:
            answered = self.done.popleft()
            self.number -= 1
            if not answered.done():  # cancelled where the client has gone
                answered.set_result(None)

    def on_timer(self) -> None:
        self.end_done()
        self.timer_is_set = self.number > 0
        if self.timer_is_set:
            asyncio.get_running_loop().call_later(self.every_s, self.on_timer)


unfinished = Unfinished()


async def answered_by(threads: Threads, scope: Scope, connection: Connection, body: Any) -> None:
    answered = unfinished.begin()
    threads.put(partial(answer, scope, connection, body, answered))
    await answered


class WholeFile:
    """wsgi.file_wrapper: a static file that granian itself sends, off the threads and at the client's speed."""

    def __init__(self, file: Any, block_bytes: int = 65536) -> None:
        self.file, self.block_bytes = file, block_bytes
        self.path = file.name if isinstance(file, io.BufferedReader) and isinstance(file.name, str) else None

    def __iter__(self) -> Any:
        return iter(lambda: self.file.read(self.block_bytes), b"")

    def close(self) -> None:
        self.file.close()  # Django has put the response's own close there


class Head:
    """WSGI's start_response."""

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.status, self.headers = int(status[:3]), headers


def answer(scope: Scope, connection: Connection, body: Any, answered: asyncio.Future[None]) -> None:
    try:
        head = Head()
        parts: Any = django(environ_of(scope, body), head)
        try:
            if getattr(body, "was_too_slow", False):
                refuse(scope, connection, too_slow())
            elif isinstance(parts, WholeFile) and parts.path:
                connection.response_file(head.status, head.headers, parts.path)
            else:
                connection.response_bytes(head.status, head.headers, b"".join(parts))
        finally:
            parts.close()  # request_finished, which gives back or ends the database connection: in this thread
    finally:
        unfinished.done.append(answered)


def environ_of(scope: Scope, body: Any) -> dict[str, Any]:
    """PEP 3333. Percent escapes in the path are undone by granian; bytes that are no UTF-8 become U+FFFD there."""
    server_name, _, server_port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        **SERVER_ENVIRON,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server_name.strip("[]"),
        "SERVER_PORT": server_port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.file_wrapper": WholeFile,
    }
    for name, value in scope.headers.items():
        if "_" in name:  # else X_Forwarded_Proto would pass for the proxy's X-Forwarded-Proto
            continue
        key = VARIABLES.get(name) or "HTTP_" + name.upper().replace("-", "_")
        environ[key] = f"{environ[key]}{';' if name == 'cookie' else ','}{value}" if key in environ else value
    if scope.authority and scope.http_version == "2":
        environ["HTTP_HOST"] = scope.authority
    return environ


VARIABLES = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
