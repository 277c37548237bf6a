"""Memory of everything ./homestretch up starts, as PSS: shared pages are counted once, divided among their users.

    .venv/bin/python -m benchmarks.memory [--database sqlite|postgres]

Starts the runner on throw-away data, and lets every process do its work: sign-in, check-ins, advice, a sync, an upload,
the coach's board and pages. Then reads /proc/PID/smaps_rollup. PostgreSQL's own processes are not counted.
"""

from __future__ import annotations

import argparse
import sys
import time
import urllib.request
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlencode

import psutil

from benchmarks import soak
from benchmarks.cast import PASSWORD
from benchmarks.load import Connection, as_bytes
from benchmarks.product import Product, pss_mb, role, started
from benchmarks.servers import verdict

LIMITS_MB = {"web": 110, "worker child": 90, "beat": 45, "whole tree": 350}
ROUNDS = 60


def use(product: Product) -> None:
    """Everybody's requests, and the pages that a coach opens."""
    *athletes, coach = product.tokens
    acts = [act(athletes) for act in soak.PER_SECOND]
    connection = Connection(product.port)

    def ask(*request: Any) -> None:
        if not 200 <= (status := connection.ask(as_bytes(*request))) < 300:
            raise RuntimeError(f"{status} {request}")

    for number in range(ROUNDS):
        for act in acts[: 3 if number % 10 else None]:
            ask(*next(act))
        time.sleep(0.1)
    for path in ("/api/v1/squads/1/board/", "/api/v1/advice/?athlete=1", "/api/openapi.yaml"):
        ask("GET", path, coach, None)
    open_pages(product.port)


def open_pages(port: int) -> None:
    """The coach's pages of the admin, signed in as a browser is."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    site = f"http://127.0.0.1:{port}"
    form = browser.open(f"{site}/accounts/login/", timeout=30).read().decode()
    token = form.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    sent = {"login": "coach-sprints@example.org", "password": PASSWORD, "csrfmiddlewaretoken": token}
    if not browser.open(f"{site}/accounts/login/", urlencode(sent).encode(), timeout=30).url.endswith("/admin/"):
        raise RuntimeError("the coach was not signed in")
    for path in ("", "recommendations/advice/", "athletes/day/", "athletes/checkin/", "recommendations/warning/"):
        browser.open(f"{site}/admin/{path}", timeout=30).read()


def measure(product: Product) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for process in product.server.tree():
        with suppress(psutil.NoSuchProcess):
            found.setdefault(role(process), []).append(pss_mb(process.pid))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given = parser.parse_args()
    with ExitStack() as stack:
        product = started(stack, given.database, athletes=10, days=60)
        use(product)
        time.sleep(20)  # beat rings each of its bells but the hourly ones
        found = measure(product)
    for name, sizes in sorted(found.items()):
        print(f"{name:<14} {len(sizes)} x  {', '.join(f'{size:.0f}' for size in sizes)} MB PSS")
    figures = {
        "web": max(found["web child"]),
        "worker child": max(found["worker child"]),
        "beat": max(found["beat main"]),
        "whole tree": sum(map(sum, found.values())),
    }
    for name, size in figures.items():
        print(f"{name:<14} {size:6.0f} MB   limit {LIMITS_MB[name]} MB   {verdict(size <= LIMITS_MB[name])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
