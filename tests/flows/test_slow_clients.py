"""What arrives slowly, never, or in an odd shape, at the whole server: nobody else has to wait for it."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

LOGIN = "/_allauth/app/v1/auth/login"


def connection(live) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(live.url.rsplit(":", 1)[1])), timeout=60)


def head(method: str, path: str, **headers: object) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {"Host": "localhost", **headers}.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()


def read_answer(line: socket.socket) -> tuple[int, dict[str, str], bytes]:
    file = line.makefile("rb")
    status = int(file.readline().split()[1])
    headers = {}
    while text := file.readline().decode().strip():
        name, value = text.split(": ", 1)
        headers[name.lower()] = value
    return status, headers, file.read(int(headers.get("content-length", 0))) if status != 100 else b""


def trickle(live, limit_s: float) -> tuple[int, dict[str, str], bytes] | None:
    """Signs in with a byte a second, as long as the server listens."""
    with connection(live) as line:
        line.sendall(head("POST", LOGIN, Content_Type="application/json", Content_Length=2000))
        line.settimeout(1)
        for _ in range(int(limit_s)):
            try:
                line.recv(1, socket.MSG_PEEK)
                line.settimeout(10)
                return read_answer(line)
            except TimeoutError:
                line.sendall(b" ")
    return None


def longest_wait_s(live, while_true) -> float:
    longest = 0.0
    while while_true():
        sent = time.monotonic()
        assert requests.get(f"{live.url}/healthz", timeout=10).status_code == 200
        longest = max(longest, time.monotonic() - sent)
        time.sleep(0.2)
    return longest


def test_forty_clients_that_send_a_byte_a_second_hold_up_nobody_and_are_told_so(live):
    with ThreadPoolExecutor(40) as threads:
        slow = [threads.submit(trickle, live, 60) for _ in range(40)]
        assert longest_wait_s(live, lambda: not all(one.done() for one in slow)) < 3
    for one in slow:
        status, headers, body = one.result()
        assert (status, headers["content-type"]) == (408, "application/problem+json")
        problem = json.loads(body)
        assert problem | {"detail": "", "request_id": ""} == {
            "type": "about:blank", "title": "Request Timeout", "status": 408, "detail": "", "instance": LOGIN,
            "code": "body_too_slow", "request_id": "", "errors": [],
        }  # fmt: skip


def test_clients_that_hang_up_in_the_middle_of_a_body_leave_nothing_behind(live):
    for _ in range(20):
        with connection(live) as line:
            line.sendall(head("POST", LOGIN, Content_Type="application/json", Content_Length=2000) + b'{"email"')
    assert longest_wait_s(live, iter([True] * 5 + [False]).__next__) < 3


def test_a_body_that_ends_early_is_refused_as_incomplete(live):
    with connection(live) as line:
        line.sendall(head("PUT", "/api/v1/check-ins/2026-05-01/", Content_Length=200) + b'{"fatigue": 3}')
        line.shutdown(socket.SHUT_WR)
        status, _, body = read_answer(line)
    assert (status, json.loads(body)["code"]) == (400, "incomplete_body")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/ingest/apple/", 401, "not_authenticated"),
        ("/api/v1/sync/", 401, "not_authenticated"),
        (LOGIN, 413, "body_too_large"),
        ("/admin/login/", 413, "body_too_large"),
        ("/api/v1/webhooks/whoop/", 404, "not_found"),
    ],
)
def test_a_stranger_s_large_body_is_answered_before_any_of_it_was_sent(live, path, status, code):
    with connection(live) as line:
        line.sendall(head("POST", path, Content_Type="application/json", Content_Length=50_000_000))
        answered, _, body = read_answer(line)
    assert (answered, json.loads(body)["code"]) == (status, code)


def test_so_many_uploads_arrive_at_once_and_the_next_is_asked_to_come_again(live):
    asked = head("POST", "/api/v1/ingest/fit/", Content_Type="application/octet-stream", Content_Length=5_000_000,
                 **live.sign_in("alice@example.org"))  # fmt: skip
    lines = [connection(live) for _ in range(9)]  # there are two places in each web worker
    try:
        for line in lines:
            line.sendall(asked + b"slow")
            line.settimeout(3)
        refused = []
        for line in lines:
            try:
                refused.append(read_answer(line))
            except TimeoutError:
                pass
        assert len(refused) >= 5
        assert {status for status, _, _ in refused} == {503}
        assert {headers["retry-after"] for _, headers, _ in refused} == {"10"}
        assert json.loads(refused[0][2])["code"] == "too_many_uploads"
        assert longest_wait_s(live, iter([True] * 5 + [False]).__next__) < 3
    finally:
        for line in lines:
            line.close()
    time.sleep(1)  # those who have gone have made room
    headers = live.sign_in("alice@example.org") | {"Content-Type": "application/octet-stream"}
    answer = requests.post(f"{live.url}/api/v1/ingest/fit/", data=bytes(5_000_000), headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["size_bytes"]) == (202, 5_000_000)


def test_a_body_without_a_length_needs_one(live):
    answer = requests.post(f"{live.url}{LOGIN}", data=iter([b"{", b"}"]), timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_a_client_that_waits_for_100_continue_is_told_to_go_on(live):
    body = json.dumps({"email": "alice@example.org", "password": "wrong, and long"}).encode()
    with connection(live) as line:
        given = {"Content_Type": "application/json", "Content_Length": len(body), "Expect": "100-continue"}
        line.sendall(head("POST", LOGIN, **given))
        assert read_answer(line)[0] == 100
        line.sendall(body)
        assert read_answer(line)[0] in (400, 429)


def test_requests_sent_in_one_go_are_answered_in_order_on_one_connection(live):
    with connection(live) as line:
        line.sendall(head("GET", "/healthz") + head("HEAD", "/readyz") + head("GET", "/api/v1/me/"))
        received = b""
        while b"not_authenticated" not in received:
            received += line.recv(65536)
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"401"]
    assert received.count(b'"checks"') == 0  # the answer to a HEAD has no body


def test_static_files_come_whole_in_part_as_a_head_and_not_twice(live):
    address = f"{live.url}/static/admin/css/base.css"
    whole = requests.get(address, headers={"Accept-Encoding": "identity"}, timeout=20)
    assert int(whole.headers["Content-Length"]) == len(whole.content) > 10_000
    part = requests.get(address, headers={"Range": "bytes=5-14", "Accept-Encoding": "identity"}, timeout=20)
    assert (part.status_code, part.content) == (206, whole.content[5:15])
    known = {"If-Modified-Since": whole.headers["Last-Modified"]}
    again = requests.get(address, headers=known, timeout=20)
    assert (again.status_code, again.content) == (304, b"")
    assert requests.head(address, timeout=20).headers["Content-Length"]


def test_many_at_once_each_get_their_own_answer(live):
    seen = {}

    def ask(name: str) -> None:
        seen[name] = requests.get(f"{live.url}/{name}", headers={"X-Request-Id": name}, timeout=30).status_code

    threads = [threading.Thread(target=ask, args=[f"nosuch-{i}"]) for i in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen.values()) == {404} and len(seen) == 60
