"""A policy's file that is missing, altered, of another shape, or answers NaN: the rule policy answers and says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.faults.engine import Bench
from benchmarks.faults.fault import Act, fault
from benchmarks.faults.tree import wait_until

PATIENCE_S = 45.0  # until the worker has started again and answered somebody
HISTORY_D = 40  # the network is asked of athletes whose state is known


def harmed(harm: str, alter: Callable[[Path], object] = lambda file: None) -> Act:
    def act(bench: Bench) -> Iterator[None]:
        model = Path(bench.ask("own_policy", flaw=harm))
        kept = {file: file.read_bytes() for file in (model, model.with_suffix(".card.json"))}
        alter(model)
        bench.tree.kill("worker")  # a session that is open goes on; the file is verified when the next one opens
        wait_until("the rule policy to answer", lambda: answered_by_rules(bench), PATIENCE_S)
        time.sleep(bench.seconds(3, 0))
        for file, content in kept.items():
            file.write_bytes(content)
        yield
        bench.note(f"{answered_by_rules(bench)} advices by the rule policy")
        bench.ask("shipped_policy")

    return act


def answered_by_rules(bench: Bench) -> int:
    advice = bench.ask("outcome", athletes=[phone.athlete for phone in bench.phones])["advice"]
    return sum(bool(row["by_rules"]) for row in advice)


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def reshape(file: Path) -> None:
    from tests.mlmodels.model_files import reshape as with_another_input_width

    with_another_input_width(file)


RULES = "the rule policy answers and the advice says so; nobody is left without"
fault("35", "model file missing", RULES, history_d=HISTORY_D)(harmed("", Path.unlink))
fault("36", "model altered by one bit", RULES, history_d=HISTORY_D)(harmed("", flip_a_bit))
fault("37", "model of wrong shape", RULES, history_d=HISTORY_D)(harmed("", reshape))
fault("38", "model answers NaN", RULES, history_d=HISTORY_D)(harmed("nan"))
