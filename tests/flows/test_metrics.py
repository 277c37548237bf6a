"""/metrics is the whole product's, whoever answers it and whoever was killed: real processes under ./homestretch."""

import contextlib
import random
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.faults.load import any_answers
from benchmarks.faults.tree import wait_until
from tests.flows.conftest import ROOT, free_port

pytestmark = pytest.mark.processes

ATHLETES = 6
ONLY_GROW = ("counter", "histogram")
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(url: str) -> Figures:
    """What only grows, and beat's last ring. Over a connection of its own: any of the web workers may answer it."""
    page = requests.get(f"{url}/metrics", timeout=10)
    assert page.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.text)
        if family.type in ONLY_GROW or family.name == "homestretch_beat_last_ring_timestamp_seconds"
        for sample in family.samples
    }


def total(figures: Figures, name: str, **labels: str) -> float:
    return sum(value for (named, with_), value in figures.items() if named == name and labels.items() <= set(with_))


def check_ins(figures: Figures) -> float:
    name = "django_http_requests_total_by_view_transport_method_total"
    return total(figures, name, view="check-in", method="PUT")


def starts(figures: Figures) -> dict[str, float]:
    kinds = ("web", "web_worker", "worker", "worker_child", "beat")
    return {kind: total(figures, "homestretch_process_starts_total", process=kind) for kind in kinds}


def slots(counters: Path) -> set[int]:
    return {int(re.search(r"\d+", file.name)[0]) for file in counters.glob("*.db")}


@contextlib.contextmanager
def second_web(variables: dict[str, str], log: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Two more web workers beside the one of `up`, as a container has them, that count in the same directory."""
    port = free_port()
    command = [ROOT / ".venv" / "bin" / "python", "-m", "config.serve", "--port", str(port), "--workers", "2"]
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=file, stderr=file)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until("the second web server", lambda: answers(url), 60)
        wait_until("its workers", lambda: len(psutil.Process(process.pid).children()) >= 2, 20)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{url}/healthz", timeout=2).status_code == 200
    return False


def send_round(bench, phones, seed: int) -> None:
    line, rng = bench.line(), random.Random(seed)
    for phone in phones:
        assert line.check_in(phone, any_answers(rng)) in (200, 201)


def wait_for_total(number: float, url: str, name: str, **labels: str) -> None:
    wait_until(f"{name} to be {number:g}", lambda: total(scraped(url), name, **labels) >= number, 60)


def test_every_process_is_counted_and_a_killed_one_takes_nothing_with_it(bench):
    bench.use_tree("plain")
    bench.forget()
    phones, ours = bench.make_phones(ATHLETES), bench.tree.url
    variables = bench.tree.main("worker").environ()
    counters = Path(variables["PROMETHEUS_MULTIPROC_DIR"])
    with second_web(variables, bench.scratch / "web2.log") as (url, second):
        send_round(bench, phones, 1)
        wait_for_total(ATHLETES, url, "homestretch_pushes_total", kind="webpush", outcome="sent")
        before = scraped(url)
        assert total(before, "homestretch_athletes_answered_total") == ATHLETES
        assert total(before, "homestretch_pushes_total") == ATHLETES
        assert total(before, "homestretch_tasks_total", task="recommendations.tasks.drain", outcome="success") >= 1
        assert total(before, "homestretch_task_duration_seconds_count", task="recommendations.tasks.drain") >= 1
        assert abs(time.time() - total(before, "homestretch_beat_last_ring_timestamp_seconds")) < 10
        assert starts(before) == {"web": 2, "web_worker": 3, "worker": 1, "worker_child": 2, "beat": 1}
        assert [check_ins(scraped(one)) for one in [url, ours] * 6] == [ATHLETES] * 12

        held = slots(counters)
        for _ in range(2):
            victims = [bench.tree.pool()[0], second.children()[0]]
            known = starts(scraped(url))
            for process in victims:
                process.kill()
            more = known | {"web_worker": known["web_worker"] + 1, "worker_child": known["worker_child"] + 1}
            wait_until("those who take their places", lambda more=more: starts(scraped(ours)) == more, 30)
        send_round(bench, phones, 2)
        wait_for_total(2 * ATHLETES, url, "homestretch_athletes_answered_total")

        after = scraped(url)
        assert {key: value for key, value in before.items() if after.get(key, -1) < value} == {}
        assert total(after, "homestretch_athletes_answered_total") == 2 * ATHLETES
        assert starts(after) == {"web": 2, "web_worker": 5, "worker": 1, "worker_child": 4, "beat": 1}
        assert [check_ins(scraped(one)) for one in [url, ours] * 6] == [2 * ATHLETES] * 12
        assert slots(counters) == held == set(range(9))
    bench.stop_tree()
    wait_until("the directory to go", lambda: not counters.exists(), 10)
