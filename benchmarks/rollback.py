"""How long after a roll-back any worker still answers with the policy that was rolled back, with check-ins coming in.

Real servers: web, two Celery workers with two processes each, beat, Valkey, SQLite or PostgreSQL. Counted from the
moment the command is started in a shell to the last advice that was begun with the other policy.

python -m benchmarks.rollback [--database sqlite postgres]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime

from benchmarks.advice_latency import fetcher, run_rate
from benchmarks.servers import ROOT, beat, database, environment, manage, scratch, valkey, verdict, web, worker

RATE, SECONDS, AFTER_S = 20, 14, 4.0
GOAL_S = 30.0
PREPARE = """
from athletes.models import User
from mlmodels.policies import registry
from mlmodels.models import PolicyVersion
registry.register_shipped()
judge = User.objects.create(email="judge@example.org", is_staff=True)
other = PolicyVersion.objects.filter(active=False).first()
registry.approve(other, by=judge, reason="a benchmark", override="a benchmark")
registry.activate(other, by=judge)
"""
RESULT = """
import json
from mlmodels.models import PolicyVersion
from recommendations.models import Advice
now = PolicyVersion.objects.get(active=True)
rows = list(Advice.objects.order_by("issued_at").values_list("issued_at", "active_sha256"))
print("RESULT", json.dumps([now.sha256, now.activated_at.timestamp(), [(t.timestamp(), sha) for t, sha in rows]]))
"""


def measure(kind: str) -> None:
    with ExitStack() as stack:
        data = stack.enter_context(scratch())
        url = stack.enter_context(database(kind, data))
        env = environment(data, url)
        stack.enter_context(valkey(data, env))
        manage(env, "migrate", "--verbosity", 0)
        manage(env, "shell", "-c", PREPARE)
        count = RATE * SECONDS
        cast = [sys.executable, "-m", "benchmarks.cast", "--athletes", str(count), "--tokens", str(data / "t.json")]
        subprocess.run(cast, env=env, cwd=ROOT, check=True)
        people = list(enumerate(json.loads((data / "t.json").read_text()), 1))
        _, port = stack.enter_context(web(data, env))
        for _ in range(2):
            stack.enter_context(worker(data, env))
        stack.enter_context(beat(data, env))
        figures: dict[str, float] = {}
        stream = threading.Thread(target=lambda: figures.update(run_rate(port, people, RATE, data, fetcher(kind, url))))
        stream.start()
        time.sleep(AFTER_S)
        asked = datetime.now(UTC).timestamp()
        manage(env, "activate_policy", "--roll-back")
        stream.join()
        out = next(line for line in manage(env, "shell", "-c", RESULT).splitlines() if line.startswith("RESULT"))
        sha256, switched, rows = json.loads(out.removeprefix("RESULT "))
        old = [t for t, sha in rows if sha != sha256]
        new = [t for t, sha in rows if sha == sha256]
        took = max(old) - asked
        print(
            f"{kind}: {len(old)} advice before, {len(new)} after; the row changed {switched - asked:.2f} s after the"
            f" command was started, the last advice of the other policy was begun at {took:.2f} s, the first of the"
            f" old one at {min(new) - asked:.2f} s; failed requests {figures['failed']:.0f}, without advice"
            f" {figures['without']:.0f}   goal {GOAL_S:g} s, none failed"
            f"   {verdict(took <= GOAL_S and not figures['failed'] and not figures['without'])}",
            flush=True,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    for kind in parser.parse_args().database:
        measure(kind)
    return 0


if __name__ == "__main__":
    sys.exit(main())
